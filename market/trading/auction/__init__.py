"""The call auction as a smart market: `clear` a `Market`, `record` what was found. Pure; HiGHS solves, integers decide.

docs/decisions/0019-the-call-auction.md says how it is meant; `market.trading.verify` checks a record without a solver.
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
from market.trading.auction.record import record
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
    "clear",
    "record",
]
