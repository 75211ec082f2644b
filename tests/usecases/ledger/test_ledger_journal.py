"""The journal against a real database: what a batch does, and what it refuses."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import psycopg
import pytest
from psycopg.rows import dict_row

from ledger import PROOFS, Batch, NewAccount, Posting, balances, errors, journal, open_account, pending_rest
from ledger.models import CREDITS_MUST_NOT_EXCEED_DEBITS, DEBITS_MUST_NOT_EXCEED_CREDITS

Connection = psycopg.Connection[Any]
Holder = Callable[[int], int]


def columns(connection: Connection, account: int) -> tuple[int, int, int, int]:
    balance = balances.now(connection, [account])[account]
    return (
        balance.debits_pending,
        balance.debits_posted,
        balance.credits_pending,
        balance.credits_posted,
    )


def violations(connection: Connection) -> list[Any]:
    return [row for proof in PROOFS for row in connection.execute(proof.violations_sql).fetchall()]


def count_transfers(connection: Connection) -> int:
    row = connection.execute("SELECT count(*) FROM transfers").fetchone()
    assert row is not None
    return int(row[0])


# TigerBeetle, "Two-Phase Transfers", Examples, https://docs.tigerbeetle.com/coding/two-phase-transfers/
# has the balances of A (debits pending, posted) and B (credits pending, posted) before, after the pending
# transfer of 123 and after its resolution, starting from w, x, y, z. A rest that is not posted is given back
# there by the post itself and here by a void in the same batch.
W, X, Y, Z = 7, 11, 0, 13
PUBLISHED = {
    "post_full": ([("post", 123)], (W, 123 + X), (Y, 123 + Z)),
    "post_partial": ([("post", 100), ("void", None)], (W, 100 + X), (Y, 100 + Z)),
    "void": ([("void", 123)], (W, X), (Y, Z)),
    "expire": ([("expire", None)], (W, X), (Y, Z)),
}


@pytest.mark.parametrize("name", PUBLISHED)
def test_two_phase_transfers_show_the_published_sequence_of_balances(
    connection: Connection, asset: int, bank: int, name: str
) -> None:
    a, b = (open_account(connection, asset_id=asset, code=11) for _ in range(2))
    start = Batch()
    start.hold(debit=a, credit=bank, amount=W, code=1)
    start.transfer(debit=a, credit=bank, amount=X, code=1)
    start.transfer(debit=bank, credit=b, amount=Z, code=1)
    start.execute(connection)
    assert columns(connection, a)[:2] == (W, X)
    assert columns(connection, b)[2:] == (Y, Z)

    first = Batch()
    pending = first.hold(debit=a, credit=b, amount=123, code=1)
    first.execute(connection)
    assert columns(connection, a)[:2] == (123 + W, X)
    assert columns(connection, b)[2:] == (123 + Y, Z)

    steps, a_after, b_after = PUBLISHED[name]
    second = Batch()
    for verb, amount in steps:
        getattr(second, verb)(first.id_of(pending), amount, code=1)
    second.execute(connection)
    assert columns(connection, a)[:2] == a_after
    assert columns(connection, b)[2:] == b_after
    assert pending_rest(connection, [first.id_of(pending)]) == {first.id_of(pending): 0}
    assert violations(connection) == []


def test_a_pending_transfer_fails_at_once_where_its_posting_would(
    connection: Connection, asset: int, bank: int, holder: Holder
) -> None:
    # The same page, "Pessimistic Pending Transfers": credits posted 100, debits posted 70, 50 more pending
    account = holder(100)
    spend = Batch()
    spend.transfer(debit=account, credit=bank, amount=70, code=1)
    spend.execute(connection)
    hold = Batch()
    hold.hold(debit=account, credit=bank, amount=50, code=1)
    with pytest.raises(errors.InsufficientBalance) as refusal:
        hold.execute(connection)
    assert (refusal.value.account_id, refusal.value.available, refusal.value.needed) == (account, 30, 50)


def test_a_batch_happens_whole_or_not_at_all(connection: Connection, bank: int, holder: Holder) -> None:
    rich, poor, before = holder(100), holder(10), count_transfers(connection)
    batch = Batch()
    batch.transfer(debit=rich, credit=bank, amount=50, code=1)
    batch.transfer(debit=poor, credit=bank, amount=11, code=1)
    with pytest.raises(errors.InsufficientBalance) as refusal:
        batch.execute(connection)
    assert (refusal.value.account_id, refusal.value.available, refusal.value.needed) == (poor, 10, 11)
    assert columns(connection, rich) == (0, 0, 0, 100)
    assert count_transfers(connection) == before


def test_a_refused_batch_leaves_the_transaction_usable_and_may_be_tried_again(
    connection: Connection, bank: int, holder: Holder
) -> None:
    account = holder(0)
    batch = Batch()
    batch.transfer(debit=account, credit=bank, amount=5, code=1)
    with pytest.raises(errors.InsufficientBalance):
        batch.execute(connection)
    credit = Batch()
    credit.transfer(debit=bank, credit=account, amount=5, code=1)
    credit.execute(connection)
    assert len(batch.execute(connection)) == 1


def test_money_that_a_step_brings_can_be_spent_by_the_next_step_but_not_by_the_one_before(
    connection: Connection, bank: int, holder: Holder
) -> None:
    account, other = holder(0), holder(0)
    spend_first = Batch()
    spend_first.transfer(debit=account, credit=other, amount=5, code=1)
    spend_first.transfer(debit=bank, credit=account, amount=5, code=1)
    with pytest.raises(errors.InsufficientBalance):
        spend_first.execute(connection)
    bring_first = Batch()
    bring_first.transfer(debit=bank, credit=account, amount=5, code=1)
    bring_first.transfer(debit=account, credit=other, amount=5, code=1)
    bring_first.execute(connection)
    assert columns(connection, other) == (0, 0, 0, 5)
    assert violations(connection) == []


def test_a_hold_can_be_resolved_in_its_own_batch_in_parts(
    connection: Connection, bank: int, holder: Holder
) -> None:
    seller, buyer = holder(100), holder(0)
    batch = Batch()
    hold = batch.hold(debit=seller, credit=buyer, amount=60, code=10, reference=5)
    post = batch.post(hold, 25, code=12, reference=6)
    batch.void(hold, 5, code=12)
    ids = batch.execute(connection, batch_id=99)
    assert ids == sorted(ids)
    assert batch.id_of(hold) == ids[0]
    assert columns(connection, seller) == (30, 25, 0, 100)
    assert columns(connection, buyer) == (0, 0, 30, 25)
    assert pending_rest(connection, [ids[0]]) == {ids[0]: 30}
    row = connection.execute(
        "SELECT kind, pending_id, amount, code, reference, batch_id FROM transfers WHERE id = %s",
        (batch.id_of(post),),
    ).fetchone()
    assert row == (2, ids[0], 25, 12, 6, 99)


def test_more_than_is_left_of_a_pending_is_refused_over_all_batches_and_steps(
    connection: Connection, bank: int, holder: Holder
) -> None:
    account = holder(100)
    batch = Batch()
    handle = batch.hold(debit=account, credit=bank, amount=60, code=1)
    batch.post(handle, 20, code=1)
    batch.execute(connection)
    pending = batch.id_of(handle)

    over = Batch()
    over.void(pending, 30, code=1)
    over.post(pending, 11, code=1)
    with pytest.raises(errors.PendingOverResolved) as refusal:
        over.execute(connection)
    assert (refusal.value.pending_id, refusal.value.rest, refusal.value.needed) == (pending, 10, 11)

    rest = Batch()
    rest.void(pending, 30, code=1)
    rest.expire(pending, code=1)
    rest.execute(connection)
    again = Batch()
    again.post(pending, code=1)
    with pytest.raises(errors.PendingResolved):
        again.execute(connection)
    assert violations(connection) == []


def test_what_is_no_pending_transfer_cannot_be_resolved(
    connection: Connection, bank: int, holder: Holder
) -> None:
    account = holder(10)
    batch = Batch()
    plain = batch.transfer(debit=account, credit=bank, amount=5, code=1)
    with pytest.raises(errors.UnknownPending):
        batch.post(plain, code=1)
    with pytest.raises(errors.UnknownPending):
        batch.void(-7, code=1)
    with pytest.raises(errors.UnknownPending):
        batch.void(0, code=1)
    batch.execute(connection)
    for wrong in (batch.id_of(plain), 10**15):
        other = Batch()
        other.expire(wrong, code=1)
        with pytest.raises(errors.UnknownPending):
            other.execute(connection)
        with pytest.raises(errors.UnknownPending):
            pending_rest(connection, [wrong])


def test_accounts_that_do_not_exist_are_named(connection: Connection, bank: int) -> None:
    batch = Batch()
    batch.transfer(debit=bank, credit=10**12 + 1, amount=1, code=1)
    batch.transfer(debit=10**12, credit=bank, amount=1, code=1)
    with pytest.raises(errors.UnknownAccount) as refusal:
        batch.execute(connection)
    assert refusal.value.account_ids == [10**12, 10**12 + 1]


def test_two_assets_never_mix(connection: Connection, bank: int) -> None:
    water = journal.open_asset(connection, code="water:surface:2026", scale=3)
    canal = open_account(connection, asset_id=water, code=1)
    batch = Batch()
    batch.transfer(debit=bank, credit=canal, amount=1, code=1)
    with pytest.raises(errors.AssetMismatch):
        batch.execute(connection)


@pytest.mark.parametrize("amount", [0, -1, 1.5, "1", None, True])
def test_an_amount_that_is_no_positive_integer_is_refused(amount: Any) -> None:
    with pytest.raises(errors.AmountNotPositive):
        Batch().transfer(debit=1, credit=2, amount=amount, code=1)
    with pytest.raises(errors.AmountNotPositive):
        Batch().hold(debit=1, credit=2, amount=amount, code=1)


def test_an_account_cannot_transfer_to_itself() -> None:
    with pytest.raises(errors.SameAccount):
        Batch().transfer(debit=1, credit=1, amount=1, code=1)


def test_balances_that_pass_64_bits_are_refused(connection: Connection, asset: int, bank: int) -> None:
    account = open_account(connection, asset_id=asset, code=11)
    with pytest.raises(errors.BalanceTooLarge):
        Batch().transfer(debit=bank, credit=account, amount=2**63, code=1)
    batch = Batch()
    batch.transfer(debit=bank, credit=account, amount=2**63 - 1, code=1)
    batch.hold(debit=bank, credit=account, amount=1, code=1)
    with pytest.raises(errors.BalanceTooLarge):
        batch.execute(connection)


def test_an_account_may_be_the_other_way_round(connection: Connection, asset: int, bank: int) -> None:
    due = open_account(connection, asset_id=asset, code=16, flags=CREDITS_MUST_NOT_EXCEED_DEBITS)
    charge = Batch()
    charge.transfer(debit=due, credit=bank, amount=10, code=1)
    charge.hold(debit=bank, credit=due, amount=4, code=1)
    charge.execute(connection)
    pay = Batch()
    pay.transfer(debit=bank, credit=due, amount=7, code=1)
    with pytest.raises(errors.InsufficientBalance) as refusal:
        pay.execute(connection)
    assert (refusal.value.available, refusal.value.needed) == (6, 7)
    assert violations(connection) == []


def test_a_batch_is_executed_once_and_an_empty_one_does_nothing(connection: Connection, bank: int) -> None:
    batch = Batch()
    with pytest.raises(errors.BatchNotExecuted):
        batch.id_of(journal.Handle(-1))
    assert batch.execute(connection) == []
    with pytest.raises(errors.BatchSpent):
        batch.execute(connection)
    with pytest.raises(errors.BatchSpent):
        batch.transfer(debit=bank, credit=bank + 1, amount=1, code=1)


def test_accounts_open_in_order_with_ids_that_tell_system_from_participant(
    connection: Connection, asset: int
) -> None:
    wanted = [NewAccount(asset, code, DEBITS_MUST_NOT_EXCEED_CREDITS) for code in (3, 1, 2)]
    ids = journal.open_accounts(connection, wanted)
    system = journal.open_accounts(connection, wanted, system=True)
    assert min(ids) >= 1_000_000 > max(system)
    rows = connection.execute("SELECT id, code, flags FROM accounts WHERE id = ANY (%s)", (ids,)).fetchall()
    assert sorted(rows) == [(ids[0], 3, 1), (ids[1], 1, 1), (ids[2], 2, 1)]
    assert journal.open_accounts(connection, []) == []


def test_an_account_of_an_unknown_asset_is_refused(connection: Connection) -> None:
    with pytest.raises(errors.UnknownAsset):
        open_account(connection, asset_id=32_000, code=1)


def test_an_asset_is_opened_once_with_one_scale(connection: Connection, asset: int) -> None:
    assert journal.open_asset(connection, code="CNY", scale=2) == asset
    with pytest.raises(errors.AssetDiffers):
        journal.open_asset(connection, code="CNY", scale=3)


def test_the_row_factory_of_the_callers_connection_does_not_matter(
    connection: Connection, bank: int, holder: Holder
) -> None:
    account = holder(10)
    connection.row_factory = dict_row
    batch = Batch()
    batch.post(batch.hold(debit=account, credit=bank, amount=3, code=1), code=1)
    batch.execute(connection)
    assert balances.now(connection, [account])[account].available == 7


def test_the_moment_of_a_batch_is_the_callers_or_the_databases(
    connection: Connection, bank: int, holder: Holder
) -> None:
    account, noon = holder(10), dt.datetime(2026, 5, 1, 12, tzinfo=dt.UTC)
    given, by_clock = Batch(), Batch()
    for batch in (given, by_clock):
        batch.transfer(debit=account, credit=bank, amount=1, code=1)
    ids = given.execute(connection, moment=noon) + by_clock.execute(connection)
    rows = connection.execute(
        "SELECT created_at FROM transfers WHERE id = ANY (%s) ORDER BY id", (ids,)
    ).fetchall()
    assert rows[0][0] == noon
    assert abs(rows[1][0] - dt.datetime.now(dt.UTC)) < dt.timedelta(minutes=1)


def test_the_database_refuses_an_overdraft_that_nobody_checked(
    connection: Connection, bank: int, holder: Holder
) -> None:
    account = holder(10)
    posting = Posting()
    posting.transfer(account, bank, 4, 1)
    posting.hold(account, bank, 9, 1)
    with pytest.raises(errors.InsufficientBalance) as refusal:
        journal.write(connection, posting)
    assert (refusal.value.account_id, refusal.value.available, refusal.value.needed) == (account, 10, 13)


def test_the_database_refuses_overpayment_of_a_due_that_nobody_checked(
    connection: Connection, asset: int, bank: int
) -> None:
    due = open_account(connection, asset_id=asset, code=16, flags=CREDITS_MUST_NOT_EXCEED_DEBITS)
    posting = Posting()
    posting.transfer(bank, due, 4, 1)
    with pytest.raises(errors.InsufficientBalance) as refusal:
        journal.write(connection, posting)
    assert (refusal.value.account_id, refusal.value.available, refusal.value.needed) == (due, 0, 4)


def test_a_posting_that_voids_what_was_not_held_is_refused_by_the_database(
    connection: Connection, bank: int, holder: Holder
) -> None:
    posting = Posting()
    posting.void(1, holder(10), bank, 5, 1)
    with pytest.raises(psycopg.errors.CheckViolation):
        journal.write(connection, posting)


def test_a_posting_of_an_unknown_account_is_refused(connection: Connection, bank: int) -> None:
    posting = Posting()
    posting.transfer(bank, 10**12, 5, 1)
    with pytest.raises(errors.UnknownAccount) as refusal:
        journal.write(connection, posting)
    assert refusal.value.account_ids == [10**12]
