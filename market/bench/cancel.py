"""`karez bench cancel`: 100 000 open orders ended by one command while others trade, as ratios to T.

The command chooses and counts them under the locks of the products, shuts them out of matching and is answered; the
engine then ends them a batch at a time and takes orders of the mixed stream in between. What fills afterwards, and what
does not come back of the holds, is counted: both have to be nil, and everything is proved at the end.
"""

from __future__ import annotations

import gc
import shutil
import statistics
import time
from pathlib import Path
from typing import Any

import structlog
from rich.console import Console

from market import prove
from market.bench import crowd, floor, machine, publish
from market.bench.stream import Stream
from market.core import audit, clock, datadir, db, embedded
from market.core.datadir import OperatorError
from market.supervision import cancelling
from market.supervision.cancelling import Filter
from market.trading.commands import Accepted, Command, Place
from market.trading.engine import MAX_BATCH, Engine
from market.trading.intake import take_up
from market.trading.process import sweep

RUNS = 3
ORDERS = 100_000
BETWEEN = 256
"""So many orders of the stream come in between two parts."""
FAR_SELL_E4, FAR_BUY_E4, STEPS = 6_000, 1_000, 500
LITRES = 1_000
PROVED = (1, 2, 3, 6, 7, 8, 14)
"""The invariants held against the end: the farmers of a benchmark come without papers, which others would find."""
WHY = {"reason": "benchmark", "legal_source": "benchmark"}

_LATER_SQL = """
SELECT count(*) FROM order_cancellation_lines l JOIN order_cancellations c ON c.id = l.cancellation_id
JOIN (SELECT sell_order_id AS order_id, traded_at FROM trades
      UNION ALL SELECT buy_order_id, traded_at FROM trades) AS t
  ON t.order_id = l.order_id AND t.traded_at >= c.ordered_at
WHERE c.id = %s
"""


def run(as_json: bool) -> None:
    """Measures on a server of its own under var/bench, with fsync and synchronous_commit on; it takes minutes."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(40))
    console = Console(stderr=True, quiet=as_json)
    place = Path("var/bench")
    shutil.rmtree(place, ignore_errors=True)
    server = embedded.Server(datadir.prepare(place))
    server.start()
    try:
        _run(server, console, as_json=as_json)
    finally:
        server.stop()
        shutil.rmtree(place, ignore_errors=True)


def _run(server: embedded.Server, console: Console, *, as_json: bool) -> None:
    url = server.url()
    with console.status("making the county and its farmers") as status:
        db.migrate(url)
        people = crowd.gather(url)
        status.update("the floor, before")
        before = floor.measure(url, runs=RUNS)
        trading = _Trading(url, people)
        found = []
        for number in range(RUNS):
            status.update(f"{ORDERS} orders placed and ended, run {number + 1} of {RUNS}")
            found.append(trading.once())
        trading.engine.connection.close()
        gc.enable()
        status.update("the floor, after")
        after = floor.measure(url, runs=RUNS)
        status.update("the proof")
        with db.connect(url) as connection:
            broken = prove.broken(connection, *PROVED)
            facts = machine(connection)
    if broken:
        raise OperatorError(f"the cancellations broke {len(broken)} rows, the first: {broken[0]}")
    t = floor.combine(before, after)
    publish(
        bench="cancel",
        ratios={
            "whole": _median(found, "cancelled_per_s") / t,
            "engine": _median(found, "engine_cancelled_per_s") / t,
        },
        baseline=floor.BASELINE,
        runs=RUNS,
        detail={
            "T": {"before": before, "after": after, "used": round(t, 1)},
            "violations": len(broken),
            "runs": found,
        },
        machine=facts,
        as_json=as_json,
    )


def _median(results: list[dict[str, Any]], name: str) -> float:
    return statistics.median(each[name] for each in results)


class _Trading:
    """One engine whose book goes on from run to run."""

    def __init__(self, url: str, people: crowd.Crowd) -> None:
        self._url = url
        self._people = people
        self._stream = Stream()
        self._count = 0
        self._trading_s = 0.0
        self._fills = 0
        self._waits: list[float] = []
        self.engine = Engine(lambda: db.connect(url))
        sweep()  # as the engine's own process does

    def once(self) -> dict[str, Any]:
        """Places ORDERS that rest, has them all ended by one command, and trades meanwhile."""
        self._rest()
        self._trading_s, self._fills, self._waits = 0.0, 0, []
        wanted = Filter(placed_before=clock.now())
        started = time.perf_counter()
        with db.transaction(self._url) as session:
            made = cancelling.order(
                session, actor=audit.Actor(user_id=self._people.sellers[0].user), wanted=wanted, most=2 * ORDERS, **WHY
            )  # fmt: skip
        answered = time.perf_counter()
        self._trade()
        take_up(self.engine, between=self._trade)
        self._trade()
        spent = time.perf_counter() - answered - self._trading_s
        with db.transaction(self._url) as session:
            done = cancelling.progress(session, [made.id])[made.id]
            row = db.raw(session).execute(_LATER_SQL, (made.id,)).fetchone()
        assert row is not None
        if (done.cancelled, row[0]) != (made.orders, 0):
            raise OperatorError(f"{done.cancelled} of {made.orders} orders ended, {row[0]} filled afterwards")
        return {
            "orders": made.orders,
            "cancelled_per_s": round(made.orders / (answered - started + spent), 1),
            "engine_cancelled_per_s": round(made.orders / spent, 1),
            "answered_after_s": round(answered - started, 2),
            "ended_after_s": round(spent, 2),
            "orders_traded_between": BETWEEN * len(self._waits),
            "fills_between": self._fills,
            "filled_after_the_answer": row[0],
            "longest_batch_between_ms": round(max(self._waits) * 1_000, 1),
        }

    def _rest(self) -> None:
        """Orders far from the middle, by everybody in turn, half of them sells."""
        people, places = self._people, []
        for number in range(ORDERS):
            selling, step = number % 2 == 0, number % STEPS
            side = people.sellers if selling else people.buyers
            farmer = side[number // 2 % len(side)]
            price = FAR_SELL_E4 + step if selling else FAR_BUY_E4 - step
            places.append(
                self._command(
                    farmer, Place(farmer.account, people.product, "sell" if selling else "buy", LITRES, price)
                )
            )
        for at in range(0, ORDERS, MAX_BATCH):
            for answer in self.engine.execute(places[at : at + MAX_BATCH]):
                if not isinstance(answer.outcome, Accepted):
                    raise OperatorError(f"an order of the benchmark was refused: {answer.outcome}")

    def _trade(self) -> None:
        """A batch of the mixed stream without its cancels."""
        batch: list[Command] = []
        while len(batch) < BETWEEN:
            wish = self._stream.next()
            side = self._people.sellers if wish.side == "sell" else self._people.buyers
            farmer = side[int(wish.pick * len(side))]
            place = Place(
                farmer.account, self._people.product, wish.side, wish.volume_m3 * 1_000, wish.price_e4
            )
            batch.append(self._command(farmer, place))
        started = time.perf_counter()
        answers = self.engine.execute(batch)
        spent = time.perf_counter() - started
        self._waits.append(spent)
        self._trading_s += spent
        self._fills += sum(len(each.outcome.fills) for each in answers if isinstance(each.outcome, Accepted))

    def _command(self, farmer: crowd.Farmer, request: Place) -> Command:
        self._count += 1
        return Command(farmer.participant, farmer.user, None, f"cancel-{self._count}", 0, bytes(32), request)
