"""The only writer of balances: opens assets and accounts, and executes batches of linked transfers.

    batch = Batch()
    hold = batch.hold(debit=seller, credit=clearing, amount=500, code=10, reference=order_id)
    batch.post(hold, 200, code=12)
    ids = batch.execute(connection)        # all of it or nothing; in the caller's transaction

A batch happens whole or not at all. Its steps happen in order, and no step may overdraw an account whose
flags forbid it, even if a later step would make it good: that is what a replay of the transfers in id order
proves. Everything runs on a psycopg connection in the caller's transaction at READ COMMITTED; nothing here
commits. A refusal that is found by a check leaves the transaction usable.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, LiteralString, NamedTuple

import psycopg
from psycopg.rows import tuple_row

from ledger import errors
from ledger.arrays import Bigints
from ledger.models import (
    CREDITS_MUST_NOT_EXCEED_DEBITS,
    DEBITS_MUST_NOT_EXCEED_CREDITS,
    EXPIRE,
    PENDING,
    POST,
    POSTED,
    VOID,
)
from ledger.posting import IDS_SQL, INSERT_SQL, LOCK_SQL, REST_SQL, UPDATE_SQL, Handle, Posting

Connection = psycopg.Connection[Any]

MAX_AMOUNT = 2**63 - 1


def open_asset(connection: Connection, *, code: str, scale: int) -> int:
    """The id of the asset of this code; opened if it is not there. Errors: AssetDiffers (another scale)."""
    # Looked up first: an INSERT that meets the row would still use up one of the 32 767 ids.
    found = _rows(connection, "SELECT id, scale FROM assets WHERE code = %s", (code,))
    if not found:
        _rows(
            connection,
            "INSERT INTO assets (code, scale) VALUES (%s, %s) ON CONFLICT (code) DO NOTHING RETURNING id",
            (code, scale),
        )
        found = _rows(connection, "SELECT id, scale FROM assets WHERE code = %s", (code,))
    asset_id, known = found[0]
    if known != scale:
        raise errors.AssetDiffers(code, known, scale)
    return int(asset_id)


class NewAccount(NamedTuple):
    """An account to open; the chart's code, and the flags of `ledger.models`."""

    asset_id: int
    code: int
    flags: int = 0


def open_account(
    connection: Connection, *, asset_id: int, code: int, flags: int = 0, system: bool = False
) -> int:
    """Opens one account, all balances nil, and returns its id. Errors: as `open_accounts`."""
    return open_accounts(connection, [NewAccount(asset_id, code, flags)], system=system)[0]


def open_accounts(
    connection: Connection, accounts: Iterable[NewAccount], *, system: bool = False
) -> list[int]:
    """Opens accounts, all balances nil, and returns their ids in the same order.

    `system` accounts (and limits) get ids below 1 000 000; their transfers are not indexed. Errors:
    UnknownAsset.
    """
    wanted = list(accounts)
    if not wanted:
        return []
    sequence = "ledger_system_account_ids" if system else "ledger_account_ids"
    drawn = _rows(
        connection, "SELECT nextval(%s) FROM generate_series(1, %s::bigint)", (sequence, len(wanted))
    )
    ids = [int(row[0]) for row in drawn]
    columns = zip(*wanted, strict=True)
    try:
        with connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO accounts (id, asset_id, code, flags) "
                "SELECT * FROM unnest(%s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[])",
                (Bigints(ids), *map(Bigints, columns)),
            )
    except psycopg.errors.ForeignKeyViolation as error:
        raise errors.UnknownAsset(error.diag.message_detail or "") from error
    return ids


def pending_rest(connection: Connection, ids: Iterable[int]) -> dict[int, int]:
    """What is left to resolve of each of these pending transfers. Errors: UnknownPending."""
    wanted = set(ids)
    rests = {row[0]: int(row[3]) for row in _rows(connection, REST_SQL, (Bigints(wanted),))}
    for missing in sorted(wanted - rests.keys()):
        raise errors.UnknownPending(missing)
    return rests


def lock(connection: Connection, ids: Iterable[int]) -> dict[int, tuple[int, ...]]:
    """Locks these accounts until the transaction ends, lowest id first; the whole set of a transaction at
    once.

    Returns account id -> (asset id, flags, debits pending, debits posted, credits pending, credits posted).
    Errors: UnknownAccount.
    """
    wanted = set(ids)
    found = {row[0]: row[1:] for row in _rows(connection, LOCK_SQL, (Bigints(wanted),))}
    missing = wanted - found.keys()
    if missing:
        raise errors.UnknownAccount(sorted(missing))
    return found


def lock_assets(connection: Connection, codes: Iterable[str]) -> int:
    """Locks every account of these assets until the transaction ends, lowest id first; returns how many.

    For a step that reads what is left on all of them before it moves it.
    """
    [(count,)] = _rows(connection, _LOCK_ASSETS_SQL, (list(codes),))
    return int(count)


_LOCK_ASSETS_SQL = """
SELECT count(*) FROM (
  SELECT FROM accounts WHERE asset_id IN (SELECT id FROM assets WHERE code = ANY(%s)) ORDER BY id FOR NO KEY UPDATE
) AS locked
"""


def write(
    connection: Connection, posting: Posting, *, batch_id: int = 0, moment: dt.datetime | None = None
) -> list[int]:
    """Writes a posting whose accounts are locked and whose steps were checked; returns the ids of its
    transfers.

    The database checks once more, but only the balances after all steps. Errors, after which the transaction
    must be rolled back: InsufficientBalance, UnknownAccount.
    """
    if not posting.rows:
        return []
    ids = [int(row[0]) for row in _rows(connection, IDS_SQL, (len(posting.rows),))]
    with connection.cursor() as cursor:
        cursor.execute(INSERT_SQL, posting.insert_params(ids, batch_id, moment))
        try:
            cursor.execute(UPDATE_SQL, posting.update_params())
        except psycopg.errors.CheckViolation as error:
            refusal = overdraft(error, posting)
            if refusal is None:
                raise
            raise refusal from error
        if cursor.rowcount != len(posting.deltas):
            known = {row[0] for row in _rows(connection, LOCK_SQL, posting.lock_params())}
            raise errors.UnknownAccount(sorted(posting.deltas.keys() - known))
    return ids


_OVERDRAFTS = {
    "ck_accounts_debits_must_not_exceed_credits": (0, 1),
    "ck_accounts_credits_must_not_exceed_debits": (2, 3),
}


def overdraft(error: psycopg.errors.CheckViolation, posting: Posting) -> errors.InsufficientBalance | None:
    """The refusal that the database's CHECK stands for, if it is an overdraft by this posting."""
    sides = _OVERDRAFTS.get(error.diag.constraint_name or "")
    # "Failing row contains (id, asset, code, flags, four balances, created_at)." is all that says which
    # account
    found = re.search(r"\(([-0-9, ]+), ", error.diag.message_detail or "")
    if sides is None or found is None:
        return None
    row = [int(number) for number in found[1].split(",")]
    pending, posted = sides
    needed = posting.deltas[row[0]][pending] + posting.deltas[row[0]][posted]
    balances = row[4:8]
    missing = balances[pending] + balances[posted] - balances[3 if posted == 1 else 1]
    return errors.InsufficientBalance(row[0], needed - missing, needed)


@dataclass(slots=True)
class _Step:
    kind: int
    debit: int
    credit: int
    amount: int | None
    code: int
    pending: int
    reference: int


@dataclass(slots=True)
class _Pending:
    debit: int
    credit: int
    rest: int


class Batch:
    """Linked transfers, collected and then executed once, in order, all or none.

    Amounts are integers in the smallest unit of the asset. Every method returns a Handle of its transfer,
    good for `id_of` after execution; the one of a hold may be resolved in the same batch.
    """

    __slots__ = ("_steps", "_ids")

    def __init__(self) -> None:
        self._steps: list[_Step] = []
        self._ids: list[int] | None = None

    def __len__(self) -> int:
        return len(self._steps)

    def transfer(self, *, debit: int, credit: int, amount: int, code: int, reference: int = 0) -> Handle:
        """Moves an amount at once. Errors: AmountNotPositive, BalanceTooLarge, SameAccount."""
        return self._add(POSTED, debit, credit, amount, code, 0, reference)

    def hold(self, *, debit: int, credit: int, amount: int, code: int, reference: int = 0) -> Handle:
        """Holds an amount on both accounts until it is resolved. Errors: as `transfer`."""
        return self._add(PENDING, debit, credit, amount, code, 0, reference)

    def post(self, pending: int, amount: int | None = None, *, code: int, reference: int = 0) -> Handle:
        """Moves a held amount, by default all that is left. Errors: AmountNotPositive, UnknownPending."""
        return self._resolve(POST, pending, amount, code, reference)

    def void(self, pending: int, amount: int | None = None, *, code: int, reference: int = 0) -> Handle:
        """Gives a held amount back, by default all that is left of it. Errors: as `post`."""
        return self._resolve(VOID, pending, amount, code, reference)

    def expire(self, pending: int, amount: int | None = None, *, code: int, reference: int = 0) -> Handle:
        """Gives a held amount back because its time is over. Errors: as `post`."""
        return self._resolve(EXPIRE, pending, amount, code, reference)

    def id_of(self, handle: Handle) -> int:
        """The id of a transfer of this batch. Errors: BatchNotExecuted."""
        if self._ids is None:
            raise errors.BatchNotExecuted
        return self._ids[~handle]

    def execute(
        self, connection: Connection, *, batch_id: int = 0, moment: dt.datetime | None = None
    ) -> list[int]:
        """Locks, checks and writes the batch; returns the ids of its transfers, in order.

        `batch_id` groups the rows; `moment` is their time (none: the database's clock). Errors, with nothing
        written: BatchSpent, UnknownPending, UnknownAccount, AssetMismatch, InsufficientBalance,
        BalanceTooLarge, PendingOverResolved, PendingResolved.
        """
        if self._ids is not None:
            raise errors.BatchSpent
        posting = self._check(connection)
        self._ids = write(connection, posting, batch_id=batch_id, moment=moment)
        return list(self._ids)

    def accounts(self, connection: Connection) -> set[int]:
        """The accounts that this batch touches. Errors: UnknownPending."""
        pendings = _pendings(connection, {step.pending for step in self._steps if step.pending > 0})
        touched = {
            account for step in self._steps if not step.pending for account in (step.debit, step.credit)
        }
        touched.update(account for p in pendings.values() for account in (p.debit, p.credit))
        return touched

    def _add(
        self, kind: int, debit: int, credit: int, amount: int | None, code: int, pending: int, reference: int
    ) -> Handle:
        if self._ids is not None:
            raise errors.BatchSpent
        if kind in (POSTED, PENDING) and debit == credit:
            raise errors.SameAccount(debit)
        if amount is not None or kind in (POSTED, PENDING):  # only a resolution may take all that is left
            if not isinstance(amount, int) or isinstance(amount, bool) or amount <= 0:
                raise errors.AmountNotPositive(amount)
            if amount > MAX_AMOUNT:
                raise errors.BalanceTooLarge(debit, amount)
        self._steps.append(_Step(kind, debit, credit, amount, code, pending, reference))
        return Handle(-len(self._steps))

    def _resolve(self, kind: int, pending: int, amount: int | None, code: int, reference: int) -> Handle:
        of_batch = pending < 0
        if pending == 0 or (
            of_batch and (~pending >= len(self._steps) or self._steps[~pending].kind != PENDING)
        ):
            raise errors.UnknownPending(pending)
        return self._add(kind, 0, 0, amount, code, pending, reference)

    def _check(self, connection: Connection) -> Posting:
        named = {step.pending for step in self._steps if step.pending > 0}
        touched = self.accounts(connection)
        if not touched:
            return Posting()
        books = _Books(lock(connection, touched))
        # Once more, now that nobody else can resolve them: a resolution locks both accounts of its pending.
        books.pendings = _pendings(connection, named)
        for position, step in enumerate(self._steps):
            books.take(step, Handle(~position))
        return books.posting


class _Books:
    """The locked accounts and the pendings, as the steps of a batch change them one by one."""

    def __init__(self, locked: dict[int, tuple[int, ...]]) -> None:
        self.assets = {account: row[0] for account, row in locked.items()}
        self.flags = {account: row[1] for account, row in locked.items()}
        self.balances = {account: list(row[2:]) for account, row in locked.items()}
        self.pendings: dict[int, _Pending] = {}
        self.posting = Posting()

    def take(self, step: _Step, handle: Handle) -> None:
        """Checks one step against what the steps before it left, and adds it to the posting."""
        if step.kind in (POSTED, PENDING):
            amount = step.amount
            assert amount is not None  # only a resolution may leave it open
            self._check_new(step, amount)
            if step.kind == POSTED:
                self.posting.transfer(step.debit, step.credit, amount, step.code, step.reference)
            else:
                self.posting.hold(step.debit, step.credit, amount, step.code, step.reference)
                self.pendings[handle] = _Pending(step.debit, step.credit, amount)
            self._move(step.debit, step.credit, amount, 0 if step.kind == PENDING else 1)
            return
        pending = self.pendings[step.pending]
        amount = _resolved_amount(step, pending)
        pending.rest -= amount
        legs = (pending.debit, pending.credit)
        self._move(*legs, -amount, 0)
        if step.kind == POST:
            self._move(*legs, amount, 1)
            self.posting.post(step.pending, *legs, amount, step.code, step.reference)
        else:
            self.posting.void(step.pending, *legs, amount, step.code, step.reference, step.kind)

    def _check_new(self, step: _Step, amount: int) -> None:
        if self.assets[step.debit] != self.assets[step.credit]:
            raise errors.AssetMismatch(step.debit, step.credit)
        # Only a new debit draws on the debit account, only a new credit on the credit account: resolving a
        # pending never takes more than its hold did.
        if self.flags[step.debit] & DEBITS_MUST_NOT_EXCEED_CREDITS:
            debits_pending, debits_posted, _, credits_posted = self.balances[step.debit]
            available = credits_posted - debits_posted - debits_pending
            if amount > available:
                raise errors.InsufficientBalance(step.debit, available, amount)
        if self.flags[step.credit] & CREDITS_MUST_NOT_EXCEED_DEBITS:
            _, debits_posted, credits_pending, credits_posted = self.balances[step.credit]
            available = debits_posted - credits_posted - credits_pending
            if amount > available:
                raise errors.InsufficientBalance(step.credit, available, amount)

    def _move(self, debit: int, credit: int, amount: int, column: int) -> None:
        for account, index in ((debit, column), (credit, column + 2)):
            side = self.balances[account]
            side[index] += amount
            if side[index - column] + side[index - column + 1] > MAX_AMOUNT:
                raise errors.BalanceTooLarge(account, amount)


def _resolved_amount(step: _Step, pending: _Pending) -> int:
    if step.amount is None:
        if pending.rest == 0:
            raise errors.PendingResolved(step.pending)
        return pending.rest
    if step.amount > pending.rest:
        raise errors.PendingOverResolved(step.pending, pending.rest, step.amount)
    return step.amount


def _pendings(connection: Connection, ids: set[int]) -> dict[int, _Pending]:
    if not ids:
        return {}
    found = {
        row[0]: _Pending(row[1], row[2], int(row[3])) for row in _rows(connection, REST_SQL, (Bigints(ids),))
    }
    for missing in sorted(ids - found.keys()):
        raise errors.UnknownPending(missing)
    return found


def _rows(connection: Connection, statement: LiteralString, params: Sequence[Any]) -> list[tuple[Any, ...]]:
    # The caller's connection may have another row factory.
    with connection.cursor(row_factory=tuple_row) as cursor:
        return cursor.execute(statement, params).fetchall()
