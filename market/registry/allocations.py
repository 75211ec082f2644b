"""Allocation announcements: a share of a class credited for a water year, exact to the litre, whole or
not at all.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg.rows import tuple_row
from sqlalchemy.orm import Session

from ledger import bulk, journal
from ledger.errors import InsufficientBalance
from market.core import audit, books, clock, outbox
from market.core.chart import AccountCode, TransferCode, water_asset
from market.core.db import bump_reference, raw
from market.registry import (
    accounts,
    charges,
    classes,
    debts,
    lease_turns,
    places,
    pledge_alerts,
    reference,
    reserves,
    spills,
)
from market.registry.charges import CapCharge
from market.registry.classes import Wish
from market.registry.county import plan_threshold
from market.registry.models import Announcement, WaterYear
from market.registry.rights import STRICTEST_FIRST

PREVIEW_LINES = 200

Progress = Callable[[str], None]
"""What is told, step by step, to whoever waits."""


@dataclass(frozen=True, slots=True)
class Line:
    """What one right gets, and what of its share is held back at its place; `water_account_id` None: the
    announcement opens the account.
    """

    entitlement_id: int
    participant_id: int
    water_account_id: int | None
    litres: int
    reserved_litres: int


@dataclass(frozen=True, slots=True)
class Plan:
    """An announcement as it would be made now; `lines` are the first that were asked for, by the right's id."""

    total_litres: int
    reserved_litres: int
    entitlements: int
    lines: tuple[Line, ...]
    charges: tuple[CapCharge, ...]


def preview(
    session: Session,
    *,
    water_year: int,
    source: str,
    share_e6: int,
    sector: str | None = None,
    kind: str | None = None,
    zone: str | None = None,
    only_new: bool = False,
    reserve_e6: int = 0,
    lines: int | None = PREVIEW_LINES,
) -> Plan:
    """What `announce` would do now, with its first `lines` (None: all); nothing is locked and nothing changes.

    Errors: as `announce`, but not CapExceeded: what each cap lacks is in the plan.
    """
    connection = raw(session)
    year = places.open_year(session, water_year)
    wish = Wish(source, share_e6, sector, kind, zone, only_new, reserve_e6)
    return _plan(connection, year, wish, lines)


def announce(
    session: Session,
    *,
    actor: audit.Actor,
    water_year: int,
    source: str,
    share_e6: int,
    reason: str,
    sector: str | None = None,
    kind: str | None = None,
    zone: str | None = None,
    only_new: bool = False,
    reserve_e6: int = 0,
    progress: Progress = lambda _step: None,
) -> Announcement:
    """Credits a share (millionths) of the yearly volume of every confirmed right of a class to its
    water account.

    The class is source × sector? × kind? × zone? (a code of either tree, with all below it). The total
    is the share of the sum, whole litres rounded down, split by volume with the largest remainder.
    Missing water accounts are opened. Every cap that holds an account is charged; where one lacks
    headroom nothing happens. `reserve_e6` (millionths) of it is held back at each place for the village and
    the district, at most what the county's pack allows. What accounts owe in water is paid first, and carried
    water that now passes the right is held, and what is leased is held for its turn. Errors: WaterYearNotOpen,
    UnknownSource, UnknownSector, UnknownZone, InvalidInput, NothingToAnnounce, ShareOverEntitlement, ReserveTooLarge,
    CapExceeded.

    `only_new` narrows the class to rights that have had no share of this year yet: those confirmed since.
    """
    year = places.open_year(session, water_year, lock=True)
    connection = raw(session)
    progress("working out the shares")
    wish = Wish(source, share_e6, sector, kind, zone, only_new, reserve_e6)
    plan = _plan(connection, year, wish, 0)
    announcement = Announcement(
        water_year=water_year,
        source=source,
        sector=sector,
        kind=kind,
        zone_id=reference.zones(connection).by_code[zone].id if zone is not None else None,
        share_e6=share_e6,
        total_litres=plan.total_litres,
        entitlements=plan.entitlements,
        reason=reason,
        announced_by=actor.user_id,
        announced_at=clock.now(),
        form="share",
        reserve_e6=reserve_e6,
        reserved_litres=plan.reserved_litres,
    )
    session.add(announcement)
    connection = raw(session)
    batch = journal.Batch()
    if plan.reserved_litres:
        reserves.hold_back(connection, announcement, batch)
    progress("crediting the accounts")
    _post(connection, announcement, plan.charges, batch)
    finish(connection, announcement, actor)
    return announcement


def _plan(connection: psycopg.Connection[Any], year: WaterYear, wish: Wish, lines: int | None) -> Plan:
    reserves.check_share(connection, wish.reserve_e6)
    staged = classes.stage(connection, year, wish)
    return staged_plan(
        connection,
        year.year,
        wish.source,
        staged.entitlements,
        staged.total_litres,
        staged.reserved_litres,
        lines,
    )


def staged_plan(
    connection: psycopg.Connection[Any],
    water_year: int,
    source: str,
    entitlements: int,
    total_litres: int,
    reserved_litres: int,
    lines: int | None,
) -> Plan:
    """What is staged, with its first lines and what it takes of each cap."""
    whole = _rows(connection, _WHOLE_SQL)
    return Plan(
        total_litres=total_litres,
        reserved_litres=reserved_litres,
        entitlements=entitlements,
        lines=_first_lines(connection, lines),
        charges=charges.over(connection, whole, water_year=water_year, source=source),
    )


def _first_lines(connection: psycopg.Connection[Any], count: int | None) -> tuple[Line, ...]:
    """The first lines of what is staged, by the right's id; None: all."""
    rows = _rows(
        connection,
        "SELECT entitlement_id, participant_id, water_account_id, litres, reserved_litres FROM announced"
        " ORDER BY entitlement_id LIMIT %s",
        (count,),
    )
    return tuple(Line(*row) for row in rows)


_WHOLE_SQL = """
SELECT township_zone_id, canal_zone_id, sector, sum(litres + reserved_litres)::bigint FROM announced
 GROUP BY 1, 2, 3 HAVING sum(litres + reserved_litres) > 0
"""
_CREDITED_SQL = """
SELECT township_zone_id, canal_zone_id, sector, sum(litres)::bigint FROM announced
 GROUP BY 1, 2, 3 HAVING sum(litres) > 0
"""

_MISSING_SQL = f"""
SELECT participant_id, township_zone_id, canal_zone_id, sector,
       ({STRICTEST_FIRST})[min(array_position({STRICTEST_FIRST}, kind))]
FROM announced WHERE water_account_id IS NULL GROUP BY 1, 2, 3, 4 ORDER BY min(entitlement_id)
"""
_OPENED_SQL = """
UPDATE announced a SET water_account_id = w.id, account_id = w.account_id, account_kind = w.right_kind,
       account_status = w.status
  FROM water_accounts w
 WHERE a.water_account_id IS NULL AND w.participant_id = a.participant_id
   AND w.township_zone_id = a.township_zone_id AND w.canal_zone_id = a.canal_zone_id AND w.sector = a.sector
   AND w.source = %s AND w.water_year = %s AND w.origin = 'own'
"""
_KINDS_SQL = f"""
UPDATE water_accounts w SET right_kind = t.kind, status = 'open', version = w.version + 1
  FROM (SELECT water_account_id AS id,
               ({STRICTEST_FIRST})[min(least(array_position({STRICTEST_FIRST}, kind),
                                         array_position({STRICTEST_FIRST}, account_kind)))] AS kind
          FROM announced
         WHERE account_kind IS DISTINCT FROM kind OR account_status = 'closed' GROUP BY 1) t
 WHERE w.id = t.id AND (w.right_kind IS DISTINCT FROM t.kind OR w.status = 'closed')
"""


def _open_accounts(
    connection: psycopg.Connection[Any], source: str, water_year: int, batch: journal.Batch
) -> None:
    """Opens what accounts are missing, and has every account speak for the strictest right behind it."""
    missing = _rows(connection, _MISSING_SQL)
    if missing:
        accounts.open_many(
            connection,
            [accounts.NewWaterAccount(*row) for row in missing],
            source=source,
            water_year=water_year,
            threshold=plan_threshold(connection),
            batch=batch,
        )
        connection.execute(_OPENED_SQL, (source, water_year))
    connection.execute(_KINDS_SQL)


# Both in the order of ids, so that what is written grows its indexes at their ends.
_LINES_SQL = """
INSERT INTO announcement_lines (announcement_id, entitlement_id, water_account_id, litres)
SELECT %s::bigint, entitlement_id, water_account_id, litres FROM announced ORDER BY entitlement_id
"""
_CREDITS_SQL = f"""
INSERT INTO bulk_transfers (debit, credit, amount, code, reference)
SELECT %s::bigint, account_id, sum(litres)::bigint, {int(TransferCode.ALLOCATION)}, %s::bigint
  FROM announced WHERE litres > 0 GROUP BY account_id ORDER BY account_id
"""


def _post(
    connection: psycopg.Connection[Any],
    announcement: Announcement,
    whole: tuple[CapCharge, ...],
    batch: journal.Batch,
) -> None:
    """`whole` is what the caps are charged with what is held back; `batch` holds that part already."""
    source, year = announcement.source, announcement.water_year
    due = whole
    if announcement.reserved_litres:
        rows = _rows(connection, _CREDITED_SQL)
        due = charges.over(connection, rows, water_year=year, source=source)
    open_and_write(connection, announcement, due, batch)
    issue = books.system_account(connection, water_asset(source, year), AccountCode.WATER_ISSUE)
    bulk.stage(connection)
    connection.execute(_CREDITS_SQL, (issue, announcement.id))
    try:
        bulk.execute(connection, also=batch, beside=to_lock(connection, source, year))
    except InsufficientBalance as error:
        raise charges.exceeded(connection, whole) from error


def to_lock(connection: psycopg.Connection[Any], source: str, water_year: int) -> set[int]:
    """The accounts that `finish` will touch: they are locked with the others, the whole set once."""
    return (
        debts.accounts(connection)
        | spills.accounts(connection, source, water_year)
        | lease_turns.accounts(connection, source, water_year)
    )


def open_and_write(
    connection: psycopg.Connection[Any],
    announcement: Announcement,
    due: tuple[CapCharge, ...],
    batch: journal.Batch,
) -> None:
    """Opens missing accounts, writes the lines of what is staged, and adds the charges of its caps to a batch."""
    _open_accounts(connection, announcement.source, announcement.water_year, batch)
    connection.execute(_LINES_SQL, (announcement.id,))
    charges.charge(connection, batch, due, code=TransferCode.ALLOCATION_CHARGE, reference_id=announcement.id)


def finish(connection: psycopg.Connection[Any], announcement: Announcement, actor: audit.Actor) -> None:
    """What follows from new water on accounts; then events and the audit entry."""
    debts.collect(connection, announcement)
    spills.hold(connection, announcement.source, announcement.water_year)
    lease_turns.hold(connection, announcement.source, announcement.water_year)
    bump_reference(connection)
    pledge_alerts.tell_of_announcement(connection, announcement.id)
    subject = ("announcement", announcement.id)
    detail = {
        "form": announcement.form,
        "share_e6": announcement.share_e6,
        "total_litres": announcement.total_litres,
        "reserved_litres": announcement.reserved_litres,
        "entitlements": announcement.entitlements,
    }
    outbox.publish(connection, topic="registry.announcement.made", subject=subject, payload=detail)
    audit.record(connection, actor=actor, action="announcement.made", subject=subject, detail=detail)


def _rows(
    connection: psycopg.Connection[Any], statement: Any, parameters: tuple[Any, ...] = ()
) -> list[tuple[Any, ...]]:
    with connection.cursor(row_factory=tuple_row) as cursor:
        return cursor.execute(statement, parameters).fetchall()
