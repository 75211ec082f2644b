"""Everything that is due to be shared out, in one run: the county's season, chunk by chunk.

A chunk is some thousands of reports, with every due period of a contract in the same one, and a transaction of its
own: so memory is bounded, and a run that was killed is simply begun again, since what a chunk committed is not due any
more and a report has one distribution by a UNIQUE constraint. Threads take chunks side by side: while the database
writes one, the next is reckoned. Two runs at once do each other no harm: the second finds nothing left to do.
"""

from __future__ import annotations

import contextvars
import datetime as dt
import gc
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import psycopg

from market.contracts import distributing, states
from market.contracts.distributing import Outcome, Waiting
from market.contracts.report_errors import NotDistributable, NotVerified
from market.core import audit, clock, db

CHUNK = 5_000
"""So many reports a transaction, and those of its last contract."""
WORKERS = 2


@dataclass(frozen=True, slots=True)
class Ran:
    """What a run did: reports shared out, fen shared, dues that arose, and what waits, with its refusal.

    `spent_ns`: nanoseconds to lock and read, to reckon, to write, of all chunks; side by side they take less.
    """

    distributed: int
    benefit_fen: int
    dues: int
    waiting: tuple[Waiting, ...]
    spent_ns: tuple[int, int, int]


Progress = Callable[[int], None]
"""Told how many more reports were looked at."""

_COUNT_SQL = f"SELECT count(*) FROM saving_reports WHERE status = '{states.VERIFIED}' AND due_on < %s"
_CHUNK_SQL = f"""
SELECT id, contract_id FROM (
  SELECT id, contract_id, starts_on FROM saving_reports
   WHERE status = '{states.VERIFIED}' AND due_on < %s AND contract_id > %s
   ORDER BY contract_id FETCH FIRST %s ROWS WITH TIES) AS due
 ORDER BY contract_id, starts_on
"""


def due(url: str) -> int:
    """How many reports are verified, and past the time to object."""
    with db.connect(url) as connection:
        row = connection.execute(_COUNT_SQL, (clock.today(),)).fetchone()
    assert row is not None
    return int(row[0])


def run(
    url: str,
    *,
    actor: audit.Actor,
    chunk: int = CHUNK,
    workers: int = WORKERS,
    progress: Progress = lambda _looked_at: None,
) -> Ran:
    """Shares out every verified report whose time for objections is over; what a rule or the database refuses waits.

    Errors: psycopg's where the database is gone. What was committed before stays.
    """
    chunks = _Chunks(url, chunk)
    done: list[Outcome] = []

    def work() -> None:
        while report_ids := chunks.next():
            for outcome in _shared_out(url, actor, report_ids):
                done.append(outcome)
            progress(len(report_ids))

    with _no_collections(), ThreadPoolExecutor(workers, thread_name_prefix="distribute") as pool:
        try:
            for each in [pool.submit(contextvars.copy_context().run, work) for _ in range(workers)]:
                each.result()
        finally:
            chunks.stop()  # who is interrupted, or failed, does not begin another chunk
    return Ran(
        sum(len(each.distribution_ids) for each in done),
        sum(each.benefit_fen for each in done),
        sum(each.dues for each in done),
        tuple(
            sorted(
                # somebody was first, between our look and our lock: it is shared out, or disputed
                (one for each in done for one in each.waiting if not isinstance(one.error, NotVerified)),
                key=lambda one: one.report_id,
            )
        ),
        (
            sum(each.spent_ns[0] for each in done),
            sum(each.spent_ns[1] for each in done),
            sum(each.spent_ns[2] for each in done),
        ),
    )


@contextmanager
def _no_collections() -> Iterator[None]:
    """Nothing here is in a cycle, and a collector that goes through a chunk's values takes a fifth of the time."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


class _Chunks:
    """Hands out what is due, each report once, a contract whole; for several threads."""

    def __init__(self, url: str, size: int) -> None:
        self._url, self._size = url, size
        self._after = 0
        self._today: dt.date = clock.today()
        self._lock = threading.Lock()
        self._stopped = False

    def stop(self) -> None:
        """Hands out nothing more."""
        self._stopped = True

    def next(self) -> list[int]:
        if self._stopped:
            return []
        with self._lock, db.connect(self._url) as connection:
            rows = connection.execute(_CHUNK_SQL, (self._today, self._after, self._size)).fetchall()
            if rows:
                self._after = rows[-1][1]
        return [row[0] for row in rows]


def _shared_out(url: str, actor: audit.Actor, report_ids: Sequence[int]) -> list[Outcome]:
    """A chunk in a transaction; where the database refuses a row of it, its halves, down to the report it is about."""
    try:
        with db.transaction(url) as session:
            return [distributing.distribute_reports(session, actor=actor, report_ids=report_ids)]
    except (psycopg.IntegrityError, psycopg.DataError) as error:
        if len(report_ids) == 1:
            return [_refused(report_ids[0], error)]
    middle = len(report_ids) // 2
    return [
        outcome
        for half in (report_ids[:middle], report_ids[middle:])
        for outcome in _shared_out(url, actor, half)
    ]


def _refused(report_id: int, error: psycopg.Error) -> Outcome:
    diagnosis: Any = error.diag
    why = NotDistributable(
        diagnosis.message_detail or diagnosis.message_primary or str(error),
        available=diagnosis.constraint_name,
    )
    return Outcome((), 0, 0, (Waiting(report_id, None, why),))
