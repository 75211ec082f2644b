"""The holder's desk in the browser: pages say facts, acts do what they say, others' are not there."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from typing import Any

import pytest
from flask.testing import FlaskClient

from market.core import clock
from market.web import places
from tests.api.county import PASSWORD, County
from tests.api.furnished import open_furnished

HIDDEN = re.compile(r'<input type="hidden" name="(_csrf|_key)" value="([^"]*)">')
RAW = re.compile(r"(?<!<code)>\s*(?:[a-z]+_)+[a-z]+\s*<")
"""What a key of the API without words would look like."""


@pytest.fixture(scope="module")
def county(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[County]:
    with open_furnished(database_url, tmp_path_factory.mktemp("pages")) as found:
        yield found


@pytest.fixture(scope="module")
def browser(county: County) -> FlaskClient:
    """Mine, signed in as a browser is."""
    return signed_in(county, "mine")


def signed_in(county: County, name: str) -> FlaskClient:
    client = county.app.test_client()
    answer = client.post("/sign-in", data={"login": county.logins[name], "password": PASSWORD})
    assert answer.status_code == 303, answer.text
    return client


def shown(browser: FlaskClient, address: str, *facts: str, language: str = "en") -> str:
    answer = browser.get(address, headers={"Accept-Language": language})
    assert answer.status_code == 200, f"{address}: {answer.status_code}"
    page = answer.get_data(as_text=True)
    assert not RAW.search(page), f"{address}: {RAW.search(page)}"
    for fact in facts:
        assert fact in page, f"{address} does not say {fact}"
    return page


def sent(browser: FlaskClient, form: str, address: str, **values: str) -> Any:
    """Sends a form that stands on a page, with its hidden fields."""
    hidden = dict(HIDDEN.findall(browser.get(form, headers={"Accept-Language": "en"}).get_data(as_text=True)))
    assert hidden["_csrf"] and hidden["_key"]
    return browser.post(address, data={**hidden, **values}, headers={"Accept-Language": "en"})


def done(browser: FlaskClient, form: str, address: str, **values: str) -> str:
    """Sends a form; what it asks for must happen. The address that it goes on to."""
    answer = sent(browser, form, address, **values)
    assert answer.status_code == 303, answer.get_data(as_text=True)
    return str(answer.headers["Location"])


def test_every_page_of_mine_says_a_fact_in_both_languages(county: County, browser: FlaskClient) -> None:
    mine = county.mine
    trade = county.get("mine", "/trades")["data"][0]
    certificate = county.get("mine", f"/entitlements/{mine['entitlement']}")["certificate_number"]
    lot, programme = county.theirs["listing"], county.programme
    pages: dict[str, tuple[str, str]] = {
        "/my": ("What waits for you", "待办事项"),
        f"/my/water/{mine['water_account']}": ("Allocated by an announcement", "水量公告分配"),
        "/my/sell": ("What may be sold today", "卖水"),
        "/my/buy": ("What may be bought today", "今日可买"),
        "/my/orders": ("Sell order", "卖水单"),
        "/my/orders?status=open": ("9.0000", "9.0000"),
        f"/my/orders/{mine['order']}": ("placed", "挂单"),
        f"/my/orders/{mine['order']}/cancel": ("Yes, cancel it", "是，撤单"),
        "/my/trades": ("sold", "卖出"),
        f"/my/trades/{trade['id']}": ("Agreed on the exchange", "交易所成交"),
        "/my/join": ("Public biddings", "公开竞价"),
        f"/my/join/listings/{lot}": ("registered to bid", "已报名"),
        f"/my/join/listings/{mine['listing']}": ("The lot, whole", "标的水量"),
        f"/my/join/deals/{mine['negotiation']}": ("Offers", "要约"),
        "/my/join/deals/new": ("Account number of the other side", "对方水量账户号"),
        "/my/join/deals/new?tenure=lease": ("In a year with less water", "来水不足的年份"),
        f"/my/join/buy-backs/{county.offer}": ("the water price", "水价的"),
        f"/my/join/programmes/{programme}": ("At least in all", "合计不少于"),
        f"/my/join/rounds/{county.round}": ("For sale", "出售水量"),
        f"/my/join/leases/{mine['lease']}": ("Year by year", "逐年履行"),
        "/my/trusts": ("Your memberships", "您的托管"),
        f"/my/trusts/{mine['trust']}": ("Fee of the trustee", "受托人费用"),
        "/my/pledges": ("Applied for by the bank", "银行申请"),
        "/my/money": (mine["money_account"], mine["money_account"]),
        "/my/meters": ("T-mine", "T-mine"),
        f"/my/meters/{mine['meter']}": ("Use by reading", "各次抄表用水量"),
        f"/my/rights/{mine['entitlement']}": (certificate, certificate),
        "/my/rights/apply": ("Kind of right", "申请水权"),
        "/my/messages": ("Decisions served on you", "送达您的决定书"),
        "/my/messages/complain": ("Complain", "申诉"),
    }
    wrong = []
    for address, facts in pages.items():
        for language, fact in zip(("en", "zh-CN"), facts, strict=True):
            try:
                shown(browser, address, fact, language=language)
            except AssertionError as error:
                wrong.append(str(error).partition("\n")[0])
    assert not wrong


def test_a_trade_shows_its_own_delivery_alone(county: County, browser: FlaskClient) -> None:
    delivery = county.get("mine", f"/deliveries/{county.mine['delivery']}")
    trades = county.get("mine", "/trades")["data"]
    of_it = {each["instruction_id"] == delivery["instruction_id"]: each["id"] for each in trades}
    page = shown(browser, f"/my/trades/{of_it[True]}", "Delivery ordered", "Handed to the gate keeper")
    assert page.count("<progress") == 1
    assert "<progress" not in shown(browser, f"/my/trades/{of_it[False]}")


def test_a_sale_goes_in_three_steps_and_its_draft_is_an_address(county: County, browser: FlaskClient) -> None:
    account = county.mine["water_account"]
    draft = f"account={account}&volume=20&price=0.3003&time_in_force=GTC"
    first = shown(browser, f"/my/sell?{draft}", 'value="20"', 'value="0.3003"')
    assert 'action="/my/sell/check"' in first
    quote = county.get("mine", f"/water-accounts/{account}/quote?side=sell&volume=20&price=0.3003")
    page = shown(browser, f"/my/sell/check?{draft}", "You receive at least", "Left after the water fee")
    assert quote["net"] == "6.01" and f"{quote['net']} yuan" in page  # 20 m3 at 0.3003; no fee in this zone
    where = done(browser, f"/my/sell/check?{draft}", "/my/sell", account=account, volume="20", price="0.3003")
    order = where.rpartition("/")[2]
    assert county.get("mine", f"/orders/{order}")["held"] == "20.000"
    shown(browser, where, "Your order is placed", "Held for it")
    done(browser, where, f"/my/orders/{order}/amend", volume="15", price="0.3003")
    assert county.get("mine", f"/orders/{order}")["volume"] == "15.000"
    done(browser, f"/my/orders/{order}/cancel", f"/my/orders/{order}/cancel")
    assert county.get("mine", f"/orders/{order}")["status"] == "cancelled"
    shown(browser, where, "cancelled by yourself")


def test_what_would_be_refused_is_said_before_and_after_with_its_source(
    county: County, browser: FlaskClient
) -> None:
    account = county.mine["water_account"]
    draft = f"account={account}&volume=999999&price=0.3"
    page = shown(
        browser, f"/my/sell/check?{draft}", "Placed as it is, the order would be refused.", "Legal source"
    )
    assert "insufficient_water" in page and "<button>Sell</button>" not in page
    answer = sent(browser, f"/my/sell?{draft}", "/my/sell", account=account, volume="999999", price="0.3")
    said = answer.get_data(as_text=True)
    assert answer.status_code == 422 and "an order holds what it needs" in said and 'role="alert"' in said
    wrong = browser.get(
        f"/my/sell/check?account={account}&volume=ten&price=0.3", headers={"Accept-Language": "en"}
    )
    assert wrong.status_code == 422 and 'id="e-volume"' in wrong.get_data(as_text=True)


def test_limits_have_names_where_they_bind(county: County, browser: FlaskClient) -> None:
    account = county.mine["water_account"]
    answer = county.get("mine", f"/water-accounts/{account}/tradable")
    codes = [each["name"].partition(":")[2] for each in answer["constraints"] if each["scope"] is not None]
    assert codes, "the county has borders that a sale may cross"
    for language, words in (("zh", "余额"), ("en", "what is left")):
        page = shown(browser, f"/my/water/{account}", words, language=language)
        assert not [each for each in codes if f">{each} " in page or f"under {each}" in page]
    said = {"detail": f"{codes[0]} has no room for the whole deal; XY-Z1 is no limit"}
    with county.app.test_request_context("/my", headers={"Accept-Language": "en"}):
        told = places.detail_of(said)
    assert codes[0] not in told
    assert told.endswith("has no room for the whole deal; XY-Z1 is no limit")


def test_a_purchase_says_what_it_costs_at_most_and_what_is_held(county: County, browser: FlaskClient) -> None:
    account = county.mine["water_account"]
    draft = f"account={account}&volume=3&price=0.05"
    page = shown(browser, f"/my/buy/check?{draft}", "It costs at most", "Money held from now on")
    quote = county.get("mine", f"/water-accounts/{account}/quote?side=buy&volume=3&price=0.05")
    assert quote["most"] == "0.15" and quote["most"] in page
    where = done(browser, f"/my/buy/check?{draft}", "/my/buy", account=account, volume="3", price="0.05")
    assert county.get("mine", f"/orders/{where.rpartition('/')[2]}")["held"] == quote["at_once"]["held_money"]


def test_an_offer_is_made_and_broken_off(county: County, browser: FlaskClient) -> None:
    mine, theirs = county.mine, county.theirs
    product = county.get("mine", f"/orders/{mine['order']}")["product_id"]
    until = (clock.today() + dt.timedelta(days=9)).isoformat()
    where = done(
        browser, "/my/join/deals/new", "/my/join/deals/new", side="sell", product=product, volume="5", price="0.2",
        account=mine["water_account"], other=theirs["water_account"], expires_on=until, at="sell",
    )  # fmt: skip
    shown(browser, where, "The other side answers now", "0.2")
    neighbour = signed_in(county, "theirs")
    shown(neighbour, where, "Accept this offer")
    done(neighbour, where, f"{where}/accept", number="1")
    page = shown(browser, where, "Sign the contract")
    sha256 = re.search(r'name="sha256" value="(\w+)"', page)
    assert sha256 is not None
    done(browser, where, f"{where}/sign", sha256=sha256.group(1))
    shown(browser, where, "You have signed. The other side signs now.")
    done(browser, where, f"{where}/withdraw", reason="no longer needed")
    shown(browser, where, "broken off")


def test_a_programme_a_meter_and_a_right_take_what_a_holder_may_do(
    county: County, browser: FlaskClient
) -> None:
    mine = county.mine
    here = f"/my/join/programmes/{county.programme}"
    answer = sent(browser, here, f"{here}/subscribe", account=mine["water_account"], volume="100000")
    assert answer.status_code == 422 and "refusal" in answer.get_data(as_text=True)
    meter = f"/my/meters/{mine['meter']}"
    assert "Enter a reading" not in shown(browser, meter)
    assert (
        sent(browser, meter, f"{meter}/readings", read_at="2026-06-01T08:00", counter="5").status_code == 403
    )
    where = done(
        browser, "/my/rights/apply", "/my/rights/apply", kind="irrigation_certificate", source="surface",
        sector="agriculture", township="DEMO-MANAS", canal="DEMO-CANAL", volume="10", valid_from="2026-01-01",
        valid_to="2030-12-31", land_mu="1", basis="a contract of land",
    )  # fmt: skip
    shown(browser, where, "a contract of land", "Take the application back")
    done(browser, where, f"{where}/withdraw", reason="sown elsewhere")
    shown(browser, where, "sown elsewhere", "taken back")


def test_anothers_is_not_there_others_are_kept_out_and_a_foreign_form_does_nothing(
    county: County, browser: FlaskClient
) -> None:
    theirs = county.theirs
    for address in (
        f"/my/water/{theirs['water_account']}", f"/my/orders/{theirs['order']}", f"/my/meters/{theirs['meter']}",
        f"/my/rights/{theirs['entitlement']}", f"/my/orders/{theirs['order']}/cancel", "/my/orders/ord_" + "0" * 26,
    ):  # fmt: skip
        assert browser.get(address).status_code == 404, address
    answer = sent(browser, "/my/sell", f"/my/orders/{theirs['order']}/cancel")
    assert answer.status_code == 404
    county.user("clerk", "reviewer")
    clerk = signed_in(county, "clerk")
    assert clerk.get("/my").status_code == 403
    unknown = county.app.test_client().get("/my", headers={"Accept": "text/html"})
    assert unknown.status_code == 303 and "/sign-in" in unknown.headers["Location"]
    order = f"/my/orders/{county.mine['order']}"
    assert browser.post(f"{order}/cancel", data={"_key": "made-up-key-of-a-foreign-form"}).status_code == 403
    assert county.get("mine", f"/orders/{county.mine['order']}")["status"] == "open"
