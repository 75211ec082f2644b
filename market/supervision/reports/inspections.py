"""Special inspections: planned, done with findings, or cancelled (county plan part 4(1)4)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from market.core import acts, audit, clock
from market.core.db import raw
from market.core.errors import InvalidInput, NotFound
from market.participants.models import Participant
from market.registry import places, reference
from market.supervision.errors import ReasonMissing
from market.supervision.reports.errors import InspectionOver
from market.supervision.reports.models import Inspection, InspectionFinding


@dataclass(frozen=True, slots=True)
class Found:
    """A finding: what it is, what is demanded, and by when."""

    finding: str
    demand: str | None = None
    due_on: dt.date | None = None


def plan(
    session: Session,
    *,
    actor: audit.Actor,
    title: str,
    subject: str,
    inspectors: str,
    legal_source: str,
    planned_on: dt.date,
    zone: str | None = None,
    participant_id: int | None = None,
) -> Inspection:
    """Plans an inspection of a zone, a participant or a matter. Errors: UnknownZone, NotFound."""
    tree = reference.zones(raw(session))
    if participant_id is not None and session.get(Participant, participant_id) is None:
        raise NotFound("there is no such participant", pointer="/participant_id")
    made = Inspection(
        title=title, subject=subject, zone_id=places.zone(tree, zone, pointer="/zone").id if zone else None,
        participant_id=participant_id, inspectors=inspectors, legal_source=legal_source, planned_on=planned_on,
        planned_by=actor.user_id, planned_at=clock.now(),
    )  # fmt: skip
    session.add(made)
    session.flush()  # events and the record name it
    _tell(session, actor, made, "planned")
    return made


def _tell(session: Session, actor: audit.Actor, inspection: Inspection, act: str) -> None:
    detail = {"title": inspection.title, "planned_on": inspection.planned_on.isoformat()}
    acts.done(
        session,
        actor=actor,
        source="supervision",
        kind="inspection",
        number=inspection.id,
        act=act,
        detail=detail,
    )


def _planned(session: Session, inspection_id: int) -> Inspection:
    found = session.get(Inspection, inspection_id, with_for_update={"key_share": True})
    if found is None:
        raise NotFound("there is no such inspection")
    if found.status != "planned":
        raise InspectionOver(f"it is {found.status}")
    return found


def complete(
    session: Session, *, actor: audit.Actor, inspection_id: int, done_on: dt.date, summary: str,
    findings: Sequence[Found],
) -> Inspection:  # fmt: skip
    """Records what an inspection found. Errors: NotFound, InspectionOver, ReasonMissing, InvalidInput."""
    if not summary.strip():
        raise ReasonMissing(pointer="/summary")
    if done_on > clock.today():
        raise InvalidInput("it was not done yet", pointer="/done_on")
    for place, each in enumerate(findings):
        if (each.demand is None) != (each.due_on is None):
            raise InvalidInput("what is demanded is due on a day", pointer=f"/findings/{place}/due_on")
    found = _planned(session, inspection_id)
    found.status, found.done_on, found.summary = "done", done_on, summary
    found.ended_by, found.ended_at = actor.user_id, clock.now()
    session.add_all(
        InspectionFinding(
            inspection_id=found.id,
            number=number,
            finding=each.finding,
            demand=each.demand,
            due_on=each.due_on,
        )
        for number, each in enumerate(findings, 1)
    )
    _tell(session, actor, found, "done")
    return found


def cancel(session: Session, *, actor: audit.Actor, inspection_id: int, reason: str) -> Inspection:
    """Calls an inspection off. Errors: NotFound, InspectionOver, ReasonMissing."""
    if not reason.strip():
        raise ReasonMissing(pointer="/reason")
    found = _planned(session, inspection_id)
    found.status, found.summary = "cancelled", reason
    found.ended_by, found.ended_at = actor.user_id, clock.now()
    _tell(session, actor, found, "cancelled")
    return found


def one(session: Session, inspection_id: int) -> Inspection:
    """An inspection. Errors: NotFound."""
    found = session.get(Inspection, inspection_id)
    if found is None:
        raise NotFound("there is no such inspection")
    return found


def listing(session: Session, *, status: str | None, before: int | None, limit: int) -> list[Inspection]:
    """Inspections, the newest first."""
    statement = select(Inspection)
    if status is not None:
        statement = statement.where(Inspection.status == status)
    if before is not None:
        statement = statement.where(Inspection.id < before)
    return list(session.scalars(statement.order_by(Inspection.id.desc()).limit(limit)))


def findings_of(session: Session, inspection_ids: Sequence[int]) -> dict[int, list[InspectionFinding]]:
    """The findings of inspections, by their numbers."""
    found: dict[int, list[InspectionFinding]] = {each: [] for each in inspection_ids}
    statement = select(InspectionFinding).where(InspectionFinding.inspection_id.in_(inspection_ids))
    for each in session.scalars(
        statement.order_by(InspectionFinding.inspection_id, InspectionFinding.number)
    ):
        found[each.inspection_id].append(each)
    return found
