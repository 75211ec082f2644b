"""Builds the labelled cases of market surveillance: some working days of a thin county market.

A `Story` is a market with ordinary people in it: farms that sell, works that buy, an association that does both, the
silent holders of the zone; their orders and trades come from a seeded generator and break no rule. The events of the
case are then written by hand. Volumes are told in m3 and kept in litres, prices in 1/10 000 yuan per m3, times in
legal time (Asia/Shanghai). A session runs from 10:00 to 17:00; its close is the last price of the book
(demonstration).

The noise is no matching engine: not everybody may trade with everybody (route, zone, kind of right), so that a trade
may pass a better price by, and the record does not say why. An order event's `litres` is the order's whole volume, as
it was placed or amended; `rest` is what is open after it.
"""

from __future__ import annotations

import datetime as dt
import operator
import random
from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import accumulate
from zoneinfo import ZoneInfo

from market.supervision.surveillance.evidence import (
    BUY,
    SELL,
    Announcement,
    Evidence,
    OrderEvent,
    Party,
    Right,
    Trade,
)
from tests.surveillance import record

LEGAL_TIME = ZoneInfo("Asia/Shanghai")
SURFACE = "surface-2026"
GROUND = "groundwater-2026"
CLOSING = "17:00"
ZONE = "kushan"
YEAR = 2026


@dataclass(frozen=True, slots=True)
class Expected:
    """An alert that must come: the detector, whom it names, and the trades and orders that matter."""

    detector: str
    parties: frozenset[int]
    trades: frozenset[int] = frozenset()
    orders: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Scenario:
    """One labelled case. `about`: the detector it is for. `expected` is empty for an innocent.

    `tolerated`: what a supervisor might name as well, or might not; it counts neither for nor against a detector.
    """

    id: str
    title: str
    why: str
    about: str
    evidence: Evidence
    expected: tuple[Expected, ...] = ()
    tolerated: tuple[Expected, ...] = ()


class Story:
    """A market of some working days. `price`: where it starts; `path`: its level of each day as a factor of that."""

    def __init__(
        self,
        seed: int,
        *,
        price: int = 4200,
        days: int = 8,
        start: str = "2026-05-11",
        others: int = 9,
        path: tuple[float, ...] = (),
        spread: float = 0.02,
        quiet: Iterable[tuple[int, str]] = (),
        late: bool = True,
        share_of_year_e6: int = 400_000,
    ) -> None:
        self.random = random.Random(seed)
        self.base = {SURFACE: price, GROUND: int(round(price * 1.6, -1))}
        self.dates = _working_days(dt.date.fromisoformat(start), days)
        self.spread = spread
        self.quiet = frozenset(quiet)
        self.late = late
        self.share = share_of_year_e6
        self.unreferenced: set[str] = set()
        self.parties: dict[int, Party] = {}
        self.events: list[OrderEvent] = []
        self.trades: list[Trade] = []
        self.rights: list[Right] = []
        self.spare: dict[int, int] = {}
        self.announcements: list[Announcement] = []
        self.state: dict[int, OrderEvent] = {}
        drifts = accumulate((1 + self.random.uniform(-0.007, 0.007) for _ in range(days)), operator.mul)
        path = path or (1.0,)
        self.levels = [drift * path[min(day, len(path) - 1)] for day, drift in enumerate(drifts)]
        self._people(others)
        self._noise()

    # ---- who is there -------------------------------------------------------------------------------------------

    def party(self, kind: str, owner: int | None = None, zone: str = ZONE, **marks: str) -> int:
        """A participant. What is not told of it is its own, and unlike anybody else's."""
        number = len(self.parties) + 1
        own = {name: f"{name}-{number}" for name in ("representative", "bank_account", "telephone", "device")}
        self.parties[number] = Party(number, owner or number, kind, zone, **{**own, **marks})
        return number

    def farm(self, owner: int | None = None, **marks: str) -> int:
        """A farm: sells what it does not use."""
        return self.party("farm", owner, **marks)

    def works(self, owner: int | None = None, **marks: str) -> int:
        """A factory: buys."""
        return self.party("works", owner, **marks)

    def _people(self, others: int) -> None:
        """Farms, some with the village's telephone or the township's clerk; works; one association; silent holders."""
        buyers = max(3, others * 2 // 5)
        self.sellers = []
        for index in range(others - buyers - 1):
            marks = {"telephone": "village committee 3"} if index % 3 == 1 else {}
            marks |= {"clerk": "clerk of the township"} if index % 2 == 0 else {}
            self.sellers.append(self.farm(address=f"village {index % 3 + 1}", **marks))
        self.buyers = [self.works() for _ in range(buyers)]
        self.middle = self.party("association", clerk="clerk of the township")
        for number in self.sellers:
            self._ordinary_right(number, 150, 380)
        self._ordinary_right(self.middle, 200, 300)
        for _ in range(12):
            self._ordinary_right(self.farm(address=f"village {self.random.randint(1, 3)}"), 80, 300)

    def _ordinary_right(self, party: int, least: int, most: int) -> None:
        allocated = self.random.randint(least, most) * 1000
        plan = int(round(allocated * self.random.uniform(0.55, 0.75), -2))
        used = int(plan * self.share / 1e6 * self.random.uniform(0.7, 0.93))
        before = int(plan * self.random.uniform(0.8, 0.97))
        self.spare[party] = allocated - plan
        self.right(party, allocated, before, year=2025, plan=plan, sold=allocated // 10, share=1_000_000)
        self.right(party, allocated, used, plan=plan, number=len(self.rights))

    # ---- what happened ------------------------------------------------------------------------------------------

    def at(self, day: int, time: str) -> dt.datetime:
        """An instant of a working day of the story; `day` may lie before it (negative) as calendar days."""
        date = self.dates[day] if day >= 0 else self.dates[0] + dt.timedelta(days=day)
        return dt.datetime.combine(date, dt.time.fromisoformat(time), LEGAL_TIME)

    def near(self, day: int, factor: float = 1.0, product: str = SURFACE) -> int:
        """The market's price of that day times a factor, on the price step."""
        return int(round(self.base[product] * self.levels[day] * factor, -1))

    def order(
        self, day: int, time: str, party: int, side: str, price_e4: int, m3: int, product: str = SURFACE
    ) -> int:
        """An order is placed; returns its handle."""
        return self._place(self.at(day, time), party, side, price_e4, m3, product)

    def _place(self, at: dt.datetime, party: int, side: str, price_e4: int, m3: int, product: str) -> int:
        number = len(self.state) + 1
        litres = m3 * 1000
        self._log(OrderEvent(at, number, party, product, side, "placed", price_e4, litres, litres))
        return number

    def _log(self, event: OrderEvent) -> None:
        self.state[event.order] = event
        self.events.append(event)

    def cancel(self, day: int, time: str, *orders: int) -> None:
        """Their owner takes the orders back."""
        for order in orders:
            self._log(replace(self.state[order], at=self.at(day, time), action="cancelled", rest=0))

    def amend(self, day: int, time: str, order: int, price_e4: int, m3: int | None = None) -> None:
        """Another price, and perhaps another volume."""
        old = self.state[order]
        rest = old.rest if m3 is None else m3 * 1000
        litres = old.litres - old.rest + rest
        event = replace(
            old, at=self.at(day, time), action="amended", price_e4=price_e4, litres=litres, rest=rest
        )
        self._log(event)

    def trade(
        self,
        day: int,
        time: str,
        seller: int,
        buyer: int,
        price_e4: int,
        m3: int,
        *,
        product: str = SURFACE,
        mechanism: str = "book",
        taker: str = BUY,
        kind: str = "sale",
        rested_minutes: int = 40,
        sell_order: int = 0,
        buy_order: int = 0,
    ) -> int:
        """A trade, with the orders behind it unless they are given or it has none; returns its handle."""
        at = self.at(day, time)
        booked = mechanism in ("book", "call")
        opening = dt.datetime.combine(at.date(), dt.time(10), LEGAL_TIME)
        earlier = max(min(opening, at), at - dt.timedelta(minutes=rested_minutes))
        if booked and not sell_order:
            sell_order = self._place(earlier if taker == BUY else at, seller, SELL, price_e4, m3, product)
        if booked and not buy_order:
            buy_order = self._place(earlier if taker == SELL else at, buyer, BUY, price_e4, m3, product)
        for order in filter(None, (sell_order, buy_order)):
            old = self.state[order]
            self._log(replace(old, at=at, action="filled", rest=old.rest - m3 * 1000))
        number = len(self.trades) + 1
        made = Trade(at, number, product, seller, buyer, price_e4, m3 * 1000, mechanism, taker)
        self.trades.append(replace(made, sell_order=sell_order, buy_order=buy_order, transfer_kind=kind))
        return number

    def right(
        self,
        party: int,
        allocated: int,
        used: int,
        *,
        year: int = YEAR,
        plan: int | None = None,
        bought: int = 0,
        sold: int = 0,
        number: int | None = None,
        share: int | None = None,
        source: str = "surface",
        **more: object,
    ) -> int:
        """What a party has and used under a right in a year, in m3; returns the right's number."""
        number = number or len(self.rights) + 1
        kept = {name: value * 1000 for name, value in (("bought", bought), ("sold", sold))}
        held = Right(
            party, number, year, source, self.parties[party].zone, allocated * 1000, used * 1000, **kept
        )
        known = {"plan": None if plan is None else int(plan) * 1000, "share_of_year_e6": share or self.share}
        self.rights.append(replace(held, **known, **more))  # type: ignore[arg-type]
        return number

    def holding(self, share: float) -> int:
        """m3 that are this share of all surface water of the zone, with what it adds, in this year."""
        total = (
            sum(r.allocated for r in self.rights if (r.year, r.zone, r.source) == (YEAR, ZONE, "surface"))
            // 1000
        )
        return round(total * share / (1 - share))

    def announce(
        self,
        decided: dt.datetime,
        published: dt.datetime,
        moves: str,
        *insiders: int,
        products: tuple[str, ...] = (SURFACE,),
    ) -> None:
        """A decision that moves the price once it is known."""
        number = len(self.announcements) + 1
        self.announcements.append(Announcement(number, decided, published, products, moves, insiders))

    # ---- ordinary days ------------------------------------------------------------------------------------------

    def _noise(self) -> None:
        for day in range(len(self.dates)):
            for product, trades, waiting in ((SURFACE, (2, 4), (3, 4)), (GROUND, (0, 2), (1, 2))):
                if (day, product) in self.quiet:
                    continue
                for _ in range(self.random.randint(*trades)):
                    self._ordinary_trade(day, product)
                for side in (BUY, SELL):
                    for _ in range(self.random.randint(*waiting)):
                        self._waiting_order(day, product, side)

    def _clock(self, first: int, last: int) -> str:
        minutes = self.random.randint(first, last)
        return f"{minutes // 60:02}:{minutes % 60:02}:{self.random.randint(0, 59):02}"

    def _volume(self) -> int:
        """m3; smaller in a long story, so that nobody sells what he needs."""
        return self.random.randint(40, 400) * round(50 * min(1.0, 8 / len(self.dates)))

    def _ordinary_trade(self, day: int, product: str) -> None:
        volume = self._volume()
        able = [one for one in self.sellers if self.spare[one] >= volume]
        if not able:
            return
        seller, buyer = self.random.choice(able), self.random.choice(self.buyers)
        if self.random.random() < 0.2:
            seller, buyer = (seller, self.middle) if self.random.random() < 0.5 else (self.middle, buyer)
        late = self.late and self.random.random() < 0.15
        time = self._clock(16 * 60 + 40, 16 * 60 + 55) if late else self._clock(10 * 60 + 5, 16 * 60 + 20)
        price = self.near(
            day, 1 + self.random.uniform(-self.spread, self.spread) / (3 if late else 1), product
        )
        taker = self.random.choice((BUY, SELL))
        rested = self.random.randint(1, 150)
        if seller != self.middle:
            self.spare[seller] -= volume
        self.trade(
            day, time, seller, buyer, price, volume, product=product, taker=taker, rested_minutes=rested
        )

    def _waiting_order(self, day: int, product: str, side: str) -> None:
        """An order that finds nobody: it ends with the day, or its owner changes his mind after a while."""
        able = self.buyers if side == BUY else self.sellers
        party = able[len(self.state) % len(able)]
        away = self.random.uniform(1.5 * self.spread, 4 * self.spread) * (-1 if side == BUY else 1)
        minute = self.random.randint(10 * 60, 14 * 60)
        order = self.order(
            day, _time(minute), party, side, self.near(day, 1 + away, product), self._volume(), product
        )
        fate = self.random.random()
        if fate < 0.2:
            self.cancel(day, _time(minute + self.random.randint(20, 170)), order)
            return
        if fate < 0.4:
            closer = self.near(day, 1 + away * 0.9, product)
            self.amend(day, _time(minute + self.random.randint(5, 60)), order, closer)
        self._log(replace(self.state[order], at=self.at(day, CLOSING), action="ended", rest=0))

    # ---- the record ---------------------------------------------------------------------------------------------

    def scenario(
        self,
        name: str,
        title: str,
        why: str,
        about: str,
        *expected: Expected,
        tolerated: tuple[Expected, ...] = (),
    ) -> Scenario:
        """The finished case: everything in the order of time, numbered as it came, with closes and references."""
        trades = sorted(self.trades, key=lambda one: (one.at, one.id))
        events = sorted(self.events, key=lambda one: one.at)
        trade_id, order_id = record.numbers(trades, events)
        ends = (self.at(day, CLOSING) for day in range(len(self.dates)))
        closes = record.closes(trades, ends, self.base, self.unreferenced)
        reference = record.referencer(closes, self.base, self.unreferenced)
        tape = tuple(
            replace(
                one,
                id=trade_id[one.id],
                sell_order=order_id[one.sell_order],
                buy_order=order_id[one.buy_order],
                reference_e4=reference(one),
            )
            for one in trades
        )
        rights = record.with_tape(self.rights, self.trades, YEAR)
        evidence = Evidence(
            tuple(self.parties.values()),
            tuple(replace(event, order=order_id[event.order]) for event in events),
            tape,
            tuple(closes),
            tuple(sorted(rights, key=lambda one: (one.year, one.right))),
            tuple(sorted(self.announcements, key=lambda one: one.decided_at)),
        )

        def final(those: tuple[Expected, ...]) -> tuple[Expected, ...]:
            return tuple(
                replace(
                    one,
                    trades=frozenset(trade_id[number] for number in one.trades),
                    orders=frozenset(order_id[number] for number in one.orders),
                )
                for one in those
            )

        return Scenario(name, title, why, about, evidence, final(expected), final(tolerated))


def expect(
    detector: str, parties: Iterable[int], trades: Iterable[int] = (), orders: Iterable[int] = ()
) -> Expected:
    """What must be named, by the handles of the story."""
    return Expected(detector, frozenset(parties), frozenset(trades), frozenset(orders))


def _time(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"


def _working_days(first: dt.date, count: int) -> list[dt.date]:
    days = []
    while len(days) < count:
        if first.weekday() < 5:
            days.append(first)
        first += dt.timedelta(days=1)
    return days
