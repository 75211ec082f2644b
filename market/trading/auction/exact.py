"""Exact duals: prices and multipliers that the solver gave as floats, as the fractions they stand for. Pure.

A price that no tick fits, and every multiplier, is fixed by equations: along an arc that may carry water at no loss of
welfare, k·p(target) − 1000·p(source) = sum y·(1000 c + d k). Solving these in fractions gives numbers that do not
depend on the path the solver took.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction

from market.trading.auction.model import Market

NANO = 10**9
CLOSE = 1e-5
Row = tuple[dict[int, Fraction], Fraction]


def nanos(value: float | Fraction) -> int:
    """A value in 10^-9 of its unit, halves up."""
    return int((Fraction(value) * NANO * 2 + 1) // 2)


def sharpen(
    market: Market, pi: Sequence[float], y: Sequence[float], tight: Iterable[int], *, close: float
) -> tuple[list[Fraction], list[Fraction]]:
    """Exact prices and multipliers (ticks) near these, given the arcs whose reduced cost is nothing.

    Prices within `close` of a whole tick are that tick; multipliers within it are zero. What the equations leave
    open, or contradict, stays as it was.
    """
    nodes = len(market.nodes)
    rough = [Fraction(value) for value in [*pi, *y]]
    known: dict[int, Fraction] = {}
    for number, value in enumerate(rough):
        if number < nodes and abs(value - round(value)) <= close:
            known[number] = Fraction(round(value))
        elif number >= nodes and value <= close:
            known[number] = Fraction(0)
    solved = _solve([_equation(market, arc, known) for arc in tight])
    for number, value in solved.items():
        if abs(value - rough[number]) <= CLOSE + close:
            known[number] = value
    exact = [known.get(number, value) for number, value in enumerate(rough)]
    return exact[:nodes], exact[nodes:]


def _equation(market: Market, number: int, known: dict[int, Fraction]) -> Row:
    arc = market.arcs[number]
    nodes = len(market.nodes)
    row: dict[int, Fraction] = {arc.target: Fraction(arc.k), arc.source: Fraction(-1000)}
    for j, limit in enumerate(market.limits):
        for a, c, d in limit.terms:
            if a == number and 1000 * c + d * arc.k:
                row[nodes + j] = Fraction(-(1000 * c + d * arc.k))
    right = -sum((factor * known[number] for number, factor in row.items() if number in known), Fraction(0))
    return {number: factor for number, factor in row.items() if number not in known}, right


def _solve(rows: list[Row]) -> dict[int, Fraction]:
    """The unknowns that these equations determine, by elimination with the shortest row first."""
    done: dict[int, Row] = {}
    waiting = [row for row in rows if row[0]]
    while waiting:
        waiting.sort(key=lambda row: len(row[0]))
        factors, right = waiting.pop(0)
        pivot = min(factors)
        row = ({n: f / factors[pivot] for n, f in factors.items()}, right / factors[pivot])
        for other in done:
            done[other] = _less(done[other], row, pivot)
        done[pivot] = row
        waiting = [each for each in (_less(each, row, pivot) for each in waiting) if each[0]]
    return {number: right for number, (factors, right) in done.items() if len(factors) == 1}


def _less(row: Row, other: Row, pivot: int) -> Row:
    """The row without the pivot's unknown."""
    factor = row[0].get(pivot)
    if factor is None:
        return row
    factors = dict(row[0])
    for number, value in other[0].items():
        factors[number] = factors.get(number, Fraction(0)) - factor * value
    return {n: f for n, f in factors.items() if f}, row[1] - factor * other[1]
