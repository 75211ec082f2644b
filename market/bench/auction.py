"""`karez bench auction`: the whole clearing of a call as a ratio to its welfare program alone, one variable an order.

The baseline is HiGHS on the plain program by the fastest of its methods; ours is everything: welfare by segments,
prices, ties, whole litres, the record, and its check without a solver. Both in one run, on 60 places and 120 routes.
"""

from __future__ import annotations

import json
import time

import numpy as np
from rich.console import Console

from market.bench import machine, publish
from market.core.datadir import OperatorError
from market.trading import verify
from market.trading.auction import Arc, Limit, Market, Node, Options, Orders, clear, record
from market.trading.auction import limits as terms_of
from market.trading.auction.model import AGRICULTURE, CONVERSION, INDUSTRY, ROUTE, SELL
from market.trading.auction.solver import INFINITY, Program, Unsolved
from market.trading.auction.welfare import network

SEED = 20_260_101
ZONES, ROUTES = 30, 45
"""Two sectors a zone are 60 places; 45 routes of both sectors and 30 conversions are 120 arcs."""
SIZES = {"orders_100k": 100_000, "orders_1m": 1_000_000}
METHODS = ("ipm", "simplex")
PATIENCE = 1.0
"""A slower method is stopped at so many times the best one's time."""
BASELINE = "HiGHS on the welfare program alone, one variable an order, by its fastest method, in the same run"


def run(as_json: bool) -> None:
    """Measures and publishes."""
    console = Console(stderr=True, quiet=as_json)
    ratios: dict[str, float] = {}
    detail: dict[str, object] = {}
    for name, count in SIZES.items():
        console.print(f"{count} orders")
        market = stream(count)
        stages, whole_s = _ours(market)
        plain, value = _plain(market, console)
        best = min(plain.values())
        ratios[name] = best / whole_s
        if name == "orders_1m":
            ratios["welfare_1m"] = best / stages["welfare"]
        detail[name] = {
            "ours_s": round(whole_s, 3),
            "stages_s": {stage: round(seconds, 3) for stage, seconds in stages.items()},
            "plain_s": {method: round(seconds, 3) for method, seconds in plain.items()},
            "plain_welfare_tick_litres": value,
        }
    publish(
        bench="auction",
        ratios=ratios,
        baseline=BASELINE,
        runs=1,
        detail=detail,
        machine=machine(),
        as_json=as_json,
    )


def stream(count: int) -> Market:
    """A call of so many orders: 60 places, 120 arcs, caps and a conversion limit that bind."""
    chance = np.random.default_rng(SEED)
    nodes = tuple(
        Node(f"z{zone}", sector, 3_000) for zone in range(ZONES) for sector in (AGRICULTURE, INDUSTRY)
    )
    pairs: set[tuple[int, int]] = set()
    while len(pairs) < ROUTES:
        start, end = (int(each) for each in chance.integers(0, ZONES, 2))
        if start != end:
            pairs.add((start, end))
    arcs = [
        Arc(ROUTE, 2 * start + sector, 2 * end + sector, int(chance.integers(870, 1_000)))
        for start, end in sorted(pairs)
        for sector in (0, 1)
    ] + [Arc(CONVERSION, 2 * zone, 2 * zone + 1, 1000) for zone in range(ZONES)]
    litres = count * 25_000
    limits = [
        Limit("cap", f"cap {zone}", litres // 2_500, terms)
        for zone in range(0, ZONES, 3)
        if (terms := terms_of.cap_terms(arcs, {2 * zone, 2 * zone + 1}))
    ]
    limits.append(
        Limit(
            "conversion", "farm to industry", litres // 100, terms_of.conversion_terms(arcs, range(2 * ZONES))
        )
    )
    side = chance.integers(0, 2, count)
    price = np.where(side == SELL, chance.normal(3_200, 700, count), chance.normal(3_500, 700, count))
    return Market(
        "bench", "surface", "bench", nodes, tuple(arcs), tuple(limits),
        Orders.of(
            side=side, node=chance.integers(0, 2 * ZONES, count), limit=price.astype(np.int64).clip(100, 9_000),
            volume=chance.integers(1, 50, count) * 1_000,
        ),
    )  # fmt: skip


def _ours(market: Market) -> tuple[dict[str, float], float]:
    """Seconds by stage and altogether, the record and its check included."""
    started = time.perf_counter()
    found = clear(market)
    cleared = time.perf_counter()
    data = record(market, found)
    written = time.perf_counter()
    wrong = verify.verify(data)
    ended = time.perf_counter()
    if wrong:
        raise OperatorError(f"the check refuses the clearing: {json.dumps(wrong)}")
    stages = dict(found.seconds) | {"record": written - cleared, "verify": ended - written}
    return stages, ended - started


def _plain(market: Market, console: Console) -> tuple[dict[str, float], int]:
    """Seconds by method for the plain program, and the welfare that it reaches (tick-litres)."""
    orders, count = market.orders, len(market.orders)
    sign = np.where(orders.side == SELL, 1.0, -1.0)
    net = network(market, frozenset(), int(orders.volume[orders.side == SELL].sum()))
    seconds: dict[str, float] = {}
    value = 0.0
    for method in METHODS:
        program = Program(
            cost=np.concatenate((sign * orders.limit, np.zeros(len(net.open)))),
            lower=np.zeros(count + len(net.open)),
            upper=np.concatenate((orders.volume / 1_000, net.bound)),
            row_lower=np.concatenate((np.zeros(net.nodes), np.full(len(net.room), -INFINITY))),
            row_upper=np.concatenate((np.zeros(net.nodes), net.room)),
            triples=(
                np.concatenate((orders.node, net.rows)),
                np.concatenate((np.arange(count), net.columns + count)),
                np.concatenate((sign, net.values)),
            ),
            options=Options(solver=method),
        )
        if seconds:
            program.stop_after(PATIENCE * min(seconds.values()))
        started = time.perf_counter()
        try:
            value = -program.solve().value * 1_000
        except Unsolved:
            console.print(f"  {method}: stopped, it is slower")
            continue
        seconds[method] = time.perf_counter() - started
        console.print(f"  {method}: {seconds[method]:.1f} s")
    return seconds, round(value)
