"""The journal in bulk: transfers without number, linked, in set statements; a part of `ledger.journal`.

    bulk.stage(connection)                          # an empty temporary table, bulk_transfers
    connection.execute("INSERT INTO bulk_transfers (debit, credit, amount, code, reference) SELECT …")
    bulk.execute(connection, also=batch)            # all of it or nothing; in the caller's transaction

A batch builds an object a transfer; at a million accounts that costs more than the database's own work. Here the rows
never leave the database. What a batch promises holds: every account is locked at once, lowest id first, before ids are
drawn; accounts exist and are of one asset; no account whose flags forbid it is overdrawn by any step. For the last, an
account that forbids an overdraft stands on one side only: its balance then moves one way, and the end decides.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import psycopg
from psycopg.rows import tuple_row

from ledger import errors
from ledger.arrays import Bigints
from ledger.journal import Batch

Connection = psycopg.Connection[Any]

_STAGE_SQL = """
CREATE TEMPORARY TABLE IF NOT EXISTS bulk_transfers (
  debit bigint NOT NULL, credit bigint NOT NULL, amount bigint NOT NULL, code smallint NOT NULL,
  reference bigint NOT NULL
) ON COMMIT DROP
"""

_WRONG_SQL = """
SELECT count(*), min(amount), bool_or(debit = credit), min(debit) FILTER (WHERE debit = credit),
       min(debit) = max(debit), min(debit)
FROM bulk_transfers
"""

# Every account of the rows and of the batch beside them, as `posting.LOCK_SQL` locks those of a batch.
_LOCK_SQL = """
WITH named AS MATERIALIZED (
  SELECT credit AS id FROM bulk_transfers UNION SELECT debit FROM bulk_transfers UNION SELECT unnest(%(more)s::bigint[])
), locked AS (
  SELECT a.id, a.flags, a.asset_id FROM accounts a JOIN named n ON n.id = a.id ORDER BY a.id FOR NO KEY UPDATE OF a
)
SELECT (SELECT count(*) FROM named), count(*),
       count(*) FILTER (WHERE asset_id <> (SELECT asset_id FROM accounts WHERE id = %(debit)s)
                        AND id <> ALL ((SELECT %(more)s::bigint[])::bigint[])) = 0,
       bool_or(flags & 2 = 2)
FROM locked
"""

_MISMATCH_SQL = """
SELECT b.debit, b.credit
FROM bulk_transfers b JOIN accounts d ON d.id = b.debit JOIN accounts c ON c.id = b.credit
WHERE d.asset_id <> c.asset_id ORDER BY 1, 2 LIMIT 1
"""

_UNKNOWN_SQL = """
SELECT DISTINCT n.id FROM (SELECT debit AS id FROM bulk_transfers UNION SELECT credit FROM bulk_transfers) AS n
WHERE NOT EXISTS (SELECT FROM accounts a WHERE a.id = n.id) ORDER BY 1
"""

_OVERDRAWN_SQL = """
SELECT a.id, a.credits_posted - a.debits_posted - a.debits_pending, d.amount
FROM (SELECT debit, sum(amount) AS amount FROM bulk_transfers GROUP BY 1) AS d
JOIN accounts a ON a.id = d.debit AND a.flags & 1 = 1
WHERE d.amount > a.credits_posted - a.debits_posted - a.debits_pending ORDER BY a.id LIMIT 1
"""

_OVERPAID_SQL = """
SELECT a.id, a.debits_posted - a.credits_posted - a.credits_pending, c.amount
FROM (SELECT credit, sum(amount) AS amount FROM bulk_transfers GROUP BY 1) AS c
JOIN accounts a ON a.id = c.credit AND a.flags & 2 = 2
WHERE c.amount > a.debits_posted - a.credits_posted - a.credits_pending ORDER BY a.id LIMIT 1
"""

_BOTH_SIDES_SQL = """
SELECT a.id FROM accounts a
WHERE a.flags <> 0 AND a.id IN (SELECT debit FROM bulk_transfers INTERSECT SELECT credit FROM bulk_transfers) LIMIT 1
"""

_INSERT_SQL = """
INSERT INTO transfers (id, debit_account_id, credit_account_id, amount, code, kind, reference, created_at)
SELECT nextval('ledger_transfer_ids'), debit, credit, amount, code, 0, reference,
       coalesce(%s::timestamptz, statement_timestamp())
FROM bulk_transfers
"""

_CREDIT_SQL = """
UPDATE accounts AS a SET credits_posted = a.credits_posted + c.amount
FROM (SELECT credit, sum(amount)::bigint AS amount FROM bulk_transfers GROUP BY 1) AS c WHERE a.id = c.credit
"""

_DEBIT_SQL = """
UPDATE accounts AS a SET debits_posted = a.debits_posted + d.amount
FROM (SELECT debit, sum(amount)::bigint AS amount FROM bulk_transfers GROUP BY 1) AS d WHERE a.id = d.debit
"""


def stage(connection: Connection) -> None:
    """Makes the temporary table `bulk_transfers` (debit, credit, amount, code, reference), empty.

    It is gone at the commit.
    """
    connection.execute(_STAGE_SQL)
    connection.execute("TRUNCATE bulk_transfers")


def execute(
    connection: Connection, *, also: Batch | None = None, beside: Iterable[int] = (), moment: Any = None
) -> int:
    """Locks, checks and writes what was staged, and a batch with it; returns how many transfers were staged.

    The batch's steps come first. `beside` are accounts to lock with them, for what the caller does next. `moment`
    is the time of the staged rows (none: the database's clock). Errors, with
    nothing written: AmountNotPositive, SameAccount, UnknownAccount, AssetMismatch, InsufficientBalance,
    BalanceTooLarge, ValueError (an account that forbids an overdraft is on both sides), and those of the batch.
    """
    connection.execute("ANALYZE bulk_transfers")
    count, least, same, account, one_debit, debit = _row(connection, _WRONG_SQL)
    if count and least <= 0:
        raise errors.AmountNotPositive(least)
    if same:
        raise errors.SameAccount(account)
    more = set(beside) | (also.accounts(connection) if also is not None else set())
    wanted, found, one_asset, owing = _row(connection, _LOCK_SQL, {"more": Bigints(more), "debit": debit})
    if also is not None:
        also.execute(connection)
    if not count:
        return 0
    if found != wanted:
        rows = connection.execute(_UNKNOWN_SQL).fetchall()
        raise errors.UnknownAccount([row[0] for row in rows])
    if not one_asset:
        _refuse(connection, _MISMATCH_SQL, errors.AssetMismatch)
    if not one_debit:  # one alone that was credited too would be a transfer to itself
        _refuse(connection, _BOTH_SIDES_SQL, _BothSides)
    _refuse(connection, _OVERDRAWN_SQL, errors.InsufficientBalance)
    if owing:
        _refuse(connection, _OVERPAID_SQL, errors.InsufficientBalance)
    try:
        with connection.transaction():
            connection.execute(_INSERT_SQL, (moment,))
            connection.execute(_DEBIT_SQL)
            connection.execute(_CREDIT_SQL)
    except psycopg.errors.NumericValueOutOfRange as error:
        raise errors.BalanceTooLarge(0, count) from error
    return int(count)


class _BothSides(ValueError):
    """An account that forbids an overdraft is debited and credited: a programmer's mistake, not a refusal."""


def _refuse(connection: Connection, query: str, error: Callable[..., Exception]) -> None:
    """Raises what the first row of a query stands for, if it has one."""
    found = connection.execute(query).fetchone()
    if found is not None:
        raise error(*(int(each) for each in found))


def _row(connection: Connection, query: str, params: Any = ()) -> tuple[Any, ...]:
    with connection.cursor(row_factory=tuple_row) as cursor:
        found = cursor.execute(query, params).fetchone()
    assert found is not None  # an aggregate always has its row
    return tuple(found)
