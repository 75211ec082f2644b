"""Circles of flow. Pure.

Water that goes round only to be lost, or is pressed on buyers for less than nothing, frees headroom on paper; in a
county it is wrong, and so is closed.
"""

from __future__ import annotations

from collections.abc import Sequence

from market.trading.auction.model import BUY, Arc, Litres, Market


def arc_to_close(arcs: Sequence[Arc], flows: Sequence[int]) -> int | None:
    """Of the arcs on circles of flow the one that carries least, then the lowest number; None without a circle."""
    used = [a for a, flow in enumerate(flows) if flow > 0]
    ahead: dict[int, set[int]] = {}
    for a in used:
        ahead.setdefault(arcs[a].source, set()).add(arcs[a].target)
    reached = {node: _reached(ahead, node) for node in ahead}
    circling = [a for a in used if arcs[a].source in reached.get(arcs[a].target, ())]
    return min(circling, key=lambda a: (flows[a], a), default=None)


class Circling(Exception):
    """Water goes round in the best allocation; `arc` is the one to close."""

    def __init__(self, arc: int) -> None:
        super().__init__(f"water goes round over arc {arc}")
        self.arc = arc


def refuse_circles(arcs: Sequence[Arc], flows: Sequence[int]) -> None:
    """Errors: Circling."""
    found = arc_to_close(arcs, flows)
    if found is not None:
        raise Circling(found)


def arc_paid_to_fill(market: Market, litres: Litres) -> int | None:
    """Of the arcs that bring water to buyers at a price below zero the one that carries least, then the lowest number.

    Water sent to a place only to free headroom elsewhere is the open end of a circle: buyers would be paid to take it.
    """
    paid = {node for node, price in enumerate(litres.prices_e4) if price < 0}
    if not paid:
        return None
    orders = market.orders
    bought = set(orders.node[(orders.side == BUY) & (litres.fills > 0)].tolist())
    carrying = [
        a for a, flow in enumerate(litres.entering) if flow and market.arcs[a].target in paid & bought
    ]
    return min(carrying, key=lambda a: (litres.entering[a], a), default=None)


def _reached(ahead: dict[int, set[int]], start: int) -> set[int]:
    """The nodes that water from here can reach."""
    found: set[int] = set()
    waiting = [start]
    while waiting:
        for node in ahead.get(waiting.pop(), ()):
            if node not in found:
                found.add(node)
                waiting.append(node)
    return found
