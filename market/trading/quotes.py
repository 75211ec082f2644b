"""What an order would move and leave, by each way to those who wait on the other side: asked before it is signed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import psycopg

from market.core import clock, workdays
from market.core.errors import NotFound
from market.county.current import pack_in_force
from market.registry import queries as registry_queries
from market.trading import queries
from market.trading.book import BUY, SELL
from market.trading.lanes import quantities
from market.trading.reference import PoolKey
from market.trading.ways import Way, way_between

MOST_PLACES = 20

_ACCOUNT_SQL = """
SELECT zt.code, zc.code, w.sector, w.source, w.water_year, w.right_kind, w.origin, p.public_storage, d.id
  FROM water_accounts w
  JOIN zones zt ON zt.id = w.township_zone_id
  JOIN zones zc ON zc.id = w.canal_zone_id
  JOIN participants p ON p.id = w.participant_id
  LEFT JOIN products d ON d.source = w.source AND d.water_year = w.water_year AND d.tenure = 'allocation'
 WHERE w.id = %(account)s
"""
_WAITING_SQL = """
SELECT zt.code, zc.code, w.sector, w.source, w.water_year, w.right_kind, w.origin, p.public_storage,
       CASE WHEN o.side = 'buy' THEN max(o.price_e4) ELSE min(o.price_e4) END, sum(o.rest_litres)
  FROM orders o
  JOIN water_accounts w ON w.id = o.water_account_id
  JOIN zones zt ON zt.id = w.township_zone_id
  JOIN zones zc ON zc.id = w.canal_zone_id
  JOIN participants p ON p.id = w.participant_id
 WHERE o.product_id = %(product)s AND o.status = 'open' AND o.side = %(side)s
   AND w.participant_id <> (SELECT participant_id FROM water_accounts WHERE id = %(account)s)
 GROUP BY zt.code, zc.code, w.sector, w.source, w.water_year, w.right_kind, w.origin, p.public_storage, o.side
"""


@dataclass(frozen=True)
class Option:
    """One place on the other side: who waits there, at which best price there and here, and what the whole volume
    would move and cost over this way. Litres, fen, 1/10 000 yuan a m3.
    """

    township: str
    canal: str
    sector: str
    arrives_per_mille: int
    waiting_litres: int
    best_price_e4: int
    price_here_e4: int
    source_litres: int
    delivered_litres: int
    amount_fen: int
    fee_fen: int
    review_rule: str | None
    review_source: str | None
    review_due_on: Any | None

    @property
    def loss_litres(self) -> int:
        """What the way takes."""
        return self.source_litres - self.delivered_litres

    @property
    def net_fen(self) -> int:
        """What the seller receives."""
        return self.amount_fen - self.fee_fen


@dataclass(frozen=True)
class Quote:
    """What may become of an order; `options` with the best price at the account's own place first."""

    water_account_id: int
    product_id: int
    side: str
    volume_litres: int
    price_e4: int
    fee_due_fen: int
    options: tuple[Option, ...]


def quote(
    connection: psycopg.Connection[Any],
    *,
    water_account_id: int,
    side: str,
    volume_litres: int,
    price_e4: int,
) -> Quote:
    """What an order of this volume at this price, both at the account's own place, would move by each way.

    Nothing is held, and others may be quicker. Errors: NotFound, also where nothing is traded of the account's water.
    """
    row = connection.execute(_ACCOUNT_SQL, {"account": water_account_id}).fetchone()
    if row is None or row[8] is None:
        raise NotFound("there is no such account, or nothing is traded of its water")
    own, product = PoolKey(*row[:8]), row[8]
    waiting = queries.rows(
        connection, _WAITING_SQL,
        {"product": product, "side": BUY if side == SELL else SELL, "account": water_account_id},
    )  # fmt: skip
    pack = pack_in_force(connection)
    options = []
    for each in waiting:
        other = PoolKey(*each[:8])
        seller, buyer = (own, other) if side == SELL else (other, own)
        way = way_between(pack, seller, buyer, clock.today())
        if way is not None:
            rules = {rule.code: rule.basis.source for rule in pack.reviews}
            found = _option(way, other, side, volume_litres, price_e4, each[8], each[9], rules)
            if found is not None:
                options.append(found)
    options.sort(key=lambda each: -each.price_here_e4 if side == SELL else each.price_here_e4)
    figures = registry_queries.figures(connection, [water_account_id])[water_account_id]
    return Quote(
        water_account_id,
        product,
        side,
        volume_litres,
        price_e4,
        figures.fee_due_fen,
        tuple(options[:MOST_PLACES]),
    )


def _option(
    way: Way, other: PoolKey, side: str, volume_litres: int, price_e4: int, best_e4: int, waiting: int,
    sources: dict[str, str],
) -> Option | None:  # fmt: skip
    moved = quantities(volume_litres, price_e4, side, way.k)
    if not moved.delivered_litres:
        return None
    need = next((rule for rule in way.reviews if moved.delivered_litres >= rule.from_litres), None)
    here = best_e4 * way.k // 1000 if side == SELL else -(-best_e4 * 1000 // way.k)
    return Option(
        township=other.township_code, canal=other.canal_code, sector=other.sector, arrives_per_mille=way.k,
        waiting_litres=int(waiting), best_price_e4=best_e4, price_here_e4=here, source_litres=moved.source_litres,
        delivered_litres=moved.delivered_litres, amount_fen=moved.amount_fen,
        fee_fen=moved.amount_fen * way.fee_e6 // 1_000_000, review_rule=need.rule if need else None,
        review_source=sources.get(need.rule) if need else None,
        review_due_on=workdays.after(clock.today(), need.working_days) if need else None,
    )  # fmt: skip
