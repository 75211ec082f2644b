"""Cap excess: the use that a cut has left above a cap, on an account of its own, until what is freed absorbs it.

Under a cap that was cut below what could be taken back, `limit_litres` is the new figure, and the ledger's account of
the cap has the excess beside it: nothing new is charged while it lasts, for what is freed goes here first, in the
transaction that frees it. Whoever frees caps sends its batch through `execute`; the engine does the same in memory.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

import psycopg
from psycopg.rows import tuple_row

from ledger import journal
from ledger.arrays import Bigints
from market.core import books, clock
from market.core.chart import CREDITS_MUST_NOT_EXCEED_DEBITS, HEADROOM, AccountCode, TransferCode


class Excess(NamedTuple):
    """An open excess: its limit, the ledger accounts of cap and excess, litres above the cap and free under it."""

    limit_id: int
    cap: int
    account: int
    over_litres: int
    free_litres: int


def account_of(connection: psycopg.Connection[Any], limit_id: int) -> int:
    """The ledger account of a cap's excess; opened if it is not there."""
    row = connection.execute(
        "SELECT account_id FROM cap_excesses WHERE limit_id = %s", (limit_id,)
    ).fetchone()
    if row is not None:
        return int(row[0])
    account = journal.open_account(
        connection,
        asset_id=books.asset_id(connection, HEADROOM),
        code=AccountCode.CAP_EXCESS,
        flags=CREDITS_MUST_NOT_EXCEED_DEBITS,
        system=True,
    )
    connection.execute("INSERT INTO cap_excesses (limit_id, account_id) VALUES (%s, %s)", (limit_id, account))
    return account


_OPEN_SQL = """
SELECT l.id, l.account_id, x.account_id, e.debits_posted - e.credits_posted,
       a.credits_posted - a.debits_posted - a.debits_pending
  FROM cap_excesses x JOIN limits l ON l.id = x.limit_id
  JOIN accounts e ON e.id = x.account_id JOIN accounts a ON a.id = l.account_id
 WHERE e.debits_posted > e.credits_posted ORDER BY l.id
"""


def still_open(connection: psycopg.Connection[Any]) -> list[Excess]:
    """Every excess that is not absorbed yet."""
    with connection.cursor(row_factory=tuple_row) as cursor:
        return [Excess(*row) for row in cursor.execute(_OPEN_SQL).fetchall()]


def beside(connection: psycopg.Connection[Any], caps: Iterable[int]) -> set[int]:
    """The excess accounts beside these caps (ledger accounts), for who locks before it frees them."""
    with connection.cursor(row_factory=tuple_row) as cursor:
        cursor.execute(
            "SELECT x.account_id FROM cap_excesses x JOIN limits l ON l.id = x.limit_id"
            " WHERE l.account_id = ANY(%s::bigint[])",
            (Bigints(caps),),
        )
        return {row[0] for row in cursor.fetchall()}


def execute(connection: psycopg.Connection[Any], batch: journal.Batch, freed: Iterable[int]) -> list[int]:
    """Executes a batch that frees caps (ledger accounts) and has them absorb their excess; errors as the batch's."""
    caps = set(freed)
    journal.lock(connection, batch.accounts(connection) | caps | beside(connection, caps))
    ids = batch.execute(connection, moment=clock.now())
    absorb(connection, caps)
    return ids


def absorb(connection: psycopg.Connection[Any], caps: Iterable[int]) -> int:
    """Has what is free under these caps (ledger accounts, locked) absorb their excess; returns the litres."""
    wanted = set(caps)
    batch = journal.Batch()
    absorbed = 0
    for each in still_open(connection):
        litres = min(each.over_litres, each.free_litres) if each.cap in wanted else 0
        if litres > 0:
            absorbed += litres
            batch.transfer(
                debit=each.cap,
                credit=each.account,
                amount=litres,
                code=TransferCode.CAP_EXCESS,
                reference=each.limit_id,
            )
    batch.execute(connection, moment=clock.now())
    return absorbed
