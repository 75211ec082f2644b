"""Meters in full over HTTP: bulk readings, corrections, jumps, replacements, debts in water, turn sheets."""

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


def _at(hours_ago: float) -> str:
    return (clock.now() - dt.timedelta(hours=hours_ago)).isoformat()


def _meter(desk: Desk, account: dict[str, Any], serial: str, **other: Any) -> dict[str, Any]:
    body = {"water_account_id": account["id"], "serial": serial, "installed_at": _at(48)} | other
    return desk.post("/meters", body)


def test_many_readings_are_taken_or_none(desk: Desk) -> None:
    _, account = desk.watered("100")
    first, second = (_meter(desk, account, f"B-{n}") for n in (1, 2))
    good = {"meter_id": first["id"], "read_at": _at(2), "counter": "5"}
    bad = {"meter_id": second["id"], "read_at": _at(-2), "counter": "5"}
    refused = desk.refusal("POST", "/readings/bulk", {"readings": [good, bad]})
    assert (refused["code"], refused["errors"][0]["pointer"]) == ("rows_refused", "/readings/1")
    [row] = refused["rows"]
    assert (row["index"], row["code"]) == (1, "reading_in_future")
    assert row["message_zh"].startswith("读数时间在未来：当前时间为 20")
    assert desk.get(f"/water-accounts/{account['id']}")["used"] == "0.000"
    done = desk.post("/readings/bulk", {"readings": [good, bad], "partial": True}, key="bulk")
    assert (done["recorded"], done["refused"]) == (1, 1)
    assert desk.post("/readings/bulk", {"readings": [good, bad], "partial": True}, key="bulk") == done
    assert desk.get(f"/water-accounts/{account['id']}")["used"] == "5.000"


def test_an_association_sends_readings_of_its_own_meters_only(desk: Desk) -> None:
    association, own = desk.watered("10", role="association")
    _, others = desk.watered("10")
    body = [
        {"meter_id": _meter(desk, account, serial)["id"], "read_at": _at(1), "counter": "1"}
        for account, serial in ((own, "OWN"), (others, "OTHER'S"))
    ]
    refused = desk.refusal("POST", "/readings/bulk", {"readings": body}, as_=association)
    assert (refused["status"], refused["errors"][0]["pointer"]) == (404, "/readings/1/meter_id")
    assert desk.post("/readings/bulk", {"readings": body[:1]}, as_=association)["recorded"] == 1


def test_a_reading_is_corrected_by_another_and_both_are_shown(desk: Desk) -> None:
    """vectors/households.json: 3 179 m3 are 244.78 yuan."""
    holder, account = desk.watered("4180")
    meter = _meter(desk, account, "C-1")
    wrong = desk.post(f"/meters/{meter['id']}/readings", {"read_at": _at(1), "counter": "3719"})
    right = desk.post(f"/readings/{wrong['id']}/correct", {"counter": "3179", "reason": "digits swapped"})
    assert (right["fee"], right["corrects_id"], right["counts"]) == ("244.78", wrong["id"], True)
    assert desk.get(f"/readings/{wrong['id']}", as_=holder)["counts"] is False
    entries = desk.get(f"/water-accounts/{account['id']}/statement", as_=holder)["data"]
    assert [(each["code"], each["change"]) for each in entries[1:]] == [
        ("use", "-3719.000"),
        ("use_reversed", "3719.000"),
        ("use", "-3179.000"),
    ]
    again = desk.refusal("POST", f"/readings/{wrong['id']}/correct", {"counter": "1", "reason": "again"})
    assert again["code"] == "reading_replaced"


def test_a_jump_is_answered_202_and_confirmed(desk: Desk) -> None:
    holder, account = desk.watered("100")
    meter = _meter(desk, account, "J-1", most_a_day="10")
    answer = desk.ask("POST", f"/meters/{meter['id']}/readings", {"read_at": _at(1), "counter": "99"})
    assert answer.status_code == 202
    held: dict[str, Any] = answer.json
    assert (held["kind"], held["volume"], held["status"]) == ("jump", "99.000", "open")
    listed = desk.get("/findings?kind=jump&status=open", as_=holder)["data"]
    assert [each["id"] for each in listed] == [held["id"]]
    assert desk.get("/findings", as_=desk.holder())["data"] == []
    done = desk.post(f"/findings/{held['id']}/confirm", {"reason": "the field was flooded"})
    assert done["status"] == "confirmed"
    assert desk.get(f"/readings/{done['reading_id']}")["use"] == "99.000"


def test_a_counter_is_replaced_with_its_final_reading_and_the_meter_closed(desk: Desk) -> None:
    _, account = desk.watered("100")
    meter = _meter(desk, account, "R-1", digits=4)
    body = {"at": _at(2), "final": "40", "serial": "R-2", "start": "3", "reason": "worn out"}
    changed = desk.post(f"/meters/{meter['id']}/replace", body, If_Match='"1"')
    assert (changed["serial"], changed["counter"], changed["counter_number"]) == ("R-2", "3.000", 2)
    stale = desk.refusal("POST", f"/meters/{meter['id']}/replace", body, If_Match='"1"')
    assert stale["status"] in (409, 412, 422)
    close = {"reason": "taken down", "read_at": _at(1), "final": "5.5"}
    closed = desk.post(f"/meters/{meter['id']}/close", close)
    assert closed["closed_at"] is not None
    assert desk.get(f"/water-accounts/{account['id']}")["used"] == "42.500"
    after = desk.refusal("POST", f"/meters/{meter['id']}/readings", {"read_at": _at(0), "counter": "9"})
    assert after["code"] == "meter_closed"


def test_a_well_is_read_in_kwh(desk: Desk) -> None:
    _, account = desk.watered("1000")
    well = _meter(desk, account, "W-1", kind="well", measures="electricity", start_kwh="100.00")
    day = (clock.today() - dt.timedelta(days=10)).isoformat()
    body = {"coefficient": "2.35", "calibrated_on": day, "valid_from": day, "source": "pump test"}
    made = desk.post(f"/meters/{well['id']}/conversions", body)
    assert made["coefficient"] == "2.350000"
    reading = desk.post(f"/meters/{well['id']}/readings", {"read_at": _at(1), "kwh": "200.50"})
    assert (reading["use"], reading["kwh"], reading["counter"]) == ("236.175", "200.50", None)
    assert desk.get(f"/meters/{well['id']}")["kwh"] == "200.50"
    refused = desk.refusal("POST", f"/meters/{well['id']}/readings", {"read_at": _at(0), "counter": "1"})
    assert refused["code"] == "wrong_quantity"


def test_over_use_is_owed_in_water_and_paid(desk: Desk) -> None:
    holder, account = desk.watered("10")
    meter = _meter(desk, account, "O-1")
    over = desk.post(f"/meters/{meter['id']}/readings", {"read_at": _at(1), "counter": "12.5"})
    path = f"/water-accounts/{account['id']}"
    assert desk.get(path)["water_debt"] == "2.500"
    nothing = desk.refusal("POST", f"{path}/pay-debt", {}, as_=holder)
    assert (nothing["code"], nothing["limit"], nothing["available"]) == ("no_water_debt", "2.500", "0.000")
    [finding] = desk.get("/findings?kind=over_use", as_=holder)["data"]
    assert (finding["reading_id"], finding["volume"]) == (over["id"], "2.500")


class Gate:
    """An association with a gate, and two households that it serves."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.association, own = desk.watered("10", role="association")
        self.households = [desk.watered("100")[1]["id"] for _ in range(2)]
        self.meter = _meter(desk, own, f"G-{self.association}", apportioned=True)["id"]
        body = {"water_account_ids": self.households}
        assert desk.post(f"/meters/{self.meter}/serve", body) == {"served": 2}

    def body(self, counter: str, hours_ago: float, **other: Any) -> dict[str, Any]:
        lines = [
            {"water_account_id": each, "weight": weight}
            for each, weight in zip(self.households, ("2", "1"), strict=True)
        ]
        return {
            "meter_id": self.meter, "until": _at(hours_ago), "counter": counter, "loss": "1", "basis": "hours",
            "lines": lines,
        } | other  # fmt: skip

    def used(self) -> list[str]:
        """What each household has used."""
        return [self.desk.get(f"/water-accounts/{each}")["used"] for each in self.households]


def test_a_turn_sheet_is_entered_signed_and_corrected_by_the_association(desk: Desk) -> None:
    gate = Gate(desk)
    sheet = desk.post("/turn-sheets", gate.body("11", 3), as_=gate.association)
    assert [each["volume"] for each in sheet["lines"]] == ["6.667", "3.333"]
    assert gate.used() == ["0.000", "0.000"]
    signed = desk.post(f"/turn-sheets/{sheet['id']}/sign", as_=gate.association)
    assert (signed["status"], gate.used()) == ("signed", ["6.667", "3.333"])
    body = gate.body("16", 3, until=sheet["until"], corrects_id=sheet["id"], reason="the gate was misread")
    better = desk.post("/turn-sheets", body, as_=gate.association)
    desk.post(f"/turn-sheets/{better['id']}/sign", as_=gate.association, key="sign")
    assert desk.post(f"/turn-sheets/{better['id']}/sign", as_=gate.association, key="sign")["version"] == 2
    assert gate.used() == ["10.000", "5.000"]
    assert desk.get(f"/turn-sheets/{sheet['id']}")["status"] == "reversed"
    listed = desk.get(f"/turn-sheets?meter_id={gate.meter}", as_=gate.association)["data"]
    assert [each["id"] for each in listed] == [sheet["id"], better["id"]]
    assert desk.get(f"/meters/{gate.meter}")["counter"] == "16.000"


def test_a_turn_sheet_is_another_association_s_secret(desk: Desk) -> None:
    gate, other = Gate(desk), Gate(desk)
    sheet = desk.post("/turn-sheets", gate.body("11", 3), as_=gate.association)
    for method, path, body in (
        ("GET", f"/turn-sheets/{sheet['id']}", None),
        ("POST", f"/turn-sheets/{sheet['id']}/sign", {}),
        ("POST", "/turn-sheets", gate.body("12", 2)),
    ):
        assert desk.refusal(method, path, body, as_=other.association)["status"] == 404
    gate.households = other.households
    refused = desk.refusal("POST", "/turn-sheets", gate.body("12", 2), as_=gate.association)
    assert (refused["status"], refused["errors"][0]["pointer"]) == (404, "/lines/0/water_account_id")
    done = desk.post(f"/turn-sheets/{sheet['id']}/discard", as_=gate.association)
    assert done["status"] == "discarded"
