"""Trades and orders where a threshold is just met, and just not; what must not be taken for them."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest

from market.supervision.surveillance import detect
from market.supervision.surveillance.evidence import (
    BUY,
    SELL,
    Announcement,
    Close,
    Evidence,
    OrderEvent,
    Party,
    Trade,
)
from tests.surveillance.small import DAY, HOUR, MINUTE, MONDAY, PEOPLE, SECOND, P, dealt, named, trade


def strangers(first: dt.datetime, count: int, number: int = 100, price: int = 4000) -> list[Trade]:
    """Trades of others at the market's price, an hour apart, no two of a pair."""
    return [
        trade(first + place * HOUR, number + place, 20 + place, 30 + place, price) for place in range(count)
    ]


def test_of_nothing_nothing_is_said() -> None:
    assert detect(Evidence(())) == ()
    assert detect(Evidence(PEOPLE, closes=(Close(MONDAY, P, 4000),))) == ()


# ---- wash trades ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("litres", "wait", "count"), [
    (850, 72 * HOUR, 1), (849, 72 * HOUR, 0), (850, 72 * HOUR + SECOND, 0),
])  # fmt: skip
def test_water_is_back_in_time_and_nearly_whole(litres: int, wait: dt.timedelta, count: int) -> None:
    seen = dealt(trade(MONDAY, 1, 1, 2), trade(MONDAY + wait, 2, 2, 1, litres=litres))
    assert [one.parties for one in named(seen, "wash_trade")] == [(1, 2)] * count


@pytest.mark.parametrize(("hands", "count"), [(3, 1), (5, 1), (6, 0)])
def test_a_ring_is_followed_so_far(hands: int, count: int) -> None:
    seen = dealt(
        *(trade(MONDAY + place * HOUR, place, place, place % hands + 1) for place in range(1, hands + 1))
    )
    assert [one.parties for one in named(seen, "wash_trade")] == [tuple(range(1, hands + 1))] * count


def test_water_that_comes_back_to_another_account_of_the_hand_is_back() -> None:
    people = [*PEOPLE, Party(50, 1, "works")]
    seen = dealt(trade(MONDAY, 1, 1, 2), trade(MONDAY + HOUR, 2, 2, 50), people=people)
    assert [one.parties for one in named(seen, "wash_trade")] == [(1, 2, 50)]
    within = dealt(trade(MONDAY, 1, 1, 50), trade(MONDAY + HOUR, 2, 50, 1), people=people)
    assert [one.parties for one in named(within, "wash_trade")] == [(1, 50)]
    one_way = dealt(trade(MONDAY, 1, 1, 50), trade(MONDAY + HOUR, 2, 1, 50), people=people)
    assert named(one_way, "wash_trade") == []


def booked(
    at: dt.datetime, number: int, seller: int, buyer: int, wait: dt.timedelta, more: int = 0
) -> tuple[Trade, list[OrderEvent]]:
    """A trade of the book whose ask had waited, and was larger by `more` litres."""
    made = trade(at, number, seller, buyer, mechanism="book", sell_order=2 * number, buy_order=2 * number + 1)
    ask = OrderEvent(at - wait, 2 * number, seller, P, SELL, "placed", 4000, 1000 + more, 1000 + more)
    bid = OrderEvent(at, 2 * number + 1, buyer, P, BUY, "placed", 4000, 1000, 1000)
    fills = [replace(one, at=at, action="filled", rest=one.rest - 1000) for one in (ask, bid)]
    return made, [ask, bid, *fills]


@pytest.mark.parametrize(("wait", "more", "count"), [
    (10 * MINUTE, 0, 1), (10 * MINUTE + SECOND, 0, 0), (MINUTE, 111, 1), (MINUTE, 112, 0),
])  # fmt: skip
def test_orders_of_a_book_that_did_not_come_together_were_not_agreed(
    wait: dt.timedelta, more: int, count: int
) -> None:
    there, orders = booked(MONDAY + HOUR, 1, 1, 2, wait, more)
    back, others = booked(MONDAY + 2 * HOUR, 2, 2, 1, MINUTE)
    events = tuple(sorted((*orders, *others), key=lambda one: one.at))
    assert len(named(Evidence(PEOPLE, events, (there, back)), "wash_trade")) == count


def test_who_trades_mostly_with_others_meanwhile_met_by_chance() -> None:
    there, back = trade(MONDAY, 1, 1, 2), trade(MONDAY + 2 * HOUR, 2, 2, 1)
    besides = trade(MONDAY + HOUR, 3, 9, 1, litres=2000)
    assert len(named(dealt(there, besides, back), "wash_trade")) == 1
    assert named(dealt(there, replace(besides, litres=2010), back), "wash_trade") == []


# ---- hands ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("marks", "count"), [
    ({"representative": "r", "device": "d"}, 1), ({"bank_account": "b", "device": "d"}, 1),
    ({"representative": "r"}, 0),
    ({"telephone": "t", "address": "a", "clerk": "c"}, 0), ({"telephone": "t", "device": "d"}, 0),
])  # fmt: skip
def test_two_marks_of_ones_own_make_one_hand(marks: dict[str, str], count: int) -> None:
    people = [replace(one, **marks) if one.id in (1, 2) else one for one in PEOPLE]  # type: ignore[arg-type]
    seen = dealt(
        *strangers(MONDAY, 4),
        trade(MONDAY + 5 * HOUR, 1, 1, 2, 3000),
        *strangers(MONDAY + 6 * HOUR, 4, 200),
        people=people,
    )
    assert len(named(seen, "related_parties")) == count
    assert len(named(seen, "price_outlier")) == 1 - count


@pytest.mark.parametrize(("tenants", "count"), [(5, 1), (6, 0)])
def test_what_many_representatives_have_is_lent(tenants: int, count: int) -> None:
    many = [
        replace(one, representative=f"r{one.id}", bank_account="b", device="d") if one.id <= tenants else one
        for one in PEOPLE
    ]
    seen = dealt(
        *strangers(MONDAY, 4),
        trade(MONDAY + 5 * HOUR, 1, 1, 2, 3000),
        *strangers(MONDAY + 6 * HOUR, 4, 200),
        people=many,
    )
    assert len(named(seen, "related_parties")) == count
    straws = [replace(one, representative="r", bank_account="b") if one.id <= 12 else one for one in PEOPLE]
    assert len(named(replace(seen, parties=tuple(straws)), "related_parties")) == 1


# ---- prices ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("price", "count"), [(3800, 1), (3801, 0), (4200, 1), (4199, 0)])
def test_one_hand_is_away_from_the_price(price: int, count: int) -> None:
    people = [*PEOPLE, Party(50, 51, "works"), Party(51, 1, "firm")]
    seen = dealt(
        *strangers(MONDAY, 4),
        trade(MONDAY + 5 * HOUR, 1, 1, 50, price),
        *strangers(MONDAY + 6 * HOUR, 4, 200),
        people=people,
    )
    assert [one.parties for one in named(seen, "related_parties")] == [(1, 50)] * count
    assert (
        named(
            replace(seen, trades=tuple(replace(one, transfer_kind="gift") for one in seen.trades)),
            "related_parties",
        )
        == []
    )


@pytest.mark.parametrize(("price", "later", "count"), [
    (4800, 3, 1), (4799, 3, 0), (3200, 3, 1), (3201, 3, 0), (5599, 2, 0), (5600, 2, 1), (5600, 0, 0),
])  # fmt: skip
def test_a_stranger_is_away_from_both_sides_or_twice_as_far(price: int, later: int, count: int) -> None:
    """With two later trades there is no price after; with none there are too few others to speak of a market."""
    seen = dealt(
        *strangers(MONDAY, 4),
        trade(MONDAY + 5 * HOUR, 1, 1, 2, price),
        *strangers(MONDAY + 6 * HOUR, later, 200),
    )
    assert len(named(seen, "price_outlier")) == count


def test_who_only_came_first_when_the_market_moved_is_not_away() -> None:
    seen = dealt(
        *strangers(MONDAY, 4),
        trade(MONDAY + 5 * HOUR, 1, 1, 2, 8000),
        *strangers(MONDAY + 6 * HOUR, 4, 200, 8100),
    )
    assert named(seen, "price_outlier") == []


@pytest.mark.parametrize("mechanism", ["bidding", "buy_back", "call"])
def test_a_price_that_two_did_not_make_is_no_outlier(mechanism: str) -> None:
    deal = trade(MONDAY + 5 * HOUR, 1, 1, 2, 9000, mechanism=mechanism)
    assert (
        named(dealt(*strangers(MONDAY, 4), deal, *strangers(MONDAY + 6 * HOUR, 4, 200)), "price_outlier")
        == []
    )


@pytest.mark.parametrize(("price", "reference", "kind", "count"), [
    (40, 4000, "sale", 1), (41, 4000, "sale", 0), (50, None, "sale", 1), (51, None, "sale", 0),
    (0, 4000, "succession", 0),
])  # fmt: skip
def test_a_token_is_next_to_nothing(price: int, reference: int | None, kind: str, count: int) -> None:
    seen = dealt(trade(MONDAY, 1, 1, 2, price, reference_e4=reference, transfer_kind=kind))
    assert len(named(seen, "zero_price")) == count


@pytest.mark.parametrize(
    ("days", "sale", "count"), [(2, False, 0), (3, False, 1), (1, True, 0), (2, True, 1)]
)
def test_gifts_become_a_trade(days: int, sale: bool, count: int) -> None:
    gifts = [trade(MONDAY + place * DAY, place + 1, 1, 2, 0, transfer_kind="gift") for place in range(days)]
    beside = [trade(MONDAY + HOUR, 9, 1, 2)] if sale else []
    assert [one.trades for one in named(dealt(*gifts, *beside), "zero_price")] == [
        tuple(range(1, days + 1))
    ] * count
    one_day = [replace(one, at=MONDAY) for one in gifts]
    assert named(dealt(*one_day, *beside), "zero_price") == []


# ---- layering -------------------------------------------------------------------------------------------------------


def layered(
    litres: int, wait: dt.timedelta, *, days: int = 1, renewed: int = 0, small: int = 1000
) -> Evidence:
    """Each day an ask of 10 000 litres is filled while a bid is shown, which is withdrawn after a while."""
    events, trades = [], []
    for place in range(days):
        at = MONDAY + place * DAY + HOUR
        order = 10 * place + 1
        ask = OrderEvent(at - 30 * MINUTE, order, 1, P, SELL, "placed", 4000, 10_000, 10_000)
        bid = OrderEvent(at - 20 * MINUTE, order + 1, 1, P, BUY, "placed", 3900, litres, litres)
        events += [ask, bid, replace(ask, at=at, action="filled", rest=0)]
        events.append(replace(bid, at=at + wait, action="cancelled", rest=0))
        if renewed:
            events.append(
                replace(bid, at=at + wait + 10 * MINUTE, order=order + 2, litres=renewed, rest=renewed)
            )
        trades.append(trade(at, place + 1, 1, 2, litres=10_000, mechanism="book", sell_order=order))
    ordinary = [OrderEvent(MONDAY, 1000 + one, 9, P, BUY, "placed", 3000, small, small) for one in range(20)]
    return Evidence(PEOPLE, tuple(sorted((*events, *ordinary), key=lambda one: one.at)), tuple(trades))


@pytest.mark.parametrize(("seen", "count"), [
    (layered(20_000, 30 * MINUTE), 1), (layered(19_999, MINUTE), 0), (layered(20_000, 30 * MINUTE + SECOND), 0),
    (layered(20_000, MINUTE, renewed=1), 0), (layered(20_000, MINUTE, small=5000), 1),
    (layered(20_000, MINUTE, small=5001), 0), (layered(20_000, MINUTE, small=5001, days=2), 0),
    (layered(20_000, MINUTE, small=5001, days=3), 1),
])  # fmt: skip
def test_what_was_shown_and_went_is_a_multiple_of_what_was_filled(seen: Evidence, count: int) -> None:
    """And large beside an ordinary order, or done on three days; not where it comes back at once."""
    found = named(seen, "layering")
    assert [one.parties for one in found] == [(1,)] * count
    assert all(order % 10 == 2 for one in found for order in one.orders)


def test_an_order_amended_to_nearly_nothing_is_withdrawn_too() -> None:
    seen = layered(20_000, MINUTE)
    gone = tuple(
        replace(one, action="amended", rest=2000) if one.action == "cancelled" else one for one in seen.orders
    )
    assert named(replace(seen, orders=gone), "layering") == []
    more = tuple(
        replace(one, litres=25_000, rest=25_000) if one.order == 2 and one.rest else one for one in gone
    )
    amended = tuple(replace(one, rest=2500) if one.action == "amended" else one for one in more)
    assert len(named(replace(seen, orders=amended), "layering")) == 1


# ---- the close ------------------------------------------------------------------------------------------------------

CLOSING = MONDAY + 7 * HOUR


def pushed(price: int, gain: int, before: dt.timedelta = 15 * MINUTE, other: int = 4000) -> Evidence:
    late = trade(CLOSING - before, 5, 3, 1, price, 1000, mechanism="book")
    closes = (Close(CLOSING, P, price), Close(CLOSING + DAY, P, 4000))
    others = [trade(CLOSING - HOUR, 1, 7, 8, other, mechanism="book")]
    return dealt(*others, late, trade(CLOSING + HOUR, 6, 1, 9, price, gain), closes=closes)


@pytest.mark.parametrize(("seen", "count"), [
    (pushed(4080, 5000), 1), (pushed(4079, 5000), 0), (pushed(4080, 4999), 0),
    (pushed(4080, 5000, 15 * MINUTE + SECOND), 0), (pushed(4200, 5000, other=4099), 1),
    (pushed(4200, 5000, MINUTE, other=4100), 1), (pushed(4200, 5000, 0 * MINUTE), 1),
])  # fmt: skip
def test_a_little_late_trade_moves_the_close_for_a_great_gain(seen: Evidence, count: int) -> None:
    assert [(one.parties, one.trades) for one in named(seen, "marking_the_close")] == [((1,), (5,))] * count


def test_others_or_news_that_went_before_explain_a_push() -> None:
    seen = pushed(4200, 5000)
    ahead = trade(CLOSING - 20 * MINUTE, 2, 10, 11, 4100, mechanism="book")
    assert named(replace(seen, trades=(seen.trades[0], ahead, *seen.trades[1:])), "marking_the_close") == []
    news = Announcement(1, MONDAY, CLOSING - HOUR, (P,), "up")
    assert named(replace(seen, announcements=(news,)), "marking_the_close") == []
    wrong_way = replace(news, moves="down")
    assert len(named(replace(seen, announcements=(wrong_way,)), "marking_the_close")) == 1
