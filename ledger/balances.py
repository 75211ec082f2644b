"""Balances now, as of a moment or of a transfer, and statements. Reads only.

Amounts are in the smallest unit of the account's asset. A balance "as of" is computed from the transfers
alone, so it never depends on the columns of the account.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, LiteralString

import psycopg
from psycopg.rows import tuple_row

from ledger.arrays import Bigints
from ledger.errors import UnknownAccount
from ledger.models import FIRST_PARTICIPANT_ACCOUNT

Connection = psycopg.Connection[Any]


@dataclass(frozen=True, slots=True)
class Balance:
    """The four balances of one account."""

    account_id: int
    debits_pending: int
    debits_posted: int
    credits_pending: int
    credits_posted: int

    @property
    def posted(self) -> int:
        """What has been credited less what has been debited, holds aside."""
        return self.credits_posted - self.debits_posted

    @property
    def pending(self) -> int:
        """What is held of it (debits pending)."""
        return self.debits_pending

    @property
    def available(self) -> int:
        """What can still be debited: posted - pending. Credits that are pending do not count yet."""
        return self.credits_posted - self.debits_posted - self.debits_pending


@dataclass(frozen=True, slots=True)
class Entry:
    """One transfer as one of its accounts sees it, and the account's balance after it.

    `kind` is one of `ledger.models`: POSTED, PENDING, POST, VOID, EXPIRE. `is_debit` says on which side it
    stands.
    """

    transfer_id: int
    created_at: dt.datetime
    is_debit: bool
    other_account_id: int
    amount: int
    code: int
    kind: int
    pending_id: int | None
    reference: int
    batch_id: int
    balance: Balance


# How much each kind of transfer changes the pending and the posted column of its side.
_PENDING = "CASE kind WHEN 0 THEN 0 WHEN 1 THEN amount ELSE -amount END"
_POSTED = "CASE WHEN kind IN (0, 2) THEN amount ELSE 0 END"
_PENDING_SIGN = (0, 1, -1, -1, -1)
_POSTED_SIGN = (1, 0, 1, 0, 0)


def now(connection: Connection, ids: Iterable[int]) -> dict[int, Balance]:
    """The balances of these accounts as the transaction sees them. Errors: UnknownAccount."""
    wanted = set(ids)
    query: LiteralString = (
        "SELECT id, debits_pending, debits_posted, credits_pending, credits_posted "
        "FROM accounts WHERE id = ANY ((SELECT %s::bigint[])::bigint[]) ORDER BY id"
    )
    found = {row[0]: Balance(*row) for row in _rows(connection, query, (Bigints(wanted),))}
    _all_known(wanted, found)
    return found


def as_of(
    connection: Connection,
    ids: Iterable[int],
    *,
    transfer_id: int | None = None,
    moment: dt.datetime | None = None,
) -> dict[int, Balance]:
    """The balances of these accounts after the transfer of this id, or at this moment (inclusive), by replay.

    Give one of the two; with both, a transfer counts if it is before both. Reads the accounts' whole history:
    cheap for participants' accounts, a scan of all transfers for system accounts. Errors: UnknownAccount,
    ValueError (none given).
    """
    if transfer_id is None and moment is None:
        raise ValueError("as of what? give a transfer_id or a moment")
    wanted = set(ids)
    _all_known(wanted, now(connection, wanted))
    sums = {account: [0, 0, 0, 0] for account in wanted}
    system = {account for account in wanted if account < FIRST_PARTICIPANT_ACCOUNT}
    bounds = (transfer_id, transfer_id, moment, moment)
    for accounts, query in ((wanted - system, _SUMS_BY_INDEX), (system, _SUMS_BY_SCAN)):
        if not accounts:
            continue
        array = Bigints(accounts)
        for account, column, pending, posted in _rows(connection, query, (array, *bounds, array, *bounds)):
            sums[account][column] += int(pending)
            sums[account][column + 1] += int(posted)
    return {account: Balance(account, *columns) for account, columns in sorted(sums.items())}


_BOUNDS = "(%s::bigint IS NULL OR t.id <= %s) AND (%s::timestamptz IS NULL OR t.created_at <= %s)"

# A partial index is only used where its condition is spelt out; one account at a time keeps the plan on it.
_SUMS_BY_INDEX = f"""
SELECT n.id, 0, s.pending, s.posted
FROM unnest((SELECT %s::bigint[])) AS n (id) CROSS JOIN LATERAL (
  SELECT coalesce(sum({_PENDING}), 0) AS pending, coalesce(sum({_POSTED}), 0) AS posted FROM transfers AS t
  WHERE t.debit_account_id = n.id AND t.debit_account_id >= {FIRST_PARTICIPANT_ACCOUNT} AND {_BOUNDS}) AS s
UNION ALL
SELECT n.id, 2, s.pending, s.posted
FROM unnest((SELECT %s::bigint[])) AS n (id) CROSS JOIN LATERAL (
  SELECT coalesce(sum({_PENDING}), 0) AS pending, coalesce(sum({_POSTED}), 0) AS posted FROM transfers AS t
  WHERE t.credit_account_id = n.id AND t.credit_account_id >= {FIRST_PARTICIPANT_ACCOUNT} AND {_BOUNDS}) AS s
"""

_SUMS_BY_SCAN = f"""
SELECT t.debit_account_id, 0, sum({_PENDING}), sum({_POSTED}) FROM transfers AS t
WHERE t.debit_account_id = ANY (%s::bigint[]) AND {_BOUNDS} GROUP BY 1
UNION ALL
SELECT t.credit_account_id, 2, sum({_PENDING}), sum({_POSTED}) FROM transfers AS t
WHERE t.credit_account_id = ANY (%s::bigint[]) AND {_BOUNDS} GROUP BY 1
"""


def statement(connection: Connection, account_id: int, *, after_id: int = 0, limit: int = 100) -> list[Entry]:
    """The account's transfers after `after_id`, oldest first, each with the balance after it.

    Errors: UnknownAccount, ValueError (limit below 1).
    """
    if limit < 1:
        raise ValueError("limit must be at least 1")
    opening = as_of(connection, [account_id], transfer_id=after_id)[account_id]
    columns = [
        opening.debits_pending,
        opening.debits_posted,
        opening.credits_pending,
        opening.credits_posted,
    ]
    indexed = account_id >= FIRST_PARTICIPANT_ACCOUNT
    sides = _STATEMENT_BY_INDEX if indexed else _STATEMENT_BY_SCAN
    params = (account_id, after_id, limit, account_id, after_id, limit, limit)
    entries = []
    for row in _rows(connection, sides, params):
        transfer, created_at, is_debit, other, amount, code, kind, pending, reference, batch = row
        first = 0 if is_debit else 2
        columns[first] += _PENDING_SIGN[kind] * amount
        columns[first + 1] += _POSTED_SIGN[kind] * amount
        balance = Balance(account_id, *columns)
        entries.append(
            Entry(
                transfer, created_at, is_debit, other, amount, code, kind, pending, reference, batch, balance
            )
        )
    return entries


_COLUMNS = "amount, code, kind, pending_id, reference, batch_id"

_STATEMENT_BY_INDEX = f"""
(SELECT id, created_at, true, credit_account_id, {_COLUMNS} FROM transfers
 WHERE debit_account_id = %s AND debit_account_id >= {FIRST_PARTICIPANT_ACCOUNT} AND id > %s
 ORDER BY id LIMIT %s)
UNION ALL
(SELECT id, created_at, false, debit_account_id, {_COLUMNS} FROM transfers
 WHERE credit_account_id = %s AND credit_account_id >= {FIRST_PARTICIPANT_ACCOUNT} AND id > %s
 ORDER BY id LIMIT %s)
ORDER BY 1 LIMIT %s
"""

_STATEMENT_BY_SCAN = f"""
(SELECT id, created_at, true, credit_account_id, {_COLUMNS} FROM transfers
 WHERE debit_account_id = %s AND id > %s ORDER BY id LIMIT %s)
UNION ALL
(SELECT id, created_at, false, debit_account_id, {_COLUMNS} FROM transfers
 WHERE credit_account_id = %s AND id > %s ORDER BY id LIMIT %s)
ORDER BY 1 LIMIT %s
"""


def _all_known(wanted: set[int], found: dict[int, Balance]) -> None:
    missing = wanted - found.keys()
    if missing:
        raise UnknownAccount(sorted(missing))


def _rows(connection: Connection, query: LiteralString, params: tuple[Any, ...]) -> list[tuple[Any, ...]]:
    # The caller's connection may have another row factory.
    with connection.cursor(row_factory=tuple_row) as cursor:
        return cursor.execute(query, params).fetchall()
