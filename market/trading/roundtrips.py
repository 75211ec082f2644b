"""The two round trips of a batch: what it locks and learns first, and what it writes. No decision is made here."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

import psycopg

from ledger.arrays import Bigints
from ledger.posting import IDS_SQL, INSERT_SQL, LOCK_SQL, UPDATE_SQL
from market.core import audit
from market.trading import statements as sql
from market.trading.batch import Batch
from market.trading.commands import Command, Place, encode
from market.trading.exchange import Exchange
from market.trading.rows import Journal, texts


@dataclass(frozen=True, slots=True)
class Truth:
    """What the database says under the locks, for a batch to compare with what it believed.

    `keys`: (place in `fresh` from 1, outcome, body hash) of keys used before; `client_ids`: places in `fresh`, from
    0, whose client order id was used before; `balances`: rows of LOCK_SQL.
    """

    versions: Sequence[tuple[int, int]]
    reference: int
    keys: Sequence[tuple[int, bytes, bytes]]
    client_ids: Sequence[int]
    balances: Sequence[tuple[int, ...]]
    ids: list[int]
    head: tuple[int, bytes]


def lock(
    connection: psycopg.Connection[Any],
    fresh: Sequence[tuple[int, Command]],
    *,
    products: Sequence[int],
    accounts: Collection[int],
    ids: int,
) -> Truth:
    """Locks products, keys, accounts and the audit head, in this order, and draws transfer ids.

    LookupError if an account does not exist.
    """
    named = [
        (place, command.participant, command.request.client_order_id)
        for place, (_, command) in enumerate(fresh)
        if type(command.request) is Place and command.request.client_order_id is not None
    ]
    with connection.pipeline():
        versions = connection.execute(sql.LOCK_PRODUCTS_SQL, (Bigints(products),))
        reference = connection.execute(sql.REFERENCE_SQL)
        keys = connection.execute(
            sql.FIND_KEYS_SQL,
            (
                Bigints([command.participant for _, command in fresh]),
                texts([command.key for _, command in fresh]),
                Bigints([command.position for _, command in fresh]),
            ),
        )
        used = None
        if named:
            used = connection.execute(
                sql.FIND_CLIENT_IDS_SQL,
                (Bigints([each[1] for each in named]), texts([each[2] for each in named])),
            )
        balances = connection.execute(LOCK_SQL, (Bigints(accounts),))
        drawn = connection.execute(IDS_SQL, (ids,))
        head = connection.execute(audit.HEAD_SQL, (audit.ENGINE,))
    found = balances.fetchall()
    if len(found) != len(accounts):
        raise LookupError("an account that a batch touches does not exist")
    return Truth(
        versions=versions.fetchall(),
        reference=_one(reference)[0],
        keys=keys.fetchall(),
        client_ids=[named[place - 1][0] for (place,) in used.fetchall()] if used is not None else [],
        balances=found,
        ids=[row[0] for row in drawn.fetchall()],
        head=head.fetchone() or (0, audit.GENESIS),
    )


def _one(cursor: psycopg.Cursor[Any]) -> tuple[Any, ...]:
    row: tuple[Any, ...] | None = cursor.fetchone()
    if row is None:
        raise LookupError("the installation has no row")
    return row


def send(
    connection: psycopg.Connection[Any],
    exchange: Exchange,
    batch: Batch,
    journal: Journal,
    detail: dict[str, Any],
    products: Sequence[int],
    moment: dt.datetime,
) -> None:
    """Writes every row of a batch; the caller commits. LookupError if a row that it changes is not there."""
    rows, ids = batch.rows, batch.ids
    posting, execute = rows.posting, connection.execute
    created = list(exchange.new_orders.values())
    changed = [order for order in exchange.tape.touched.values() if order.created_at is not None]
    rows.resolve(ids, [*created, *changed])
    link = audit.Link(
        batch.actor, f"trading.{batch.action}", None, None, rows.batch_id, encode(detail).decode(), moment
    )
    entry = audit.row(audit.ENGINE, batch.head[0] + 1, bytes(batch.head[1]), link)
    with connection.pipeline():
        expected = [(execute(sql.MOVE_PRODUCTS_SQL, (Bigints(products),)), len(products))]
        if journal.rows:
            execute(sql.INSERT_COMMANDS_SQL, journal.params(rows.batch_id, moment))
        if created:
            execute(sql.INSERT_ORDERS_SQL, rows.new_order_params(created))
        if changed:
            expected.append(
                (execute(sql.UPDATE_ORDERS_SQL, rows.changed_order_params(changed)), len(changed))
            )
        if rows.trades:
            execute(sql.INSERT_TRADES_SQL, rows.trade_params())
            execute(sql.INSERT_INSTRUCTIONS_SQL, rows.instruction_params())
        if posting.rows:
            execute(INSERT_SQL, posting.insert_params(ids[: len(posting.rows)], rows.batch_id, moment))
            expected.append((execute(UPDATE_SQL, posting.update_params()), len(posting.deltas)))
        for statement, parameters in batch.extra(batch) if batch.extra is not None else ():
            execute(statement, parameters)
        execute(audit.INSERT_SQL, entry)
        execute(audit.MOVE_HEAD_SQL, (entry[1], entry[3], audit.ENGINE))
        execute(sql.OUTBOX_SQL, (rows.batch_id,))
    if any(cursor.rowcount != count for cursor, count in expected):
        raise LookupError("a row that a batch changes does not exist")
