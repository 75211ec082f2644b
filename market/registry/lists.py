"""Lists of the registry: by id, from after a given id, at most so many rows; and single rows by id."""

from __future__ import annotations

from typing import TypeVar

from sqlalchemy import Select, or_, select
from sqlalchemy.orm import Session

from market.core.errors import NotFound
from market.registry.life_models import (
    EntitlementDocument,
    EntitlementLineage,
    EntitlementStep,
    WaterAssessment,
)
from market.registry.models import (
    Announcement,
    AnnouncementLine,
    Entitlement,
    Limit,
    LimitChange,
    WaterAccount,
)
from market.registry.season_models import CarryOver, Curtailment

Row = TypeVar(
    "Row",
    Limit,
    Entitlement,
    Announcement,
    WaterAccount,
    EntitlementDocument,
    WaterAssessment,
    Curtailment,
    CarryOver,
)


def _after(statement: Select[Row], model: type[Row], after: int | None, limit: int) -> Select[Row]:
    if after is not None:
        statement = statement.where(model.id > after)
    return statement.order_by(model.id).limit(limit)


def limits(
    session: Session,
    *,
    water_year: int | None = None,
    kind: str | None = None,
    zone_id: int | None = None,
    after: int | None = None,
    limit: int = 50,
) -> list[Limit]:
    """Limits by id."""
    statement = select(Limit)
    if water_year is not None:
        statement = statement.where(Limit.water_year == water_year)
    if kind is not None:
        statement = statement.where(Limit.kind == kind)
    if zone_id is not None:
        statement = statement.where(Limit.zone_id == zone_id)
    return list(session.scalars(_after(statement, Limit, after, limit)))


def limit_changes(session: Session, *, limit_id: int) -> list[LimitChange]:
    """The dated changes of a limit, oldest first."""
    return list(
        session.scalars(select(LimitChange).where(LimitChange.limit_id == limit_id).order_by(LimitChange.id))
    )


def entitlements(
    session: Session,
    *,
    participant_id: int | None = None,
    status: str | None = None,
    kind: str | None = None,
    after: int | None = None,
    limit: int = 50,
) -> list[Entitlement]:
    """Entitlements by id; of one participant, or all."""
    statement = select(Entitlement)
    if participant_id is not None:
        statement = statement.where(Entitlement.participant_id == participant_id)
    if status is not None:
        statement = statement.where(Entitlement.status == status)
    if kind is not None:
        statement = statement.where(Entitlement.kind == kind)
    return list(session.scalars(_after(statement, Entitlement, after, limit)))


def steps(session: Session, *, entitlement_id: int) -> list[EntitlementStep]:
    """Every step of a right, oldest first."""
    statement = select(EntitlementStep).where(EntitlementStep.entitlement_id == entitlement_id)
    return list(session.scalars(statement.order_by(EntitlementStep.id)))


def lineage(session: Session, *, entitlement_id: int) -> list[EntitlementLineage]:
    """What a right came out of and what became of it, by the ids of both."""
    either = or_(
        EntitlementLineage.parent_id == entitlement_id, EntitlementLineage.child_id == entitlement_id
    )
    statement = select(EntitlementLineage).where(either)
    return list(
        session.scalars(statement.order_by(EntitlementLineage.parent_id, EntitlementLineage.child_id))
    )


def announcements(
    session: Session,
    *,
    water_year: int | None = None,
    after: int | None = None,
    limit: int = 50,
) -> list[Announcement]:
    """Announcements by id."""
    statement = select(Announcement)
    if water_year is not None:
        statement = statement.where(Announcement.water_year == water_year)
    return list(session.scalars(_after(statement, Announcement, after, limit)))


def announcement_lines(
    session: Session, *, announcement_id: int, after: int | None = None, limit: int = 50
) -> list[AnnouncementLine]:
    """What an announcement credited, by the ids of the entitlements."""
    statement = select(AnnouncementLine).where(AnnouncementLine.announcement_id == announcement_id)
    if after is not None:
        statement = statement.where(AnnouncementLine.entitlement_id > after)
    return list(session.scalars(statement.order_by(AnnouncementLine.entitlement_id).limit(limit)))


def water_accounts(
    session: Session,
    *,
    participant_id: int | None = None,
    water_year: int | None = None,
    after: int | None = None,
    limit: int = 50,
) -> list[WaterAccount]:
    """Water accounts by id; of one participant, or all."""
    statement = select(WaterAccount)
    if participant_id is not None:
        statement = statement.where(WaterAccount.participant_id == participant_id)
    if water_year is not None:
        statement = statement.where(WaterAccount.water_year == water_year)
    return list(session.scalars(_after(statement, WaterAccount, after, limit)))


def one(session: Session, model: type[Row], row_id: int) -> Row:
    """The row of this id. Errors: NotFound."""
    found = session.get(model, row_id)
    if found is None:
        raise NotFound("there is no such thing")
    return found
