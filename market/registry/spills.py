"""Spillable water: carried water that, with the new year's allocation, passes the right. It is held, so that nobody
uses or sells it, until the spill risk is low; then it is released, or it spills.

Rule: the county pack's carry-over; Victoria's in vectors/markets.json: spillable and unusable until the spill risk is
under 10 per cent.
"""

from __future__ import annotations

from typing import Any

import psycopg
from sqlalchemy.orm import Session

from ledger import journal
from ledger.arrays import Bigints
from ledger.units import split_exact
from market.core import audit, books, clock, inbox, outbox
from market.core.chart import AccountCode, TransferCode, water_asset
from market.core.db import raw
from market.core.errors import InvalidInput, NotFound
from market.county.current import pack_in_force
from market.registry import charges, excess, season
from market.registry.errors import NothingSpillable, SpillRiskHigh
from market.registry.shares import WHOLE_E6, share_text

_CARRIED_SQL = """
SELECT DISTINCT w.account_id FROM carry_over_lines l JOIN water_accounts w ON w.id = l.to_water_account_id
 WHERE w.water_year = %s AND w.source = %s
"""

# A carried account; what was carried and is not spilt or curtailed; what is held of it; what it has free; what the
# year allocated to the rights of its place, and their yearly volume.
_DUE_SQL = """
WITH carried AS (
  SELECT l.to_water_account_id AS id, min(l.carry_over_id) AS carry_over_id, sum(l.carried_litres)::bigint AS litres
    FROM carry_over_lines l JOIN water_accounts w ON w.id = l.to_water_account_id
   WHERE w.water_year = %(year)s AND w.source = %(source)s GROUP BY 1),
allocated AS (
  SELECT e.participant_id, e.township_zone_id, e.canal_zone_id, e.sector, sum(l.litres)::bigint AS litres
    FROM announcement_lines l JOIN announcements n ON n.id = l.announcement_id
    JOIN entitlements e ON e.id = l.entitlement_id
   WHERE n.water_year = %(year)s AND n.source = %(source)s
     AND NOT EXISTS (SELECT FROM reversals v WHERE v.announcement_id = n.id)
   GROUP BY 1, 2, 3, 4),
rights AS (
  SELECT participant_id, township_zone_id, canal_zone_id, sector, sum(volume_litres)::bigint AS litres
    FROM entitlements WHERE source = %(source)s AND status = 'confirmed' GROUP BY 1, 2, 3, 4)
SELECT c.id, c.carry_over_id, w.account_id,
       c.litres - coalesce((SELECT sum(litres) FROM spillables WHERE water_account_id = c.id
                             AND status IN ('spilled', 'curtailed')), 0)::bigint,
       coalesce((SELECT sum(litres) FROM spillables WHERE water_account_id = c.id AND status = 'held'), 0)::bigint,
       a.credits_posted - a.debits_posted - a.debits_pending, coalesce(d.litres, 0), coalesce(r.litres, 0)
  FROM carried c
  JOIN water_accounts w ON w.id = c.id
  JOIN accounts a ON a.id = w.account_id
  LEFT JOIN allocated d USING (participant_id, township_zone_id, canal_zone_id, sector)
  LEFT JOIN rights r USING (participant_id, township_zone_id, canal_zone_id, sector)
 WHERE NOT EXISTS (
       SELECT FROM spillables s JOIN water_accounts o ON o.id = s.water_account_id
        WHERE o.water_year = %(year)s AND o.source = %(source)s AND s.status = 'released')
 ORDER BY c.id
"""


def accounts(connection: psycopg.Connection[Any], source: str, water_year: int) -> set[int]:
    """The ledger accounts that `hold` may touch."""
    rows = connection.execute(_CARRIED_SQL, (water_year, source)).fetchall()
    if not rows:
        return set()
    return {row[0] for row in rows} | {_expiry(connection, source, water_year)}


def hold(connection: psycopg.Connection[Any], source: str, water_year: int) -> int:
    """Holds what of carried water passes the rights since the year's last announcement; returns the litres.

    Once spillable water of the year was released, nothing more is held. What was used or sold meanwhile cannot be.
    """
    rule = pack_in_force(connection).carry_over(source)
    if rule is None or not rule.spillable:
        return 0
    rows = connection.execute(_DUE_SQL, {"year": water_year, "source": source}).fetchall()
    batch = journal.Batch()
    handles = []
    for water_account, carry_over, account, carried, held, available, allocated, right in rows:
        litres = min(season.spillable(carried, allocated, right) - held, available)
        if litres > 0:
            handle = batch.hold(
                debit=account,
                credit=_expiry(connection, source, water_year),
                amount=litres,
                code=TransferCode.SPILL,
                reference=carry_over,
            )
            handles.append((water_account, carry_over, litres, handle))
    batch.execute(connection)
    _remember(connection, [(*row[:3], batch.id_of(row[3])) for row in handles])
    return sum(row[2] for row in handles)


def release(
    session: Session, *, actor: audit.Actor, carry_over_id: int, source: str, risk_e6: int, reason: str
) -> int:
    """Releases what is held as spillable, now that the spill risk (millionths) is low; returns the litres.

    Errors: NotFound, SpillRiskHigh, NothingSpillable.
    """
    connection = raw(session)
    rule = pack_in_force(connection).carry_over(source)
    most = rule.spill_risk_e6 if rule is not None else 0
    if risk_e6 >= most:
        raise SpillRiskHigh(
            f"spillable water is released when the risk is under {share_text(most)}",
            pointer="/risk",
            limit=share_text(most),
            available=share_text(risk_e6),
            legal_source=rule.basis.source
            if rule is not None
            else "the county's pack has no rule of carry-over",
        )
    rows = _held(connection, carry_over_id, source)
    batch = journal.Batch()
    for row in rows:
        batch.void(row[1], code=TransferCode.SPILL, reference=carry_over_id)
    batch.execute(connection)
    connection.execute(
        "UPDATE spillables SET status = 'released', resolved_at = %s WHERE id = ANY(%s::bigint[])",
        (clock.now(), Bigints(row[0] for row in rows)),
    )
    litres = sum(row[2] for row in rows)
    inbox.put(connection, kind="rematch", actor=actor)
    _tell(connection, actor, "released", carry_over_id, source, litres, reason)
    return litres


def spill(
    session: Session, *, actor: audit.Actor, carry_over_id: int, source: str, share_e6: int, reason: str
) -> int:
    """Declares a share (millionths) of what is held as spilt: it expires, and its caps are freed.

    The split is pro rata by the largest remainder; the rest stays held. Returns the litres. Errors: NotFound,
    InvalidInput, NothingSpillable.
    """
    if not 0 < share_e6 <= WHOLE_E6:
        raise InvalidInput("a share is above 0 and at most 1", pointer="/share")
    connection = raw(session)
    rows = _held(connection, carry_over_id, source)
    year = rows[0][8]
    litres = sum(row[2] for row in rows) * share_e6 // WHOLE_E6
    parts = split_exact(litres, [row[2] for row in rows])
    batch = journal.Batch()
    again = []
    for row, part in zip(rows, parts, strict=True):
        if part:
            batch.post(row[1], part, code=TransferCode.SPILL, reference=carry_over_id)
        if part and part < row[2]:
            batch.void(row[1], row[2] - part, code=TransferCode.SPILL, reference=carry_over_id)
            handle = batch.hold(
                debit=row[4],
                credit=_expiry(connection, source, year),
                amount=row[2] - part,
                code=TransferCode.SPILL,
                reference=carry_over_id,
            )
            again.append((row[3], carry_over_id, row[2] - part, handle))
    spilt = [(row[5], row[6], row[7], part) for row, part in zip(rows, parts, strict=True)]
    freed = charges.over(connection, spilt, water_year=year, source=source)
    charges.free(connection, batch, freed, code=TransferCode.SPILL, reference_id=carry_over_id)
    excess.execute(connection, batch, (each.limit.account_id for each in freed))
    connection.execute(
        "UPDATE spillables s SET status = 'spilled', litres = t.litres, resolved_at = %s"
        "  FROM unnest(%s::bigint[], %s::bigint[]) t (id, litres) WHERE s.id = t.id AND t.litres > 0",
        (clock.now(), Bigints(row[0] for row in rows), Bigints(parts)),
    )
    _remember(connection, [(*row[:3], batch.id_of(row[3])) for row in again])
    inbox.put(connection, kind="rematch", actor=actor)
    _tell(connection, actor, "spilled", carry_over_id, source, litres, reason)
    return litres


_HELD_SQL = """
SELECT s.id, s.hold_id, s.litres, w.id, w.account_id, w.township_zone_id, w.canal_zone_id, w.sector, w.water_year
  FROM spillables s JOIN water_accounts w ON w.id = s.water_account_id
 WHERE s.carry_over_id = %s AND w.source = %s AND s.status = 'held' ORDER BY s.id FOR UPDATE OF s
"""


def _held(connection: psycopg.Connection[Any], carry_over_id: int, source: str) -> list[tuple[Any, ...]]:
    found = connection.execute("SELECT FROM carry_overs WHERE id = %s", (carry_over_id,)).fetchone()
    if found is None:
        raise NotFound("there is no such carry-over")
    rows = connection.execute(_HELD_SQL, (carry_over_id, source)).fetchall()
    if not rows:
        raise NothingSpillable(f"nothing of {source} water is held as spillable")
    return rows


def end_of_year(connection: psycopg.Connection[Any], water_year: int, batch: journal.Batch) -> None:
    """Adds to a batch the end of every hold on what might have spilt in a year that is over."""
    rows = connection.execute(
        "UPDATE spillables s SET status = 'released', resolved_at = %s FROM water_accounts w"
        " WHERE w.id = s.water_account_id AND w.water_year = %s AND s.status = 'held'"
        " RETURNING s.hold_id, s.carry_over_id",
        (clock.now(), water_year),
    ).fetchall()
    for hold_id, carry_over_id in rows:
        batch.expire(hold_id, code=TransferCode.SPILL, reference=carry_over_id)


def _remember(connection: psycopg.Connection[Any], rows: list[tuple[int, int, int, int]]) -> None:
    if rows:
        connection.execute(
            "INSERT INTO spillables (water_account_id, carry_over_id, litres, hold_id)"
            " SELECT * FROM unnest(%s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[])",
            tuple(map(Bigints, zip(*rows, strict=True))),
        )


def _expiry(connection: psycopg.Connection[Any], source: str, water_year: int) -> int:
    return books.system_account(connection, water_asset(source, water_year), AccountCode.WATER_EXPIRY)


def _tell(
    connection: psycopg.Connection[Any],
    actor: audit.Actor,
    action: str,
    carry_over_id: int,
    source: str,
    litres: int,
    reason: str,
) -> None:
    subject = ("carry_over", carry_over_id)
    detail = {"source": source, "litres": litres, "reason": reason}
    outbox.publish(connection, topic=f"registry.spillable.{action}", subject=subject, payload=detail)
    audit.record(connection, actor=actor, action=f"spillable.{action}", subject=subject, detail=detail)
