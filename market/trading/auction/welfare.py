"""The welfare stage: most gain from trade, by linear programs over segments of price levels. Pure.

A segment is a run of price levels of one node and side, taken as one variable at its average limit. That restricts
the true problem, so its value never passes the true one. Once every segment of several levels is full or empty and
lies on one side of its node's price, the true dual bound of the same prices equals the segments' value: the optimum
is found, with duals of the true problem. Until then such segments are split near the price.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from market.trading.auction.levels import Levels, quantiles, sign
from market.trading.auction.model import Flags, Ints, Market, Options, Reals
from market.trading.auction.solver import INFINITY, ClearingHalted, Program, Solution, Unsolved

ONE_A_LEVEL = 10_000
"""Up to so many orders every price level is a variable of its own."""
SEGMENTS = 12
ROUNDS = 200
NEAR = (-512, -64, -8, -2, -1, 0, 1, 2, 3, 9, 65, 513)
"""Where a segment is cut, in levels from the first that is worse than the price."""
LITRES_A_M3 = 1000.0
PRICE_TOLERANCE = 1e-6
"""Ticks, for prices up to 2^14; larger ones are scaled to that."""


@dataclass(frozen=True, slots=True, eq=False)
class Scale:
    """Powers of two that bring a market's numbers into the range of the solver's tolerances.

    `litres` and `ticks` are one unit of the solver; `drop` litres or less are nothing.
    """

    litres: float
    ticks: float

    @property
    def drop(self) -> float:
        """Litres below which a difference is rounding of the solver."""
        return max(1e-3, 2e-9 * self.litres)

    @property
    def price(self) -> float:
        """Ticks below which a difference is rounding of the solver."""
        return PRICE_TOLERANCE * self.ticks


def scale_of(levels: Levels) -> Scale:
    """The scale of a market: all volumes together about 10^5 units, the highest limit at most 2^14."""
    total = max(int(levels.cumulative[-1]), 1)
    highest = int(levels.limit.max()) if len(levels.limit) else 1
    litres = LITRES_A_M3 * 2.0 ** max(0, int(np.ceil(np.log2(total / LITRES_A_M3 / 1e5))))
    return Scale(litres, 2.0 ** max(0, int(np.ceil(np.log2(max(highest, 1) / 2**14)))))


@dataclass(frozen=True, slots=True, eq=False)
class Network:
    """The arcs that are open and the limits, as arrays; closed arcs stay in place with no room.

    `share` is k/1000; `limit_row`, `limit_arc`, `weight` are the triples of sum (c + d·k/1000) F ≤ h; `room` is more
    than can enter an arc unless water goes round, so that it never binds where a price should.
    """

    source: Ints
    target: Ints
    share: Reals
    limit_row: Ints
    limit_arc: Ints
    weight: Reals
    h: Reals
    room: Reals
    open: Flags

    def flow_triples(self, unit: float = 1.0) -> tuple[Ints, Ints, Reals]:
        """(node, arc, litres that one litre entering brings to the node)."""
        arcs = np.arange(len(self.source))
        return (
            np.concatenate((self.target, self.source)),
            np.concatenate((arcs, arcs)),
            np.concatenate((self.share, -np.ones(len(arcs)))) * unit,
        )

    def bounded(self, arcs: Ints) -> Network:
        """The same with the room of these arcs as limits too, after the others, so that it can have a multiplier."""
        return replace(
            self,
            limit_row=np.concatenate((self.limit_row, len(self.h) + np.arange(len(arcs)))),
            limit_arc=np.concatenate((self.limit_arc, arcs)),
            weight=np.concatenate((self.weight, np.ones(len(arcs)))),
            h=np.concatenate((self.h, self.room[arcs])),
        )

    def loads(self, flows: Reals) -> Reals:
        """What each limit counts of these flows."""
        loads = np.bincount(self.limit_row, self.weight * flows[self.limit_arc], minlength=len(self.h))
        return loads.astype(np.float64)


def network_of(market: Market, total_sold: int, closed: frozenset[int]) -> Network:
    """The network of a market where so many litres are offered for sale."""
    arcs = market.arcs
    share = np.array([arc.k for arc in arcs], np.float64) / 1000
    terms = [(j, a, c, d) for j, limit in enumerate(market.limits) for a, c, d in limit.terms]
    table = np.array(terms, np.int64).reshape(-1, 4)
    is_open = np.array([a not in closed for a in range(len(arcs))], np.bool_)
    return Network(
        source=np.array([arc.source for arc in arcs], np.int64),
        target=np.array([arc.target for arc in arcs], np.int64),
        share=share,
        limit_row=table[:, 0],
        limit_arc=table[:, 1],
        weight=table[:, 2] + table[:, 3] * share[table[:, 1]],
        h=np.array([limit.h_litres for limit in market.limits], np.float64),
        room=np.where(is_open, 2.0 * total_sold + LITRES_A_M3, 0.0),
        open=is_open,
    )


@dataclass(frozen=True, slots=True, eq=False)
class Optimum:
    """An optimal vertex of the welfare problem: litres of each group, litres entering each arc, duals in ticks.

    `endless` are the arcs for whose room alone there would be more: water goes round over them. `value` in
    tick-litres; `segments` is how many variables the last program had.
    """

    volume: Reals
    flows: Reals
    pi: Reals
    y: Reals
    endless: Ints
    value: float
    segments: int
    rounds: int


def optimum(levels: Levels, network: Network, scale: Scale, options: Options) -> Optimum:
    """The most welfare. Errors: ClearingHalted when the solver does not answer."""
    if len(levels.orders) <= ONE_A_LEVEL:
        cuts = np.arange(len(levels.limit) + 1)
    else:
        cuts = quantiles(levels, SEGMENTS)
    worth = np.concatenate(([0.0], np.cumsum(levels.limit * levels.volume.astype(np.float64))))
    for round_number in range(1, ROUNDS + 1):
        solution = _solve(levels, worth, cuts, network, scale, options)
        finer = _finer(levels, cuts, solution, scale)
        if len(finer) == len(cuts):
            return _read(levels, cuts, network, solution, scale, round_number)
        cuts = finer
    raise ClearingHalted(f"the welfare stage did not settle in {ROUNDS} rounds")


def _solve(
    levels: Levels, worth: Reals, cuts: Ints, network: Network, scale: Scale, options: Options
) -> Solution:
    """One program: columns are segments (in units of the scale), then arcs; rows are nodes, then limits."""
    first = cuts[:-1]
    litres = np.diff(levels.cumulative[cuts]).astype(np.float64)
    average = np.diff(worth[cuts]) / litres
    single = np.diff(cuts) == 1
    average[single] = levels.limit[first[single]]
    signs = sign(levels.group[first] & 1)
    segments, arcs, nodes = len(first), len(network.source), (len(levels.starts) - 1) // 2
    rows, columns, values = network.flow_triples()
    triples = (
        np.concatenate((levels.group[first] >> 1, rows, nodes + network.limit_row)),
        np.concatenate((np.arange(segments), segments + columns, segments + network.limit_arc)),
        np.concatenate((signs.astype(np.float64), values, network.weight)),
    )
    zeros = np.zeros(nodes)
    program = Program(
        cost=np.concatenate((signs * average / scale.ticks, np.zeros(arcs))),
        lower=np.zeros(segments + arcs),
        upper=np.concatenate((litres, network.room)) / scale.litres,
        row_lower=np.concatenate((zeros, np.full(len(network.h), -INFINITY))),
        row_upper=np.concatenate((zeros, network.h / scale.litres)),
        triples=triples,
        options=options,
    )
    try:
        return program.solve()
    except Unsolved as error:
        raise ClearingHalted(f"the welfare stage: {error}") from error


def _finer(levels: Levels, cuts: Ints, solution: Solution, scale: Scale) -> Ints:
    """The cuts and those that the segments still need which are neither full nor empty, or astride the price."""
    several = np.flatnonzero(np.diff(cuts) > 1)
    if not len(several):
        return cuts
    first, end = cuts[several], cuts[several + 1]
    group = levels.group[first]
    pi = solution.dual[group >> 1] * scale.ticks
    litres = levels.cumulative[end] - levels.cumulative[first]
    filled = solution.x[several] * scale.litres
    partly = (filled > scale.drop) & (filled < litres - scale.drop)
    gain = -sign(group & 1) * (levels.limit[first] - pi), -sign(group & 1) * (levels.limit[end - 1] - pi)
    astride = (gain[0] > scale.price) & (gain[1] < -scale.price)
    wrong = ((gain[1] > scale.price) & (filled < litres - scale.drop)) | (
        (gain[0] < -scale.price) & (filled > scale.drop)
    )
    split = partly | astride | wrong
    if not split.any():
        return cuts
    first, end, pi, group = first[split], end[split], pi[split], group[split]
    near = np.clip(np.where(group & 1, np.floor(pi), np.ceil(pi)), -(2.0**30), 2.0**30).astype(np.int64)
    prices = np.zeros((len(levels.starts) - 1) // 2, np.int64)
    prices[group >> 1] = near
    at = levels.first_worse(prices)[group]
    pieces = [cuts, (first + end) // 2]
    for offset in NEAR:
        cut = at + offset
        pieces.append(cut[(cut > first) & (cut < end)])
    return np.unique(np.concatenate(pieces))


def _read(
    levels: Levels, cuts: Ints, network: Network, solution: Solution, scale: Scale, rounds: int
) -> Optimum:
    segments = len(cuts) - 1
    nodes = (len(levels.starts) - 1) // 2
    return Optimum(
        volume=np.bincount(
            levels.group[cuts[:-1]], solution.x[:segments] * scale.litres, minlength=2 * nodes
        ).astype(np.float64),
        flows=solution.x[segments:] * scale.litres,
        pi=solution.dual[:nodes] * scale.ticks,
        y=-solution.dual[nodes:] * scale.ticks,
        endless=np.flatnonzero(network.open & (solution.reduced[segments:] * scale.ticks < -scale.price)),
        value=-solution.value * scale.litres * scale.ticks,
        segments=segments,
        rounds=rounds,
    )
