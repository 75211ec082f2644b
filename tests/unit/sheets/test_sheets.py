"""Sheets: what a template and an export write is read back; a bad file gets a clear answer before it costs anything."""

from __future__ import annotations

import datetime as dt
import io
import zipfile
from typing import Any

import pytest
from openpyxl import Workbook, load_workbook

from market.core.errors import InvalidInput
from market.core.sheets import errors
from market.core.sheets.columns import Choice, Column, Kind, Register
from market.core.sheets.reading import Limits, decoded, read, sheet_title
from market.core.sheets.writing import export, template

REGISTER = Register(
    "things",
    "事物",
    "things",
    (
        Column("serial", "编号", "serial", required=True, most=10),
        Column("volume", "水量", "volume", Kind.DECIMAL, required=True),
        Column("kind", "种类", "kind", Kind.CHOICE, choices=(Choice("gate", "闸口", "gate"),)),
        Column("since", "起始", "since", Kind.DATE),
        Column("at", "时间", "at", Kind.INSTANT),
        Column("count", "个数", "count", Kind.INTEGER, most=9),
        Column("known", "已知", "known", Kind.YES_NO),
    ),
    ("serial",),
)
HEADER = [column.title for column in REGISTER.columns]
DAY = dt.date(2026, 4, 1)


def _book(*rows: list[Any], title: str | None = None, change: Any = None) -> bytes:
    book = Workbook()
    sheet = book.worksheets[0]
    sheet.title = title or sheet_title(REGISTER)
    for row in rows:
        sheet.append(row)
    if change:
        change(sheet)
    opened = io.BytesIO()
    book.save(opened)
    return opened.getvalue()


def _problems(data: bytes) -> list[tuple[int, str, str]]:
    return [(p.row, p.column, p.code) for row in read(data, REGISTER) for p in row.problems]


def test_an_export_is_read_back_as_it_was() -> None:
    at = dt.datetime(2026, 4, 1, 8, 30, tzinfo=dt.UTC)
    row = {
        "serial": "=0012",
        "volume": 1_001_500,
        "kind": "gate",
        "since": DAY,
        "at": at,
        "count": 3,
        "known": True,
    }
    bare = dict.fromkeys(row) | {"serial": "B", "volume": 0}
    found = [each.values for each in read(export(REGISTER, [row, bare]), REGISTER)]
    assert found == [row, bare]


def test_a_character_that_xml_cannot_hold_is_shown_as_replaced() -> None:
    row = dict.fromkeys(column.name for column in REGISTER.columns) | {"serial": "A\x1f\uffffB", "volume": 1}
    [found] = read(export(REGISTER, [row]), REGISTER)
    assert found.values["serial"] == "A\ufffd\ufffdB"


def test_a_template_has_its_headers_a_text_format_and_a_drop_down_for_every_choice() -> None:
    sheet = load_workbook(io.BytesIO(template(REGISTER)))[sheet_title(REGISTER)]
    assert [cell.value for cell in sheet[1]] == HEADER
    assert sheet.column_dimensions["B"].number_format == "@"
    lists = {str(each.sqref)[0]: each.formula1 for each in sheet.data_validations.dataValidation}
    assert lists == {"C": "lists!$C$1:$C$1", "G": "lists!$G$1:$G$2"}
    assert list(read(template(REGISTER), REGISTER)) == []


@pytest.mark.parametrize(
    ("cells", "column", "code"),
    [
        (["A", 1.5], "B", "number_not_text"),
        (["A", 1], "B", "number_not_text"),
        ([7, "1"], "A", "number_not_text"),
        (["A", "1.0001"], "B", "over_precise"),
        (["A", "-1"], "B", "malformed_decimal"),
        (["A", "1,000"], "B", "malformed_decimal"),
        (["A", None], "B", "missing"),
        ([None, "1"], "A", "missing"),
        (["A" * 11, "1"], "A", "too_long"),
        (["A", "=1+1"], "B", "formula"),
        (["A", "1", "tap"], "C", "not_a_choice"),
        (["A", "1", None, "1 April"], "D", "not_a_date"),
        (["A", "1", None, "2026-02-30"], "D", "not_a_date"),
        (["A", "1", None, None, "8 o'clock"], "E", "not_an_instant"),
        (["A", "1", None, None, None, 2.5], "F", "not_an_integer"),
        (["A", "1", None, None, None, 10], "F", "not_an_integer"),
        (["A", "1", None, None, None, None, "maybe"], "G", "not_yes_or_no"),
    ],
)
def test_a_bad_cell_is_told_by_row_column_and_code(cells: list[Any], column: str, code: str) -> None:
    assert _problems(_book(HEADER, ["ok", "1"], cells)) == [(3, column, code)]


def test_every_bad_cell_of_every_row_is_told_in_both_languages() -> None:
    rows = [each for row in read(_book(HEADER, [None, 1], ["B", "x"]), REGISTER) for each in row.problems]
    assert [(each.row, each.column) for each in rows] == [(2, "A"), (2, "B"), (3, "B")]
    assert all(each.en and any("\u4e00" <= c <= "\u9fff" for c in each.zh) for each in rows)


def test_a_row_that_stands_there_twice_is_told_with_the_first() -> None:
    [problem] = [
        p for row in read(_book(HEADER, ["A", "1"], ["B", "1"], ["A", "2"]), REGISTER) for p in row.problems
    ]
    assert (problem.row, problem.code, problem.en) == (4, "duplicated_row", "the same as row 2")


def test_days_and_times_of_excel_are_of_beijing() -> None:
    midnight, noon = (dt.datetime.combine(DAY, dt.time(hour)) for hour in (0, 12))
    [row] = read(_book(HEADER, ["A", "1", None, midnight, noon]), REGISTER)
    assert row.values["since"] == DAY
    assert row.values["at"] == dt.datetime(2026, 4, 1, 4, 0, tzinfo=dt.UTC)


def test_a_csv_of_either_encoding_is_read() -> None:
    text = "编号,水量,种类\r\n渠首,1.5,闸口\r\n"
    for data in (text.encode(), text.encode("utf-8-sig"), text.encode("gb18030")):
        [row] = read(data, REGISTER)
        assert (row.values["serial"], row.values["volume"], row.values["kind"]) == ("渠首", 1_500, "gate")


def _refused(data: bytes, limits: Limits | None = None) -> type[InvalidInput]:
    with pytest.raises(InvalidInput) as caught:
        list(read(data, REGISTER, limits or Limits()))
    return type(caught.value)


def test_files_that_are_no_sheets_are_refused() -> None:
    assert _refused(b"") is errors.WrongHeader
    assert _refused(b"PK\x03\x04 not a zip") is errors.NotASheet
    assert _refused(_book(HEADER)[:-200]) is errors.NotASheet
    assert _refused("编号,水量\n".encode("utf-16")) is errors.UnknownEncoding
    assert _refused(b"\xff\xfa\x81\x20\n") is errors.UnknownEncoding
    assert _refused(b'"open quote\n') is errors.NotASheet
    opened = io.BytesIO()
    with zipfile.ZipFile(opened, "w") as packed:
        packed.writestr("readme.txt", "no workbook")
    assert _refused(opened.getvalue()) is errors.NotASheet


def test_lines_of_two_encodings_are_refused() -> None:
    data = "编号,水量\n".encode() + "渠首,1\n".encode("gb18030")
    assert _refused(data) is errors.MixedEncodings
    assert decoded("渠首".encode("gb18030")) == "渠首"


def test_a_wrong_sheet_merged_cells_and_wrong_headers_are_refused() -> None:
    assert _refused(_book(HEADER, title="Sheet1")) is errors.WrongSheet
    merged = _book(HEADER, ["A", "1"], change=lambda sheet: sheet.merge_cells("A2:A3"))
    assert _refused(merged) is errors.MergedCells
    assert _refused(_book(["编号"])) is errors.WrongHeader
    assert _refused(_book(["编号", "水量", "serial"])) is errors.WrongHeader
    assert _refused(_book([*HEADER, "price"])) is errors.WrongHeader


def _million(rows: int) -> bytes:
    """A workbook with so many rows, made without a library: each is small, and they pack well."""
    base = _book(HEADER)
    opened = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(base)) as old, zipfile.ZipFile(opened, "w", zipfile.ZIP_DEFLATED) as new:
        for part in old.infolist():
            text = old.read(part)
            if part.filename.startswith("xl/worksheets/"):
                text = text.replace(
                    b"</sheetData>", b'<row><c t="n"><v>1</v></c></row>' * rows + b"</sheetData>"
                )
            new.writestr(part.filename, text)
    return opened.getvalue()


def test_a_million_rows_are_refused_by_their_count() -> None:
    loose = Limits(ratio=100_000)
    assert _refused(_million(1_000_000), loose) is errors.TooManyRows
    assert _refused(b"serial,volume\n" + b"A,1\n" * 30_000) is errors.TooManyRows
    far = _book(HEADER, change=lambda sheet: sheet.cell(row=1_000_000, column=1, value="A"))
    assert _refused(far) is errors.TooManyRows


def test_a_zip_bomb_is_refused_before_it_is_unpacked() -> None:
    assert _refused(_million(1_000_000)) is errors.PackedTooTightly
    assert _refused(_million(60_000), Limits(ratio=100_000, unpacked_bytes=1 << 20)) is errors.SheetTooLarge
    assert _refused(_book(HEADER), Limits(file_bytes=100)) is errors.SheetTooLarge


def test_an_entity_bomb_is_refused() -> None:
    base = _book(HEADER, ["A", "1"])
    opened = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(base)) as old, zipfile.ZipFile(opened, "w") as new:
        for part in old.infolist():
            text = old.read(part)
            if part.filename == "xl/worksheets/sheet1.xml":
                text = b'<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>' + text
            new.writestr(part.filename, text)
    assert _refused(opened.getvalue()) is errors.NotASheet
