"""Reduction plans of overloaded nodes: who reduces how much by when, and the tighter rules until it is done.

County plan part 3(1)1: where water resources are overloaded, townships and enterprises make and carry out plans to
reduce their total use.
"""

from __future__ import annotations

import datetime as dt

from sqlalchemy import select
from sqlalchemy.orm import Session

from ledger.units import format_decimal
from market.core import acts, audit, clock
from market.core.db import raw
from market.core.errors import NotFound
from market.county.current import pack_in_force
from market.county.supervision_rows import WarningRule
from market.registry import restrictions
from market.registry.models import Limit
from market.supervision.errors import ReasonMissing
from market.supervision.warning import tree
from market.supervision.warning.colours import reached
from market.supervision.warning.errors import (
    DueInThePast,
    NotOverloaded,
    PlanEnded,
    PlanRunning,
    StillOverloaded,
)
from market.supervision.warning.models import ReductionPlan
from market.supervision.warning.rollup import CAP, Line

BASIS = "county plan part 3(1)1"


def rules_on(line: Line, rules: tuple[WarningRule, ...]) -> list[WarningRule]:
    """The thresholds that a cap has reached today."""
    values = {
        "use": line.facts.used_litres,
        "allotted": line.node.allotted_litres,
        "forecast": line.forecast.litres if line.forecast is not None else 0,
    }
    return [
        each for each in rules
        if each.measure in values and reached(each, values[each.measure], line.node.limit_litres)
    ]  # fmt: skip


def record(
    session: Session,
    *,
    actor: audit.Actor,
    limit_id: int,
    reduce_litres: int,
    due_on: dt.date,
    responsible: str,
    measures: str,
    document: str,
) -> ReductionPlan:
    """Records the plan of an overloaded cap; its colour may bring tighter rules, which apply from the commit on.

    Errors: NotFound, PlanRunning, NotOverloaded, DueInThePast, RestrictionStands, WaterYearNotOpen.
    """
    limit = session.get(Limit, limit_id, with_for_update={"key_share": True})
    if limit is None or limit.kind != CAP:
        raise NotFound("there is no such cap", pointer="/limit_id")
    if due_on <= clock.today():
        raise DueInThePast(pointer="/due_on")
    running = select(ReductionPlan).where(
        ReductionPlan.limit_id == limit_id, ReductionPlan.status == "running"
    )
    if session.scalar(running) is not None:
        raise PlanRunning(f"a plan is running for {limit.code}")
    line = _line(session, limit)
    hit = [
        each for each in rules_on(line, pack_in_force(raw(session)).warnings_on(clock.today())) if each.plan
    ]
    if not hit or line.verdict.measure is None:
        raise NotOverloaded(
            f"{limit.code} is {line.verdict.colour}: no threshold that asks for a plan is reached",
            pointer="/limit_id", rule=f"early_warning:{limit.code}",
            available=_per_cent(line.verdict.share_e6), legal_source=BASIS,
        )  # fmt: skip
    rule = max(hit, key=lambda each: (each.restricts, each.at_e6))
    restriction = None
    if rule.restricts:
        restriction = restrictions.impose(
            session, actor=actor, limit_id=limit_id, reason=f"{rule.zh} {rule.en}: {document}",
            legal_source=f"{BASIS}; {document}",
        ).id  # fmt: skip
    found = ReductionPlan(
        limit_id=limit_id, restriction_id=restriction, colour=rule.colour, measure=rule.measure,
        share_e6=line.verdict.share_e6, reduce_litres=reduce_litres, due_on=due_on, responsible=responsible,
        measures=measures, document=document, legal_source=rule.basis.source, recorded_by=actor.user_id,
        recorded_at=clock.now(),
    )  # fmt: skip
    session.add(found)
    session.flush()  # events and the record name it
    detail = {"limit_id": limit_id, "colour": rule.colour, "reduce_litres": reduce_litres}
    acts.done(
        session, actor=actor, source="supervision", kind="reduction_plan", number=found.id, act="recorded",
        detail=detail,
    )  # fmt: skip
    return found


def _line(session: Session, limit: Limit) -> Line:
    now = tree.now(raw(session), water_year=limit.water_year)
    return next(each for each in now.lines if each.node.at.id == limit.id)


def _per_cent(share_e6: int | None) -> str | None:
    return None if share_e6 is None else f"{format_decimal(share_e6, scale=4)} %"


def end(session: Session, *, actor: audit.Actor, plan_id: int, fulfilled: bool, result: str) -> ReductionPlan:
    """Ends a plan with its result, and lifts its tighter rules.

    As fulfilled only where no threshold that restricts is reached any more; a plan that is replaced or given up is
    ended otherwise. Errors: NotFound, ReasonMissing, PlanEnded, StillOverloaded.
    """
    if not result.strip():
        raise ReasonMissing(pointer="/result")
    found = session.get(ReductionPlan, plan_id, with_for_update={"key_share": True})
    if found is None:
        raise NotFound("there is no such reduction plan")
    if found.status != "running":
        raise PlanEnded(f"it is {found.status}")
    if fulfilled:
        _check_over(session, session.get_one(Limit, found.limit_id))
    found.status = "fulfilled" if fulfilled else "ended"
    found.ended_by, found.ended_at, found.result = actor.user_id, clock.now(), result
    if found.restriction_id is not None:
        restrictions.lift(session, actor=actor, restriction_id=found.restriction_id, reason=result)
    acts.done(
        session, actor=actor, source="supervision", kind="reduction_plan", number=found.id, act=found.status,
        detail={"result": result},
    )  # fmt: skip
    return found


def _check_over(session: Session, limit: Limit) -> None:
    """Judged by the same node in the present water year: what a year has used, it does not use less of later."""
    node = (limit.zone_id, limit.source, limit.sector)
    now = tree.now(raw(session)).lines
    here = [each for each in now if (each.node.at.zone_id, each.node.at.source, each.node.at.sector) == node]
    line = next((each for each in here if each.node.kind == CAP), None) or _line(session, limit)
    hit = [
        each
        for each in rules_on(line, pack_in_force(raw(session)).warnings_on(clock.today()))
        if each.restricts
    ]
    if hit:
        raise StillOverloaded(
            f"{limit.code} still has {line.verdict.colour}", rule=f"early_warning:{limit.code}",
            limit=_per_cent(min(each.at_e6 for each in hit)), available=_per_cent(line.verdict.share_e6),
            legal_source=BASIS,
        )  # fmt: skip


def one(session: Session, plan_id: int) -> ReductionPlan:
    """A reduction plan. Errors: NotFound."""
    found = session.get(ReductionPlan, plan_id)
    if found is None:
        raise NotFound("there is no such reduction plan")
    return found


def listing(session: Session, *, status: str | None, before: int | None, limit: int) -> list[ReductionPlan]:
    """Reduction plans, the newest first."""
    statement = select(ReductionPlan)
    if status is not None:
        statement = statement.where(ReductionPlan.status == status)
    if before is not None:
        statement = statement.where(ReductionPlan.id < before)
    return list(session.scalars(statement.order_by(ReductionPlan.id.desc()).limit(limit)))
