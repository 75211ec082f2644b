"""Cases of supervision over HTTP."""

from __future__ import annotations

from typing import Any

from market.api import watching
from market.api.http import actor, blueprint, page, paging, session
from market.api.schemas import cases as shapes
from market.core import ids
from market.core.errors import InvalidInput
from market.supervision.cases import closing, handling, queries
from market.supervision.cases.models import CaseEvidence, SupervisionCase

blp = blueprint("cases", "Cases of supervision: who handles what, what speaks in it, what was found")

_SUBJECTS = {"order": "ord", "trade": "trd", "entitlement": "ent", "water_account": "wac"}


@blp.route("/cases", methods=["GET"])
@blp.arguments(shapes.CasesQuery, location="query")
@blp.response(200, shapes.SupervisionCasePage)
def list_cases(query: dict[str, Any]) -> dict[str, Any]:
    """Cases that fit everything asked for, newest first."""
    where = paging("cas")
    rows = queries.listing(session(), **query, before=where.after, limit=where.limit + 1)
    return page([_out(each) for each in rows], where.limit)


@blp.route("/cases", methods=["POST"])
@blp.arguments(shapes.SupervisionCaseIn)
@blp.response(201, shapes.SupervisionCaseWholeOut)
def open_case(body: dict[str, Any]) -> dict[str, Any]:
    """Open a case out of alerts or by hand; it is handled by who opens it until it is assigned."""
    return _whole(handling.open_case(session(), actor=actor().audit, **body).id)


@blp.route("/cases/<cas:case_id>", methods=["GET"])
@blp.response(200, shapes.SupervisionCaseWholeOut)
def get(case_id: int) -> dict[str, Any]:
    """One case with everything in it."""
    return _whole(case_id)


@blp.route("/cases/<cas:case_id>/timeline", methods=["GET"])
@blp.response(200, shapes.TimelineOut)
def timeline(case_id: int) -> dict[str, Any]:
    """Its alerts, the orders and trades that they and the evidence name, and its steps, in the order of time."""
    found = queries.timeline(session(), case_id)
    rows = [each._asdict() | {"volume": each.litres, "price": each.price_e4} for each in found]
    return page(rows, queries.MOST)


@blp.route("/cases/<cas:case_id>/assign", methods=["POST"])
@blp.arguments(shapes.CaseAssignIn)
@blp.response(200, shapes.SupervisionCaseWholeOut)
def assign(body: dict[str, Any], case_id: int) -> dict[str, Any]:
    """Give the case to a supervisor whom it does not name."""
    handling.assign(session(), actor=actor().audit, case_id=case_id, **body)
    return _whole(case_id)


@blp.route("/cases/<cas:case_id>/notes", methods=["POST"])
@blp.arguments(shapes.NoteIn)
@blp.response(200, shapes.SupervisionCaseWholeOut)
def note(body: dict[str, Any], case_id: int) -> dict[str, Any]:
    """Write something down in the case."""
    handling.note(session(), actor=actor().audit, case_id=case_id, words=body["text"])
    return _whole(case_id)


@blp.route("/cases/<cas:case_id>/alerts", methods=["POST"])
@blp.arguments(shapes.CaseAlertsIn)
@blp.response(200, shapes.SupervisionCaseWholeOut)
def add_alerts(body: dict[str, Any], case_id: int) -> dict[str, Any]:
    """Make more alerts part of the case."""
    handling.add_alerts(session(), actor=actor().audit, case_id=case_id, **body)
    return _whole(case_id)


@blp.route("/cases/<cas:case_id>/name", methods=["POST"])
@blp.arguments(shapes.NameIn)
@blp.response(200, shapes.SupervisionCaseWholeOut)
def name(body: dict[str, Any], case_id: int) -> dict[str, Any]:
    """Say whom the case is about too; none of them handles it from then on."""
    handling.name(session(), actor=actor().audit, case_id=case_id, **body)
    return _whole(case_id)


@blp.route("/cases/<cas:case_id>/evidence", methods=["POST"])
@blp.arguments(shapes.CaseEvidenceIn)
@blp.response(200, shapes.SupervisionCaseWholeOut)
def add_evidence(body: dict[str, Any], case_id: int) -> dict[str, Any]:
    """Add an order, a trade, a right, a water account, or the hash of a document."""
    description = body.pop("description")
    if len(body) != 1:
        raise InvalidInput("name exactly one thing", pointer="/")
    ((key, value),) = body.items()
    document = key == "sha256"
    handling.add_evidence(
        session(), actor=actor().audit, case_id=case_id, kind="document" if document else key.removesuffix("_id"),
        subject_id=None if document else value, sha256=bytes.fromhex(value) if document else None,
        description=description,
    )  # fmt: skip
    return _whole(case_id)


@blp.route("/cases/<cas:case_id>/close", methods=["POST"])
@blp.arguments(shapes.CloseCaseIn)
@blp.response(200, shapes.SupervisionCaseWholeOut)
def close(body: dict[str, Any], case_id: int) -> dict[str, Any]:
    """Close the case by its finding; a founded one takes points from the credit record by the county's rule."""
    closing.close(session(), actor=actor().audit, case_id=case_id, **body)
    return _whole(case_id)


def _whole(case_id: int) -> dict[str, Any]:
    found = queries.whole(session(), case_id)
    return _out(found.case) | {
        "participant_ids": found.parties,
        "user_ids": found.people,
        "alerts": [watching.out(each) for each in found.alerts],
        "evidence": [_evidence(each) for each in found.evidence],
        "steps": [
            {"step": each.step, "text": each.text, "done_by": each.done_by, "done_at": each.done_at}
            for each in found.steps
        ],
        "finding": _finding(found),
    }


def _finding(found: queries.Whole) -> dict[str, Any] | None:
    row = found.finding
    if row is None:
        return None
    names = ("outcome", "finding", "referred_to", "reason", "legal_source", "closed_by", "closed_at")
    return {name: getattr(row, name) for name in names} | {
        "credit_entry_ids": [each.id for each in found.entries]
    }


def _evidence(each: CaseEvidence) -> dict[str, Any]:
    return {
        "kind": each.kind,
        "subject_id": ids.public(_SUBJECTS[each.kind], each.subject_id) if each.subject_id else None,
        "sha256": each.sha256.hex() if each.sha256 else None,
        "description": each.description,
        "added_by": each.added_by,
        "added_at": each.added_at,
    }


def _out(each: SupervisionCase) -> dict[str, Any]:
    names = ("id", "number", "title", "status", "assigned_to", "opened_by", "opened_at", "version")
    return {name: getattr(each, name) for name in names}
