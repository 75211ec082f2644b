"""What everybody held, used, bought and sold under each right in the last water years. Set statements."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Sequence
from typing import Any, NamedTuple

import psycopg

from ledger.units import split_exact
from market.core import clock
from market.county.pack import Pack
from market.supervision.surveillance.evidence import Right
from market.supervision.watching.window import Window

WHOLE_E6 = 1_000_000
CURTAILED = "curtailed"
YEARS_BEYOND = 2
"""So many water years are read beyond those of hoarding: a run of years begins before it is long enough."""
NOT_SOLD = frozenset({"abstraction_permit"})
"""Kinds of right whose water is never sold as such; what of it was verified as saved is an account of its own."""

# Use is that of the readings and turn sheets that count; what is sold or bought is bound by an instruction or a call,
# or went into a pool or lot, which sells it in turn.
_ACCOUNTS_SQL = """
WITH mine AS (
  SELECT w.id, w.participant_id, t.code AS township, c.code AS canal, w.sector, w.source, w.water_year, w.plan_litres,
         w.right_kind, y.starts_on, y.ends_on
    FROM water_accounts w
    JOIN water_years y ON y.year = w.water_year
    JOIN zones t ON t.id = w.township_zone_id JOIN zones c ON c.id = w.canal_zone_id
   WHERE w.water_year BETWEEN %(first)s AND %(last)s),
used AS (
  SELECT r.water_account_id AS id, sum(r.use_litres) AS litres
    FROM readings r JOIN meter_intervals i ON i.reading_id = r.id WHERE r.read_at < %(until)s GROUP BY 1
  UNION ALL
  SELECT u.water_account_id, sum(u.use_litres)
    FROM turn_uses u JOIN turn_sheets s ON s.id = u.turn_sheet_id
   WHERE s.status = 'signed' AND s.until < %(until)s GROUP BY 1),
entrusted AS (
  SELECT w.id, w.account_id FROM water_accounts w
   WHERE EXISTS (SELECT FROM trust_members m WHERE m.water_account_id = w.id)),
moved AS (
  SELECT seller_water_account_id AS id, sum(source_litres) AS sold, 0::numeric AS bought
    FROM instructions WHERE status IN ('awaiting_review', 'settled') AND instructed_at < %(until)s GROUP BY 1
  UNION ALL
  SELECT buyer_water_account_id, 0, sum(delivered_litres)
    FROM instructions WHERE status IN ('awaiting_review', 'settled') AND instructed_at < %(until)s GROUP BY 1
  UNION ALL
  SELECT f.water_account_id, CASE f.side WHEN 'sell' THEN sum(f.litres) ELSE 0 END,
         CASE f.side WHEN 'buy' THEN sum(f.litres) ELSE 0 END
    FROM call_fills f JOIN calls c ON c.id = f.call_id
   WHERE c.status IN ('held', 'settled') AND c.cleared_at < %(until)s GROUP BY f.water_account_id, f.side
  UNION ALL
  SELECT m.water_account_id, sum(m.litres), 0 FROM (
    SELECT w.id AS water_account_id, t.amount AS litres FROM entrusted w
      JOIN transfers t ON t.debit_account_id = w.account_id AND t.debit_account_id >= 1000000
     WHERE t.code = 71 AND t.kind IN (0, 2) AND t.created_at < %(until)s
    UNION ALL
    SELECT w.id, -t.amount FROM entrusted w
      JOIN transfers t ON t.credit_account_id = w.account_id AND t.credit_account_id >= 1000000
     WHERE t.code = 71 AND t.kind IN (0, 2) AND t.created_at < %(until)s) m
   GROUP BY 1)
SELECT m.id, m.participant_id, m.township, m.canal, m.sector, m.source, m.water_year, m.plan_litres, m.right_kind,
       m.starts_on, m.ends_on, coalesce(u.litres, 0)::bigint, greatest(0, coalesce(x.sold, 0))::bigint,
       coalesce(x.bought, 0)::bigint, EXISTS (SELECT FROM curtailment_lines l WHERE l.water_account_id = m.id)
  FROM mine m
  LEFT JOIN (SELECT id, sum(litres) AS litres FROM used GROUP BY 1) AS u ON u.id = m.id
  LEFT JOIN (SELECT id, sum(sold) AS sold, sum(bought) AS bought FROM moved GROUP BY 1) AS x ON x.id = m.id
 ORDER BY m.id
"""

# What announcements that stand have credited to a right, on which account.
_CREDITED_SQL = """
SELECT l.water_account_id, l.entitlement_id, sum(l.litres)::bigint
  FROM announcement_lines l JOIN announcements a ON a.id = l.announcement_id
 WHERE a.water_year BETWEEN %(first)s AND %(last)s AND a.announced_at < %(until)s
   AND NOT EXISTS (SELECT FROM reversals r WHERE r.announcement_id = a.id)
 GROUP BY 1, 2 ORDER BY 1, 2
"""
_EXCUSED_SQL = """
SELECT DISTINCT ON (x.entitlement_id, x.year) x.entitlement_id, x.year, x.reason FROM (
  SELECT s.entitlement_id, y.year, s.reason, s.id FROM entitlement_steps s
    JOIN water_years y ON y.starts_on <= (s.detail::jsonb ->> 'until')::date
                      AND y.ends_on >= (s.at AT TIME ZONE 'Asia/Shanghai')::date
   WHERE s.step = 'excuse' AND s.at < %(until)s) AS x
 WHERE x.year BETWEEN %(first)s AND %(last)s ORDER BY 1, 2, x.id DESC
"""


class _Account(NamedTuple):
    id: int
    participant: int
    township: str
    canal: str
    sector: str
    source: str
    year: int
    plan: int | None
    kind: str | None
    starts_on: dt.date
    ends_on: dt.date
    used: int
    sold: int
    bought: int
    curtailed: bool

    @property
    def is_empty(self) -> bool:
        """Nothing was used or moved here, and nothing planned."""
        return not (self.used or self.sold or self.bought) and self.plan is None


def rights(connection: psycopg.Connection[Any], pack: Pack, window: Window, years: int) -> tuple[Right, ...]:
    """Every right of the last water years, as of the window's end; litres.

    What is used, sold and bought on an account that several rights share is told apart by what each was credited, to
    the litre. An account without a right of its own (bought, pooled, carried over) stands under minus its own number
    and in no zone: it counts for plans, not for who holds a zone's rights.
    """
    last = window.day.year
    asked = {"first": last - years - YEARS_BEYOND + 1, "last": last, "until": window.until}
    credited: dict[int, list[tuple[int, int]]] = defaultdict(list)
    for account, right, litres in connection.execute(_CREDITED_SQL, asked):
        credited[account].append((right, litres))
    excused = {(right, year): why for right, year, why in connection.execute(_EXCUSED_SQL, asked)}
    may_sell = {each.code: each.may_sell for each in pack.sectors}
    found: list[Right] = []
    for row in connection.execute(_ACCOUNTS_SQL, asked):
        account = _Account(*row)
        some = credited.get(account.id) or ([] if account.is_empty else [(-account.id, 0)])
        found += _of_account(account, some, excused, pack, window, may_sell.get(account.sector, False))
    return tuple(sorted(found, key=lambda one: (one.year, one.right)))


def _of_account(
    account: _Account,
    some: Sequence[tuple[int, int]],
    excused: dict[tuple[int, int], str],
    pack: Pack,
    window: Window,
    may_sell: bool,
) -> list[Right]:
    weights = [litres for _, litres in some]
    if not any(weights):
        weights = [1] * len(some)
    used, sold, bought = (
        split_exact(whole, weights) for whole in (account.used, account.sold, account.bought)
    )
    share = share_of_year_e6(
        pack.open_months(account.canal).months, account.starts_on, account.ends_on, window
    )
    return [
        Right(
            party=account.participant,
            right=right,
            year=account.year,
            source=account.source,
            zone=account.township if right > 0 else "",
            allocated=litres,
            used=used[place],
            bought=bought[place],
            sold=sold[place],
            plan=None if account.plan is None else account.plan if place == 0 else 0,
            excused=excused.get((right, account.year), CURTAILED if account.curtailed else ""),
            share_of_year_e6=share,
            tradable_class=right > 0 and may_sell and account.kind not in NOT_SOLD,
        )
        for place, (right, litres) in enumerate(some)
    ]


def share_of_year_e6(months: Sequence[int], starts_on: dt.date, ends_on: dt.date, window: Window) -> int:
    """How much of a year's normal use falls before the window's end: of the days on which the canal leads water."""
    last = (window.until - dt.timedelta(microseconds=1)).astimezone(clock.LEGAL_ZONE).date()
    if last >= ends_on:
        return WHOLE_E6
    days = [starts_on + dt.timedelta(days=ahead) for ahead in range((ends_on - starts_on).days + 1)]
    leading = [day for day in days if day.month in months]
    if not leading:
        return 0
    return sum(day <= last for day in leading) * WHOLE_E6 // len(leading)
