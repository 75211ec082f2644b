"""Meters with their last counter, and readings."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg.rows import tuple_row
from sqlalchemy import select
from sqlalchemy.orm import Session

from market.core.errors import NotFound
from market.metering.models import Reading


@dataclass(frozen=True, slots=True)
class MeterView:
    """A meter and what it showed last (litres); `read_at` None: never read."""

    id: int
    water_account_id: int
    participant_id: int
    serial: str
    start_litres: int
    installed_at: dt.datetime
    counter_litres: int
    read_at: dt.datetime | None


_METERS_SQL = """
SELECT m.id, m.water_account_id, w.participant_id, m.serial, m.start_litres, m.installed_at,
       coalesce(r.counter_litres, m.start_litres), r.read_at
  FROM meters m
  JOIN water_accounts w ON w.id = m.water_account_id
  LEFT JOIN LATERAL (SELECT counter_litres, read_at FROM readings WHERE meter_id = m.id
                      ORDER BY read_at DESC LIMIT 1) r ON true
 WHERE (%(id)s::bigint IS NULL OR m.id = %(id)s)
   AND (%(participant)s::bigint IS NULL OR w.participant_id = %(participant)s)
   AND (%(account)s::bigint IS NULL OR m.water_account_id = %(account)s)
   AND m.id > %(after)s
 ORDER BY m.id LIMIT %(limit)s
"""


def meters(
    connection: psycopg.Connection[Any],
    *,
    participant_id: int | None = None,
    water_account_id: int | None = None,
    after: int | None = None,
    limit: int = 50,
) -> list[MeterView]:
    """Meters by id; of one participant or water account, or all."""
    return _views(
        connection,
        {
            "id": None,
            "participant": participant_id,
            "account": water_account_id,
            "after": after or 0,
            "limit": limit,
        },
    )


def meter(connection: psycopg.Connection[Any], *, meter_id: int) -> MeterView:
    """One meter. Errors: NotFound."""
    parameters = {"id": meter_id, "participant": None, "account": None, "after": 0, "limit": 1}
    found = _views(connection, parameters)
    if not found:
        raise NotFound("there is no such meter")
    return found[0]


def _views(connection: psycopg.Connection[Any], parameters: dict[str, int | None]) -> list[MeterView]:
    with connection.cursor(row_factory=tuple_row) as cursor:
        return [MeterView(*row) for row in cursor.execute(_METERS_SQL, parameters)]


def readings(session: Session, *, meter_id: int, after: int | None = None, limit: int = 50) -> list[Reading]:
    """Readings of a meter, oldest first."""
    statement = select(Reading).where(Reading.meter_id == meter_id)
    if after is not None:
        statement = statement.where(Reading.id > after)
    return list(session.scalars(statement.order_by(Reading.id).limit(limit)))
