"""Overdue meters: not read in time, or with an expired calibration; by the legal day."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from market.core import clock
from tests.api.registry_desk import Desk

NOON = dt.datetime(2027, 6, 30, 4, tzinfo=dt.UTC)
"""Noon of 30 June in the county."""


@pytest.fixture(scope="module")
def desk(database_url: str) -> Desk:
    """The application over the small county."""
    return Desk(database_url)


def _meter(desk: Desk, account: dict[str, Any], serial: str, **other: Any) -> str:
    body = {
        "water_account_id": account["id"],
        "serial": serial,
        "installed_at": "2026-11-01T04:00:00Z",
    } | other
    found: str = desk.post("/meters", body)["id"]
    return found


def _overdue(desk: Desk, at: dt.datetime, *, as_: str = "registrar", query: str = "") -> dict[str, Any]:
    with clock.moved_to(at):
        return {each["serial"]: each for each in desk.get(f"/meters/overdue{query}", as_=as_)["data"]}


def _days(meter: dict[str, Any]) -> dict[str, tuple[str, int]]:
    return {each["reason"]: (each["due_on"], each["overdue_days"]) for each in meter["reasons"]}


def test_a_meter_is_overdue_from_the_legal_day_after_its_interval(desk: Desk) -> None:
    """A reading at 23:30 of 30 May in UTC is one of 31 May in the county; 30 days later is 30 June."""
    _, account = desk.watered("100")
    with clock.moved_to(NOON):
        meter = _meter(desk, account, "D-1", read_every_days=30)
        assert desk.get("/meters/overdue")["data"][0]["read_at"] is None
        desk.post(f"/meters/{meter}/readings", {"read_at": "2027-05-30T23:30:00Z", "counter": "1"})
    assert "D-1" not in _overdue(desk, dt.datetime(2027, 6, 30, 15, 59, tzinfo=dt.UTC))
    late = _overdue(desk, dt.datetime(2027, 6, 30, 16, 1, tzinfo=dt.UTC))["D-1"]  # 1 July in the county
    assert _days(late) == {"not_read": ("2027-06-30", 1)}
    [reason] = late["reasons"]
    assert "2027-05-31" in reason["message_en"] and "每 30 天" in reason["message_zh"]
    assert (late["id"], late["water_account_id"], late["read_every_days"]) == (meter, account["id"], 30)


def test_a_reading_that_is_held_as_a_jump_counts_once_it_is_confirmed(desk: Desk) -> None:
    _, account = desk.watered("100")
    with clock.moved_to(NOON):
        meter = _meter(desk, account, "D-2", read_every_days=10, most_a_day="0.001")
        body = {"read_at": "2027-06-29T04:00:00Z", "counter": "99"}
        answer = desk.ask("POST", f"/meters/{meter}/readings", body)
        assert answer.status_code == 202
        assert _days(_overdue(desk, NOON)["D-2"]) == {"not_read": ("2026-11-11", 231)}
        desk.post(f"/findings/{answer.json['id']}/confirm", {"reason": "seen"})
        assert "D-2" not in _overdue(desk, NOON)


def test_an_expired_calibration_is_overdue_until_the_next_and_both_reasons_are_told(desk: Desk) -> None:
    _, account = desk.watered("100")
    dates = {"calibrated_on": "2026-10-01", "calibration_expires_on": "2027-06-29"}
    with clock.moved_to(NOON):
        meter = _meter(desk, account, "D-3", read_every_days=1, **dates)
    both = _overdue(desk, NOON)["D-3"]
    assert _days(both) == {"not_read": ("2026-11-02", 240), "calibration_expired": ("2027-06-29", 1)}
    assert "installed on 2026-11-01" in both["reasons"][0]["message_en"]
    assert "D-3" not in _overdue(
        desk, dt.datetime(2027, 6, 29, 4, tzinfo=dt.UTC), query="?reason=calibration_expired"
    )
    assert "D-3" in _overdue(desk, NOON, query="?reason=calibration_expired")
    with clock.moved_to(NOON):
        desk.post(f"/meters/{meter}/calibrate", {"calibrated_on": "2027-06-30", "expires_on": "2028-06-29"})
    assert "D-3" not in _overdue(desk, NOON, query="?reason=calibration_expired")
    assert _days(_overdue(desk, NOON, query="?reason=not_read")["D-3"]) == {"not_read": ("2026-11-02", 240)}


def test_a_closed_meter_and_one_without_dates_are_never_overdue(desk: Desk) -> None:
    _, account = desk.watered("100")
    with clock.moved_to(NOON):
        closed = _meter(desk, account, "D-4", read_every_days=1)
        _meter(desk, account, "D-5")
        assert "D-4" in _overdue(desk, NOON)
        desk.post(f"/meters/{closed}/close", {"reason": "taken away"})
    assert {"D-4", "D-5"} & set(_overdue(desk, NOON)) == set()


def test_a_holder_sees_its_own_overdue_meters_page_by_page(desk: Desk) -> None:
    (mine, account), (other, another) = desk.watered("100"), desk.watered("100")
    with clock.moved_to(NOON):
        first, second, _ = (
            _meter(desk, its, serial, read_every_days=1)
            for its, serial in ((account, "D-6"), (account, "D-7"), (another, "D-8"))
        )
        page = desk.get("/meters/overdue?limit=1", as_=mine)
        assert ([each["id"] for each in page["data"]], page["has_more"]) == ([first], True)
        rest = desk.get(f"/meters/overdue?limit=1&starting_after={first}", as_=mine)
        assert ([each["id"] for each in rest["data"]], rest["has_more"]) == ([second], False)
        assert [each["serial"] for each in desk.get("/meters/overdue", as_=other)["data"]] == ["D-8"]
        assert {"D-6", "D-7", "D-8"} <= set(_overdue(desk, NOON))
        assert desk.refusal("GET", "/meters/overdue?reason=lost")["status"] == 422
