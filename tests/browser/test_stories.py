"""Whole stories in a browser, from sign-in to result: in both languages, on a phone and at a desk."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser

from market.demo import manas
from market.demo.client import Caller
from tests.browser import site as sites
from tests.browser.site import NAMES_OF_WAYS, WAYS
from tests.faults.server import Running

HOW = pytest.mark.parametrize(("language", "size"), WAYS, ids=NAMES_OF_WAYS)


def household(site: Running) -> tuple[str, manas.Story]:
    """A household as that of Manas: 4 180 m3 a year of which 3 179 are used; the trading centre buys the rest."""
    registrar = Caller(site.url, "registrar")
    login, participant = manas.admit(site.url, registrar)
    story = manas.Story(
        household=Caller(site.url, login), centre=Caller(site.url, "centre"), factory=Caller(site.url, "factory"),
        registrar=registrar, reviewer=Caller(site.url, "reviewer"), product=manas.product(registrar),
        participant=participant,
    )  # fmt: skip
    manas.allocate(story)
    manas.use(story)
    return login, story


def centre_buys(story: manas.Story, volume: str, price: str) -> None:
    """The trading centre's standing order."""
    for each in (story.centre, story.factory):
        manas.clear(each, story.product)
    manas.order(story.centre, story, "buy", manas.water_account(story.centre), volume, price)


@HOW
def test_a_farmer_sells_1001_cubic_metres_and_sees_300_60(
    browser: Browser, quiet_site: Running, language: str, size: tuple[int, int]
) -> None:
    login, story = household(quiet_site)
    centre_buys(story, manas.SOLD_M3, manas.SALE_PRICE)
    with sites.visit(browser, quiet_site.url, language=language, size=size, login=login) as visit:
        page = visit.page
        assert "/my" in page.url
        page.locator("main a[href^='/my/sell']").first.click()
        assert "1,001" in visit.said()
        page.fill("[name=volume]", manas.SOLD_M3)
        page.fill("[name=price]", manas.SALE_PRICE)
        page.click("form[action='/my/sell/check'] button")
        looked = visit.said()
        for figure in ("300.60", "244.78", "55.82"):
            assert figure in looked
        page.click("form[action='/my/sell'] button")
        page.wait_for_url("**/my/orders/ord_*")
        assert "1,001" in visit.said()
        order = Caller(quiet_site.url, login).get(f"/v1/orders/{page.url.rsplit('/', 1)[-1]}")
        assert order["status"] == "filled"
        visit.open("/my/money")
        assert "300.60" in visit.said()
        assert visit.wrong == []


@HOW
def test_a_factory_buys_what_arrives_for_what_it_says(
    browser: Browser, quiet_site: Running, language: str, size: tuple[int, int]
) -> None:
    login, story = household(quiet_site)
    manas.clear(story.factory, story.product)
    manas.order(Caller(quiet_site.url, login), story, "sell", story.water, "500", "0.6")
    with sites.visit(browser, quiet_site.url, language=language, size=size, login="factory") as visit:
        page = visit.page
        visit.open("/my/buy")
        page.fill("[name=volume]", manas.BOUGHT_M3)
        page.fill("[name=price]", "0.9")
        page.click("form[action='/my/buy/check'] button")
        assert manas.BOUGHT_M3 in visit.said()
        page.click("form[action='/my/buy'] button")
        page.wait_for_url("**/my/orders/ord_*")
        order = page.url.rsplit("/", 1)[-1]
        assert visit.wrong == []
    trades = Caller(quiet_site.url, "factory").get("/v1/trades", order_id=order)["data"]
    assert trades
    assert {each["status"] for each in trades} == {"awaiting_review"}


@HOW
def test_a_reviewer_decides_a_trade_from_the_queue(
    browser: Browser, site: Running, language: str, size: tuple[int, int]
) -> None:
    with sites.visit(browser, site.url, language=language, size=size, login="reviewer") as visit:
        page = visit.page
        assert "/desk" in page.url
        page.locator("main a[href^='/desk/reviews/rvw_']").first.click()
        matter = page.url.rsplit("/", 1)[-1].partition("?")[0]
        visit.open(f"/desk/act/desk-reviews/{matter}/decide?decision=approved")
        page.fill("[name=reason]", "use plan, caps and route checked")
        page.click("main form[method=post] button")
        page.wait_for_url("**/desk/**")
        assert visit.wrong == []
    found = Caller(site.url, "reviewer").get(f"/v1/desk-reviews/{matter}")
    assert found["status"] != "open" or found["proposed"], "decided, or proposed for the second person"


def test_water_and_money_agree_after_every_story(site: Running, quiet_site: Running) -> None:
    assert site.violations() == []
    assert quiet_site.violations() == []
