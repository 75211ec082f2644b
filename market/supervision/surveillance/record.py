"""The evidence, put in order once: by product, by hand, by order, by session. Pure.

Everything here is built in n log n of the events; detectors look things up by bisection.
"""

from __future__ import annotations

import datetime as dt
from bisect import bisect_left, bisect_right
from collections import defaultdict
from dataclasses import dataclass, field
from itertools import accumulate
from zoneinfo import ZoneInfo

from market.supervision.surveillance.evidence import BUY, SELL, Close, Evidence, OrderEvent, Trade
from market.supervision.surveillance.hands import Hands
from market.supervision.surveillance.thresholds import Thresholds

BOOKS = ("book", "call")
"""Where orders meet without names."""
Key = tuple[int, str, str]
"""Hand, product, side."""


LEGAL_TIME = ZoneInfo("Asia/Shanghai")


def legal_day(at: dt.datetime) -> dt.date:
    """The day that an instant falls on by the county's law, whatever zone it bears."""
    return at.astimezone(LEGAL_TIME).date()


def opposite(side: str) -> str:
    return SELL if side == BUY else BUY


@dataclass(slots=True)
class Life:
    """An order from its placing on, in the order of time."""

    party: int
    product: str
    side: str
    events: list[OrderEvent] = field(default_factory=list)
    spoken: list[OrderEvent] = field(default_factory=list)

    @property
    def placed_at(self) -> dt.datetime:
        return self.events[0].at

    def decided_at(self, until: dt.datetime) -> dt.datetime:
        """When its owner last said what he wants: placed or amended, at `until` at the latest."""
        place = bisect_right(self.spoken, until, key=lambda one: one.at)
        return self.spoken[place - 1].at if place else self.placed_at

    def volume_at(self, until: dt.datetime) -> int:
        """Its whole volume, filled parts too, as its owner had last put it."""
        place = bisect_right(self.spoken, until, key=lambda one: one.at)
        return self.spoken[place - 1].litres if place else self.events[0].litres


class Record:
    """Evidence with its indexes, and the thresholds that it is judged by."""

    def __init__(self, evidence: Evidence, thresholds: Thresholds) -> None:
        self.evidence = evidence
        self.limits = thresholds
        self.hands = Hands(evidence.parties, thresholds)
        self.trades = sorted(evidence.trades, key=lambda one: (one.at, one.id))
        self.events = sorted(evidence.orders, key=lambda one: one.at)
        self.closes: dict[str, list[Close]] = defaultdict(list)
        for close in sorted(evidence.closes, key=lambda one: one.at):
            self.closes[close.product].append(close)
        self.lives: dict[int, Life] = {}
        for event in self.events:
            life = self.lives.setdefault(event.order, Life(event.party, event.product, event.side))
            life.events.append(event)
            if event.action in ("placed", "amended"):
                life.spoken.append(event)
        self.by_product: dict[str, list[Trade]] = defaultdict(list)
        self.done: dict[Key, list[Trade]] = defaultdict(list)
        for trade in self.trades:
            self.by_product[trade.product].append(trade)
            self.done[self.hands.of(trade.seller), trade.product, SELL].append(trade)
            self.done[self.hands.of(trade.buyer), trade.product, BUY].append(trade)

        self.sums = {key: [0, *accumulate(one.litres for one in done)] for key, done in self.done.items()}

    def traded(self, hand: int, product: str, first: dt.datetime, last: dt.datetime) -> tuple[int, int]:
        """Litres that a hand sold and bought of a product from an instant to another, both included."""
        sold, bought = (self._sum((hand, product, side), first, last) for side in (SELL, BUY))
        return sold, bought

    def _sum(self, key: Key, first: dt.datetime, last: dt.datetime) -> int:
        done, sums = self.done.get(key, []), self.sums.get(key, [0])
        low = bisect_left(done, first, key=lambda one: one.at)
        return sums[bisect_right(done, last, lo=low, key=lambda one: one.at)] - sums[low]

    def session_ends(self, product: str) -> list[dt.datetime]:
        """When the product's sessions ended; where no close is known, the last trade of each day."""
        if known := self.closes.get(product):
            return [one.at for one in known]
        last = {legal_day(trade.at): trade.at for trade in self.by_product.get(product, ())}
        return list(last.values())

    def looks_agreed(self, trade: Trade) -> bool:
        """Dealt by name; or two orders that came together and were, nearly all of them, for each other."""
        if trade.mechanism not in BOOKS:
            return True
        pair = [self.lives[one] for one in (trade.sell_order, trade.buy_order) if one in self.lives]
        if len(pair) < 2:
            return False
        gap = abs(pair[0].decided_at(trade.at) - pair[1].decided_at(trade.at))
        volumes = [one.volume_at(trade.at) for one in pair]
        return gap <= dt.timedelta(
            minutes=self.limits.wash_agreed_minutes
        ) and trade.litres * 1000 >= self.limits.wash_mutual_per_mille * max(volumes)


def between(trades: list[Trade], first: dt.datetime, last: dt.datetime) -> list[Trade]:
    """Of trades in the order of time, those from `first` until just before `last`."""
    low = bisect_left(trades, first, key=lambda one: one.at)
    return trades[low : bisect_left(trades, last, lo=low, key=lambda one: one.at)]
