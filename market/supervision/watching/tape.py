"""Orders and trades as surveillance sees them, out of what the engine wrote: its commands, orders, tape and calls.

An order's row tells how it stands now. How it came to that is put together again from the commands that it accepted
(placed, amended), its fills, and when and why it ended. Set statements; one row an event.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

import psycopg

from market.supervision.surveillance.evidence import BUY, SELL, OrderEvent, Trade
from market.supervision.watching.window import Window
from market.trading.candles import unit_price

MECHANISMS = {
    "negotiated": "negotiated", "bidding": "bidding", "programme": "bidding", "resale": "bidding",
    "buy_back": "buy_back", "lease": "negotiated",
}  # fmt: skip
"""What a deal's kind is to surveillance: who found whom by name. What sealed bids or a public price made is bidding."""
BOOK = "book"
SALE = "sale"
BY_OWNER = "by_owner"

# The reference price is that of the trade's legal day as it was known before the trade.
_TRADES_OF = """
SELECT t.traded_at, t.id, p.code, t.seller_id, t.buyer_id, t.value_tick_litres, t.source_litres, t.maker,
       CASE WHEN d.id IS NULL THEN t.sell_order_id ELSE 0 END, CASE WHEN d.id IS NULL THEN t.buy_order_id ELSE 0 END,
       d.kind, r.price_e4
  FROM trades t
  JOIN products p ON p.id = t.product_id
  LEFT JOIN deals d ON d.trade_id = t.id
  LEFT JOIN LATERAL (
       SELECT x.price_e4 FROM reference_prices x
        WHERE x.product_id = t.product_id AND x.from_day <= (t.traded_at AT TIME ZONE 'Asia/Shanghai')::date
          AND x.set_at <= t.traded_at
        ORDER BY x.from_day DESC, x.id DESC LIMIT 1) AS r ON true
"""
_IN_ORDER = " ORDER BY t.traded_at, t.id"
_TRADES_SQL = f"{_TRADES_OF} WHERE t.traded_at >= %(since)s AND t.traded_at < %(until)s{_IN_ORDER}"
_TRADES_NAMED_SQL = f"{_TRADES_OF} WHERE t.id = ANY (%(ids)s::bigint[]){_IN_ORDER}"

# Orders that lived in the window; those that the engine makes for a deal are nobody's offer to the market.
_CHOSEN = """
CREATE TEMPORARY TABLE watched_orders ON COMMIT DROP AS
SELECT o.id, o.participant_id, p.code, o.side, o.created_at, o.status, o.reason, o.updated_at, o.price_e4,
       o.volume_litres
  FROM orders o JOIN products p ON p.id = o.product_id
"""
_CHOSEN_SQL = f"""{_CHOSEN}
 WHERE o.created_at < %(until)s AND (o.status = 'open' OR o.updated_at >= %(since)s)
   AND NOT EXISTS (SELECT FROM trades t JOIN deals d ON d.trade_id = t.id WHERE t.sell_order_id = o.id)
   AND NOT EXISTS (SELECT FROM trades t JOIN deals d ON d.trade_id = t.id WHERE t.buy_order_id = o.id)
"""
_CHOSEN_NAMED_SQL = f"{_CHOSEN} WHERE o.id = ANY (%(ids)s::bigint[])"
_ORDERS_SQL = """
SELECT id, participant_id, code, side, created_at, status, reason, updated_at, price_e4, volume_litres
  FROM watched_orders ORDER BY id
"""
_SAID_SQL = """
WITH who AS (SELECT participant_id, min(created_at) AS first FROM watched_orders GROUP BY 1),
said AS (
  SELECT c.id, c.created_at, c.request::jsonb ->> 'type' AS kind, c.outcome::jsonb AS outcome
    FROM commands c JOIN who ON who.participant_id = c.participant_id AND c.created_at >= who.first
   WHERE c.created_at < %(until)s AND c.outcome LIKE '{"type":"accepted"%%'
     AND (c.request LIKE '{"type":"place"%%' OR c.request LIKE '{"type":"amend"%%'))
SELECT o.id, s.created_at, s.kind, (s.outcome ->> 'volume')::bigint, (s.outcome ->> 'rest')::bigint,
       (s.outcome ->> 'price')::bigint,
       coalesce((SELECT sum((f ->> CASE o.side WHEN 'sell' THEN 1 ELSE 2 END)::bigint)
                   FROM jsonb_array_elements(s.outcome -> 'fills') f), 0)::bigint
  FROM said s JOIN watched_orders o ON o.id = (s.outcome ->> 'order')::bigint
 ORDER BY s.id
"""
_FILLS_SQL = """
SELECT o.id, t.traded_at, t.source_litres, t.id FROM watched_orders o JOIN trades t ON t.sell_order_id = o.id
 WHERE o.side = 'sell' AND t.traded_at < %(until)s
UNION ALL
SELECT o.id, t.traded_at, t.delivered_litres, t.id FROM watched_orders o JOIN trades t ON t.buy_order_id = o.id
 WHERE o.side = 'buy' AND t.traded_at < %(until)s
UNION ALL
SELECT o.id, c.cleared_at, f.litres, c.id FROM watched_orders o
  JOIN call_fills f ON f.order_id = o.id JOIN calls c ON c.id = f.call_id
 WHERE c.status IN ('held', 'settled', 'rejected') AND c.cleared_at < %(until)s AND f.litres > 0
 ORDER BY 2, 4
"""


class _Said(NamedTuple):
    """What an owner said: the whole volume and price from then on, and how much was filled when it was said."""

    at: dt.datetime
    kind: str
    litres: int
    price_e4: int
    filled_before: int


def trades(connection: psycopg.Connection[Any], window: Window) -> tuple[Trade, ...]:
    """The tape of a window in the order of time: litres given up, and prices, at the seller's place."""
    return _trades(connection.execute(_TRADES_SQL, _asked(window)))


def trades_named(connection: psycopg.Connection[Any], trade_ids: Sequence[int]) -> tuple[Trade, ...]:
    """The same, of these trades."""
    return _trades(connection.execute(_TRADES_NAMED_SQL, {"ids": trade_ids}))


def _trades(rows: Iterable[Any]) -> tuple[Trade, ...]:
    return tuple(
        Trade(
            at=at, id=number, product=product, seller=seller, buyer=buyer, price_e4=unit_price(value, litres),
            litres=litres, mechanism=MECHANISMS.get(kind, BOOK) if kind else BOOK,
            taker=BUY if maker == SELL else SELL, sell_order=sell_order, buy_order=buy_order,
            reference_e4=reference, transfer_kind=SALE,
        )
        for at, number, product, seller, buyer, value, litres, maker, sell_order, buy_order, kind, reference in rows
    )  # fmt: skip


def orders(connection: psycopg.Connection[Any], window: Window) -> tuple[OrderEvent, ...]:
    """Every event until the window's end of the orders that lived in it, in the order of time.

    An order from before the window comes with its whole past. Prices and litres are at the order's own place.
    """
    connection.execute(_CHOSEN_SQL, _asked(window))
    return _lives(connection, window.until)


def orders_named(
    connection: psycopg.Connection[Any], order_ids: Sequence[int], until: dt.datetime
) -> tuple[OrderEvent, ...]:
    """The same, of these orders; once a transaction, as `orders`."""
    connection.execute(_CHOSEN_NAMED_SQL, {"ids": order_ids})
    return _lives(connection, until)


def _lives(connection: psycopg.Connection[Any], until: dt.datetime) -> tuple[OrderEvent, ...]:
    asked = {"until": until}
    connection.execute("ANALYZE watched_orders")
    said: dict[int, list[_Said]] = defaultdict(list)
    for order, at, kind, litres, rest, price, own in connection.execute(_SAID_SQL, asked):
        said[order].append(_Said(at, kind, litres, price, litres - rest - own))
    fills: dict[int, list[tuple[dt.datetime, int]]] = defaultdict(list)
    for order, at, litres, _ in connection.execute(_FILLS_SQL, asked):
        fills[order].append((at, litres))
    events = [
        event
        for row in connection.execute(_ORDERS_SQL)
        for event in _life(row, said[row[0]], fills[row[0]], until)
    ]
    # what was placed in an instant was placed before it was filled in it
    return tuple(sorted(events, key=lambda one: (one.at, one.action != "placed")))


def _asked(window: Window) -> dict[str, dt.datetime]:
    return {"since": window.since, "until": window.until}


def _life(
    row: Sequence[Any], said: list[_Said], fills: list[tuple[dt.datetime, int]], until: dt.datetime
) -> Iterator[OrderEvent]:
    """An order's events. An amendment stands where what was filled until it says, also within one instant."""
    number, party, product, side, created_at, status, reason, ended_at, price_now, volume_now = row
    price, volume = (said[0].price_e4, said[0].litres) if said else (price_now, volume_now)
    filled = 0

    def event(at: dt.datetime, action: str, rest: int) -> OrderEvent:
        return OrderEvent(at, number, party, product, side, action, price, volume, rest)

    yield event(created_at, "placed", volume)
    waiting = [one for one in said if one.kind == "amend"]
    for at, litres in fills:
        while waiting and filled + litres > waiting[0].filled_before:
            change = waiting.pop(0)
            price, volume = change.price_e4, change.litres
            yield event(change.at, "amended", volume - filled)
        filled += litres
        yield event(at, "filled", volume - filled)
    for change in waiting:
        price, volume = change.price_e4, change.litres
        yield event(change.at, "amended", volume - filled)
    if status in ("cancelled", "expired") and ended_at < until:
        yield event(ended_at, "cancelled" if reason == BY_OWNER else "ended", 0)
