"""`make soak`: the long tests, in shards that can be stopped at any moment and are gone on with at the next call.

python -m tests.soak --jobs 2                 everything that is not done yet, two shards of the state machine at once
python -m tests.soak --only machine --seed 7  one shard of the state machine again, to replay what it found
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import contextmanager
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import structlog
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from market.core import datadir, db, embedded
from tests import soak_trail
from tests.faults import clients, kills
from tests.model.playing import play
from tests.payments import cutting, flood
from tests.soak_savings import soak, table
from tests.unit.trading.random_market import play_both

PLACE = Path("var/soak")
FAST = {"fsync": "off", "full_page_writes": "off", "autovacuum_naptime": "10s"}
TEMPLATE = "karez_test_soak"
STEPS_A_SHARD = 10_000
COMMANDS_A_SHARD = 100_000
SHARDS = {
    "book": 10, "savings": 1, "trail": 10, "machine": 100, "clients": 10, "kills": 10, "payments": 10, "events": 1,
}  # fmt: skip
DEPOSITS_A_SHARD = PAYOUTS_A_SHARD = 1_000
PAYMENTS_OF_EVENTS, TIMES_AN_EVENT = 2_500, 10
DRAWN, RECOVERIES = 1_000, 200_000
ROUNDS_A_SHARD = 20
COPIES_A_SHARD = 10_000


def _book(_: str, seed: int) -> None:
    seen = play_both(COMMANDS_A_SHARD, seed)
    assert seen["fills"] >= COMMANDS_A_SHARD // 20, seen


def _machine(server_url: str, seed: int) -> None:
    steps, trades = play(server_url, TEMPLATE, steps=STEPS_A_SHARD, seed=seed)
    assert steps >= STEPS_A_SHARD, f"only {steps} steps"
    assert trades >= STEPS_A_SHARD // 20, f"only {trades} trades"


def _clients(_: str, _seed: int) -> None:
    report = clients.run(ROUNDS_A_SHARD, lambda _round: None)
    assert report.won_by_orders + report.won_by_announcements == ROUNDS_A_SHARD, report
    assert report.violations == [], report


def _kills(_: str, _seed: int) -> None:
    report = kills.run(ROUNDS_A_SHARD, lambda _kill: None)
    assert report.violations == [], report


def _savings(_: str, _seed: int) -> None:
    found = soak(DRAWN, RECOVERIES, quiet=True)
    print(table(found))
    assert found["missed"] == [], found["missed"]


def _trail(_: str, seed: int) -> Counter[str]:
    counted = soak_trail.soak(COPIES_A_SHARD, seed)
    assert soak_trail.missed_of(counted) == 0, soak_trail.table(counted)
    assert sum(counted.values()) == COPIES_A_SHARD, counted
    return counted


def _payments(server_url: str, seed: int) -> None:
    with _fresh(server_url, f"payments_{seed}") as url:
        report = cutting.run(url, deposits=DEPOSITS_A_SHARD, payouts=PAYOUTS_A_SHARD, seed=seed, often=20)
    print(report)
    assert report.sound(), report


def _events(server_url: str, seed: int) -> None:
    with _fresh(server_url, f"events_{seed}") as url:
        report = flood.run(url, payments=PAYMENTS_OF_EVENTS, times=TIMES_AN_EVENT, seed=seed)
    print(report)
    assert report.sound(), report
    assert report.sent >= 100_000, report


@contextmanager
def _fresh(server_url: str, name: str) -> Iterator[str]:
    """A database as the migrations make it."""
    name = f"karez_soak_{name}"
    db.drop_database(server_url, name)
    url = db.create_database(server_url, name, template=TEMPLATE)
    db.unlock_ids(url)
    try:
        yield url
    finally:
        db.dispose(url)
        db.drop_database(server_url, name)


KINDS: dict[str, Callable[[str, int], Counter[str] | None]] = {
    "book": _book,
    "savings": _savings,
    "trail": _trail,
    "machine": _machine,
    "clients": _clients,
    "kills": _kills,
    "payments": _payments,
    "events": _events,
}
TABLES: dict[str, Callable[[Mapping[str, int]], str]] = {"trail": soak_trail.table}
"""What is printed of the counts of a kind's shards together."""
AT_ONCE = {"book", "savings", "trail", "machine", "payments", "events"}
"""Kinds whose shards do not disturb each other."""


def _quietly(kind: str, server_url: str, seed: int) -> Counter[str] | None:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(40))
    return KINDS[kind](server_url, seed)


class State:
    """Which shards are done, and what they counted, in a file."""

    def __init__(self, path: Path) -> None:
        self._path = path
        kept: dict[str, Any] = json.loads(path.read_text()) if path.exists() else {}
        self.counted: dict[str, dict[str, int]] = kept.pop("counted", {})
        self.done: dict[str, list[int]] = kept

    def add(self, kind: str, seed: int, counted: Mapping[str, int] | None) -> None:
        """Marks a shard as done; one that was played again is not counted again."""
        if counted and seed not in self.done.get(kind, []):
            self.counted[kind] = dict(Counter(self.counted.get(kind)) + Counter(counted))
        self.done.setdefault(kind, []).append(seed)
        unfinished = self._path.with_suffix(".new")
        unfinished.write_text(json.dumps({**self.done, "counted": self.counted}))
        unfinished.rename(self._path)


def main() -> int:
    """Plays what is left; 1 where a shard fails, with the command that replays it."""
    parser = argparse.ArgumentParser(prog="python -m tests.soak", description="The long tests.")
    parser.add_argument("--only", choices=sorted(KINDS), help="one kind of test")
    parser.add_argument("--seed", type=int, help="one shard, whether it was done or not")
    parser.add_argument(
        "--jobs", type=int, default=1, help="so many shards at once, where they do not disturb"
    )
    chosen = parser.parse_args()
    data_dir = datadir.prepare(PLACE)
    state = State(data_dir / "state.json")
    kinds = [chosen.only] if chosen.only else list(KINDS)
    with datadir.in_charge(data_dir, "soak"):
        server = embedded.Server(data_dir, settings=FAST)
        server.start()
        try:
            return _play_all(server.url("postgres"), state, kinds, chosen.seed, chosen.jobs)
        finally:
            server.stop()


def _play_all(server_url: str, state: State, kinds: list[str], seed: int | None, jobs: int) -> int:
    db.drop_database(server_url, TEMPLATE)
    db.migrate(db.create_database(server_url, TEMPLATE))
    columns: list[Any] = [
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(),
    ]  # fmt: skip
    with Progress(*columns) as progress:
        for kind in kinds:
            seeds = [seed] if seed is not None else list(range(1, SHARDS[kind] + 1))
            left = [each for each in seeds if seed is not None or each not in state.done.get(kind, [])]
            task = progress.add_task(kind, total=len(seeds), completed=len(seeds) - len(left))
            workers = jobs if kind in AT_ONCE else 1
            with ProcessPoolExecutor(workers, max_tasks_per_child=1, mp_context=get_context("spawn")) as pool:
                running = {pool.submit(_quietly, kind, server_url, each): each for each in left}
                for done in as_completed(running):
                    if done.exception() is not None:
                        pool.shutdown(wait=False, cancel_futures=True)
                        again = f"python -m tests.soak --only {kind} --seed {running[done]}"
                        progress.console.print(f"{done.exception()}\nagain: {again}")
                        return 1
                    state.add(kind, running[done], done.result())
                    progress.advance(task)
            if kind in TABLES:
                progress.console.print(TABLES[kind](state.counted.get(kind, {})))
    return 0


if __name__ == "__main__":
    sys.exit(main())
