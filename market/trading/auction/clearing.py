"""The call: who takes part, the stages in turn, minimum fills and circles until nothing is left to put right. Pure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np

from market.trading.auction.circles import Circling, arc_paid_to_fill, refuse_circles
from market.trading.auction.levels import Levels, gather
from market.trading.auction.litres import settle_litres
from market.trading.auction.model import (
    BUY,
    MINIMUM_FILL,
    SELL,
    WOULD_CROSS_ITSELF,
    Clearing,
    Dropped,
    Flags,
    Ints,
    Litres,
    Market,
    Options,
    Orders,
    Witness,
)
from market.trading.auction.prices import Duals, choose
from market.trading.auction.solver import ClearingHalted, version
from market.trading.auction.ties import Settled, face_of, millilitres, settle
from market.trading.auction.welfare import Network, Optimum, Scale, network_of, optimum, scale_of

Timer = Callable[[], float]


@dataclass(frozen=True, slots=True, eq=False)
class Stage:
    """What one pass worked out, before whole litres."""

    levels: Levels
    network: Network
    scale: Scale
    optimum: Optimum
    duals: Duals
    settled: Settled

    def witness(self) -> Witness:
        """The numbers that the rest follows from."""
        return Witness(self.duals.pi, self.duals.y, millilitres(self.settled.flows), self.duals.intervals)


@dataclass(slots=True)
class _Watch:
    """Adds up seconds by part, if there is a timer."""

    timer: Timer | None
    seconds: dict[str, float] = field(default_factory=dict)
    last: float = 0.0

    def start(self) -> None:
        self.last = self.timer() if self.timer else 0.0

    def lap(self, part: str) -> None:
        if self.timer:
            now = self.timer()
            self.seconds[part] = self.seconds.get(part, 0.0) + now - self.last
            self.last = now


def clear(market: Market, options: Options | None = None, *, timer: Timer | None = None) -> Clearing:
    """Clears a call; `timer` (seconds) measures its parts.

    Errors: ClearingHalted when a stage cannot be solved; then nothing may be published.
    """
    options = options or Options()
    watch = _Watch(timer)
    watch.start()
    playing = np.ones(len(market.orders), np.bool_)
    dropped = [Dropped(number, WOULD_CROSS_ITSELF) for number in crossing_themselves(market.orders)]
    playing[[each.order for each in dropped]] = False
    closed: list[int] = []
    while True:
        try:
            stage = work_out(market, playing, frozenset(closed), options, watch)
        except Circling as found:
            closed.append(found.arc)
            continue
        witness = stage.witness()
        litres = settle_litres(market, stage.levels, witness)
        watch.lap("litres")
        pressed = arc_paid_to_fill(market, litres)
        if pressed is not None:
            closed.append(pressed)
            continue
        late = below_minimum(market.orders, litres.fills)
        if not late:
            return Clearing(witness, litres, tuple(dropped), tuple(closed), options, version(), watch.seconds)
        dropped += [Dropped(number, MINIMUM_FILL) for number in late]
        playing[late] = False


def work_out(
    market: Market, playing: Flags, closed: frozenset[int], options: Options, watch: _Watch | None = None
) -> Stage:
    """Welfare, prices and ties of the orders in play with these arcs closed. Errors: ClearingHalted, Circling."""
    watch = watch or _Watch(None)
    levels = gather(market.orders, len(market.nodes), playing)
    sold = int(levels.group_volume()[SELL::2].sum())
    network = network_of(market, sold, closed)
    scale = scale_of(levels)
    found = optimum(levels, network, scale, options)
    watch.lap("welfare")
    if len(found.endless):
        network = network.bounded(found.endless)
    duals = choose(market, levels, network, found, scale, options)
    watch.lap("prices")
    face = face_of(levels, network, scale, np.array(duals.pi, np.int64), np.array(duals.y, np.int64))
    settled = settle(market, face, network, scale, options)
    watch.lap("ties")
    refuse_circles(market.arcs, millilitres(settled.flows))
    if len(found.endless):
        raise ClearingHalted("water goes round without end, and no circle is found")
    return Stage(levels, network, scale, found, duals, settled)


def below_minimum(orders: Orders, fills: Ints) -> list[int]:
    """In each node and side the newest order that is filled by less than its minimum, in entry order."""
    short = np.flatnonzero((fills > 0) & (fills < orders.minimum))
    newest: dict[int, int] = {}
    for number in short.tolist():  # in entry order, so that the newest stays
        newest[int(2 * orders.node[number] + orders.side[number])] = number
    return sorted(newest.values())


def crossing_themselves(orders: Orders) -> list[int]:
    """The orders that would cross an older order of their own owner: a bid at or above one's own ask, wherever.

    Water never flows towards a lower price, so orders of one owner that do not cross cannot trade with each other.
    """
    ranked = np.argsort(orders.owner, kind="stable")
    first = np.flatnonzero(np.diff(orders.owner[ranked], prepend=-1, append=-1))
    if len(first) > len(orders):
        return []  # every order has an owner of its own
    buys = orders.side[ranked] == BUY
    starts = first[:-1]
    bid = np.maximum.reduceat(np.where(buys, orders.limit[ranked], -1), starts)
    ask = np.minimum.reduceat(np.where(buys, 2**40, orders.limit[ranked]), starts)
    found: list[int] = []
    bounds = list(pairwise(first.tolist()))
    for each in np.flatnonzero(bid >= ask).tolist():
        start, end = bounds[each]
        found += _crossing(orders, ranked[start:end].tolist())
    return sorted(found)


def _crossing(orders: Orders, numbers: list[int]) -> list[int]:
    """Of one owner's orders, oldest first, those that cross an older one that stays."""
    best = {BUY: -1, SELL: 2**40}
    late = []
    for number in numbers:
        side, limit = int(orders.side[number]), int(orders.limit[number])
        if limit >= best[SELL] if side == BUY else limit <= best[BUY]:
            late.append(number)
        else:
            best[side] = max(best[BUY], limit) if side == BUY else min(best[SELL], limit)
    return late


__all__ = ["Litres", "Stage", "below_minimum", "clear", "crossing_themselves", "work_out"]
