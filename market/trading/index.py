"""The price index of a zone and sector: chained Fisher over matched items, carried where trade is thin. Pure; exact.

The method, its reasons and its sources are written down in docs/market-data.md. One series is one zone and sector; an
*item* of it is water that is alike: the same source, tenure, years ahead, canal and sector of the other side. Links
are reckoned as exact fractions; the square root of a link and the index are kept to 18 decimals, halves to even.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from math import isqrt

from market.trading.candles import divided

BASE = 1_000
SCALE = 10**18
"""One of an index, as it is kept."""
SHOWN = 10**2
"""One of an index, as it is published."""
LEAST_TRADES = 3
LEAST_PAIRS = 2
"""Under this many trades, or pairs of owners who trade, a period is thin."""

BASE_PERIOD = "base"
LINKED = "linked"
CARRIED = "carried"
RELINKED = "relinked"
STATES = (BASE_PERIOD, LINKED, CARRIED, RELINKED)


@dataclass(frozen=True, slots=True)
class Item:
    """What was traded of one item in one period: tick-litres and litres, both above nil."""

    value_tick_litres: int
    litres: int


@dataclass(frozen=True, slots=True)
class Sample:
    """The trades of one series in one period: what of each item, how many trades, between how many pairs of owners."""

    items: Mapping[Hashable, Item] = field(default_factory=dict)
    trades: int = 0
    pairs: int = 0

    @property
    def thin(self) -> bool:
        """Whether it is too little to say anything of prices."""
        return self.trades < LEAST_TRADES or self.pairs < LEAST_PAIRS


@dataclass(frozen=True, slots=True)
class Point:
    """The index of one period. `value_e2`: hundredths, the base is 100 000. `state` is one of STATES.

    `matched_e4`: which part (1/10 000) of the period's turnover is of items that were also traded in the period that it
    is linked to; nil where it is not linked.
    """

    start: dt.date
    value_e2: int
    state: str
    matched_e4: int
    sample: Sample


NOTHING = Sample()


def chained(samples: Mapping[dt.date, Sample], starts: Iterable[dt.date]) -> list[Point]:
    """The index of each period of `starts` (in order), from the first that is not thin, which is the base.

    Thin periods carry the last value and are passed over: the next one is linked to the last that was not thin. One
    that has no item in common with it carries the value too, and later ones are linked to it.
    """
    points: list[Point] = []
    base: Sample | None = None
    value = BASE * SCALE
    for start in starts:
        sample = samples.get(start, NOTHING)
        state, matched = BASE_PERIOD, 0
        if sample.thin:
            if base is None:
                continue
            state = CARRIED
        elif base is not None:
            common = [key for key in sample.items if key in base.items]
            state = LINKED if common else RELINKED
            if common:
                value = divided(value * root_e18(squared_link(base, sample, common)), SCALE)
                matched = _part(sample, common)
        if not sample.thin:
            base = sample
        points.append(Point(start, divided(value * SHOWN, SCALE), state, matched, sample))
    return points


def squared_link(base: Sample, now: Sample, common: Sequence[Hashable]) -> Fraction:
    """Laspeyres times Paasche over the common items (at least one): the square of Fisher's link from base to now.

    With unit values p = value / litres and volumes q: Laspeyres is sum(p1 q0) / sum(p0 q0), Paasche is
    sum(p1 q1) / sum(p0 q1).
    """
    before = [base.items[key] for key in common]
    after = [now.items[key] for key in common]
    pairs = list(zip(before, after, strict=True))
    at_old_volumes = sum((Fraction(b.value_tick_litres * a.litres, b.litres) for b, a in pairs), Fraction(0))
    at_new_prices = sum((Fraction(a.value_tick_litres * b.litres, a.litres) for b, a in pairs), Fraction(0))
    laspeyres = at_new_prices / sum(each.value_tick_litres for each in before)
    paasche = sum(each.value_tick_litres for each in after) / at_old_volumes
    return laspeyres * paasche


def root_e18(square: Fraction) -> int:
    """The square root of a positive fraction times 1e18, to the nearest whole number, halves to the even one."""
    scaled = square.numerator * SCALE**2
    root = isqrt(scaled // square.denominator)
    twice = (2 * root + 1) ** 2 * square.denominator  # root + 1/2, squared, against the exact square
    return root + 1 if 4 * scaled > twice or (4 * scaled == twice and root % 2) else root


def _part(sample: Sample, common: Sequence[Hashable]) -> int:
    whole = sum(each.value_tick_litres for each in sample.items.values())
    return divided(10_000 * sum(sample.items[key].value_tick_litres for key in common), whole)
