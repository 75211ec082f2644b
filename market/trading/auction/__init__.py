"""The call auction: `clear` a `Market`, `record` what came out. Pure; docs/decisions/0019-the-call-auction.md says how.

`market.trading.verify` checks a record without any of this code; `replay` works it out once more.
"""

from market.trading.auction.clearing import clear
from market.trading.auction.model import (
    BUY,
    SELL,
    Arc,
    BadMarket,
    Clearing,
    Limit,
    Market,
    Node,
    Options,
    Orders,
)
from market.trading.auction.record import canonical, draw_seed, record
from market.trading.auction.solver import ClearingHalted

__all__ = [
    "BUY",
    "SELL",
    "Arc",
    "BadMarket",
    "Clearing",
    "ClearingHalted",
    "Limit",
    "Market",
    "Node",
    "Options",
    "Orders",
    "canonical",
    "clear",
    "draw_seed",
    "record",
]
