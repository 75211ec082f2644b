"""Reports without a database: formats, differences, the calendar of duties, what came back of an export."""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
from typing import Any

import openpyxl
import pytest

from market.core import ids
from market.county.loader import load
from market.county.parts import DEMONSTRATION
from market.county.shipped import text_of
from market.county.supervision_rows import Duty
from market.supervision.national.fields import EXPORTS
from market.supervision.national.reconciliation import Line, Record, counts, reconcile
from market.supervision.reports.catalogue import REPORTS
from market.supervision.reports.differences import Difference, between
from market.supervision.reports.duties import DONE, DONE_LATE, DUE, OVERDUE, TO_COME, Filed, items, state
from market.supervision.reports.formats import shown, table, to_csv, to_excel, to_json
from market.supervision.reports.plan_report import MEASURES
from market.supervision.reports.report import Field, Kind, Report

FIELDS = (
    Field("name", "名称", "Name", key=True),
    Field("litres", "水量", "Volume", Kind.VOLUME),
    Field("fen", "金额", "Amount", Kind.MONEY),
    Field("state", "状态", "State", Kind.WORD, words={"ok": ("正常", "fine")}),
    Field("at", "时间", "At", Kind.INSTANT),
    Field("many", "数量", "Many", Kind.COUNT),
    Field("trade", "成交", "Trade", Kind.ID, prefix="trd"),
)
REPORT = Report("test", "测试", "Test", FIELDS, lambda _connection, _asked: ())
NOON = dt.datetime(2026, 3, 1, 16, 0, tzinfo=dt.UTC)
ROW: dict[str, Any] = {
    "name": "=1+1", "litres": 12_345_678_901_234_567, "fen": -5, "state": "ok", "at": NOON, "many": 3, "trade": 1,
}  # fmt: skip


@pytest.fixture(autouse=True)
def _known_ids() -> None:
    ids.set_key(bytes(32))


def test_long_decimals_stay_exact_and_a_text_is_never_a_formula() -> None:
    found = table(REPORT, 2026, dt.date(2026, 3, 2), [ROW, dict.fromkeys(ROW)])
    wire = json.loads(to_json(found))["rows"][0]
    assert (wire["litres"], wire["fen"], wire["many"]) == ("12345678901234.567", "-0.05", 3)
    assert (wire["at"], wire["state"]) == ("2026-03-01T16:00:00Z", "ok")
    header, line, empty = csv.reader(io.StringIO(to_csv(found).decode("utf-8-sig")))
    assert header[:2] == ["名称 Name", "水量（立方米） Volume (m³)"]
    assert line[:6] == ["'=1+1", "12345678901234.567", "-0.05", "正常", "2026-03-02 00:00:00+08:00", "3"]
    assert empty == [""] * len(FIELDS)
    sheet = openpyxl.load_workbook(io.BytesIO(to_excel(found))).worksheets[0]
    cells = {cell.value: cell.data_type for cell in sheet[2]}
    assert cells["12345678901234.567"] == "s" and cells["=1+1"] == "s"
    assert shown(FIELDS[3], "ok", "en") == "fine" and shown(FIELDS[3], "odd", "en") == "odd"


def test_differences_name_the_row_the_column_and_both_values() -> None:
    filed = [{"k": "a", "x": "1", "y": None}, {"k": "b", "x": "2", "y": "q"}]
    now = [{"k": "b", "x": "3", "y": "q", "added": "z"}, {"k": "c", "x": "4", "y": None, "added": None}]
    assert between(filed, now, ("k",)) == [
        Difference(("a",), None, "x=1", None),
        Difference(("b",), "x", "2", "3"),
        Difference(("c",), None, None, "x=4"),
    ]
    assert between(filed, list(reversed(filed)), ("k",)) == []
    assert between([{"k": None, "x": 1}], [{"k": None, "x": 2}], ("k",)) == [
        Difference((None,), "x", "1", "2")
    ]


DAY = dt.date(2026, 12, 31)


@pytest.mark.parametrize(
    ("filed_on", "today", "expected"),
    [
        (None, DAY - dt.timedelta(32), TO_COME),
        (None, DAY - dt.timedelta(31), DUE),
        (None, DAY, DUE),
        (None, DAY + dt.timedelta(1), OVERDUE),
        (DAY, DAY + dt.timedelta(9), DONE),
        (DAY + dt.timedelta(1), DAY + dt.timedelta(9), DONE_LATE),
    ],
)
def test_a_duty_is_in_time_on_its_last_day(filed_on: dt.date | None, today: dt.date, expected: str) -> None:
    assert state(DAY, filed_on, today) == expected


def test_the_calendar_has_every_report_of_every_duty_and_year() -> None:
    use = Duty("use", "用水", "Use", 12, 31, 0, ("use", "caps"), DEMONSTRATION)
    trades = Duty("trades", "交易", "Trades", 1, 31, 1, ("trades",), DEMONSTRATION)
    filed = {("use", 2025, "use"): Filed(dt.date(2026, 1, 2), 7)}
    found = items((use, trades), (2025, 2026), filed, dt.date(2026, 1, 15))
    assert [
        (each.duty.code, each.year, each.report, each.due_on.isoformat(), each.state) for each in found
    ] == [
        ("use", 2025, "caps", "2025-12-31", "overdue"),
        ("use", 2025, "use", "2025-12-31", "done_late"),
        ("trades", 2025, "trades", "2026-01-31", "due"),
        ("use", 2026, "caps", "2026-12-31", "to_come"),
        ("use", 2026, "use", "2026-12-31", "to_come"),
        ("trades", 2026, "trades", "2027-01-31", "to_come"),
    ]


def test_of_a_record_the_last_line_counts_and_what_is_not_repeated_does_not_differ() -> None:
    sent = [{"record_no": "1", "v": "5.000", "w": None}, {"record_no": "2", "v": "6.000", "w": "x"},
            {"record_no": "3", "v": "7.000", "w": "y"}]  # fmt: skip
    lines = [
        Line("1", "rejected", "no such area"), Line("1", "accepted", None, "N1", {"v": "5.000", "w": ""}),
        Line("2", "rejected", "volume", None, {"v": "6.0", "w": "x"}), Line("9", "accepted", None, "N9"),
    ]  # fmt: skip
    found = reconcile(sent, lines)
    assert found == [
        Record("1", "accepted", None, "N1", ()),
        Record("2", "rejected", "volume", None, (("v", "6.000", "6.0"),)),
        Record("3", "unanswered", None, None, ()),
        Record("9", "unknown", None, "N9", ()),
    ]
    assert counts(found) == {"accepted": 1, "rejected": 1, "unanswered": 1, "unknown": 1, "differing": 1}


def test_the_shipped_pack_names_reports_and_measures_that_there_are() -> None:
    pack = load(text_of())
    assert {name for duty in pack.duties for name in duty.reports} <= set(REPORTS)
    targets = [target for task in pack.plan for target in task.targets]
    assert {target.measure for target in targets if target.measure} == set(MEASURES)
    assert {target.year for target in targets} == {2020, 2022, 2035}
    assert all(task.lead and task.others for task in pack.plan)


def test_every_report_has_keys_titles_in_both_languages_and_no_column_twice() -> None:
    for report in (*REPORTS.values(), *EXPORTS.values()):
        names = [each.name for each in report.fields]
        assert report.keys and len(set(names)) == len(names) and report.zh and report.en
        for each in report.fields:
            assert each.zh and each.en and (each.kind is not Kind.ID or each.prefix)


def test_the_field_list_of_exports_is_documented() -> None:
    from pathlib import Path

    text = (Path(__file__).parents[3] / "docs" / "national-export.md").read_text(encoding="utf-8")
    for kind, report in EXPORTS.items():
        part = text.partition(f"## {kind}\n")[2].partition("\n## ")[0]
        rows = [line.split("|")[1].strip() for line in part.splitlines() if line.startswith("| `")]
        assert rows == [f"`{each.name}`" for each in report.fields], kind
