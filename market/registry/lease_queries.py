"""What holders, banks, the bureau and certificates see of leases."""

from __future__ import annotations

import datetime as dt
from typing import NamedTuple

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from market.core import clock
from market.core.errors import NotFound
from market.registry.lease_models import Lease, LeaseTurn
from market.registry.leases import IN_FORCE


class Encumbrance(NamedTuple):
    """What a certificate says of a lease: its number, litres of a full year, the first and the last day."""

    lease_id: int
    litres: int
    starts_on: dt.date
    ends_on: dt.date


def over(session: Session) -> list[int]:
    """Leases in force whose last day is over, by id."""
    return list(
        session.scalars(
            select(Lease.id).where(Lease.status == IN_FORCE, Lease.ends_on < clock.today()).order_by(Lease.id)
        )
    )


def encumbrances(session: Session, entitlement_id: int) -> list[Encumbrance]:
    """What is let of a right now, oldest first."""
    rows = session.execute(
        select(Lease.id, Lease.litres, Lease.starts_on, Lease.ends_on)
        .where(Lease.entitlement_id == entitlement_id, Lease.status == IN_FORCE)
        .order_by(Lease.id)
    ).all()
    return [Encumbrance(*row) for row in rows]


def leases(
    session: Session, *, party: int | None = None, lease_id: int | None = None, entitlement_id: int | None = None,
    status: str | None = None, after: int | None = None, limit: int = 50,
) -> list[tuple[Lease, list[LeaseTurn]]]:  # fmt: skip
    """Leases by id with their turns by year: of a party (lessor or lessee), or all."""
    statement = select(Lease).where(Lease.id > (after or 0))
    if lease_id is not None:
        statement = statement.where(Lease.id == lease_id)
    if party is not None:
        statement = statement.where(or_(Lease.lessor_id == party, Lease.lessee_id == party))
    if entitlement_id is not None:
        statement = statement.where(Lease.entitlement_id == entitlement_id)
    if status is not None:
        statement = statement.where(Lease.status == status)
    found = session.scalars(statement.order_by(Lease.id).limit(limit)).all()
    turns: dict[int, list[LeaseTurn]] = {each.id: [] for each in found}
    for turn in session.scalars(
        select(LeaseTurn).where(LeaseTurn.lease_id.in_(list(turns))).order_by(LeaseTurn.water_year)
    ):
        turns[turn.lease_id].append(turn)
    return [(each, turns[each.id]) for each in found]


def lease(session: Session, *, lease_id: int) -> tuple[Lease, list[LeaseTurn]]:
    """One lease. Errors: NotFound."""
    found = leases(session, lease_id=lease_id, limit=1)
    if not found:
        raise NotFound("there is no such lease")
    return found[0]
