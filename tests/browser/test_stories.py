"""Whole stories in a browser, from sign-in to result: in both languages, on a phone and at a desk."""

from __future__ import annotations

import re
import secrets
from decimal import Decimal

import pytest
from playwright.sync_api import Browser, Page

from market.core import clock
from market.demo import manas
from market.demo.client import Caller
from tests.browser import site as sites
from tests.browser.site import DESKTOP, PHONE
from tests.faults.server import Running

HOW = pytest.mark.parametrize(
    ("language", "size"), [("zh", PHONE), ("zh", DESKTOP), ("en", PHONE), ("en", DESKTOP)],
    ids=["zh-phone", "zh-desktop", "en-phone", "en-desktop"],
)  # fmt: skip


def household(site: Running) -> tuple[str, manas.Story]:
    """A household as that of Manas: 4 180 m3 a year of which 3 179 are used; the trading centre buys the rest."""
    registrar = Caller(site.url, "registrar")
    login, participant = manas._admit(site.url, registrar)
    story = manas.Story(
        household=Caller(site.url, login), centre=Caller(site.url, "centre"), factory=Caller(site.url, "factory"),
        registrar=registrar, reviewer=Caller(site.url, "reviewer"), product=manas._product(registrar),
        participant=participant,
    )  # fmt: skip
    manas._allocate(story)
    manas._use(story)
    return login, story


def centre_buys(story: manas.Story, volume: str, price: str) -> None:
    """The trading centre's standing order."""
    for each in (story.centre, story.factory):
        manas._clear(each, story.product)
    manas._order(story.centre, story, "buy", manas._water_account(story.centre), volume, price)


def said(page: Page) -> str:
    """What the page says, as it is read."""
    return page.inner_text("main")


@HOW
def test_a_farmer_sells_1001_cubic_metres_and_sees_300_60(
    browser: Browser, site: Running, language: str, size: tuple[int, int]
) -> None:
    login, story = household(site)
    centre_buys(story, manas.SOLD_M3, manas.SALE_PRICE)
    with sites.visit(browser, site.url, language=language, size=size, login=login) as visit:
        page = visit.page
        assert "/my" in page.url
        page.locator("main a[href^='/my/sell']").first.click()
        assert "1,001.000" in said(page)
        page.fill("[name=volume]", manas.SOLD_M3)
        page.fill("[name=price]", manas.SALE_PRICE)
        page.click("form[action='/my/sell/check'] button")
        looked = said(page)
        for figure in ("300.60", "244.78", "55.82"):
            assert figure in looked
        page.click("form[action='/my/sell'] button")
        page.wait_for_url("**/my/orders/ord_*")
        assert "1,001.000" in said(page)
        order = Caller(site.url, login).get(f"/v1/orders/{page.url.rsplit('/', 1)[-1]}")
        assert order["status"] == "filled"
        visit.open("/my/money")
        assert "300.60" in said(page)
        assert visit.wrong == []


@HOW
def test_a_factory_buys_and_a_reviewer_approves(
    browser: Browser, site: Running, language: str, size: tuple[int, int]
) -> None:
    login, story = household(site)
    manas._clear(story.factory, story.product)
    price = f"0.{secrets.randbelow(500) + 8400}"
    seller = Caller(site.url, login)
    manas._order(seller, story, "sell", story.water, "500", "0.6")
    with sites.visit(browser, site.url, language=language, size=size, login="factory") as visit:
        page = visit.page
        visit.open("/my/buy")
        page.fill("[name=volume]", "465")
        page.fill("[name=price]", price)
        page.click("form[action='/my/buy/check'] button")
        assert "465.000" in said(page)
        page.click("form[action='/my/buy'] button")
        page.wait_for_url("**/my/orders/ord_*")
        order = page.url.rsplit("/", 1)[-1]
        assert visit.wrong == []
    factory = Caller(site.url, "factory")
    trades = factory.get("/v1/trades", order_id=order)["data"]
    assert trades, "the order was filled"
    with sites.visit(browser, site.url, language=language, size=size, login="reviewer") as visit:
        page = visit.page
        for trade in trades:
            review = manas._review_of(story, factory.get(f"/v1/trades/{trade['id']}")["instruction_id"])
            visit.open(f"/desk/trade-reviews/{review}")
            page.fill("form[action$='/approve'] [name=reason]", "use plan, caps and route checked")
            page.click("form[action$='/approve'] button")
            page.wait_for_load_state()
        assert visit.wrong == []
    for trade in trades:
        assert factory.get(f"/v1/trades/{trade['id']}")["status"] in ("settled", "awaiting_review")


def test_money_and_water_agree_after_every_story(site: Running) -> None:
    assert site.violations() == []
    assert Decimal(manas.SALE_PRICE) * 1001 > Decimal(300)
    assert re.match(r"\d{4}", str(clock.this_year()))
