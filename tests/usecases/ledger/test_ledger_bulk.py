"""The journal in bulk keeps every promise of a batch."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from ledger import Batch, bulk, errors, journal
from ledger.models import CREDITS_MUST_NOT_EXCEED_DEBITS, DEBITS_MUST_NOT_EXCEED_CREDITS
from market.core import db

FLAGGED = DEBITS_MUST_NOT_EXCEED_CREDITS


@pytest.fixture
def connection(database_url: str) -> Iterator[psycopg.Connection[Any]]:
    """A connection whose work is rolled back."""
    with db.connect(database_url) as found:
        yield found
        found.rollback()


def accounts(connection: psycopg.Connection[Any], *flags: int, code: str = "bulk") -> list[int]:
    """New accounts with these flags."""
    asset = journal.open_asset(connection, code=code, scale=3)
    return journal.open_accounts(connection, [journal.NewAccount(asset, 1, each) for each in flags])


def staged(connection: psycopg.Connection[Any], *rows: tuple[int, int, int]) -> None:
    """Stages transfers (debit, credit, amount)."""
    bulk.stage(connection)
    with connection.cursor() as cursor:
        cursor.executemany("INSERT INTO bulk_transfers VALUES (%s, %s, %s, 7, 70)", rows)


def posted(connection: psycopg.Connection[Any], account: int) -> int:
    """What an account has."""
    _, _, _, debits, _, credits = journal.lock(connection, [account])[account]
    return credits - debits


def test_many_transfers_and_a_batch_happen_together(connection: psycopg.Connection[Any]) -> None:
    issue, one, two, three = accounts(connection, 0, FLAGGED, FLAGGED, 0)
    batch = Batch()
    batch.transfer(debit=issue, credit=three, amount=9, code=1)
    staged(connection, (issue, one, 5), (issue, two, 6), (issue, one, 7))
    assert bulk.execute(connection, also=batch) == 3
    assert [posted(connection, each) for each in (issue, one, two, three)] == [-27, 12, 6, 9]
    staged(connection, (one, two, 12))
    bulk.execute(connection)
    assert (posted(connection, one), posted(connection, two)) == (0, 18)


def test_nothing_staged_writes_nothing(connection: psycopg.Connection[Any]) -> None:
    bulk.stage(connection)
    assert bulk.execute(connection) == 0


@pytest.mark.parametrize(
    ("rows", "error"),
    [
        (((1, 2, 11),), errors.InsufficientBalance),
        (((1, 2, 6), (1, 3, 5)), errors.InsufficientBalance),
        (((0, 2, 0),), errors.AmountNotPositive),
        (((0, 2, -1),), errors.AmountNotPositive),
        (((0, 0, 1),), errors.SameAccount),
        (((0, 1, 2**62), (0, 2, 2**62), (0, 3, 2**62)), errors.BalanceTooLarge),
        (((0, 1, 5), (1, 2, 5)), ValueError),
    ],
)
def test_what_breaks_a_rule_is_refused_whole_and_by_name(
    connection: psycopg.Connection[Any], rows: tuple[tuple[int, int, int], ...], error: type[Exception]
) -> None:
    known = accounts(connection, 0, FLAGGED, FLAGGED, 0)
    staged(connection, (known[0], known[1], 10))
    bulk.execute(connection)
    staged(connection, *((known[debit], known[credit], amount) for debit, credit, amount in rows))
    with pytest.raises(error):
        bulk.execute(connection)
    assert [posted(connection, each) for each in known] == [-10, 10, 0, 0]


def test_an_account_of_another_asset_or_of_none_is_refused(connection: psycopg.Connection[Any]) -> None:
    [issue] = accounts(connection, 0)
    [other] = accounts(connection, 0, code="bulk 2")
    staged(connection, (issue, other, 1))
    with pytest.raises(errors.AssetMismatch):
        bulk.execute(connection)
    staged(connection, (issue, 10**15, 1))
    with pytest.raises(errors.UnknownAccount) as refusal:
        bulk.execute(connection)
    assert refusal.value.account_ids == [10**15]


def test_a_debt_is_not_overpaid(connection: psycopg.Connection[Any]) -> None:
    issue, holder, debt = accounts(connection, 0, FLAGGED, CREDITS_MUST_NOT_EXCEED_DEBITS)
    staged(connection, (issue, holder, 10), (debt, issue, 4))
    bulk.execute(connection)
    staged(connection, (holder, debt, 5))
    with pytest.raises(errors.InsufficientBalance) as refusal:
        bulk.execute(connection)
    assert (refusal.value.account_id, refusal.value.available, refusal.value.needed) == (debt, 4, 5)
