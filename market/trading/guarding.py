"""Guards, kill switches and halts between the database and the engine's memory: loaded with the reference data, written
with the batch that stopped a product.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from typing import Any

import psycopg

from market.county.pack import Pack
from market.registry import halts
from market.trading.exchange import Exchange
from market.trading.gates import Switch
from market.trading.guards import Ended, Guard, Stop, band

SET_PHASE_SQL = (
    "UPDATE products SET phase_since = CASE WHEN phase = %(phase)s THEN phase_since ELSE %(moment)s END,"
    " phase = %(phase)s, phase_reason = %(reason)s WHERE id = %(product)s"
)

_STOPS_SQL = "SELECT product_id, id FROM price_stops WHERE ended_at IS NULL"
_SWITCHES_SQL = """
SELECT participant_id, product_id, reason, legal_source FROM kill_switches WHERE lifted_at IS NULL ORDER BY id
"""
_DOOMED_SQL = """
SELECT l.order_id, l.cancellation_id
FROM order_cancellations c
JOIN inbox i ON i.id = c.inbox_id AND i.done_at IS NULL
JOIN order_cancellation_lines l ON l.cancellation_id = c.id
JOIN orders o ON o.id = l.order_id AND o.status = 'open'
ORDER BY l.order_id
"""
# A trade's price at the seller's place, as guards.at_source has it, or what sellers got on average in a call,
# whichever came last; deals struck elsewhere are no prices of the book.
_GUARDED_SQL = """
SELECT p.id, p.code, coalesce(r.price_e4, 0),
       CASE WHEN greatest(c.cleared_at, t.traded_at) < e.ended_at THEN 0
            WHEN c.batch_id > t.id OR t.id IS NULL THEN c.price ELSE t.price END,
       EXISTS (SELECT FROM price_stops b
               WHERE b.product_id = p.id AND b.kind = 'breaker' AND b.started_at >= r.set_at)
FROM products p
LEFT JOIN LATERAL (
  SELECT price_e4, set_at FROM reference_prices
  WHERE product_id = p.id AND from_day <= %s ORDER BY from_day DESC, id DESC LIMIT 1) AS r ON true
LEFT JOIN LATERAL (
  SELECT ended_at FROM price_stops WHERE product_id = p.id AND ended_at IS NOT NULL ORDER BY id DESC LIMIT 1
) AS e ON true
LEFT JOIN LATERAL (
  SELECT t.id, t.traded_at, CASE t.maker WHEN 'buy' THEN t.price_e4 * t.k / 1000 ELSE t.price_e4 END AS price
  FROM trades t WHERE t.product_id = p.id AND NOT EXISTS (SELECT FROM deals d WHERE d.trade_id = t.id)
  ORDER BY t.id DESC LIMIT 1) AS t ON true
LEFT JOIN LATERAL (
  SELECT c.batch_id, c.cleared_at, (SELECT sum(f.litres::numeric * f.price_e4) / sum(f.litres) FROM call_fills f
                                    WHERE f.call_id = c.id AND f.side = 'sell')::bigint AS price
  FROM calls c WHERE c.product_id = p.id AND c.status IN ('held', 'settled', 'rejected') AND c.sold_litres > 0
  ORDER BY c.batch_id DESC LIMIT 1) AS c ON true
WHERE p.tenure = 'allocation'
"""
_BEGIN_SQL = """
WITH told AS (
  INSERT INTO outbox (topic, subject_type, subject_id, payload)
  VALUES ('trading.product.stopped', 'product', %(product)s, %(payload)s)
)
INSERT INTO price_stops (id, product_id, kind, price_e4, base_e4, batch_id, started_at, until)
VALUES (%(number)s, %(product)s, %(kind)s, %(price)s, %(base)s, %(batch)s, %(moment)s, %(until)s)
"""
_END_SQL = "UPDATE price_stops SET ended_at = greatest(started_at, %s) WHERE id = %s"


def load(connection: psycopg.Connection[Any], exchange: Exchange, pack: Pack, today: dt.date) -> None:
    """Gives an exchange, whose products are loaded, their guards and what stops them or their participants."""
    for product, number in connection.execute(_STOPS_SQL).fetchall():
        exchange.products[product].stop = number
    exchange.switches = tuple(Switch(*row) for row in connection.execute(_SWITCHES_SQL).fetchall())
    _load_orders_of_the_bureau(connection, exchange)
    for book in exchange.books.values():
        book.guard = None
    if not pack.bands:
        return
    for product, code, reference, last, broken in connection.execute(_GUARDED_SQL, (today,)).fetchall():
        rule = pack.band(code)
        if rule is None:
            continue
        low, high = band(reference, rule.static_e6)
        exchange.book_of(product).guard = Guard(
            reference=reference,
            low=low,
            high=high,
            dynamic_e6=rule.dynamic_e6,
            interruption_minutes=rule.interruption_minutes,
            breaker_e6=0 if broken else rule.breaker_e6,
            breaker_minutes=rule.breaker_minutes,
            last=last or 0,
            deals_exempt=rule.deals_exempt,
            legal_source=f"{rule.basis.source}: price bands of the county pack",
        )


def _load_orders_of_the_bureau(connection: psycopg.Connection[Any], exchange: Exchange) -> None:
    """What is halted, and which orders a cancellation is about to end."""
    exchange.doomed = dict(connection.execute(_DOOMED_SQL).fetchall())
    exchange.halts = halts.in_force(connection)
    for halt in exchange.halts:
        if not (halt.zone or halt.participant):
            for product in exchange.products.values():
                if halt.product in (0, product.id):
                    product.halt = product.halt or halt
                    exchange.paused[product.id] = product.id


def statements(
    exchange: Exchange, events: Sequence[Any], batch_id: int, moment: dt.datetime
) -> Iterator[tuple[str, Any]]:
    """What a batch's tape says of stops, in order, as statements, with the phase into which each put its product."""
    for event in events:
        if type(event) is Ended:
            yield _END_SQL, (moment, event.number)
        elif type(event) is Stop:
            product = exchange.products[event.product]
            yield _BEGIN_SQL, {
                "number": event.number, "product": event.product, "kind": event.kind, "price": event.price,
                "base": event.base, "batch": batch_id, "moment": moment,
                "until": moment + dt.timedelta(minutes=event.minutes) if event.minutes else None,
                "payload": f'{{"stop": {event.number}, "kind": "{event.kind}"}}',
            }  # fmt: skip
            yield SET_PHASE_SQL, moved(product.id, product.phase, product.phase_reason, moment)


def moved(product: int, phase: str, reason: str, moment: dt.datetime) -> dict[str, Any]:
    """The parameters of SET_PHASE."""
    return {"product": product, "phase": phase, "reason": reason, "moment": moment}


def stopped(events: Sequence[Any]) -> set[int]:
    """The products of whose stops a tape tells."""
    return {event.product for event in events if type(event) is Stop or type(event) is Ended}
