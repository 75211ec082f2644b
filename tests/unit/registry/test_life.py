"""The life of an entitlement as a table: what each step needs, and when a period ends."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest

from market.core import workdays
from market.registry import life
from market.registry.life import NEW, STATES, STEPS, Facts, Pause, Taken

DAY = dt.date(2026, 3, 2)
FACTS = Facts(today=DAY, valid_to=dt.date(2030, 12, 31), publication_needed=True)


def test_every_state_is_reached_from_the_beginning_and_the_last_ones_are_left_by_no_step() -> None:
    reached, found = {NEW}, True
    while found:
        found = False
        for step in STEPS.values():
            for source in step.sources:
                if source in reached and step.to(source) not in reached:
                    reached.add(step.to(source))
                    found = True
    assert reached == {NEW, *STATES}
    left = {source for step in STEPS.values() for source in step.sources}
    assert set(STATES) - left == {"refused", "withdrawn", "replaced", "cancelled", "expired"}


def test_every_need_of_a_step_is_known_and_has_its_refusal() -> None:
    from market.registry.life_errors import OF_NEED

    needed = {need for step in STEPS.values() for need in step.needs}
    assert needed <= life.NEEDS.keys()
    assert needed <= OF_NEED.keys()
    assert all(step.legal_source and step.en and step.zh for step in STEPS.values())


@pytest.mark.parametrize(
    ("change", "missing"),
    [
        ({}, "published_where_needed"),
        ({"publication_needed": False}, None),
        ({"objections_until": DAY}, "objection_period_over"),
        ({"objections_until": DAY - dt.timedelta(days=1)}, None),
        ({"objections_until": dt.date(2026, 3, 1), "open_objections": 1}, "objections_decided"),
        ({"objections_until": dt.date(2026, 3, 1), "upheld_objections": 1}, "no_objection_upheld"),
        ({"publication_needed": False, "hearing_open": True}, "nothing_stops_it"),
        ({"publication_needed": False, "dispute_open": True}, "nothing_stops_it"),
    ],
)
def test_a_confirmation_names_what_is_missing(change: dict[str, object], missing: str | None) -> None:
    assert life.missing("confirm", replace(FACTS, **change)) == missing  # type: ignore[arg-type]


def _due(start: dt.date, length: int, unit: str, *stops: Pause) -> dt.date | None:
    return life.due_on(start, length, unit, stops, is_working_day=workdays.is_working_day)


def test_five_working_days_skip_the_national_day_and_count_the_sunday_that_is_worked() -> None:
    """国务院办公厅关于2026年部分节假日安排的通知, as chinesecalendar 2026 lists it: 1 to 7 October are free."""
    assert [day for day in range(1, 9) if workdays.is_working_day(dt.date(2026, 10, day))] == [8]
    assert not workdays.is_working_day(dt.date(2026, 10, 7))
    assert workdays.is_working_day(dt.date(2026, 9, 20))  # a Sunday that is worked
    assert _due(dt.date(2026, 9, 18), 1, "working_days") == dt.date(2026, 9, 20)
    # 29 and 30 September, 8 and 9 October, and Saturday 10 October, which is worked
    assert _due(dt.date(2026, 9, 28), 5, "working_days") == dt.date(2026, 10, 10)


def test_days_of_a_hearing_are_not_counted() -> None:
    """行政许可法 art. 45: the time for a hearing does not count. Monday 2 March 2026 to Friday 13 March."""
    assert _due(DAY, 5, "working_days") == dt.date(2026, 3, 9)
    hearing = Pause(dt.date(2026, 3, 4), dt.date(2026, 3, 10))
    # 3 March; then 11, 12, 13 and 16 March
    assert _due(DAY, 5, "working_days", hearing) == dt.date(2026, 3, 16)
    assert _due(DAY, 5, "working_days", Pause(dt.date(2026, 3, 4), None)) is None


def test_of_a_year_whose_holidays_are_unknown_weekends_alone_are_free() -> None:
    assert workdays.is_known(dt.date(2026, 12, 31))
    assert not workdays.is_known(dt.date(2031, 1, 1))
    # 1 January 2031 is a Wednesday and certainly a holiday: the count is provisional
    assert _due(dt.date(2030, 12, 31), 1, "working_days") == dt.date(2031, 1, 1)


def test_years_end_on_the_same_day_and_of_a_leap_day_on_the_28th() -> None:
    assert _due(dt.date(2024, 2, 29), 5, "years") == dt.date(2029, 2, 28)
    assert _due(dt.date(2024, 2, 29), 4, "years") == dt.date(2028, 2, 29)
    assert _due(DAY, 15, "days") == dt.date(2026, 3, 17)


def test_stops_are_read_off_the_steps_that_were_taken() -> None:
    taken = [
        Taken("apply", DAY),
        Taken("open_dispute", dt.date(2026, 3, 3)),
        Taken("open_hearing", dt.date(2026, 3, 4)),
        Taken("close_hearing", dt.date(2026, 3, 6)),
        Taken("open_hearing", dt.date(2026, 3, 9)),
        Taken("close_dispute", dt.date(2026, 3, 10)),
    ]
    assert life.pauses(taken) == (
        Pause(dt.date(2026, 3, 3), dt.date(2026, 3, 10)),
        Pause(dt.date(2026, 3, 4), dt.date(2026, 3, 6)),
        Pause(dt.date(2026, 3, 9), None),
    )
    assert life.stopped_since(life.pauses(taken)) == dt.date(2026, 3, 9)
    assert life.is_open(taken, "open_hearing", "close_hearing")
    assert not life.is_open(taken, "open_dispute", "close_dispute")


def test_the_roles_of_the_routes_are_those_of_the_table() -> None:
    from market.api.permissions import ROUTES

    for name, step in STEPS.items():
        route = {"apply": "entitlements.apply", "confirm": "entitlements.confirm", "refuse": "entitlements.refuse",
                 "suspend": "entitlements.suspend", "reinstate": "entitlements.reinstate",
                 "object": "life.lodge_objection", "succeed": None}.get(name, f"life.{name}")  # fmt: skip
        if route is not None:
            assert ROUTES[route].roles == step.who, name
