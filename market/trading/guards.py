"""What keeps a product's prices together: the band, the interruption, the breaker. Pure.

Prices are 1/10 000 yuan per m3, shares millionths. A limit is held against the band as it is written, at the order's
own place. A trade is measured at the seller's place, by what the seller gets for a cubic metre that it gives up: so a
route's loss is no change of price, whoever was there first (docs/decisions/0018).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

ONE_E6: Final = 1_000_000
INTERRUPTION: Final = "interruption"
BREAKER: Final = "breaker"
PHASE_OF: Final = {INTERRUPTION: "auction", BREAKER: "halted"}


@dataclass(slots=True)
class Guard:
    """One product's bounds now. A share of 0 is none, and so is a price of 0.

    `low`, `high`: the band around the reference price, both within it; `last`: the last trade since the last
    interruption was over; minutes of 0: until somebody resumes.
    """

    reference: int = 0
    low: int = 0
    high: int = 0
    dynamic_e6: int = 0
    interruption_minutes: int = 0
    breaker_e6: int = 0
    breaker_minutes: int = 0
    last: int = 0
    deals_exempt: bool = False
    legal_source: str = ""

    def fields(self) -> tuple[int, int]:
        """What an undo must bring back."""
        return self.last, self.breaker_e6

    def restore(self, fields: tuple[int, int]) -> None:
        """The reverse of `fields`."""
        self.last, self.breaker_e6 = fields

    def admits(self, price: int) -> bool:
        """Whether an order's limit is within the band."""
        return self.low <= price and (price <= self.high or not self.high)

    def jumps(self, price: int) -> bool:
        """Whether a trade at this price would be further from the last one than the dynamic share."""
        return bool(self.dynamic_e6 and self.last) and _beyond(price, self.last, self.dynamic_e6)

    def breaks(self, price: int) -> bool:
        """Whether a trade at this price is further from the reference than the breaker share."""
        return bool(self.breaker_e6 and self.reference) and _beyond(price, self.reference, self.breaker_e6)


@dataclass(frozen=True, slots=True)
class Stop:
    """Trading in a product was stopped by its guard: an interruption (into an auction) or the breaker (a halt).

    `minutes` of 0: until somebody resumes; `base`: the last trade's price, or the reference.
    """

    number: int
    product: int
    kind: str
    price: int
    base: int
    minutes: int


@dataclass(frozen=True, slots=True)
class Ended:
    """A stop is over: the product was moved on."""

    number: int
    product: int


def _beyond(price: int, base: int, share_e6: int) -> bool:
    return abs(price - base) * ONE_E6 > share_e6 * base


def band(reference: int, share_e6: int) -> tuple[int, int]:
    """The lowest and the highest price that are within a share of the reference; (0, 0) where there is no band."""
    if not reference or not share_e6:
        return 0, 0
    away = reference * share_e6 // ONE_E6
    return max(1, reference - away), reference + away


def at_source(price: int, k: int, *, by_buyer: bool) -> int:
    """A trade's price at the seller's place: a buyer's limit, counted where k of 1 000 litres arrive, is worth less."""
    return price * k // 1000 if by_buyer else price
