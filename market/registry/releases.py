"""Releases: an announcement that gives what was held back at a place to the rights of that place."""

from __future__ import annotations

from typing import Any

import psycopg
from sqlalchemy.orm import Session

from ledger import bulk, journal
from ledger.errors import InsufficientBalance
from market.core import audit, clock
from market.core.chart import TransferCode
from market.core.db import raw
from market.core.errors import InvalidInput
from market.registry import allocations, charges, classes, places, reference
from market.registry.errors import NothingReserved
from market.registry.models import Announcement, WaterYear
from market.registry.shares import WHOLE_E6

# What a place's reserve releases is split over the rights of the place by volume, none above its yearly volume: by the
# largest remainder; what a right has no room for stays in the reserve.
_STAGE_SQL = """
WITH pot AS (
  SELECT r.township_zone_id, r.canal_zone_id, r.sector,
         div((a.credits_posted - a.debits_posted)::numeric * %(share)s, 1000000) AS total
    FROM reserves r JOIN accounts a ON a.id = r.account_id
   WHERE r.water_year = %(year)s AND r.source = %(source)s
     AND (%(sector)s::text IS NULL OR r.sector = %(sector)s)
     AND (%(zones)s::bigint[] IS NULL
          OR r.township_zone_id = ANY(%(zones)s) OR r.canal_zone_id = ANY(%(zones)s))),
received AS MATERIALIZED (
  SELECT entitlement_id, litres FROM entitlement_received WHERE water_year = %(year)s),
class AS (
  SELECT e.*, t.total, coalesce(r.litres, 0) AS received,
         sum(e.volume_litres) OVER (PARTITION BY e.township_zone_id, e.canal_zone_id, e.sector) AS whole
    FROM entitlements e
    JOIN pot t USING (township_zone_id, canal_zone_id, sector)
    JOIN participants p ON p.id = e.participant_id
    LEFT JOIN received r ON r.entitlement_id = e.id
   WHERE e.status = 'confirmed' AND p.status IN ('admitted', 'suspended') AND e.source = %(source)s
     AND e.valid_from <= %(day)s AND e.valid_to >= %(day)s AND t.total > 0),
quota AS (
  SELECT c.*, div(total * volume_litres, whole)::bigint AS part, mod(total * volume_litres, whole) AS rest
    FROM class c),
ranked AS (
  SELECT q.*, row_number() OVER (PARTITION BY township_zone_id, canal_zone_id, sector ORDER BY rest DESC, id)
              <= total - sum(part) OVER (PARTITION BY township_zone_id, canal_zone_id, sector) AS more
    FROM quota q)
INSERT INTO announced
SELECT r.id, r.participant_id, r.kind, r.township_zone_id, r.canal_zone_id, r.sector, r.volume_litres, r.received, 0,
       w.id, w.account_id, w.right_kind, w.status,
       least(r.part + r.more::int, greatest(r.volume_litres - r.received, 0)), 0
  FROM ranked r
  LEFT JOIN water_accounts w
         ON w.participant_id = r.participant_id AND w.township_zone_id = r.township_zone_id
        AND w.canal_zone_id = r.canal_zone_id AND w.sector = r.sector AND w.source = %(source)s
        AND w.water_year = %(year)s AND w.origin = 'own'
"""
_TOTAL_SQL = "SELECT count(*), coalesce(sum(litres), 0)::bigint FROM announced"


def preview(
    session: Session,
    *,
    water_year: int,
    source: str,
    share_e6: int = WHOLE_E6,
    sector: str | None = None,
    zone: str | None = None,
    lines: int | None = allocations.PREVIEW_LINES,
) -> allocations.Plan:
    """What `release` would do now; nothing changes. Errors: as `release`."""
    year = places.open_year(session, water_year)
    return _plan(raw(session), year, source, share_e6, sector, zone, lines)


def release(
    session: Session,
    *,
    actor: audit.Actor,
    water_year: int,
    source: str,
    reason: str,
    share_e6: int = WHOLE_E6,
    sector: str | None = None,
    zone: str | None = None,
) -> Announcement:
    """Releases a share (millionths) of what is held back to the rights of the same places, by volume.

    It is an announcement of the form "release". Errors: WaterYearNotOpen, UnknownSource, UnknownSector,
    UnknownZone, InvalidInput, NothingReserved.
    """
    year = places.open_year(session, water_year, lock=True)
    connection = raw(session)
    plan = _plan(connection, year, source, share_e6, sector, zone, 0)
    announcement = Announcement(
        water_year=water_year,
        source=source,
        sector=sector,
        zone_id=reference.zones(connection).by_code[zone].id if zone is not None else None,
        share_e6=share_e6,
        total_litres=plan.total_litres,
        entitlements=plan.entitlements,
        reason=reason,
        announced_by=actor.user_id,
        announced_at=clock.now(),
        form="release",
        reserve_e6=0,
        reserved_litres=0,
    )
    session.add(announcement)
    connection = raw(session)
    batch = journal.Batch()
    charges.free(
        connection, batch, plan.charges, code=TransferCode.RESERVE_CHARGE, reference_id=announcement.id
    )
    allocations.open_and_write(connection, announcement, plan.charges, batch)
    bulk.stage(connection)
    connection.execute(_RELEASED_SQL, (int(TransferCode.ALLOCATION), announcement.id, water_year, source))
    try:
        bulk.execute(connection, also=batch, beside=allocations.to_lock(connection, source, water_year))
    except InsufficientBalance as error:  # another release, or a reversal, was first
        raise NothingReserved("the reserve was used meanwhile") from error
    allocations.finish(connection, announcement, actor)
    return announcement


_RELEASED_SQL = """
INSERT INTO bulk_transfers (debit, credit, amount, code, reference)
SELECT r.account_id, a.account_id, sum(a.litres)::bigint, %s::smallint, %s::bigint
  FROM announced a
  JOIN reserves r ON r.township_zone_id = a.township_zone_id AND r.canal_zone_id = a.canal_zone_id
                 AND r.sector = a.sector AND r.water_year = %s AND r.source = %s
 WHERE a.litres > 0 GROUP BY 1, 2
"""


def _plan(
    connection: psycopg.Connection[Any],
    year: WaterYear,
    source: str,
    share_e6: int,
    sector: str | None,
    zone: str | None,
    lines: int | None,
) -> allocations.Plan:
    if not 0 < share_e6 <= WHOLE_E6:
        raise InvalidInput("a share is above 0 and at most 1", pointer="/share")
    places.check_kind_of_water(connection, sector=sector, source=source)
    classes.empty(connection)
    parameters = {
        "share": share_e6,
        "year": year.year,
        "source": source,
        "sector": sector,
        "zones": classes.zones_of(connection, zone),
        "day": min(max(clock.today(), year.starts_on), year.ends_on),
    }
    connection.execute(_STAGE_SQL, parameters)
    row = connection.execute(_TOTAL_SQL).fetchone()
    assert row is not None  # an aggregate always has its row
    if row[1] == 0:
        raise NothingReserved("nothing is held back here, or no right has room for it")
    return allocations.staged_plan(connection, year.year, source, row[0], row[1], 0, lines)
