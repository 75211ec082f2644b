"""Stage two of a call: a price a node, nearest its reference within what the duals allow (AUCTION section 3). Pure."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, floor

import numpy as np

from market.trading.auction.levels import Levels
from market.trading.auction.model import BUY, SELL, Market, Options, Reals
from market.trading.auction.solver import INFINITY, ClearingHalted, Program, Unsolved
from market.trading.auction.welfare import Optimum

TOLERANCE = 1e-6
FILLED = 1e-6
"""Cubic metres (a millilitre): below it nothing is filled, flows, or is left of a limit."""


@dataclass(frozen=True, slots=True, eq=False)
class Prices:
    """Exact prices a node (ticks), multipliers a limit, and the interval of each node when its turn came."""

    exact: Reals
    multipliers: Reals
    intervals: tuple[tuple[float, float], ...]


def choose(market: Market, found: Optimum, options: Options) -> Prices:
    """Node by node, largest offered volume first, the tick nearest the reference; then the smallest multipliers.

    Errors: ClearingHalted.
    """
    try:
        return _choose(market, found, options)
    except Unsolved as error:
        raise ClearingHalted(f"the prices could not be settled: {error}") from error


def _choose(market: Market, found: Optimum, options: Options) -> Prices:
    nodes, limits = found.net.nodes, len(found.net.room)
    program = _polyhedron(market, found, options)
    offered = found.levels.group_volume().reshape(nodes, 2).sum(axis=1)
    exact = np.zeros(nodes)
    intervals: list[tuple[float, float]] = [(0.0, 0.0)] * nodes
    for node in sorted(range(nodes), key=lambda each: (-int(offered[each]), each)):
        program.cost(node, 1.0)
        low = program.solve().x[node]
        program.cost(node, -1.0)
        high = program.solve().x[node]
        program.cost(node, 0.0)
        intervals[node] = (low, high)
        exact[node] = _pick(low, high, market.nodes[node].reference_e4, _limits_at(found.levels, node))
        program.bounds(node, exact[node], exact[node])
    program.costs(np.concatenate((np.zeros(nodes), np.ones(limits))))
    return Prices(exact, np.maximum(0.0, program.solve().x[nodes:]), tuple(intervals))


def _limits_at(levels: Levels, node: int) -> frozenset[int]:
    first, end = levels.starts[2 * node], levels.starts[2 * node + 2]
    return frozenset(levels.limit[first:end].tolist())


def _pick(low: float, high: float, reference: int, taken: frozenset[int]) -> float:
    """The tick of [low, high] nearest the reference, beside an order's limit where there is room; else the value."""
    first, last = ceil(low - TOLERANCE), floor(high + TOLERANCE)
    if first > last:
        return min(max(float(reference), low), high)
    tick = min(max(reference, first), last)
    if tick in taken:
        beside = [each for each in (tick - 1, tick + 1) if first <= each <= last and each not in taken]
        if beside:
            return float(min(beside, key=lambda each: (abs(each - reference), each)))
    return float(tick)


def _polyhedron(market: Market, found: Optimum, options: Options) -> Program:
    """Prices (columns 0 … N−1) and multipliers (N …) that are optimal duals: a row an open arc."""
    net = found.net
    nodes, limits = net.nodes, len(net.room)
    low, high = _bounds(found, unbounded(market))
    used = np.zeros(limits)
    np.add.at(used, net.rows[2 * len(net.open) :] - nodes, net.values[2 * len(net.open) :] * _flow_of(found))
    tight = used >= net.room - FILLED
    number = np.arange(len(net.open), dtype=np.int64)
    own = net.rows >= nodes
    return Program(
        cost=np.zeros(nodes + limits),
        lower=np.concatenate((low, np.zeros(limits))),
        upper=np.concatenate((high, np.where(tight, INFINITY, 0.0))),
        row_lower=np.where(found.flows > FILLED, 0.0, -INFINITY),
        row_upper=np.zeros(len(net.open)),
        triples=(
            np.concatenate((number, number, net.columns[own])),
            np.concatenate((net.target, net.source, net.rows[own])),
            np.concatenate((net.share, np.full(len(net.open), -1.0), -net.values[own])),
        ),
        options=options,
    )


def _flow_of(found: Optimum) -> Reals:
    """The flow of the arc of each coefficient of a limit."""
    return found.flows[found.net.columns[2 * len(found.net.open) :]]


def unbounded(market: Market) -> float:
    """Ten times whatever an order or a reference asks: where no order bounds a price, neither does this (ticks)."""
    orders = int(market.orders.limit.max()) if len(market.orders) else 0
    return 1000.0 + 10.0 * max([orders, *(node.reference_e4 for node in market.nodes)])


def _bounds(found: Optimum, highest: float) -> tuple[Reals, Reals]:
    """lo and hi of each node from what is filled: no filled order may lose, no unfilled one may gain.

    Where water only passes, its price may be below zero: more of it there would be in the way of something better.
    """
    levels = found.levels
    starts, ends = found.cuts[:-1], found.cuts[1:]
    group = levels.group[starts]
    node, side = group >> 1, group & 1
    low, high = np.full(found.net.nodes, -highest), np.full(found.net.nodes, highest)
    some, full = found.fills > FILLED, found.fills >= found.volumes - FILLED
    worst, best = levels.limit[ends - 1], levels.limit[starts]
    sells, buys = side == SELL, side == BUY
    for mask, values in ((sells & some, worst), (buys & ~full, best)):
        np.maximum.at(low, node[mask], values[mask].astype(np.float64))
    for mask, values in ((buys & some, worst), (sells & ~full, best)):
        np.minimum.at(high, node[mask], values[mask].astype(np.float64))
    crossed = low > high  # by rounding of a partly filled level: both are its limit
    low[crossed] = high[crossed] = np.minimum(low, high)[crossed]
    return low, high
