"""The engine: the only writer of commands, orders and trades. It executes batches, each in one transaction.

A batch takes two round trips. First it is matched in memory; then one pipeline locks the products' rows, looks up
keys, locks every account it touches (lowest id first), draws transfer ids and locks the audit head. What was matched
on stale knowledge (a balance changed by someone else, a key seen before) is undone and matched again under the locks.
A second pipeline writes all rows and commits. Another engine ahead, a changed reference or a lost connection reload
what is cached; a batch that the database refuses is halved until the one poison command is found and refused alone.
"""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Sequence
from typing import Any

import psycopg
import structlog

from ledger.posting import IDS_SQL
from market.core import clock
from market.trading import roundtrips
from market.trading import statements as sql
from market.trading.batch import (
    Batch,
    BatchFailed,
    EngineUnavailable,
    Stale,
    account_side,
    accounts_of,
    answers,
    key_reused,
    needs_no_row,
)
from market.trading.book import BUY
from market.trading.commands import Amend, Answer, Command, Deal, Place, Refused, decode_outcome
from market.trading.dealing import Dealer
from market.trading.exchange import Exchange
from market.trading.fills import Terms
from market.trading.guarding import stopped
from market.trading.loading import load_accounts, load_orders, refresh
from market.trading.models import ID_BLOCK
from market.trading.numbers import Numbers
from market.trading.reference import Reference
from market.trading.rows import Journal, Rows

log = structlog.get_logger("engine")

MAX_BATCH = 2_000
MAX_TRIES = 8


def execute(connection: psycopg.Connection[Any], commands: Sequence[Command]) -> list[Answer]:
    """Executes commands on a connection of one's own with a fresh engine (its book is loaded first)."""
    return Engine(lambda: connection).execute(commands)


class Engine:
    """Holds the books in memory and executes batches on one connection.

    `connect` gives a psycopg connection (no autocommit); it is called again after a connection is lost.
    """

    def __init__(self, connect: Callable[[], psycopg.Connection[Any]]) -> None:
        self._connect = connect
        self.numbers = Numbers(0, 0, self._draw_numbers)
        self._ids_from: list[int] = []
        self._moment = clock.now()
        self.batches = 0
        self.times = {"match": 0.0, "lock": 0.0, "write": 0.0}
        self.unsure = True
        self.open()

    # --- state -------------------------------------------------------------------------------------------------

    def open(self) -> None:
        """Connects and loads reference data and every open order."""
        self.connection = self._connect()
        self.connection.execute(sql.SESSION_SQL)
        self.connection.commit()
        self.connection.prepare_threshold = 0
        self.reload()

    def reload(self) -> None:
        """Forgets what is cached and loads it from the database again."""
        started = time.perf_counter()
        self.numbers.jump(0, 0)
        gc.unfreeze()  # orders know their neighbours: only a sweep that looks at them frees the books of before
        self.exchange = Exchange(self._terms, self.numbers)
        self.reference = Reference(self.connection, self.exchange)
        self.exchange.strike = Dealer(self.reference).strike
        orders = load_orders(self.connection, self.reference, self.exchange)
        self.connection.commit()
        self.unsure = True  # what was blocked is not stored: look at every crossing order again
        log.info("engine.loaded", orders=orders, seconds=round(time.perf_counter() - started, 3))

    def _terms(self, seller: Any, buyer: Any) -> Terms | None:
        return self.reference.terms(seller, buyer)

    def _draw_numbers(self) -> tuple[int, int]:
        """A block for the ids of orders, trades, instructions, commands and batches, and for priorities."""
        first = self._draw_block()
        self._ids_from.append(first)
        return first, block_end(first)

    def _draw_block(self) -> int:
        """The first id of a block that no other engine has."""
        row = self.connection.execute("SELECT nextval('engine_ids')").fetchone()
        assert row is not None
        return int(row[0])

    # --- the first door ----------------------------------------------------------------------------------------

    def execute(self, commands: Sequence[Command]) -> list[Answer]:
        """Executes commands in order and answers each; every answer is committed when this returns."""
        done: list[Answer] = []
        for start in range(0, len(commands), MAX_BATCH):
            done.extend(self._execute(commands[start : start + MAX_BATCH]))
        return done

    def _execute(self, commands: Sequence[Command], *, last: bool = False) -> list[Answer]:
        """Executes one batch; one that the database refuses is halved until the poison command stands alone."""
        try:
            return answers(self.run(lambda: Batch(commands)))
        except BatchFailed as failure:
            if len(commands) > 1:
                half = len(commands) // 2
                return self._execute(commands[:half]) + self._execute(commands[half:])
            if not last:
                self.reload()  # memory may be what is wrong: once more on fresh knowledge
                return self._execute(commands, last=True)
            log.error("engine.command_refused", error=repr(failure.__cause__))
            return [Answer(Refused("engine_refused", "the command could not be executed; nothing changed"))]

    def run(self, make: Callable[[], Batch]) -> Batch:
        """Runs a batch in a transaction of its own, as often as it takes. BatchFailed, EngineUnavailable."""
        failure: Exception | None = None
        stale: Batch | None = None
        for attempt in range(MAX_TRIES):
            batch = make()
            try:
                if stale is not None:  # what it found is still true; else each try finds it and is undone
                    batch.preset.update(stale.preset)
                    self.refresh_limits()
                return self._try(batch)
            except Stale:
                stale = batch
                self._back()
            except (psycopg.errors.SerializationFailure, psycopg.errors.DeadlockDetected) as error:
                failure = error
                self._back()
                time.sleep(0.005 * (attempt + 1))
            except (psycopg.OperationalError, psycopg.InterfaceError) as error:
                failure = error
                log.warning("engine.connection_lost", error=str(error))
                self._reconnect()
            except (
                psycopg.Error,
                ArithmeticError,
                LookupError,
                ValueError,
                TypeError,
                AttributeError,
            ) as error:
                log.exception("engine.batch_failed")
                self._back()
                raise BatchFailed from error
        raise EngineUnavailable(f"gave up after {MAX_TRIES} tries: {failure!r}")

    def refresh_limits(self) -> None:
        """Reads every limit's headroom anew, so that what waits for one that grew is looked at again."""
        limits = self.reference.limit_accounts() | self.exchange.blocked.keys()
        refresh(self.connection, self.exchange, limits)
        self.connection.commit()

    def _back(self) -> None:
        """Rolls back the transaction and undoes the batch in memory."""
        self.connection.rollback()
        self.exchange.undo_batch()

    def _reconnect(self) -> None:
        for delay in (0.05, 0.2, 0.5, 1.0, 2.0):
            try:
                self.connection.close()
                self.open()
                return
            except psycopg.OperationalError:
                time.sleep(delay)
        self.open()

    def _try(self, batch: Batch) -> Batch:
        with clock.standing():
            return self._try_now(batch)

    def _try_now(self, batch: Batch) -> Batch:
        self._moment = clock.now()
        self.reference.keep_day()
        named = {account for command in batch.commands for account in accounts_of(command.request)}
        load_accounts(self.connection, self.reference, self.exchange, named)
        self.connection.commit()
        if self.unsure:
            self.unsure = False
            self.run(lambda: Batch(work=self.exchange.rematch_all, action="rematch"))
        started = time.perf_counter()
        self._match(batch)
        matched = time.perf_counter()
        self._lock(batch)
        locked = time.perf_counter()
        self._write(batch)
        self.batches += 1
        self.times["match"] += matched - started
        self.times["lock"] += locked - matched
        self.times["write"] += time.perf_counter() - locked
        return batch

    def _match(self, batch: Batch) -> None:
        exchange = self.exchange
        exchange.begin()
        exchange.moment = self._moment.timestamp()
        coming = self.numbers.coming()
        batch.ids_from = self._ids_from = [] if coming is None else [coming]
        if exchange.freed:
            exchange.rematch()
        if batch.work is not None:
            batch.result = batch.work()
        batch.outcomes = {
            index: exchange.apply(command.participant, command.request)
            for index, command in enumerate(batch.commands)
            if index not in batch.preset
        }
        batch.rows = Rows(self.numbers.next(), self._moment)
        batch.rows.add_events(
            exchange.tape.events, self.reference.books_of, self.reference.due_on, self.numbers.next
        )

    # --- first round trip --------------------------------------------------------------------------------------

    def _deciding(self, commands: Sequence[Command]) -> set[int]:
        """The accounts whose balances decided about these commands, even where they were refused."""
        accounts = self.exchange.accounts
        orders = {each.id: each for each in self.exchange.tape.touched}
        deciding = set(self.exchange.binding)
        for command in commands:
            request = command.request
            if type(request) is Deal:
                sides = (accounts.get(each) for each in accounts_of(request))
                deciding.update(
                    each for side in sides if side is not None for each in (side.ledger, side.money)
                )
                continue
            if isinstance(request, Place):
                account = accounts.get(request.water_account)
            else:
                order = orders.get(request.order) if isinstance(request, Amend) else None
                account = order.account if order is not None else None
            if account is not None:
                deciding.add(account.money if account_side(request, orders) == BUY else account.ledger)
        return deciding

    def _lock(self, batch: Batch) -> None:
        """Locks, looks up and compares; matches again under the locks where memory was stale."""
        wanted = batch.rows.posting.deltas.keys() | self._deciding(batch.commands)
        fresh = [(i, c) for i, c in enumerate(batch.commands) if i not in batch.preset]
        truth = roundtrips.lock(
            self.connection,
            fresh,
            products=self._products_of(batch),
            accounts=wanted,
            ids=len(batch.rows.posting.rows),
        )
        self._check_versions(truth.versions, truth.reference)
        batch.locked, batch.ids, batch.head = set(wanted), truth.ids, truth.head
        # A key seen before goes first: a retry carries the client order id of what it repeats.
        found = _duplicates(fresh, truth.client_ids) | self._found(fresh, truth.keys)
        stale = self._stale(truth.balances, batch.rows)
        if found or stale:
            self._match_again(batch, found, stale)

    def _products_of(self, batch: Batch) -> list[int]:
        """The products whose books this batch reads or changes, lowest first."""
        tape = self.exchange.tape
        products = {order.account.product for order in tape.touched} | set(batch.products)
        products |= stopped(tape.events)
        for command in batch.commands:
            for number in accounts_of(command.request):
                account = self.exchange.accounts.get(number)
                if account is not None and account.product:
                    products.add(account.product)
        return sorted(products)

    def _check_versions(self, versions: Sequence[tuple[int, int]], reference: int) -> None:
        products = self.exchange.products
        if any(products[product].version != version for product, version in versions):
            log.warning("engine.another_ahead")
            self.connection.rollback()
            self.reload()
            raise Stale
        if reference != self.reference.version:
            self.connection.rollback()
            self.exchange.undo_batch()
            self._refresh_reference()
            raise Stale

    def _refresh_reference(self) -> None:
        """Loads what changed of the reference; what stands still no longer takes its place in the books by a reload."""
        halts, stopped = self.exchange.halts, self.exchange.stops
        refresh(self.connection, self.exchange, self.reference.refresh(self.connection))
        self.connection.commit()
        lifted = not set(halts) <= set(self.exchange.halts)
        if lifted or ((stopped or self.exchange.stops) and not self.exchange.still()):
            self.reload()

    def _found(
        self, fresh: Sequence[tuple[int, Command]], keys: Sequence[tuple[Any, ...]]
    ) -> dict[int, Answer]:
        """The answers of commands whose key was used before."""
        found = {}
        for place, outcome, body_hash in keys:
            index, command = fresh[place - 1]
            if bytes(body_hash) == command.body_hash:
                found[index] = Answer(decode_outcome(outcome), replayed=True)
            else:
                found[index] = Answer(key_reused())
        return found

    def _stale(self, balances: Sequence[tuple[int, ...]], rows: Rows) -> dict[int, int]:
        """The accounts whose balance in the database is not what memory believed before this batch."""
        known_balances, deltas = self.exchange.balances, rows.posting.deltas
        stale = {}
        for account, _, _, debits_pending, debits_posted, _, credits_posted in balances:
            known = known_balances.get(account)
            if known is None:
                continue
            believed = known.free
            delta = deltas.get(account)
            if delta is not None:
                believed -= delta[3] - delta[1] - delta[0]
            actual = credits_posted - debits_posted - debits_pending
            if believed != actual:
                stale[account] = actual
        return stale

    def _match_again(self, batch: Batch, found: dict[int, Answer], stale: dict[int, int]) -> None:
        """Undoes the batch, takes over what is true now, and matches again under the locks held.

        Stale (and so a new transaction) where that touches an account that is not locked.
        """
        exchange = self.exchange
        exchange.undo_batch()
        for account, actual in stale.items():
            if actual > exchange.free(account) and account in exchange.blocked:
                exchange.freed[account] = None
            exchange.learn(account, actual)
        batch.preset.update(found)
        self._match(batch)
        if not batch.rows.posting.deltas.keys() | self._deciding(batch.commands) <= batch.locked:
            raise Stale
        missing = len(batch.rows.posting.rows) - len(batch.ids)
        if missing > 0:
            more = self.connection.execute(IDS_SQL, (missing,)).fetchall()
            batch.ids.extend(row[0] for row in more)

    # --- second round trip -------------------------------------------------------------------------------------

    def _write(self, batch: Batch) -> None:
        """Writes every row of the batch and commits."""
        products = self._products_of(batch)
        roundtrips.send(
            self.connection, self.exchange, batch, lambda: self._journal(batch), products, self._moment
        )
        self.connection.commit()
        for product in products:
            self.exchange.products[product].version += 1
        for order in self.exchange.new_orders:
            order.created_at = self._moment
        self.exchange.begin()

    def _journal(self, batch: Batch) -> Journal:
        """The rows of the batch's commands with their outcomes, but for those that have their row already."""
        journal = Journal()
        for index, command in enumerate(batch.commands):
            preset = batch.preset.get(index)
            if preset is None:
                journal.add(self.numbers.next(), command, batch.outcomes[index])
            elif not needs_no_row(preset):
                journal.add(self.numbers.next(), command, preset.outcome)
        return journal


def block_end(first: int) -> int:
    """The end of the block that an id is of, which is the next block's first id."""
    return first - first % ID_BLOCK + ID_BLOCK


def _duplicates(fresh: Sequence[tuple[int, Command]], places: Sequence[int]) -> dict[int, Answer]:
    """The answers of orders whose client order id their participant used before."""
    refused = Refused("duplicate_client_order_id", "the client order id was used before", "/client_order_id")
    return {fresh[place][0]: Answer(refused) for place in places}
