"""Cap excess: the use that a cut has left above a cap, on an account of its own, until what is freed absorbs it.

Under a cap that was cut below what could be taken back, `limit_litres` is the new figure, and the ledger's account of
the cap has the excess beside it: nothing new is charged while it lasts, for what is freed goes here first.
"""

from __future__ import annotations

from typing import Any

import psycopg

from ledger import journal
from market.core import books
from market.core.chart import CREDITS_MUST_NOT_EXCEED_DEBITS, HEADROOM, AccountCode, TransferCode


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


def accounts(connection: psycopg.Connection[Any], water_year: int) -> set[int]:
    """The excess accounts of a year that something is on."""
    return {row[2] for row in _open(connection, water_year)}


_OPEN_SQL = """
SELECT l.id, l.account_id, x.account_id, e.debits_posted - e.credits_posted,
       a.credits_posted - a.debits_posted - a.debits_pending
  FROM cap_excesses x JOIN limits l ON l.id = x.limit_id
  JOIN accounts e ON e.id = x.account_id JOIN accounts a ON a.id = l.account_id
 WHERE l.water_year = %s AND e.debits_posted > e.credits_posted ORDER BY l.id
"""


def _open(connection: psycopg.Connection[Any], water_year: int) -> list[tuple[Any, ...]]:
    return connection.execute(_OPEN_SQL, (water_year,)).fetchall()


def absorb(connection: psycopg.Connection[Any], water_year: int) -> int:
    """Has what is free under caps of a year absorb their excess; returns the litres. Who frees caps calls it."""
    found = _open(connection, water_year)
    if not found:
        return 0
    journal.lock(connection, {each for row in found for each in row[1:3]})
    batch = journal.Batch()
    absorbed = 0
    for limit_id, cap, account, over, available in _open(connection, water_year):
        litres = min(over, available)
        if litres > 0:
            absorbed += litres
            batch.transfer(
                debit=cap, credit=account, amount=litres, code=TransferCode.CAP_EXCESS, reference=limit_id
            )
    batch.execute(connection)
    return absorbed
