"""Reports as pages in both languages, and the yearly bulletin to print: for the bureau's desks and the prefecture."""

from __future__ import annotations

from flask import Blueprint, Response, request

from market.api.http import session
from market.api.schemas.supervision_reports import ReportQuery
from market.core.db import raw
from market.supervision.reports import bulletin as bulletins
from market.supervision.reports import catalogue, formats
from market.web import asking
from market.web.pages import page, pdf
from market.web.spoken import language

blp = Blueprint("report_pages", __name__, template_folder="templates")

PLACES = {"zh": 0, "en": 1, "ug": 0}
ROWS_SHOWN = 200
"""What a page shows of a report; its files hold every row."""


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
        shown=formats.shown, formats=formats.FORMATS, more=f"&water_year={found.year}",
    )  # fmt: skip


@blp.get("/bulletin")
def bulletin() -> Response:
    """The bulletin of a water year. Errors: NoSuchYear."""
    found = bulletins.bulletin(raw(session()), water_year=_year())
    return page(
        "bulletin.html", found=found, places=PLACES, shown=formats.shown, more=f"&water_year={found.year}"
    )


@blp.get("/bulletin/pdf")
def bulletin_pdf() -> Response:
    """The same as a PDF. Errors: NoSuchYear, PdfNotInstalled."""
    return pdf(bulletin(), "bulletin")
