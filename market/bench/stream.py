"""The mixed stream: of 100 commands 50 are marketable orders, 30 resting ones and 20 cancels, in a fixed order.

Sells stand around 0.3000 yuan per m3 at the seller's canal, buys around what that is at the buyer's, beyond the
route's loss; a marketable order reaches up to a fen over the middle, a resting one stays as far on its own side.
"""

from __future__ import annotations

import random
from typing import NamedTuple

SEED = 20_260_101
MIDDLE_SELL_E4, MIDDLE_BUY_E4 = 3_000, 3_093
REACH_E4 = 100
LARGEST_M3 = 20
MARKETABLE, RESTING = 50, 30


class Wish(NamedTuple):
    """A wanted command: a cancel, or an order with side, cubic metres and price; `pick` in [0, 1) chooses by whom."""

    cancel: bool
    side: str
    volume_m3: int
    price_e4: int
    pick: float


class Stream:
    """Wishes for ever, the same for the same seed."""

    def __init__(self, seed: int = SEED) -> None:
        self._random = random.Random(seed)

    def next(self) -> Wish:
        """The next wish."""
        rng = self._random
        kind, selling, distance = rng.randrange(100), rng.random() < 0.5, rng.randint(1, REACH_E4)
        middle = MIDDLE_SELL_E4 if selling else MIDDLE_BUY_E4
        towards = distance if (kind < MARKETABLE) != selling else -distance
        return Wish(
            kind >= MARKETABLE + RESTING,
            "sell" if selling else "buy",
            rng.randint(1, LARGEST_M3),
            middle + towards,
            rng.random(),
        )
