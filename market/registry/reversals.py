"""Taking back a wrong announcement: what is still there goes back, the rest is owed in water."""

from __future__ import annotations

from typing import Any

import psycopg
from sqlalchemy.orm import Session

from ledger import journal
from ledger.arrays import Bigints
from ledger.units import format_litres
from market.core import audit, books, clock, inbox, outbox
from market.core.chart import HEADROOM, AccountCode, TransferCode, water_asset
from market.core.db import bump_reference, raw
from market.core.errors import NotFound
from market.registry import charges, debts, excess, lease_turns, places, reference
from market.registry.errors import (
    AnnouncementReversed,
    AnnouncementSucceeded,
    ReleaseNotReversed,
    ReserveGone,
)
from market.registry.models import Announcement
from market.registry.season_models import Reversal, ReversalLine

# What an announcement credited to each account; the account's free litres are read under its lock.
_CREDITED_SQL = """
SELECT w.id, w.account_id, w.township_zone_id, w.canal_zone_id, w.sector, sum(l.litres)::bigint
  FROM announcement_lines l JOIN water_accounts w ON w.id = l.water_account_id
 WHERE l.announcement_id = %s GROUP BY w.id HAVING sum(l.litres) > 0 ORDER BY w.id
"""

_SUCCEEDED_SQL = """
SELECT 1 FROM announcement_lines l JOIN entitlement_carried k ON k.parent_id = l.entitlement_id
 WHERE l.announcement_id = %s AND k.water_year = %s LIMIT 1
"""

# What an announcement put into the reserve of each place.
_RESERVED_SQL = """
SELECT r.account_id, r.township_zone_id, r.canal_zone_id, r.sector, t.amount
  FROM transfers t JOIN reserves r ON r.account_id = t.credit_account_id
 WHERE r.water_year = %s AND r.source = %s AND t.reference = %s AND t.code = %s ORDER BY r.account_id
"""


def preview(session: Session, *, announcement_id: int) -> Reversal:
    """What `reverse` would do now; it is not kept, and nothing changes. Errors: as `reverse`."""
    connection = raw(session)
    announcement = _reversible(session, announcement_id, lock=False)
    lines, reserved = _what(connection, announcement)
    taken = _taken(connection, lines, lock=False)
    return _reversal(announcement, lines, taken, reserved, "", "", None)


def preview_lines(session: Session, *, announcement_id: int) -> list[ReversalLine]:
    """What `reverse` would take from each water account now, and what it would owe. Errors: as `reverse`."""
    connection = raw(session)
    lines, _ = _what(connection, _reversible(session, announcement_id, lock=False))
    taken = _taken(connection, lines, lock=False)
    return [
        ReversalLine(water_account_id=row[0], taken_litres=taken[row[1]], owed_litres=row[5] - taken[row[1]])
        for row in lines
    ]


def reverse(
    session: Session, *, actor: audit.Actor, announcement_id: int, reason: str, legal_source: str
) -> Reversal:
    """Takes an announcement back: from each account what is free of it, the rest becomes a debt in water.

    The caps are freed of what comes back; what is owed was used or sold, and stays counted. Open sales of accounts
    that owe are ended. Errors: NotFound, WaterYearNotOpen, AnnouncementReversed, AnnouncementSucceeded,
    ReleaseNotReversed, ReserveGone.
    """
    announcement = _reversible(session, announcement_id, lock=True)
    connection = raw(session)
    year, source = announcement.water_year, announcement.source
    lines, reserved = _what(connection, announcement)
    issue = books.system_account(connection, water_asset(source, year), AccountCode.WATER_ISSUE)
    use = books.system_account(connection, HEADROOM, AccountCode.LIMIT_USE)
    owing = debts.open_for(connection, (row[0] for row in lines), source=source, water_year=year)
    places_of = [(*row[2:5], row[5]) for row in lines] + [(*row[1:4], row[4]) for row in reserved]
    above = charges.over(connection, places_of, water_year=year, source=source)
    system = {issue, use} | {each.limit.account_id for each in above}
    system |= excess.beside(connection, system) | set(owing.values()) | {row[0] for row in reserved}
    system |= lease_turns.accounts(connection, source, year)
    journal.lock(connection, {row[1] for row in lines} | system)
    # what is leased of it and not delivered yet goes back too; what is left is held again below
    lease_turns.free(connection, lease_turns.at(connection, [row[0] for row in lines]))
    taken = _taken(connection, lines, lock=True, beside=system)
    reversal = _reversal(announcement, lines, taken, reserved, reason, legal_source, actor.user_id)
    session.add(reversal)
    connection = raw(session)
    batch = journal.Batch()
    for water_account, account, *_, litres in lines:
        legs = ((account, taken[account]), (owing[water_account], litres - taken[account]))
        for debit, amount in legs:
            if amount:
                batch.transfer(
                    debit=debit,
                    credit=issue,
                    amount=amount,
                    code=TransferCode.REVERSAL,
                    reference=reversal.id,
                )
    for account, *_, litres in reserved:
        batch.transfer(
            debit=account, credit=issue, amount=litres, code=TransferCode.REVERSAL, reference=reversal.id
        )
    back = [(*row[2:5], taken[row[1]]) for row in lines] + [(*row[1:4], row[4]) for row in reserved]
    freed = charges.over(connection, back, water_year=year, source=source)
    charges.free(connection, batch, freed, code=TransferCode.REVERSAL_FREE, reference_id=reversal.id)
    excess.execute(connection, batch, (each.limit.account_id for each in freed))
    lease_turns.hold(connection, source, year)
    _write_lines(connection, reversal.id, lines, taken)
    _tell(connection, actor, reversal, lines, taken)
    return reversal


def _reversible(session: Session, announcement_id: int, *, lock: bool) -> Announcement:
    announcement = session.get(Announcement, announcement_id)
    if announcement is None:
        raise NotFound("there is no such announcement")
    places.open_year(session, announcement.water_year, lock=lock)
    row = raw(session).execute(
        "SELECT EXISTS (SELECT FROM reversals WHERE announcement_id = %s)", (announcement_id,)
    )
    if row.fetchone() == (True,):
        raise AnnouncementReversed("the announcement was taken back already")
    succeeded = raw(session).execute(_SUCCEEDED_SQL, (announcement_id, announcement.water_year)).fetchone()
    if succeeded is not None:
        raise AnnouncementSucceeded(
            "a right that it credited was split, merged or passed on since: its successors count that water as theirs"
        )
    if announcement.form == "release":
        raise ReleaseNotReversed("a release gave out what another announcement had held back")
    return announcement


def _what(
    connection: psycopg.Connection[Any], announcement: Announcement
) -> tuple[list[tuple[Any, ...]], list[tuple[Any, ...]]]:
    """What the announcement credited, by account, and reserved, by place. Errors: ReserveGone."""
    lines = connection.execute(_CREDITED_SQL, (announcement.id,)).fetchall()
    if not announcement.reserved_litres:
        return lines, []
    reserved = connection.execute(
        _RESERVED_SQL,
        (announcement.water_year, announcement.source, announcement.id, int(TransferCode.RESERVED)),
    ).fetchall()
    # Who changes a reserve holds the year's row, as a reversal does: what is read here stays so.
    there = reference.available(connection, [row[0] for row in reserved])
    for account, *_, litres in reserved:
        if there[account] < litres:
            raise ReserveGone(
                "what the announcement held back was released since",
                limit=format_litres(litres),
                available=format_litres(there[account]),
            )
    return lines, reserved


def _taken(
    connection: psycopg.Connection[Any],
    lines: list[tuple[Any, ...]],
    *,
    lock: bool,
    beside: set[int] | None = None,
) -> dict[int, int]:
    """By ledger account what is free of what the announcement credited."""
    wanted = {row[1] for row in lines}
    if lock:
        locked = journal.lock(connection, wanted | (beside or set()))
        free = {each: row[5] - row[3] - row[2] for each, row in locked.items()}
    else:
        found = connection.execute(
            "SELECT id, credits_posted - debits_posted - debits_pending FROM accounts"
            " WHERE id = ANY(%s::bigint[])",
            (Bigints(wanted),),
        )
        free = dict(found.fetchall())
        account_of = {row[0]: row[1] for row in lines}
        for water_account, litres in lease_turns.at(connection, account_of).values():
            free[account_of[water_account]] += litres
    return {row[1]: min(row[5], max(0, free[row[1]])) for row in lines}


def _reversal(
    announcement: Announcement,
    lines: list[tuple[Any, ...]],
    taken: dict[int, int],
    reserved: list[tuple[Any, ...]],
    reason: str,
    legal_source: str,
    user_id: int | None,
) -> Reversal:
    back = sum(taken.values())
    return Reversal(
        announcement_id=announcement.id,
        reason=reason,
        legal_source=legal_source,
        taken_litres=back,
        owed_litres=sum(row[5] for row in lines) - back,
        reserve_litres=sum(row[4] for row in reserved),
        reversed_by=user_id,
        reversed_at=clock.now(),
    )


def _write_lines(
    connection: psycopg.Connection[Any],
    reversal_id: int,
    lines: list[tuple[Any, ...]],
    taken: dict[int, int],
) -> None:
    connection.execute(
        "INSERT INTO reversal_lines (reversal_id, water_account_id, taken_litres, owed_litres)"
        " SELECT %s, * FROM unnest(%s::bigint[], %s::bigint[], %s::bigint[])",
        (
            reversal_id,
            Bigints(row[0] for row in lines),
            Bigints(taken[row[1]] for row in lines),
            Bigints(row[5] - taken[row[1]] for row in lines),
        ),
    )


def _tell(
    connection: psycopg.Connection[Any],
    actor: audit.Actor,
    reversal: Reversal,
    lines: list[tuple[Any, ...]],
    taken: dict[int, int],
) -> None:
    for water_account, account, *_, litres in lines:
        if taken[account] < litres:
            inbox.put(
                connection,
                kind="cancel_orders",
                actor=actor,
                payload={"water_account_id": water_account, "reason": "announcement_reversed"},
            )
    inbox.put(connection, kind="rematch", actor=actor)
    connection.execute(_NOTICES_SQL, (reversal.id,))
    bump_reference(connection)
    subject = ("reversal", reversal.id)
    detail = {
        "announcement_id": reversal.announcement_id,
        "taken_litres": reversal.taken_litres,
        "owed_litres": reversal.owed_litres,
        "reserve_litres": reversal.reserve_litres,
        "reason": reversal.reason,
        "legal_source": reversal.legal_source,
    }
    outbox.publish(connection, topic="registry.announcement.reversed", subject=subject, payload=detail)
    audit.record(connection, actor=actor, action="announcement.reversed", subject=subject, detail=detail)


_NOTICES_SQL = """
INSERT INTO outbox (topic, subject_type, subject_id, payload)
SELECT 'registry.water_account.reversed', 'water_account', water_account_id,
       json_build_object('reversal_id', reversal_id, 'taken_litres', taken_litres, 'owed_litres', owed_litres)::text
  FROM reversal_lines WHERE reversal_id = %s ORDER BY water_account_id
"""
