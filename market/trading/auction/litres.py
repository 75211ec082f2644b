"""Stage four of a call: whole litres, and money that is never short (AUCTION section 4). Pure; integers only.

From the flows of stage three every arc is taken down to whole litres; where that breaks a limit or asks a node for more
than its orders give, flows are lowered, never raised. Every step lowers a sum of integers and nothing at all is always
allowed, so it ends.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, floor, gcd

import numpy as np

from ledger.units import ceil_div
from market.trading.auction.levels import Levels
from market.trading.auction.model import BUY, SELL, Ints, Litres, Market, Reals

TICK_LITRES_PER_FEN = 100_000
SNAP = 0.02
STEPS = 2_000


@dataclass(frozen=True, slots=True)
class Preference:
    """Which arc is lowered first: the largest or the smallest flow; and whether ends that can absorb it go first."""

    largest: bool = True
    absorbing: bool = True


PREFERENCES = (Preference(), Preference(largest=False), Preference(absorbing=False), Preference(False, False))


def tick_prices(market: Market, exact: Sequence[float], net_bought: Sequence[float]) -> tuple[int, ...]:
    """Ticks: a price between two goes up where the node buys more than it sells, otherwise down."""
    found = []
    for price, bought in zip(exact, net_bought, strict=True):
        nearest = round(price)
        if abs(price - nearest) < 1e-6:
            found.append(nearest)
        else:
            found.append(ceil(price) if bought > 0 else floor(price))
    return tuple(found)


def snapped(millilitres: int, k: int) -> int:
    """Litres delivered of so many millilitres that enter: rounded down, or up where hardly anything is missing."""
    whole, rest = divmod(millilitres * k, 1_000_000)
    return whole + (rest >= (1 - SNAP) * 1_000_000)


class _Flows:
    """Whole flows under repair: entering and delivered litres an arc, and each node's need."""

    def __init__(self, market: Market, entering: list[int], delivered: list[int]) -> None:
        self.market, self.entering, self.delivered = market, entering, delivered
        self.out: list[list[int]] = [[] for _ in market.nodes]
        self.into: list[list[int]] = [[] for _ in market.nodes]
        for number, arc in enumerate(market.arcs):
            self.out[arc.source].append(number)
            self.into[arc.target].append(number)

    def need(self, node: int) -> int:
        """Litres that the node must sell beyond what it buys."""
        return sum(self.entering[a] for a in self.out[node]) - sum(self.delivered[a] for a in self.into[node])

    def over(self, number: int) -> int:
        """Litres by which a limit is exceeded."""
        limit = self.market.limits[number]
        used = sum(c * self.entering[a] + d * self.delivered[a] for a, c, d in limit.terms)
        return used - limit.h_litres

    def lower_delivered(self, arc: int, litres: int) -> None:
        """Takes what an arc delivers down to so many litres, and what enters to the least that delivers them."""
        self.delivered[arc] = max(0, litres)
        self.entering[arc] = ceil_div(1000 * self.delivered[arc], self.market.arcs[arc].k)

    def lower_entering(self, arc: int, litres: int) -> None:
        """Takes what enters an arc down to at most so many litres."""
        self.lower_delivered(arc, max(0, litres) * self.market.arcs[arc].k // 1000)


def whole(market: Market, levels: Levels, flows_ml: Sequence[int], prices: tuple[int, ...]) -> Litres:
    """The best whole-litre result near these flows (millilitres entering each arc); prices in ticks."""
    eligible = levels.eligible(np.array(prices, np.int64)).reshape(len(market.nodes), 2)
    sells, buys = eligible[:, SELL].tolist(), eligible[:, BUY].tolist()
    best: Litres | None = None
    for number, preference in enumerate(PREFERENCES):
        for down in (False, True) if number == 0 else (True,):
            found, acted = _repaired(market, levels, flows_ml, (sells, buys), prices, preference, down=down)
            if best is None or found.welfare > best.welfare:
                best = found
            if not acted and best is found and number == 0:
                return best
    assert best is not None
    return best


def _start(market: Market, flows_ml: Sequence[int], *, down: bool) -> _Flows:
    delivered, entering = [], []
    for arc, flow in zip(market.arcs, flows_ml, strict=True):
        if down:
            arrives = (flow // 1000) * arc.k // 1000
        else:
            arrives = snapped(flow, arc.k)
        delivered.append(arrives)
        entering.append(ceil_div(1000 * arrives, arc.k))
    return _Flows(market, entering, delivered)


def _repaired(
    market: Market, levels: Levels, flows_ml: Sequence[int], eligible: tuple[list[int], list[int]],
    prices: tuple[int, ...], preference: Preference, *, down: bool,
) -> tuple[Litres, bool]:  # fmt: skip
    """Whole litres under every limit, filled, with money that is not short; whether anything had to be lowered."""
    flows = _start(market, flows_ml, down=down)
    acted = _repair(flows, eligible, preference)
    while True:
        found = _fill(market, levels, flows, eligible, prices)
        short = found.received_fen - found.paid_fen
        if short <= 0:
            return found, acted
        acted = True
        _relieve(market, flows, prices, short * TICK_LITRES_PER_FEN)
        _repair(flows, eligible, preference)


def _repair(flows: _Flows, eligible: tuple[list[int], list[int]], preference: Preference) -> bool:
    """Lowers arcs until every limit and every node's orders are kept; whether anything was lowered."""
    acted = False
    for step in range(10 * STEPS * (len(flows.entering) + 1)):
        to_zero = step >= STEPS
        if not (
            _keep_limit(flows, eligible, preference, to_zero)
            or _keep_node(flows, eligible, preference, to_zero)
        ):
            return acted
        acted = True
    raise AssertionError("the repair of whole litres did not end")


def _keep_limit(
    flows: _Flows, eligible: tuple[list[int], list[int]], preference: Preference, to_zero: bool
) -> bool:
    for number, limit in enumerate(flows.market.limits):
        excess = flows.over(number)
        if excess <= 0:
            continue
        terms = {a: (c, d) for a, c, d in limit.terms if c * flows.entering[a] + d * flows.delivered[a] > 0}
        arc = _preferred(flows, list(terms), eligible, preference)
        c, d = terms[arc]
        if to_zero:
            flows.lower_delivered(arc, 0)
        elif c > 0:
            flows.lower_entering(arc, flows.entering[arc] - ceil_div(excess, c + max(d, 0)))
        else:
            flows.lower_delivered(arc, flows.delivered[arc] - ceil_div(excess, max(d, 1)))
        return True
    return False


def _keep_node(
    flows: _Flows, eligible: tuple[list[int], list[int]], preference: Preference, to_zero: bool
) -> bool:
    sells, buys = eligible
    for node in range(len(sells)):
        need = flows.need(node)
        if need > sells[node]:
            arc = _preferred(flows, [a for a in flows.out[node] if flows.entering[a]], eligible, preference)
            flows.lower_entering(arc, 0 if to_zero else flows.entering[arc] - (need - sells[node]))
            return True
        if -need > buys[node]:
            arc = _preferred(flows, [a for a in flows.into[node] if flows.delivered[a]], eligible, preference)
            flows.lower_delivered(arc, 0 if to_zero else flows.delivered[arc] - (-need - buys[node]))
            return True
    return False


def _preferred(
    flows: _Flows, arcs: list[int], eligible: tuple[list[int], list[int]], preference: Preference
) -> int:
    """First where buyers at the end and sellers at the start can absorb it; then by flow; then the lowest number."""
    sells, buys = eligible

    def absorbed(arc: int) -> int:
        ends = flows.market.arcs[arc]
        there = flows.need(ends.target) < sells[ends.target]
        here = -flows.need(ends.source) < buys[ends.source]
        return there + here

    def rank(arc: int) -> tuple[int, int, int]:
        first = -absorbed(arc) if preference.absorbing else 0
        return (first, -flows.entering[arc] if preference.largest else flows.entering[arc], arc)

    return min(arcs, key=rank)


def _volumes(flows: _Flows, eligible: tuple[list[int], list[int]]) -> list[tuple[int, int]]:
    """(sold, bought) at each node: as much as both sides allow."""
    found = []
    for node, (sells, buys) in enumerate(zip(*eligible, strict=True)):
        need = flows.need(node)
        bought = min(buys, sells - need)
        found.append((bought + need, bought))
    return found


def _relieve(market: Market, flows: _Flows, prices: tuple[int, ...], short: int) -> None:
    """Lowers the arc that loses most money, to the nearest flow that makes up for it; else the arc's least loss."""
    losses = {
        a: prices[arc.target] * flows.delivered[a] - prices[arc.source] * flows.entering[a]
        for a, arc in enumerate(market.arcs)
        if flows.entering[a]
    }
    arc = min(losses, key=lambda each: (losses[each], each))
    k = market.arcs[arc].k
    lot = k // gcd(1000, k)
    start = flows.delivered[arc]
    buy, sell = prices[market.arcs[arc].target], prices[market.arcs[arc].source]

    def gain(delivered: int) -> int:
        return buy * delivered - sell * ceil_div(1000 * delivered, k)

    candidates = range(start - 1, max(-1, start - lot - 1), -1)
    for delivered in candidates:
        if gain(delivered) - losses[arc] >= short:
            flows.lower_delivered(arc, delivered)
            return
    flows.lower_delivered(arc, max(candidates, key=lambda each: (gain(each), each)))


def _fill(
    market: Market,
    levels: Levels,
    flows: _Flows,
    eligible: tuple[list[int], list[int]],
    prices: tuple[int, ...],
) -> Litres:
    """Orders filled best price first, the level where the total runs out shared pro rata; and the money."""
    fills = np.zeros(len(market.orders), np.int64)
    totals: list[int] = []
    for sold, bought in _volumes(flows, eligible):
        totals += [sold, bought]
    order_level = levels.of_order
    filled_level = np.zeros(len(levels.limit), np.int64)
    partial: list[tuple[int, int]] = []
    for group, total in enumerate(totals):
        first, end = int(levels.starts[group]), int(levels.starts[group + 1])
        after = levels.cumulative[first + 1 : end + 1] - levels.cumulative[first]
        full = int(np.searchsorted(after, total, side="right"))
        filled_level[first : first + full] = 1
        left = total - (int(after[full - 1]) if full else 0)
        if left and first + full < end:
            partial.append((first + full, left))
    whole_orders = filled_level[order_level] == 1
    fills[levels.orders[whole_orders]] = market.orders.volume[levels.orders[whole_orders]]
    for level, left in partial:
        members = levels.orders[order_level == level]
        fills[members] = share(market, members, left)
    return _accounts(market, flows, fills, prices)


def share(market: Market, members: Ints, total: int) -> Ints:
    """Litres among orders of one level: floor(q·T/Q), those left over to the largest remainders, then by hash."""
    volumes = [int(each) for each in market.orders.volume[members]]
    whole_volume = sum(volumes)
    parts = [volume * total // whole_volume for volume in volumes]
    left = total - sum(parts)
    if left:
        remainders = [volume * total % whole_volume for volume in volumes]
        entries = market.orders.entry[members].tolist()

        def rank(index: int) -> tuple[int, bytes]:
            return (-remainders[index], hashlib.sha256(f"{market.seed}/{entries[index]}".encode()).digest())

        edge = sorted(remainders, reverse=True)[left - 1]
        sure = [index for index, rest in enumerate(remainders) if rest > edge]
        drawn = sorted((index for index, rest in enumerate(remainders) if rest == edge), key=rank)
        for index in [*sure, *drawn[: left - len(sure)]]:
            parts[index] += 1
    return np.array(parts, np.int64)


def _accounts(market: Market, flows: _Flows, fills: Ints, prices: tuple[int, ...]) -> Litres:
    """What all pay, receive, and the welfare, exact."""
    numbers = np.flatnonzero(fills)
    price = np.array(prices, np.int64)[market.orders.node[numbers]]
    paid = received = welfare = 0
    limits = market.orders.limit[numbers]
    buys = market.orders.side[numbers] == BUY
    for filled, at, limit, buying in zip(
        fills[numbers].tolist(), price.tolist(), limits.tolist(), buys.tolist(), strict=True
    ):
        if buying:
            paid += ceil_div(filled * at, TICK_LITRES_PER_FEN)
            welfare += filled * limit
        else:
            received += filled * at // TICK_LITRES_PER_FEN
            welfare -= filled * limit
    return Litres(prices, tuple(flows.entering), tuple(flows.delivered), fills, paid, received, welfare)


def millilitres(flows_m3: Reals) -> tuple[int, ...]:
    """Flows as integers, for the record."""
    return tuple(int(each) for each in np.rint(flows_m3 * 1_000_000).tolist())
