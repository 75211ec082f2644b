"""Small records for the edges of detectors: numbered people, trades at an hour."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import replace

from market.supervision.surveillance import detect
from market.supervision.surveillance.evidence import Alert, Close, Evidence, Party, Trade
from tests.surveillance.building import LEGAL_TIME

P = "surface-2026"
MONDAY = dt.datetime(2026, 5, 11, 10, tzinfo=LEGAL_TIME)
HOUR, MINUTE, SECOND = dt.timedelta(hours=1), dt.timedelta(minutes=1), dt.timedelta(seconds=1)
DAY = dt.timedelta(days=1)
PEOPLE = tuple(Party(number, number, "farm") for number in range(1, 40))


def named(evidence: Evidence, detector: str) -> list[Alert]:
    return [one for one in detect(evidence) if one.detector == detector]


def trade(
    at: dt.datetime,
    number: int,
    seller: int,
    buyer: int,
    price: int = 4000,
    litres: int = 1000,
    **more: object,
) -> Trade:
    made = Trade(at, number, P, seller, buyer, price, litres, "negotiated", reference_e4=4000)
    return replace(made, **more)  # type: ignore[arg-type]


def dealt(*trades: Trade, people: Iterable[Party] = PEOPLE, closes: tuple[Close, ...] = ()) -> Evidence:
    return Evidence(tuple(people), (), tuple(sorted(trades, key=lambda one: one.at)), closes)
