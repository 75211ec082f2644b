"""`karez bench matching`: our book with its rules as a ratio to the best Python matching package on the same stream.

The stream has 200 000 limit orders, and three commands in ten are cancels of an order that is open then. It is one
market without losses, the only one that every package can play, and everybody must come to the same trades.
The contract is the same for all: orders are made before the clock starts, a cancel names its order by what the book
knows it by, and every trade's litres and price are read as it happens. Ours does all that the exchange floor does for
a command: ownership, phase, lots, ranges, gates, funds, holds, eligibility by place and owner, a cap, fees, cumulative
rounding to the fen, an undo log and the tape; the packages match prices and volumes. `with_answers` is the same floor
from a request as it came in to the answer as it goes out, which no package has. Each run has a process of its own.
"""

from __future__ import annotations

import gc
import random
import statistics
import time
from collections.abc import Callable, Container, Iterator, Sequence
from functools import partial
from importlib import import_module
from itertools import repeat
from multiprocessing import get_context
from typing import Any, NamedTuple
from uuid import uuid4

from rich.console import Console

from market.bench import machine, publish
from market.core import compiled
from market.core.datadir import OperatorError
from market.trading.board import Account, Product
from market.trading.book import BUY, SELL, Order
from market.trading.commands import Accepted, Cancel, Place
from market.trading.exchange import Exchange
from market.trading.fills import Terms
from market.trading.numbers import Numbers

ORDERS = 200_000
CANCELS_IN_TEN = 3
RUNS = 5
SEED = 20_260_101
TRADERS = 50
"""So many sellers, and as many buyers, so that nobody ever meets himself."""
BATCH = 256
"""After so many commands the engine commits and what was done can no longer be undone."""
MIDDLE_E4 = 3_000
LEAST_EDGE_E4, LARGEST_EDGE_E4 = -100, 50
"""How far past the middle an order goes: a third is marketable, and a book of some depth remains."""
LARGEST_LOTS, LOT = 20, 1_000
PLENTY = 10**15
PEERS = {
    "pylobo": "lobo",
    "lightmatchingengine": "lightmatchingengine.lightmatchingengine",
    "pyorderbook": "pyorderbook",
}
"""The packages and their modules."""
OURS, ANSWERING = "karez", "karez with answers"
BASELINE = "the time of the fastest of pylobo, lightmatchingengine and pyorderbook on the same stream in the same run"

Trade = tuple[int, int]
"""Litres and price in 1/10 000 yuan."""


class Step(NamedTuple):
    """A command of the stream: the `order`-th order, from 0, or (litres 0) its cancel."""

    order: int
    buying: bool
    litres: int
    price_e4: int


Play = Callable[[], list[Trade]]
"""One run on a fresh book over commands made before; returns the trades in order."""


def run(as_json: bool) -> None:
    """Plays every contestant RUNS times by turns; needs the packages of the extra `bench`. Errors: OperatorError."""
    contestants: dict[str, Callable[[Sequence[Step]], Play]] = {OURS: _ours, ANSWERING: _answering}
    makers = {"pylobo": _pylobo, "lightmatchingengine": _light, "pyorderbook": _pyorderbook}
    for name, module in _peers().items():
        contestants[name] = partial(makers[name], module)
    console = Console(stderr=True, quiet=as_json)
    console.print("making the stream")
    steps = list(stream(ORDERS))
    seconds: dict[str, list[float]] = {name: [] for name in contestants}
    trades: dict[str, list[Trade]] = {}
    for number in range(1, RUNS + 1):
        console.print(f"run {number} of {RUNS}")
        for name, make in contestants.items():
            spent, trades[name] = _apart(make, steps)
            seconds[name].append(spent)
    median = {name: statistics.median(each) for name, each in seconds.items()}
    ours, answering = median.pop(OURS), median.pop(ANSWERING)
    best = min(median, key=lambda name: median[name])
    publish(
        bench="matching",
        ratios={"vs_best_peer": median[best] / ours},
        baseline=BASELINE,
        runs=RUNS,
        detail={
            "stream": {"orders": ORDERS, "cancels": len(steps) - ORDERS, "trades": len(trades[OURS])},
            "floor": "compiled" if compiled.running() else "interpreted",
            "best_peer": best,
            "with_answers": round(median[best] / answering, 3),
            "vs_each_peer": {name: round(each / ours, 3) for name, each in median.items()},
            "us_per_command": {
                name: [round(each / len(steps) * 1e6, 2) for each in sorted(spent)]
                for name, spent in seconds.items()
            },
            "same_trades": {
                name: _difference(trades[OURS], trades[name]) or "the same" for name in (ANSWERING, *median)
            },
        },
        machine=machine(),
        as_json=as_json,
    )


def _peers() -> dict[str, Any]:
    """The packages' modules. OperatorError if one is missing."""
    found, missing = {}, []
    for name, module in PEERS.items():
        try:
            found[name] = import_module(module)
        except ModuleNotFoundError:
            missing.append(name)
    if missing:
        raise OperatorError(
            f"karez bench matching needs {', '.join(missing)}: pip install -c constraints.txt -e '.[bench]'"
        )
    return found


def _apart(make: Callable[[Sequence[Step]], Play], steps: Sequence[Step]) -> tuple[float, list[Trade]]:
    """Seconds and trades of one run in a process of its own: nobody plays in memory that another left in pieces."""
    gc.freeze()
    context = get_context("fork")
    receiving, sending = context.Pipe(duplex=False)
    child = context.Process(target=lambda: sending.send(_timed(make(steps))))
    child.start()
    sending.close()
    try:
        found: tuple[float, list[Trade]] = receiving.recv()
    except EOFError as error:
        raise OperatorError("a contestant of karez bench matching died in the middle of its run") from error
    finally:
        receiving.close()
        child.join()
    return found


def _timed(play: Play) -> tuple[float, list[Trade]]:
    """Seconds and trades of one run, without the garbage collector (the engine has it sweep between batches)."""
    gc.collect()
    gc.disable()
    try:
        started = time.perf_counter()
        trades = play()
        return time.perf_counter() - started, trades
    finally:
        gc.enable()


def _difference(ours: Sequence[Trade], theirs: Sequence[Trade]) -> str | None:
    """Where two tapes first differ; None if they are the same in count, litres and price, one by one."""
    for place, (mine, other) in enumerate(zip(ours, theirs, strict=False)):
        if mine != other:
            return f"trade {place} is {other[0]} litres at {other[1]}, ours {mine[0]} at {mine[1]}"
    return None if len(ours) == len(theirs) else f"{len(theirs)} trades, ours {len(ours)}"


# --- the stream --------------------------------------------------------------------------------------------------


def stream(orders: int, seed: int = SEED) -> Iterator[Step]:
    """The commands, always the same for a seed. Which orders are open, and so may be cancelled, our book tells."""
    chance = random.Random(seed)
    exchange = _exchange()
    standing: list[Step] = []
    ids: list[int] = []
    while len(ids) < orders:
        exchange.begin()
        if chance.randrange(10) < CANCELS_IN_TEN:
            gone = _some_open(chance, standing, exchange.books[1].orders, ids)
            if gone is not None:
                exchange.apply(_trader(gone), Cancel(ids[gone.order]))
                yield gone._replace(litres=0)
            continue
        buying = chance.random() < 0.5
        edge = chance.randint(LEAST_EDGE_E4, LARGEST_EDGE_E4)
        step = Step(
            len(ids), buying, chance.randint(1, LARGEST_LOTS) * LOT, MIDDLE_E4 + (edge if buying else -edge)
        )
        outcome = exchange.apply(_trader(step), _place(step))
        assert isinstance(outcome, Accepted)
        ids.append(outcome.order)
        if outcome.status == "open":
            standing.append(step)
        yield step


def _some_open(
    chance: random.Random, standing: list[Step], book: Container[int], ids: Sequence[int]
) -> Step | None:
    """Takes any order that is still open off the list; what was filled meanwhile goes off it too."""
    while standing:
        at = chance.randrange(len(standing))
        standing[at], standing[-1] = standing[-1], standing[at]
        found = standing.pop()
        if ids[found.order] in book:
            return found
    return None


def _trader(step: Step) -> int:
    return 1 + step.order % TRADERS + (TRADERS if step.buying else 0)


def _place(step: Step) -> Place:
    return Place(_trader(step), 1, "buy" if step.buying else "sell", step.litres, step.price_e4)


# --- the contestants ---------------------------------------------------------------------------------------------


def _order(exchange: Exchange, step: Step) -> Order:
    side = BUY if step.buying else SELL
    return Order(0, exchange.accounts[_trader(step)], side, step.litres, step.price_e4)


def _exchange() -> Exchange:
    """Farms and works at one place: nothing is lost, a cap counts what works receive, sellers pay a fee."""
    cap = 1
    terms = {("farm", "works"): Terms(1000, 1000, ((cap, False),), (), 3_000)}
    exchange = Exchange(lambda seller, buyer: terms.get((seller, buyer)), Numbers())
    exchange.bring(Product(1, "bench", "open", LOT, 1.0))
    exchange.learn(cap, PLENTY)
    for number in range(1, 2 * TRADERS + 1):
        pool = "farm" if number <= TRADERS else "works"
        account = Account(number, number, number, 1_000 + number, 2_000 + number, 0, 1, pool, LOT)
        exchange.accounts[number] = account
        exchange.learn(account.ledger, PLENTY)
        exchange.learn(account.money, PLENTY)
    return exchange


def _ours(steps: Sequence[Step]) -> Play:
    """The floor as such: orders are made before, as those of the packages are, and trades are read from its tape."""
    exchange = _exchange()
    orders = [_order(exchange, step) for step in steps if step.litres]
    commands = [(step.litres == 0, _trader(step), orders[step.order]) for step in steps]
    batches = [commands[start : start + BATCH] for start in range(0, len(commands), BATCH)]

    def play() -> list[Trade]:
        trades: list[Trade] = []
        enter, withdraw, traded = exchange.enter, exchange.withdraw, trades.append
        for batch in batches:
            exchange.begin()
            for cancelling, participant, order in batch:
                if cancelling:
                    withdraw(participant, order.id)
                    continue
                fills: Any = enter(participant, order, 1)
                if fills:
                    for fill in fills:
                        traded((fill.source, fill.price))
        return trades

    return play


def _answering(steps: Sequence[Step]) -> Play:
    """The floor as the engine's batches use it: from a request as it came to the answer as it goes out."""
    exchange = _exchange()
    commands: list[tuple[int, Any]] = [
        (_trader(step), _place(step) if step.litres else step.order) for step in steps
    ]
    batches = [commands[start : start + BATCH] for start in range(0, len(commands), BATCH)]

    def play() -> list[Trade]:
        trades: list[Trade] = []
        ids: list[int] = []
        apply, known, traded = exchange.apply, ids.append, trades.append
        for batch in batches:
            exchange.begin()
            for participant, command in batch:
                if type(command) is int:
                    apply(participant, Cancel(ids[command]))
                    continue
                outcome: Any = apply(participant, command)
                known(outcome.order)
                for fill in outcome.fills:
                    traded((fill.source, fill.price))
        return trades

    return play


def _pylobo(lobo: Any, steps: Sequence[Step]) -> Play:
    orders = import_module("lobo.orders")
    book = lobo.Book(update_user_map=False, update_hidden=False)  # the leanest that it offers
    reports = lobo.Reports(include_fills=True)
    traders = [uuid4() for _ in repeat(None, 2 * TRADERS + 1)]
    commands = [
        orders.LimitOrder(
            step.price_e4,
            step.litres,
            traders[_trader(step)],
            orders.Side.Buy if step.buying else orders.Side.Sell,
        )
        if step.litres
        else step.order
        for step in steps
    ]

    def play() -> list[Trade]:
        trades: list[Trade] = []
        ids: list[Any] = []
        fill, cancel, known, traded = book.fill, book.cancel, ids.append, trades.append
        for command in commands:
            if type(command) is int:
                cancel(ids[command])
                continue
            done = fill(command, reports)
            known(done.remaining_order_id)
            report = done.report
            if report is not None:
                for each in report.fills or ():
                    traded((each.fill_quantity, each.price))
        return trades

    return play


def _light(light: Any, steps: Sequence[Step]) -> Play:
    engine = light.LightMatchingEngine()
    buy, sell = light.Side.BUY, light.Side.SELL
    commands: list[Any] = [
        (step.price_e4, step.litres, buy if step.buying else sell) if step.litres else step.order
        for step in steps
    ]

    def play() -> list[Trade]:
        trades: list[Trade] = []
        ids: list[int] = []
        add, cancel, known, traded = engine.add_order, engine.cancel_order, ids.append, trades.append
        for command in commands:
            if type(command) is int:
                cancel(ids[command], "water")
                continue
            order, executions = add("water", *command)
            known(order.order_id)
            for each in executions:
                if each.order_id != order.order_id:  # the taker's own line repeats the makers' below it
                    traded((each.trade_qty, each.trade_price))
        return trades

    return play


def _pyorderbook(pyorderbook: Any, steps: Sequence[Step]) -> Play:
    book = pyorderbook.Book()
    side = {True: pyorderbook.bid, False: pyorderbook.ask}
    orders = [side[step.buying]("water", step.price_e4, step.litres) for step in steps if step.litres]
    commands = [(step.litres == 0, orders[step.order]) for step in steps]

    def play() -> list[Trade]:
        trades: list[Trade] = []
        match, cancel, traded = book.match, book.cancel, trades.append
        for cancelling, order in commands:
            if cancelling:
                cancel(order)
                continue
            for each in match(order).trades:
                traded((each.fill_quantity, int(each.fill_price)))
        return trades

    return play
