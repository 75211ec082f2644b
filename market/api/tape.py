"""A trade as the public sees it: of one row of the tape, for lists and for the live feed."""

from __future__ import annotations

from typing import Any

from market.trading.candles import unit_price
from market.trading.market_data import MECHANISMS

STREAM_PATH = "/v1/market/stream"
"""Where the feed's process streams, at its own port."""
EVENTS = ("trade", "depth", "phase", "halt")


def tape_view(row: tuple[Any, ...]) -> dict[str, Any]:
    """A row of TAPE_COLUMNS for the shape TapeTradeOut."""
    return {
        "id": row[0], "product_id": row[4], "traded_at": row[1], "mechanism": MECHANISMS.get(row[13], row[13]),
        "source_volume": row[2], "delivered_volume": row[3], "price": row[5], "price_at": row[6],
        "seller_price": unit_price(row[14], row[2]), "buyer_price": unit_price(row[14], row[3]), "amount": row[7],
        "status": row[8], "from_zone": row[9], "from_sector": row[10], "to_zone": row[11], "to_sector": row[12],
    }  # fmt: skip
