"""The test county's clock on its way: it stops where something is due, and what is due there is done in order.

A job that ticks daily or more rarely is done at each of its ticks; what ticks more often is done at every stop, before
it, and again until nothing is left to do. Where the calendar changes a product's phase is a stop too. So a year goes by
in minutes, and no day of it is left out.
"""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import LiteralString, NamedTuple

import structlog
from croniter import croniter

from market import installation
from market.core import audit, clock, db, moving
from market.trading import timetable

log = structlog.get_logger("jobs")

RARE = dt.timedelta(hours=20)
"""A job whose ticks are further apart is done at each of them."""
MOST_ROUNDS = 8
ENGINE_WITHIN_S = 10.0
CLOCK = audit.Actor(request_id="clock")
_WAITING_SQL: LiteralString = """
SELECT EXISTS (SELECT FROM inbox WHERE done_at IS NULL)
    OR EXISTS (SELECT FROM orders WHERE status = 'open' AND expires_at <= %(now)s)
"""


class Due(NamedTuple):
    """A job as the clock knows it: its name, its schedule (cron in UTC, seconds last), and the work."""

    name: str
    cron: str
    work: Callable[[], int]


class Stop(NamedTuple):
    """An instant at which the clock stops, and the names of the rare jobs whose tick it is."""

    at: dt.datetime
    jobs: tuple[str, ...]


def is_rare(cron: str) -> bool:
    """Whether a schedule ticks daily or more rarely."""
    ticks = croniter(cron, dt.datetime(2026, 1, 1, tzinfo=dt.UTC))
    first = ticks.get_next(dt.datetime)
    return bool(ticks.get_next(dt.datetime) - first > RARE)


def stops(
    schedules: Sequence[tuple[str, str]], start: dt.datetime, end: dt.datetime, *,
    also: Iterable[dt.datetime] = (),
) -> list[Stop]:  # fmt: skip
    """Where the clock stops between two instants: at the last one, at every tick of (name, cron), and `also` there.

    Jobs that tick together are done in the order in which they are named. Pure.
    """
    due: dict[dt.datetime, list[str]] = {at: [] for at in also if start < at < end}
    for name, cron in schedules:
        for at in _ticks(cron, start, end):
            due.setdefault(at, []).append(name)
    due.setdefault(end, [])
    return [Stop(at, tuple(due[at])) for at in sorted(due)]


def _ticks(cron: str, start: dt.datetime, end: dt.datetime) -> Iterator[dt.datetime]:
    ticks = croniter(cron, start)
    while (at := ticks.get_next(dt.datetime)) <= end:
        yield at


def advance(url: str, ahead: clock.Ahead, jobs: Sequence[Due]) -> int:
    """Brings the clock to where it was asked to be; how many moves ended. A broken one goes on from where it was."""
    with db.transaction(url) as session:
        found = moving.running(session)
        if found is None:
            return 0
        number, end = found.id, found.to_at
    start = clock.now()
    rare = [(each.name, each.cron) for each in jobs if is_rare(each.cron)]
    names = {name for name, _ in rare}
    often = [each for each in jobs if each.name not in names]
    with db.connect(url) as connection:
        changes = timetable.changes(connection, start, end)
    for stop in stops(rare, min(start, end), end, also=changes):
        _reach(url, ahead, number, stop.at)
        _new_year(url, start)
        done = _settle(url, often)
        done += [(each.name, each.work()) for each in jobs if each.name in stop.jobs]
        if stop.jobs and stop.at == end:
            done += _settle(url, often)
        with db.transaction(url) as session:
            moving.did(session, advance_id=number, at=stop.at, done=done)
        start = stop.at
    with db.transaction(url) as session:
        moving.arrive(session, actor=CLOCK, advance=moving.find(session, number))
    return 1


def _reach(url: str, ahead: clock.Ahead, number: int, at: dt.datetime) -> None:
    with db.transaction(url) as session:
        ahead_us = moving.reach(session, moving.find(session, number), at)
    ahead.set(ahead_us)  # what has been committed: a clock that is seen has never to go back


def _new_year(url: str, before: dt.datetime) -> None:
    """The pack of a county names years; in a new one it is installed again, as a start does."""
    if before.astimezone(clock.LEGAL_ZONE).year != clock.this_year():
        installation.run(url)


def _settle(url: str, often: Sequence[Due]) -> list[tuple[str, int]]:
    """Does what ticks often until nothing is left to do and the engine has answered; (job, how many things)."""
    done: dict[str, int] = {}
    for _ in range(MOST_ROUNDS):
        _wait_for_the_engine(url)
        round_ = {each.name: each.work() for each in often}
        if not any(round_.values()):
            break
        for name, many in round_.items():
            done[name] = done.get(name, 0) + many
    return list(done.items())


def _wait_for_the_engine(url: str) -> None:
    """Until it has taken up what was put in for it and ended the orders whose time is over."""
    deadline = time.monotonic() + ENGINE_WITHIN_S
    while True:
        row = db.look_up(url, _WAITING_SQL, {"now": clock.now()})
        if row is None or not row[0]:
            return
        if time.monotonic() > deadline:
            log.warning("clock.engine_waits", within_s=ENGINE_WITHIN_S)
            return
        time.sleep(0.02)
