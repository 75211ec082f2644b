"""Reports as pages in both languages, and the yearly bulletin to print: for the bureau's desks and the prefecture."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from flask import Blueprint, Response, g, request

from market.api.http import session
from market.api.schemas.supervision_reports import ReportQuery
from market.core import clock
from market.core.db import raw
from market.supervision.reports import bulletin as bulletins
from market.supervision.reports import catalogue, formats
from market.supervision.reports.report import SCALES, Field, Kind
from market.web import asking
from market.web.bureau import frame
from market.web.pages import page, pdf
from market.web.places import zone_names
from market.web.spoken import cited, language, law, number
from market.web.words import word

blp = Blueprint("report_pages", __name__, template_folder="templates")

PLACES = {"zh": 0, "en": 1, "ug": 0}
ROWS_SHOWN = 200
"""What a page shows of a report; its files hold every row."""
PLACED = {"township", "from_canal", "to_canal", "to_zone"}
SOURCES = {"legal_source", "source"}
"""Columns of texts that are codes of zones, and that are legal sources; where `source` is a water's, it is a word."""


def _shown(column: Field, value: Any, spoken: str) -> str:
    """What a page shows of a value of the wire: as its files do, with the names and the marks that people read."""
    if value is None or value == "":
        return ""
    if column.kind is Kind.NUMBER:
        return number(f"{Decimal(value).normalize():f}")
    if column.kind in SCALES or column.kind is Kind.COUNT:
        return number(value)
    if column.kind is Kind.INSTANT:
        return clock.on_the_wall(value)[: len("2026-04-10 09:30")]
    if column.kind is Kind.ID:
        return _products().get(value) or frame.short(value)
    if column.kind is Kind.TEXT and column.name in PLACED:
        return zone_names().get(value, str(value))
    if column.kind is Kind.TEXT and column.name in SOURCES:
        return cited(law(value))
    return formats.shown(column, value, spoken)


def _products() -> dict[str, str]:
    """The name of each product; asked for once a request."""
    if "products" not in g:
        g.products = {
            each["id"]: f"{word(each['source'])} {each['water_year']}"
            for each in asking.get("/v1/products")["data"]
        }
    found: dict[str, str] = g.products
    return found


def _year() -> int | None:
    """The water year that the address names. Errors: ValidationError."""
    asked = {name: request.args[name] for name in ("water_year",) if name in request.args}
    found: int | None = ReportQuery().load(asked)["water_year"]
    return found


@blp.get("/reports")
def index() -> Response:
    """Every report, with its page and its files."""
    return page(
        "reports.html",
        reports=list(catalogue.REPORTS.values()),
        places=PLACES,
        formats=formats.FORMATS,
        duties=asking.get("/v1/duties")["data"],
    )


@blp.get("/reports/<string:report_name>")
def show(report_name: str) -> Response:
    """A report of a water year. Errors: NoSuchReport, NoSuchYear."""
    found = catalogue.run(raw(session()), report_name, water_year=_year())
    spoken = "en" if language() == "en" else "zh"
    return page(
        "report.html", found=found, fields=found.report.told(spoken), rows=found.rows[:ROWS_SHOWN], places=PLACES,
        shown=_shown, formats=formats.FORMATS, more=f"&water_year={found.year}",
    )  # fmt: skip


@blp.get("/bulletin")
def bulletin() -> Response:
    """The bulletin of a water year. Errors: NoSuchYear."""
    found = bulletins.bulletin(raw(session()), water_year=_year())
    return page("bulletin.html", found=found, places=PLACES, shown=_shown, more=f"&water_year={found.year}")


@blp.get("/bulletin/pdf")
def bulletin_pdf() -> Response:
    """The same as a PDF. Errors: NoSuchYear, PdfNotInstalled."""
    return pdf(bulletin(), "bulletin")
