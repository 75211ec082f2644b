"""What an order would move and leave, by each way to those who wait on the other side: asked before it is signed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import psycopg

from ledger.units import fen_half_even
from market.core import clock, workdays
from market.core.errors import NotFound
from market.county.current import pack_in_force
from market.registry import queries as registry_queries
from market.trading import queries
from market.trading.book import BUY, SELL
from market.trading.commands import Place, Refused
from market.trading.lanes import most_fen, quantities
from market.trading.reference import PoolKey
from market.trading.rehearsal import Part, rehearse
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
class Filled:
    """A fill that the order would have at once: who is there, what leaves, arrives and is paid, and who decides."""

    township: str
    canal: str
    sector: str
    source_litres: int
    delivered_litres: int
    price_e4: int
    price_at: str
    amount_fen: int
    fee_fen: int
    review_rule: str | None
    review_source: str | None
    review_due_on: Any | None


@dataclass(frozen=True)
class AtOnce:
    """What the engine would do with the order now; a refusal, or the order after it with its fills.

    `held_litres`, `held_fen`: what the rest holds then; one of them, by side. `rest_net_fen`: what a seller still
    receives if the rest that waits is sold at the order's own price.
    """

    refusal: Refused | None
    status: str
    rest_litres: int
    held_litres: int
    held_fen: int
    rest_net_fen: int
    fills: tuple[Filled, ...]

    @property
    def source_litres(self) -> int:
        """What leaves the sellers by its fills."""
        return sum(each.source_litres for each in self.fills)

    @property
    def delivered_litres(self) -> int:
        """What reaches the buyers by its fills."""
        return sum(each.delivered_litres for each in self.fills)

    @property
    def amount_fen(self) -> int:
        """What the buyers pay for its fills."""
        return sum(each.amount_fen for each in self.fills)

    @property
    def fee_fen(self) -> int:
        """What the sellers pay of it to the exchange."""
        return sum(each.fee_fen for each in self.fills)

    @property
    def net_fen(self) -> int:
        """What the sellers receive."""
        return self.amount_fen - self.fee_fen


@dataclass(frozen=True)
class Quote:
    """What may become of an order; `options` with the best price at the account's own place first.

    `value_fen`, `fee_fen`: the whole volume at the order's own price, and what a seller would pay of it to the
    exchange; `most_fen`: what a purchase may cost at most, and holds before anything of it is filled.
    """

    water_account_id: int
    product_id: int
    side: str
    volume_litres: int
    price_e4: int
    value_fen: int
    fee_fen: int
    most_fen: int
    fee_due_fen: int
    options: tuple[Option, ...]
    at_once: AtOnce

    @property
    def net_fen(self) -> int:
        """What a seller receives for the whole volume at the order's own price."""
        return self.value_fen - self.fee_fen


def quote(
    connection: psycopg.Connection[Any], *, water_account_id: int, side: str, volume_litres: int, price_e4: int,
    tif: str = "GTC", post_only: bool = False, min_fill_litres: int = 0, expires_at: float | None = None,
) -> Quote:  # fmt: skip
    """What an order of this volume at this price, both at the account's own place, would move by each way, and what
    the engine would do with it now. `expires_at`: UNIX time in seconds.

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
    rules = {rule.code: rule.basis.source for rule in pack.reviews}
    options = []
    for each in waiting:
        other = PoolKey(*each[:8])
        seller, buyer = (own, other) if side == SELL else (other, own)
        way = way_between(pack, seller, buyer, clock.today())
        if way is not None:
            found = _option(way, other, side, volume_litres, price_e4, each[8], each[9], rules)
            if found is not None:
                options.append(found)
    options.sort(key=lambda each: -each.price_here_e4 if side == SELL else each.price_here_e4)
    figures = registry_queries.figures(connection, [water_account_id])[water_account_id]
    asked = Place(
        water_account_id, product, side, volume_litres, price_e4, tif, post_only, min_fill_litres, expires_at
    )
    fee_e6 = pack.fee_e6(own.canal_code, own.township_code) if side == SELL else 0
    value, fee = _value(volume_litres, price_e4, fee_e6)
    return Quote(
        water_account_id, product, side, volume_litres, price_e4, value, fee, most_fen(volume_litres, price_e4),
        figures.fee_due_fen, tuple(options[:MOST_PLACES]), _at_once(connection, asked, rules, fee_e6),
    )  # fmt: skip


def _value(litres: int, price_e4: int, fee_e6: int) -> tuple[int, int]:
    value = fen_half_even(litres * price_e4)
    return value, value * fee_e6 // 1_000_000


def _at_once(connection: psycopg.Connection[Any], asked: Place, rules: dict[str, str], fee_e6: int) -> AtOnce:
    found = rehearse(connection, asked)
    buys = asked.side == BUY
    value, fee = _value(found.rest_litres if found.status == "open" and not buys else 0, asked.price, fee_e6)
    return AtOnce(
        refusal=found.refusal, status=found.status, rest_litres=found.rest_litres,
        held_litres=0 if buys else found.held, held_fen=found.held if buys else 0, rest_net_fen=value - fee,
        fills=tuple(_filled(each, rules) for each in found.parts),
    )  # fmt: skip


def _filled(part: Part, rules: dict[str, str]) -> Filled:
    return Filled(
        township=part.other.township_code, canal=part.other.canal_code, sector=part.other.sector,
        source_litres=part.source_litres, delivered_litres=part.delivered_litres, price_e4=part.price_e4,
        price_at=part.price_at, amount_fen=part.amount_fen, fee_fen=part.fee_fen, review_rule=part.review_rule,
        review_source=rules.get(part.review_rule) if part.review_rule else None,
        review_due_on=workdays.after(clock.today(), part.review_days) if part.review_rule else None,
    )  # fmt: skip


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
