"""The trading calendar as a table: days, holidays, times, and what the clock does about a product."""

from __future__ import annotations

import datetime as dt

import pytest

from market.core import workdays
from market.trading.sessions import (
    UNCROSS_MARGIN,
    Calendar,
    Change,
    Move,
    Standing,
    TradingDay,
    after_call,
    due_since,
    move_due,
    next_change,
    phase_due,
    timetable,
)

WEEK = frozenset(range(1, 8))


def _at(text: str) -> dt.time:
    return dt.time.fromisoformat(text)


DAY = tuple(
    (_at(at), phase)
    for at, phase in (
        ("09:00", "pre_open"), ("09:30", "auction"), ("10:00", "uncross"), ("10:10", "open"), ("12:00", "night"),
        ("14:00", "open"), ("17:00", "night"),
    )
)  # fmt: skip
SHORT = ((_at("10:00"), "open"), (_at("11:00"), "night"))
CALENDAR = Calendar(
    (
        TradingDay(None, WEEK, True, DAY),
        TradingDay("wells", frozenset({1, 2, 3, 4, 5}), True, SHORT),
        TradingDay("wells", frozenset({7}), False, SHORT),
    ),
    workdays.is_working_day,
)


def _utc(local: str) -> dt.datetime:
    """A legal time as an instant in UTC, eight hours before: summer and winter alike."""
    return (dt.datetime.fromisoformat(local) - dt.timedelta(hours=8)).replace(tzinfo=dt.UTC)


@pytest.mark.parametrize(
    ("local", "phase"),
    [
        ("2026-03-04 00:00", "pre_open"),  # a Wednesday
        ("2026-03-04 08:59", "pre_open"),
        ("2026-03-04 09:29", "pre_open"),
        ("2026-03-04 09:30", "auction"),
        ("2026-03-04 09:59", "auction"),
        ("2026-03-04 10:00", "uncross"),
        ("2026-03-04 10:10", "open"),
        ("2026-03-04 11:59", "open"),
        ("2026-03-04 12:00", "pre_open"),
        ("2026-03-04 14:00", "open"),
        ("2026-03-04 17:00", "pre_open"),
        ("2026-03-04 23:59", "pre_open"),
        ("2026-07-15 10:10", "open"),  # summer: no daylight saving
        ("2026-07-15 10:09", "uncross"),
        ("2026-03-07 11:00", "pre_open"),  # a Saturday
        ("2026-10-01 11:00", "pre_open"),  # National Day, a Thursday
        ("2026-02-18 11:00", "pre_open"),  # Spring Festival, a Wednesday
        ("2026-02-14 11:00", "open"),  # a Saturday worked instead
        ("2026-12-31 16:59", "open"),  # the year's last afternoon
        ("2026-12-31 17:00", "pre_open"),
        ("2027-01-01 11:00", "open"),  # a year whose holidays are not published: week-ends alone are free
    ],
)
def test_what_is_due(local: str, phase: str) -> None:
    assert phase_due(CALENDAR, "surface", _utc(local)) == phase


@pytest.mark.parametrize(
    ("local", "phase"),
    [
        ("2026-03-04 10:30", "open"),
        ("2026-03-04 09:45", "pre_open"),  # not the auction of all
        ("2026-02-14 10:30", "pre_open"),  # a Saturday is worked, but its rule names Monday to Friday
        ("2026-03-08 10:30", "open"),  # a Sunday, by a rule of its own, working or not
    ],
)
def test_a_products_own_rules_take_the_place_of_those_of_all(local: str, phase: str) -> None:
    assert phase_due(CALENDAR, "wells", _utc(local)) == phase


def test_without_a_rule_a_product_is_always_open_and_nothing_changes() -> None:
    only_wells = Calendar(CALENDAR.rules[1:], workdays.is_working_day)
    instant = _utc("2026-03-04 03:00")
    assert phase_due(only_wells, "surface", instant) == "open"
    assert next_change(only_wells, "surface", instant) is None
    assert timetable(only_wells, "surface", dt.date(2026, 3, 4)) == [Change(_utc("2026-03-04 00:00"), "open")]


def test_a_days_timetable_leaves_out_what_changes_nothing() -> None:
    found = [(each.at, each.phase) for each in timetable(CALENDAR, "surface", dt.date(2026, 3, 4))]
    assert found == [
        (_utc("2026-03-04 00:00"), "pre_open"), (_utc("2026-03-04 09:30"), "auction"),
        (_utc("2026-03-04 10:00"), "uncross"), (_utc("2026-03-04 10:10"), "open"),
        (_utc("2026-03-04 12:00"), "pre_open"), (_utc("2026-03-04 14:00"), "open"),
        (_utc("2026-03-04 17:00"), "pre_open"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("local", "at", "phase"),
    [
        ("2026-03-04 09:30", "2026-03-04 10:00", "uncross"),
        ("2026-03-04 17:00", "2026-03-05 09:30", "auction"),
        ("2026-03-06 18:00", "2026-03-09 09:30", "auction"),  # over a week-end
        ("2026-02-14 17:30", "2026-02-24 09:30", "auction"),  # over the Spring Festival of 2026
        ("2026-12-31 18:00", "2027-01-01 09:30", "auction"),
    ],
)
def test_the_next_change(local: str, at: str, phase: str) -> None:
    assert next_change(CALENDAR, "surface", _utc(local)) == Change(_utc(at), phase)


def test_since_when_something_is_due() -> None:
    assert due_since(CALENDAR, "surface", _utc("2026-03-04 10:15")) == _utc("2026-03-04 10:10")
    assert due_since(CALENDAR, "surface", _utc("2026-03-05 01:00")) == _utc("2026-03-04 17:00")
    assert due_since(CALENDAR, "surface", _utc("2026-03-08 12:00")) is None


def test_a_call_opens_into_what_comes_after_it() -> None:
    assert after_call(CALENDAR, "surface", _utc("2026-03-04 10:05")) == "open"
    assert after_call(CALENDAR, "surface", _utc("2026-03-04 18:00")) == "pre_open"


LONG_AGO = _utc("2026-01-01 00:00")
BY_CALENDAR = "by the calendar"
LATE = "the call was not cleared in time"


@pytest.mark.parametrize(
    ("phase", "local", "move"),
    [
        ("pre_open", "2026-03-04 09:31", Move("phase", "auction", BY_CALENDAR)),
        ("auction", "2026-03-04 09:31", None),
        ("auction", "2026-03-04 10:00", Move("phase", "uncross", BY_CALENDAR)),
        ("open", "2026-03-04 10:05", None),  # the call is cleared already: not cleared again
        ("pre_open", "2026-03-04 10:05", None),  # nothing was gathered: no call
        ("uncross", "2026-03-04 10:05", None),
        ("uncross", "2026-03-04 10:19", None),  # may still be cleared
        ("uncross", "2026-03-04 10:20", Move("phase", "open", LATE)),
        ("pre_open", "2026-03-04 10:10", Move("phase", "open", BY_CALENDAR)),
        ("open", "2026-03-04 17:00", Move("phase", "pre_open", BY_CALENDAR)),
        ("halted", "2026-03-04 17:00", None),
        ("closed", "2026-03-04 17:00", None),
    ],
)
def test_what_the_clock_does_about_a_product(phase: str, local: str, move: Move | None) -> None:
    assert move_due(CALENDAR, Standing("surface", phase, LONG_AGO), _utc(local)) == move


def test_an_uncross_of_no_calendar_has_its_margin_too() -> None:
    since = _utc("2026-03-04 15:00")
    standing = Standing("surface", "uncross", since)
    assert move_due(CALENDAR, standing, since + UNCROSS_MARGIN - dt.timedelta(seconds=1)) is None
    assert move_due(CALENDAR, standing, since + UNCROSS_MARGIN) == Move("phase", "open", LATE)


def test_a_product_that_no_rule_names_is_left_where_it_is() -> None:
    for phase in ("pre_open", "auction", "uncross", "open"):
        assert move_due(Calendar(), Standing("surface", phase, LONG_AGO), _utc("2026-03-04 15:00")) is None


@pytest.mark.parametrize(
    ("calendar", "local", "then", "move"),
    [
        (CALENDAR, "2026-03-04 14:59", "open", None),
        (CALENDAR, "2026-03-04 15:00", "open", Move("phase", "open", "the interruption is over", 7)),
        (CALENDAR, "2026-03-04 15:00", "uncross", Move("phase", "uncross", "the interruption is over", 7)),
        (CALENDAR, "2026-03-04 17:30", "uncross", Move("phase", "pre_open", "the interruption is over", 7)),
        (Calendar(), "2026-03-04 17:30", "open", Move("phase", "open", "the interruption is over", 7)),
    ],
)
def test_an_interruption_ends_by_its_own_time(
    calendar: Calendar, local: str, then: str, move: Move | None
) -> None:
    until = _utc("2026-03-04 15:00")
    standing = Standing("surface", "auction", LONG_AGO, 7, until=until, then=then)
    assert move_due(calendar, standing, _utc(local)) == move


def test_a_halt_by_the_breaker_ends_by_its_time_or_by_somebody() -> None:
    until = _utc("2026-03-04 15:00")
    timed = Standing("surface", "halted", LONG_AGO, 7, halted_by_breaker=True, until=until)
    forever = Standing("surface", "halted", LONG_AGO, 7, halted_by_breaker=True)
    assert move_due(CALENDAR, timed, until - dt.timedelta(seconds=1)) is None
    assert move_due(CALENDAR, timed, until) == Move(
        "resume", "open", "the halt by the price breaker is over", 7
    )
    assert move_due(CALENDAR, forever, until) is None
