"""The trading calendar: which phase is due for a product at an instant, and what comes next. Pure.

Times of day are legal time (Asia/Shanghai), which has had no daylight saving since 1991; instants are aware. A day on
which no rule holds, and the time outside of a trading day's steps, is night: orders may be entered and wait, as before
the opening. A product that no rule names is open at all times (service rule of the exchange).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from zoneinfo import ZoneInfo

LEGAL_ZONE = ZoneInfo("Asia/Shanghai")
OPEN, AUCTION, UNCROSS, NIGHT = "open", "auction", "uncross", "pre_open"
NIGHT_STEP = "night"
MOST_DAYS_AHEAD = 40
"""Longer than any run of days without trading: the longest holiday with its week-ends, thrice."""
UNCROSS_MARGIN = dt.timedelta(minutes=10)
"""How long after its time a call may still be cleared; then the product goes on without it (service rule)."""


@dataclass(frozen=True, slots=True)
class TradingDay:
    """The steps (time of day, phase or "night") of one product's trading day, or of all products' (None).

    `days`: days of the week, 1 Monday to 7 Sunday; `working_days`: only on working days.
    """

    product: str | None
    days: frozenset[int]
    working_days: bool
    steps: tuple[tuple[dt.time, str], ...]


@dataclass(frozen=True, slots=True)
class Calendar:
    """Every product's trading days, and what a working day is."""

    rules: tuple[TradingDay, ...] = ()
    is_working_day: Callable[[dt.date], bool] = lambda day: True

    def of(self, product: str) -> tuple[TradingDay, ...]:
        """The rules of a product: its own, else those of all; none: it is always open."""
        own = tuple(each for each in self.rules if each.product == product)
        return own or tuple(each for each in self.rules if each.product is None)


@dataclass(frozen=True, slots=True)
class Change:
    """From this instant on this phase is due."""

    at: dt.datetime
    phase: str


def phase_due(calendar: Calendar, product: str, instant: dt.datetime) -> str:
    """The phase that the calendar wants a product to be in: pre_open, open, auction or uncross."""
    rules = calendar.of(product)
    if not rules:
        return OPEN
    local = instant.astimezone(LEGAL_ZONE)
    phase = NIGHT
    for at, step in _steps(calendar, rules, local.date()):
        if at > local.time():
            break
        phase = NIGHT if step == NIGHT_STEP else step
    return phase


def timetable(calendar: Calendar, product: str, day: dt.date) -> list[Change]:
    """What is due on a legal day, from midnight on; a step that changes nothing is left out."""
    found = [Change(_instant(day, dt.time(0)), phase_due(calendar, product, _instant(day, dt.time(0))))]
    for at, step in _steps(calendar, calendar.of(product), day):
        phase = NIGHT if step == NIGHT_STEP else step
        if phase != found[-1].phase:
            found.append(Change(_instant(day, at), phase))
    return found


def next_change(calendar: Calendar, product: str, instant: dt.datetime) -> Change | None:
    """The next change of what is due after an instant; None where nothing changes within MOST_DAYS_AHEAD."""
    now = phase_due(calendar, product, instant)
    return next((each for each in _changes(calendar, product, instant) if each.phase != now), None)


def due_since(calendar: Calendar, product: str, instant: dt.datetime) -> dt.datetime | None:
    """Since when what is due now has been due; None where it has been for more than a day.

    What follows a call has been due since its uncross was over.
    """
    today = instant.astimezone(LEGAL_ZONE).date()
    listed = [
        change
        for day in (today - dt.timedelta(days=1), today)
        for change in timetable(calendar, product, day)
        if change.at <= instant
    ]
    changed = [after.at for before, after in pairwise(listed) if before.phase != after.phase]
    return changed[-1] if changed else None


def after_call(calendar: Calendar, product: str, instant: dt.datetime) -> str:
    """The phase into which a cleared call opens: what comes after the uncross that is due, else what is due."""
    due = phase_due(calendar, product, instant)
    if due != UNCROSS:
        return due
    following = next_change(calendar, product, instant)
    return following.phase if following is not None else OPEN


def _changes(calendar: Calendar, product: str, instant: dt.datetime) -> Iterator[Change]:
    day = instant.astimezone(LEGAL_ZONE).date()
    for ahead in range(MOST_DAYS_AHEAD if calendar.of(product) else 0):
        for change in timetable(calendar, product, day + dt.timedelta(days=ahead)):
            if change.at > instant:
                yield change


def _steps(
    calendar: Calendar, rules: tuple[TradingDay, ...], day: dt.date
) -> tuple[tuple[dt.time, str], ...]:
    """The steps of a day: of the first rule that holds on it."""
    for rule in rules:
        if day.isoweekday() in rule.days and (not rule.working_days or calendar.is_working_day(day)):
            return rule.steps
    return ()


def _instant(day: dt.date, at: dt.time) -> dt.datetime:
    return dt.datetime.combine(day, at, LEGAL_ZONE).astimezone(dt.UTC)


# --- what the clock does about it ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a product is: its phase, since when, and what has stopped it (`stop` 0: nothing; `until` None: for good).

    `then`: the phase in which an interruption of its book goes on while the calendar has it open.
    """

    code: str
    phase: str
    since: dt.datetime
    stop: int = 0
    halted_by_breaker: bool = False
    until: dt.datetime | None = None
    then: str = OPEN


@dataclass(frozen=True, slots=True)
class Move:
    """What to tell the engine about a product: the kind of command, the phase, why, and the stop that it ends."""

    kind: str
    phase: str
    reason: str
    stop: int = 0


def move_due(calendar: Calendar, standing: Standing, now: dt.datetime) -> Move | None:
    """What the clock must do about a product now, if anything.

    A halt ends by whoever ordered it, never by the calendar; a price stop by its own time. An uncross is ended by
    whoever clears the call; only UNCROSS_MARGIN after its time does the calendar go on. A call that was not gathered
    is not cleared: an uncross follows an auction alone. A product that no rule names is left where it is.
    """
    due = phase_due(calendar, standing.code, now)
    if standing.phase == "closed":
        return None
    if standing.stop:
        if standing.until is None or now < standing.until:
            return None
        if standing.halted_by_breaker:
            return Move("resume", due, "the halt by the price breaker is over", standing.stop)
        phase = standing.then if due == OPEN else due
        return Move("phase", phase, "the interruption is over", standing.stop)
    if standing.phase == "halted" or standing.phase == due or not calendar.of(standing.code):
        return None
    if standing.phase == UNCROSS:
        over = max(standing.since, due_since(calendar, standing.code, now) or standing.since)
        return (
            Move("phase", due, "the call was not cleared in time") if now >= over + UNCROSS_MARGIN else None
        )
    if due == UNCROSS and standing.phase != AUCTION:
        return None
    return Move("phase", due, "by the calendar")
