"""The coefficients of each kind of limit over a market's arcs. Pure.

A cap counts what crosses the border of its set of nodes: delivered litres coming in less the litres going out, so a
loss inside stays counted as use. Import and export limits count one direction only, gross.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from market.trading.auction.model import CONVERSION, Arc

Terms = tuple[tuple[int, int, int], ...]


def cap_terms(arcs: Sequence[Arc], inside: Collection[int]) -> Terms:
    """(arc, c, d) of a cap on the nodes `inside`: B − S there plus losses inside, must not pass the headroom."""
    return import_terms(arcs, inside) + tuple((a, -c, 0) for a, c, _ in export_terms(arcs, inside))


def import_terms(arcs: Sequence[Arc], inside: Collection[int]) -> Terms:
    """(arc, c, d) of a limit on what is delivered from outside."""
    return tuple((a, 0, 1) for a, arc in enumerate(arcs) if arc.target in inside and arc.source not in inside)


def export_terms(arcs: Sequence[Arc], inside: Collection[int]) -> Terms:
    """(arc, c, d) of a limit on what leaves, counted where it leaves."""
    return tuple((a, 1, 0) for a, arc in enumerate(arcs) if arc.source in inside and arc.target not in inside)


def route_terms(numbers: Iterable[int]) -> Terms:
    """(arc, c, d) of one direction of a route: what enters the arcs of all sectors."""
    return tuple((a, 1, 0) for a in numbers)


def conversion_terms(arcs: Sequence[Arc], inside: Collection[int]) -> Terms:
    """(arc, c, d) of a limit on what the nodes `inside` convert from agriculture to industry."""
    return tuple((a, 1, 0) for a, arc in enumerate(arcs) if arc.kind == CONVERSION and arc.source in inside)
