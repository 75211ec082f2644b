"""Concentration of orders: one hand is nearly all of a side of a book, for days. Pure.

The events of a side are gone through once; the largest hand is kept by a heap that forgets lazily: n log n of events.
"""

from __future__ import annotations

import datetime as dt
import heapq
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from statistics import median_low

from ledger.units import format_litres
from market.supervision.surveillance.alerts import alert, per_cent, per_mille
from market.supervision.surveillance.evidence import Alert, OrderEvent
from market.supervision.surveillance.record import Life, Record, legal_day

Book = tuple[str, str]
"""Product, side."""


@dataclass(slots=True)
class _Day:
    """A session, and in it how long one hand was nearly all of a side, with its largest share then."""

    opened: dt.datetime
    closed: dt.datetime
    seconds: int = 0
    share: int = 0
    litres: int = 0

    @property
    def length(self) -> int:
        return max(1, (self.closed - self.opened) // dt.timedelta(seconds=1))


@dataclass(slots=True)
class _Side:
    """What is open on a side: of each hand, in all; the largest by a heap that forgets lazily.

    What an association has there for its members counts in all, and as nobody's.
    """

    of_hand: dict[int, int] = field(default_factory=lambda: defaultdict(int))
    rests: dict[int, int] = field(default_factory=dict)
    total: int = 0
    heap: list[tuple[int, int]] = field(default_factory=list)

    def follow(self, event: OrderEvent, hand: int | None) -> None:
        change = event.rest - self.rests.get(event.order, 0)
        self.rests[event.order] = event.rest
        self.total += change
        if hand is not None:
            self.of_hand[hand] += change
            heapq.heappush(self.heap, (-self.of_hand[hand], hand))

    def largest(self) -> tuple[int, int]:
        """Who has most open, and how much."""
        while self.heap and -self.heap[0][0] != self.of_hand[self.heap[0][1]]:
            heapq.heappop(self.heap)
        return (self.heap[0][1], -self.heap[0][0]) if self.heap else (0, 0)


def concentration_of_orders(record: Record) -> list[Alert]:
    """Hands that had so much of a side, for so much of so many sessions; near ones are one alert."""
    limits = record.limits
    placed = [one.litres for one in record.events if one.action == "placed"]
    least = limits.orders_ordinary_times * median_low(placed) if placed else 0
    days = _days(record)
    books: dict[Book, list[OrderEvent]] = defaultdict(list)
    for event in record.events:
        books[event.product, event.side].append(event)
    orders: dict[tuple[Book, int], list[int]] = defaultdict(list)
    for number, life in record.lives.items():
        orders[(life.product, life.side), record.hands.of(life.party)].append(number)
    found = []
    for book, events in sorted(books.items()):
        large: dict[int, list[_Day]] = defaultdict(list)
        for hand, day in _large(record, events, days, least):
            if day.seconds * 1000 >= limits.orders_session_per_mille * day.length:
                large[hand].append(day)
        for hand, some in large.items():
            found += [
                _alert_of(record, book[1], run, orders[book, hand], least)
                for run in _runs(some, limits.same_conduct_days)
                if len(run) >= limits.orders_sessions_least
            ]
    return found


def _days(record: Record) -> list[tuple[dt.datetime, dt.datetime]]:
    """From the first event of a day to its last close; where no close is known, to its last event."""
    first: dict[dt.date, dt.datetime] = {}
    last: dict[dt.date, dt.datetime] = {}
    for event in record.events:
        first.setdefault(legal_day(event.at), event.at)
        last[legal_day(event.at)] = event.at
    ends = {legal_day(close.at): close.at for closes in record.closes.values() for close in closes}
    return [(opened, max(opened, ends.get(day, last[day]))) for day, opened in sorted(first.items())]


def _large(
    record: Record, events: list[OrderEvent], days: list[tuple[dt.datetime, dt.datetime]], least: int
) -> Iterator[tuple[int, _Day]]:
    """Of each hand the days on which it was nearly all of a side for some time, in their order."""
    side = _Side()
    hands = record.hands
    share_least = record.limits.orders_share_per_mille
    closes = [closed for _, closed in days]
    found: dict[tuple[int, int], _Day] = {}
    for event, following in zip(events, [*events[1:], None], strict=True):
        side.follow(event, None if hands.holds_for_members(event.party) else hands.of(event.party))
        until = following.at if following else closes[-1]
        hand, litres = side.largest()
        share = per_mille(litres, side.total)
        if litres < max(1, least) or share < share_least or until <= event.at:
            continue
        for place in range(bisect_left(closes, event.at), len(days)):
            opened, closed = days[place]
            if opened >= until:
                break
            day = found.setdefault((place, hand), _Day(opened, closed))
            day.seconds += max(0, (min(until, closed) - max(event.at, opened)) // dt.timedelta(seconds=1))
            day.share, day.litres = max((day.share, day.litres), (share, litres))
    for (_, hand), day in sorted(found.items(), key=lambda one: one[0][0]):
        yield hand, day


def _runs(days: list[_Day], near_days: int) -> Iterator[list[_Day]]:
    run: list[_Day] = []
    for day in days:
        if run and day.opened - run[-1].closed > dt.timedelta(days=near_days):
            yield run
            run = []
        run.append(day)
    yield run


def _alert_of(record: Record, side: str, run: list[_Day], orders: list[int], least: int) -> Alert:
    limits = record.limits
    first, last = run[0].opened, run[-1].closed
    largest = max(run, key=lambda one: (one.share, one.litres))
    lives = record.lives
    stood = [one for one in orders if lives[one].placed_at < last and _ended(lives[one]) > first]
    shares = [per_mille(day.seconds, day.length) for day in run]
    return alert(
        "concentration_of_orders",
        parties=[lives[one].party for one in stood],
        orders=stood,
        instants=(first, last),
        figures=(
            ("side", side, ""),
            ("largest_share", per_cent(largest.share), per_cent(limits.orders_share_per_mille)),
            ("litres_open", format_litres(largest.litres), format_litres(least)),
            ("sessions", str(len(run)), str(limits.orders_sessions_least)),
            ("least_of_session", per_cent(min(shares)), per_cent(limits.orders_session_per_mille)),
        ),
    )


def _ended(life: Life) -> dt.datetime:
    """When an order had nothing open any more; the end of time if it never did."""
    last = life.events[-1]
    return last.at if not last.rest else dt.datetime.max.replace(tzinfo=last.at.tzinfo)
