"""A report's rows as JSON, CSV, Excel and the texts of a page: the same texts in all of them.

Decimals are texts, also in Excel, whose numbers are not exact. In CSV a text that a spreadsheet would take for a
formula begins with an apostrophe.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from ledger.units import format_decimal
from market.core import clock, ids
from market.core.sheets.columns import Column, Register
from market.core.sheets.writing import export
from market.supervision.reports.report import SCALES, Field, Kind, Report

JSON, CSV, EXCEL = FORMATS = ("json", "csv", "xlsx")
ZH, EN = LANGUAGES = ("zh", "en")
FORMULA = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True, slots=True)
class Table:
    """A report that was run: for which year, on which day, and its rows as codes and decimals."""

    report: Report
    year: int
    on: dt.date
    rows: tuple[dict[str, Any], ...]


def table(report: Report, year: int, on: dt.date, rows: Iterable[Mapping[str, Any]]) -> Table:
    """The rows of a query as they are on the wire: decimals as strings, ids public, counts as numbers."""
    return Table(
        report,
        year,
        on,
        tuple({each.name: wire(each, row[each.name]) for each in report.fields} for row in rows),
    )


def wire(column: Field, value: Any) -> Any:
    """One value on the wire; None stays."""
    if value is None:
        return None
    if column.kind in SCALES:
        return format_decimal(int(value), scale=SCALES[column.kind])
    if column.kind is Kind.ID:
        return ids.public(column.prefix, value)
    if column.kind is Kind.COUNT:
        return int(value)
    if column.kind is Kind.DAY:
        return value.isoformat()
    if column.kind is Kind.INSTANT:
        return value.astimezone(dt.UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    return str(value)


def shown(column: Field, value: Any, language: str) -> str:
    """What people read of a value of the wire: codes as words, instants in legal time, nothing as nothing."""
    if value is None:
        return ""
    if column.kind is Kind.WORD and value in column.words:
        return column.words[value][LANGUAGES.index(language)]
    if column.kind is Kind.INSTANT:
        legal = dt.datetime.fromisoformat(value).astimezone(clock.LEGAL_ZONE)
        return legal.isoformat(sep=" ", timespec="seconds")
    return str(value)


def document(found: Table) -> dict[str, Any]:
    """The report as JSON has it: its titles, its columns with units, its rows."""
    return {
        "report": found.report.name, "title_zh": found.report.zh, "title_en": found.report.en, "water_year": found.year,
        "on": found.on.isoformat(),
        "columns": [
            {"name": each.name, "zh": each.zh, "en": each.en, "kind": each.kind.value, "key": each.key,
             "unit_zh": each.unit[0] if each.unit else None, "unit_en": each.unit[1] if each.unit else None}
            for each in found.report.fields
        ],
        "rows": list(found.rows),
    }  # fmt: skip


def to_json(found: Table) -> bytes:
    """The document as bytes; equal reports are equal bytes."""
    return msgspec.json.encode(document(found), order="sorted")


def to_csv(found: Table) -> bytes:
    """UTF-8 with its mark, so that Excel reads it; a header in both languages."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow([f"{zh} {en}" for zh, en in (each.title for each in found.report.fields)])
    for row in found.rows:
        writer.writerow([_safe(each, shown(each, row[each.name], ZH)) for each in found.report.fields])
    return b"\xef\xbb\xbf" + out.getvalue().encode()


def _safe(column: Field, text: str) -> str:
    number = column.kind in SCALES or column.kind is Kind.COUNT
    return f"'{text}" if text.startswith(FORMULA) and not number else text


def to_excel(found: Table) -> bytes:
    """A workbook of one sheet whose cells are all text."""
    columns = tuple(Column(each.name, each.title[0], each.title[1]) for each in found.report.fields)
    register = Register(found.report.name, found.report.zh, found.report.en, columns, ())
    rows = (
        {each.name: shown(each, row[each.name], ZH) or None for each in found.report.fields}
        for row in found.rows
    )
    return export(register, rows)


WRITERS = {JSON: to_json, CSV: to_csv, EXCEL: to_excel}
