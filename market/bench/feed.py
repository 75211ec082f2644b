"""`karez bench feed`: what 400 watchers of the live feed cost an order, by interleaved pairs of runs.

A pair is two runs of single orders on the same server, one after the other, by turns in either order: one without
watchers and one with. Between these stand pairs of which neither has watchers: what they differ by is what this machine
makes of nothing.
"""

from __future__ import annotations

import contextlib
import json
import secrets
import shutil
import statistics
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import psutil
import structlog
from rich.console import Console

from market.bench import crowd, machine, publish
from market.bench.load import Order
from market.bench.serving import Up, drive, serving, traders_of
from market.bench.watchers import Crowd
from market.core import datadir, db, embedded, ids
from market.core.config import Settings
from market.core.datadir import OperatorError

PAIRS = 16
RUN_S = 3.0
WATCHERS = 400
WARM_UP_S = 8.0

Told = dict[str, Any]


def run(as_json: bool) -> None:
    """Measures on a server of its own under var/bench-feed, with fsync and synchronous_commit on; it takes minutes."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(40))
    console = Console(stderr=True, quiet=as_json)
    place = Path("var/bench-feed")
    shutil.rmtree(place, ignore_errors=True)
    data_dir = datadir.prepare(place)
    server = embedded.Server(data_dir)
    server.start()
    try:
        _run(server.url(), data_dir, console, as_json=as_json)
    finally:
        server.stop()
        shutil.rmtree(place, ignore_errors=True)


def _run(url: str, data_dir: Path, console: Console, *, as_json: bool) -> None:
    with console.status("making the county and its farmers") as status:
        db.migrate(url)
        people = crowd.gather(url)
        settings = Settings(
            data_dir=data_dir / "up", database_url=url, secret_key=secrets.token_hex(32), requests_per_minute=0,
            port=0, feed_watchers_per_address=0, log_level="error",
        )  # fmt: skip
        with serving(settings) as up:
            traders = traders_of(url, settings, people)
            product = ids.public("prd", people.product)
            load = Order(up.port, product, traders, 1, RUN_S, 0)
            status.update("warming up")
            drive(msgspec.structs.replace(load, run_s=WARM_UP_S))
            crowds = {
                "orders_with_400_watchers": Crowd(up.feed_port, up.feed_path, WATCHERS),
                "orders_with_400_watchers_of_another_book": Crowd(
                    up.feed_port, up.feed_path, WATCHERS, _another(url, people)
                ),
                "orders_without_in_both_runs": Crowd(up.feed_port, up.feed_path, 0),
            }
            pairs: dict[str, list[Told]] = {name: [] for name in crowds}
            for number in range(PAIRS):
                status.update(f"pairs {number + 1} of {PAIRS}")
                for name, watching in crowds.items():
                    pairs[name].append(_pair(up, load, watching, number))
    with db.connect(url) as connection:
        facts = machine(connection)
    publish(
        bench="feed",
        ratios={name: statistics.median(each["ratio"] for each in found) for name, found in pairs.items()},
        baseline="the rate of single orders in the run of the same pair that has no watchers; the median of pairs",
        runs=PAIRS,
        detail=pairs,
        machine=facts,
        as_json=as_json,
    )


def _another(url: str, people: crowd.Crowd) -> str:
    """The public id of a product that nobody trades here."""
    with db.connect(url) as connection:
        row = connection.execute(
            "SELECT id FROM products WHERE id <> %s LIMIT 1", (people.product,)
        ).fetchone()
    assert row is not None
    return ids.public("prd", row[0])


def _pair(up: Up, load: Order, watching: Crowd, number: int) -> Told:
    found: Told = {}
    turns = ("without", "with") if number % 2 == 0 else ("with", "without")
    for turn in turns:
        load.run += 1
        if turn == "without":
            found[turn] = _orders(up, load)
            continue
        with _watching(watching) as read:
            found[turn] = _orders(up, load)
        found["watchers"] = read
    ratio = found["with"]["commands_per_s"] / found["without"]["commands_per_s"]
    return {"ratio": round(ratio, 4), "first": turns[0], **found}


def _orders(up: Up, load: Order) -> Told:
    """A run, with what processor time the feed took of a core meanwhile."""
    feed = next(
        each
        for each in psutil.Process(up.process_id).children()
        if each.cmdline()[-2:] == ["market.cli", "feed"]
    )
    before = sum(feed.cpu_times()[:2])
    done = drive(load)
    return done | {"feed_cpu": round((sum(feed.cpu_times()[:2]) - before) / load.run_s, 3)}


@contextlib.contextmanager
def _watching(watching: Crowd) -> Iterator[Told]:
    """Watchers for the length of a block; what they have read is there afterwards. Errors: OperatorError."""
    found: Told = {}
    process = subprocess.Popen(
        [sys.executable, "-m", "market.bench.watchers"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        process.stdin.write(msgspec.json.encode(watching).decode() + "\n")
        process.stdin.flush()
        line = process.stdout.readline()
        if not line:
            raise OperatorError("the watchers could not connect")
        found.update(json.loads(line))
        yield found
        process.stdin.close()
        found.update(json.loads(process.stdout.readline()))
    finally:
        process.kill()
        process.wait()
        process.stdout.close()
