"""Marking the close: late trades that are little beside what their maker gains from the close they set. Pure.

Sessions of a product are gone through once, its orders once: n log n of the events.
"""

from __future__ import annotations

import datetime as dt
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from statistics import median_low

from ledger.units import format_litres, format_price_e4
from market.supervision.surveillance.alerts import alert, per_cent
from market.supervision.surveillance.evidence import BUY, SELL, Alert, Close, OrderEvent, Trade
from market.supervision.surveillance.record import BOOKS, Record, between, legal_day, opposite

LOOKED_AT_TIMES = 4
"""How many more trades than wanted are looked at for those of others; a limit of effort."""
MOVES = {BUY: "up", SELL: "down"}
"""Where trades of a side push the price."""
_AN_INSTANT = dt.timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class _Push:
    """What a hand traded late on one side of a session, and what it had on the other."""

    close: Close
    side: str
    trades: tuple[Trade, ...]
    moved_per_mille: int
    before_e4: int
    gain: int

    @property
    def litres(self) -> int:
        return sum(one.litres for one in self.trades)


def marking_the_close(record: Record) -> list[Alert]:
    """One alert for a hand's pushes of a product that lie near each other."""
    found = []
    near = dt.timedelta(days=record.limits.same_conduct_days)
    for product in sorted(record.closes):
        runs: dict[tuple[int, str], list[list[_Push]]] = defaultdict(list)
        for hand, push in _pushes(record, product):
            mine = runs[hand, push.side]
            if mine and push.close.at - mine[-1][-1].close.at <= near:
                mine[-1].append(push)
            else:
                mine.append([push])
        found += [_alert_of(record, run) for some in runs.values() for run in some]
    return found


def _pushes(record: Record, product: str) -> Iterator[tuple[int, _Push]]:
    limits = record.limits
    candidates = list(_candidates(record, product))
    wanted = {(hand, opposite(push.side), push.close.at) for hand, push, _ in candidates}
    standing = _standing(record, product, wanted)
    for hand, push, until in candidates:
        stood = standing[hand, opposite(push.side), push.close.at]
        traded = _traded(record, hand, list(push.trades), push.side, push.before_e4, until)
        gain = max(stood, traded)
        if gain >= limits.close_gain_times * push.litres:
            yield hand, replace(push, gain=gain)


def _candidates(record: Record, product: str) -> Iterator[tuple[int, _Push, dt.datetime]]:
    """Late trades of a hand that moved the price, and the close with it; and when the next close is."""
    limits, hands = record.limits, record.hands
    trades = [one for one in record.by_product.get(product, ()) if one.mechanism in BOOKS]
    closes = record.closes[product]
    a_day = dt.timedelta(days=1)
    for place, close in enumerate(closes):
        opened = closes[place - 1].at if place else close.at - a_day
        session = between(trades, opened + _AN_INSTANT, close.at + _AN_INSTANT)
        start = bisect_right(trades, opened, key=lambda one: one.at)
        last = trades[start - 1] if start else None
        since = close.at - dt.timedelta(minutes=limits.close_minutes)
        late: dict[tuple[int, str], list[Trade]] = defaultdict(list)
        for trade in between(session, since, close.at + _AN_INSTANT):
            if not hands.same(trade.seller, trade.buyer):
                late[hands.of(trade.buyer), BUY].append(trade)
                late[hands.of(trade.seller), SELL].append(trade)
        until = closes[place + 1].at if place + 1 < len(closes) else close.at + a_day
        for (hand, side), pushes in late.items():
            others = _others(record, hand, pushes[0], session)
            own = last is not None and hand in (hands.of(last.seller), hands.of(last.buyer))
            reference = None if own and others else pushes[0].reference_e4
            moved, before = _moved(side, pushes, others, reference)
            closed = _sign(side) * (close.price_e4 - before) * 1000 // before if before else 0
            if min(moved, closed) < limits.close_moved_per_mille:
                continue
            if not _explained(record, side, pushes, others, before):
                yield hand, _Push(close, side, tuple(pushes), moved, before, 0), until


def _moved(side: str, pushes: list[Trade], others: list[Trade], reference_e4: int | None) -> tuple[int, int]:
    """How far the farthest push lies from the price before, in per mille, and that price.

    Both the reference, where others made it, and what others paid in the session are asked; the nearer counts.
    """
    paid = median_low([one.price_e4 for one in others]) if others else None
    sign = _sign(side)
    farthest = max(sign * one.price_e4 for one in pushes)
    levels = [level for level in (reference_e4, paid) if level]
    return min((((farthest - sign * level) * 1000 // level, level) for level in levels), default=(0, 0))


def _others(record: Record, hand: int, first: Trade, session: list[Trade]) -> list[Trade]:
    """The last trades of the session before a push in which the hand took no part; only so many are looked at."""
    hands, most = record.hands, record.limits.market_trades
    place = bisect_left(session, first.at, key=lambda one: one.at)
    near = session[max(0, place - LOOKED_AT_TIMES * most) : place]
    return [one for one in near if hand not in (hands.of(one.seller), hands.of(one.buyer))][-most:]


def _explained(record: Record, side: str, pushes: list[Trade], others: list[Trade], before: int) -> bool:
    """Whether others had gone half of the way shortly before, or news for it were published on that day."""
    first = pushes[0].at
    since = first - dt.timedelta(minutes=record.limits.close_market_minutes)
    half = _half_way(side, pushes, before)
    news = any(
        one.moves == MOVES[side]
        and pushes[0].product in one.products
        and one.published_at <= first
        and legal_day(one.published_at) == legal_day(first)
        for one in record.evidence.announcements
    )
    return news or any(2 * _sign(side) * one.price_e4 >= half for one in others if one.at >= since)


def _sign(side: str) -> int:
    return 1 if side == BUY else -1


def _half_way(side: str, pushes: list[Trade], before: int) -> int:
    """Twice the signed price half way between the price before and the farthest push."""
    sign = _sign(side)
    return sign * before + max(sign * one.price_e4 for one in pushes)


def _traded(
    record: Record, hand: int, pushes: list[Trade], side: str, before: int, until: dt.datetime
) -> int:
    """Litres that the hand traded the other way until the next close, at a price that the push had bettered."""
    half = _half_way(side, pushes, before)
    done = record.done.get((hand, pushes[0].product, opposite(side)), [])
    return sum(
        one.litres
        for one in between(done, pushes[0].at, until + _AN_INSTANT)
        if 2 * _sign(side) * one.price_e4 >= half and not record.hands.same(one.seller, one.buyer)
    )


def _standing(
    record: Record, product: str, wanted: set[tuple[int, str, dt.datetime]]
) -> dict[tuple[int, str, dt.datetime], int]:
    """What hands had open on a side at some instants."""
    instants = sorted(wanted, key=lambda one: one[2])
    if not instants:
        return {}
    open_now: dict[tuple[int, str], int] = defaultdict(int)
    rests: dict[int, int] = {}
    found = {}
    events = iter([one for one in record.events if one.product == product])
    event = next(events, None)
    for hand, side, at in instants:
        while event is not None and event.at < at:
            _follow(record, event, open_now, rests)
            event = next(events, None)
        found[hand, side, at] = open_now[hand, side]
    return found


def _follow(
    record: Record, event: OrderEvent, open_now: dict[tuple[int, str], int], rests: dict[int, int]
) -> None:
    open_now[record.hands.of(event.party), event.side] += event.rest - rests.get(event.order, 0)
    rests[event.order] = event.rest


def _alert_of(record: Record, run: list[_Push]) -> Alert:
    limits = record.limits
    worst = max(run, key=lambda one: (one.gain // one.litres, one.moved_per_mille))
    trades = [trade for push in run for trade in push.trades]
    side = run[0].side
    sign = _sign(side)
    return alert(
        "marking_the_close",
        parties={one.buyer if side == BUY else one.seller for one in trades},
        trades=trades,
        orders=[order for one in trades if (order := one.buy_order if side == BUY else one.sell_order)],
        figures=(
            ("direction", MOVES[side], ""),
            ("moved", per_cent(sign * worst.moved_per_mille), per_cent(sign * limits.close_moved_per_mille)),
            ("price_before", format_price_e4(worst.before_e4), ""),
            ("close", format_price_e4(worst.close.price_e4), ""),
            ("litres_late", format_litres(worst.litres), ""),
            (
                "litres_gained_on",
                format_litres(worst.gain),
                format_litres(limits.close_gain_times * worst.litres),
            ),
            ("evenings", str(len({one.close.at for one in run})), ""),
        ),
    )
