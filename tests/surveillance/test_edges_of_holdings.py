"""Rights, open orders and news where a threshold is just met, and just not; what must not be taken for them."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest

from market.supervision.surveillance.evidence import (
    BUY,
    SELL,
    Announcement,
    Close,
    Evidence,
    OrderEvent,
    Party,
    Right,
)
from tests.surveillance.small import DAY, HOUR, MONDAY, PEOPLE, SECOND, P, dealt, named, trade

# ---- rights ---------------------------------------------------------------------------------------------------------


def holding(litres: int, holders: int = 4, **more: object) -> tuple[Right, ...]:
    """Party 1 holds so much of 1000 litres, others the rest in equal parts, as near as it goes."""
    rest = 1000 - litres
    parts = [rest // holders + (place < rest % holders) for place in range(holders)]
    own = replace(Right(1, 1, 2026, "surface", "z", litres, 0), **more)  # type: ignore[arg-type]
    return (
        own,
        *(Right(2 + place, 2 + place, 2026, "surface", "z", part, 0) for place, part in enumerate(parts)),
    )


@pytest.mark.parametrize(("rights", "count"), [
    (holding(333), 1), (holding(332), 0), (holding(400, 3), 0), (holding(400, tradable_class=False), 0),
    (holding(433, sold=149), 1), (holding(433, sold=150), 0),
])  # fmt: skip
def test_a_third_of_a_zone_is_much(rights: tuple[Right, ...], count: int) -> None:
    seen = Evidence(PEOPLE, rights=rights)
    assert [one.parties for one in named(seen, "concentration_of_rights")] == [(1,)] * count


def test_an_association_holds_for_its_members_unless_another_owns_it() -> None:
    free, owned = Party(1, 1, "association"), Party(1, 39, "association")
    for one, count in ((free, 0), (owned, 1)):
        seen = Evidence((one, *PEOPLE[1:]), rights=holding(500))
        assert len(named(seen, "concentration_of_rights")) == count


def years(*used: int, excused: int = 0, running: int | None = None) -> Evidence:
    """A right of 1000 litres from 2022 on; `excused` one of the years; `running`: used in the year that is not over."""
    rights = [
        Right(
            1,
            1,
            2022 + place,
            "surface",
            "z",
            1000,
            litres,
            excused="fallow" if 2022 + place == excused else "",
        )
        for place, litres in enumerate(used)
    ]
    if running is not None:
        last = 2022 + len(used)
        rights.append(Right(1, 1, last, "surface", "z", 1000, running, share_of_year_e6=999_999))
    return Evidence(PEOPLE, rights=tuple(rights))


@pytest.mark.parametrize(("seen", "count"), [
    (years(0, 0), 1), (years(20, 20), 1), (years(0, 21), 0), (years(0), 0), (years(0, running=0), 0),
    (years(0, 0, running=0), 1), (years(0, 0, running=21), 0), (years(0, 0, 500), 0), (years(0, 0, excused=2023), 0),
    (years(0, 500, 0), 0), (years(500, 0, 0), 1), (years(0, 0, 0, excused=2022), 1),
])  # fmt: skip
def test_two_whole_years_on_end_up_to_now_are_hoarding(seen: Evidence, count: int) -> None:
    assert [one.parties for one in named(seen, "hoarding")] == [(1,)] * count


def test_a_year_that_is_missing_or_anothers_is_not_on_end() -> None:
    first, last = Right(1, 1, 2023, "surface", "z", 1000, 0), Right(1, 1, 2025, "surface", "z", 1000, 0)
    assert named(Evidence(PEOPLE, rights=(first, last)), "hoarding") == []
    passed_on = replace(last, year=2024, party=2)
    assert named(Evidence(PEOPLE, rights=(first, passed_on)), "hoarding") == []
    within = [replace(one, owner=1) if one.id == 2 else one for one in PEOPLE]
    assert len(named(Evidence(tuple(within), rights=(first, passed_on)), "hoarding")) == 1


@pytest.mark.parametrize(("used", "bought", "plan", "count"), [
    (525, 0, 1000, 0), (526, 0, 1000, 1), (626, 100, 1000, 1), (625, 100, 1000, 0), (900, 0, None, 0),
])  # fmt: skip
def test_use_past_plan_and_what_was_bought_is_nothing_to_sell_from(
    used: int, bought: int, plan: int | None, count: int
) -> None:
    right = Right(1, 1, 2026, "surface", "z", 2000, used, bought, plan=plan, share_of_year_e6=500_000)
    seen = replace(dealt(trade(MONDAY, 1, 1, 2)), rights=(right,))
    assert [one.trades for one in named(seen, "selling_over_plan")] == [(1,)] * count
    last_year = replace(seen, trades=(trade(MONDAY - 365 * DAY, 1, 1, 2),))
    assert named(last_year, "selling_over_plan") == []


# ---- orders ---------------------------------------------------------------------------------------------------------


def stood(litres: int, hours: dt.timedelta, *, days: int = 2, other: int = 4000) -> Evidence:
    """Each day, of ten hours, party 1 bids so much for some hours, two others a half each; ordinary is 1000 litres."""
    events = []
    for day in range(days):
        opened = MONDAY + day * DAY
        halves = [(number, number, other // 2, opened + 10 * HOUR) for number in (2, 3)]
        for number, party, volume, until in ((1, 1, litres, opened + hours), *halves):
            placed = OrderEvent(opened, 10 * day + number, party, P, BUY, "placed", 4000, volume, volume)
            events += [placed, replace(placed, at=until, action="cancelled", rest=0)]
    events += [
        OrderEvent(MONDAY, 100 + one, 10 + one, P, SELL, "placed", 5000, 1000, 1000) for one in range(20)
    ]
    closes = tuple(Close(MONDAY + day * DAY + 10 * HOUR, P, 4000) for day in range(days))
    return Evidence(PEOPLE, tuple(sorted(events, key=lambda one: one.at)), (), closes)


@pytest.mark.parametrize(("seen", "count"), [
    (stood(6000, 5 * HOUR), 1), (stood(5990, 5 * HOUR), 0), (stood(6000, 5 * HOUR - SECOND), 0),
    (stood(6000, 5 * HOUR, days=1), 0), (stood(5000, 5 * HOUR, other=1000), 1), (stood(4999, 5 * HOUR, other=1000), 0),
])  # fmt: skip
def test_one_hand_is_a_side_of_the_book_for_days(seen: Evidence, count: int) -> None:
    assert [one.parties for one in named(seen, "concentration_of_orders")] == [(1,)] * count
    members = [replace(one, kind="association") if one.id == 1 else one for one in PEOPLE]
    assert named(replace(seen, parties=tuple(members)), "concentration_of_orders") == []


# ---- news -----------------------------------------------------------------------------------------------------------


def knew(litres: int, at: dt.datetime, *, side: str = BUY, ordered: dt.datetime | None = None) -> Evidence:
    """Party 1 knew from Wednesday 12:00 to Friday 12:00; in three sessions before it had bought 2000 litres."""
    closes = tuple(Close(MONDAY + day * DAY + 7 * HOUR, P, 4000) for day in range(6))
    before = [trade(MONDAY + day * DAY, day + 1, 5, 1) for day in (0, 1)]
    pair = (6, 1) if side == BUY else (1, 6)
    deal = trade(at, 9, *pair, litres=litres)
    orders = ()
    if ordered:
        deal = replace(deal, mechanism="book", buy_order=7)
        first = OrderEvent(ordered, 7, 1, P, BUY, "placed", 4000, litres, litres)
        orders = (first, replace(first, at=at, action="filled", rest=0))
    news = Announcement(1, MONDAY + 2 * DAY + 2 * HOUR, MONDAY + 4 * DAY + 2 * HOUR, (P,), "up", (1,))
    return replace(dealt(*before, deal, closes=closes), orders=orders, announcements=(news,))


WEDNESDAY_NOON, FRIDAY_NOON = MONDAY + 2 * DAY + 2 * HOUR, MONDAY + 4 * DAY + 2 * HOUR


@pytest.mark.parametrize(("seen", "count"), [
    (knew(4001, WEDNESDAY_NOON), 1), (knew(4000, WEDNESDAY_NOON), 0), (knew(4001, FRIDAY_NOON - SECOND), 1),
    (knew(4001, FRIDAY_NOON), 0), (knew(9000, WEDNESDAY_NOON - SECOND), 0), (knew(9000, WEDNESDAY_NOON, side=SELL), 0),
    (knew(9000, FRIDAY_NOON - HOUR, ordered=WEDNESDAY_NOON), 1),
    (knew(9000, FRIDAY_NOON - HOUR, ordered=WEDNESDAY_NOON - SECOND), 0),
])  # fmt: skip
def test_who_knew_trades_more_than_ever_before_publication(seen: Evidence, count: int) -> None:
    found = named(seen, "unpublished_announcement")
    assert [(one.parties, one.trades) for one in found] == [((1,), (9,))] * count


def test_another_account_of_one_who_knew_knew() -> None:
    people = [replace(one, owner=1) if one.id == 2 else one for one in PEOPLE]
    seen = replace(
        dealt(trade(WEDNESDAY_NOON + HOUR, 1, 5, 2), people=people),
        announcements=knew(1, MONDAY).announcements,
    )
    assert [one.parties for one in named(seen, "unpublished_announcement")] == [(2,)]
    strangers_seen = replace(seen, parties=PEOPLE)
    assert named(strangers_seen, "unpublished_announcement") == []
