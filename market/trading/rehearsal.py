"""An order rehearsed: what the engine would do with it now, in a memory of its own that is thrown away.

The same gates, the same matching, the same rounding as the engine's, on what the database holds at this moment: the
book as far as the order could reach, balances, limits, guards, halts. Nothing is held or written, and whoever is
quicker changes the outcome.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import psycopg

from market.core import clock
from market.trading import statements as sql
from market.trading.book import BUY
from market.trading.commands import Accepted, Place, Refused
from market.trading.exchange import Exchange
from market.trading.fills import Fill
from market.trading.loading import load_accounts, order_of
from market.trading.numbers import Numbers
from market.trading.reference import PoolKey, Reference

MOST_MAKERS = 2_000
"""Orders of the other side that are looked at, best limit first: more than one order ever fills against."""

# What could cross if no water were lost on the way; the order's own side takes no part.
_CROSSING_SQL = f"""
SELECT * FROM (
  SELECT {sql.OPEN_ORDER_COLUMNS} FROM orders
   WHERE status = 'open' AND product_id = %(product)s AND side <> %(side)s
     AND CASE WHEN %(side)s = 'sell' THEN price_e4 >= %(price)s ELSE price_e4 <= %(price)s END
   ORDER BY CASE WHEN %(side)s = 'sell' THEN -price_e4 ELSE price_e4 END, priority
   LIMIT %(most)s) AS found
ORDER BY priority
"""
_PARTICIPANT_SQL = "SELECT participant_id FROM water_accounts WHERE id = %s"


@dataclass(frozen=True)
class Part:
    """One fill as it would be: with whom, litres that leave and arrive, the seller's fee, the review it would need.

    `price_e4` is the maker's limit, counted where `price_at` ("buy" or "sell") is.
    """

    other: PoolKey
    source_litres: int
    delivered_litres: int
    price_e4: int
    price_at: str
    amount_fen: int
    fee_fen: int
    review_rule: str | None
    review_days: int


@dataclass(frozen=True)
class Rehearsal:
    """What would become of an order at once: refused, or filled by these parts with a rest that waits or ends.

    `held`: litres of a sale, fen of a purchase that the rest would hold.
    """

    refusal: Refused | None
    status: str = ""
    rest_litres: int = 0
    held: int = 0
    parts: tuple[Part, ...] = ()


def rehearse(connection: psycopg.Connection[Any], request: Place) -> Rehearsal:
    """What the engine would do with this order now. An unknown account is refused, as the engine refuses it."""
    moment = clock.now().timestamp()
    reference: Reference
    exchange = Exchange(
        lambda seller, buyer: reference.terms(seller, buyer), Numbers(1 << 61, 1 << 62), moment
    )
    reference = Reference(connection, exchange)
    asked = {
        "product": request.product, "side": request.side, "price": request.price, "most": MOST_MAKERS,
    }  # fmt: skip
    rows = connection.execute(_CROSSING_SQL, asked).fetchall()
    load_accounts(connection, reference, exchange, {row[1] for row in rows} | {request.water_account})
    for row in rows:
        exchange.restore(order_of(exchange, row))
    exchange.begin()
    owner = connection.execute(_PARTICIPANT_SQL, (request.water_account,)).fetchone()
    outcome = exchange.place(owner[0] if owner else 0, request)
    if isinstance(outcome, Refused):
        return Rehearsal(outcome)
    return _rehearsed(exchange, outcome, request.side)


def _rehearsed(exchange: Exchange, outcome: Accepted, side: str) -> Rehearsal:
    parts = []
    for event in exchange.tape.events:
        if isinstance(event, Fill):
            other = event.sell if side == BUY else event.buy
            parts.append(
                Part(
                    other.account.pool.key, event.source, event.delivered, event.price, event.maker, event.amount,
                    event.fee, event.review.rule if event.review else None,
                    event.review.working_days if event.review else 0,
                )
            )  # fmt: skip
    return Rehearsal(None, outcome.status, outcome.rest, outcome.held, tuple(parts))
