"""The clock of a review, its colour, whose turn a decision is, and the text of a notice, as tables."""

from __future__ import annotations

import datetime as dt

import pytest

from market.core import workdays
from market.supervision.desks import wording
from market.supervision.desks.rules import (
    GREEN,
    GREY,
    HEARING,
    NO_CLOCK,
    OBJECTION,
    PUBLICATION,
    RED,
    ROLE_OF,
    YELLOW,
    Proposal,
    Stop,
    Terms,
    Turn,
    at_desk,
    clock,
    turn,
    working_days_between,
)

# Around the National Day of 2025: 1 to 8 October are free, Sunday 28 September and Saturday 11 October are worked.
BEGAN = dt.date(2025, 9, 26)
FIVE = Terms(5, 2)


def day(text: str) -> dt.date:
    return dt.date.fromisoformat(text)


def _clock(terms: Terms, today: str, *stops: Stop) -> tuple[str | None, int | None, str, str | None]:
    found = clock(terms, BEGAN, stops, day(today), workdays.is_working_day)
    return (str(found.due_on) if found.due_on else None, found.days_left, found.colour, found.stopped_by)


@pytest.mark.parametrize(
    ("today", "left", "colour"),
    [
        ("2025-09-26", 5, GREEN),
        ("2025-09-28", 4, GREEN),  # a Sunday that is worked
        ("2025-09-30", 2, YELLOW),
        ("2025-10-05", 2, YELLOW),  # a holiday takes nothing away
        ("2025-10-09", 1, YELLOW),
        ("2025-10-10", 0, YELLOW),
        ("2025-10-11", -1, RED),
    ],
)
def test_five_working_days_over_the_holidays(today: str, left: int, colour: str) -> None:
    # 28, 29, 30 September, 9 and 10 October; 行政许可法 art. 82
    assert _clock(FIVE, today) == ("2025-10-10", left, colour, None)


def test_a_hearing_stops_the_clock_and_its_days_are_given_back() -> None:
    running = Stop(HEARING, day("2025-09-29"), None)
    assert _clock(FIVE, "2025-10-20", running) == (None, None, GREY, HEARING)
    over = Stop(HEARING, day("2025-09-29"), day("2025-10-09"))
    # 28 September counts; 29 and 30 September and 9 October do not: 10, 11, 13, 14 October are the rest
    assert _clock(FIVE, "2025-10-10", over) == ("2025-10-14", 3, GREEN, None)
    counts_on = FIVE._replace(hearing_stops=False)
    assert _clock(counts_on, "2025-10-09", running) == ("2025-10-10", 1, YELLOW, None)


def test_publication_and_objection_stop_it_only_where_the_rule_says_so() -> None:
    published = Stop(PUBLICATION, BEGAN, day("2025-09-29"))
    objected = Stop(OBJECTION, day("2025-09-29"), None)
    assert _clock(FIVE, "2025-09-29", published, objected) == ("2025-10-10", 3, GREEN, None)
    both = FIVE._replace(publication_stops=True, objection_stops=True)
    assert _clock(both, "2025-09-28", published) == ("2025-10-13", 5, GREY, PUBLICATION)
    assert _clock(both, "2025-09-30", published) == ("2025-10-13", 4, GREEN, None)
    assert _clock(both, "2025-09-30", published, objected) == (None, None, GREY, OBJECTION)


def test_without_days_there_is_no_clock() -> None:
    assert clock(Terms(0, 0), BEGAN, (), BEGAN, workdays.is_working_day) == NO_CLOCK


def test_working_days_are_counted_forwards_and_backwards() -> None:
    start, end = day("2025-09-26"), day("2025-10-11")
    assert working_days_between(start, end, workdays.is_working_day) == 6
    assert working_days_between(end, start, workdays.is_working_day) == -6
    assert working_days_between(start, start, workdays.is_working_day) == 0


APPROVES = Proposal("approved", "{}", 1)


@pytest.mark.parametrize(
    ("four_eyes", "before", "made", "expected"),
    [
        (False, None, APPROVES, Turn.CARRY_OUT),
        (True, None, APPROVES, Turn.PROPOSE),
        (True, APPROVES, APPROVES, Turn.SAME_PERSON),
        (True, APPROVES, APPROVES._replace(by=2), Turn.CARRY_OUT),
        (True, APPROVES, Proposal("refused", "{}", 2), Turn.NOT_WHAT_WAS_PROPOSED),
        (True, APPROVES, Proposal("approved", '{"but": 1}', 2), Turn.NOT_WHAT_WAS_PROPOSED),
        (True, APPROVES, Proposal("refused", "{}", 1), Turn.SAME_PERSON),
    ],
)
def test_two_persons_decide_one_after_the_other(
    four_eyes: bool, before: Proposal | None, made: Proposal, expected: Turn
) -> None:
    assert turn(four_eyes, before, made) is expected


def test_no_administrator_treasurer_or_auditor_sits_at_a_desk() -> None:
    assert not any(at_desk(desk, {"administrator", "treasurer", "auditor", "holder"}) for desk in ROLE_OF)
    assert [desk for desk in ROLE_OF if at_desk(desk, {"reviewer"})] == ["trades"]
    assert [desk for desk in ROLE_OF if at_desk(desk, {"supervisor"})] == ["supervision"]


def test_a_notice_says_the_same_in_both_languages_and_names_the_remedy() -> None:
    said = wording.Said(
        desk=("某县水利局", "A county's water bureau"), number=wording.number("英水审", 2026, 1),
        matter=("用水权交易", "trade of water"), subject="ins_1", amount=("1.000 立方米", "1.000 m³"),
        decision="refused", reason="no route", legal_source=("行政许可法第三十八条", "行政许可法 art. 38"),
        rule="farm-to-industry", rule_source=("暂行办法第十五条", "interim2016 art. 15"), days=60,
        day=dt.date(2026, 3, 9),
    )  # fmt: skip
    zh, en = wording.written(said)
    for words in (
        "英水审〔2026〕1号", "不予同意", "60日内", "2026年3月9日", "行政复议",
        "行政许可法第三十八条", "暂行办法第十五条（farm-to-industry）",
    ):  # fmt: skip
        assert words in zh
    for words in (
        "英水审〔2026〕1号",
        "refused",
        "within 60 days",
        "2026-03-09",
        "Review Law art. 20",
        "ins_1",
        "By: 行政许可法 art. 38",
    ):
        assert words in en
