"""Pledges, stored water, assessments, accounts of meters: the registrar is offered what is due, and it is done."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask.testing import FlaskClient

from tests.api import storing
from tests.api.county import YEAR, County
from tests.api.desk_browsing import acted, do, read
from tests.api.furnished import open_furnished
from tests.api.smallholders import trustee_of
from tests.api.test_pages_holder import signed_in


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
