"""Batches of many threads at once: nothing is lost, nobody waits in a ring."""

from __future__ import annotations

import random
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from threading import Barrier
from typing import Any

import psycopg
import pytest

from ledger import PROOFS, Batch, NewAccount, balances, errors, journal, open_account
from ledger.models import DEBITS_MUST_NOT_EXCEED_CREDITS

Connection = psycopg.Connection[Any]
THREADS, ROUNDS, HOLDERS, FUNDS = 8, 40, 6, 1_000


@pytest.fixture
def committed(ledger_url: str) -> tuple[str, int, list[int]]:
    """A bank and funded holders that other connections can see."""
    with psycopg.connect(ledger_url) as connection:
        asset = journal.open_asset(connection, code="CNY", scale=2)
        bank = open_account(connection, asset_id=asset, code=12, system=True)
        wanted = [NewAccount(asset, 11, DEBITS_MUST_NOT_EXCEED_CREDITS)] * HOLDERS
        holders = journal.open_accounts(connection, wanted)
        batch = Batch()
        for holder in holders:
            batch.transfer(debit=bank, credit=holder, amount=FUNDS, code=20)
        batch.execute(connection)
    return ledger_url, bank, holders


def together(work: Any) -> list[Any]:
    """Runs `work(number)` in every thread, all released at once; errors come out."""
    start = Barrier(THREADS)

    def run(number: int) -> Any:
        start.wait()
        return work(number)

    with ThreadPoolExecutor(THREADS) as pool:
        return list(pool.map(run, range(THREADS)))


def test_batches_that_name_accounts_in_any_order_lose_nothing_and_never_deadlock(
    committed: tuple[str, int, list[int]],
) -> None:
    url, _, holders = committed

    def work(number: int) -> dict[int, int]:
        chance = random.Random(number)
        net = dict.fromkeys(holders, 0)
        with psycopg.connect(url, autocommit=True) as connection:
            for _ in range(ROUNDS):
                order = chance.sample(holders, HOLDERS)
                batch, moved = Batch(), []
                for payer, payee in pairwise(order):
                    amount = chance.randint(1, 5)
                    batch.post(batch.hold(debit=payer, credit=payee, amount=amount, code=1), code=1)
                    moved.append((payer, payee, amount))
                try:
                    with connection.transaction():
                        batch.execute(connection)
                except errors.InsufficientBalance:
                    continue
                for payer, payee, amount in moved:
                    net[payer] -= amount
                    net[payee] += amount
        return net

    nets = together(work)
    with psycopg.connect(url) as connection:
        now = balances.now(connection, holders)
        for holder in holders:
            assert now[holder].posted == FUNDS + sum(net[holder] for net in nets)
            assert now[holder].pending == 0
        for proof in PROOFS:
            assert connection.execute(proof.violations_sql).fetchall() == []


def test_of_many_that_want_the_last_unit_exactly_one_gets_it(committed: tuple[str, int, list[int]]) -> None:
    url, bank, holders = committed

    def work(_: int) -> int | None:
        with psycopg.connect(url) as connection:
            batch = Batch()
            batch.hold(debit=holders[0], credit=bank, amount=FUNDS, code=1)
            try:
                batch.execute(connection)
            except errors.InsufficientBalance as refusal:
                return refusal.available
            return None

    assert sorted(together(work), key=str) == [0] * (THREADS - 1) + [None]


def test_a_pending_that_many_resolve_at_once_is_resolved_once(committed: tuple[str, int, list[int]]) -> None:
    url, bank, holders = committed
    with psycopg.connect(url) as connection:
        first = Batch()
        handle = first.hold(debit=holders[1], credit=bank, amount=100, code=1)
        first.execute(connection)
    pending = first.id_of(handle)

    def work(number: int) -> bool:
        with psycopg.connect(url) as connection:
            batch = Batch()
            (batch.post if number % 2 else batch.void)(pending, code=1)
            try:
                batch.execute(connection)
            except errors.PendingResolved:
                return False
            return True

    assert sorted(together(work)) == [False] * (THREADS - 1) + [True]
    with psycopg.connect(url) as connection:
        assert balances.now(connection, [holders[1]])[holders[1]].pending == 0


def test_a_batch_that_is_not_committed_holds_up_those_on_its_accounts_and_no_others(
    committed: tuple[str, int, list[int]],
) -> None:
    url, _, holders = committed
    with psycopg.connect(url) as one, psycopg.connect(url) as two:
        two.execute("SET lock_timeout = '100ms'")
        two.commit()
        open_batch = Batch()
        open_batch.transfer(debit=holders[2], credit=holders[3], amount=1, code=1)
        open_batch.execute(one)
        elsewhere = Batch()
        elsewhere.transfer(debit=holders[4], credit=holders[5], amount=1, code=1)
        elsewhere.execute(two)
        two.commit()
        same = Batch()
        same.transfer(debit=holders[3], credit=holders[5], amount=1, code=1)
        with pytest.raises(psycopg.errors.LockNotAvailable):
            same.execute(two)
        two.rollback()
        one.commit()
        same.execute(two)
