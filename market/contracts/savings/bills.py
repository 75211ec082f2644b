"""Base use from evidenced utility bills with irregular dates, pro-rated to periods. Pure; litres.

A bill's use is shared out over its days, evenly or by a daily driver. By how much a day differs from its share is not
seen; its standard deviation s_d is estimated from neighbouring bills, and a days of a bill of L days then have the
variance s_d²·a·(L - a)/L, that of a part of a sum whose total is known (a Brownian bridge).
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

from market.contracts.savings.model import BadInput, litres_of

DAY = dt.timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Bill:
    """A bill from `starts` up to, without, `ends`, with the fingerprint or number of its evidence."""

    starts: dt.date
    ends: dt.date
    litres: int
    evidence: str

    @property
    def days(self) -> int:
        """Its days."""
        return (self.ends - self.starts).days


@dataclass(frozen=True, slots=True)
class Prorated:
    """A period's use from bills, its standard uncertainty, and the part of the period that bills cover."""

    starts: dt.date
    ends: dt.date
    litres: int
    u_litres: int
    covered: float


def check(bills: tuple[Bill, ...]) -> None:
    """Evidenced, in order, not overlapping. Errors: BadInput."""
    if not bills:
        raise BadInput("there are no bills")
    for each in bills:
        if not each.evidence:
            raise BadInput(f"the bill from {each.starts} has no evidence")
        if each.days < 1 or each.litres < 0:
            raise BadInput(f"the bill from {each.starts} has no days or a negative use")
    for before, after in pairwise(bills):
        if after.starts < before.ends:
            raise BadInput(f"the bill from {after.starts} overlaps the one before it")


def daily_deviation(bills: tuple[Bill, ...], weights: Mapping[dt.date, float] | None = None) -> float:
    """s_d, litres: from changes of the use a day between bills that follow each other, Σ(Δr)²/Σ(1/L + 1/L').

    With weights the use is first divided by their mean a day. Real change from bill to bill counts as scatter, so this
    errs on the side of too much. One bill alone: its own use a day.
    """
    means = [_weight(each.starts, each.ends, weights) / each.days for each in bills]
    average = sum(means) / len(means) or 1.0
    rates = [
        each.litres / each.days * (average / mean if mean > 0 else 1.0)
        for each, mean in zip(bills, means, strict=True)
    ]
    if len(bills) < 2:
        return rates[0]
    squares = sum((after - before) ** 2 for before, after in pairwise(rates))
    return math.sqrt(squares / sum(1 / one.days + 1 / two.days for one, two in pairwise(bills)))


def _weight(starts: dt.date, ends: dt.date, weights: Mapping[dt.date, float] | None) -> float:
    days = (ends - starts).days
    if weights is None:
        return 1.0 * days
    return sum(weights.get(starts + place * DAY, 0.0) for place in range(days))


def prorate(
    bills: tuple[Bill, ...], periods: tuple[tuple[dt.date, dt.date], ...],
    weights: Mapping[dt.date, float] | None = None,
) -> tuple[Prorated, ...]:  # fmt: skip
    """The use of each (starts, ends) from the bills, by days or by a daily driver. Errors: BadInput.

    Whole litres: the parts of a bill are differences of rounded running sums, so that periods that follow each other
    lose nothing of it.
    """
    check(bills)
    deviation = daily_deviation(bills, weights)
    found = []
    for starts, ends in periods:
        if ends <= starts:
            raise BadInput(f"the period from {starts} has no days")
        litres, variance, covered = 0, 0.0, 0
        for bill in bills:
            first, last = max(starts, bill.starts), min(ends, bill.ends)
            if first >= last:
                continue
            days = (last - first).days
            covered += days
            litres += _until(bill, last, weights) - _until(bill, first, weights)
            variance += deviation**2 * days * (bill.days - days) / bill.days
        found.append(
            Prorated(starts, ends, litres, litres_of(math.sqrt(variance)), covered / (ends - starts).days)
        )
    return tuple(found)


def _until(bill: Bill, day: dt.date, weights: Mapping[dt.date, float] | None) -> int:
    """What of a bill fell before a day of it, litres; by days where its weights are nil."""
    whole = _weight(bill.starts, bill.ends, weights)
    if whole <= 0:
        return litres_of(bill.litres * (day - bill.starts).days / bill.days)
    return litres_of(bill.litres * _weight(bill.starts, day, weights) / whole)
