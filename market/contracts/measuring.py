"""From the points of a boundary to the core's periods: what was measured, and how sure that is.

Readings and bills are intervals with both ends; a period that does not begin and end with them has its part pro rata to
days, with the uncertainty of that (SAVINGS section 2, bills). A point without a reading counts its bills.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from sqlalchemy.orm import Session

from market.contracts import points
from market.contracts.point_models import MeasuringPoint
from market.contracts.savings import BadInput, Meter, Period
from market.contracts.savings.bills import Bill, prorate
from market.contracts.terms import BoundaryPoint

DAY = dt.timedelta(days=1)
CLASS_E6_AN_E4 = 100


class Measurable(Protocol):
    """What is measured: a kind of project, at points that count or are taken off. Signed terms are, a plan is too."""

    @property
    def kind(self) -> str:
        """The kind of project."""

    @property
    def boundary(self) -> tuple[BoundaryPoint, ...]:
        """Its points."""


@dataclass(frozen=True, slots=True)
class Span:
    """A period as it was asked for: its days (the last excluded) and one value a driver."""

    starts: dt.date
    ends: dt.date
    drivers: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class Measured:
    """Periods with their use, the boundary's meters, and what each of them measured in all periods together."""

    periods: tuple[Period, ...]
    meters: tuple[Meter, ...]
    meter_litres: tuple[int, ...]


def measure(session: Session, terms: Measurable, spans: Sequence[Span]) -> Measured:
    """The use of the boundary in each span, in order. Errors: BadInput, where a point measured nothing of a span."""
    cuts = tuple((each.starts, each.ends) for each in spans)
    totals, squares = [0] * len(spans), [0.0] * len(spans)
    covered = [1.0] * len(spans)
    meters, sums = [], []
    for each in terms.boundary:
        point = session.get_one(MeasuringPoint, each.point)
        found = prorate(_intervals(session, each), cuts)
        for place, part in enumerate(found):
            if part.covered <= 0:
                raise BadInput(f"{point.name} measured nothing of the period from {part.starts}")
            totals[place] += each.sign * part.litres
            squares[place] += part.u_litres**2
            covered[place] = min(covered[place], part.covered)
        meters.append(Meter(str(each.point), each.sign, point.class_e4 * CLASS_E6_AN_E4))
        sums.append(sum(part.litres for part in found))
    periods = tuple(
        Period(
            span.starts, span.ends, totals[place], span.drivers, measured=min(1.0, covered[place]),
            u_litres=round(math.sqrt(squares[place])),
        )
        for place, span in enumerate(spans)
    )  # fmt: skip
    return Measured(periods, tuple(meters), tuple(sums))


def _intervals(session: Session, wanted: BoundaryPoint) -> tuple[Bill, ...]:
    """What a point measured, its bills before its first reading, as evidenced intervals in order."""
    read = points.series(session, wanted.point)
    first = read[0].first_day if read else dt.date.max
    billed = [each for each in points.bills(session, wanted.point) if each.last_day < first]
    return tuple(
        Bill(each.first_day, each.last_day + DAY, each.litres, each.evidence) for each in (*billed, *read)
    )
