"""Exports for a national system over HTTP, and what it answered (docs/national-export.md)."""

from __future__ import annotations

from typing import Any

from flask import Response

from market.api.http import actor, blueprint, page, paging, session
from market.api.imports import FILE, sent_data
from market.api.schemas import national_exports as shapes
from market.api.supervision_reports import attached
from market.supervision.national import exports
from market.supervision.national.models import NationalExport
from market.supervision.national.reconciliation import Line, counts

blp = blueprint("national_exports", "Exports for a national system of water rights, and what came back")

_CONTENT: dict[str, Any] = {
    "responses": {
        200: {
            "description": "The records as they were frozen.",
            "content": {
                "application/json": {"schema": {"type": "object"}},
                "text/csv": {"schema": {"type": "string"}},
            },
        }
    }
}


@blp.route("/national-exports", methods=["GET"])
@blp.response(200, shapes.NationalExportPage)
def list_exports() -> dict[str, Any]:
    """Exports, newest first."""
    where = paging("exn")
    rows = exports.listing(session(), before=where.after, limit=where.limit + 1)
    return page([_export(each) for each in rows], where.limit)


@blp.route("/national-exports", methods=["POST"])
@blp.arguments(shapes.NationalExportIn)
@blp.response(201, shapes.NationalExportOut)
def make(body: dict[str, Any]) -> dict[str, Any]:
    """Freeze the records of one kind and water year for the national system."""
    return _export(exports.export(session(), actor=actor().audit, **body))


@blp.route("/national-exports/<exn:national_export_id>", methods=["GET"])
@blp.response(200, shapes.NationalExportOut)
def get(national_export_id: int) -> dict[str, Any]:
    """One export."""
    return _export(exports.one(session(), national_export_id))


@blp.route("/national-exports/<exn:national_export_id>/content", methods=["GET"])
@blp.arguments(shapes.NationalContentQuery, location="query")
@blp.doc(**_CONTENT)
def content(query: dict[str, Any], national_export_id: int) -> Response:
    """The records of an export as JSON (to the byte) or CSV (with the names of the field list)."""
    found = exports.one(session(), national_export_id)
    name = f"{found.kind}-{found.water_year}.{query['format']}"
    if query["format"] == "csv":
        return attached(exports.to_csv(found), "text/csv; charset=utf-8", name)
    return attached(found.text.encode(), "application/json", name)


@blp.route("/national-exports/<exn:national_export_id>/answers", methods=["POST"])
@blp.arguments(shapes.NationalAnswerIn)
@blp.response(201, shapes.ReconciliationOut)
def take_answer(body: dict[str, Any], national_export_id: int) -> dict[str, Any]:
    """Take what the national system said, line by line."""
    lines = [Line(**each) for each in body["lines"]]
    exports.take(session(), actor=actor().audit, export_id=national_export_id, lines=lines)
    return _reconciled(national_export_id)


@blp.route("/national-exports/<exn:national_export_id>/answers/file", methods=["POST"])
@blp.doc(**FILE)
@blp.response(201, shapes.ReconciliationOut)
def take_answer_file(national_export_id: int) -> dict[str, Any]:
    """Take the same as a CSV file or an Excel workbook, whole or not at all."""
    exports.one(session(), national_export_id)  # what is not there is not there, whatever was sent
    exports.take_file(session(), actor=actor().audit, export_id=national_export_id, data=sent_data())
    return _reconciled(national_export_id)


@blp.route("/national-exports/<exn:national_export_id>/reconciliation", methods=["GET"])
@blp.response(200, shapes.ReconciliationOut)
def reconciliation(national_export_id: int) -> dict[str, Any]:
    """What was sent against what came back: accepted, rejected with reasons, unanswered, and what differs."""
    return _reconciled(national_export_id)


def _export(each: NationalExport) -> dict[str, Any]:
    same = ("id", "kind", "water_year", "records", "made_at")
    return {name: getattr(each, name) for name in same} | {"sha256": each.sha256.hex()}


def _reconciled(export_id: int) -> dict[str, Any]:
    found = exports.reconciled(session(), export_id)
    return {
        "export_id": export_id, "answers": found.answers, **counts(found.records),
        "records": [
            {
                "record_no": each.record_no, "status": each.status, "reason": each.reason,
                "national_no": each.national_no,
                "differences": [
                    {"field": name, "sent": sent, "answered": answered} for name, sent, answered in each.differences
                ],
            }
            for each in found.records
        ],
    }  # fmt: skip
