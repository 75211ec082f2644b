"""Early warning over HTTP: the tree with its colours, its history, and reduction plans."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import select

from market.api.http import actor, blueprint, page, paging, session
from market.api.schemas import early_warning as shapes
from market.core import clock
from market.core.db import raw
from market.core.errors import NotFound
from market.county.current import pack_in_force
from market.registry import reference
from market.registry.restriction_models import Restriction
from market.supervision.warning import daily, plans, tree
from market.supervision.warning.models import ReductionPlan
from market.supervision.warning.rollup import Line

blp = blueprint("early_warning", "Use, holdings and intensity against caps and targets, with what is to come")
plan_blp = blueprint("reduction_plans", "Plans of overloaded caps, and the tighter rules that come with them")

FIRST_DAY = dt.date(2000, 1, 1)


@blp.route("/early-warning", methods=["GET"])
@blp.arguments(shapes.WarningTreeQuery, location="query")
@blp.response(200, shapes.WarningTreeOut)
def get_tree(query: dict[str, Any]) -> dict[str, Any]:
    """Every cap and target of a water year with what is used, held and to come, and its colour; as it is now."""
    connection = raw(session())
    now = tree.now(connection, water_year=query.get("water_year"))
    zone = query.get("zone")
    if zone is not None and zone not in now.zones.by_code:
        raise NotFound("there is no such zone", pointer="/zone")
    under = now.zones.by_code[zone].id if zone is not None else None
    return {
        "water_year": now.water_year,
        "day": now.day,
        "thresholds": [
            {
                "measure": each.measure, "colour": each.colour, "at": each.at_e6, "operator": each.operator,
                "name_zh": each.zh, "name_en": each.en, "plan": each.plan, "restricts": each.restricts,
                "legal_source": each.basis.source, "demonstration": each.basis.demonstration,
            }
            for each in pack_in_force(connection).warnings_on(clock.today())
        ],
        "data": [
            _node(now.zones, each)
            for each in now.lines
            if query.get("colour") in (None, each.verdict.colour) and _lies(now.zones, each, under)
        ],
    }  # fmt: skip


def _lies(zones: reference.Zones, line: Line, under: int | None) -> bool:
    zone = line.node.at.zone_id
    return under is None or (zone is not None and under in zones.lineage[zone])


def _node(zones: reference.Zones, line: Line) -> dict[str, Any]:
    node, coming = line.node, line.forecast
    zone = zones.by_id[node.at.zone_id] if node.at.zone_id is not None else None
    return {
        "kind": node.kind, "code": node.code, "limit_id": node.at.id or None, "participant_id": node.participant_id,
        "zone": zone.code if zone else None, "zone_zh": zone.name_zh if zone else None,
        "zone_en": zone.name_en if zone else None, "source": node.at.source, "sector": node.at.sector,
        "per": node.per, "limit": node.limit_litres, "used": line.facts.used_litres, "allotted": node.allotted_litres,
        "held": node.held_litres, "holdings": line.facts.holdings_litres,
        "forecast": None if coming is None else {
            "volume": coming.litres, "low": coming.low_litres, "high": coming.high_litres, "method": coming.method,
        },
        "base": line.base_e2, "used_per_base": line.per_base_litres, "colour": line.verdict.colour,
        "measure": line.verdict.measure, "share": line.verdict.share_e6, "legal_source": node.legal_source,
        "demonstration": node.demonstration,
    }  # fmt: skip


@blp.route("/early-warning/history", methods=["GET"])
@blp.arguments(shapes.WarningHistoryQuery, location="query")
@blp.response(200, shapes.WarningDayPage)
def list_history(query: dict[str, Any]) -> dict[str, Any]:
    """The colours that were stored day by day, of a zone or a node, newest first."""
    where = paging("ewn")
    rows = daily.history(
        raw(session()), zone=query["zone"], node=query["node"], first=query["first"] or FIRST_DAY,
        last=query["last"] or clock.today(), before=where.after, limit=where.limit + 1,
    )  # fmt: skip
    return page([_day(each) for each in rows], where.limit)


def _day(row: Mapping[str, Any]) -> dict[str, Any]:
    same = ("id", "day", "water_year", "kind", "zone", "colour", "measure")
    return {name: row[name] for name in same} | {
        "code": row["node"].partition(":")[0] if row["kind"] == "user" else row["node"],
        "limit": row["limit_litres"], "used": row["used_litres"],
        "allotted": row["allotted_litres"], "holdings": row["holdings_litres"], "share": row["share_e6"],
        "forecast": None if row["method"] is None else {
            "volume": row["forecast_litres"], "low": row["low_litres"], "high": row["high_litres"],
            "method": row["method"],
        },
    }  # fmt: skip


@plan_blp.route("/reduction-plans", methods=["GET"])
@plan_blp.arguments(shapes.ReductionPlansQuery, location="query")
@plan_blp.response(200, shapes.ReductionPlanPage)
def list_plans(query: dict[str, Any]) -> dict[str, Any]:
    """Reduction plans, newest first."""
    where = paging("rdp")
    rows = plans.listing(session(), status=query["status"], before=where.after, limit=where.limit + 1)
    return page(_plans(rows), where.limit)


@plan_blp.route("/reduction-plans", methods=["POST"])
@plan_blp.arguments(shapes.ReductionPlanIn)
@plan_blp.response(201, shapes.ReductionPlanOut)
def record(body: dict[str, Any]) -> dict[str, Any]:
    """Record the plan of an overloaded cap; where its colour says so, tighter rules apply from now on."""
    body["reduce_litres"] = body.pop("reduce")
    return _plans([plans.record(session(), actor=actor().audit, **body)])[0]


@plan_blp.route("/reduction-plans/<rdp:reduction_plan_id>", methods=["GET"])
@plan_blp.response(200, shapes.ReductionPlanOut)
def get_plan(reduction_plan_id: int) -> dict[str, Any]:
    """One reduction plan."""
    return _plans([plans.one(session(), reduction_plan_id)])[0]


@plan_blp.route("/reduction-plans/<rdp:reduction_plan_id>/end", methods=["POST"])
@plan_blp.arguments(shapes.ReductionPlanEndIn)
@plan_blp.response(200, shapes.ReductionPlanOut)
def end(body: dict[str, Any], reduction_plan_id: int) -> dict[str, Any]:
    """End a plan with its result; its tighter rules end with it."""
    return _plans([plans.end(session(), actor=actor().audit, plan_id=reduction_plan_id, **body)])[0]


def _plans(rows: Sequence[ReductionPlan]) -> list[dict[str, Any]]:
    numbers = [each.restriction_id for each in rows if each.restriction_id is not None]
    rules = session().scalars(select(Restriction).where(Restriction.id.in_(numbers)))
    known = {each.id: each for each in rules}
    same = (
        "id", "limit_id", "colour", "measure", "due_on", "responsible", "measures", "document", "legal_source",
        "status", "recorded_at", "ended_at", "result",
    )  # fmt: skip
    found = []
    for each in rows:
        rule = known.get(each.restriction_id or 0)
        found.append(
            {name: getattr(each, name) for name in same}
            | {
                "share": each.share_e6, "reduce": each.reduce_litres,
                "restricted": rule is not None and rule.lifted_at is None,
                "import_limit_id": rule.import_limit_id if rule is not None else None,
            }
        )  # fmt: skip
    return found
