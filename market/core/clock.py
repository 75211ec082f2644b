"""The one clock. Everything that asks the time asks it here, so that a test can move it.

Instants are aware datetimes in UTC. The legal day is the day in Asia/Shanghai (DESIGN section 5).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from zoneinfo import ZoneInfo

LEGAL_ZONE = ZoneInfo("Asia/Shanghai")

_offset = dt.timedelta(0)
_standing: ContextVar[dt.datetime | None] = ContextVar("standing", default=None)


def now() -> dt.datetime:
    """The present instant, aware, in UTC."""
    standing = _standing.get()
    return dt.datetime.now(dt.UTC) + _offset if standing is None else standing


def today() -> dt.date:
    """The present legal day (Asia/Shanghai)."""
    return now().astimezone(LEGAL_ZONE).date()


def this_year() -> int:
    """The year of the present legal day; the demonstration's water years are calendar years."""
    return today().year


def end_of_legal_day(day: dt.date) -> dt.datetime:
    """The instant at which the legal day `day` is over, in UTC."""
    midnight = dt.datetime.combine(day + dt.timedelta(days=1), dt.time(0), LEGAL_ZONE)
    return midnight.astimezone(dt.UTC)


@contextmanager
def standing(instant: dt.datetime | None = None) -> Iterator[None]:
    """Stops this thread's clock for the length of a block, at `instant` or now; within another such block, at its.

    So everything that one act decides and writes bears one instant, and who knows that can do it again exactly.
    """
    token = _standing.set(instant or now())
    try:
        yield
    finally:
        _standing.reset(token)


@contextmanager
def moved_to(instant: dt.datetime) -> Iterator[None]:
    """Moves this process's clock to `instant` for the length of a block; it goes on ticking."""
    global _offset
    before = _offset
    _offset = instant - dt.datetime.now(dt.UTC)
    try:
        yield
    finally:
        _offset = before
