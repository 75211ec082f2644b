"""Working days by the Chinese calendar (公历法定节假日安排, as published each year by the State Council).

Licence periods run in working days (行政许可法 art. 82). For years whose holidays are not published yet, weekends
alone are taken as free; the result then may be too early by the holidays to come.
"""

from __future__ import annotations

import datetime as dt
from functools import lru_cache

import chinese_calendar


def is_known(day: dt.date) -> bool:
    """Whether the holidays of the day's year are published; where not, a count of working days is provisional."""
    try:
        chinese_calendar.is_workday(day)
    except NotImplementedError:
        return False
    return True


@lru_cache(maxsize=16_384)
def is_working_day(day: dt.date) -> bool:
    """Whether the day is a working day; weekends only where the year's holidays are not known yet."""
    try:
        return bool(chinese_calendar.is_workday(day))
    except NotImplementedError:
        return day.weekday() < 5


def after(start: dt.date, days: int) -> dt.date:
    """The working day that is `days` working days after `start` (the day of the start does not count)."""
    day = start
    left = days
    while left > 0:
        day += dt.timedelta(days=1)
        if is_working_day(day):
            left -= 1
    return day
