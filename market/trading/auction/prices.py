"""One price a node: of all optimal duals those nearest the reference prices. Pure.

The optimal duals form a polyhedron that is the same whichever optimal allocation describes it: lo ≤ p ≤ hi from the
orders, y ≥ 0 only on tight limits, and for each open arc (k/1000)·p(target) − p(source) − sum y (c + d·k/1000) ≤ 0,
with equality where water flows. Nodes choose in turn, the largest offered volume first.
"""

from __future__ import annotations

import hashlib
from contextlib import suppress
from dataclasses import dataclass

import numpy as np

from market.trading.auction.exact import nanos, sharpen
from market.trading.auction.levels import Levels
from market.trading.auction.model import SELL, Ints, Market, Options, Reals
from market.trading.auction.solver import INFINITY, ClearingHalted, Program, Solution, Unsolved
from market.trading.auction.welfare import Network, Optimum, Scale

Interval = tuple[int | None, int | None]
MILLI = 1000
FAR = 2.0**24
"""A price of so many of the scale's ticks, a thousand times the highest limit, is no bound."""
SLACKS = (0.0, 1e-9, 1e-7, 1e-5)
"""What the conditions on prices may be missed by (scaled ticks), loosened only when the solver cannot do without."""
_WORTH = 1e-7
"""A multiplier of the smallest sum from which a condition is tight in every such sum."""
OFFSET = 0.4873
"""Added before flooring instead of a half, on which quotients of small numbers lie: no path's last digits decide."""


@dataclass(frozen=True, slots=True, eq=False)
class Duals:
    """The chosen duals: `pi` and `y` in 10^-9 ticks, intervals in 10^-3 ticks in node order."""

    pi: tuple[int, ...]
    y: tuple[int, ...]
    intervals: tuple[Interval, ...]


def limits_of_prices(levels: Levels, volume: Reals, drop: float) -> tuple[Reals, Reals]:
    """lo and hi of each node (ticks; infinite where no order says): lo the highest limit among sells with any fill
    and buys not full, hi the lowest among buys with any fill and sells not full. `volume` litres of each group.
    """
    nodes = (len(levels.starts) - 1) // 2
    lo, hi = np.full(nodes, -INFINITY), np.full(nodes, INFINITY)
    for group in range(2 * nodes):
        start, end = int(levels.starts[group]), int(levels.starts[group + 1])
        if start == end:
            continue
        before = levels.cumulative[start:end] - levels.cumulative[start]
        after = levels.cumulative[start + 1 : end + 1] - levels.cumulative[start]
        filled = int(np.searchsorted(before, volume[group] - drop, side="left"))  # levels with any fill
        full = int(np.searchsorted(after, volume[group] + drop, side="right"))  # levels that are full
        node, side = divmod(group, 2)
        last = levels.limit[start + filled - 1] if filled else None
        rest = levels.limit[start + full] if start + full < end else None
        below, above = (last, rest) if side == SELL else (rest, last)
        if below is not None:
            lo[node] = max(lo[node], below)
        if above is not None:
            hi[node] = min(hi[node], above)
    return lo, hi


class _Chooser:
    """The program over (p, y) of one polyhedron, in which prices are fixed one after the other."""

    def __init__(
        self, market: Market, network: Network, found: Optimum, lo: Reals, hi: Reals, scale: Scale, options: Options,
        slack: float,
    ) -> None:  # fmt: skip
        self.unit, self.slack = scale.ticks, slack
        nodes, arcs = len(lo), np.flatnonzero(network.open)
        place = np.full(len(network.source), -1)
        place[arcs] = np.arange(len(arcs))
        kept = place[network.limit_arc] >= 0
        drop = scale.drop * max(1.0, slack * 1e9)
        flowing = found.flows[arcs] > drop
        tight = network.h - network.loads(found.flows) <= drop * 10
        self.program = Program(
            cost=np.zeros(nodes + len(network.h)),
            lower=np.concatenate((np.maximum(lo / self.unit, -FAR), np.zeros(len(network.h)))),
            upper=np.concatenate((np.minimum(hi / self.unit, FAR), np.where(tight, 4 * FAR, 0.0))),
            row_lower=np.where(flowing, -slack, -INFINITY),
            row_upper=np.full(len(arcs), slack),
            triples=(
                np.concatenate((np.arange(len(arcs)), np.arange(len(arcs)), place[network.limit_arc[kept]])),
                np.concatenate((network.target[arcs], network.source[arcs], nodes + network.limit_row[kept])),
                np.concatenate((network.share[arcs], -np.ones(len(arcs)), -network.weight[kept])),
            ),
            options=options,
        )

    def interval(self, node: int) -> tuple[float, float]:
        """The least and the greatest price of a node that are still possible, ticks."""
        self.program.cost(node, 1.0)
        least = self.program.solve().x[node] * self.unit
        self.program.cost(node, -1.0)
        most = self.program.solve().x[node] * self.unit
        self.program.cost(node, 0.0)
        return least, most

    def fix(self, node: int, price: float) -> None:
        """Fixes a node's price."""
        self.program.bounds(node, price / self.unit - self.slack, price / self.unit + self.slack)

    def multipliers(self, nodes: int, weights: tuple[Reals, ...]) -> Reals:
        """With all prices fixed: the y of the smallest sum, among those of the smallest sum by each weights in turn
        (ticks).
        """
        count = len(weights[0])
        if not count:
            return np.zeros(0)
        self.program.costs(np.concatenate((np.zeros(nodes), np.ones(count))))
        least = self.program.solve()
        with suppress(
            Unsolved
        ):  # else the smallest sum stands; only which of several equal ones may then differ
            for each in weights:
                self._hold(least)
                self.program.costs(np.concatenate((np.zeros(nodes), each / 1000)))
                least = self.program.solve()
        return least.x[nodes:] * self.unit

    def _hold(self, least: Solution) -> None:
        """Leaves only the solutions that are as good as this one, by its multipliers and so without any slack."""
        for row in np.flatnonzero(np.abs(least.dual) > _WORTH).tolist():
            self.program.row(row, self.slack, self.slack)
        for column in np.flatnonzero(least.reduced > _WORTH).tolist():
            self.program.bounds(column, least.x[column].item(), least.x[column].item())


def choose(
    market: Market, levels: Levels, network: Network, found: Optimum, scale: Scale, options: Options
) -> Duals:
    """The prices of a call. Errors: ClearingHalted."""
    for slack in SLACKS:
        try:
            return _choose(market, levels, network, found, scale, options, slack)
        except Unsolved as error:
            reason = str(error)
    raise ClearingHalted(f"the prices: {reason}")


def _choose(
    market: Market, levels: Levels, network: Network, found: Optimum, scale: Scale, options: Options, slack: float
) -> Duals:  # fmt: skip
    nodes = len(market.nodes)
    lo, hi = limits_of_prices(levels, found.volume, scale.drop)
    close = max(scale.price, 10 * slack * scale.ticks)
    chooser = _Chooser(market, network, found, lo, hi, scale, options, slack)
    offered = levels.group_volume().reshape(-1, 2).sum(axis=1)
    pi = np.zeros(nodes)
    intervals: list[Interval] = [(None, None)] * nodes
    for node in np.lexsort((np.arange(nodes), -offered)).tolist():
        least, most = chooser.interval(node)
        intervals[node] = (_milli(least, scale), _milli(most, scale))
        pi[node] = nearest(market.nodes[node].reference_e4, least, most, _limits_at(levels, node), close)
        chooser.fix(node, pi[node])
    weights = tuple(
        np.array([weight(f"{market.seed}/{name}{j}") for j in range(len(network.h))], np.float64)
        for name in ("limit", "limit again ")
    )
    y = np.maximum(chooser.multipliers(nodes, weights), 0.0)
    reduced = reduced_costs(network, pi, y)
    tight = np.flatnonzero(network.open & (np.abs(reduced) <= 10 * close))
    if len(found.endless):  # it will be closed and cleared again
        return Duals(_nanos(pi), _nanos(y), tuple(intervals))
    exact_pi, exact_y = sharpen(market, pi.tolist(), y.tolist(), tight.tolist(), close=close)
    return Duals(tuple(map(nanos, exact_pi)), tuple(map(nanos, exact_y)), tuple(intervals))


def weight(text: str) -> int:
    """1000 to 1999, drawn from a text: decides among what is equal otherwise."""
    return 1000 + int.from_bytes(hashlib.sha256(text.encode()).digest(), "big") % 1000


def _nanos(values: Reals) -> tuple[int, ...]:
    return tuple(map(nanos, values.tolist()))


def _milli(price: float, scale: Scale) -> int | None:
    return None if abs(price) >= FAR * scale.ticks / 2 else int(np.floor(price * MILLI + OFFSET))


def _limits_at(levels: Levels, node: int) -> Ints:
    return levels.limit[levels.starts[2 * node] : levels.starts[2 * node + 2]]


def nearest(reference: int, least: float, most: float, limits: Ints, close: float) -> float:
    """The tick of [least, most] nearest the reference; beside it, where that is some order's limit and a neighbour
    in the interval is nobody's. Without a tick in it, the end nearest the reference.
    """
    first, last = int(np.ceil(least - close)), int(np.floor(most + close))
    if first > last:
        return least if reference < least else most
    tick = min(max(reference, first), last)
    if (limits == tick).any():
        for neighbour in (tick - 1, tick + 1):
            if first <= neighbour <= last and not (limits == neighbour).any():
                return neighbour
    return tick


def reduced_costs(network: Network, pi: Reals, y: Reals) -> Reals:
    """(k/1000)·π(target) − π(source) − sum y (c + d·k/1000) of every arc: at most zero at an optimum (ticks)."""
    charges = np.bincount(
        network.limit_arc, network.weight * y[network.limit_row], minlength=len(network.source)
    )
    reduced: Reals = network.share * pi[network.target] - pi[network.source] - charges
    return reduced
