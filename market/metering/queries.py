"""Meters with their last counter, readings, findings, turn sheets."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg.rows import class_row, tuple_row
from sqlalchemy import select
from sqlalchemy.orm import Session

from ledger.arrays import Bigints
from market.core.errors import NotFound
from market.metering.models import Meter, TurnSheet, UseFinding
from market.registry.models import WaterAccount


@dataclass(frozen=True, slots=True)
class MeterView:
    """A meter and what it showed last (litres, or hundredths of kWh); `read_at` None: never read."""

    id: int
    water_account_id: int
    participant_id: int
    serial: str
    start_litres: int
    installed_at: dt.datetime
    counter_litres: int | None
    read_at: dt.datetime | None
    kind: str
    measures: str
    apportioned: bool
    zone: str | None
    digits: int | None
    start_kwh_e2: int | None
    kwh_e2: int | None
    calibrated_on: dt.date | None
    calibration_expires_on: dt.date | None
    most_litres_a_day: int | None
    read_every_days: int | None
    counter_number: int
    closed_at: dt.datetime | None
    version: int


_METERS_SQL = """
SELECT m.id, m.water_account_id, w.participant_id, m.serial, m.start_litres, m.installed_at,
       CASE WHEN m.measures = 'water' THEN coalesce(r.counter_litres, m.start_litres) END AS counter_litres,
       l.read_at, m.kind, m.measures, m.apportioned, z.code AS zone, m.digits, m.start_kwh_e2,
       CASE WHEN m.measures = 'electricity' THEN coalesce(r.kwh_e2, m.start_kwh_e2) END AS kwh_e2,
       m.calibrated_on, m.calibration_expires_on, m.most_litres_a_day, m.read_every_days, m.counter_number,
       m.closed_at, m.version
  FROM meters m
  JOIN water_accounts w ON w.id = m.water_account_id
  LEFT JOIN zones z ON z.id = m.zone_id
  LEFT JOIN LATERAL (
       SELECT i.reading_id, i.turn_sheet_id, coalesce(x.read_at, s.until) AS read_at
         FROM meter_intervals i
         LEFT JOIN readings x ON x.id = i.reading_id
         LEFT JOIN turn_sheets s ON s.id = i.turn_sheet_id
        WHERE i.meter_id = m.id ORDER BY coalesce(x.read_at, s.until) DESC LIMIT 1) l ON true
  LEFT JOIN LATERAL (
       SELECT x.counter_litres, x.kwh_e2 FROM readings x
        WHERE x.id = l.reading_id AND x.counter_number = m.counter_number
       UNION ALL
       SELECT s.counter_litres, NULL FROM turn_sheets s
        WHERE s.id = l.turn_sheet_id AND s.counter_number = m.counter_number) r ON true
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
    with connection.cursor(row_factory=class_row(MeterView)) as cursor:
        return cursor.execute(_METERS_SQL, parameters).fetchall()


@dataclass(frozen=True, slots=True)
class ReadingView:
    """A reading; `counts` False: another took its place."""

    id: int
    meter_id: int
    water_account_id: int
    since: dt.datetime
    read_at: dt.datetime
    method: str
    counter_litres: int | None
    kwh_e2: int | None
    litres_per_kwh_e3: int | None
    use_litres: int
    posted_litres: int
    over_use_litres: int
    price_e4: int
    fee_fen: int
    calibration_expired: bool
    counts: bool
    corrects_id: int | None
    reason: str | None
    recorded_at: dt.datetime


_READINGS_SQL = """
SELECT r.id, r.meter_id, r.water_account_id, r.since, r.read_at, r.method, r.counter_litres, r.kwh_e2,
       c.litres_per_kwh_e3, r.use_litres, r.posted_litres, r.over_use_litres, r.price_e4, r.fee_fen,
       r.calibration_expired, i.id IS NOT NULL AS counts, r.corrects_id, r.reason, r.recorded_at
  FROM readings r
  LEFT JOIN meter_intervals i ON i.reading_id = r.id
  LEFT JOIN pump_conversions c ON c.id = r.conversion_id
 WHERE (%(id)s::bigint IS NULL OR r.id = %(id)s) AND (%(meter)s::bigint IS NULL OR r.meter_id = %(meter)s)
   AND r.id > %(after)s
 ORDER BY r.id LIMIT %(limit)s
"""


def readings(
    connection: psycopg.Connection[Any], *, meter_id: int, after: int | None = None, limit: int = 50
) -> list[ReadingView]:
    """Readings of a meter in the order in which they were recorded."""
    parameters = {"id": None, "meter": meter_id, "after": after or 0, "limit": limit}
    with connection.cursor(row_factory=class_row(ReadingView)) as cursor:
        return cursor.execute(_READINGS_SQL, parameters).fetchall()


def reading(connection: psycopg.Connection[Any], *, reading_id: int) -> ReadingView:
    """One reading. Errors: NotFound."""
    parameters = {"id": reading_id, "meter": None, "after": 0, "limit": 1}
    with connection.cursor(row_factory=class_row(ReadingView)) as cursor:
        found = cursor.execute(_READINGS_SQL, parameters).fetchone()
    if found is None:
        raise NotFound("there is no such reading")
    return found


def owners(connection: psycopg.Connection[Any], meter_ids: Iterable[int]) -> dict[int, int]:
    """The participant of each of these meters."""
    with connection.cursor(row_factory=tuple_row) as cursor:
        rows = cursor.execute(
            "SELECT m.id, w.participant_id FROM meters m JOIN water_accounts w ON w.id = m.water_account_id"
            " WHERE m.id = ANY(%s)",
            (Bigints(meter_ids),),
        ).fetchall()
    return {row[0]: row[1] for row in rows}


def findings(
    session: Session,
    *,
    participant_id: int | None = None,
    kind: str | None = None,
    status: str | None = None,
    meter_id: int | None = None,
    after: int | None = None,
    limit: int = 50,
) -> list[UseFinding]:
    """Findings by id; of one participant's accounts, or all."""
    statement = select(UseFinding).where(UseFinding.id > (after or 0))
    if participant_id is not None:
        own = select(WaterAccount.id).where(WaterAccount.participant_id == participant_id)
        statement = statement.where(UseFinding.water_account_id.in_(own))
    if kind is not None:
        statement = statement.where(UseFinding.kind == kind)
    if status is not None:
        statement = statement.where(UseFinding.status == status)
    if meter_id is not None:
        statement = statement.where(UseFinding.meter_id == meter_id)
    return list(session.scalars(statement.order_by(UseFinding.id).limit(limit)))


def serials(session: Session, meter_ids: Collection[int]) -> dict[int, str]:
    """The serial number of each of these meters."""
    rows = session.execute(select(Meter.id, Meter.serial).where(Meter.id.in_(meter_ids)))
    return {row.id: row.serial for row in rows}


def turn_sheets(
    session: Session,
    *,
    participant_id: int | None = None,
    meter_id: int | None = None,
    status: str | None = None,
    after: int | None = None,
    limit: int = 50,
) -> list[TurnSheet]:
    """Turn sheets by id; of the gates of one association, or all."""
    statement = select(TurnSheet).where(TurnSheet.id > (after or 0))
    if participant_id is not None:
        own = (
            select(Meter.id)
            .join(WaterAccount, WaterAccount.id == Meter.water_account_id)
            .where(WaterAccount.participant_id == participant_id)
        )
        statement = statement.where(TurnSheet.meter_id.in_(own))
    if meter_id is not None:
        statement = statement.where(TurnSheet.meter_id == meter_id)
    if status is not None:
        statement = statement.where(TurnSheet.status == status)
    return list(session.scalars(statement.order_by(TurnSheet.id).limit(limit)))
