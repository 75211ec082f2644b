"""What everybody sees of the market: depth, tape, candles, prices, the index and what they leave out. Set queries.

Prices and zones are those of one side: at the seller's place (litres given up) or the buyer's (litres received).
docs/market-data.md says what is counted and why. No query here names or gives away a participant.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import psycopg

from market.core import clock
from market.core.errors import Refusal
from market.trading.candles import Candle
from market.trading.index import Item, Sample

ZERO_PRICE, RELATED_PARTY = "zero_price", "related_party"
REASONS = (ZERO_PRICE, RELATED_PARTY, "awaiting_review", "rejected", "reversed")
"""Why a trade counts in no price. The last three say that it is not settled."""
SELLER, BUYER = "seller", "buyer"
MECHANISMS = {"trade": "continuous"}
"""How a trade came about, by the kind of its instruction."""
BEST_LEVELS = 10
AT_ONCE, WAIT_MS, WITHIN_MS = 3, 1_000, 10_000
RECKONING_LOCK = 0x6D617274
TIMES_SQL = "SELECT set_config('lock_timeout', %s, true), set_config('statement_timeout', %s, true)"
PLACE_SQL = "SELECT pg_advisory_xact_lock(%s::int, pg_backend_pid() %% %s::int)"

_LEGAL = clock.LEGAL_ZONE.key
_HALF_EVEN = (  # value over litres to the nearest 1/10 000 yuan, halves to even, as `candles.divided`
    "(m.value / m.litres + CASE WHEN 2 * mod(m.value, m.litres) > m.litres OR (2 * mod(m.value, m.litres) = m.litres"
    " AND mod(m.value / m.litres, 2) = 1) THEN 1 ELSE 0 END)"
)

# Below a zone, itself included; above each zone, itself included.
_BELOW = """below AS (
  SELECT id FROM zones WHERE code = %(zone)s::text
  UNION ALL SELECT z.id FROM zones z JOIN below ON z.parent_id = below.id
)"""
ABOVE = """above AS (
  SELECT id AS leaf, id, parent_id, level, code FROM zones
  UNION ALL SELECT above.leaf, z.id, z.parent_id, z.level, z.code FROM above JOIN zones z ON z.id = above.parent_id
)"""

# Whose water an account sells besides its holder's: members of a pool, holder and bank of a pledge.
_BEHIND = """behind AS MATERIALIZED (
  SELECT r.water_account_id AS account, coalesce(p.owner_group_id, p.id) AS owner
  FROM trusts r JOIN trust_members m ON m.trust_id = r.id AND m.status NOT IN ('offered', 'refused')
  JOIN participants p ON p.id = m.participant_id
  UNION SELECT s.water_account_id, coalesce(p.owner_group_id, p.id)
  FROM pledge_sales s JOIN pledge_sale_parts x ON x.sale_id = s.id JOIN pledges g ON g.id = x.pledge_id
  JOIN participants p ON p.id IN (g.bank_id, g.participant_id)
)"""

# -> every trade with who stands behind its sides, as known today, and why it counts in no price, if so
_MARKED = f"""marked AS NOT MATERIALIZED (
  SELECT t.id, t.product_id, t.traded_at, t.source_litres, t.delivered_litres, t.value_tick_litres AS value,
         i.seller_water_account_id, i.buyer_water_account_id, i.status, i.kind, s.owner AS seller, b.owner AS buyer,
         array_remove(ARRAY[
           CASE WHEN t.amount_fen = 0 OR t.value_tick_litres = 0 THEN '{ZERO_PRICE}' END,
           CASE WHEN s.owner = b.owner OR (i.seller_water_account_id, b.owner) IN (SELECT account, owner FROM behind)
                THEN '{RELATED_PARTY}' END,
           CASE WHEN i.status <> 'settled' THEN i.status END], NULL) AS reasons
  FROM trades t
  JOIN instructions i ON i.id = t.instruction_id
  JOIN (SELECT id, coalesce(owner_group_id, id) AS owner FROM participants) s ON s.id = t.seller_id
  JOIN (SELECT id, coalesce(owner_group_id, id) AS owner FROM participants) b ON b.id = t.buyer_id
)"""

# -> what calls gave the orders of the side that is asked for, at the price of their place. A call stands among trades
# where the batch stands that held it. Whose water went to whom nobody can say: the other side is the call.
_OF_CALLS = f"""
  SELECT c.batch_id, f.order_id, c.product_id, c.cleared_at, f.litres * f.price_e4, coalesce(p.owner_group_id, p.id),
         -c.id, w.township_zone_id, w.canal_zone_id, w.sector, 'call', f.litres
  FROM calls c
  JOIN call_fills f ON f.call_id = c.id
       AND f.side = CASE %(at)s::text WHEN '{SELLER}' THEN 'sell' ELSE 'buy' END AND f.amount_fen > 0
  JOIN participants p ON p.id = f.participant_id
  JOIN water_accounts w ON w.id = f.water_account_id
  WHERE c.status = 'settled' AND c.cleared_at >= %(since)s AND c.cleared_at < %(before)s
    AND (%(product)s::bigint IS NULL OR c.product_id = %(product)s)"""
_OF_PLACE = """
    AND (%(sector)s::text IS NULL OR w.sector = %(sector)s)
    AND (%(zone)s::text IS NULL OR w.township_zone_id IN (SELECT id FROM below)
         OR w.canal_zone_id IN (SELECT id FROM below))"""

# -> the trades that count, calls among them, with place, litres and sector of the side that is asked for
_COUNTED = f"""{_BELOW}, {ABOVE}, {_BEHIND}, {_MARKED}, counted AS NOT MATERIALIZED (
  SELECT m.id, 0::bigint AS part, m.product_id, m.traded_at, m.value, m.seller, m.buyer, w.township_zone_id,
         w.canal_zone_id, w.sector,
         o.sector AS other_sector, CASE %(at)s::text WHEN '{SELLER}' THEN m.source_litres ELSE m.delivered_litres END
         AS litres
  FROM marked m
  JOIN water_accounts w ON w.id = CASE %(at)s::text WHEN '{SELLER}' THEN m.seller_water_account_id
                                  ELSE m.buyer_water_account_id END
  JOIN water_accounts o ON o.id = CASE %(at)s::text WHEN '{SELLER}' THEN m.buyer_water_account_id
                                  ELSE m.seller_water_account_id END
  WHERE m.reasons = '{{}}' AND m.traded_at >= %(since)s AND m.traded_at < %(before)s
    AND (%(product)s::bigint IS NULL OR m.product_id = %(product)s){_OF_PLACE}
  UNION ALL{_OF_CALLS}{_OF_PLACE}
)"""

CANDLES_SQL = f"""
WITH RECURSIVE {_COUNTED}
SELECT date_trunc(%(interval)s, m.traded_at, '{_LEGAL}'), (array_agg({_HALF_EVEN} ORDER BY m.id, m.part))[1],
       max({_HALF_EVEN}), min({_HALF_EVEN}), (array_agg({_HALF_EVEN} ORDER BY m.id DESC, m.part DESC))[1],
       sum(m.litres), sum(m.value), count(*)
FROM counted m GROUP BY 1 ORDER BY 1
"""

_PERIOD = f"date_trunc(%(period)s, m.traded_at AT TIME ZONE '{_LEGAL}')::date"
_ZONE = "LEFT JOIN above a ON a.leaf IN (m.township_zone_id, m.canal_zone_id) AND a.level = %(level)s"

# Added up by place first: there are few places, and many trades to look for each one's zone.
PRICES_SQL = f"""
WITH RECURSIVE {_COUNTED}, placed AS (
  SELECT {_PERIOD} AS period, m.product_id, m.township_zone_id, m.canal_zone_id, m.sector, max({_HALF_EVEN}) AS high,
         min({_HALF_EVEN}) AS low, sum(m.litres) AS litres, sum(m.value) AS value, count(*) AS trades
  FROM counted m GROUP BY 1, 2, 3, 4, 5
)
SELECT m.period, m.product_id, a.code, m.sector, max(m.high), min(m.low), sum(m.litres), sum(m.value), sum(m.trades)
FROM placed m {_ZONE}
GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3 NULLS FIRST, 4 LIMIT %(limit)s
"""

# -> for each period, zone and sector one row of the whole (item null) and one of each item
SAMPLES_SQL = f"""
WITH RECURSIVE {_COUNTED}, items AS (
  SELECT {_PERIOD} AS period, a.code AS zone, m.sector, m.seller, m.buyer, m.value, m.litres,
         concat_ws('/', p.source, p.tenure, p.water_year - y.year, m.canal_zone_id,
                   m.other_sector) AS item
  FROM counted m JOIN above a ON a.leaf IN (m.township_zone_id, m.canal_zone_id) AND a.level = %(level)s
  JOIN products p ON p.id = m.product_id
  LEFT JOIN water_years y
         ON (m.traded_at AT TIME ZONE '{_LEGAL}')::date BETWEEN y.starts_on AND y.ends_on
)
SELECT zone, sector, period, item, sum(value), sum(litres), count(*), count(DISTINCT (seller, buyer))
FROM items GROUP BY GROUPING SETS ((zone, sector, period), (zone, sector, period, item)) ORDER BY 1, 2, 3
"""

EXCLUDED_SQL = f"""
WITH RECURSIVE {_BEHIND}, {_MARKED}
SELECT m.id, m.product_id, m.traded_at, m.source_litres, m.delivered_litres, m.value, zs.code, ws.sector, zb.code,
       wb.sector, m.reasons
FROM marked m
JOIN water_accounts ws ON ws.id = m.seller_water_account_id
JOIN water_accounts wb ON wb.id = m.buyer_water_account_id
JOIN zones zs ON zs.id = ws.canal_zone_id
JOIN zones zb ON zb.id = wb.canal_zone_id
WHERE m.id < %(before_id)s AND m.reasons <> '{{}}' AND m.traded_at >= %(since)s AND m.traded_at < %(before)s
  AND (%(product)s::bigint IS NULL OR m.product_id = %(product)s)
  AND (%(reason)s::text IS NULL OR %(reason)s = ANY (m.reasons))
ORDER BY m.id DESC LIMIT %(limit)s
"""

DEPTH_SQL = f"""
WITH RECURSIVE {_BELOW}, {ABOVE}
SELECT a.code, w.sector, o.side, o.price_e4, sum(o.rest_litres)::bigint, count(*)
FROM orders o
JOIN water_accounts w ON w.id = o.water_account_id
LEFT JOIN above a ON a.leaf IN (w.township_zone_id, w.canal_zone_id) AND a.level = %(level)s
WHERE o.product_id = %(product)s AND o.status = 'open'
  AND (%(sector)s::text IS NULL OR w.sector = %(sector)s)
  AND (%(zone)s::text IS NULL OR w.township_zone_id IN (SELECT id FROM below)
       OR w.canal_zone_id IN (SELECT id FROM below))
GROUP BY 1, 2, 3, 4
ORDER BY 1 NULLS FIRST, 2, 3, CASE WHEN o.side = 'buy' THEN -o.price_e4 ELSE o.price_e4 END
LIMIT %(limit)s
"""

# The best levels of each side of products, whatever zone and sector -> product, side, price, litres, orders
BEST_SQL = f"""
SELECT product_id, side, price_e4, litres, orders FROM (
  SELECT o.product_id, o.side, o.price_e4, sum(o.rest_litres)::bigint AS litres, count(*) AS orders,
         row_number() OVER (PARTITION BY o.product_id, o.side
                            ORDER BY CASE WHEN o.side = 'buy' THEN -o.price_e4 ELSE o.price_e4 END) AS place
  FROM orders o WHERE o.status = 'open' AND o.product_id = ANY (%s::bigint[]) GROUP BY 1, 2, 3
) AS levels WHERE place <= {BEST_LEVELS} ORDER BY product_id, side, place
"""

TAPE_COLUMNS = (
    "t.id, t.traded_at, t.source_litres, t.delivered_litres, t.product_id, t.price_e4, t.maker, t.amount_fen, i.status,"
    " zs.code, ws.sector, zb.code, wb.sector, i.kind, t.value_tick_litres"
)
_TAPE_FROM = """
FROM trades t
JOIN instructions i ON i.id = t.instruction_id
JOIN water_accounts ws ON ws.id = i.seller_water_account_id
JOIN water_accounts wb ON wb.id = i.buyer_water_account_id
JOIN zones zs ON zs.id = ws.canal_zone_id
JOIN zones zb ON zb.id = wb.canal_zone_id
"""
TAPE_SQL = f"""
SELECT {TAPE_COLUMNS} {_TAPE_FROM}
WHERE t.product_id = %(product)s AND t.id < %(before)s ORDER BY t.id DESC LIMIT %(limit)s
"""
# What a live feed adds: the next trades of all products; and its beginning, the last ones.
NEXT_TRADES_SQL = f"SELECT {TAPE_COLUMNS} {_TAPE_FROM} WHERE t.id > %s ORDER BY t.id LIMIT %s"
LAST_TRADES_SQL = f"SELECT {TAPE_COLUMNS} {_TAPE_FROM} ORDER BY t.id DESC LIMIT %s"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Which trades: legal days, both included; at the place of the seller or the buyer; None is any.

    `zone` is the code of a zone of either tree, and means everything below it too.
    """

    first: dt.date
    last: dt.date
    at: str = SELLER
    product: int | None = None
    zone: str | None = None
    sector: str | None = None

    def parameters(self, **more: Any) -> dict[str, Any]:
        """What the statements call these."""
        return {
            "since": clock.end_of_legal_day(self.first - dt.timedelta(days=1)),
            "before": clock.end_of_legal_day(self.last), "at": self.at, "product": self.product, "zone": self.zone,
            "sector": self.sector, **more,
        }  # fmt: skip


class ReckoningBusy(Refusal):
    """Prices are being reckoned for as many as may ask at once, or this question takes too long: orders go first."""

    code = "unavailable"
    status = 503
    title_en = "Not available just now"
    title_zh = "暂时不可用"


def reckon(
    connection: psycopg.Connection[Any], statement: str, parameters: dict[str, Any]
) -> list[tuple[Any, ...]]:
    """The rows of a statement over many trades; of all such only AT_ONCE run, each at most WITHIN_MS.

    Who reads for everybody without a sign-in must not take the database from orders. Errors: ReckoningBusy.
    """
    connection.execute(TIMES_SQL, (str(WAIT_MS), str(WITHIN_MS)))
    try:
        connection.execute(PLACE_SQL, (RECKONING_LOCK, AT_ONCE))
        return connection.execute(statement, parameters).fetchall()
    except psycopg.errors.LockNotAvailable as error:
        raise ReckoningBusy("others are asking just now; ask again in a moment") from error
    except psycopg.errors.QueryCanceled as error:
        raise ReckoningBusy("that takes too long to reckon; ask for fewer days") from error


def candles(connection: psycopg.Connection[Any], asked: Asked, *, interval: str) -> list[Candle]:
    """The candles of the trades that count, oldest first. `interval` is one of `candles.INTERVALS`."""
    rows = reckon(connection, CANDLES_SQL, asked.parameters(interval=interval))
    return [Candle(*row[:5], *map(int, row[5:])) for row in rows]  # sums come as numeric


@dataclass(frozen=True, slots=True)
class Price:
    """What one product, zone and sector traded at in one period. `zone` is None above the level asked for."""

    start: dt.date
    product: int
    zone: str | None
    sector: str
    high_e4: int
    low_e4: int
    litres: int
    value_tick_litres: int
    trades: int


def prices(
    connection: psycopg.Connection[Any], asked: Asked, *, period: str, level: str, limit: int
) -> list[Price]:
    """At most `limit` prices by period (of `candles.PERIODS`), product, zone of a level and sector, oldest first."""
    rows = reckon(connection, PRICES_SQL, asked.parameters(period=period, level=level, limit=limit))
    return [Price(*row[:4], *map(int, row[4:])) for row in rows]


def samples(
    connection: psycopg.Connection[Any], asked: Asked, *, period: str, level: str
) -> dict[tuple[str, str], dict[dt.date, Sample]]:
    """What the index is made of: (zone code, sector) -> first day of the period -> its trades by item."""
    rows = reckon(connection, SAMPLES_SQL, asked.parameters(period=period, level=level))
    items: dict[tuple[str, str, dt.date], dict[Any, Item]] = {}
    wholes: dict[tuple[str, str, dt.date], tuple[int, int]] = {}
    for zone, sector, start, item, value, litres, trades, pairs in rows:
        if item is None:
            wholes[zone, sector, start] = trades, pairs
        else:
            items.setdefault((zone, sector, start), {})[item] = Item(int(value), int(litres))
    found: dict[tuple[str, str], dict[dt.date, Sample]] = {}
    for (zone, sector, start), (trades, pairs) in wholes.items():
        found.setdefault((zone, sector), {})[start] = Sample(items[zone, sector, start], trades, pairs)
    return found


def excluded(
    connection: psycopg.Connection[Any], asked: Asked, *, reason: str | None, before: int, limit: int
) -> list[tuple[Any, ...]]:
    """Trades that count in no price, newest first, with the reasons (each of REASONS) at the end of the row.

    The place of `asked` is not looked at.
    """
    return reckon(connection, EXCLUDED_SQL, asked.parameters(reason=reason, before_id=before, limit=limit))


def depth(
    connection: psycopg.Connection[Any], *, product: int, level: str, zone: str | None, sector: str | None,
    limit: int,
) -> list[tuple[Any, ...]]:  # fmt: skip
    """Open orders by zone of a level, sector, side and price: then litres and how many; best price first."""
    asking = {"product": product, "level": level, "zone": zone, "sector": sector, "limit": limit}
    return connection.execute(DEPTH_SQL, asking).fetchall()


def tape(
    connection: psycopg.Connection[Any], *, product: int, before: int, limit: int
) -> list[tuple[Any, ...]]:
    """A product's trades by TAPE_COLUMNS, newest first."""
    return connection.execute(TAPE_SQL, {"product": product, "before": before, "limit": limit}).fetchall()


def best(rows: Iterable[Sequence[Any]]) -> dict[int, dict[str, list[tuple[int, int, int]]]]:
    """Rows of BEST_SQL as product -> side -> (price_e4, litres, orders), best first."""
    found: dict[int, dict[str, list[tuple[int, int, int]]]] = {}
    for product, side, price_e4, litres, orders in rows:
        found.setdefault(product, {}).setdefault(side, []).append((price_e4, litres, orders))
    return found
