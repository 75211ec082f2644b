"""Water prices of a pack: from which day, of which water, tiers above the quota, and what is for the end canals."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

from market.county import parts
from market.county.document import Item

BASIS = ("source", "status", "demonstration")
MOST_PRICE_E4 = 10**8
MOST_MULTIPLE_E6 = 10**9
BasisOf = Callable[[Item, dict[str, Item]], parts.Basis]


def tariff(item: Item, basis_of: BasisOf) -> parts.Tariff:
    """The water price of a sector in a zone; what is for the end canals is within it."""
    found = item.table(("zone", "sector", "price"), ("tiers", "from", "source_of_water", "end_canal", *BASIS))
    price_e4 = found["price"].decimal(4, MOST_PRICE_E4)
    return parts.Tariff(
        found["zone"].code(),
        found["sector"].code(),
        price_e4,
        basis_of(item, found),
        _tiers(found["tiers"], basis_of) if "tiers" in found else (),
        found["from"].day() if "from" in found else dt.date.min,
        found["source_of_water"].code() if "source_of_water" in found else None,
        _end_canal(found["end_canal"], price_e4, basis_of) if "end_canal" in found else None,
    )


def _tiers(item: Item, basis_of: BasisOf) -> tuple[parts.Tier, ...]:
    tiers: list[parts.Tier] = []
    for each in item.items():
        found = each.table(("above", "multiple"), BASIS)
        above = found["above"].decimal(6, MOST_MULTIPLE_E6)
        if tiers and above <= tiers[-1].above_e6:
            raise found["above"].wrong("must be above that of the tier before")
        tiers.append(parts.Tier(above, found["multiple"].decimal(6, MOST_MULTIPLE_E6), basis_of(each, found)))
    return tuple(tiers)


def _end_canal(item: Item, most_e4: int, basis_of: BasisOf) -> parts.EndCanal:
    found = item.table(("price",), BASIS)
    price_e4 = found["price"].decimal(4, MOST_PRICE_E4)
    if price_e4 > most_e4:
        raise found["price"].wrong("is above the price that it is a part of")
    return parts.EndCanal(price_e4, basis_of(item, found))
