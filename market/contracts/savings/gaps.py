"""Missing days: short ones are filled, longer ones masked on both sides (SAVINGS section 3). Pure; litres."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from statistics import fmean

from market.contracts.savings.model import BadInput, Period, litres_of
from market.contracts.savings.rules import Rules

DAY = dt.timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Filled:
    """A span after its gaps: use with what was filled in, its standard uncertainty, filled and masked days."""

    litres: int
    filled_litres: int
    u_litres: int
    filled_days: tuple[dt.date, ...]
    masked_days: tuple[dt.date, ...]


def _gaps(days: list[dt.date], uses: Mapping[dt.date, int | None]) -> list[list[dt.date]]:
    """Runs of days without a reading."""
    runs: list[list[dt.date]] = []
    for day in days:
        if uses.get(day) is not None:
            continue
        if runs and day - runs[-1][-1] == DAY:
            runs[-1].append(day)
        else:
            runs.append([day])
    return runs


def fill(
    starts: dt.date, ends: dt.date, uses: Mapping[dt.date, int | None], rules: Rules,
) -> Filled:  # fmt: skip
    """Fills gaps of up to three days while they are at most a tenth of the span, the shortest and earliest first.

    A day is filled with the mean of the measured days of its weekday (of all days where it has none), and half of all
    that is filled is its standard uncertainty. Every other gap is masked: its days count on neither side.
    Errors: BadInput where nothing was measured.
    """
    days = [starts + place * DAY for place in range((ends - starts).days)]
    known = {day: use for day in days if (use := uses.get(day)) is not None}
    if not known:
        raise BadInput(f"nothing was measured from {starts}")
    filled: list[dt.date] = []
    masked: list[dt.date] = []
    for run in sorted(_gaps(days, uses), key=lambda each: (len(each), each[0])):
        fits = len(run) <= rules.fill_days_most
        if fits and len(filled) + len(run) <= rules.fill_share_most * len(days):
            filled += run
        else:
            masked += run
    total = litres_of(sum(_like(day, known) for day in filled))
    return Filled(
        litres=sum(known.values()) + total, filled_litres=total,
        u_litres=litres_of(rules.fill_uncertainty * total), filled_days=tuple(sorted(filled)),
        masked_days=tuple(sorted(masked)),
    )  # fmt: skip


def _like(day: dt.date, known: Mapping[dt.date, int]) -> float:
    same = [use for other, use in known.items() if other.weekday() == day.weekday()]
    return fmean(same or known.values())


def period_of(
    starts: dt.date, ends: dt.date, uses: Mapping[dt.date, int | None],
    drivers: Mapping[dt.date, tuple[float, ...]], rules: Rules,
) -> Period:  # fmt: skip
    """A period from daily use and daily drivers: masked days are left out of both. Errors: BadInput."""
    found = fill(starts, ends, uses, rules)
    days = [starts + place * DAY for place in range((ends - starts).days)]
    kept = [day for day in days if day not in found.masked_days]
    missing = [day for day in kept if day not in drivers]
    if missing:
        raise BadInput(f"the drivers of {missing[0]} are missing")
    sums = tuple(map(sum, zip(*(drivers[day] for day in kept), strict=True)))
    return Period(starts, ends, found.litres, sums, len(kept) / len(days), found.u_litres)
