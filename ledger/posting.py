"""The statements of a batch of transfers and the builder of their parameters. No check is made here.

`journal.Batch` checks and runs these for use cases. The exchange's engine, which knows the balances already,
builds a `Posting` itself and sends the statements within its own pipeline, in this order: LOCK_SQL, IDS_SQL
(ids are drawn after locking, so that id order is the order of the balances), INSERT_SQL, UPDATE_SQL. It must
see that LOCK_SQL found every account and UPDATE_SQL changed `len(posting.deltas)` rows.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any, NewType

from ledger.arrays import Bigints, rows_of
from ledger.models import EXPIRE, PENDING, POST, POSTED, VOID

Handle = NewType("Handle", int)
"""A row of a posting that has no id yet: ~(its position). Negative, so never the id of a transfer."""

# An array inside (SELECT ...) hides its length from the planner, which then takes ten rows and always goes by
# the index. Seen, a long array made it scan and hash the whole table of accounts, a cost that grows with the
# county.

# (ids bigint[]) -> rows in id order. The one lock of a batch: every account at once, lowest id first, so that
# two batches never wait for each other in a ring. NO KEY: foreign keys to accounts stay free.
LOCK_SQL = """
SELECT id, asset_id, flags, debits_pending, debits_posted, credits_pending, credits_posted
FROM accounts WHERE id = ANY ((SELECT %s::bigint[])::bigint[])
ORDER BY id FOR NO KEY UPDATE
"""

# (count) -> that many ids, ascending. The sequence has no cache: another session's later ids are greater.
IDS_SQL = "SELECT nextval('ledger_transfer_ids') FROM generate_series(1, %s::bigint)"

# Posting.insert_params
INSERT_SQL = f"""
INSERT INTO transfers (id, debit_account_id, credit_account_id, amount, code, kind, pending_id, reference,
                       batch_id, created_at)
SELECT t.id, t.debit, t.credit, t.amount, t.code, t.kind, nullif(t.pending, 0), t.reference,
       %s::bigint, coalesce(%s::timestamptz, statement_timestamp())
FROM ({rows_of("id", "debit", "credit", "amount", "code", "kind", "pending", "reference")}) AS t
"""

_DELTA_COLUMNS = ("id", "debits_pending", "debits_posted", "credits_pending", "credits_posted")

# Posting.update_params
UPDATE_SQL = f"""
UPDATE accounts AS a
SET debits_pending = a.debits_pending + d.debits_pending, debits_posted = a.debits_posted + d.debits_posted,
    credits_pending = a.credits_pending + d.credits_pending, credits_posted = a.credits_posted +
    d.credits_posted
FROM ({rows_of(*_DELTA_COLUMNS, hidden=True)}) AS d
WHERE a.id = d.id
"""

# (ids bigint[]) -> (id, debit account, credit account, rest) of those that are pending transfers
REST_SQL = """
SELECT p.id, p.debit_account_id, p.credit_account_id, p.amount - r.resolved
FROM unnest((SELECT %s::bigint[])) AS n (id)
CROSS JOIN LATERAL (
  SELECT id, debit_account_id, credit_account_id, amount FROM transfers WHERE id = n.id AND kind = 1 LIMIT 1
) AS p
CROSS JOIN LATERAL (
  SELECT coalesce(sum(amount), 0)::bigint AS resolved FROM transfers WHERE pending_id = p.id
) AS r
"""


class Posting:
    """Rows of transfers in order and, an account, the change of its four balances.

    `rows`: (debit, credit, amount, code, kind, pending or 0, reference); `deltas`: account id -> [debits
    pending, debits posted, credits pending, credits posted]. `pending` is the id of a pending transfer or a
    Handle of this posting; whoever resolves one names its two accounts again, and answers for them.
    """

    __slots__ = ("rows", "deltas")

    def __init__(self) -> None:
        self.rows: list[tuple[int, int, int, int, int, int, int]] = []
        self.deltas: defaultdict[int, list[int]] = defaultdict(_nil)

    def transfer(self, debit: int, credit: int, amount: int, code: int, reference: int = 0) -> Handle:
        """Moves the amount at once."""
        deltas = self.deltas
        deltas[debit][1] += amount
        deltas[credit][3] += amount
        self.rows.append((debit, credit, amount, code, POSTED, 0, reference))
        return Handle(-len(self.rows))

    def hold(self, debit: int, credit: int, amount: int, code: int, reference: int = 0) -> Handle:
        """Holds the amount on both sides."""
        deltas = self.deltas
        deltas[debit][0] += amount
        deltas[credit][2] += amount
        self.rows.append((debit, credit, amount, code, PENDING, 0, reference))
        return Handle(-len(self.rows))

    def post(
        self, pending: int, debit: int, credit: int, amount: int, code: int, reference: int = 0
    ) -> Handle:
        """Moves a held amount."""
        side = self.deltas[debit]
        side[0] -= amount
        side[1] += amount
        side = self.deltas[credit]
        side[2] -= amount
        side[3] += amount
        self.rows.append((debit, credit, amount, code, POST, pending, reference))
        return Handle(-len(self.rows))

    def void(
        self,
        pending: int,
        debit: int,
        credit: int,
        amount: int,
        code: int,
        reference: int = 0,
        kind: int = VOID,
    ) -> Handle:
        """Gives a held amount back."""
        deltas = self.deltas
        deltas[debit][0] -= amount
        deltas[credit][2] -= amount
        self.rows.append((debit, credit, amount, code, kind, pending, reference))
        return Handle(-len(self.rows))

    def expire(
        self, pending: int, debit: int, credit: int, amount: int, code: int, reference: int = 0
    ) -> Handle:
        """Gives a held amount back because its time is over."""
        return self.void(pending, debit, credit, amount, code, reference, EXPIRE)

    def lock_params(self) -> tuple[Bigints]:
        """The parameters of LOCK_SQL."""
        return (Bigints(self.deltas),)

    def insert_params(
        self, ids: Sequence[int], batch_id: int = 0, moment: dt.datetime | None = None
    ) -> tuple[Any, ...]:
        """The parameters of INSERT_SQL; `ids` as drawn, one a row; no moment means the database's clock."""
        if len(ids) != len(self.rows):
            raise ValueError(f"one id a row: {len(ids)} ids for {len(self.rows)} rows")
        columns = zip(*self.rows, strict=True) if self.rows else _NO_ROWS
        debits, credits, amounts, codes, kinds, pendings, references = columns
        return (
            batch_id,
            moment,
            Bigints(ids),
            Bigints(debits),
            Bigints(credits),
            Bigints(amounts),
            Bigints(codes),
            Bigints(kinds),
            Bigints([ids[~pending] if pending < 0 else pending for pending in pendings]),
            Bigints(references),
        )

    def update_params(self) -> tuple[Bigints, ...]:
        """The parameters of UPDATE_SQL."""
        deltas = self.deltas
        columns = zip(*deltas.values(), strict=True) if deltas else _NO_DELTAS
        return (Bigints(deltas), *map(Bigints, columns))


def _nil() -> list[int]:
    return [0, 0, 0, 0]


# zip has no columns for no rows; the statements want their parameters all the same.
_NO_ROWS: Iterable[tuple[int, ...]] = ((),) * 7
_NO_DELTAS: Iterable[tuple[int, ...]] = ((),) * 4
