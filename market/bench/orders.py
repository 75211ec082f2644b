"""`karez bench orders`: commands a second of the mixed stream as ratios to T, without HTTP and over it."""

from __future__ import annotations

import gc
import secrets
import shutil
import statistics
import time
from pathlib import Path
from typing import Any

import structlog
from rich.console import Console

from market.bench import crowd, floor, machine, publish
from market.bench.load import Order
from market.bench.serving import drive, serving, traders_of
from market.bench.stream import Stream
from market.core import datadir, db, embedded, ids
from market.core.config import Settings
from market.trading.commands import Accepted, Cancel, Command, Place
from market.trading.engine import MAX_BATCH, Engine
from market.trading.process import sweep

RUNS = 3
BATCHES = (32, 256, MAX_BATCH)
ENGINE_COMMANDS = {32: 10_000, 256: 20_000, MAX_BATCH: 30_000}
HTTP_RUN_S = 6.0
POSTED = 50
WARM_UP = 4_000


def run(as_json: bool) -> None:
    """Measures on a server of its own under var/bench, with fsync and synchronous_commit on; it takes minutes."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(40))
    console = Console(stderr=True, quiet=as_json)
    place = Path("var/bench")
    shutil.rmtree(place, ignore_errors=True)
    data_dir = datadir.prepare(place)
    server = embedded.Server(data_dir)
    server.start()
    try:
        _run(server, data_dir, console, as_json=as_json)
    finally:
        server.stop()
        shutil.rmtree(place, ignore_errors=True)


def _run(server: embedded.Server, data_dir: Path, console: Console, *, as_json: bool) -> None:
    url = server.url()
    with console.status("making the county and its farmers") as status:
        db.migrate(url)
        people = crowd.gather(url)
        status.update("the floor, before")
        before = floor.measure(url, runs=RUNS)
        status.update("the engine alone")
        alone = _engine(url, people)
        settings = Settings(
            data_dir=data_dir / "up", database_url=url, secret_key=secrets.token_hex(32), requests_per_minute=0,
            port=0, log_level="error",
        )  # fmt: skip
        with serving(settings) as up:
            traders = traders_of(url, settings, people)
            product = ids.public("prd", people.product)
            found: dict[int, list[dict[str, Any]]] = {1: [], POSTED: []}
            for number in range(RUNS):
                for batch, results in found.items():
                    status.update(f"over HTTP, {batch} a request, run {number + 1} of {RUNS}")
                    results.append(drive(Order(up.port, product, traders, batch, HTTP_RUN_S, number + 1)))
        status.update("the floor, after")
        after = floor.measure(url, runs=RUNS)
    t = floor.combine(before, after)
    rates = {
        "single": _median(found[1], "commands_per_s"),
        "batch_50": _median(found[POSTED], "commands_per_s"),
        "engine": _median(alone[MAX_BATCH], "commands_per_s"),
    }
    with db.connect(url) as connection:
        facts = machine(connection)
    publish(
        bench="orders",
        ratios={name: rate / t for name, rate in rates.items()},
        baseline=floor.BASELINE,
        runs=RUNS,
        detail={
            "T": {"before": before, "after": after, "used": round(t, 1)},
            "trades_per_T": {
                "single": round(_median(found[1], "trades_per_s") / t, 3),
                "batch_50": round(_median(found[POSTED], "trades_per_s") / t, 3),
                "engine": round(_median(alone[MAX_BATCH], "trades_per_s") / t, 3),
            },
            "engine_by_batch": {
                str(size): {"ratio": round(_median(each, "commands_per_s") / t, 3), "runs": each}
                for size, each in alone.items()
            },
            "single": found[1],
            "batch_50": found[POSTED],
        },
        machine=facts,
        as_json=as_json,
    )


def _median(results: list[dict[str, Any]], name: str) -> float:
    return statistics.median(each[name] for each in results)


# --- the engine alone --------------------------------------------------------------------------------------------


def _engine(url: str, people: crowd.Crowd) -> dict[int, list[dict[str, Any]]]:
    """Each size of batch RUNS times, by turns, on one engine whose book goes on."""
    engine = Engine(lambda: db.connect(url))
    sweep()  # as the engine's own process does
    source = _Commands(people)
    source.play(engine, WARM_UP, 256)
    found: dict[int, list[dict[str, Any]]] = {size: [] for size in BATCHES}
    for _ in range(RUNS):
        for size, results in found.items():
            results.append(source.play(engine, ENGINE_COMMANDS[size], size))
    engine.connection.close()
    gc.enable()
    return found


class _Commands:
    """The stream as commands of everybody, and the orders that may be cancelled."""

    def __init__(self, people: crowd.Crowd) -> None:
        self._people = people
        self._stream = Stream()
        self._open: list[tuple[crowd.Farmer, int]] = []
        self._count = 0

    def play(self, engine: Engine, count: int, size: int) -> dict[str, Any]:
        """Executes `count` commands in batches; only the time within the engine counts."""
        times_before = dict(engine.times)
        spent, fills = 0.0, 0
        for _ in range(0, count, size):
            batch = [self._next() for _ in range(size)]
            started = time.perf_counter()
            answers = engine.execute([command for _, command in batch])
            spent += time.perf_counter() - started
            for (farmer, command), answer in zip(batch, answers, strict=True):
                done = answer.outcome
                if isinstance(done, Accepted):
                    fills += len(done.fills)
                    if done.status == "open" and isinstance(command.request, Place):
                        self._open.append((farmer, done.order))
        done_commands = -(-count // size) * size
        return {
            "commands_per_s": round(done_commands / spent, 1),
            "trades_per_s": round(fills / spent, 1),
            "us_per_command": {
                name: round((engine.times[name] - times_before[name]) / done_commands * 1e6, 1)
                for name in engine.times
            },
        }

    def _next(self) -> tuple[crowd.Farmer, Command]:
        wish = self._stream.next()
        self._count += 1
        if wish.cancel and self._open:
            at = int(wish.pick * len(self._open))
            self._open[at], self._open[-1] = self._open[-1], self._open[at]
            farmer, order = self._open.pop()
            return farmer, self._command(farmer, Cancel(order))
        side = self._people.sellers if wish.side == "sell" else self._people.buyers
        farmer = side[int(wish.pick * len(side))]
        place = Place(farmer.account, self._people.product, wish.side, wish.volume_m3 * 1_000, wish.price_e4)
        return farmer, self._command(farmer, place)

    def _command(self, farmer: crowd.Farmer, request: Place | Cancel) -> Command:
        return Command(farmer.participant, farmer.user, None, f"bench-{self._count}", 0, bytes(32), request)
