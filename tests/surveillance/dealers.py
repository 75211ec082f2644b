"""A market of dealers in which nobody means ill: the hardest innocent there is.

A few dealers quote both sides, renew what is filled or stale by cancelling and placing anew, lean against what they
have, hit each other when they have too much, and trade until the close; farms and works take what is quoted. Orders
meet by price and time. All that a detector looks for happens here by chance: there and back, fills beside
cancellations, late trades, many orders of one hand.
"""

from __future__ import annotations

import datetime as dt
import random
from dataclasses import dataclass, field, replace

from market.supervision.surveillance.evidence import BUY, SELL, Close, Evidence, OrderEvent, Party, Trade
from tests.surveillance.building import LEGAL_TIME, SURFACE

LOTS = (2_000, 3_000, 5_000, 5_000, 8_000)
"""What is quoted and taken, in m3: standard sizes, so that equal volumes are no rarity."""


@dataclass(slots=True)
class _Dealer:
    number: int
    quotes: dict[str, int] = field(default_factory=dict)
    stock: int = 0


class Market:
    """Some days of it. `size`: how many people of each kind."""

    def __init__(
        self, seed: int, *, days: int = 4, dealers: int = 3, takers: int = 8, minutes: int = 6
    ) -> None:
        self.random = random.Random(seed)
        self.parties = [Party(number, number, "firm") for number in range(1, dealers + 1)]
        self.parties += [
            Party(dealers + place, dealers + place, "farm" if place % 2 else "works")
            for place in range(1, takers + 1)
        ]
        self.dealers = [_Dealer(number) for number in range(1, dealers + 1)]
        self.takers = [one.id for one in self.parties[dealers:]]
        self.events: list[OrderEvent] = []
        self.trades: list[Trade] = []
        self.closes: list[Close] = []
        self.book: dict[int, OrderEvent] = {}
        self.level = 4000.0
        self.orders = 0
        self.reference = 4000
        for day in range(days):
            self._day(dt.datetime(2026, 5, 11, 10, tzinfo=LEGAL_TIME) + dt.timedelta(days=day), minutes)

    def _day(self, opening: dt.datetime, minutes: int) -> None:
        at = opening
        while at < opening + dt.timedelta(hours=7):
            self.level *= 1 + self.random.gauss(0, 0.0015)
            if self.random.random() < 0.6:
                self._quote(at, self.random.choice(self.dealers))
            else:
                taker = self.random.choice(self.takers)
                self._take(at, taker, SELL if self.parties[taker - 1].kind == "farm" else BUY)
            at += dt.timedelta(seconds=self.random.randint(10, 120 * minutes))
        close = opening + dt.timedelta(hours=7)
        for number in list(self.book):
            self._change(close, number, "ended", 0)
        for dealer in self.dealers:
            dealer.quotes.clear()
        self.reference = self.trades[-1].price_e4 if self.trades else self.reference
        self.closes.append(Close(close, SURFACE, self.reference))

    def _change(self, at: dt.datetime, number: int, action: str, rest: int) -> None:
        event = replace(self.book[number], at=at, action=action, rest=rest)
        self.events.append(event)
        self.book[number] = event
        if not rest:
            del self.book[number]

    def _quote(self, at: dt.datetime, dealer: _Dealer) -> None:
        """New quotes around where the dealer sees the price, lower the more it has; or away with too much of it."""
        for number in dealer.quotes.values():
            if number in self.book:
                self._change(at, number, "cancelled", 0)
        dealer.quotes.clear()
        if abs(dealer.stock) > 12_000 and self.random.random() < 0.5:
            self._take(at, dealer.number, SELL if dealer.stock > 0 else BUY)
            return
        middle = self.level * (1 - dealer.stock / 2_000_000) * (1 + self.random.gauss(0, 0.002))
        for side, sign in ((BUY, -1), (SELL, 1)):
            price = int(round(middle * (1 + sign * self.random.uniform(0.004, 0.012)), -1))
            dealer.quotes[side] = self._place(at, dealer.number, side, price, self.random.choice(LOTS))

    def _take(self, at: dt.datetime, party: int, side: str) -> None:
        far = 1.03 if side == BUY else 0.97
        number = self._place(at, party, side, int(round(self.level * far, -1)), self.random.choice(LOTS))
        if number in self.book:
            self._change(at, number, "cancelled", 0)

    def _place(self, at: dt.datetime, party: int, side: str, price_e4: int, m3: int) -> int:
        self.orders += 1
        litres = m3 * 1000
        event = OrderEvent(at, self.orders, party, SURFACE, side, "placed", price_e4, litres, litres)
        self.events.append(event)
        self.book[self.orders] = event
        self._match(at, self.orders)
        return event.order

    def _match(self, at: dt.datetime, number: int) -> None:
        taking = self.book[number]
        sign = 1 if taking.side == BUY else -1
        resting = [
            one
            for one in self.book.values()
            if one.side != taking.side
            and one.party != taking.party
            and sign * one.price_e4 <= sign * taking.price_e4
        ]
        for one in sorted(resting, key=lambda one: (sign * one.price_e4, one.order)):
            litres = min(one.rest, self.book[number].rest)
            pair = (one, taking) if taking.side == BUY else (taking, one)
            self.trades.append(
                Trade(
                    at,
                    len(self.trades) + 1,
                    SURFACE,
                    pair[0].party,
                    pair[1].party,
                    one.price_e4,
                    litres,
                    taker=taking.side,
                    sell_order=pair[0].order,
                    buy_order=pair[1].order,
                    reference_e4=self.reference,
                )
            )
            for dealer in self.dealers:
                dealer.stock += (litres // 1000) * (
                    (dealer.number == pair[1].party) - (dealer.number == pair[0].party)
                )
            for order in (one.order, number):
                self._change(at, order, "filled", self.book[order].rest - litres)
            if number not in self.book:
                return

    def evidence(self) -> Evidence:
        return Evidence(tuple(self.parties), tuple(self.events), tuple(self.trades), tuple(self.closes))
