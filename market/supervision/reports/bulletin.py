"""The yearly bulletin: what the reports of a year come to, and those of their tables that are printed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import psycopg

from ledger.units import format_fen, format_litres
from market.county.current import pack_in_force
from market.supervision.reports import catalogue
from market.supervision.reports.formats import Table
from market.supervision.reports.report import Field

SECTIONS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("caps", ("place", "source", "sector", "limit_litres", "charged_litres", "available_litres")),
    ("use", ("place", "sector", "source", "used_litres", "over_use_litres", "holdings_litres")),
    ("rights", ("place", "kind", "source", "sector", "status", "rights", "volume_litres")),
    ("prices", ("month", "township", "sector", "trades", "litres", "price_e4")),
    ("contracts", ("title", "kind", "mode", "status", "verified_litres", "benefit_fen")),
    (
        "plan",
        (
            "task",
            "title_zh",
            "title_en",
            "lead",
            "others",
            "target_year",
            "target_zh",
            "target_en",
            "value_e6",
            "result",
        ),
    ),
)
"""The tables that are printed, with their columns."""
ASKED = (*(name for name, _ in SECTIONS), "trades", "reviews")
"""What the figures need besides."""


@dataclass(frozen=True, slots=True)
class Section:
    """A table of the bulletin: the report, the columns that are printed, its rows."""

    table: Table
    fields: tuple[Field, ...]
    rows: tuple[dict[str, Any], ...]


@dataclass(frozen=True, slots=True)
class Bulletin:
    """The bulletin of a year: its county in both languages, figures by name (as text), sections."""

    county: tuple[str, str]
    year: int
    figures: dict[str, str]
    sections: tuple[Section, ...]


def bulletin(connection: psycopg.Connection[Any], *, water_year: int | None = None) -> Bulletin:
    """The bulletin of a water year as it is now. Errors: NoSuchYear."""
    pack = pack_in_force(connection)
    tables = {name: catalogue.run(connection, name, water_year=water_year) for name in ASKED}
    sections = []
    for name, columns in SECTIONS:
        found = tables[name]
        fields = tuple(each for each in found.report.fields if each.name in columns)
        rows = tuple(row for row in found.rows if _printed(name, row, pack.county))
        sections.append(Section(found, fields, rows))
    return Bulletin((pack.zh, pack.en), tables["caps"].year, _figures(tables), tuple(sections))


def _printed(name: str, row: dict[str, Any], county: str) -> bool:
    """Of the limits, those of the whole county."""
    return name != "caps" or (row["kind"] == "cap" and row["zone"] == county)


def _figures(tables: dict[str, Table]) -> dict[str, str]:
    settled = [
        row for row in tables["trades"].rows if row["status"] == "settled" and row["from_sector"] is not None
    ]
    reviews = tables["reviews"].rows
    results = [row["result"] for row in tables["plan"].rows if row["target_zh"] is not None]
    return {
        "trades": str(len(settled)),
        "traded_volume": format_litres(sum(_whole(row["source_litres"]) for row in settled)),
        "traded_amount": format_fen(sum(_whole(row["amount_fen"]) for row in settled)),
        "used_volume": format_litres(sum(_whole(row["used_litres"]) for row in tables["use"].rows)),
        "rights_in_force": str(
            sum(row["rights"] for row in tables["rights"].rows if row["status"] == "confirmed")
        ),
        "contracts_signed": str(
            sum(row["status"] in ("signed", "ended") for row in tables["contracts"].rows)
        ),
        "reviews_in_time": f"{sum(row['clock'] == 'in_time' for row in reviews)} / {len(reviews)}",
        "targets_met": f"{results.count('met')} / {len(results)}",
    }


def _whole(text: str | None) -> int:
    """A decimal text as a whole number of its last place."""
    return int((text or "0").replace(".", ""))
