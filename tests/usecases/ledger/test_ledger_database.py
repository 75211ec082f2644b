"""What the database refuses by itself, and how it plans the statements of a batch."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import psycopg
import pytest

from ledger import Batch, NewAccount, Posting, immutable_trigger_ddl, journal
from ledger.arrays import Bigints, rows_of
from ledger.posting import LOCK_SQL, REST_SQL, UPDATE_SQL

Connection = psycopg.Connection[Any]


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ("debits_posted = 11", "ck_accounts_debits_must_not_exceed_credits"),
        ("debits_pending = 11", "ck_accounts_debits_must_not_exceed_credits"),
        ("credits_posted = -1", "ck_accounts_credits_posted"),
        ("credits_pending = -1", "ck_accounts_credits_pending"),
        ("debits_posted = -1", "ck_accounts_debits_posted"),
        ("debits_pending = -1", "ck_accounts_debits_pending"),
    ],
)
def test_an_overdraft_or_a_negative_column_is_refused_by_name(
    connection: Connection, holder: Callable[[int], int], change: str, rule: str
) -> None:
    account = holder(10)
    with pytest.raises(psycopg.errors.CheckViolation) as refusal:
        connection.execute(f"UPDATE accounts SET {change} WHERE id = %s", (account,))
    assert refusal.value.diag.constraint_name in (rule, "ck_accounts_debits_must_not_exceed_credits")


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE transfers SET amount = amount + 1",
        "UPDATE transfers SET code = code WHERE false",
        "DELETE FROM transfers",
        "TRUNCATE transfers",
        "DELETE FROM accounts",
        "TRUNCATE accounts CASCADE",
        "UPDATE accounts SET flags = 0",
        "UPDATE accounts SET asset_id = asset_id",
        "UPDATE accounts SET code = 1",
        "UPDATE accounts SET id = id + 1",
        "UPDATE assets SET scale = 1",
        "DELETE FROM assets",
    ],
)
def test_history_and_what_an_account_is_cannot_be_changed(connection: Connection, statement: str) -> None:
    with pytest.raises(psycopg.errors.RestrictViolation):
        connection.execute(statement)


@pytest.mark.parametrize(
    ("values", "rule"),
    [
        ("1, 1000000, 1, 0, 1, 0, NULL", "ck_transfers_amount"),
        ("1, 1000000, 1, -5, 1, 0, NULL", "ck_transfers_amount"),
        ("1, 1, 1, 5, 1, 0, NULL", "ck_transfers_two_accounts"),
        ("1, 1000000, 1, 5, 1, 5, 1", "ck_transfers_kind"),
        ("1, 1000000, 1, 5, 1, 2, NULL", "ck_transfers_pending"),
        ("1, 1000000, 1, 5, 1, 1, 7", "ck_transfers_pending"),
    ],
)
def test_a_malformed_transfer_is_refused_by_name(connection: Connection, values: str, rule: str) -> None:
    with pytest.raises(psycopg.errors.CheckViolation) as refusal:
        connection.execute(
            "INSERT INTO transfers (id, debit_account_id, credit_account_id, amount, code, kind, pending_id) "
            f"VALUES ({values})"
        )
    assert refusal.value.diag.constraint_name == rule


def test_any_table_can_be_made_immutable(connection: Connection) -> None:
    connection.execute("CREATE TABLE notes (words text)")
    for statement in immutable_trigger_ddl("notes"):
        connection.execute(statement)
    connection.execute("INSERT INTO notes VALUES ('kept')")
    with pytest.raises(
        psycopg.errors.RestrictViolation, match="UPDATE is refused on notes: its rows are immutable"
    ):
        connection.execute("UPDATE notes SET words = 'lost'")


def test_a_long_batch_goes_by_the_index_and_never_scans_the_table(connection: Connection, asset: int) -> None:
    ids = journal.open_accounts(connection, [NewAccount(asset, 11)] * 20_000)
    batch = Batch()
    for one, other in zip(ids[::2], ids[1::2], strict=True):
        batch.hold(debit=one, credit=other, amount=5, code=1)
    pendings = batch.execute(connection)
    connection.execute("ANALYZE accounts")
    connection.execute("ANALYZE transfers")
    posting, chance = Posting(), random.Random(1)
    for _ in range(1_000):
        posting.transfer(*chance.sample(ids, 2), 1, 1)
    statements: list[tuple[Any, tuple[Any, ...]]] = [
        (LOCK_SQL, posting.lock_params()),
        (UPDATE_SQL, posting.update_params()),
        (REST_SQL, (Bigints(pendings[:2_000]),)),
    ]
    for mode in ("force_custom_plan", "force_generic_plan"):
        connection.execute(f"SET LOCAL plan_cache_mode = {mode}")
        for statement, params in statements:
            rows = connection.execute("EXPLAIN " + statement, params, prepare=True).fetchall()
            plan = "\n".join(row[0] for row in rows)
            assert "Index" in plan
            assert "Seq Scan" not in plan


@pytest.mark.parametrize("hidden", [False, True])
def test_rows_of_arrays_go_together_by_place(connection: Connection, hidden: bool) -> None:
    texts = '{NULL,"a \\"b\\"",c}'
    statement = f"SELECT t.id, t.name, t.more FROM ({rows_of('id', 'name text', 'more', hidden=hidden)}) AS t"
    found = connection.execute(statement, (Bigints([3, 1, 2]), texts, Bigints([30, 10, 20]))).fetchall()
    assert found == [(3, None, 30), (1, 'a "b"', 10), (2, "c", 20)]
    assert connection.execute(statement, (Bigints([]), "{}", Bigints([]))).fetchall() == []
