"""Stories of those who act for others in a browser: an association that sells a pool, a clerk at the counter."""

from __future__ import annotations

from decimal import Decimal

import pytest
from playwright.sync_api import Browser

from market.core import clock
from market.demo.client import Caller
from market.demo.county import folk
from tests.browser import site as sites
from tests.browser.site import NAMES_OF_WAYS, WAYS
from tests.faults.server import Running

HOW = pytest.mark.parametrize(("language", "size"), WAYS, ids=NAMES_OF_WAYS)
DEAR = "0.79"
"""What nobody in the season pays for water: an order at this price waits in the book."""


@HOW
def test_an_association_sells_from_the_pool_that_its_members_entrusted(
    browser: Browser, site: Running, language: str, size: tuple[int, int]
) -> None:
    kushan = Caller(site.url, folk.KUSHAN.login)
    own = kushan.get("/v1/me")["participant_id"]
    pool = next(each for each in kushan.get("/v1/trusts")["data"] if each["trustee_id"] == own)
    with sites.visit(browser, site.url, language=language, size=size, login=folk.KUSHAN.login) as visit:
        visit.open("/my/trusts")
        visit.follow(f"/my/trusts/{pool['id']}")
        visit.follow("/my/sell?account=")
        _sell_one(visit)
        order = visit.page.url.rsplit("/", 1)[-1]
        visit.open(f"/my/trusts/{pool['id']}")
        assert f"{Decimal(DEAR):.4f}" in visit.said()
        assert visit.wrong == []
    found = kushan.get(f"/v1/orders/{order}")
    assert (found["status"], found["water_account_id"]) == ("open", pool["water_account_id"])


@HOW
def test_a_clerk_sells_for_a_household_at_the_counter_and_prints_the_slip(
    browser: Browser, site: Running, language: str, size: tuple[int, int]
) -> None:
    clerk = Caller(site.url, folk.CLERK.login)
    principal = next(
        each
        for each in clerk.pages("/v1/me/mandates")
        if each["kind"] == "household" and _has_water(clerk, each)
    )
    household = principal["participant_id"]
    with sites.visit(browser, site.url, language=language, size=size, login=folk.CLERK.login) as visit:
        visit.open("/counter")
        visit.page.fill("main form.filter [name=name]", principal["name"])
        visit.press("main form.filter button")
        visit.send(f"main form:has([value='{household}'])")
        assert visit.page.url.endswith("/my")
        visit.follow("/my/sell")
        _sell_one(visit)
        order = visit.page.url.rsplit("/", 1)[-1]
        visit.follow(f"/my/orders/{order}/slip")
        assert principal["name"] in visit.page.inner_text("body")
        assert order in visit.page.inner_text("body")
        assert visit.wrong == []
    found = clerk.again(household).get(f"/v1/orders/{order}")
    assert (found["status"], found["participant_id"]) == ("open", household)


def _has_water(clerk: Caller, principal: dict[str, str]) -> bool:
    """Whether a household has water of this year that it may sell."""
    own = clerk.again(principal["participant_id"])
    accounts = own.get("/v1/water-accounts", water_year=clock.this_year())["data"]
    return (
        bool(accounts) and Decimal(own.get(f"/v1/water-accounts/{accounts[0]['id']}/tradable")["volume"]) > 9
    )


def _sell_one(visit: sites.Visit) -> None:
    """A cubic metre at a price that nobody pays."""
    visit.page.fill("[name=volume]", "1")
    visit.page.fill("[name=price]", DEAR)
    visit.press("form[action='/my/sell/check'] p button")
    visit.send("form[action='/my/sell']")
    visit.page.wait_for_url("**/my/orders/ord_*")
