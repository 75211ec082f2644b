"""Public storage over HTTP: stock and need, assignments, sealed bids that nobody sees before the close."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.api import storing
from tests.api.county import County
from tests.api.furnished import open_furnished


@pytest.fixture(scope="module")
def county(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[County]:
    """The demonstration county, with storage and a round in which two have bid."""
    with open_furnished(database_url, tmp_path_factory.mktemp("county")) as found:
        yield found


def test_the_stock_says_what_is_kept_and_what_may_be_resold(county: County) -> None:
    path = f"/storage-accounts/{county.storage}"
    assert county.get("centre", path) == {
        "water_account_id": county.storage, "free": "6.000", "need": "0.000", "assigned": "0.000",
        "resalable": "6.000", "paid_price": "0.1540",
    }  # fmt: skip
    found = county.post("registrar", f"{path}/need", {"volume": "5", "reason": "a dry summer"})
    assert found["resalable"] == "1.000"
    answer = county.client.post(
        "/v1/resale-rounds", json=storing.round_body(county, volume="2"), headers=county.headers("registrar")
    )
    assert (answer.status_code, answer.json["rule"], answer.json["available"]) == (
        422, "not_beyond_need", "1.000",
    )  # fmt: skip
    assert "2016" in answer.json["legal_source"]


def test_stored_water_is_assigned_without_a_price(county: County) -> None:
    centre = county.get("centre", "/me")["participant_id"]
    town = storing.account(county, centre, "DEMO-MANAS", "DEMO-CANAL", "domestic")
    path = f"/storage-accounts/{county.storage}/assignments"
    made = county.post("registrar", path, {"to_water_account_id": town, "volume": "1", "reason": "school"})
    assert (made["volume"], made["delivered"]) == ("1.000", "1.000")
    assert [each["id"] for each in county.get("centre", path)["data"]] == [made["id"]]


def test_bids_are_sealed_until_the_round_closes_and_all_winners_pay_one_price(county: County) -> None:
    bid = county.mine["resale_bid"]
    assert county.get("mine", f"/resale-bids/{bid}")["held"] == "0.50"
    answer = county.client.get(f"/v1/resale-bids/{bid}", headers=county.headers("registrar"))
    assert (answer.status_code, answer.json["code"]) == (422, "bid_sealed")
    assert county.get("registrar", "/resale-bids")["data"] == []
    closed = county.post("registrar", f"/resale-rounds/{county.round}/close")
    assert (closed["price"], closed["awarded"]) == ("0.5000", "2.000")
    found = county.get("registrar", "/resale-bids")["data"]
    assert [(each["status"], each["award"], each["held"]) for each in found] == [
        ("struck", "1.000", "0.00")
    ] * 2
