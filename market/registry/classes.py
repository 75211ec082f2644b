"""A class of rights and what an announcement gives each, worked out in the database: at a prefecture's size nothing
that is a row there should become an object here.

`stage` fills the temporary table `announced`, one row a right, gone at the commit.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg.rows import tuple_row

from market.core import clock
from market.core.errors import InvalidInput
from market.registry import places, reference
from market.registry.errors import NothingToAnnounce, ShareOverEntitlement
from market.registry.models import WaterYear
from market.registry.shares import WHOLE_E6, share_text

# Sorts and joins of a whole class belong in memory, and statements that run once are not worth compiling or sampling
# deeply; to the end of the transaction.
_SETTINGS_SQL = """
SELECT set_config('work_mem', '512MB', true), set_config('jit', 'off', true),
       set_config('default_statistics_target', '10', true)
"""
ANALYZED_FROM = 5_000
"""A temporary table of fewer rows is joined well enough by guesses."""


@dataclass(frozen=True, slots=True)
class Wish:
    """A share (millionths) of a class: source × sector? × kind? × zone?; `only_new`: rights that had none yet.

    `reserve_e6` of it is held back at each place.
    """

    source: str
    share_e6: int
    sector: str | None = None
    kind: str | None = None
    zone: str | None = None
    only_new: bool = False
    reserve_e6: int = 0


@dataclass(frozen=True, slots=True)
class Staged:
    """What `announced` holds: rights, litres credited, litres held back."""

    entitlements: int
    total_litres: int
    reserved_litres: int


_TABLE_SQL = """
CREATE TEMPORARY TABLE IF NOT EXISTS announced (
  entitlement_id bigint NOT NULL, participant_id bigint NOT NULL, kind text NOT NULL,
  township_zone_id bigint NOT NULL, canal_zone_id bigint NOT NULL, sector text NOT NULL,
  volume_litres bigint NOT NULL, received_litres bigint NOT NULL, received_share_e6 bigint NOT NULL,
  water_account_id bigint, account_id bigint, account_kind text, account_status text,
  litres bigint NOT NULL, reserved_litres bigint NOT NULL
) ON COMMIT DROP
"""

# Largest remainder in exact arithmetic: where the largest product passes 64 bits, it is numeric. Of equal remainders
# the right with the lowest id wins, as in ledger.units.split_exact.
_CLASS_SQL = """
WITH received AS MATERIALIZED (
  SELECT entitlement_id, litres, share_e6 FROM entitlement_received WHERE water_year = %(year)s),
class AS MATERIALIZED (
  SELECT e.id, e.participant_id, e.kind, e.township_zone_id, e.canal_zone_id, e.sector, e.volume_litres,
         coalesce(r.litres, 0) AS received_litres, coalesce(r.share_e6, 0) AS received_share_e6
    FROM entitlements e JOIN participants p ON p.id = e.participant_id
    LEFT JOIN received r ON r.entitlement_id = e.id
   WHERE e.status = 'confirmed' AND p.status IN ('admitted', 'suspended') AND e.source = %(source)s
     AND (%(sector)s::text IS NULL OR e.sector = %(sector)s)
     AND (%(kind)s::text IS NULL OR e.kind = %(kind)s)
     AND (%(zones)s::bigint[] IS NULL
          OR e.township_zone_id = ANY(%(zones)s) OR e.canal_zone_id = ANY(%(zones)s))
     AND e.valid_from <= %(day)s AND e.valid_to >= %(day)s
     AND (NOT %(only_new)s OR coalesce(r.share_e6, 0) = 0)),
whole AS (
  SELECT volume::bigint AS volume, div(volume * %(share)s, 1000000)::bigint AS total,
         div(volume * %(share)s, 1000000) * most < 9223372036854775807 AS fits
    FROM (SELECT sum(volume_litres) AS volume, max(volume_litres) AS most FROM class) AS sums),
quota AS MATERIALIZED (
  SELECT c.*, w.total,
         CASE WHEN w.fits THEN w.total * c.volume_litres / w.volume
              ELSE div(w.total::numeric * c.volume_litres, w.volume)::bigint END AS part,
         CASE WHEN w.fits THEN w.total * c.volume_litres %% w.volume
              ELSE mod(w.total::numeric * c.volume_litres, w.volume)::bigint END AS rest
    FROM class c CROSS JOIN whole w WHERE w.total > 0),
lucky AS (
  SELECT id FROM quota ORDER BY rest DESC, id LIMIT (SELECT max(total) - sum(part) FROM quota))
INSERT INTO announced
SELECT r.id, r.participant_id, r.kind, r.township_zone_id, r.canal_zone_id, r.sector, r.volume_litres,
       r.received_litres, r.received_share_e6, w.id, w.account_id, w.right_kind, w.status,
       r.part + (k.id IS NOT NULL)::int, 0
  FROM quota r
  LEFT JOIN lucky k ON k.id = r.id
  LEFT JOIN water_accounts w
         ON w.participant_id = r.participant_id AND w.township_zone_id = r.township_zone_id
        AND w.canal_zone_id = r.canal_zone_id AND w.sector = r.sector AND w.source = %(source)s
        AND w.water_year = %(year)s AND w.origin = 'own'
"""

_SUMS_SQL = """
SELECT count(*), coalesce(sum(litres), 0)::bigint, coalesce(sum(reserved_litres), 0)::bigint,
       count(*) FILTER (WHERE received_share_e6 + %(share)s > 1000000), max(received_share_e6),
       coalesce(sum(greatest(litres - greatest(volume_litres - received_litres, 0), 0)), 0)::bigint
FROM announced
"""

# What roundings of earlier shares leave no room for goes to the first of those with room, as in shares.split_within.
_WITHIN_SQL = """
WITH cut AS (
  SELECT entitlement_id, least(litres, greatest(volume_litres - received_litres, 0)) AS litres,
         greatest(volume_litres - received_litres - litres, 0) AS room
    FROM announced),
placed AS (
  SELECT entitlement_id, litres, room, sum(room) OVER (ORDER BY entitlement_id) - room AS before FROM cut)
UPDATE announced a SET litres = p.litres + least(p.room, greatest(%s::bigint - p.before, 0))
  FROM placed p
 WHERE p.entitlement_id = a.entitlement_id
   AND a.litres <> p.litres + least(p.room, greatest(%s::bigint - p.before, 0))
"""

_RESERVE_SQL = """
WITH whole AS (
  SELECT sum(litres) AS litres, div(sum(litres) * %(reserve)s, 1000000) AS total FROM announced),
quota AS (
  SELECT a.entitlement_id, w.total, div(w.total * a.litres, w.litres)::bigint AS part,
         mod(w.total * a.litres, w.litres) AS rest
    FROM announced a CROSS JOIN whole w),
ranked AS (
  SELECT q.*, row_number() OVER (ORDER BY rest DESC, entitlement_id) <= total - sum(part) OVER () AS more
    FROM quota q)
UPDATE announced a SET litres = a.litres - (r.part + r.more::int), reserved_litres = r.part + r.more::int
  FROM ranked r WHERE r.entitlement_id = a.entitlement_id
"""


def stage(connection: psycopg.Connection[Any], year: WaterYear, wish: Wish) -> Staged:
    """Works out what each right of the class gets; nothing that lasts is written.

    The total is the share of the sum of yearly volumes, whole litres rounded down, split by volume with the largest
    remainder; no right gets more than its volume in a year. Errors: InvalidInput, UnknownSource, UnknownSector,
    UnknownZone, ShareOverEntitlement, NothingToAnnounce.
    """
    if not 0 < wish.share_e6 <= WHOLE_E6:
        raise InvalidInput("a share is above 0 and at most 1", pointer="/share")
    places.check_kind_of_water(connection, sector=wish.sector, source=wish.source)
    empty(connection)
    day: dt.date = min(max(clock.today(), year.starts_on), year.ends_on)
    parameters = {
        "source": wish.source,
        "sector": wish.sector,
        "kind": wish.kind,
        "zones": zones_of(connection, wish.zone),
        "day": day,
        "year": year.year,
        "only_new": wish.only_new,
        "share": wish.share_e6,
    }
    found = connection.execute(_CLASS_SQL, parameters).rowcount
    if found > ANALYZED_FROM:
        connection.execute("ANALYZE announced")
    count, total, _, over, most, spilled = _sums(connection, wish.share_e6)
    if over:
        raise ShareOverEntitlement(
            f"{over} entitlements of the class would be credited more than their yearly volume",
            pointer="/share",
            limit=share_text(WHOLE_E6),
            available=share_text(WHOLE_E6 - most),
            legal_source="取水许可和水资源费征收管理条例 art. 24: the confirmed volume is the most in a year",
        )
    if total == 0:
        raise NothingToAnnounce("no confirmed entitlement of this class gets a litre")
    if spilled:
        connection.execute(_WITHIN_SQL, (spilled, spilled))
    if wish.reserve_e6:
        connection.execute(_RESERVE_SQL, {"reserve": wish.reserve_e6})
    if spilled or wish.reserve_e6:
        count, total, reserved, *_ = _sums(connection, wish.share_e6)
        return Staged(count, total, reserved)
    return Staged(count, total, 0)


def empty(connection: psycopg.Connection[Any]) -> None:
    """Makes the temporary table `announced`, with nothing in it."""
    connection.execute(_SETTINGS_SQL)
    connection.execute(_TABLE_SQL)
    connection.execute("TRUNCATE announced")


def zones_of(connection: psycopg.Connection[Any], zone: str | None) -> list[int] | None:
    """The ids of a zone and of all below it; None for every zone. Errors: UnknownZone."""
    if zone is None:
        return None
    tree = reference.zones(connection)
    top = places.zone(tree, zone, pointer="/zone").id
    return [zone_id for zone_id, above in tree.lineage.items() if top in above]


def _sums(connection: psycopg.Connection[Any], share_e6: int) -> tuple[Any, ...]:
    with connection.cursor(row_factory=tuple_row) as cursor:
        row = cursor.execute(_SUMS_SQL, {"share": share_e6}).fetchone()
    assert row is not None  # an aggregate always has its row
    return tuple(row)
