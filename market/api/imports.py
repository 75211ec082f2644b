"""Sheets of the registers over HTTP: templates, exports, imports; a file is taken whole or not at all."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from flask import Response, current_app, request
from werkzeug.exceptions import UnsupportedMediaType

from market.api.http import actor, blueprint, own_only, session
from market.api.schemas import imports as shapes
from market.core.db import raw
from market.core.sheets.columns import Register
from market.core.sheets.gathering import Gathered, listed
from market.core.sheets.writing import TYPE, export, template
from market.metering import sheets as metering
from market.registry import sheets as registry

blp = blueprint("imports", "Excel and CSV: templates with drop-downs, exports, imports of whole registers")

TAKEN = (TYPE, "text/csv", "application/octet-stream")
_WORKBOOK = {"description": "An Excel workbook.", "content": {TYPE: {"schema": {"type": "string"}}}}
_FILE = {
    "requestBody": {
        "required": True,
        "description": "An Excel workbook of the register's template, or a CSV file with its columns.",
        "content": {name: {"schema": {"type": "string", "format": "binary"}} for name in TAKEN},
    }
}
_SENT = {"responses": {200: _WORKBOOK}}


@blp.route("/imports/meters/template", methods=["GET"])
@blp.doc(**_SENT)
def meters_template() -> Response:
    """An empty workbook for meters."""
    return _template(metering.METERS)


@blp.route("/imports/meters/export", methods=["GET"])
@blp.doc(**_SENT)
def export_meters() -> Response:
    """All open meters as a workbook."""
    return _export(metering.METERS, metering.meter_rows(raw(session())))


@blp.route("/imports/meters", methods=["POST"])
@blp.doc(**_FILE)
@blp.arguments(shapes.ImportQuery, location="query")
@blp.response(200, shapes.ImportOut)
def import_meters(query: dict[str, Any]) -> dict[str, Any]:
    """Register the meters of a file."""
    found = metering.import_meters(session(), actor=actor().audit, data=_data(), partial=query["take_good"])
    return _out(found)


@blp.route("/imports/readings/template", methods=["GET"])
@blp.doc(**_SENT)
def readings_template() -> Response:
    """An empty workbook for readings."""
    return _template(metering.READINGS)


@blp.route("/imports/readings/export", methods=["GET"])
@blp.doc(**_SENT)
def export_readings() -> Response:
    """The readings that count as a workbook; an association gets those of its own meters."""
    return _export(metering.READINGS, metering.reading_rows(raw(session()), participant_id=own_only()))


@blp.route("/imports/readings", methods=["POST"])
@blp.doc(**_FILE)
@blp.arguments(shapes.ImportQuery, location="query")
@blp.response(200, shapes.ImportOut)
def import_readings(query: dict[str, Any]) -> dict[str, Any]:
    """Record the readings of a file; an association only those of its own meters."""
    found, outcomes = metering.import_readings(
        session(),
        actor=actor().audit,
        data=_data(),
        partial=query["take_good"],
        participant_id=own_only(),
    )
    return _out(found) | {"held": sum(each.finding_id is not None for each in outcomes)}


@blp.route("/imports/entitlements/template", methods=["GET"])
@blp.doc(**_SENT)
def entitlements_template() -> Response:
    """An empty workbook for applications for rights."""
    return _template(registry.APPLICATIONS)


@blp.route("/imports/entitlements/export", methods=["GET"])
@blp.doc(**_SENT)
def export_entitlements() -> Response:
    """Rights as a workbook; a participant gets its own."""
    rows = registry.right_rows(raw(session()), participant_id=own_only())
    return _export(registry.APPLICATIONS, rows)


@blp.route("/imports/entitlements", methods=["POST"])
@blp.doc(**_FILE)
@blp.arguments(shapes.ImportQuery, location="query")
@blp.response(200, shapes.ImportOut)
def import_entitlements(query: dict[str, Any]) -> dict[str, Any]:
    """Record the applications of a file."""
    done = registry.import_applications(
        session(), actor=actor().audit, data=_data(), partial=query["take_good"]
    )
    return _out(done)


def _data() -> bytes:
    """The file that was sent. Errors: UnsupportedMediaType."""
    if request.mimetype not in TAKEN:
        raise UnsupportedMediaType(f"send one of {', '.join(TAKEN)}")
    return request.get_data()


def _out(found: Gathered) -> dict[str, Any]:
    return {
        "taken": len(found.good),
        "held": 0,
        "refused": found.refused,
        "rows": listed(found.problems),
    }


def _template(register: Register) -> Response:
    return _workbook(f"{register.name}-template", template(register))


def _export(register: Register, rows: Iterable[Mapping[str, Any]]) -> Response:
    return _workbook(register.name, export(register, rows))


def _workbook(name: str, data: bytes) -> Response:
    response: Response = current_app.response_class(data, content_type=TYPE)
    response.headers["Content-Disposition"] = f'attachment; filename="{name}.xlsx"'
    return response
