"""The clearing of a call, whole: welfare, prices, ties, litres; minimum fills and circles around them. Pure."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

import numpy as np

from market.trading.auction import litres, prices, ties, welfare
from market.trading.auction.model import (
    BUY,
    MINIMUM_FILL,
    WOULD_CROSS_ITSELF,
    Clearing,
    Dropped,
    Flags,
    Ints,
    Litres,
    Market,
    Options,
    Witness,
)
from market.trading.auction.solver import ClearingHalted, Unsolved, version


def clear(
    market: Market, options: Options | None = None, clock: Callable[[], float] = time.perf_counter
) -> Clearing:
    """Clears a call. Errors: ClearingHalted, with which nothing may be published."""
    chosen = options or Options()
    playing, dropped = _without_self_crossing(market)
    closed: list[int] = []
    seconds: dict[str, float] = {}
    while True:
        witness, found = _round(market, playing, frozenset(closed), chosen, seconds, clock)
        arc = circle(market, found.entering)
        if arc is not None:
            closed.append(arc)
            continue
        short = short_fills(market, found.fills, playing)
        if not short:
            return Clearing(witness, found, tuple(dropped), tuple(closed), chosen, version(), seconds)
        for order in short:
            playing[order] = False
            dropped.append(Dropped(order, MINIMUM_FILL))


def _round(
    market: Market, playing: Flags, closed: frozenset[int], options: Options, seconds: dict[str, float],
    clock: Callable[[], float],
) -> tuple[Witness, Litres]:  # fmt: skip
    started = clock()

    def lap(name: str) -> None:
        nonlocal started
        now = clock()
        seconds[name] = seconds.get(name, 0.0) + now - started
        started = now

    try:
        optimum = welfare.maximise(market, playing, closed, options)
    except Unsolved as error:
        raise ClearingHalted(f"the welfare could not be settled: {error}") from error
    lap("welfare")
    chosen = prices.choose(market, optimum, options)
    lap("prices")
    flows = ties.settle(market, optimum, chosen, options)
    lap("ties")
    flows_ml = litres.millilitres(flows)
    ticks = litres.tick_prices(market, chosen.exact.tolist(), bought_net(market, flows_ml))
    found = litres.whole(market, optimum.levels, flows_ml, ticks)
    lap("litres")
    highest = prices.unbounded(market)
    witness = Witness(
        pi=tuple(_nano(value) for value in chosen.exact.tolist()),
        y=tuple(_nano(value) for value in chosen.multipliers.tolist()),
        flows=flows_ml,
        intervals=tuple((_milli(low, highest), _milli(high, highest)) for low, high in chosen.intervals),
    )
    return witness, found


def bought_net(market: Market, flows_ml: Sequence[int]) -> list[float]:
    """What each node buys beyond what it sells, of the flows of stage three."""
    net = [0] * len(market.nodes)
    for arc, flow in zip(market.arcs, flows_ml, strict=True):
        net[arc.target] += flow * arc.k
        net[arc.source] -= flow * 1000
    return [float(each) for each in net]


def _nano(ticks: float) -> int:
    return round(ticks * 1e9)


def _milli(ticks: float, highest: float) -> int | None:
    """10^-3 ticks; None where nothing bounds a price."""
    return None if abs(ticks) >= highest * 0.99 else round(ticks * 1000)


def _without_self_crossing(market: Market) -> tuple[Flags, list[Dropped]]:
    """An owner on both sides of a call could buy from itself: what it entered after turning round stays out.

    The side of its first order counts; its later orders of the other side are dropped.
    """
    orders = market.orders
    count = len(orders)
    playing = np.ones(count, bool)
    if not count:
        return playing, []
    by_owner = np.argsort(orders.owner, kind="stable")
    owners = orders.owner[by_owner]
    first = np.flatnonzero(np.diff(owners, prepend=owners[0] - 1))
    lengths = np.diff(np.append(first, count))
    first_side = np.repeat(orders.side[by_owner][first], lengths)
    other = by_owner[orders.side[by_owner] != first_side]
    playing[other] = False
    return playing, [Dropped(order, WOULD_CROSS_ITSELF) for order in np.sort(other).tolist()]


def short_fills(market: Market, fills: Ints, playing: Flags) -> list[int]:
    """The newest order of each node and side that was filled less than its minimum, and not left out altogether."""
    orders = market.orders
    wrong = np.flatnonzero(playing & (fills > 0) & (fills < orders.minimum))
    newest: dict[int, int] = {}
    for order in wrong.tolist():
        group = int(2 * orders.node[order] + orders.side[order])
        if group not in newest or orders.entry[order] > orders.entry[newest[group]]:
            newest[group] = order
    return [newest[group] for group in sorted(newest)]


def circle(market: Market, entering: Sequence[int]) -> int | None:
    """The arc of least flow among those on circles of flowing arcs, then the lowest number; None without a circle."""
    flowing = [a for a, flow in enumerate(entering) if flow]
    component = _components(
        len(market.nodes), [(market.arcs[a].source, market.arcs[a].target) for a in flowing]
    )
    on_circles = [a for a in flowing if component[market.arcs[a].source] == component[market.arcs[a].target]]
    return min(on_circles, key=lambda a: (entering[a], a)) if on_circles else None


def _components(count: int, edges: list[tuple[int, int]]) -> list[int]:
    """The strongly connected component of each node (Kosaraju, without recursion)."""
    after: list[list[int]] = [[] for _ in range(count)]
    before: list[list[int]] = [[] for _ in range(count)]
    for start, end in edges:
        after[start].append(end)
        before[end].append(start)
    finished: list[int] = []
    seen = [False] * count
    for root in range(count):
        stack = [] if seen[root] else [(root, 0)]
        seen[root] = True
        while stack:
            node, place = stack.pop()
            if place < len(after[node]):
                stack.append((node, place + 1))
                following = after[node][place]
                if not seen[following]:
                    seen[following] = True
                    stack.append((following, 0))
            else:
                finished.append(node)
    component = [-1] * count
    for number, root in enumerate(reversed(finished)):
        stack_of = [root] if component[root] < 0 else []
        while stack_of:
            node = stack_of.pop()
            if component[node] < 0:
                component[node] = number
                stack_of.extend(each for each in before[node] if component[each] < 0)
    return component


def sides(market: Market, fills: Ints) -> tuple[int, int]:
    """Litres sold and bought."""
    buys = market.orders.side == BUY
    return int(fills[~buys].sum()), int(fills[buys].sum())
