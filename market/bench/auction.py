"""`karez bench auction`: a whole call as a ratio to one linear program with one variable an order.

The baseline is the welfare problem alone, a variable an order, in HiGHS on one thread by whichever of its methods is
fastest at that size: dual simplex with and without presolve, primal simplex, interior point. Ours is the whole call:
welfare, prices, ties, whole litres, money, the record, and its verification in pure Python; `welfare_1m` compares the
welfare stage alone. All are timed in one run, over 60 nodes, 120 routes and 30 conversions; the optimum of both must
agree to 10^-9.
"""

from __future__ import annotations

import gc
import statistics
import time
from dataclasses import replace
from typing import Any

import highspy
import numpy as np
from rich.console import Console

from market.bench import machine, publish
from market.core.datadir import OperatorError
from market.trading.auction import Arc, Limit, Market, Node, Options, Orders, clear, record
from market.trading.auction.clearing import work_out
from market.trading.auction.levels import gather
from market.trading.auction.limits import cap_terms, conversion_terms, route_terms
from market.trading.auction.solver import Program, Unsolved, version
from market.trading.auction.welfare import Network, network_of, scale_of
from market.trading.verify import verify

SIZES = {"100k": 100_000, "1m": 1_000_000}
RUNS = 3
ZONES = 30
WAYS = 60
METHODS = {
    "interior point": Options(solver="ipm"),
    "dual simplex without presolve": Options(presolve="off"),
    "dual simplex": Options(),
    "primal simplex without presolve": Options(strategy=4, presolve="off"),
}
"""Each is given up once it has taken longer than the fastest so far; what is fastest at a million goes first."""
AGREE = 1e-9
BASELINE = (
    "the time of the welfare problem alone with one variable an order, in HiGHS on one thread by its fastest method,"
    " same market and run"
)


def run(as_json: bool) -> None:
    """Measures; it takes some minutes, most of them the baseline's."""
    console = Console(stderr=True, quiet=as_json)
    ratios: dict[str, float] = {}
    detail: dict[str, Any] = {}
    with console.status("making markets") as status:
        for name, count in SIZES.items():
            status.update(f"{count} orders: the whole call")
            market = county(count)
            ours = [_call(market) for _ in range(RUNS)]
            seconds = {
                part: statistics.median(each[part] for each in ours) for part in ours[0] if part != "value"
            }
            status.update(f"{count} orders: one variable an order")
            methods, best = _baseline(market, ours[0]["value"], status)
            ratios[f"orders_{name}"] = best / seconds["whole"]
            if name == "1m":
                ratios["welfare_1m"] = best / seconds["welfare"]
            detail[name] = {
                "baseline_s": {method: _rounded(value) for method, value in methods.items()},
                "ours_s": {part: round(value, 3) for part, value in seconds.items()},
            }
    facts = machine() | {"highs": version()}
    publish(
        bench="auction",
        ratios=ratios,
        baseline=BASELINE,
        runs=RUNS,
        detail=detail,
        machine=facts,
        as_json=as_json,
    )


def _rounded(seconds: float | None) -> float | str:
    return "slower than the fastest" if seconds is None else round(seconds, 2)


def _call(market: Market) -> dict[str, float]:
    """The seconds of a whole call by part, and the value of its welfare stage. Errors: OperatorError."""
    gc.collect()
    started = time.perf_counter()
    clearing = clear(market, timer=time.perf_counter)
    cleared = time.perf_counter()
    found = record(market, clearing)
    recorded = time.perf_counter()
    failed = verify(found)
    done = time.perf_counter()
    if failed:
        raise OperatorError(f"the record of the bench is refused: {', '.join(failed)}")
    value = work_out(market, np.ones(len(market.orders), np.bool_), frozenset(clearing.closed), Options())
    return clearing.seconds | {
        "clearing": cleared - started,
        "record": recorded - cleared,
        "verification": done - recorded,
        "whole": done - started,
        "value": value.optimum.value,
    }


def _baseline(market: Market, value: float, status: Any) -> tuple[dict[str, float | None], float]:
    """Seconds by method (None: given up once slower than the best so far), and the best. Errors: OperatorError."""
    sold = market.orders.volume[market.orders.side == 0].sum().item()
    network = network_of(market, sold, frozenset())
    found: dict[str, float | None] = {}
    best = 3600.0
    for method, options in METHODS.items():
        status.update(f"{len(market.orders)} orders, one variable each: {method}")
        gc.collect()
        program = _one_an_order(market, network, options)
        program.stop_after(best)
        started = time.perf_counter()
        try:
            theirs = program.solve_once()
        except Unsolved:
            found[method] = None
            continue
        found[method] = time.perf_counter() - started
        best = min(best, time.perf_counter() - started)
        if abs(theirs - value) > AGREE * abs(value):
            raise OperatorError(f"{method} and ours differ: {theirs} and {value} tick-litres")
    return found, best


class _OneAnOrder(Program):
    """The whole problem; its value in tick-litres, and no second try."""

    unit = 1.0

    def stop_after(self, seconds: float) -> None:
        """Gives up once it takes longer."""
        self._highs.setOptionValue("time_limit", seconds)

    def solve_once(self) -> float:
        """Errors: Unsolved."""
        self._highs.run()
        if self._highs.getModelStatus() != highspy.HighsModelStatus.kOptimal:
            raise Unsolved("not in time")
        return -self._highs.getObjectiveValue() * self.unit


def _one_an_order(market: Market, network: Network, options: Options) -> _OneAnOrder:
    """The program with one variable an order, in the same units as ours."""
    orders = market.orders
    count, arcs, nodes = len(orders), len(market.arcs), len(market.nodes)
    scale = scale_of(gather(orders, nodes, np.ones(count, np.bool_)))
    signs = np.where(orders.side == 0, 1.0, -1.0)
    rows, columns, values = network.flow_triples()
    program = _OneAnOrder(
        cost=np.concatenate((signs * orders.limit / scale.ticks, np.zeros(arcs))),
        lower=np.zeros(count + arcs),
        upper=np.concatenate((orders.volume.astype(np.float64), network.room)) / scale.litres,
        row_lower=np.concatenate((np.zeros(nodes), np.full(len(network.h), -np.inf))),
        row_upper=np.concatenate((np.zeros(nodes), network.h / scale.litres)),
        triples=(
            np.concatenate((orders.node, rows, nodes + network.limit_row)),
            np.concatenate((np.arange(count), count + columns, count + network.limit_arc)),
            np.concatenate((signs, values, network.weight)),
        ),
        options=options,
    )
    program.unit = scale.litres * scale.ticks
    return program


def county(orders: int, seed: int = 1) -> Market:
    """A county of 30 zones, agriculture and industry in each: 60 nodes, 60 ways in both sectors (120 routes) and 30
    conversions, a limit on every way, on all conversions, and a cap on every third zone.
    """
    rng = np.random.default_rng(seed)
    nodes = tuple(
        Node(f"zone-{z}", sector, 3000) for z in range(ZONES) for sector in ("agriculture", "industry")
    )
    ways = _ways(rng)
    shares = rng.integers(850, 1001, len(ways)).tolist()
    arcs = [
        Arc("route", 2 * u + sector, 2 * v + sector, k)
        for (u, v), k in zip(ways, shares, strict=True)
        for sector in (0, 1)
    ]
    arcs += [Arc("conversion", 2 * z, 2 * z + 1, 1000) for z in range(ZONES)]
    limits = [
        Limit("route", f"way-{w}", int(rng.integers(0, orders * 900)), route_terms((2 * w, 2 * w + 1)))
        for w in range(len(ways))
    ]
    limits.append(Limit("conversion", "district", orders * 10_000, conversion_terms(arcs, range(2 * ZONES))))
    limits += [
        Limit("cap", f"cap-{z}", int(rng.integers(0, orders * 1_000)), cap_terms(arcs, {2 * z, 2 * z + 1}))
        for z in range(0, ZONES, 3)
    ]
    market = Market("bench", "bench", "bench", nodes, tuple(arcs), tuple(limits), _crowd(rng, orders))
    return replace(market, seed=f"bench-{seed}")


def _ways(rng: np.random.Generator) -> list[tuple[int, int]]:
    found: set[tuple[int, int]] = set()
    while len(found) < WAYS:
        u, v = rng.integers(0, ZONES, 2).tolist()
        if u != v:
            found.add((u, v))
    return sorted(found)


def _crowd(rng: np.random.Generator, count: int) -> Orders:
    """Orders around a price of their place; industry bids more."""
    node, side = rng.integers(0, 2 * ZONES, count), rng.integers(0, 2, count)
    centre = 3000 + rng.normal(0, 600, 2 * ZONES)[node] + np.where(node % 2, 1500, 0)
    limit = rng.normal(centre + np.where(side, 100, -100), 700).astype(np.int64)
    return Orders.of(
        side=side, node=node, limit=np.clip(limit, 100, 20_000), volume=rng.integers(1, 2_000, count) * 100
    )
