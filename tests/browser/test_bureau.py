"""Stories of the bureau in a browser: two reviewers, a registrar, a supervisor, an auditor, a treasurer, an
administrator; each from sign-in to a result that somebody else sees.
"""

from __future__ import annotations

import secrets
from contextlib import AbstractContextManager
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser

from market.core import clock
from market.demo import manas, people
from market.demo.client import Caller
from tests.browser import site as sites
from tests.browser.site import NAMES_OF_WAYS, WAYS, Visit
from tests.faults.server import Running, Village

HOW = pytest.mark.parametrize("way", range(len(WAYS)), ids=NAMES_OF_WAYS)
SOLD_M3, PRICE = "520000", "0.25"
"""More than one reviewer of the county may decide on: its rule asks two from 500 000 m3 that change their use on."""
SECOND = "reviewer-2"


def visit(browser: Browser, site: Running, way: int, login: str) -> AbstractContextManager[Visit]:
    """Somebody in front of a browser, signed in."""
    language, size = WAYS[way]
    return sites.visit(browser, site.url, language=language, size=size, login=login)


@pytest.fixture(scope="module")
def large(quiet_site: Running) -> list[tuple[str, str]]:
    """For each way of reading, a trade from a farm to the factory that two reviewers decide on, with its file."""
    url, village = quiet_site.url, Village(quiet_site)
    seller = village.household(
        township=manas.PLACE["township"], canal=manas.PLACE["canal"], right_m3=2_400_000
    )
    factory, registrar = Caller(url, "factory"), village.registrar
    body = {
        "login": SECOND, "name": "Second reviewer", "password": people.password_of(SECOND), "roles": ["reviewer"],
        "totp": False,
    }  # fmt: skip
    Caller(url, "administrator").post("/v1/users", body)
    account, product = manas.water_account(factory), manas.product(registrar)
    plan = {"volume": "4000000", "legal_source": "tests"}
    registrar.change(f"/v1/water-accounts/{account}", "use-plan", plan)
    for each in (factory, Caller(url, "centre")):
        manas.clear(each, product)
    found = []
    for _ in WAYS:
        wanted = {
            "product_id": product,
            "side": "buy",
            "volume": SOLD_M3,
            "price": PRICE,
            "water_account_id": account,
        }
        factory.post("/v1/orders", wanted)
        offered = {
            "product_id": product, "side": "sell", "volume": "560000", "price": "0.2", "time_in_force": "IOC",
            "water_account_id": seller.account,
        }  # fmt: skip
        [fill] = seller.caller.post("/v1/orders", offered)["fills"]
        found.append((fill["trade_id"], factory.get(f"/v1/trades/{fill['trade_id']}/standing")["review_id"]))
    return found


@HOW
def test_two_reviewers_decide_a_large_trade_and_one_cannot_be_both(
    browser: Browser, quiet_site: Running, large: list[tuple[str, str]], way: int
) -> None:
    trade, file = large[way]
    decide = f"/desk/act/desk-reviews/{file}/decide"
    with visit(browser, quiet_site, way, "reviewer") as first:
        first.follow(f"/desk/reviews/{file}")
        first.follow(f"{decide}?decision=approved")
        first.send(reason="plan of use, caps and route checked")
        assert first.page.url.endswith(f"/desk/reviews/{file}")
        assert first.page.locator(f"main a[href^='{decide}']").count() == 0, (
            "the first is not offered the second part"
        )
        assert first.wrong == []
        first.open(f"{decide}?decision=approved")
        first.send(reason="and once more")
        assert "four_eyes" in first.said()
        assert ["403" in each for each in first.wrong] == [True]
    proposed = Caller(quiet_site.url, "reviewer").get(f"/v1/desk-reviews/{file}")
    assert (proposed["status"], proposed["proposed"]) == ("open", "approved")
    with visit(browser, quiet_site, way, SECOND) as second:
        second.follow(f"/desk/reviews/{file}")
        second.follow(f"{decide}?decision=approved")
        second.send(reason="looked at again")
        assert second.page.url.endswith(f"/desk/reviews/{file}")
        second.follow("/notices/")
        assert second.wrong == []
    closed = Caller(quiet_site.url, "reviewer").get(f"/v1/desk-reviews/{file}")
    assert (closed["status"], closed["outcome"]) == ("closed", "approved")
    assert closed["proposed_by_id"] != closed["decided_by_id"]
    assert Caller(quiet_site.url, "factory").get(f"/v1/trades/{trade}")["status"] == "settled"


@HOW
def test_a_registrar_admits_a_household_which_then_signs_in(
    browser: Browser, site: Running, way: int
) -> None:
    login = f"household-{secrets.token_hex(5)}"
    body = {
        "kind": "household", "name": f"示范农户 {login}", "contact": "demonstration", "roles": ["holder"],
        "identifier": people.identity_number(secrets.randbelow(17_000_000)), "login": login,
        "password": people.password_of(login), "user_name": login,
    }  # fmt: skip
    household = Caller(site.url).post("/v1/participants", body)["id"]
    with visit(browser, site, way, "registrar") as desk:
        desk.open("/desk/participants?status=applied")
        desk.follow(f"/desk/act/participants/{household}/admit")
        assert login in desk.said()
        desk.send(reason="identity checked")
        assert desk.page.url.endswith(f"/desk/participants/{household}")
        assert desk.wrong == []
    with visit(browser, site, way, login) as own:
        assert own.page.url.endswith("/my")
        assert own.wrong == []


@HOW
def test_a_supervisor_halts_a_product_having_read_what_it_does_and_lifts_it(
    browser: Browser, site: Running, way: int
) -> None:
    chief = Caller(site.url, "supervisor")
    product = next(
        each["id"]
        for each in chief.get("/v1/products")["data"]
        if each["code"] == f"reclaimed-{clock.this_year()}"
    )
    with visit(browser, site, way, "supervisor") as desk:
        desk.open("/desk/interventions")
        desk.follow("/desk/act/interventions/halts")
        desk.page.select_option("[name=scope]", "product")
        desk.page.select_option("[name=product_id]", product)
        desk.page.select_option("[name=orders]", "stay")
        desk.press("main form button")
        assert desk.page.locator(".says li").count() >= 1
        desk.send(reason="figures of the plant are missing", legal_source="art. 26")
        [halt] = chief.get("/v1/interventions/halts", in_force="true")["data"]
        desk.open("/desk/interventions")
        desk.follow(f"/desk/act/interventions/halts/{halt['id']}/lift")
        desk.send(reason="the figures came")
        assert desk.page.url.endswith("/desk/interventions")
        assert desk.wrong == []
    assert chief.get("/v1/interventions/halts", in_force="true")["data"] == []


@HOW
def test_an_auditor_finds_who_admitted_whom_with_the_hash_of_the_entry(
    browser: Browser, site: Running, way: int
) -> None:
    with visit(browser, site, way, "auditor") as desk:
        desk.open("/desk/trail")
        desk.page.fill("[name=action]", "participant.admitted")
        desk.press("form[action='/desk/trail'] button")
        desk.page.locator("main details summary").first.click()
        [entry] = Caller(site.url, "auditor").get(
            "/v1/audit/entries", action="participant.admitted", limit=1
        )["data"]  # fmt: skip
        assert entry["hash"] in desk.said()
        assert entry["subject_id"] in desk.said()
        assert desk.wrong == []


@HOW
def test_a_treasurer_records_what_the_bank_reports_and_the_farmer_has_it(
    browser: Browser, site: Running, way: int
) -> None:
    farmer, amount = Caller(site.url, "farmer"), f"12.{34 + way}"
    [account] = farmer.get("/v1/money-accounts")["data"]
    with visit(browser, site, way, "treasurer") as desk:
        desk.open("/desk/money")
        desk.follow("/desk/act/deposits")
        desk.page.fill("[name=money_account_id_sought]", "示范农户")
        desk.page.fill("[name=amount]", amount)
        desk.page.fill("[name=bank_reference]", f"BANK-{way}")
        desk.page.fill("[name=value_date]", clock.today().isoformat())
        desk.press("main form button")
        desk.page.select_option("[name=money_account_id]", account["id"])
        desk.press("main form button")
        assert amount in desk.said()
        desk.send()
        assert f"BANK-{way}" in desk.said()
        assert desk.wrong == []
    with visit(browser, site, way, "farmer") as own:
        own.open("/my/money")
        assert amount in own.said()
        assert own.wrong == []


@HOW
def test_a_registrar_hands_a_file_in_leaves_and_finds_what_became_of_it(
    browser: Browser, site: Running, way: int
) -> None:
    sheet = f"表号,水量账户编号\nWAY-{way},nonsense\n".encode()
    with visit(browser, site, way, "registrar") as desk:
        desk.open("/desk/excel")
        desk.page.select_option("[name=register]", "meters")
        desk.page.set_input_files(
            "[name=sheet]", {"name": f"meters-{way}.csv", "mimeType": "text/csv", "buffer": sheet}
        )
        desk.press("main form[method=post] button")
        here = urlsplit(desk.page.url).path
        assert sites.wrong_with(desk) == []
        desk.open("/desk")
        desk.open("/desk/excel")
        desk.follow(here)
        desk.page.wait_for_selector("[role=alert]")  # it comes by itself
        assert desk.page.inner_text("main tbody th") == "2"
        assert sites.wrong_with(desk) == []


@HOW
def test_an_administrator_makes_a_user_who_then_reads_at_a_desk(
    browser: Browser, site: Running, way: int
) -> None:
    login = f"reader-{way}"
    with visit(browser, site, way, "administrator") as desk:
        desk.open("/desk/users")
        desk.press("main a[href='/desk/act/users']")
        desk.page.uncheck("[name=totp]")
        desk.page.check("[name=roles][value=reader]")
        desk.send(login=login, name="A reader of the prefecture", password=people.password_of(login))
        assert login in desk.said()
        assert desk.wrong == []
    with visit(browser, site, way, login) as own:
        assert own.page.url.endswith("/desk")
        assert own.wrong == []
