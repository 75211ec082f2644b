"""The window of a look at the record: from when until when, in instants, and the legal day that it is named by."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from market.core import clock

DAYS = 30
"""How far back a look goes. What lasts longer than this is found in pieces, and an alert of it is continued."""


@dataclass(frozen=True, slots=True)
class Window:
    """From `since` until just before `until`; `day` is the legal day that ends it."""

    day: dt.date
    since: dt.datetime
    until: dt.datetime


def window(day: dt.date, *, days: int = DAYS) -> Window:
    """The window of so many legal days that ends with `day`, or now where that is not over yet."""
    until = min(clock.end_of_legal_day(day), clock.now())
    return Window(day, clock.end_of_legal_day(day - dt.timedelta(days=days)), until)
