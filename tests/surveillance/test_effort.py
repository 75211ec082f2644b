"""What surveillance costs grows as the record does: counted in lines that are run, never timed."""

from __future__ import annotations

import datetime as dt
import sys
from collections.abc import Callable
from types import FrameType
from typing import Any

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
    Right,
    Trade,
)

START = dt.datetime(2026, 5, 11, 2, tzinfo=dt.UTC)
P = "surface-2026"


def _at(place: int, of: int) -> dt.datetime:
    """Spread over one session, so that every window holds a fixed part of all."""
    return START + dt.timedelta(hours=7) * place / of


def _dealt(size: int, parties: int, step: int) -> Evidence:
    """`size` trades of one day, each with its two orders, between partners who come round."""
    orders, trades = [], []
    for place in range(size):
        at = _at(place, size)
        seller, buyer = place % parties + 1, (place + step) % parties + 1
        price = 4000 + place % 40 * 10
        for number, party, side in ((2 * place + 1, seller, SELL), (2 * place + 2, buyer, BUY)):
            orders.append(OrderEvent(at, number, party, P, side, "placed", price, 5000, 5000))
            orders.append(OrderEvent(at, number, party, P, side, "filled", price, 5000, 0))
        trade = Trade(
            at, place + 1, P, seller, buyer, price, 5000, "book", BUY, 2 * place + 1, 2 * place + 2, 4000
        )
        trades.append(trade)
    people = tuple(
        Party(one + 1, one + 1, "firm", representative=f"r{one % 7}", device="d") for one in range(parties)
    )
    return Evidence(people, tuple(orders), tuple(trades), (Close(START + dt.timedelta(hours=7), P, 4100),))


def two_who_deal_all_day(size: int) -> Evidence:
    return _dealt(size, 2, 1)


def a_ring_of_many(size: int) -> Evidence:
    return _dealt(size, 50, 1)


def everybody_with_everybody(size: int) -> Evidence:
    return _dealt(size, 97, 13)


def everything_at_the_close(size: int) -> Evidence:
    """All trades in the last minutes, each by another hand, each dearer."""
    end = START + dt.timedelta(hours=7)
    trades = [
        Trade(end - dt.timedelta(minutes=14) * (size - place) / size, place + 1, P, 2 * place + 1, 2 * place + 2,
              4000 + 10 * place, 1000, reference_e4=4000)
        for place in range(size)
    ]  # fmt: skip
    people = tuple(Party(one + 1, one + 1, "firm") for one in range(2 * size))
    return Evidence(people, (), tuple(trades), (Close(end, P, trades[-1].price_e4),))


def one_who_cancels_all_day(size: int) -> Evidence:
    """Bids shown and withdrawn around sales that never end, all of one party."""
    base = _dealt(size // 2, 2, 1)
    layers = []
    for place in range(size):
        for action, rest, minutes in (("placed", 90_000, 0), ("cancelled", 0, 20)):
            at = _at(place, size) + dt.timedelta(minutes=minutes)
            layers.append(OrderEvent(at, 10**6 + place, 1, P, BUY, action, 3900, 90_000, rest))
    orders = sorted((*base.orders, *layers), key=lambda one: one.at)
    return Evidence(base.parties, tuple(orders), base.trades, base.closes)


def one_order_amended_and_filled(size: int) -> Evidence:
    """A single order that is amended before each of its fills."""
    orders = [OrderEvent(START, 1, 1, P, SELL, "placed", 4000, 10**9, 10**9)]
    trades = []
    for place in range(size):
        at, rest = _at(place + 1, size), 10**9 - 1000 * place
        buy = place + 2
        orders.append(OrderEvent(at, 1, 1, P, SELL, "amended", 4000 + place % 9, 10**9, rest))
        orders.append(OrderEvent(at, buy, 2, P, BUY, "placed", 4010, 1000, 1000))
        orders.append(OrderEvent(at, 1, 1, P, SELL, "filled", 4000, 10**9, rest - 1000))
        orders.append(OrderEvent(at, buy, 2, P, BUY, "filled", 4010, 1000, 0))
        trades.append(Trade(at, place + 1, P, 1, 2, 4000, 1000, "book", BUY, 1, buy, 4000))
    people = (Party(1, 1, "firm"), Party(2, 2, "firm"))
    close = Close(START + dt.timedelta(hours=7), P, 4000)
    return Evidence(people, tuple(orders), tuple(trades), (close,))


def many_rights_and_news(size: int) -> Evidence:
    """Rights of one zone in three years, and decisions that one party who trades all day always knew."""
    base = _dealt(size, 3, 1)
    rights = tuple(
        Right(1, one, year, "s", "z", 1000, 0) for one in range(size) for year in (2023, 2024, 2025)
    )
    news = tuple(
        Announcement(one, _at(one, size), _at(one, size) + dt.timedelta(seconds=1), (P,), "up", (1,))
        for one in range(size)
    )
    return Evidence(base.parties, base.orders, base.trades, base.closes, rights, news)


RECORDS: tuple[Callable[[int], Evidence], ...] = (
    two_who_deal_all_day,
    a_ring_of_many,
    everybody_with_everybody,
    everything_at_the_close,
    one_who_cancels_all_day,
    one_order_amended_and_filled,
    many_rights_and_news,
)


def _lines(evidence: Evidence) -> int:
    """How many lines of the detectors are run."""
    count = 0

    def trace(frame: FrameType, event: str, _: Any) -> Any:
        nonlocal count
        if "surveillance" not in frame.f_code.co_filename:
            return None
        count += event == "line"
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        detect(evidence)
    finally:
        sys.settrace(before)
    return count


@pytest.mark.parametrize("record", RECORDS, ids=[one.__name__ for one in RECORDS])
def test_four_times_the_events_cost_four_times_the_effort(record: Callable[[int], Evidence]) -> None:
    small, large = _lines(record(150)), _lines(record(600))
    assert small > 2000, "the count counts"
    assert large <= 5 * small
