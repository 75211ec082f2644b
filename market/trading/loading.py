"""Filling an exchange's memory from the database: open orders, their accounts, the balances that decide."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import psycopg

from ledger.arrays import Bigints
from market.trading import statements as sql
from market.trading.book import Order
from market.trading.exchange import Exchange
from market.trading.reference import Reference


def load_orders(connection: psycopg.Connection[Any], reference: Reference, exchange: Exchange) -> int:
    """Puts every open order into its book, oldest first; returns how many."""
    rows = connection.execute(sql.OPEN_ORDERS_SQL).fetchall()
    load_accounts(connection, reference, exchange, {row[1] for row in rows})
    for row in rows:
        exchange.restore(order_of(exchange, row))
    return len(rows)


def order_of(exchange: Exchange, row: tuple[Any, ...]) -> Order:
    """An open order by `statements.OPEN_ORDER_COLUMNS`; its account is known to the exchange."""
    order = Order(
        id=row[0], account=exchange.accounts[row[1]], side=row[2], volume=row[3], price=row[5], tif=row[6],
        post_only=row[7], min_fill=row[8], expires_at=row[9], client_order_id=row[10], priority=row[11],
        created_at=row[16],
    )  # fmt: skip
    order.rest, order.held, order.hold_id = row[4], row[12], row[13]
    order.value, order.paid = row[14], row[15]
    return order


def load_accounts(
    connection: psycopg.Connection[Any], reference: Reference, exchange: Exchange, ids: Iterable[int]
) -> None:
    """Loads water accounts that are not known yet, and the balances that decisions about them need."""
    wanted = set(ids) - exchange.accounts.keys()
    if not wanted:
        return
    loaded = reference.accounts(connection, wanted)
    exchange.accounts.update({account.id: account for account in loaded})
    refresh(
        connection,
        exchange,
        {each for account in loaded for each in (account.ledger, account.money, account.plan) if each},
    )


def refresh(connection: psycopg.Connection[Any], exchange: Exchange, accounts: Iterable[int]) -> None:
    """Reads what is available on these ledger accounts now; what waits for one that grew is looked at again."""
    for account, free in connection.execute(sql.AVAILABLE_SQL, (Bigints(accounts),)).fetchall():
        known = exchange.balances.get(account)
        if known is not None and free > known.free:
            exchange.freed[account] = None
        exchange.learn(account, free)
