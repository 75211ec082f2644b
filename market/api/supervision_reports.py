"""Reports, filings and the calendar of duties over HTTP."""

from __future__ import annotations

from typing import Any

from flask import Response, current_app

from market.api.http import actor, blueprint, page, paging, session
from market.api.schemas import supervision_reports as shapes
from market.core.db import raw
from market.core.sheets.writing import TYPE
from market.supervision.reports import catalogue, duties, filings, formats
from market.supervision.reports.filings import Held
from market.supervision.reports.models import Filing

blp = blueprint(
    "supervision_reports", "Reports: each as JSON, CSV and Excel, the same figures in all of them"
)
filing_blp = blueprint(
    "filings", "Reports frozen for a duty, what differs from them since, and what is due when"
)

TYPES = {formats.CSV: "text/csv; charset=utf-8", formats.EXCEL: TYPE}
_FILES: dict[str, Any] = {
    "responses": {
        200: {
            "content": {
                "text/csv": {"schema": {"type": "string"}},
                TYPE: {"schema": {"type": "string", "format": "binary"}},
            }
        }
    }
}
JSON_FILE: dict[str, Any] = {
    "responses": {
        200: {
            "description": "The exact text.",
            "content": {"application/json": {"schema": {"type": "object"}}},
        }
    }
}


@blp.route("/supervision-reports", methods=["GET"])
@blp.response(200, shapes.ReportKindList)
def list_kinds() -> dict[str, Any]:
    """Every report that there is."""
    return {
        "data": [
            {"name": each.name, "title_zh": each.zh, "title_en": each.en}
            for each in catalogue.REPORTS.values()
        ]
    }


@blp.route("/supervision-reports/<string:report_name>", methods=["GET"])
@blp.arguments(shapes.ReportQuery, location="query")
@blp.response(200, shapes.SupervisionReportOut)
@blp.doc(**_FILES)
def get_report(query: dict[str, Any], report_name: str) -> Any:
    """A report of a water year as JSON, CSV or an Excel workbook."""
    found = catalogue.run(raw(session()), report_name, water_year=query["water_year"], on=query["on"])
    if query["format"] == formats.JSON:
        return formats.document(found) | {"on": found.on}
    data = formats.WRITERS[query["format"]](found)
    return attached(data, TYPES[query["format"]], f"{report_name}-{found.year}.{query['format']}")


def attached(data: bytes, content_type: str, name: str) -> Response:
    """A file as an answer."""
    response: Response = current_app.response_class(data, content_type=content_type)
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


@filing_blp.route("/duties", methods=["GET"])
@filing_blp.arguments(shapes.DutiesQuery, location="query")
@filing_blp.response(200, shapes.DutyList)
def list_duties(query: dict[str, Any]) -> dict[str, Any]:
    """What is due, done and late."""
    return {
        "data": [
            {
                "duty": each.duty.code, "name_zh": each.duty.zh, "name_en": each.duty.en, "year": each.year,
                "report": each.report, "due_on": each.due_on, "state": each.state,
                "filed_on": each.filed.filed_on if each.filed else None,
                "filing_id": each.filed.filing_id if each.filed else None,
                "legal_source": each.duty.basis.source, "demonstration": each.duty.basis.demonstration,
            }
            for each in duties.calendar(raw(session()), year=query["year"])
        ]
    }  # fmt: skip


@filing_blp.route("/filings", methods=["GET"])
@filing_blp.response(200, shapes.FilingPage)
def list_filings() -> dict[str, Any]:
    """Filings, newest first."""
    where = paging("flg")
    rows = filings.listing(session(), before=where.after, limit=where.limit + 1)
    return page([_filing(each) for each in rows], where.limit)


@filing_blp.route("/filings", methods=["POST"])
@filing_blp.arguments(shapes.FilingIn)
@filing_blp.response(201, shapes.FilingOut)
def file(body: dict[str, Any]) -> dict[str, Any]:
    """File a report for a duty and a year, as it is today; it is never changed again."""
    return _filing(filings.file(session(), actor=actor().audit, **body))


@filing_blp.route("/filings/<flg:filing_id>", methods=["GET"])
@filing_blp.response(200, shapes.FilingOut)
def get_filing(filing_id: int) -> dict[str, Any]:
    """One filing."""
    return _filing(filings.one(session(), filing_id))


@filing_blp.route("/filings/<flg:filing_id>/content", methods=["GET"])
@filing_blp.doc(**JSON_FILE)
def content(filing_id: int) -> Response:
    """What was filed, to the byte: its SHA-256 is the filing's."""
    found = filings.one(session(), filing_id)
    return attached(found.text.encode(), "application/json", f"{found.duty}-{found.report}-{found.year}.json")


@filing_blp.route("/filings/<flg:filing_id>/differences", methods=["GET"])
@filing_blp.response(200, shapes.FilingDifferencesOut)
def differences(filing_id: int) -> dict[str, Any]:
    """What the figures of now differ in from what was filed, and whether that is explained."""
    return _held(filings.held(session(), filings.one(session(), filing_id)))


@filing_blp.route("/filings/<flg:filing_id>/explain", methods=["POST"])
@filing_blp.arguments(shapes.ExplanationIn)
@filing_blp.response(200, shapes.FilingDifferencesOut)
def explain(body: dict[str, Any], filing_id: int) -> dict[str, Any]:
    """Say why the figures differ: of exactly the differences that were read."""
    digest = bytes.fromhex(body.pop("differences_sha256"))
    return _held(
        filings.explain(
            session(), actor=actor().audit, filing_id=filing_id, differences_sha256=digest, **body
        )
    )


@filing_blp.route("/filings/<flg:filing_id>/correct", methods=["POST"])
@filing_blp.arguments(shapes.FilingCorrectionIn)
@filing_blp.response(201, shapes.FilingOut)
def correct(body: dict[str, Any], filing_id: int) -> dict[str, Any]:
    """File the figures of now in the place of a filing, which stays as it is."""
    return _filing(filings.correct(session(), actor=actor().audit, filing_id=filing_id, **body))


def _filing(each: Filing) -> dict[str, Any]:
    same = ("id", "duty", "year", "report", "as_of", "due_on", "rows", "replaces_id", "reason", "filed_at")
    return {name: getattr(each, name) for name in same} | {"sha256": each.sha256.hex()}


def _held(found: Held) -> dict[str, Any]:
    said = found.explanation
    return {
        "filing_id": found.filing.id, "differences": [each._asdict() for each in found.differences],
        "sha256": found.sha256.hex(), "explained": found.explained, "explanation": said.text if said else None,
        "explained_at": said.explained_at if said else None,
    }  # fmt: skip
