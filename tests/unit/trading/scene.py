"""A market as data, for both books: who is where with what, how water goes, what is commanded, what comes of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Way:
    """How water goes from one place to another: `k` litres of 1 000 arrive.

    `charges`: (limit, whether what leaves counts, else what arrives); `frees`: limits that a settled trade frees by
    what leaves; from `review_from` delivered litres up a trade awaits its review (None: never).
    """

    k: int = 1000
    charges: tuple[tuple[str, bool], ...] = ()
    frees: tuple[str, ...] = ()
    fee_e6: int = 0
    review_from: int | None = None


@dataclass(frozen=True)
class Holder:
    """One account. `owner` is who stands behind it; `behind` those whose water it sells, with their weights."""

    place: str
    water: int = 0
    money: int = 0
    owner: str = ""
    plan: str | None = None
    may_sell: bool = True
    behind: tuple[tuple[str, int], ...] = ()
    floor_price: int = 0


@dataclass(frozen=True)
class Scene:
    """A market before its first command. No way between two places: no water may or can go. Times are seconds."""

    holders: dict[str, Holder]
    ways: dict[tuple[str, str], Way]
    limits: dict[str, int] = field(default_factory=dict)
    lot: int = 1_000
    closes_at: float = 1e9


@dataclass(frozen=True)
class Place:
    """A new order, known as `key` from here on. Litres, 1/10 000 yuan per m3, seconds."""

    key: str
    holder: str
    side: str
    volume: int
    price: int
    tif: str = "GTC"
    post_only: bool = False
    min_fill: int = 0
    expires_at: float | None = None


@dataclass(frozen=True)
class Cancel:
    """The end of an order."""

    key: str


@dataclass(frozen=True)
class Amend:
    """A new total volume and a new price of an order."""

    key: str
    volume: int
    price: int


@dataclass(frozen=True)
class Clock:
    """The time is so much now; what is over ends."""

    now: float


@dataclass(frozen=True)
class Phase:
    """Trading is `open`, `halted` or `closed` from here on."""

    phase: str


Command = Place | Cancel | Amend | Clock | Phase
Fill = tuple[str, str, int, int, int, int, int, bool]
"""Buy key, sell key, litres that leave, litres that arrive, price, fen that the buyer pays, fee, under review."""
Result = tuple[str, list[Fill]]
""" "ok" or the refusal's code, and the fills that the command caused."""
Picture = dict[str, Any]
"""`open`: key → (volume, rest, price, held), in order of time; `water`, `money`: what is free; `limits`: headroom."""
