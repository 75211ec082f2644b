"""The ends of sessions, and the price that each day is remembered by: the last of the book or of a call."""

from __future__ import annotations

import datetime as dt
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

import psycopg

from market.core import clock
from market.county.pack import Pack
from market.supervision.surveillance.evidence import Close, Trade
from market.supervision.watching.tape import BOOK
from market.supervision.watching.window import Window
from market.trading import sessions, timetable
from market.trading.candles import unit_price

_BEFORE_MIDNIGHT = dt.timedelta(microseconds=1)

_CALLS_SQL = """
SELECT p.code, c.cleared_at, sum(f.litres::numeric * f.price_e4)::numeric, sum(f.litres)::bigint
  FROM calls c JOIN products p ON p.id = c.product_id JOIN call_fills f ON f.call_id = c.id AND f.side = 'sell'
 WHERE c.status IN ('held', 'settled') AND c.cleared_at >= %(since)s AND c.cleared_at < %(until)s
 GROUP BY p.code, c.id HAVING sum(f.litres) > 0
"""
_REFERENCES_SQL = """
SELECT p.code, r.from_day, r.price_e4 FROM products p JOIN reference_prices r ON r.product_id = p.id
 WHERE p.tenure = 'allocation' AND r.set_at < %(until)s ORDER BY r.from_day, r.id
"""


def closes(
    connection: psycopg.Connection[Any], pack: Pack, window: Window, tape: tuple[Trade, ...]
) -> tuple[Close, ...]:
    """Of each product and day of trading the last price of the book or a call; where none, that of the day before.

    Before the first trade it is the reference price of the day; without that, there is no close. A product without a
    calendar closes at midnight.
    """
    asked = {"since": window.since, "until": window.until}
    paid: dict[str, list[tuple[dt.datetime, int]]] = defaultdict(list)
    for trade in tape:
        if trade.mechanism == BOOK:
            paid[trade.product].append((trade.at, trade.price_e4))
    for code, at, value, litres in connection.execute(_CALLS_SQL, asked):
        paid[code].append((at, unit_price(int(value), litres)))
    first: dict[str, list[tuple[dt.date, int]]] = defaultdict(list)
    for code, day, price in connection.execute(_REFERENCES_SQL, asked):
        first[code].append((day, price))
    calendar = timetable.calendar(pack)
    found = []
    for code in sorted({*paid, *first}):
        prices = sorted(paid[code], key=lambda one: one[0])
        for at in _ends(calendar, code, window):
            place = bisect_right(prices, at, key=lambda one: one[0])
            price = prices[place - 1][1] if place else _on(first[code], at)
            if price is not None:
                found.append(Close(at, code, price))
    return tuple(sorted(found, key=lambda one: one.at))


def _on(references: list[tuple[dt.date, int]], at: dt.datetime) -> int | None:
    """The reference price of the legal day of an instant, if there is one."""
    day = at.astimezone(clock.LEGAL_ZONE).date()
    place = bisect_right(references, day, key=lambda one: one[0])
    return references[place - 1][1] if place else None


def _ends(calendar: sessions.Calendar, code: str, window: Window) -> Iterator[dt.datetime]:
    """When the sessions of the window ended: the last time of a day that its trading gave way to the night."""
    day = window.since.astimezone(clock.LEGAL_ZONE).date()
    while day <= window.day:
        end = None
        if calendar.of(code):
            changes = sessions.timetable(calendar, code, day)
            ends = [each.at for each in changes[1:] if each.phase == sessions.NIGHT]
            end = ends[-1] if ends else None
        else:
            end = clock.end_of_legal_day(day) - _BEFORE_MIDNIGHT
        if end is not None and window.since <= end < window.until:
            yield end
        day += dt.timedelta(days=1)
