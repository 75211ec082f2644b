"""Whole litres: from flows in millilitres and prices to fills and money, in integers only. Pure.

Every condition has the form: sum of coefficient × variable ≤ a constant that is not negative. If one is violated, some
term with a positive coefficient is positive and can be lowered; every step lowers an integer, and zero satisfies
everything. So the repair ends.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import gcd

import numpy as np

from ledger.units import ceil_div
from market.trading.auction.levels import Levels
from market.trading.auction.model import BUY, SELL, Arc, Ints, Litres, Market, Witness
from market.trading.auction.shares import fills_of, welfare_of

NANO = 10**9
SNAP_MICROLITRES = 20_000
STEPS = 2_000
PREFERENCES = ((True, False), (True, True), (False, False), (False, True))
"""(prefer arcs whose ends can absorb, smallest flow first), in the order in which they are tried."""


def entering(delivered: int, k: int) -> int:
    """The least litres that deliver so many."""
    return ceil_div(1000 * delivered, k)


def whole(flow_ml: int, k: int, *, snap: bool) -> int:
    """Litres delivered by a flow of so many millilitres: rounded down, after snapping to a near whole number.

    Without `snap` what enters is rounded down first.
    """
    if not snap:
        return flow_ml // 1000 * k // 1000
    microlitres = flow_ml * k
    near = (microlitres + 500_000) // 1_000_000
    return near if abs(microlitres - near * 1_000_000) <= SNAP_MICROLITRES else microlitres // 1_000_000


def tick_prices(arcs: tuple[Arc, ...], witness: Witness) -> tuple[int, ...]:
    """Prices in ticks: what lies between ticks goes up where the node takes in water, else down."""
    net = [0] * len(witness.pi)
    for arc, flow in zip(arcs, witness.flows, strict=True):
        net[arc.source] -= flow * 1000
        net[arc.target] += flow * arc.k
    return tuple(
        ceil_div(pi, NANO) if came > 0 else pi // NANO for pi, came in zip(witness.pi, net, strict=True)
    )


@dataclass(slots=True)
class State:
    """Delivered and entering litres of each arc, what each node needs (entering its arcs less delivered to it) and
    what each limit counts; kept in step.
    """

    market: Market
    most_sold: list[int]
    most_bought: list[int]
    delivered: list[int]
    entering: list[int]
    need: list[int]
    load: list[int]
    steps: int = 0

    @classmethod
    def of(cls, market: Market, eligible: Ints, delivered: list[int]) -> State:
        """The state of these deliveries. `eligible` litres of each group at the prices."""
        state = cls(
            market, eligible[0::2].tolist(), eligible[1::2].tolist(), [0] * len(delivered), [0] * len(delivered),
            [0] * len(market.nodes), [0] * len(market.limits),
        )  # fmt: skip
        for arc, litres in enumerate(delivered):
            state.change(arc, litres)
        return state

    def change(self, number: int, delivered: int) -> None:
        """Sets what an arc delivers."""
        arc = self.market.arcs[number]
        more_out = entering(delivered, arc.k) - self.entering[number]
        more_in = delivered - self.delivered[number]
        self.entering[number] += more_out
        self.delivered[number] = delivered
        self.need[arc.source] += more_out
        self.need[arc.target] -= more_in
        for j, limit in enumerate(self.market.limits):
            for a, c, d in limit.terms:
                if a == number:
                    self.load[j] += c * more_out + d * more_in

    def excess(self) -> tuple[int, list[tuple[int, int, int]]] | None:
        """The first violated condition: by how much, and its terms (arc, c, d); None if there is none."""
        for j, limit in enumerate(self.market.limits):
            if self.load[j] > limit.h_litres:
                return self.load[j] - limit.h_litres, list(limit.terms)
        for node, need in enumerate(self.need):
            if need > self.most_sold[node]:
                return need - self.most_sold[node], self._out_of(node)
            if -need > self.most_bought[node]:
                return -need - self.most_bought[node], self._into(node)
        return None

    def _out_of(self, node: int) -> list[tuple[int, int, int]]:
        return [(a, 1, 0) for a, arc in enumerate(self.market.arcs) if arc.source == node]

    def _into(self, node: int) -> list[tuple[int, int, int]]:
        return [(a, 0, 1) for a, arc in enumerate(self.market.arcs) if arc.target == node]

    def lowered(self, number: int, c: int, d: int, excess: int) -> int:
        """What an arc delivers once its term has fallen by the excess, or nothing."""
        k = self.market.arcs[number].k
        if self.steps >= STEPS:
            return 0
        if c > 0 and d <= 0:
            return max(self.entering[number] - ceil_div(excess, c), 0) * k // 1000
        return max(self.delivered[number] - ceil_div(excess, max(c, 0) + max(d, 0)), 0)

    def absorbed(self, number: int, delivered: int) -> bool:
        """Whether both ends can take it that the arc delivers only this."""
        arc = self.market.arcs[number]
        less_out = self.entering[number] - entering(delivered, arc.k)
        less_in = self.delivered[number] - delivered
        return (
            less_out - self.need[arc.source] <= self.most_bought[arc.source]
            and self.need[arc.target] + less_in <= self.most_sold[arc.target]
        )

    def repair(self, *, absorb: bool, smallest: bool) -> bool:
        """Lowers arcs until no condition is violated; whether it had to."""
        before = self.steps
        while (found := self.excess()) is not None:
            excess, terms = found
            choices = []
            for number, c, d in terms:
                if self.delivered[number] and c * self.entering[number] + d * self.delivered[number] > 0:
                    target = self.lowered(number, c, d, excess)
                    flow = self.entering[number]
                    rank = not self.absorbed(number, target) if absorb else False
                    choices.append((rank, flow if smallest else -flow, number, target))
            _, _, number, target = min(choices)
            self.change(number, target)
            self.steps += 1
        return self.steps > before

    def totals(self) -> Ints:
        """Litres of each group: as much is bought as the eligible orders and the flows allow."""
        totals = np.zeros(2 * len(self.need), np.int64)
        for node, need in enumerate(self.need):
            bought = min(self.most_bought[node], self.most_sold[node] - need)
            totals[2 * node + SELL], totals[2 * node + BUY] = bought + need, bought
        return totals


def settle_litres(market: Market, levels: Levels, witness: Witness) -> Litres:
    """Section 4 of the rules: the same for the same witness on every machine."""
    prices = tick_prices(market.arcs, witness)
    eligible = levels.eligible(np.array(prices, np.int64))
    best: tuple[int, State] | None = None
    for snap in (True, False):
        start = [whole(flow, arc.k, snap=snap) for flow, arc in zip(witness.flows, market.arcs, strict=True)]
        for absorb, smallest in PREFERENCES:
            state = State.of(market, eligible, start)
            repaired = state.repair(absorb=absorb, smallest=smallest)
            while not _covered(state, levels, prices):
                _pay(state, prices)
                state.repair(absorb=absorb, smallest=smallest)
            welfare = welfare_of(levels, state.totals())
            if best is None or welfare > best[0]:
                best = welfare, state
            if not repaired and snap:
                return _litres(state, levels, prices, welfare)
    assert best is not None  # there is at least one attempt
    return _litres(best[1], levels, prices, best[0])


def _covered(state: State, levels: Levels, prices: tuple[int, ...]) -> bool:
    """Whether what buyers pay covers what sellers receive."""
    if sum(_values(state, prices)) >= 0:
        return True  # the roundings of single orders only add to it
    filled = fills_of(state.market, levels, state.totals(), prices)
    return filled.paid_fen >= filled.received_fen


def _values(state: State, prices: tuple[int, ...]) -> list[int]:
    """What each arc's water is worth at its end less at its start; together what buyers pay less what sellers
    receive, before rounding (tick-litres).
    """
    return [_value(state.market, prices, arc, delivered) for arc, delivered in enumerate(state.delivered)]


def _pay(state: State, prices: tuple[int, ...]) -> None:
    """Lowers the arc that loses most money, to the nearest flow that covers what is missing."""
    values = _values(state, prices)
    missing = -sum(values)
    number = min(
        (a for a, delivered in enumerate(state.delivered) if delivered), key=lambda a: (values[a], a)
    )
    k = state.market.arcs[number].k
    delivered = state.delivered[number]
    lot = k // gcd(1000, k)  # litres delivered by the smallest flow without rounding
    lower = range(delivered - 1, max(delivered - lot, 0) - 1, -1)
    gains = [(_value(state.market, prices, number, d) - values[number], d) for d in lower]
    enough = [d for gain, d in gains if gain >= missing]
    state.change(number, enough[0] if enough else max(gains)[1])


def _value(market: Market, prices: tuple[int, ...], number: int, delivered: int) -> int:
    """What an arc's water is worth at its end less at its start, tick-litres."""
    arc = market.arcs[number]
    return prices[arc.target] * delivered - prices[arc.source] * entering(delivered, arc.k)


def _litres(state: State, levels: Levels, prices: tuple[int, ...], welfare: int) -> Litres:
    filled = fills_of(state.market, levels, state.totals(), prices)
    return Litres(
        prices_e4=prices,
        entering=tuple(state.entering),
        delivered=tuple(state.delivered),
        fills=filled.fills,
        paid_fen=filled.paid_fen,
        received_fen=filled.received_fen,
        welfare=welfare,
    )
