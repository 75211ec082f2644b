"""The water price of a place, from the county's pack."""

from __future__ import annotations

from typing import Any

import psycopg

from market.county.current import pack_in_force
from market.metering.errors import NoTariff


def price_of(
    connection: psycopg.Connection[Any], *, township_zone_id: int, canal_zone_id: int, sector: str
) -> int:
    """The price (1/10 000 yuan per m3) of a sector at a township and a canal. Errors: NoTariff."""
    rows = connection.execute(
        "SELECT code FROM zones WHERE id IN (%s, %s)", (township_zone_id, canal_zone_id)
    ).fetchall()
    codes = [row[0] for row in rows]
    tariff = pack_in_force(connection).tariff(sector, *codes)
    if tariff is None:
        raise NoTariff(
            f"the county's rules have no water price for {sector} at {' and '.join(sorted(codes))}"
        )
    return tariff.price_e4
