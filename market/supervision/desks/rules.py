"""The clock of a review and its colour, and whose turn a decision is. Pure.

Days are legal days; working days are by the calendar that is given. A day on which a clock is stopped is not counted
(行政许可法 art. 45).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Iterable
from enum import Enum
from typing import NamedTuple

from market.registry.life import Pause, due_on, stopped_since

IsWorkingDay = Callable[[dt.date], bool]
GREEN, YELLOW, RED, GREY = COLOURS = ("green", "yellow", "red", "grey")
"""In time; soon due; overdue; stopped, or without a clock."""
HEARING, PUBLICATION, OBJECTION, LAW = STOPS = ("hearing", "publication", "objection", "law")
"""What stops a clock; `law`: a hearing or dispute over an application, as the steps of the right show it."""
ROLE_OF = {"trades": "reviewer", "rights": "registrar", "contracts": "registrar", "supervision": "supervisor"}
"""The role whose members sit at a desk."""


class Terms(NamedTuple):
    """What a rule says of the clock: working days (0: none of its own), days of warning, what stops it."""

    working_days: int
    warn_days: int
    hearing_stops: bool = True
    publication_stops: bool = False
    objection_stops: bool = False


class Stop(NamedTuple):
    """Why a clock stood still, from a day to another (None: it does so still), both included."""

    by: str
    since: dt.date
    until: dt.date | None


class Clock(NamedTuple):
    """When a review is due (None: stopped, or without a clock), how many working days are left, and its colour."""

    due_on: dt.date | None
    days_left: int | None
    colour: str
    stopped_by: str | None
    stopped_since: dt.date | None


NO_CLOCK = Clock(None, None, GREY, None, None)


def stopping(terms: Terms, stops: Iterable[Stop]) -> tuple[Stop, ...]:
    """Of what may stop a clock, what stops it by the rule."""
    counts = {
        HEARING: terms.hearing_stops,
        PUBLICATION: terms.publication_stops,
        OBJECTION: terms.objection_stops,
    }
    return tuple(each for each in stops if counts.get(each.by, True))


def clock(
    terms: Terms,
    began_on: dt.date,
    stops: Collection[Stop],
    today: dt.date,
    is_working_day: IsWorkingDay,
) -> Clock:
    """The clock of a review that began on a day, which does not count."""
    if terms.working_days == 0:
        return NO_CLOCK
    holding = stopping(terms, stops)
    pauses = [Pause(each.since, each.until) for each in holding]
    # On the day on which a hearing ended the clock does not count yet, but nothing is waited for any more.
    now = next(
        (each for each in holding if each.until is None or (each.by == PUBLICATION and _is_on(each, today))),
        None,
    )
    due = due_on(began_on, terms.working_days, "working_days", pauses, is_working_day=is_working_day)
    stopped = stopped_since(pauses) or (now.since if now is not None else None)

    def counts(day: dt.date) -> bool:
        return is_working_day(day) and not any(_is_on(each, day) for each in holding)

    return view(due, terms.warn_days, today, counts, now.by if now is not None else None, stopped)


def view(
    due: dt.date | None,
    warn_days: int,
    today: dt.date,
    is_working_day: IsWorkingDay,
    stopped_by: str | None = None,
    since: dt.date | None = None,
) -> Clock:
    """The clock with this last day, as it looks today."""
    if due is None:
        return Clock(None, None, GREY, stopped_by, since)
    left = working_days_between(today, due, is_working_day)
    if today > due:
        return Clock(due, min(left, 0), RED, stopped_by, since)
    colour = GREY if stopped_by is not None else YELLOW if left <= warn_days else GREEN
    return Clock(due, left, colour, stopped_by, since)


def _is_on(stop: Stop, today: dt.date) -> bool:
    return stop.since <= today and (stop.until is None or today <= stop.until)


def working_days_between(start: dt.date, end: dt.date, is_working_day: IsWorkingDay) -> int:
    """How many working days after `start` until `end`, the last included; below zero where it lies before."""
    if end < start:
        return -working_days_between(end, start, is_working_day)
    return sum(is_working_day(start + dt.timedelta(days=day)) for day in range(1, (end - start).days + 1))


def at_desk(desk: str, roles: Collection[str]) -> bool:
    """Whether these roles sit at a desk."""
    return ROLE_OF[desk] in roles


class Proposal(NamedTuple):
    """What a first person proposed: approved or refused, and with which particulars."""

    decision: str
    extra: str
    by: int


class Turn(Enum):
    """What a decision becomes where the rule asks two persons, or one."""

    CARRY_OUT = "carry_out"
    PROPOSE = "propose"
    SAME_PERSON = "same_person"
    NOT_WHAT_WAS_PROPOSED = "not_what_was_proposed"


def turn(four_eyes: bool, proposal: Proposal | None, made: Proposal) -> Turn:
    """Whose turn it is: the first of two proposes, another confirms the very same; one person decides alone."""
    if not four_eyes:
        return Turn.CARRY_OUT
    if proposal is None:
        return Turn.PROPOSE
    if proposal.by == made.by:
        return Turn.SAME_PERSON
    same = (proposal.decision, proposal.extra) == (made.decision, made.extra)
    return Turn.CARRY_OUT if same else Turn.NOT_WHAT_WAS_PROPOSED
