"""Orders over HTTP: whose they are, what a key means, what a batch does with one bad member."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.api.county import County, product
from tests.api.furnished import open_furnished


@pytest.fixture(scope="module")
def county(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[County]:
    """The demonstration county with my things and a neighbour's."""
    with open_furnished(database_url, tmp_path_factory.mktemp("county")) as found:
        yield found


def _sell(county: County, name: str, volume: str = "2", price: str = "8") -> dict[str, Any]:
    things = county.mine if name == "mine" else county.theirs
    return {
        "product_id": product(county), "water_account_id": things["water_account"], "side": "sell", "volume": volume,
        "price": price,
    }  # fmt: skip


def test_an_order_that_was_just_placed_is_cancelled_by_its_owner_and_unknown_to_others(
    county: County,
) -> None:
    placed = county.post("mine", "/orders", _sell(county, "mine"))
    path = f"/v1/orders/{placed['id']}/cancel"
    refused = county.client.post(path, headers=county.headers("theirs"))
    assert (refused.status_code, refused.json["code"]) == (404, "not_found")
    assert county.get("mine", f"/orders/{placed['id']}")["status"] == "open"
    assert county.client.post(path, headers=county.headers("mine")).json["status"] == "cancelled"


def test_an_order_placed_before_is_looked_up_for_whose_it_is(county: County) -> None:
    theirs = county.theirs["order"]
    answer = county.client.post(
        f"/v1/orders/{theirs}/amend", json={"volume": "5"}, headers=county.headers("mine")
    )
    assert answer.status_code == 404
    assert county.get("theirs", f"/orders/{theirs}")["volume"] == "10.000"


def test_the_same_key_has_one_effect_and_another_body_is_refused(county: County) -> None:
    headers = county.headers("mine")
    first = county.client.post("/v1/orders", json=_sell(county, "mine"), headers=headers)
    again = county.client.post("/v1/orders", json=_sell(county, "mine"), headers=headers)
    other = county.client.post("/v1/orders", json=_sell(county, "mine", "3"), headers=headers)
    assert first.status_code == again.status_code == 201
    assert (again.json, again.headers["Idempotent-Replayed"]) == (first.json, "true")
    assert "Idempotent-Replayed" not in first.headers
    assert (other.status_code, other.json["code"]) == (422, "idempotency_key_reused")


def test_a_retry_with_a_client_order_id_is_a_replay_and_a_new_key_is_a_duplicate(county: County) -> None:
    body = _sell(county, "mine") | {"client_order_id": "harvest-1"}
    headers = county.headers("mine")
    first = county.client.post("/v1/orders", json=body, headers=headers)
    again = county.client.post("/v1/orders", json=body, headers=headers)
    duplicate = county.client.post("/v1/orders", json=body, headers=county.headers("mine"))
    assert first.status_code == 201
    assert again.json == first.json
    assert (duplicate.status_code, duplicate.json["code"]) == (409, "duplicate_client_order_id")
    assert duplicate.json["errors"][0]["pointer"] == "/client_order_id"


def test_a_batch_refuses_one_by_rule_and_spoils_no_neighbour(county: County) -> None:
    done = county.post(
        "mine",
        "/orders/batch",
        {"commands": [{"place": _sell(county, "mine")}, {"place": _sell(county, "mine", "999999")},
                      {"place": _sell(county, "mine", "1")}]},
    )["data"]  # fmt: skip
    assert [each["order"] is not None for each in done] == [True, False, True]
    assert done[1]["refusal"]["code"] == "insufficient_water"
    assert done[1]["refusal"]["limit"] == "999999.000"


def test_a_batch_with_a_malformed_member_is_refused_whole(county: County) -> None:
    before = county.get("mine", "/orders")
    answer = county.client.post(
        "/v1/orders/batch",
        json={
            "commands": [{"place": _sell(county, "mine")}, {"place": _sell(county, "mine") | {"volume": 2}}]
        },
        headers=county.headers("mine"),
    )
    assert (answer.status_code, answer.json["code"]) == (422, "invalid_input")
    assert answer.json["errors"][0]["pointer"] == "/commands/1/place/volume"
    assert county.get("mine", "/orders") == before
