"""Stage one of a call: the greatest welfare, over price levels in few segments (AUCTION sections 2 and 5). Pure.

Quantities are cubic metres and prices ticks inside, as floats. A segment is consecutive levels of one node and side at
their average limit. What a segment hides is split out until nothing is hidden: then the value is that of one variable
an order, and one optimal dual (prices and multipliers) is known.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from market.trading.auction.levels import Levels, gather, quantiles
from market.trading.auction.model import BUY, Flags, Ints, Market, Options, Reals
from market.trading.auction.solver import INFINITY, Program, Solution

SMALL = 10_000
"""Below so many orders every price level is a variable of its own from the start."""
SEGMENTS = 12
NEAR = 4
"""Levels on either side of the price that are split out with it, so that the next round need not."""
EPS = 1e-7
LITRES = 1000.0


@dataclass(frozen=True, slots=True, eq=False)
class Network:
    """A market's arcs and limits as arrays; `open` are the arcs in use, their columns in this order.

    `rows`, `columns`, `values`: the coefficient of each open arc's entering litres in each balance (rows 0 … N−1) and
    each limit (rows N …).
    """

    nodes: int
    open: Ints
    source: Ints
    target: Ints
    share: Reals
    bound: Reals
    rows: Ints
    columns: Ints
    values: Reals
    room: Reals


def network(market: Market, closed: frozenset[int], most_litres: int) -> Network:
    """The network without its closed arcs; no arc carries more than all sells together."""
    opened = np.array([a for a in range(len(market.arcs)) if a not in closed], np.int64)
    place = {int(arc): column for column, arc in enumerate(opened)}
    source = np.array([market.arcs[a].source for a in opened], np.int64)
    target = np.array([market.arcs[a].target for a in opened], np.int64)
    share = np.array([market.arcs[a].k / 1000 for a in opened], np.float64)
    number = np.arange(len(opened), dtype=np.int64)
    rows, columns, values = [source, target], [number, number], [np.full(len(opened), -1.0), share]
    for j, limit in enumerate(market.limits):
        terms = [(place[a], c + d * market.arcs[a].k / 1000) for a, c, d in limit.terms if a in place]
        rows.append(np.full(len(terms), len(market.nodes) + j, np.int64))
        columns.append(np.array([column for column, _ in terms], np.int64))
        values.append(np.array([value for _, value in terms], np.float64))
    return Network(
        len(market.nodes), opened, source, target, share,
        np.full(len(opened), most_litres / LITRES),
        np.concatenate(rows).astype(np.int64), np.concatenate(columns).astype(np.int64), np.concatenate(values),
        np.array([limit.h_litres / LITRES for limit in market.limits], np.float64),
    )  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False)
class Optimum:
    """The welfare optimum: fills and averages by segment, flows by open arc (m3), one dual, and the segments' cuts.

    `cuts` are the first levels of the segments and the end; `value` in tick-m3.
    """

    levels: Levels
    net: Network
    cuts: Ints
    fills: Reals
    volumes: Reals
    flows: Reals
    prices: Reals
    multipliers: Reals
    value: float


def maximise(market: Market, playing: Flags, closed: frozenset[int], options: Options) -> Optimum:
    """The greatest welfare of the orders in play over the open arcs. Errors: Unsolved."""
    levels = gather(market.orders, len(market.nodes), playing)
    sells = levels.group_volume()[0::2]
    net = network(market, closed, int(sells.sum()))
    count = len(levels.limit)
    cuts = np.arange(count + 1) if len(levels.orders) < SMALL else quantiles(levels, SEGMENTS)
    while True:
        found = _solve(market, levels, net, cuts, options)
        more = _hidden(levels, cuts, found)
        if not len(more):
            return found
        cuts = np.union1d(cuts, more)


def _solve(market: Market, levels: Levels, net: Network, cuts: Ints, options: Options) -> Optimum:
    starts, ends = cuts[:-1], cuts[1:]
    volumes = (levels.cumulative[ends] - levels.cumulative[starts]) / LITRES
    worth = np.concatenate(([0.0], np.cumsum(levels.limit.astype(np.float64) * levels.volume)))
    average = (worth[ends] - worth[starts]) / LITRES / np.where(volumes > 0, volumes, 1.0)
    single = ends - starts == 1
    average[single] = levels.limit[starts[single]]
    group = levels.group[starts]
    node, buys = group >> 1, (group & 1) == BUY
    segments = len(starts)
    program = Program(
        cost=np.concatenate((np.where(buys, -average, average), np.zeros(len(net.open)))),
        lower=np.zeros(segments + len(net.open)),
        upper=np.concatenate((volumes, net.bound)),
        row_lower=np.concatenate((np.zeros(net.nodes), np.full(len(net.room), -INFINITY))),
        row_upper=np.concatenate((np.zeros(net.nodes), net.room)),
        triples=(
            np.concatenate((node, net.rows)),
            np.concatenate((np.arange(segments), net.columns + segments)),
            np.concatenate((np.where(buys, -1.0, 1.0), net.values)),
        ),
        options=options,
    )
    solved: Solution = program.solve()
    return Optimum(
        levels, net, cuts, solved.x[:segments], volumes, solved.x[segments:], solved.dual[: net.nodes],
        np.maximum(0.0, -solved.dual[net.nodes :]), -solved.value,
    )  # fmt: skip


def _hidden(levels: Levels, cuts: Ints, found: Optimum) -> Ints:
    """Cuts for every segment of several levels that is partly filled or has limits on both sides of its price."""
    starts, ends = cuts[:-1], cuts[1:]
    group = levels.group[starts]
    price = found.prices[group >> 1]
    sign = np.where((group & 1) == BUY, -1.0, 1.0)
    best, worst = sign * levels.limit[starts], sign * levels.limit[ends - 1]
    scaled = sign * price
    straddles = (best < scaled - EPS) & (worst > scaled + EPS)
    partly = (found.fills > EPS) & (found.fills < found.volumes - EPS)
    several = np.flatnonzero((ends - starts > 1) & (straddles | partly))
    more: list[int] = []
    for each in several.tolist():
        first, end = int(starts[each]), int(ends[each])
        inside = sign[each] * levels.limit[first:end]  # rising, best first
        left = first + int(np.searchsorted(inside, scaled[each] - EPS, side="left"))
        right = first + int(np.searchsorted(inside, scaled[each] + EPS, side="right"))
        wanted = {left - NEAR, left, right, right + NEAR, (first + end) // 2}
        wanted |= set(range(left, min(right + 1, left + NEAR)))
        fresh = [cut for cut in wanted if first < cut < end]
        more.extend(fresh or [(first + end) // 2])
    return np.array(sorted(set(more)), np.int64)
