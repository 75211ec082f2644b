"""What other departments enter, and special inspections, over HTTP."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from market.api.http import actor, blueprint, page, paging, session
from market.api.schemas import departments as shapes
from market.core.db import raw
from market.registry import reference
from market.supervision.reports import entries, inspections
from market.supervision.reports.inspections import Found
from market.supervision.reports.models import DepartmentFigure, Inspection, PlanResult

blp = blueprint("entries", "Figures and results that other departments enter, with the papers they come from")
inspection_blp = blueprint("inspections", "Special inspections: planned, done with findings, or called off")


@blp.route("/department-figures", methods=["GET"])
@blp.arguments(shapes.FiguresQuery, location="query")
@blp.response(200, shapes.DepartmentFigurePage)
def list_figures(query: dict[str, Any]) -> dict[str, Any]:
    """Figures, those that were replaced too, newest first."""
    where = paging("dpf")
    rows = entries.figures(session(), wanted=query, before=where.after, limit=where.limit + 1)
    return page(_figures(rows), where.limit)


@blp.route("/department-figures", methods=["POST"])
@blp.arguments(shapes.FigureIn)
@blp.response(201, shapes.DepartmentFigureOut)
def enter_figure(body: dict[str, Any]) -> dict[str, Any]:
    """Enter a figure; a later one of the same things takes its place."""
    digest = body.pop("document_sha256")
    body["value_e2"] = body.pop("value")
    made = entries.enter_figure(
        session(), actor=actor().audit, **body, document_sha256=bytes.fromhex(digest) if digest else None
    )
    return _figures([made])[0]


def _figures(rows: Sequence[DepartmentFigure]) -> list[dict[str, Any]]:
    zones = reference.zones(raw(session())).by_id if rows else {}
    same = ("id", "kind", "water_year", "sector", "participant_id", "department", "document", "entered_at")
    return [
        {name: getattr(each, name) for name in same}
        | {
            "zone": zones[each.zone_id].code, "value": each.value_e2,
            "document_sha256": each.document_sha256.hex() if each.document_sha256 else None,
        }
        for each in rows
    ]  # fmt: skip


@blp.route("/plan-results", methods=["GET"])
@blp.arguments(shapes.PlanResultsQuery, location="query")
@blp.response(200, shapes.PlanResultPage)
def list_results(query: dict[str, Any]) -> dict[str, Any]:
    """Results of the plan's targets, those that were replaced too, newest first."""
    where = paging("plr")
    rows = entries.results(session(), wanted=query, before=where.after, limit=where.limit + 1)
    return page([_result(each) for each in rows], where.limit)


@blp.route("/plan-results", methods=["POST"])
@blp.arguments(shapes.PlanResultIn)
@blp.response(201, shapes.PlanResultOut)
def enter_result(body: dict[str, Any]) -> dict[str, Any]:
    """Enter what became of a target of the plan in a year."""
    return _result(entries.enter_result(session(), actor=actor().audit, **body))


def _result(each: PlanResult) -> dict[str, Any]:
    names = ("id", "task", "target", "year", "result", "text", "department", "document", "entered_at")
    return {name: getattr(each, name) for name in names}


@inspection_blp.route("/inspections", methods=["GET"])
@inspection_blp.arguments(shapes.InspectionsQuery, location="query")
@inspection_blp.response(200, shapes.InspectionPage)
def list_inspections(query: dict[str, Any]) -> dict[str, Any]:
    """Inspections, newest first."""
    where = paging("isp")
    rows = inspections.listing(session(), status=query["status"], before=where.after, limit=where.limit + 1)
    return page(_inspections(rows), where.limit)


@inspection_blp.route("/inspections", methods=["POST"])
@inspection_blp.arguments(shapes.InspectionIn)
@inspection_blp.response(201, shapes.InspectionOut)
def plan(body: dict[str, Any]) -> dict[str, Any]:
    """Plan an inspection."""
    return _inspections([inspections.plan(session(), actor=actor().audit, **body)])[0]


@inspection_blp.route("/inspections/<isp:inspection_id>", methods=["GET"])
@inspection_blp.response(200, shapes.InspectionOut)
def get(inspection_id: int) -> dict[str, Any]:
    """One inspection with its findings."""
    return _inspections([inspections.one(session(), inspection_id)])[0]


@inspection_blp.route("/inspections/<isp:inspection_id>/complete", methods=["POST"])
@inspection_blp.arguments(shapes.InspectionDoneIn)
@inspection_blp.response(200, shapes.InspectionOut)
def complete(body: dict[str, Any], inspection_id: int) -> dict[str, Any]:
    """Record what an inspection found."""
    body["findings"] = [Found(**each) for each in body["findings"]]
    made = inspections.complete(session(), actor=actor().audit, inspection_id=inspection_id, **body)
    return _inspections([made])[0]


@inspection_blp.route("/inspections/<isp:inspection_id>/cancel", methods=["POST"])
@inspection_blp.arguments(shapes.InspectionCancelIn)
@inspection_blp.response(200, shapes.InspectionOut)
def cancel(body: dict[str, Any], inspection_id: int) -> dict[str, Any]:
    """Call an inspection off."""
    made = inspections.cancel(session(), actor=actor().audit, inspection_id=inspection_id, **body)
    return _inspections([made])[0]


def _inspections(rows: Sequence[Inspection]) -> list[dict[str, Any]]:
    zones = reference.zones(raw(session())).by_id if rows else {}
    findings = inspections.findings_of(session(), [each.id for each in rows])
    same = (
        "id", "title", "subject", "participant_id", "inspectors", "legal_source", "planned_on", "status", "done_on",
        "summary", "planned_at", "ended_at",
    )  # fmt: skip
    return [
        {name: getattr(each, name) for name in same}
        | {"zone": zones[each.zone_id].code if each.zone_id else None, "findings": findings[each.id]}
        for each in rows
    ]
