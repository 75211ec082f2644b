"""Where traded water went: the volumes that settled between zones and sectors. Set queries, without names.

A call auction has one counterparty, itself: what sellers gave up there and what buyers received stand as two flows,
one without a destination and one without an origin. docs/market-data.md has the method of everything else.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import psycopg

from market.trading.market_data import ABOVE, Asked, reckon

# -> zone and sector of the origin, of the destination, litres that left, litres that arrived, how many
FLOWS_SQL = f"""
WITH RECURSIVE {ABOVE}, moved AS (
  SELECT s.township_zone_id AS from_township, s.canal_zone_id AS from_canal, s.sector AS from_sector,
         b.township_zone_id AS to_township, b.canal_zone_id AS to_canal, b.sector AS to_sector,
         t.source_litres, t.delivered_litres
  FROM trades t
  JOIN instructions i ON i.id = t.instruction_id AND i.status = 'settled'
  JOIN water_accounts s ON s.id = i.seller_water_account_id
  JOIN water_accounts b ON b.id = i.buyer_water_account_id
  WHERE t.traded_at >= %(since)s AND t.traded_at < %(before)s
    AND (%(product)s::bigint IS NULL OR t.product_id = %(product)s)
  UNION ALL
  SELECT CASE WHEN f.side = 'sell' THEN w.township_zone_id END, CASE WHEN f.side = 'sell' THEN w.canal_zone_id END,
         CASE WHEN f.side = 'sell' THEN w.sector END, CASE WHEN f.side = 'buy' THEN w.township_zone_id END,
         CASE WHEN f.side = 'buy' THEN w.canal_zone_id END, CASE WHEN f.side = 'buy' THEN w.sector END,
         f.litres, f.litres
  FROM calls c
  JOIN call_fills f ON f.call_id = c.id
  JOIN water_accounts w ON w.id = f.water_account_id
  WHERE c.status = 'settled' AND c.cleared_at >= %(since)s AND c.cleared_at < %(before)s
    AND (%(product)s::bigint IS NULL OR c.product_id = %(product)s)
)
SELECT a.code, m.from_sector, b.code, m.to_sector, sum(m.source_litres), sum(m.delivered_litres), count(*)
FROM moved m
LEFT JOIN above a ON a.leaf IN (m.from_township, m.from_canal) AND a.level = %(level)s
LEFT JOIN above b ON b.leaf IN (m.to_township, m.to_canal) AND b.level = %(level)s
GROUP BY 1, 2, 3, 4 ORDER BY 5 DESC, 1, 2, 3, 4 LIMIT %(limit)s
"""


@dataclass(frozen=True, slots=True)
class Flow:
    """What settled from a zone and sector to another; a sector of None is the call, a zone of None one above."""

    from_zone: str | None
    from_sector: str | None
    to_zone: str | None
    to_sector: str | None
    source_litres: int
    delivered_litres: int
    trades: int


def flows(connection: psycopg.Connection[Any], asked: Asked, *, level: str, limit: int) -> list[Flow]:
    """At most `limit` flows between the zones of a level, the largest first. Errors: ReckoningBusy."""
    rows = reckon(connection, FLOWS_SQL, asked.parameters(level=level, limit=limit))
    return [Flow(*row[:4], *map(int, row[4:])) for row in rows]
