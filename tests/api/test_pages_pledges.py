"""Pledges, stored water, assessments, accounts of meters: the registrar is offered what is due, and it is done."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask.testing import FlaskClient

from tests.api import storing
from tests.api.county import YEAR, County
from tests.api.desk_browsing import acted, do, read
from tests.api.furnished import open_furnished
from tests.api.smallholders import buy, order_body, trustee_of
from tests.api.test_pages_holder import done, sent, shown, signed_in


@pytest.fixture(scope="module")
def county(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[County]:
    with open_furnished(database_url, tmp_path_factory.mktemp("pledges")) as found:
        found.user("clerk", "registrar")
        found.user("chief", "supervisor")
        yield found


@pytest.fixture(scope="module")
def clerk(county: County) -> FlaskClient:
    return signed_in(county, "clerk")


@pytest.fixture(scope="module")
def chief(county: County) -> FlaskClient:
    return signed_in(county, "chief")


def test_a_pledge_is_enforced_by_an_agent_and_what_is_not_sold_is_taken_back(
    county: County, clerk: FlaskClient, chief: FlaskClient
) -> None:
    body = {
        "consent_id": county.mine["pledge_consent"], "volume": "7", "secured": "10.00", "owed": "1.00",
        "valued": "15.00", "valuation": "market price", "document": "loan 2",
    }  # fmt: skip
    pledge = county.post("lender", "/pledges", body)["id"]
    county.post("mine", f"/pledges/{pledge}/agree")
    page = f"/desk/pledges/{pledge}"
    assert page in read(clerk, "/desk/pledges?status=").text
    act = f"/desk/act/pledges/{pledge}"
    assert f'href="{act}/register"' in read(clerk, page).text
    assert f'href="{act}/enforce"' not in read(clerk, page).text, "not registered yet"
    acted(clerk, f"{act}/register", reason="")
    now = county.get("registrar", f"/pledges/{pledge}")
    shown = read(clerk, page).text
    assert (f'href="{act}/secure"' in shown) == (now["held"] != now["volume"])
    assert f'href="{act}/enforce"' in shown
    assert f'href="{act}/enforce"' not in read(chief, page).text, "the supervisor only reads"
    acted(clerk, f"{act}/secure")
    agent = trustee_of(county, "auctioneer")
    name = county.get("registrar", f"/participants/{agent}")["name"]
    found = read(clerk, f"{act}/enforce?agent_id_sought={name}").text
    assert f'<option value="{agent}">' in found
    asks = {"agent_id": now["bank_id"], "owed": "1.00", "floor_price": "0.1", "document": "court order 12"}
    bank = do(clerk, f"{act}/enforce?" + "&".join(f"{key}={value}" for key, value in asks.items()))
    assert bank.status_code == 422 and 'role="alert"' in bank.text, "never the bank"
    sale = acted(clerk, f"{act}/enforce", asks=asks | {"agent_id": agent})
    assert sale.startswith("/desk/pledge-sales/psl_")
    assert sale in read(clerk, page).text, "it is found again"
    told = read(clerk, sale).text
    assert "Take back what is not sold" in told and "Pay out what it earned" not in told
    acted(clerk, f"/desk/act{sale.removeprefix('/desk')}/take-back")
    assert county.get("registrar", f"/pledge-sales/{sale.rpartition('/')[2]}")["unsold"] == "0.000"
    assert "Take back what is not sold" not in read(clerk, sale).text


def test_stored_water_is_given_to_who_is_found_by_name(
    county: County, clerk: FlaskClient, chief: FlaskClient
) -> None:
    centre = county.get("centre", "/me")["participant_id"]
    name = county.get("registrar", f"/participants/{centre}")["name"]
    town = storing.account(county, centre, "DEMO-MANAS", "DEMO-CANAL", "domestic")
    act = f"/desk/act/storage-accounts/{county.storage}/assignments"
    assert f'href="{act}"' in read(clerk, "/desk/auctions").text
    assert f'href="{act}"' not in read(chief, "/desk/auctions").text
    found = read(clerk, f"{act}?to_water_account_id_sought={name}").text
    assert f'<option value="{town}">' in found
    assert f'<option value="{county.storage}">' not in found, "not to itself"
    much = do(clerk, f"{act}?to_water_account_id={town}&volume=999999", reason="a school")
    assert much.status_code == 422 and 'role="alert"' in much.text
    acted(clerk, act, asks={"to_water_account_id": town, "volume": "1"}, reason="a school's well is dry")
    assert "a school&#39;s well is dry" in read(clerk, "/desk/auctions").text
    made = county.get("centre", f"/storage-accounts/{county.storage}/assignments")["data"]
    assert [(each["to_water_account_id"], each["volume"]) for each in made] == [(town, "1.000")]


def test_an_assessment_is_recorded_and_found_by_who_applies(county: County, clerk: FlaskClient) -> None:
    whose = county.mine["participant"]
    name = county.get("registrar", f"/participants/{whose}")["name"]
    act = "/desk/act/water-assessments"
    assert f'<option value="{whose}">' in read(clerk, f"{act}?participant_id_sought={name}").text
    asks = {
        "participant_id": whose, "project": "A dairy", "number": "[2026] 7", "authority": "Prefecture bureau",
        "approved_on": f"{YEAR}-01-05", "volume": "120000",
    }  # fmt: skip
    assert (
        "120,000" in read(clerk, f"{act}?" + "&".join(f"{key}={value}" for key, value in asks.items())).text
    )
    assert acted(clerk, act, asks=asks) == "/desk/assessments"
    assert "[2026] 7" in read(clerk, "/desk/assessments").text
    assert "A dairy" in [each["project"] for each in county.get("mine", "/water-assessments")["data"]]


def test_a_meter_goes_on_with_the_account_of_another_use_at_its_place(
    county: County, clerk: FlaskClient
) -> None:
    meter = county.mine["meter"]
    page, act = f"/desk/meters/{meter}", f"/desk/act/meters/{meter}/assign"
    now = county.get("registrar", f"/meters/{meter}")
    account = county.get("registrar", f"/water-accounts/{now['water_account_id']}")
    assert f'href="{act}"' not in read(clerk, page).text, "there is no other account yet"
    other = storing.account(
        county, account["participant_id"], account["township"], account["canal"], "domestic"
    )
    assert f'href="{act}"' in read(clerk, page).text
    assert acted(clerk, act, asks={"water_account_id": other}) == page
    assert county.get("registrar", f"/meters/{meter}")["water_account_id"] == other
    acted(clerk, act, asks={"water_account_id": account["id"]})


def test_a_bank_looks_applies_lets_sell_and_releases_on_its_own_pages(county: County) -> None:
    bank, mine = signed_in(county, "lender"), signed_in(county, "mine")
    consent = county.mine["pledge_consent"]
    new = f"/firm/pledges/consents/{consent}"
    assert f'href="{new}"' in shown(bank, "/firm/pledges")
    asks = {"volume": "3", "secured": "10.00", "owed": "1.00", "valued": "15.00", "valuation": "prices"}
    bare = sent(bank, new, new, **asks, document="")
    assert bare.status_code == 422 and 'value="15.00"' in bare.text
    where = done(bank, new, new, **asks, document="loan 3")
    number = where.rpartition("/")[2]
    shown(bank, where, "loan 3", "Applied for by the bank")
    done(mine, "/my/pledges", f"/my/pledges/{number}/agree")
    county.post("registrar", f"/pledges/{number}/register")
    less = {"volume": "1", "owed": "1.00", "floor_price": "0.1", "reason": "the harvest is in"}
    done(bank, where, f"{where}/consent-to-sale", **less)
    [sale] = county.get("lender", f"/pledges/{number}/steps")["pledge_sale_ids"]
    assert f"{where}/sales/{sale}/pay-out" not in shown(bank, where), "nothing has been earned"
    assert f"/my/pledges/sales/{sale}/pay-out" not in shown(mine, "/my/pledges")
    done(bank, where, f"{where}/sales/{sale}/take-back")
    assert county.get("lender", f"/pledges/{number}")["held"] == "3.000"
    done(bank, where, f"{where}/release", reason="repaid")
    assert county.get("lender", f"/pledges/{number}")["status"] == "released"
    assert "Release the pledge" not in shown(bank, where)
    assert mine.get("/firm/pledges", headers={"Accept": "text/html"}).status_code == 403


def test_what_pledged_water_earned_is_paid_out_by_its_holder(county: County) -> None:
    mine, less = (
        signed_in(county, "mine"),
        {"volume": "2", "owed": "1.00", "floor_price": "0.1", "reason": "asked"},
    )
    made = county.post("lender", f"/pledges/{county.mine['pledge']}/consent-to-sale", less)
    sale = made["id"]
    county.post("mine", "/orders", order_body(county, made["water_account_id"], "sell", "2", "0.11"))
    buy(county, "2", "0.9")
    earned = county.get("mine", f"/pledge-sales/{sale}")["proceeds"]
    assert earned != "0.00"
    act = f"/my/pledges/sales/{sale}/pay-out"
    assert act in shown(mine, "/my/pledges", earned)
    done(mine, "/my/pledges", act)
    assert act not in shown(mine, "/my/pledges")
    assert county.get("mine", f"/pledge-sales/{sale}")["proceeds"] == "0.00"


def test_an_account_is_opened_and_closed_from_its_holder_s_page(county: County, clerk: FlaskClient) -> None:
    whose = county.mine["participant"]
    page, act = f"/desk/participants/{whose}", "/desk/act/water-accounts"
    assert f"{act}?change=yes&amp;participant_id={whose}" in read(clerk, page).text
    assert f'<option value="{whose}" selected' in read(clerk, f"{act}?change=yes&participant_id={whose}").text
    asks = {
        "participant_id": whose, "township": "653123401", "canal": "PARK", "sector": "services", "source": "surface",
        "water_year": YEAR,
    }  # fmt: skip
    assert acted(clerk, act, asks=asks) == page
    made = county.get("registrar", f"/water-accounts?participant_id={whose}&limit=100")["data"]
    [account] = [each["id"] for each in made if each["sector"] == "services"]
    close = f"{act}/{account}/close"
    assert f'href="{close}"' in read(clerk, page).text
    assert acted(clerk, close) == page
    assert f'href="{close}"' not in read(clerk, page).text
