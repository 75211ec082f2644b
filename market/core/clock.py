"""The one clock. Everything that asks the time asks it here, so that a test can move it.

Instants are aware datetimes in UTC. The legal day is the day in Asia/Shanghai (DESIGN section 5).
"""

from __future__ import annotations

import datetime as dt
import mmap
import os
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from zoneinfo import ZoneInfo

LEGAL_ZONE = ZoneInfo("Asia/Shanghai")

_WRITTEN = struct.Struct("<q")
_GENERATION_AT, _SIZE = 8, 16


class Ahead:
    """How far a clock that several processes share runs ahead, kept in a file: whoever moves it, all see it at once.

    Twice eight bytes that a processor reads and writes as one, in memory that the processes share: how far, and how
    often the county was made anew.
    """

    def __init__(self, path: Path) -> None:
        """Opens the file of a clock; makes one that runs ahead by nothing."""
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            if os.fstat(descriptor).st_size < _SIZE:
                os.pwrite(descriptor, bytes(_SIZE), 0)
            self._shared = mmap.mmap(descriptor, _SIZE)
        finally:
            os.close(descriptor)

    def by(self) -> dt.timedelta:
        """How far it runs ahead just now."""
        return dt.timedelta(microseconds=_WRITTEN.unpack_from(self._shared)[0])

    def set(self, ahead_us: int) -> None:
        """Has it run ahead by so many microseconds, for every process that follows it."""
        _WRITTEN.pack_into(self._shared, 0, ahead_us)

    def generation(self) -> int:
        """How often the county of this clock was made anew."""
        found: int = _WRITTEN.unpack_from(self._shared, _GENERATION_AT)[0]
        return found

    def begin_anew(self) -> None:
        """The county was made anew: its clock runs ahead by nothing, and who keeps something of it forgets that."""
        self.set(0)
        _WRITTEN.pack_into(self._shared, _GENERATION_AT, self.generation() + 1)

    def __radd__(self, instant: dt.datetime) -> dt.datetime:
        return instant + self.by()


_offset: dt.timedelta | Ahead = dt.timedelta(0)
_standing: ContextVar[dt.datetime | Ahead | None] = ContextVar("standing", default=None)


def now() -> dt.datetime:
    """The present instant, aware, in UTC."""
    standing = _standing.get()
    if standing is None:
        return dt.datetime.now(dt.UTC) + _offset
    return dt.datetime.now(dt.UTC) + standing if isinstance(standing, Ahead) else standing


def of_process() -> dt.datetime:
    """The instant by this process's clock, also while it does something in a county that has its own."""
    return dt.datetime.now(dt.UTC) + _offset


def of_machine() -> dt.datetime:
    """The instant by this machine's clock, that of everything that is not moved."""
    return dt.datetime.now(dt.UTC)


def follow(path: Path) -> None:
    """Has this process's clock run ahead by what a file says, from now on."""
    global _offset
    _offset = Ahead(path)


@contextmanager
def ahead(by: Ahead) -> Iterator[None]:
    """Has this thread's clock run ahead for the length of a block: what is done in it is done in another county."""
    token = _standing.set(by)
    try:
        yield
    finally:
        _standing.reset(token)


def today() -> dt.date:
    """The present legal day (Asia/Shanghai)."""
    return now().astimezone(LEGAL_ZONE).date()


def this_year() -> int:
    """The year of the present legal day; the demonstration's water years are calendar years."""
    return today().year


def on_the_wall(instant: str) -> str:
    """An instant (RFC 3339) as the county's clocks show it, `2026-04-10 09:30:00`: for charts, which know no zones."""
    local = dt.datetime.fromisoformat(instant).astimezone(LEGAL_ZONE)
    return local.replace(tzinfo=None).isoformat(sep=" ", timespec="seconds")


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
