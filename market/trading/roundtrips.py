"""The two round trips of a batch: what it locks and learns first, and what it writes. No decision is made here."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Any

import psycopg

from ledger.arrays import Bigints
from ledger.posting import INSERT_SQL, LOCK_SQL, UPDATE_SQL
from market.core import audit
from market.trading import guarding
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
        head = connection.execute(sql.HEAD_AND_IDS_SQL, (ids, audit.ENGINE))
    found = balances.fetchall()
    if len(found) != len(accounts):
        raise LookupError("an account that a batch touches does not exist")
    seq, link_hash, drawn, reference = _one(head)
    return Truth(
        versions=versions.fetchall(),
        reference=reference,
        keys=keys.fetchall(),
        client_ids=[named[place - 1][0] for (place,) in used.fetchall()] if used is not None else [],
        balances=found,
        ids=drawn,
        head=(seq, link_hash),
    )


def _one(cursor: psycopg.Cursor[Any]) -> tuple[Any, ...]:
    row: tuple[Any, ...] | None = cursor.fetchone()
    if row is None:
        raise LookupError("the audit trail has no head")
    return row


def send(
    connection: psycopg.Connection[Any],
    exchange: Exchange,
    batch: Batch,
    journal: Callable[[], Journal],
    products: Sequence[int],
    moment: dt.datetime,
) -> None:
    """Writes every row of a batch; the caller commits. LookupError if a row that it changes is not there.

    What costs the database most goes first: it works on that while the rest is put into words here.
    """
    rows, ids = batch.rows, batch.ids
    posting, execute = rows.posting, connection.execute
    created = exchange.new_orders
    changed = [order for order in exchange.tape.touched if order.created_at is not None]
    with connection.pipeline():
        expected: list[tuple[psycopg.Cursor[Any], int]] = []
        if posting.rows:
            execute(INSERT_SQL, posting.insert_params(ids[: len(posting.rows)], rows.batch_id, moment))
            expected.append((execute(UPDATE_SQL, posting.update_params()), len(posting.deltas)))
        rows.resolve(ids, [*created, *changed])
        if created:
            execute(sql.INSERT_ORDERS_SQL, rows.new_order_params(created))
        if changed:
            expected.append(
                (execute(sql.UPDATE_ORDERS_SQL, rows.changed_order_params(changed)), len(changed))
            )
        if rows.trades:
            execute(sql.INSERT_INSTRUCTIONS_SQL, rows.instruction_params())
            execute(sql.INSERT_TRADES_SQL, rows.trade_params())
        for statement, parameters in guarding.statements(
            exchange, exchange.tape.events, rows.batch_id, moment
        ):
            execute(statement, parameters)
        said = journal()
        if said.rows:
            execute(sql.INSERT_COMMANDS_SQL, said.params(rows.batch_id, moment))
        for statement, parameters in batch.extra(batch) if batch.extra is not None else ():
            execute(statement, parameters)
        close = _close(batch, said, products, moment)
        expected.append((execute(sql.CLOSE_SQL, close), len(products)))
    if any(cursor.rowcount != count for cursor, count in expected):
        raise LookupError("a row that a batch changes does not exist")


def _runs(ids: Sequence[int]) -> list[tuple[int, int]]:
    """Ascending ids as runs of (first, how many); other writers draw from the same sequence, so often several."""
    if ids and ids[-1] - ids[0] == len(ids) - 1:
        return [(ids[0], len(ids))]
    runs: list[tuple[int, int]] = []
    for each in ids:
        if runs and each == runs[-1][0] + runs[-1][1]:
            runs[-1] = (runs[-1][0], runs[-1][1] + 1)
        else:
            runs.append((each, 1))
    return runs


def _close(batch: Batch, journal: Journal, products: Sequence[int], moment: dt.datetime) -> tuple[Any, ...]:
    """The parameters of CLOSE_SQL: the link of the audit trail over the batch's commands, and the rest.

    The link also says from where the batch numbered its rows, so that it can be replayed to the byte.
    """
    detail = batch.detail | {
        "ids": batch.ids_from,
        "transfers": _runs(batch.ids[: len(batch.rows.posting.rows)]),
    }
    if journal.rows:
        detail |= {"commands": len(journal.rows), "sha256": journal.digest()}
    link = audit.Link(
        batch.actor,
        f"trading.{batch.action}",
        None,
        None,
        batch.rows.batch_id,
        encode(detail).decode(),
        moment,
    )
    entry = audit.row(audit.ENGINE, batch.head[0] + 1, bytes(batch.head[1]), link)
    return (*entry, entry[1], entry[3], audit.ENGINE, batch.rows.batch_id, Bigints(products))
