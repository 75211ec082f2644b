"""Abuse planted in a market of dealers, where much like it happens by chance: is it still seen?"""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Callable
from dataclasses import replace

import pytest

from market.supervision.surveillance import detect
from market.supervision.surveillance.evidence import BUY, SELL, Evidence, OrderEvent, Party, Trade
from tests.surveillance.building import LEGAL_TIME, SURFACE
from tests.surveillance.dealers import Market

SEEDS = range(200, 240)
FIRST = 10**6
"""Numbers of what is planted."""


class _Planting:
    """A market of dealers with some more orders and trades in it."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.seen = Market(seed).evidence()
        self.people = list(self.seen.parties)
        self.events = list(self.seen.orders)
        self.trades = list(self.seen.trades)
        self.orders = FIRST

    def person(self) -> int:
        self.people.append(Party(len(self.people) + 1, len(self.people) + 1, "firm"))
        return len(self.people)

    def at(self, day: int, hours: float) -> dt.datetime:
        return dt.datetime(2026, 5, 11 + day, 10, tzinfo=LEGAL_TIME) + dt.timedelta(hours=hours)

    def order(self, at: dt.datetime, party: int, side: str, price: int, m3: int) -> OrderEvent:
        self.orders += 1
        placed = OrderEvent(at, self.orders, party, SURFACE, side, "placed", price, m3 * 1000, m3 * 1000)
        self.events.append(placed)
        return placed

    def trade(
        self, at: dt.datetime, seller: int, buyer: int, factor: float, m3: int, minutes: int = 3
    ) -> None:
        """At a factor of the last price; the seller's order waited so many minutes."""
        last = [one for one in self.seen.trades if one.at <= at][-1]
        price = int(round(last.price_e4 * factor, -1))
        ask = self.order(at - dt.timedelta(minutes=minutes), seller, SELL, price, m3)
        bid = self.order(at, buyer, BUY, price, m3)
        self.events += [replace(one, at=at, action="filled", rest=0) for one in (ask, bid)]
        number = FIRST + len(self.trades)
        reference = next((one.reference_e4 for one in self.trades if one.at >= at), last.reference_e4)
        self.trades.append(
            Trade(
                at,
                number,
                SURFACE,
                seller,
                buyer,
                price,
                m3 * 1000,
                "book",
                BUY,
                ask.order,
                bid.order,
                reference,
            )
        )

    def evidence(self) -> Evidence:
        closes = []
        for close in self.seen.closes:
            last = max((one for one in self.trades if one.at <= close.at), key=lambda one: one.at)
            closes.append(replace(close, price_e4=last.price_e4))
        return Evidence(
            tuple(self.people),
            tuple(sorted(self.events, key=lambda one: one.at)),
            tuple(sorted(self.trades, key=lambda one: one.at)),
            tuple(closes),
        )


def a_wash(seed: int) -> tuple[Evidence, set[int]]:
    """Two who have other trades too pass 20 000 m3 over, and back in two pieces the next morning."""
    here = _Planting(seed)
    one, other = here.person(), here.person()
    here.trade(here.at(0, 2), one, here.random.randint(1, 3), 1.0, 4_000, 30)
    here.trade(here.at(1, 6.5), one, other, 1.005, 20_000)
    here.trade(here.at(2, 0.3), other, one, 1.005, 11_000)
    here.trade(here.at(2, 0.9), other, one, 1.0, 8_500)
    here.trade(here.at(3, 2), here.random.randint(1, 3), other, 1.0, 5_000, 30)
    return here.evidence(), {one, other}


def layers(seed: int) -> tuple[Evidence, set[int]]:
    """Three bids are shown while an ask of 6 000 m3 is taken by a dealer, and gone two minutes later."""
    here = _Planting(seed)
    one, at = here.person(), here.at(1, 1 + here.random.random() * 4)
    shown = [
        here.order(at - dt.timedelta(minutes=5 + place), one, BUY, 3900 - 20 * place, 15_000)
        for place in range(3)
    ]
    here.trade(at, one, here.random.randint(1, 3), 1.01, 6_000, 9)
    gone = at + dt.timedelta(minutes=2)
    here.events += [replace(bid, at=gone, action="cancelled", rest=0) for bid in shown]
    return here.evidence(), {one}


def a_pushed_close(seed: int) -> tuple[Evidence, set[int]]:
    """500 m3 bought a twentieth too dear in the last minute, 40 000 m3 sold by private deal the next morning."""
    here = _Planting(seed)
    one, other = here.person(), here.person()
    here.trade(here.at(1, 6.99), here.random.randint(1, 3), one, 1.05, 500, 30)
    price = here.trades[-1].price_e4
    deal = Trade(
        here.at(2, 0.5), FIRST - 1, SURFACE, one, other, price, 40_000_000, "negotiated", reference_e4=price
    )
    here.trades.append(deal)
    return here.evidence(), {one}


@pytest.mark.parametrize(("planted", "detector", "least"), [
    (a_wash, "wash_trade", 38), (layers, "layering", 38), (a_pushed_close, "marking_the_close", 36),
])  # fmt: skip
def test_what_is_planted_among_dealers_is_found(
    planted: Callable[[int], tuple[Evidence, set[int]]],
    detector: str,
    least: int,
    capsys: pytest.CaptureFixture[str],
) -> None:
    found = 0
    for seed in SEEDS:
        evidence, who = planted(seed)
        found += any(one.detector == detector and set(one.parties) == who for one in detect(evidence))
    with capsys.disabled():
        print(f"\n{detector} planted among dealers: {found} of {len(SEEDS)} found")
    assert found >= least
