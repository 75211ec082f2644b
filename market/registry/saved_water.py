"""What of a right's yearly water was verified as saved and may be sold: for its certificate."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg.rows import class_row


@dataclass(frozen=True, slots=True)
class SavedWater:
    """A lot of saved water: litres that stand (issued less taken back), of which so many are sold or on offer.

    `report_sha256` is the derivation that a verifier certified.
    """

    water_year: int
    standing_litres: int
    offered_litres: int
    expires_on: dt.date
    report_sha256: str


_SQL = """
SELECT l.water_year, l.issued_litres - l.cancelled_litres AS standing_litres, l.offered_litres, l.expires_on,
       encode(r.sha256, 'hex') AS report_sha256
  FROM saving_lots l JOIN saving_reports r ON r.id = l.report_id
 WHERE l.entitlement_id = %s ORDER BY l.id DESC LIMIT 20
"""


def of_right(connection: psycopg.Connection[Any], entitlement_id: int) -> tuple[SavedWater, ...]:
    """The last lots of a right, the newest first."""
    with connection.cursor(row_factory=class_row(SavedWater)) as cursor:
        return tuple(cursor.execute(_SQL, (entitlement_id,)).fetchall())
