"""The statement of one participant's ledger account: its transfers in order, with running balance and
holds.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg.rows import tuple_row

from ledger.models import PENDING, POST, POSTED


@dataclass(frozen=True, slots=True)
class Entry:
    """One transfer as its account sees it, in the smallest unit of the asset.

    `change` moved the balance (negative: out), `held_change` the holds; `balance` and `held` are those
    after it. `code` and `reference` are as in `core.chart.TransferCode`.
    """

    transfer_id: int
    at: dt.datetime
    code: int
    reference: int
    change: int
    held_change: int
    balance: int
    held: int


_EFFECT = """
SELECT id, created_at, code, reference,
       CASE WHEN kind IN (%(posted)s, %(post)s) THEN -amount ELSE 0 END AS change,
       CASE WHEN kind = %(pending)s THEN amount WHEN kind = %(posted)s THEN 0 ELSE -amount END AS held_change
  FROM transfers WHERE debit_account_id = %(account)s
UNION ALL
SELECT id, created_at, code, reference, amount, 0
  FROM transfers WHERE credit_account_id = %(account)s AND kind IN (%(posted)s, %(post)s)
"""
_OPENING_SQL = f"""
SELECT coalesce(sum(change), 0)::bigint, coalesce(sum(held_change), 0)::bigint
  FROM ({_EFFECT}) t WHERE id <= %(after)s
"""
_PAGE_SQL = f"SELECT * FROM ({_EFFECT}) t WHERE id > %(after)s ORDER BY id LIMIT %(limit)s"


def entries(
    connection: psycopg.Connection[Any], account_id: int, *, after: int = 0, limit: int = 50
) -> list[Entry]:
    """The entries after transfer `after` (0: from the beginning), at most `limit`, oldest first."""
    parameters = {
        "account": account_id,
        "after": after,
        "limit": limit,
        "posted": POSTED,
        "pending": PENDING,
        "post": POST,
    }
    with connection.cursor(row_factory=tuple_row) as cursor:
        balance, held = 0, 0
        if after:
            row = cursor.execute(_OPENING_SQL, parameters).fetchone()
            assert row is not None
            balance, held = row
        found: list[Entry] = []
        for transfer_id, at, code, reference, change, held_change in cursor.execute(_PAGE_SQL, parameters):
            balance += change
            held += held_change
            found.append(Entry(transfer_id, at, code, reference, change, held_change, balance, held))
    return found
