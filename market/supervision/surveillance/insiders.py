"""Trading on what is not yet published, by those who knew, beyond their habit. Pure.

For an announcement and an insider some bisections of its trades of the side that pays: nothing is gone through twice.
"""

from __future__ import annotations

import datetime as dt
from bisect import bisect_left, bisect_right
from collections import defaultdict

from ledger.units import format_litres
from market.supervision.surveillance.alerts import alert
from market.supervision.surveillance.evidence import BUY, SELL, Alert, Announcement, Trade
from market.supervision.surveillance.record import Key, Record, between, legal_day

PAYS = {"up": BUY, "down": SELL}
"""The side that gains from where the price goes."""


def unpublished_announcements(record: Record) -> list[Alert]:
    """A hand that knew, and in the time until publication traded a multiple of what it did in such a time before."""
    ordered: dict[Key, list[tuple[dt.datetime, int, int]]] = defaultdict(list)
    for number, life in record.lives.items():
        key = record.hands.of(life.party), life.product, life.side
        ordered[key].append((life.placed_at, number, life.party))
    found = []
    for news in record.evidence.announcements:
        knew = {record.hands.of(one): one for one in sorted(news.insiders, reverse=True)}
        for hand in sorted(knew, key=knew.__getitem__):
            for product in sorted(set(news.products)):
                key = hand, product, PAYS[news.moves]
                done = [
                    one for one in _done(record, key, news) if not record.hands.same(one.seller, one.buyer)
                ]
                habit = _habit(record, key, record.sums.get(key, [0]), news) if done else 0
                litres = sum(one.litres for one in done)
                if done and litres > record.limits.insider_times * habit:
                    placed = ordered[key]
                    low = bisect_left(placed, news.decided_at, key=lambda one: one[0])
                    high = bisect_left(placed, news.published_at, key=lambda one: one[0])
                    found.append(_alert_of(record, news, key, done, placed[low:high], habit))
    return found


def _done(record: Record, key: Key, news: Announcement) -> list[Trade]:
    """Trades between decision and publication that were not ordered before the decision."""
    some = between(record.done.get(key, []), news.decided_at, news.published_at)
    return [one for one in some if _wanted_at(record, one, key[2]) >= news.decided_at]


def _wanted_at(record: Record, trade: Trade, side: str) -> dt.datetime:
    life = record.lives.get(trade.buy_order if side == BUY else trade.sell_order)
    return life.decided_at(trade.at) if life else trade.at


def _habit(record: Record, key: Key, sums: list[int], news: Announcement) -> int:
    """The most that the hand traded of this before the decision in as many sessions as lie until publication."""
    done = record.done.get(key, [])
    ends = record.session_ends(key[1])
    first = bisect_left(ends, news.decided_at)
    sessions = max(1, bisect_left(ends, news.published_at) - first + (not _ended(ends, news.published_at)))
    back = max(0, first - record.limits.insider_habit_sessions)
    marks = [*ends[back:first], news.decided_at]
    until = [bisect_left(done, news.decided_at, key=lambda one: one.at)] * len(marks)
    until[:-1] = [bisect_right(done, mark, key=lambda one: one.at) for mark in marks[:-1]]
    start = bisect_right(done, ends[back - 1], key=lambda one: one.at) if back else 0
    return max(
        sums[until[place]] - sums[until[place - sessions] if place >= sessions else start]
        for place in range(len(marks))
    )


def _ended(ends: list[dt.datetime], at: dt.datetime) -> bool:
    """Whether nothing was traded between the last end before `at` and `at`: they are of one day."""
    place = bisect_left(ends, at)
    return place > 0 and legal_day(ends[place - 1]) == legal_day(at)


def _alert_of(
    record: Record,
    news: Announcement,
    key: Key,
    done: list[Trade],
    placed: list[tuple[dt.datetime, int, int]],
    habit: int,
) -> Alert:
    side = key[2]
    parties = {one.buyer if side == BUY else one.seller for one in done}
    orders = {order for one in done if (order := one.buy_order if side == BUY else one.sell_order)}
    litres = sum(one.litres for one in done)
    return alert(
        "unpublished_announcement",
        parties=parties | {party for _, _, party in placed},
        trades=done,
        orders=orders | {number for _, number, _ in placed},
        instants=[at for at, _, _ in placed],
        figures=(
            ("announcement", str(news.id), ""),
            ("direction", news.moves, ""),
            ("decided_at", news.decided_at.isoformat(), ""),
            ("published_at", news.published_at.isoformat(), ""),
            (
                "litres_before_publication",
                format_litres(litres),
                format_litres(record.limits.insider_times * habit),
            ),
            ("litres_by_habit", format_litres(habit), ""),
        ),
    )
