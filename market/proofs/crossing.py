"""Invariant 9: no two mutually eligible orders of an open product cross."""

from __future__ import annotations

from typing import Any

import psycopg

from market.trading.exchange import Exchange
from market.trading.fills import are_one
from market.trading.loading import load_orders
from market.trading.numbers import Numbers
from market.trading.reference import Reference


def violations(connection: psycopg.Connection[Any]) -> list[list[Any]]:
    """Pairs of open orders that the engine should have matched. What lies unread in its inbox is still to come."""
    exchange = Exchange(lambda s, b: reference.terms(s, b), Numbers())
    reference = Reference(connection, exchange)
    load_orders(connection, reference, exchange)
    pending = connection.execute("SELECT count(*) FROM inbox WHERE done_at IS NULL").fetchone()
    if pending is not None and pending[0]:
        return []
    found: list[list[Any]] = []
    for product, book in exchange.books.items():
        if product in exchange.paused:
            continue
        for bids in book.buys:
            for asks in book.sells:
                terms = reference.terms(asks.pool, bids.pool)
                if terms is not None and bids.keys and asks.keys:
                    found.extend(_crossing(exchange, bids, asks, terms))
    return found


def _crossing(exchange: Exchange, bids: Any, asks: Any, terms: Any) -> list[list[Any]]:
    """The crossing pairs of two ladders; empty at once where the best prices do not cross."""
    best_bid, best_ask = bids.best_price(), asks.best_price()
    if best_ask * 1000 > best_bid * terms.k:
        return []
    found = []
    for buy in bids.orders():
        if best_ask * 1000 > buy.price * terms.k:
            break
        for sell in asks.orders():
            if sell.price * 1000 > buy.price * terms.k:
                break
            if not are_one(buy.account, sell.account) and exchange.fill_size(buy, sell, terms)[0] > 0:
                found.append(["two eligible orders cross", buy.id, sell.id])
    return found
