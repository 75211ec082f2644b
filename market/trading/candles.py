"""Prices of many trades as one: periods of the legal calendar, exact roundings, candles. Pure; integers only.

A price is 1/10 000 yuan per m3, a volume litres, a value tick-litres (1e-5 fen): litres times price. What several
trades have in common is never an average of prices: it is the sum of their values over the sum of their litres,
rounded once, to the nearest 1/10 000 yuan and halves to the even neighbour.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass

MINUTES_A_DAY = 1_440
INTERVALS = ("minute", "hour", "day", "week", "month")
"""What a candle may span; a week begins on Monday."""
PERIODS = ("day", "week", "month", "quarter", "year")
"""What prices and indices are reckoned for."""
_A_DAY = {"minute": MINUTES_A_DAY, "hour": 24}
_DAYS = {"day": 1, "week": 7}
_MONTHS = {"month": 1, "quarter": 3, "year": 12}


@dataclass(frozen=True, slots=True)
class Candle:
    """The trades of one interval in the order in which they were made; there are no empty ones.

    `opens_at` is the instant at which the interval begins. Prices per m3 are each trade's own, at the place asked for.
    """

    opens_at: dt.datetime
    open_e4: int
    high_e4: int
    low_e4: int
    close_e4: int
    litres: int
    value_tick_litres: int
    trades: int

    @property
    def average_e4(self) -> int:
        """The volume-weighted price of the interval."""
        return unit_price(self.value_tick_litres, self.litres)


def unit_price(value_tick_litres: int, litres: int) -> int:
    """Value over litres as a price (1/10 000 yuan per m3), to the nearest, halves to even; litres above nil."""
    return divided(value_tick_litres, litres)


def divided(dividend: int, divisor: int) -> int:
    """dividend / divisor to the nearest whole number, halves to the even neighbour; the divisor is positive."""
    whole, rest = divmod(dividend, divisor)
    return whole + 1 if 2 * rest > divisor or (2 * rest == divisor and whole % 2) else whole


def start_of(day: dt.date, period: str) -> dt.date:
    """The first day of the period (one of PERIODS) that a day lies in."""
    if period == "week":
        return day - dt.timedelta(days=day.weekday())
    if period in _MONTHS:
        months = _MONTHS[period]
        return day.replace(month=(day.month - 1) // months * months + 1, day=1)
    return day


def next_start(start: dt.date, period: str) -> dt.date:
    """The first day of the period after the one that begins on `start`."""
    if period in _DAYS:
        return start + dt.timedelta(days=_DAYS[period])
    years, month = divmod(start.month - 1 + _MONTHS[period], 12)
    return start.replace(year=start.year + years, month=month + 1)


def starts(first: dt.date, last: dt.date, period: str) -> Iterator[dt.date]:
    """The first days of all periods from the one with `first` to the one with `last`."""
    start = start_of(first, period)
    while start <= last:
        yield start
        start = next_start(start, period)


def whole(first: dt.date, last: dt.date, interval: str) -> tuple[dt.date, dt.date]:
    """The days of all intervals that the days from `first` to `last` touch, so that none is shown in part."""
    if interval in _A_DAY:
        return first, last
    return start_of(first, interval), next_start(start_of(last, interval), interval) - dt.timedelta(days=1)


def count(first: dt.date, last: dt.date, interval: str) -> int:
    """How many intervals or periods lie in the days from `first` to `last`, both included; at most that many."""
    days = max((last - first).days + 1, 0)
    if interval in _A_DAY:
        return days * _A_DAY[interval]
    if interval in _DAYS:
        return -(-days // _DAYS[interval]) + (interval == "week")
    return max((last.year - first.year) * 12 + last.month - first.month, 0) // _MONTHS[interval] + 2
