"""The tree now: every cap of a water year and every intensity target, with what is used, held and to come under it.

Read in a handful of set statements that add up by place; `rollup` adds up places under nodes.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg.rows import dict_row, tuple_row

from ledger.arrays import Bigints
from market.core import clock
from market.core.kept import kept
from market.county.current import pack_in_force
from market.county.pack import Pack
from market.county.parts import WaterYear
from market.county.supervision_rows import PER_OUTPUT, IntensityTarget
from market.registry import caps, reference
from market.supervision import water_years
from market.supervision.warning.forecast import ONE
from market.supervision.warning.rollup import CAP, TARGET, USER, Facts, Line, Node, lines

PAST_YEARS = 5


@dataclass(frozen=True, slots=True)
class Tree:
    """The lines of a water year on a legal day, and the zones that they name."""

    water_year: int
    day: dt.date
    lines: tuple[Line, ...]
    zones: reference.Zones


def now(connection: psycopg.Connection[Any], *, water_year: int | None = None) -> Tree:
    """The tree of a water year (none: the one that today lies in) as it is now. Errors: NoSuchYear."""
    pack, today = pack_in_force(connection), clock.today()
    year = water_years.found(connection, water_year, today)
    zones = reference.zones(connection)
    outputs = _outputs(connection, year.year)
    nodes = [*_caps(connection, year.year), *_targets(pack, zones, year.year, outputs, today)]
    chosen = {who for who, _ in outputs if who is not None}
    places, users = _facts(connection, zones, year, chosen, today)
    days = (year.ends_on - year.starts_on).days + 1
    elapsed = min(max((today - year.starts_on).days, 0), days)
    found = lines(
        nodes, places, users, pack.warnings_on(today), elapsed_e6=elapsed * ONE // days, year_days=days
    )
    return Tree(year.year, today, tuple(found), zones)


_CAPS_SQL = """
SELECT l.id, l.account_id, l.code, l.kind, l.water_year, l.zone_id, l.to_zone_id, l.source, l.sector, l.limit_litres,
       l.legal_source, l.demonstration,
       l.limit_litres - (a.credits_posted - a.debits_posted) + coalesce(e.debits_posted - e.credits_posted, 0),
       a.debits_pending
  FROM limits l JOIN accounts a ON a.id = l.account_id
  LEFT JOIN cap_excesses x ON x.limit_id = l.id LEFT JOIN accounts e ON e.id = x.account_id
 WHERE l.kind = 'cap' AND l.water_year = %s ORDER BY l.id
"""


def _caps(connection: psycopg.Connection[Any], water_year: int) -> list[Node]:
    with connection.cursor(row_factory=tuple_row) as cursor:
        rows = cursor.execute(_CAPS_SQL, (water_year,)).fetchall()
    return [
        Node(CAP, row[2], caps.LimitNode(*row[:11]), row[9], row[10], row[11], allotted_litres=row[12],
             held_litres=row[13])
        for row in rows
    ]  # fmt: skip


_OUTPUTS_SQL = """
SELECT DISTINCT ON (f.participant_id, f.zone_id, f.sector) f.participant_id, f.zone_id, f.sector, f.value_e2
  FROM department_figures f
 WHERE f.kind = 'output' AND f.water_year = %s ORDER BY f.participant_id, f.zone_id, f.sector, f.id DESC
"""
Outputs = dict[tuple[int | None, str], dict[int, int]]
"""By participant (None: of a whole zone) and sector, the output (1/100 of 10 000 yuan) by zone."""


def _outputs(connection: psycopg.Connection[Any], water_year: int) -> Outputs:
    found: Outputs = defaultdict(dict)
    with connection.cursor(row_factory=tuple_row) as cursor:
        for who, zone, sector, value in cursor.execute(_OUTPUTS_SQL, (water_year,)).fetchall():
            found[who, sector][zone] = value
    return found


def _targets(
    pack: Pack, zones: reference.Zones, water_year: int, outputs: Outputs, today: dt.date
) -> Iterable[Node]:
    """The targets, and for each user whose output was reported the narrowest target that holds it."""
    by_output: dict[str, list[tuple[IntensityTarget, int]]] = defaultdict(list)
    for each in pack.intensities_on(today):
        zone = zones.by_code[each.zone].id
        output = outputs.get((None, each.sector), {}).get(zone)
        yield _target(each, TARGET, each.code, water_year, zone, output if each.per == PER_OUTPUT else None)
        if each.per == PER_OUTPUT:
            by_output[each.sector].append((each, zone))
    for (who, sector), by_zone in outputs.items():
        for zone, output in by_zone.items():
            holding = [pair for pair in by_output[sector] if pair[1] in zones.lineage[zone]]
            if who is not None and holding:
                target, _ = max(holding, key=lambda pair: len(zones.lineage[pair[1]]))
                yield _target(target, USER, target.code, water_year, zone, output, who)


def _target(
    each: IntensityTarget, kind: str, code: str, water_year: int, zone: int, output: int | None,
    participant_id: int | None = None,
) -> Node:  # fmt: skip
    at = caps.LimitNode(
        0, 0, code, CAP, water_year, zone, None, None, each.sector, each.most_litres, each.basis.source
    )
    return Node(
        kind, code, at, each.most_litres, each.basis.source, each.basis.demonstration, per=each.per, output_e2=output,
        participant_id=participant_id,
    )  # fmt: skip


_COUNTED = """
WITH counted AS (
  SELECT r.water_account_id, r.since, r.read_at AS till, r.use_litres
    FROM meter_intervals i JOIN readings r ON r.id = i.reading_id
  UNION ALL
  SELECT t.water_account_id, s.since, s.until, t.use_litres
    FROM turn_uses t JOIN turn_sheets s ON s.id = t.turn_sheet_id AND s.status = 'signed'),
here AS (
  SELECT w.id, w.township_zone_id AS township, w.canal_zone_id AS canal, w.sector, w.source, w.water_year,
         y.starts_on, y.ends_on, CASE WHEN w.participant_id = ANY(%(users)s::bigint[]) THEN w.participant_id END AS who
    FROM water_accounts w JOIN water_years y ON y.year = w.water_year
   WHERE w.water_year BETWEEN %(first)s AND %(last)s)
"""
# An account's litres, each with the day of the year up to which its account was read.
_USED_SQL = (
    _COUNTED
    + """
SELECT h.township, h.canal, h.sector, h.source, h.who, sum(u.used)::bigint AS used,
       sum(u.used * greatest(0, round(extract(epoch FROM u.till - (h.starts_on::timestamp AT TIME ZONE 'Asia/Shanghai'))
                                      / 86400)))::bigint AS read_days
  FROM (SELECT water_account_id, sum(use_litres) AS used, max(till) AS till FROM counted GROUP BY 1) u
  JOIN here h ON h.id = u.water_account_id
 GROUP BY 1, 2, 3, 4, 5
"""
)
# Within a month, and over the months that it lasted, a reading's use is spread evenly; what lies before the year's
# first month or after its last counts to that. Most are placed by the eleven days between the months alone.
_MONTHS_SQL = (
    _COUNTED
    + """,
bounds AS MATERIALIZED (
  SELECT y.year, array_agg((date_trunc('month', y.starts_on::timestamp) + m.slot * interval '1 month')
                           AT TIME ZONE 'Asia/Shanghai' ORDER BY m.slot) AS days
    FROM water_years y CROSS JOIN (SELECT generate_series(1, 11) AS slot) m
   WHERE y.year BETWEEN %(first)s AND %(last)s GROUP BY 1),
placed AS MATERIALIZED (
  SELECT h.township, h.canal, h.sector, h.source, h.who, h.water_year, b.days, c.since, c.till, c.use_litres,
         width_bucket(c.since, b.days) AS begun, width_bucket(c.till, b.days) AS ended
    FROM counted c JOIN here h ON h.id = c.water_account_id JOIN bounds b ON b.year = h.water_year
   WHERE h.water_year = %(year)s::int OR (%(year)s::int IS NULL AND h.ends_on < %(today)s)),
parts AS (
  SELECT p.township, p.canal, p.sector, p.source, p.who, p.water_year, p.begun AS slot, p.use_litres::numeric AS litres
    FROM placed p WHERE p.begun = p.ended
  UNION ALL
  SELECT p.township, p.canal, p.sector, p.source, p.who, p.water_year, m.slot,
         p.use_litres * extract(epoch FROM least(p.till, coalesce(p.days[m.slot + 1], 'infinity'))
                                           - greatest(p.since, coalesce(p.days[m.slot], '-infinity')))
                      / extract(epoch FROM p.till - p.since)
    FROM placed p CROSS JOIN LATERAL generate_series(p.begun, p.ended) AS m (slot) WHERE p.begun < p.ended)
SELECT township, canal, sector, source, who, water_year, slot, round(sum(litres))::bigint AS litres
  FROM parts GROUP BY 1, 2, 3, 4, 5, 6, 7
"""
)
_HOLDINGS_SQL = """
SELECT w.township_zone_id AS township, w.canal_zone_id AS canal, w.sector, w.source, NULL::bigint AS who,
       sum(a.credits_posted - a.debits_posted)::bigint AS holdings
  FROM water_accounts w JOIN accounts a ON a.id = w.account_id WHERE w.water_year = %(year)s GROUP BY 1, 2, 3, 4
"""
# A plot that is watered from two sources is one plot: of a holder's place the source with the most land counts.
_LAND_SQL = """
SELECT l.township, l.canal, l.sector, l.source, NULL::bigint AS who, sum(l.land)::bigint AS land
  FROM (SELECT DISTINCT ON (e.participant_id, e.township_zone_id, e.canal_zone_id, e.sector)
               e.township_zone_id AS township, e.canal_zone_id AS canal, e.sector, e.source, sum(e.land_mu_e2) AS land
          FROM entitlements e
         WHERE e.status IN ('confirmed', 'suspended') AND e.land_mu_e2 IS NOT NULL
           AND e.valid_from <= %(today)s AND e.valid_to >= %(today)s
         GROUP BY e.participant_id, e.township_zone_id, e.canal_zone_id, e.sector, e.source
         ORDER BY e.participant_id, e.township_zone_id, e.canal_zone_id, e.sector, sum(e.land_mu_e2) DESC, e.source) l
 GROUP BY 1, 2, 3, 4
"""


def _facts(
    connection: psycopg.Connection[Any],
    zones: reference.Zones,
    year: WaterYear,
    users: set[int],
    today: dt.date,
) -> tuple[dict[caps.Place, Facts], dict[tuple[int, str | None], Facts]]:
    """The facts of each place, and of each of these users in each of their sectors."""
    asked = {
        "year": year.year, "first": year.year, "last": year.year, "today": today, "users": Bigints(users),
    }  # fmt: skip
    places: dict[caps.Place, Facts] = defaultdict(Facts)
    whose: dict[tuple[int, str | None], Facts] = defaultdict(Facts)
    with connection.cursor(row_factory=dict_row) as cursor:
        rows = _past_rows(cursor, asked, frozenset(users))
        for statement in (_USED_SQL, _MONTHS_SQL, _HOLDINGS_SQL, _LAND_SQL):
            rows = [*rows, *cursor.execute(statement, asked).fetchall()]
    for row in rows:
        at = caps.place(
            zones.lineage, township_zone_id=row["township"], canal_zone_id=row["canal"], sector=row["sector"],
            source=row["source"], water_year=year.year,
        )  # fmt: skip
        facts = _of_row(row, year.year)
        places[at].add(facts)
        if row["who"] is not None:
            whose[row["who"], row["sector"]].add(facts)
    return places, whose


MOST_KEPT = 8
_kept: dict[tuple[Any, ...], list[dict[str, Any]]] = kept()


def _past_rows(
    cursor: psycopg.Cursor[dict[str, Any]], asked: dict[str, Any], users: frozenset[int]
) -> list[dict[str, Any]]:
    """The months of whole years before this one: read once a legal day by a process, as they hardly change."""
    info = cursor.connection.info
    key = (info.host, info.port, info.dbname, asked["year"], asked["today"], users)
    if key not in _kept:
        if len(_kept) >= MOST_KEPT:
            _kept.clear()
        year = asked["year"]
        past = asked | {"year": None, "first": year - PAST_YEARS, "last": year - 1}
        _kept[key] = cursor.execute(_MONTHS_SQL, past).fetchall()
    return _kept[key]


def _of_row(row: dict[str, Any], water_year: int) -> Facts:
    found = Facts(
        used_litres=row.get("used", 0), read_days=row.get("read_days", 0), holdings_litres=row.get("holdings", 0),
        land_mu_e2=row.get("land", 0),
    )  # fmt: skip
    if "slot" in row:
        months = found.months if row["water_year"] == water_year else found.past[row["water_year"]]
        months[row["slot"]] = row["litres"]
    return found
