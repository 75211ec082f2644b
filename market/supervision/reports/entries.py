"""What other departments enter: figures with the paper that they come from, and results of the plan's targets."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from market.core import acts, audit, clock
from market.core.db import raw
from market.core.errors import NotFound
from market.county.current import pack_in_force
from market.participants.models import Participant, User
from market.registry import places, reference
from market.supervision import water_years
from market.supervision.reports.errors import FigureShape, UnknownTarget
from market.supervision.reports.models import DepartmentFigure, PlanResult

OUTPUT = "output"


def enter_figure(
    session: Session,
    *,
    actor: audit.Actor,
    kind: str,
    water_year: int,
    zone: str,
    value_e2: int,
    document: str,
    sector: str | None = None,
    participant_id: int | None = None,
    document_sha256: bytes | None = None,
) -> DepartmentFigure:
    """Enters a figure (hundredths of its unit) of a zone; a later one of the same things takes its place.

    The department is that of who enters it. Errors: UnknownZone, UnknownSector, NoSuchYear, FigureShape, NotFound.
    """
    connection = raw(session)
    if (kind == OUTPUT) != (sector is not None) or (participant_id is not None and kind != OUTPUT):
        raise FigureShape("output, and only output, names a sector, and may name a user", pointer="/sector")
    places.check_kind_of_water(connection, sector=sector, source=None)
    at = places.zone(reference.zones(connection), zone, pointer="/zone")
    water_years.found(connection, water_year, clock.today())
    if participant_id is not None and session.get(Participant, participant_id) is None:
        raise NotFound("there is no such participant", pointer="/participant_id")
    made = DepartmentFigure(
        kind=kind, water_year=water_year, zone_id=at.id, sector=sector, participant_id=participant_id,
        value_e2=value_e2, department=department_of(session, actor), document=document,
        document_sha256=document_sha256, entered_by=actor.user_id, entered_at=clock.now(),
    )  # fmt: skip
    session.add(made)
    session.flush()  # events and the record name it
    detail = {
        "kind": kind,
        "water_year": water_year,
        "zone": zone,
        "value_e2": value_e2,
        "document": document,
    }
    acts.done(
        session, actor=actor, source="supervision", kind="department_figure", number=made.id, act="entered",
        detail=detail,
    )  # fmt: skip
    return made


def department_of(session: Session, actor: audit.Actor) -> str:
    """Whose entry it is: the name of the sign-in, which the administrator gave it."""
    assert actor.user_id is not None
    return session.get_one(User, actor.user_id).name


def enter_result(
    session: Session,
    *,
    actor: audit.Actor,
    task: str,
    target: int,
    year: int,
    result: str,
    text: str,
    document: str,
) -> PlanResult:
    """Enters what became of a target in a year; `target` counts the task's targets from 1 (1 also where it has none).

    Errors: UnknownTarget, NoSuchYear.
    """
    tasks = {each.code: each for each in pack_in_force(raw(session)).plan}
    if task not in tasks:
        raise UnknownTarget(f"the plan has no task {task}", pointer="/task")
    if not 1 <= target <= max(1, len(tasks[task].targets)):
        raise UnknownTarget(f"the task {task} has no target {target}", pointer="/target")
    water_years.found(raw(session), year, clock.today())
    made = PlanResult(
        task=task, target=target, year=year, result=result, text=text, department=department_of(session, actor),
        document=document, entered_by=actor.user_id, entered_at=clock.now(),
    )  # fmt: skip
    session.add(made)
    session.flush()  # events and the record name it
    detail = {"task": task, "target": target, "year": year, "result": result, "document": document}
    acts.done(
        session,
        actor=actor,
        source="supervision",
        kind="plan_result",
        number=made.id,
        act="entered",
        detail=detail,
    )
    return made


def figures(
    session: Session, *, wanted: dict[str, Any], before: int | None, limit: int
) -> list[DepartmentFigure]:
    """Figures, those that were replaced too, the newest first; `wanted` names columns and what they are."""
    statement = select(DepartmentFigure).filter_by(**wanted)
    if before is not None:
        statement = statement.where(DepartmentFigure.id < before)
    return list(session.scalars(statement.order_by(DepartmentFigure.id.desc()).limit(limit)))


def results(session: Session, *, wanted: dict[str, Any], before: int | None, limit: int) -> list[PlanResult]:
    """Results, those that were replaced too, the newest first."""
    statement = select(PlanResult).filter_by(**wanted)
    if before is not None:
        statement = statement.where(PlanResult.id < before)
    return list(session.scalars(statement.order_by(PlanResult.id.desc()).limit(limit)))
