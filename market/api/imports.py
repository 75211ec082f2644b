"""Sheets of the registers over HTTP: templates, exports, imports; a file is taken whole or not at all."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from flask import Response, current_app, request
from werkzeug.exceptions import UnsupportedMediaType

from market.api.errors import rows_in_chinese
from market.api.http import actor, blueprint, own_only, session, settings
from market.api.schemas import imports as shapes
from market.core.db import raw
from market.core.sheets.columns import Register
from market.core.sheets.gathering import Gathered, listed
from market.core.sheets.writing import TYPE, export, template
from market.metering import sheets as metering
from market.participants import sheets as participants
from market.registry import account_sheets, limit_sheets
from market.registry import sheets as registry

blp = blueprint("imports", "Excel and CSV: templates with drop-downs, exports, imports of whole registers")

TAKEN = (TYPE, "text/csv", "application/octet-stream")
_WORKBOOK = {"description": "An Excel workbook.", "content": {TYPE: {"schema": {"type": "string"}}}}
FILE = {
    "requestBody": {
        "required": True,
        "description": "An Excel workbook of the register's template, or a CSV file with its columns.",
        "content": {name: {"schema": {"type": "string", "format": "binary"}} for name in TAKEN},
    }
}
SENT = {"responses": {200: _WORKBOOK}}


@blp.route("/imports/meters/template", methods=["GET"])
@blp.doc(**SENT)
def meters_template() -> Response:
    """An empty workbook for meters."""
    return sent_template(metering.METERS)


@blp.route("/imports/meters/export", methods=["GET"])
@blp.doc(**SENT)
def export_meters() -> Response:
    """All open meters as a workbook."""
    return _export(metering.METERS, metering.meter_rows(raw(session())))


@blp.route("/imports/meters", methods=["POST"])
@blp.doc(**FILE)
@blp.arguments(shapes.ImportQuery, location="query")
@blp.response(200, shapes.ImportOut)
def import_meters(query: dict[str, Any]) -> dict[str, Any]:
    """Register the meters of a file."""
    found = metering.import_meters(
        session(), actor=actor().audit, data=sent_data(), partial=query["take_good"]
    )
    return _out(found)


@blp.route("/imports/readings/template", methods=["GET"])
@blp.doc(**SENT)
def readings_template() -> Response:
    """An empty workbook for readings."""
    return sent_template(metering.READINGS)


@blp.route("/imports/readings/export", methods=["GET"])
@blp.doc(**SENT)
def export_readings() -> Response:
    """The readings that count as a workbook; an association gets those of its own meters."""
    return _export(metering.READINGS, metering.reading_rows(raw(session()), participant_id=own_only()))


@blp.route("/imports/readings", methods=["POST"])
@blp.doc(**FILE)
@blp.arguments(shapes.ImportQuery, location="query")
@blp.response(200, shapes.ImportOut)
def import_readings(query: dict[str, Any]) -> dict[str, Any]:
    """Record the readings of a file; an association only those of its own meters."""
    found, outcomes = metering.import_readings(
        session(),
        actor=actor().audit,
        data=sent_data(),
        partial=query["take_good"],
        participant_id=own_only(),
    )
    return _out(found) | {"held": sum(each.finding_id is not None for each in outcomes)}


@blp.route("/imports/entitlements/template", methods=["GET"])
@blp.doc(**SENT)
def entitlements_template() -> Response:
    """An empty workbook for applications for rights."""
    return sent_template(registry.APPLICATIONS)


@blp.route("/imports/entitlements/export", methods=["GET"])
@blp.doc(**SENT)
def export_entitlements() -> Response:
    """Rights as a workbook; a participant gets its own."""
    rows = registry.right_rows(raw(session()), participant_id=own_only())
    return _export(registry.APPLICATIONS, rows)


@blp.route("/imports/entitlements", methods=["POST"])
@blp.doc(**FILE)
@blp.arguments(shapes.ImportQuery, location="query")
@blp.response(200, shapes.ImportOut)
def import_entitlements(query: dict[str, Any]) -> dict[str, Any]:
    """Record the applications of a file."""
    done = registry.import_applications(
        session(), actor=actor().audit, data=sent_data(), partial=query["take_good"]
    )
    return _out(done)


@blp.route("/imports/participants/template", methods=["GET"])
@blp.doc(**SENT)
def participants_template() -> Response:
    """An empty workbook for participants."""
    return sent_template(participants.PARTICIPANTS)


@blp.route("/imports/participants/export", methods=["GET"])
@blp.doc(**SENT)
def export_participants() -> Response:
    """All participants as a workbook; of an identifier only its ends are shown."""
    return _export(
        participants.PARTICIPANTS, participants.participant_rows(raw(session()), roles=actor().roles)
    )


@blp.route("/imports/participants", methods=["POST"])
@blp.doc(**FILE)
@blp.arguments(shapes.ImportQuery, location="query")
@blp.response(200, shapes.ImportOut)
def import_participants(query: dict[str, Any]) -> dict[str, Any]:
    """Record the applications of a file, and admit those that it says are admitted. None has a sign-in."""
    found = participants.import_participants(
        session(),
        actor=actor().audit,
        secret=settings().secret("identifier"),
        data=sent_data(),
        partial=query["take_good"],
    )
    return _out(found)


@blp.route("/imports/limits/template", methods=["GET"])
@blp.doc(**SENT)
def limits_template() -> Response:
    """An empty workbook for limits."""
    return sent_template(limit_sheets.LIMITS)


@blp.route("/imports/limits/export", methods=["GET"])
@blp.doc(**SENT)
def export_limits() -> Response:
    """All limits as a workbook, with what is used, held and available."""
    return _export(limit_sheets.LIMITS, limit_sheets.limit_rows(raw(session())))


@blp.route("/imports/limits", methods=["POST"])
@blp.doc(**FILE)
@blp.arguments(shapes.ImportQuery, location="query")
@blp.response(200, shapes.ImportOut)
def import_limits(query: dict[str, Any]) -> dict[str, Any]:
    """Set the limits of a file."""
    found = limit_sheets.import_limits(
        session(), actor=actor().audit, data=sent_data(), partial=query["take_good"]
    )
    return _out(found)


@blp.route("/imports/water-accounts/template", methods=["GET"])
@blp.doc(**SENT)
def water_accounts_template() -> Response:
    """An empty workbook for water accounts."""
    return sent_template(account_sheets.WATER_ACCOUNTS)


@blp.route("/imports/water-accounts/export", methods=["GET"])
@blp.doc(**SENT)
def export_water_accounts() -> Response:
    """Water accounts as a workbook, with what is on them; a participant gets its own."""
    rows = account_sheets.account_rows(raw(session()), participant_id=own_only(), roles=actor().roles)
    return _export(account_sheets.WATER_ACCOUNTS, rows)


@blp.route("/imports/water-accounts", methods=["POST"])
@blp.doc(**FILE)
@blp.arguments(shapes.ImportQuery, location="query")
@blp.response(200, shapes.ImportOut)
def import_water_accounts(query: dict[str, Any]) -> dict[str, Any]:
    """Open the water accounts of a file."""
    found = account_sheets.import_water_accounts(
        session(), actor=actor().audit, data=sent_data(), partial=query["take_good"]
    )
    return _out(found)


def sent_data() -> bytes:
    """The file that was sent. Errors: UnsupportedMediaType."""
    if request.mimetype not in TAKEN:
        raise UnsupportedMediaType(f"send one of {', '.join(TAKEN)}")
    return request.get_data()


def _out(found: Gathered) -> dict[str, Any]:
    return {
        "taken": len(found.good),
        "held": 0,
        "refused": found.refused,
        "rows": rows_in_chinese(listed(found.problems)),
    }


def sent_template(register: Register) -> Response:
    """An empty workbook of a register, as an answer."""
    return _workbook(f"{register.name}-template", template(register))


def _export(register: Register, rows: Iterable[Mapping[str, Any]]) -> Response:
    return _workbook(register.name, export(register, rows))


def _workbook(name: str, data: bytes) -> Response:
    response: Response = current_app.response_class(data, content_type=TYPE)
    response.headers["Content-Disposition"] = f'attachment; filename="{name}.xlsx"'
    return response
