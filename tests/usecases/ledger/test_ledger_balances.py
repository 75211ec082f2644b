"""Balances as of any point, statements, and proofs that find what was broken by hand."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import psycopg
import pytest

from ledger import PROOFS, Balance, Batch, balances, errors, open_account, proofs

Connection = psycopg.Connection[Any]
Holder = Callable[[int], int]

SPRING = dt.datetime(2026, 4, 1, tzinfo=dt.UTC)


@pytest.fixture
def history(connection: Connection, bank: int, holder: Holder) -> tuple[int, list[int], list[Balance]]:
    """An account, the ids of its transfers, one a day, and its balance after each."""
    account = holder(0)
    steps = [
        ("transfer", 1000, (0, 0, 0, 1000)),
        ("hold", 400, (400, 0, 0, 1000)),
        ("post", 150, (250, 150, 0, 1000)),
        ("void", 50, (200, 150, 0, 1000)),
        ("expire", None, (0, 150, 0, 1000)),
    ]
    ids: list[int] = []
    for day, (verb, amount, _) in enumerate(steps):
        batch = Batch()
        if verb == "transfer":
            batch.transfer(debit=bank, credit=account, amount=1000, code=20, reference=7)
        elif verb == "hold":
            batch.hold(debit=account, credit=bank, amount=400, code=10)
        else:
            getattr(batch, verb)(ids[1], amount, code=12)
        ids += batch.execute(connection, batch_id=day, moment=SPRING + dt.timedelta(days=day))
    return account, ids, [Balance(account, *columns) for _, _, columns in steps]


def test_a_balance_is_known_after_every_transfer_and_at_every_moment(
    connection: Connection, history: tuple[int, list[int], list[Balance]]
) -> None:
    account, ids, after = history
    for day, (transfer_id, balance) in enumerate(zip(ids, after, strict=True)):
        assert balances.as_of(connection, [account], transfer_id=transfer_id)[account] == balance
        evening = SPRING + dt.timedelta(days=day, hours=18)
        assert balances.as_of(connection, [account], moment=evening)[account] == balance
        assert (
            balances.as_of(connection, [account], moment=SPRING + dt.timedelta(days=day))[account] == balance
        )
    nil = Balance(account, 0, 0, 0, 0)
    assert balances.as_of(connection, [account], transfer_id=ids[0] - 1)[account] == nil
    assert balances.as_of(connection, [account], moment=SPRING - dt.timedelta(seconds=1))[account] == nil
    assert balances.now(connection, [account])[account] == after[-1]


def test_the_balance_of_a_system_account_is_known_as_of_a_transfer_too(
    connection: Connection, bank: int, history: tuple[int, list[int], list[Balance]]
) -> None:
    account, ids, after = history
    found = balances.as_of(connection, [bank, account], transfer_id=ids[2])
    assert found == {bank: Balance(bank, 0, 1000, 250, 150), account: after[2]}


def test_available_posted_and_pending_are_read_off_the_columns() -> None:
    balance = Balance(1, debits_pending=200, debits_posted=150, credits_pending=30, credits_posted=1000)
    assert (balance.posted, balance.pending, balance.available) == (850, 200, 650)


def test_a_statement_shows_each_transfer_with_the_balance_after_it(
    connection: Connection, bank: int, history: tuple[int, list[int], list[Balance]]
) -> None:
    account, ids, after = history
    entries = balances.statement(connection, account)
    assert [entry.transfer_id for entry in entries] == ids
    assert [entry.balance for entry in entries] == after
    assert [entry.is_debit for entry in entries] == [False, True, True, True, True]
    assert [entry.amount for entry in entries] == [1000, 400, 150, 50, 200]
    assert [entry.kind for entry in entries] == [0, 1, 2, 3, 4]
    assert {entry.other_account_id for entry in entries} == {bank}
    assert (entries[0].reference, entries[0].code, entries[0].pending_id) == (7, 20, None)
    assert (entries[2].pending_id, entries[2].batch_id) == (ids[1], 2)


def test_a_statement_is_read_in_pages(
    connection: Connection, bank: int, history: tuple[int, list[int], list[Balance]]
) -> None:
    for account in (history[0], bank):
        whole = balances.statement(connection, account)
        pages, after_id = [], 0
        while page := balances.statement(connection, account, after_id=after_id, limit=2):
            pages += page
            after_id = page[-1].transfer_id
        assert pages == whole
    with pytest.raises(ValueError, match="limit"):
        balances.statement(connection, bank, limit=0)


def test_unknown_accounts_and_unsaid_points_are_refused(connection: Connection, bank: int) -> None:
    for read in (
        lambda: balances.now(connection, [bank, 10**12]),
        lambda: balances.as_of(connection, [10**12], transfer_id=1),
        lambda: balances.statement(connection, 10**12),
    ):
        with pytest.raises(errors.UnknownAccount) as refusal:
            read()
        assert refusal.value.account_ids == [10**12]
    with pytest.raises(ValueError, match="as of what"):
        balances.as_of(connection, [bank])
    assert balances.now(connection, []) == {}


def found(connection: Connection, proof: proofs.Proof) -> list[str]:
    return [row[0] for row in connection.execute(proof.violations_sql).fetchall()]


def insert(connection: Connection, *rows: tuple[int, int, int, int, int | None]) -> list[int]:
    """Transfers put in by hand behind the journal's back: (debit, credit, amount, kind, pending)."""
    ids = []
    for row in rows:
        drawn = connection.execute(
            "INSERT INTO transfers (id, debit_account_id, credit_account_id, amount, code, kind, pending_id) "
            "VALUES (nextval('ledger_transfer_ids'), %s, %s, %s, 1, %s, %s) RETURNING id",
            row,
        ).fetchone()
        assert drawn is not None
        ids.append(int(drawn[0]))
    return ids


def test_a_sound_ledger_violates_nothing(
    connection: Connection, history: tuple[int, list[int], list[Balance]]
) -> None:
    assert len({proof.name for proof in PROOFS}) == len(PROOFS) == 4
    assert [found(connection, proof) for proof in PROOFS] == [[], [], [], []]


def test_a_transfer_without_its_columns_is_found(connection: Connection, asset: int, bank: int) -> None:
    account = open_account(connection, asset_id=asset, code=1)
    insert(connection, (bank, account, 5, 0, None))
    assert found(connection, proofs.COLUMNS_EQUAL_SUMS) == ["columns differ from sums"] * 2


def test_columns_without_a_transfer_are_found(connection: Connection, bank: int) -> None:
    connection.execute("UPDATE accounts SET credits_pending = 1 WHERE id = %s", (bank,))
    assert found(connection, proofs.COLUMNS_EQUAL_SUMS) == ["columns differ from sums"]


def test_a_transfer_of_no_account_or_of_two_assets_is_found(connection: Connection, bank: int) -> None:
    headroom = connection.execute(
        "INSERT INTO assets (code, scale) VALUES ('headroom', 3) RETURNING id"
    ).fetchone()
    assert headroom is not None
    limit = open_account(connection, asset_id=headroom[0], code=21)
    insert(connection, (bank, limit, 5, 0, None), (10**12, bank, 5, 0, None), (bank, 10**12, 5, 0, None))
    reasons = {"two assets", "no debit account", "no credit account"}
    assert set(found(connection, proofs.TRANSFERS_BALANCE)) == reasons


def test_an_overdraft_that_was_made_good_later_is_found(
    connection: Connection, bank: int, holder: Holder
) -> None:
    account = holder(10)
    insert(connection, (account, bank, 11, 0, None), (bank, account, 100, 0, None))
    assert found(connection, proofs.NEVER_OVERDRAWN) == ["overdrawn"]
    held = holder(10)
    insert(connection, (held, bank, 6, 1, None), (held, bank, 6, 1, None), (bank, held, 100, 0, None))
    assert found(connection, proofs.NEVER_OVERDRAWN) == ["overdrawn"] * 2


def test_a_pending_resolved_too_far_too_early_or_elsewhere_is_found(
    connection: Connection, bank: int, holder: Holder
) -> None:
    one, other = holder(100), holder(100)
    (hold,) = insert(connection, (one, bank, 50, 1, None))
    insert(connection, (one, bank, 30, 2, hold), (one, bank, 21, 3, hold))
    assert found(connection, proofs.PENDINGS_NOT_OVER_RESOLVED) == ["over-resolved"]
    insert(connection, (other, bank, 1, 4, hold), (one, bank, 1, 2, 10**15))
    insert(connection, (one, bank, 1, 2, 10**15 + 1))
    connection.execute(
        "INSERT INTO transfers (id, debit_account_id, credit_account_id, amount, code, kind) "
        "VALUES (%s, %s, %s, 50, 1, 1)",
        (10**15 + 1, one, bank),
    )
    assert sorted(found(connection, proofs.PENDINGS_NOT_OVER_RESOLVED)) == [
        "no such pending",
        "other accounts than the pending",
        "over-resolved",
        "resolved before it was held",
    ]
