"""Leases on the register: entered, carried on with the right, terminated, ended by date.

The right and its certificate stay the lessor's; the register shows what of it is let, and to the end of the term nobody
can sell, pledge or split away that part. Civil Code (民法典) arts 703-734 by analogy; who has the right has the leases
(art. 725, 买卖不破租赁). What is delivered each year is `lease_turns` and the exchange's `trading.leasing`.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import psycopg
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from ledger.arrays import Bigints
from ledger.units import format_litres
from market.core import audit, clock, outbox
from market.core.db import raw
from market.core.errors import NotFound
from market.registry import lease_terms, lease_turns, steps
from market.registry.errors import EntitlementState
from market.registry.lease_errors import (
    LeaseState,
    LeaseTerm,
    LeaseTurnOpen,
    MoreThanMayBeLeased,
    RentNotOverdue,
    RightIsLeased,
)
from market.registry.lease_models import Lease, LeaseTurn
from market.registry.lease_terms import Terms
from market.registry.models import Entitlement, WaterYear

IN_FORCE = "in_force"
OPEN_TURNS = ("due", "struck")
NO_MONEY = "insufficient_money"
"""The refusal by which a year lapses through the lessee: the money was not there."""
ONE_HAND = "lessor and lessee have become one / 债权债务同归于一人 (民法典 art. 576)"


class Lessee(NamedTuple):
    """Who leases, and the place to which the water goes (zone ids)."""

    participant_id: int
    township_zone_id: int
    canal_zone_id: int
    sector: str


def term(session: Session, right: Entitlement, first_year: int, terms: Terms) -> tuple[dt.date, dt.date]:
    """From when to when a lease of a right would run, both days included. Errors: NotFound, LeaseTerm."""
    year = session.get(WaterYear, first_year)
    if year is None:
        raise NotFound("there is no such water year")
    if terms.years > lease_terms.LONGEST_YEARS:
        raise LeaseTerm(
            "a lease runs for twenty years at most", pointer="/years", limit=str(lease_terms.LONGEST_YEARS)
        )
    ends_on = lease_terms.last_day(year.ends_on, terms.years)
    if ends_on > right.valid_to:
        raise LeaseTerm(
            f"it would end on {ends_on}, the right ends on {right.valid_to}",
            pointer="/years",
            limit=str(right.valid_to),
        )
    return max(clock.today(), year.starts_on), ends_on


def leased_litres(session: Session, entitlement_id: int) -> int:
    """What of a full year of a right is let."""
    statement = select(func.coalesce(func.sum(Lease.litres), 0)).where(
        Lease.entitlement_id == entitlement_id, Lease.status == IN_FORCE
    )
    return int(session.scalars(statement).one())


_PLEDGED_SQL = """
SELECT coalesce(sum(litres), 0)::bigint FROM pledges
 WHERE entitlement_id = %s AND status IN ('registered', 'enforcing')
"""


def check_room(session: Session, right: Entitlement, litres: int) -> None:
    """Refuses to let more of a right than is neither pledged nor let. Errors: EntitlementState, MoreThanMayBeLeased."""
    if right.status != "confirmed":
        raise EntitlementState(f"the right is {right.status}", pointer="/entitlement_id")
    row = raw(session).execute(_PLEDGED_SQL, (right.id,)).fetchone()
    assert row is not None  # an aggregate always has its row
    free = lease_terms.room(right.volume_litres, row[0], leased_litres(session, right.id))
    if litres > free:
        raise MoreThanMayBeLeased(
            "the rest of the right is pledged or let",
            pointer="/volume",
            limit=format_litres(right.volume_litres),
            available=format_litres(free),
        )


def register(
    session: Session,
    *,
    actor: audit.Actor,
    negotiation_id: int,
    entitlement_id: int,
    lessee: Lessee,
    litres: int,
    rent_e4: int,
    first_year: int,
    terms: Terms,
    answerable_id: int,
) -> Lease:
    """Enters a lease on the register and holds what it has of water that is announced already.

    `litres` of a full year; `rent_e4` in 1/10 000 yuan per m3. Errors: NotFound, EntitlementState, LeaseTerm,
    MoreThanMayBeLeased.
    """
    steps.lock_years(session)
    right = steps.locked(session, entitlement_id)
    check_room(session, right, litres)
    starts_on, ends_on = term(session, right, first_year, terms)
    lease = Lease(
        negotiation_id=negotiation_id,
        entitlement_id=right.id,
        lessor_id=right.participant_id,
        lessee_id=lessee.participant_id,
        township_zone_id=lessee.township_zone_id,
        canal_zone_id=lessee.canal_zone_id,
        sector=lessee.sector,
        source=right.source,
        litres=litres,
        rent_e4=rent_e4,
        first_year=first_year,
        last_year=first_year + terms.years - 1,
        starts_on=starts_on,
        ends_on=ends_on,
        short_year=terms.short_year,
        turn_month=terms.turn_month,
        grace_days=terms.grace_days,
        answerable_id=answerable_id,
        registered_by=actor.user_id,
        registered_at=clock.now(),
    )
    session.add(lease)
    session.flush()  # its holds name it by its id
    hold(session, lease)
    tell(session, actor, lease.id, "registered", {"entitlement_id": right.id, "litres": litres})
    return lease


def hold(session: Session, lease: Lease) -> None:
    """Has the leases of a right hold what they have of each open year that is announced."""
    connection = raw(session)
    for year in session.scalars(
        select(WaterYear.year).where(
            WaterYear.status == "open", WaterYear.year.between(lease.first_year, lease.last_year)
        )
    ).all():
        lease_turns.lock(connection, lease.source, year, [lease.entitlement_id])
        lease_turns.hold(connection, lease.source, year, [lease.entitlement_id])


def to_pass_on(
    session: Session, parents: Sequence[Entitlement], parts: Sequence[tuple[int, int]]
) -> list[tuple[Lease, int]]:
    """The leases of rights that become others, each with the part it goes on with, whole (民法典 art. 725 by analogy).

    `parts`: who has each part, and its litres a year. A part that the old holder keeps takes them first. The leases are
    locked. Errors: RightIsLeased, LeaseTurnOpen.
    """
    found = session.scalars(
        select(Lease)
        .where(Lease.entitlement_id.in_([parent.id for parent in parents]), Lease.status == IN_FORCE)
        .order_by(Lease.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).all()
    kept = (at for at, (holder, _) in enumerate(parts) if holder == parents[0].participant_id)
    volumes = [litres for _, litres in parts]
    places = lease_terms.places_of(volumes, [lease.litres for lease in found], first=next(kept, 0))
    if places is None:
        leased = sum(lease.litres for lease in found)
        raise RightIsLeased(
            f"{format_litres(leased)} m3 of it are let, and no part is large enough for each lease",
            pointer="/volume",
            limit=format_litres(leased),
            available=format_litres(max(volumes)),
        )
    for lease, place in zip(found, places, strict=True):
        if parts[place][0] != lease.lessor_id:
            _check_no_turn(session, lease)
    return list(zip(found, places, strict=True))


def pass_on(
    session: Session, actor: audit.Actor, going: Sequence[tuple[Lease, int]], children: Sequence[Entitlement]
) -> None:
    """Has leases go on with the parts that `to_pass_on` found for them; one that the lessee now has itself ends."""
    for lease, place in going:
        child = children[place]
        lease.entitlement_id, lease.version = child.id, lease.version + 1
        if child.participant_id == lease.lessee_id:
            _end(lease, "ended", ONE_HAND)
        else:
            lease.lessor_id = child.participant_id
    session.flush()  # the entries name what stands there
    for lease, _ in going:
        tell(session, actor, lease.id, "passed_on", {"entitlement_id": lease.entitlement_id})


def _check_no_turn(session: Session, lease: Lease) -> None:
    turn = session.scalars(
        select(LeaseTurn.water_year)
        .where(LeaseTurn.lease_id == lease.id, LeaseTurn.status.in_(OPEN_TURNS))
        .limit(1)
    ).one_or_none()
    if turn is not None:
        raise LeaseTurnOpen(f"the water of {turn} is still to be delivered", available=str(turn))


def check_amended(session: Session, right: Entitlement, litres: int) -> None:
    """Refuses to make a right smaller than what is let of it. Errors: RightIsLeased."""
    leased = leased_litres(session, right.id)
    if litres < leased:
        raise RightIsLeased(
            f"{format_litres(leased)} m3 of it are let", pointer="/volume", limit=format_litres(leased)
        )


def rights_ended(
    connection: psycopg.Connection[Any], actor: audit.Actor, entitlement_ids: Iterable[int]
) -> None:
    """Ends the leases of rights that are cancelled or expired: what they held is the account's again."""
    rows = connection.execute(
        "UPDATE leases SET status = 'ended', ended_at = %s, end_reason = %s, version = version + 1"
        " WHERE entitlement_id = ANY (%s) AND status = 'in_force' RETURNING id",
        (clock.now(), "the right has ended / 水权已终止", Bigints(entitlement_ids)),
    ).fetchall()
    ended = sorted(row[0] for row in rows)
    if not ended:
        return
    _lapse(connection, ended)
    for lease_id in ended:
        _record(connection, actor, lease_id, "ended", {"reason": "the right has ended"})


def terminate(session: Session, *, actor: audit.Actor, lease_id: int, reason: str) -> Lease:
    """The lessor terminates a lease of which a year lapsed since the rent was not there (民法典 art. 722).

    Errors: NotFound, LeaseState, RentNotOverdue.
    """
    steps.lock_years(session)
    lease = locked(session, lease_id)
    lapsed = session.scalars(
        select(LeaseTurn.id).where(
            LeaseTurn.lease_id == lease_id, LeaseTurn.status == "lapsed", LeaseTurn.refusal == NO_MONEY
        )
    ).first()
    if lapsed is None:
        raise RentNotOverdue
    return _over(session, actor, lease, "terminated", reason)


def end(session: Session, *, actor: audit.Actor, lease_id: int) -> Lease:
    """Ends a lease whose last day is over. Errors: NotFound, LeaseState."""
    steps.lock_years(session)
    lease = locked(session, lease_id)
    if clock.today() <= lease.ends_on:
        raise LeaseState(f"it runs until {lease.ends_on}", limit=str(lease.ends_on))
    return _over(session, actor, lease, "ended", "the term is over / 期限届满")


def _over(session: Session, actor: audit.Actor, lease: Lease, status: str, reason: str) -> Lease:
    struck = session.scalars(
        select(LeaseTurn.id).where(LeaseTurn.lease_id == lease.id, LeaseTurn.status == "struck")
    ).first()
    if struck is not None:
        raise LeaseState("a delivery is with the exchange", available="struck")
    _end(lease, status, reason)
    session.flush()  # the entry names what stands there
    _lapse(raw(session), [lease.id])
    tell(session, actor, lease.id, status, {"reason": reason})
    return lease


def _end(lease: Lease, status: str, reason: str) -> None:
    lease.status, lease.ended_at, lease.end_reason = status, clock.now(), reason
    lease.version += 1


_LAPSED_SQL = """
UPDATE lease_turns SET status = 'lapsed', resolved_at = %s WHERE lease_id = ANY (%s) AND status = 'due' RETURNING id
"""


def _lapse(connection: psycopg.Connection[Any], lease_ids: list[int]) -> None:
    """The turns of these leases that are still due come to nothing."""
    open_turns = connection.execute(
        "SELECT id FROM lease_turns WHERE lease_id = ANY (%s) AND status = 'due' ORDER BY id",
        (Bigints(lease_ids),),
    ).fetchall()
    lease_turns.free(connection, [row[0] for row in open_turns])
    connection.execute(_LAPSED_SQL, (clock.now(), Bigints(lease_ids)))


def lapse_year(session: Session, *, actor: audit.Actor, water_year: int) -> int:
    """Turns of a water year that is over come to nothing; returns how many. What they held is the lessor's again."""
    rows = session.execute(
        select(LeaseTurn.id, LeaseTurn.lease_id)
        .where(LeaseTurn.water_year == water_year, LeaseTurn.status == "due")
        .order_by(LeaseTurn.id)
    ).all()
    if not rows:
        return 0
    connection = raw(session)
    lease_turns.free(connection, [row.id for row in rows])
    connection.execute(
        "UPDATE lease_turns SET status = 'lapsed', resolved_at = %s WHERE id = ANY (%s)",
        (clock.now(), Bigints(row.id for row in rows)),
    )
    for row in rows:
        tell(
            session,
            actor,
            row.lease_id,
            "lapsed",
            {"water_year": water_year, "reason": "the water year is over"},
        )
    return len(rows)


def locked(session: Session, lease_id: int) -> Lease:
    """A lease in force, locked. Errors: NotFound, LeaseState."""
    found = session.get(Lease, lease_id, with_for_update=True, populate_existing=True)
    if found is None:
        raise NotFound("there is no such lease")
    if found.status != IN_FORCE:
        raise LeaseState(f"the lease is {found.status}", available=found.status)
    return found


def tell(session: Session, actor: audit.Actor, lease_id: int, action: str, detail: dict[str, Any]) -> None:
    """One event and one audit entry about a lease; last, as the audit trail is locked last."""
    _record(raw(session), actor, lease_id, action, detail)


def _record(
    connection: psycopg.Connection[Any],
    actor: audit.Actor,
    lease_id: int,
    action: str,
    detail: dict[str, Any],
) -> None:
    subject = ("lease", lease_id)
    outbox.publish(connection, topic=f"registry.lease.{action}", subject=subject, payload=detail)
    audit.record(connection, actor=actor, action=f"lease.{action}", subject=subject, detail=detail)
