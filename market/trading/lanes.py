"""What a negotiated deal moves, how long its water may be used, and which lane the county gives it. Pure."""

from __future__ import annotations

import datetime as dt
from typing import NamedTuple

from ledger.units import fen_ceil, fen_half_even
from market.county.pack import Pack
from market.county.parts import ALLOCATION, NegotiatedRule
from market.trading.book import BUY
from market.trading.fills import source_for
from market.trading.ways import Side


class Quantities(NamedTuple):
    """Litres that leave the seller and reach the buyer, and what the buyer pays in fen."""

    source_litres: int
    delivered_litres: int
    amount_fen: int


def quantities(volume_litres: int, price_e4: int, at: str, k: int) -> Quantities:
    """What the engine will make of a deal counted at the place of the side `at`, over a route of k per mille.

    Nil where the route would not deliver a litre.
    """
    delivered = volume_litres if at == BUY else volume_litres * k // 1000
    source = source_for(delivered, k)
    return Quantities(source, delivered, fen_half_even(price_e4 * (delivered if at == BUY else source)))


def most_fen(volume_litres: int, price_e4: int) -> int:
    """What a purchase may cost at most: rounded up."""
    return fen_ceil(volume_litres * price_e4)


def term(today: dt.date, year_starts_on: dt.date, year_ends_on: dt.date) -> tuple[dt.date, dt.date]:
    """From when until when traded water of a water year may be used, both days included."""
    return max(today, year_starts_on), year_ends_on


def rule_for(
    pack: Pack, seller: Side, buyer: Side, starts_on: dt.date, ends_on: dt.date, tenure: str = ALLOCATION
) -> NegotiatedRule | None:
    """The county's rule for a deal of a tenure between these places with this term; None: it may not be negotiated."""
    sectors, canals = (seller.sector, buyer.sector), (seller.canal_code, buyer.canal_code)
    return pack.negotiated_rule(sectors, canals, starts_on, ends_on, tenure)
