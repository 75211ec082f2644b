"""Meters, readings, money accounts, deposits and payouts over HTTP."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from market.core import clock
from tests.api.registry_desk import Desk


@pytest.fixture(scope="module")
def desk(database_url: str) -> Desk:
    """The application over the small county."""
    return Desk(database_url)


def _meter(desk: Desk, account: dict[str, Any], serial: str) -> str:
    found = desk.post("/meters", {"water_account_id": account["id"], "serial": serial})
    return f"/meters/{found['id']}"


def _reading(counter: str, *, minutes: int = 0) -> dict[str, str]:
    return {"read_at": (clock.now() + dt.timedelta(minutes=minutes)).isoformat(), "counter": counter}


def test_the_manas_household_s_use_is_read_and_its_fee_is_244_78(desk: Desk) -> None:
    """vectors/households.json."""
    holder, account = desk.watered("4180")
    meter = _meter(desk, account, "MANAS")
    body = _reading("3179")
    reading = desk.post(f"{meter}/readings", body, key="manas")
    assert (reading["use"], reading["over_use"], reading["fee"]) == ("3179.000", "0.000", "244.78")
    assert desk.post(f"{meter}/readings", body, key="manas") == reading
    now = desk.get(f"/water-accounts/{account['id']}", as_=holder)
    assert (now["used"], now["available"], now["fee_due"]) == ("3179.000", "1001.000", "244.78")
    entries = desk.get(f"/water-accounts/{account['id']}/statement", as_=holder)["data"]
    assert [(each["code"], each["change"]) for each in entries] == [
        ("allocation", "4180.000"),
        ("use", "-3179.000"),
    ]
    assert desk.get(meter, as_=holder)["counter"] == "3179.000"
    [listed] = desk.get(f"{meter}/readings", as_=holder)["data"]
    assert listed == reading


def test_readings_are_refused_by_name(desk: Desk) -> None:
    _, account = desk.watered("10")
    meter = _meter(desk, account, "NAMED")
    first = _reading("5")
    desk.post(f"{meter}/readings", first)
    for body, code in (
        (_reading("4.999"), "counter_went_back"),
        (_reading("6", minutes=2), "reading_in_future"),
        (_reading("6", minutes=-2), "reading_too_old"),
        ({**first, "counter": "6"}, "reading_exists"),
    ):
        assert desk.refusal("POST", f"{meter}/readings", body)["code"] == code
    body = {"water_account_id": account["id"], "serial": "NAMED"}
    assert desk.refusal("POST", "/meters", body)["code"] == "meter_serial_used"


def test_use_beyond_the_balance_is_taken_and_shown(desk: Desk) -> None:
    _, account = desk.watered("10")
    reading = desk.post(f"{_meter(desk, account, 'OVER')}/readings", _reading("12.5"))
    assert (reading["posted"], reading["over_use"]) == ("10.000", "2.500")
    assert desk.get(f"/water-accounts/{account['id']}")["over_use"] == "2.500"


def test_an_association_reads_its_own_meters_only(desk: Desk) -> None:
    association, own = desk.watered("10", role="association")
    _, others = desk.watered("10")
    mine, theirs = _meter(desk, own, "MINE"), _meter(desk, others, "THEIRS")
    desk.post(f"{mine}/readings", _reading("1"), as_=association)
    assert desk.refusal("POST", f"{theirs}/readings", _reading("1"), as_=association)["status"] == 404
    assert [each["serial"] for each in desk.get("/meters", as_=association)["data"]] == ["MINE"]


def _transfer(account: str, amount: str, reference: str, **other: str) -> dict[str, str]:
    today = clock.today().isoformat()
    return {
        "money_account_id": account,
        "amount": amount,
        "bank_reference": reference,
        "value_date": today,
    } | other


def test_money_comes_in_and_goes_out_once_a_key_and_once_a_reference(desk: Desk) -> None:
    holder = desk.holder()
    account = desk.money_account(holder)
    body = _transfer(account, "500.00", "IN-1")
    made = desk.post("/deposits", body, as_="treasurer", key="in-1")
    assert desk.post("/deposits", body, as_="treasurer", key="in-1") == made
    assert desk.refusal("POST", "/deposits", body, as_="treasurer")["code"] == "bank_reference_used"
    other = desk.refusal("POST", "/deposits", {**body, "amount": "1"}, as_="treasurer", key="in-1")
    assert other["code"] == "idempotency_key_reused"
    too_much = desk.refusal("POST", "/payouts", _transfer(account, "500.01", "OUT-1"), as_="treasurer")
    assert (too_much["code"], too_much["available"]) == ("payout_over_available", "500.00")
    desk.post("/payouts", _transfer(account, "199.40", "OUT-1"), as_="treasurer")
    path = f"/money-accounts/{account}"
    now = desk.get(path, as_=holder)
    assert (now["balance"], now["held"], now["available"]) == ("300.60", "0.00", "300.60")
    entries = desk.get(f"{path}/statement", as_=holder)["data"]
    assert [(each["code"], each["change"], each["balance"]) for each in entries] == [
        ("deposit", "500.00", "500.00"),
        ("payout", "-199.40", "300.60"),
    ]
    assert entries[0]["subject_id"] == made["id"]
    assert desk.refusal("GET", path, as_=desk.holder())["status"] == 404
    assert [each["id"] for each in desk.get("/deposits", as_=holder)["data"]] == [made["id"]]
    assert len(desk.get("/payouts", as_=holder)["data"]) == 1


def test_only_a_treasurer_records_money(desk: Desk) -> None:
    holder = desk.holder()
    body = _transfer(desk.money_account(holder), "1", "IN-9")
    for role in (holder, "registrar", "auditor", "supervisor"):
        assert desk.refusal("POST", "/deposits", body, as_=role)["status"] == 403


@pytest.mark.parametrize("amount", [5, "0", "-1", "1.001", "ten", "100000000000000"])
def test_amounts_are_positive_decimal_strings(desk: Desk, amount: object) -> None:
    body: dict[str, Any] = _transfer(desk.money_account(desk.holder()), "1", "IN-8")
    problem = desk.refusal("POST", "/deposits", body | {"amount": amount}, as_="treasurer")
    assert (problem["status"], problem["errors"][0]["pointer"]) == (422, "/amount")
