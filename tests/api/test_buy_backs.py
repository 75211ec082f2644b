"""The buy-back over HTTP: an offer, a take, a village's list, in two languages and with the rule of each refusal."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from market.core import audit, db
from market.core.sheets.writing import export
from market.trading import buy_backs
from market.trading.buy_back_sheets import BUY_BACK_LIST
from tests.api.county import County
from tests.api.furnished import open_furnished
from tests.api.storing import offer_body


@pytest.fixture(scope="module")
def county(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[County]:
    """The demonstration county, with an offer."""
    with open_furnished(database_url, tmp_path_factory.mktemp("county")) as found:
        yield found


def _advance(county: County) -> None:
    county.exchange.take_up()
    with db.transaction(county.settings.url()) as session:
        for offer in buy_backs.due(session):
            buy_backs.advance(session, actor=audit.Actor(), buy_back_id=offer)


def test_a_farmer_sells_with_one_call_at_a_multiple_of_the_price_of_its_place(county: County) -> None:
    body = {"water_account_id": county.mine["water_account"], "volume": "3"}
    made = county.post("mine", f"/buy-backs/{county.offer}/takes", body)
    assert (made["status"], made["water_price"], made["price"], made["amount"]) == (
        "struck", "0.0770", "0.1540", "0.46",
    )  # fmt: skip
    _advance(county)
    found = county.get("mine", f"/buy-back-takes/{made['id']}")
    assert found["status"] == "traded"
    assert county.get("mine", f"/trades/{found['trade_id']}")["amount"] == "0.46"


def test_the_same_key_takes_once(county: County) -> None:
    body = {"water_account_id": county.mine["water_account"], "volume": "1"}
    headers = county.headers("mine", Idempotency_Key="one-take")
    path = f"/v1/buy-backs/{county.offer}/takes"
    first, again = (county.client.post(path, json=body, headers=headers) for _ in range(2))
    assert first.status_code == 201
    assert again.json["id"] == first.json["id"]
    assert again.headers["Idempotent-Replayed"] == "true"
    _advance(county)


def test_what_the_budget_does_not_pay_names_what_is_left(county: County) -> None:
    body = {"water_account_id": county.mine["water_account"], "volume": "500"}
    answer = county.client.post(
        f"/v1/buy-backs/{county.offer}/takes", json=body, headers=county.headers("mine")
    )
    assert (answer.status_code, answer.json["rule"]) == (422, "buy_back_budget_short")
    assert answer.json["legal_source"]
    assert float(answer.json["available"]) > float(answer.json["limit"])


def test_the_budget_is_what_is_held_under_way_spent_and_freed(county: County) -> None:
    found = county.get("theirs", f"/buy-backs/{county.offer}")
    parts = sum(round(100 * float(found[name])) for name in ("held", "under_way", "spent", "freed"))
    assert parts == round(100 * float(found["budget"]))


def test_a_village_sells_from_an_excel_sheet(county: County) -> None:
    rows = [{"water_account_id": county.mine["water_account"], "volume_litres": 2_000}]
    sent = county.client.post(
        f"/v1/buy-backs/{county.offer}/lists/sheet?basis=signed",
        data=export(BUY_BACK_LIST, rows),
        headers=county.headers("mine-trustee", Content_Type="application/octet-stream"),
    )
    assert (sent.status_code, sent.json["taken"], sent.json["refused"]) == (201, 1, 0), sent.text
    chosen = f"/buy-back-takes?list_id={sent.json['id']}"
    assert [take["volume"] for take in county.get("mine", chosen)["data"]] == ["2.000"]
    _advance(county)
    template = county.client.get("/v1/buy-backs/lists/template", headers=county.headers("mine-trustee"))
    assert template.data[:2] == b"PK"


def test_a_neighbours_account_is_a_row_that_is_not_there(county: County) -> None:
    rows = [
        {"water_account_id": county.mine["water_account"], "volume": "1"},
        {"water_account_id": county.theirs["water_account"], "volume": "1"},
    ]
    body = {"basis": "signed", "rows": rows}
    path = f"/v1/buy-backs/{county.offer}/lists"
    answer = county.client.post(path, json=body, headers=county.headers("mine-trustee"))
    assert answer.status_code == 422
    assert [(row["row"], row["code"]) for row in answer.json["rows"]] == [(2, "not_found")]
    found = county.post("mine-trustee", f"/buy-backs/{county.offer}/lists", body | {"partial": True})
    assert (found["taken"], found["refused"]) == (1, 1)
    _advance(county)


def test_an_offer_beyond_the_countys_multiples_is_refused_and_one_may_be_closed(county: County) -> None:
    account = county.get("auditor", f"/buy-backs/{county.offer}")["water_account_id"]
    for multiple in ("1.999", "10.001"):
        body = offer_body(county, account, multiple=multiple)
        answer = county.client.post("/v1/buy-backs", json=body, headers=county.headers("registrar"))
        assert (answer.status_code, answer.json["rule"]) == (422, "multiple_out_of_range")
        assert answer.json["legal_source"] == "changji2018 buy-back"
    made = county.post("registrar", "/buy-backs", offer_body(county, account, multiple="10", budget="1"))
    closed = county.post("registrar", f"/buy-backs/{made['id']}/close", {"reason": "tests"})
    assert (closed["status"], closed["ending"], closed["freed"]) == ("ended", "closed", "1.00")
