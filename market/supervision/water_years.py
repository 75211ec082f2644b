"""The days of a water year, also of one that the pack in force no longer names."""

from __future__ import annotations

import datetime as dt
from typing import Any

import psycopg

from market.county.parts import WaterYear
from market.supervision.errors import NoSuchYear

_SQL = """
SELECT year, starts_on, ends_on FROM water_years
 WHERE year = %(year)s OR (%(year)s::int IS NULL AND %(today)s BETWEEN starts_on AND ends_on) LIMIT 1
"""


def found(connection: psycopg.Connection[Any], year: int | None, today: dt.date) -> WaterYear:
    """A water year by its number, or the one that a day lies in. Errors: NoSuchYear."""
    row = connection.execute(_SQL, {"year": year, "today": today}).fetchone()
    if row is None:
        raise NoSuchYear(f"there is no water year {year or today}", pointer="/water_year")
    return WaterYear(*row)
