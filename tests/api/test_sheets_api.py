"""Registers as Excel and CSV over HTTP: what is exported is imported; a bad file changes nothing."""

from __future__ import annotations

import datetime as dt
import io
from typing import Any

import pytest
from openpyxl import load_workbook

from market.core import clock, db
from market.core.sheets.columns import Register
from market.core.sheets.reading import read, sheet_title
from market.core.sheets.writing import TYPE
from market.metering.sheets import METERS, READINGS
from market.participants.sheets import PARTICIPANTS
from market.registry.account_sheets import WATER_ACCOUNTS
from market.registry.limit_sheets import LIMITS
from market.registry.sheets import APPLICATIONS
from tests.api.registry_desk import Desk
from tests.api.sheet_files import CSV, book, download, send


@pytest.fixture(scope="module")
def desk(database_url: str) -> Desk:
    """The application over the small county."""
    return Desk(database_url)


def _state(desk: Desk) -> list[Any]:
    with db.connect(desk.url) as connection:
        return connection.execute(
            "SELECT (SELECT count(*) FROM meters), (SELECT count(*) FROM readings), (SELECT count(*) FROM transfers),"
            " (SELECT count(*) FROM entitlements), (SELECT count(*) FROM use_findings)"
        ).fetchall()


def _at(hours_ago: int) -> str:
    return (clock.now() - dt.timedelta(hours=hours_ago)).isoformat(sep=" ", timespec="seconds")


@pytest.mark.parametrize(
    ("path", "register"),
    [
        ("meters", METERS),
        ("readings", READINGS),
        ("entitlements", APPLICATIONS),
        ("participants", PARTICIPANTS),
        ("limits", LIMITS),
        ("water-accounts", WATER_ACCOUNTS),
    ],
)
def test_a_template_is_an_empty_workbook_of_its_register(desk: Desk, path: str, register: Register) -> None:
    data = download(desk, f"{path}/template")
    assert [cell.value for cell in load_workbook(io.BytesIO(data))[sheet_title(register)][1]] == [
        column.title for column in register.columns if not column.shown_only
    ]
    answer = send(desk, path, data, kind=TYPE)
    assert (answer.status_code, answer.json) == (200, {"taken": 0, "held": 0, "refused": 0, "rows": []})


def test_meters_and_readings_come_in_and_go_out(desk: Desk) -> None:
    """3 179 m3 at 0.077 yuan are 244.78 yuan (vectors/households.json)."""
    _, account = desk.watered("4180")
    meters = book(METERS, ["X-1", account["id"], "gate 闸口", None, "0", None, _at(40), 6])
    assert send(desk, "meters", meters, kind=TYPE).json["taken"] == 1
    csv = f"表号,抄表时间,读数(立方米),是否估算\nX-1,{_at(3)},1000,是\nX-1,{_at(2)},3179.000,否\n"
    answer = send(desk, "readings", csv.encode("gb18030"), key="readings")
    assert answer.json == {"taken": 2, "held": 0, "refused": 0, "rows": []}
    replayed = send(desk, "readings", csv.encode("gb18030"), key="readings")
    assert (replayed.json, replayed.headers["Idempotent-Replayed"]) == (answer.json, "true")
    now = desk.get(f"/water-accounts/{account['id']}")
    assert (now["used"], now["fee_due"]) == ("3179.000", "244.78")
    exported = [row.values for row in read(download(desk, "readings/export"), READINGS)]
    [own] = [each for each in exported if each["serial"] == "X-1"]  # the estimate counts no more
    assert (own["counter_litres"], own["estimated"]) == (3_179_000, False)
    again = send(desk, "meters", download(desk, "meters/export"), kind=TYPE)
    assert (again.status_code, again.json["rows"][0]["code"]) == (422, "meter_serial_used")


def test_every_bad_row_of_readings_is_named_and_none_is_taken(desk: Desk) -> None:
    _, account = desk.watered("100")
    desk.post("/meters", {"water_account_id": account["id"], "serial": "X-2", "installed_at": _iso(40)})
    data = book(
        READINGS,
        ["X-2", _at(5), "5"],
        ["X-2", _at(4), 6.5],
        ["X-2", _at(3), "4"],
        ["none", _at(3), "4"],
        ["X-2", _at(5), "5"],
        ["X-2", "yesterday", "=B2"],
    )
    before = _state(desk)
    answer = send(desk, "readings", data, kind=TYPE)
    assert answer.status_code == 422
    assert (answer.json["code"], answer.json["refused"]) == ("rows_refused", 5)
    assert {(each["row"], each["column"], each["code"]) for each in answer.json["rows"]} == {
        (3, "C", "number_not_text"),
        (4, None, "counter_went_back"),
        (5, "A", "unknown_meter"),
        (6, None, "duplicated_row"),
        (7, "B", "not_an_instant"),
        (7, "C", "formula"),
    }
    assert all(each["message_zh"] and each["message_en"] for each in answer.json["rows"])
    assert _state(desk) == before
    partly = send(desk, "readings?partial=true", data, kind=TYPE)
    assert (partly.status_code, partly.json["taken"], partly.json["refused"]) == (200, 1, 5)
    assert desk.get(f"/water-accounts/{account['id']}")["used"] == "5.000"


def _iso(hours_ago: int) -> str:
    return (clock.now() - dt.timedelta(hours=hours_ago)).isoformat()


def test_another_s_meter_is_an_unknown_one(desk: Desk) -> None:
    association, own = desk.watered("10", role="association")
    _, others = desk.watered("10")
    for account, serial in ((own, "X-3"), (others, "X-4")):
        desk.post("/meters", {"water_account_id": account["id"], "serial": serial, "installed_at": _iso(9)})
    csv = f"serial,read at,counter (m3)\nX-3,{_at(1)},1\nX-4,{_at(1)},1\n".encode()
    answer = send(desk, "readings", csv, as_=association)
    assert [(each["row"], each["code"]) for each in answer.json["rows"]] == [(3, "unknown_meter")]
    assert send(desk, "readings?partial=true", csv, as_=association).json["taken"] == 1
    exported = [
        row.values["serial"] for row in read(download(desk, "readings/export", as_=association), READINGS)
    ]
    assert exported == ["X-3"]


def test_bad_meters_are_named_by_column(desk: Desk) -> None:
    _, account = desk.watered("10")
    data = book(
        METERS,
        ["X-5", "wac_nobody"],
        ["X-6", account["id"], "gate", "electricity"],
        ["X-7", account["id"], None, None, None, None, None, None, "NOWHERE"],
    )
    rows = send(desk, "meters", data, kind=TYPE).json["rows"]
    assert [(each["row"], each["column"], each["code"]) for each in rows] == [
        (2, "B", "unknown_water_account"),
        (3, "D", "wrong_quantity"),
        (4, "I", "unknown_zone"),
    ]


def test_applications_come_in_and_rights_go_out(desk: Desk) -> None:
    holder = desk.holder()
    row = [holder, "irrigation_certificate", "surface", "agriculture", "T1", "K1", "4180.000", "10.32", 1]
    good = [*row, "2026-01-01", "2030-12-31", "二轮承包地"]
    bad = [*row[:4], "T9", *row[5:], "2026-01-01", "2030-12-31"]
    refused = send(desk, "entitlements", book(APPLICATIONS, good, bad), kind=TYPE)
    assert [(each["row"], each["code"]) for each in refused.json["rows"]] == [(3, "unknown_zone")]
    assert desk.get("/entitlements", as_=holder)["data"] == []
    assert send(desk, "entitlements", book(APPLICATIONS, good), kind=TYPE).json["taken"] == 1
    [right] = desk.get("/entitlements", as_=holder)["data"]
    assert (right["volume"], right["land_mu"], right["status"]) == ("4180.000", "10.32", "applied")
    [out] = read(download(desk, "entitlements/export", as_=holder), APPLICATIONS)
    assert (out.values["volume_litres"], out.values["participant_id"]) == (4_180_000, holder)


def test_a_file_that_is_none_or_too_large_changes_nothing(desk: Desk) -> None:
    before = _state(desk)
    for data, kind, status, code in (
        (b"PK\x03\x04", TYPE, 422, "not_a_sheet"),
        (b"{}", "application/json", 415, "unsupported_media_type"),
        (b"a,b\n" * (5 << 20), CSV, 413, "body_too_large"),
        (b"serial,read at\n" + b"A,2026-04-01 08:00\n" * 30_000, CSV, 422, "too_many_rows"),
        ("表号,抄表时间\n".encode() + "渠首,1\n".encode("gb18030"), CSV, 422, "mixed_encodings"),
    ):
        answer = send(desk, "readings", data, kind=kind)
        assert (answer.status_code, answer.json["code"]) == (status, code), answer.text
    assert _state(desk) == before


def test_a_body_of_json_keeps_its_own_limit(desk: Desk) -> None:
    refused = desk.ask("POST", "/readings/bulk", {"readings": [], "filler": "x" * (2 << 20)})
    assert refused.status_code == 413
