"""Which readings and turn sheets a bill counts: what is behind its litres, each billed once."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg.rows import class_row

from market.billing.models import BILL, CORRECTION

_COUNTS = """
SELECT r.water_account_id, r.id AS reading_id, NULL::bigint AS turn_use_id,
       (r.read_at AT TIME ZONE 'Asia/Shanghai')::date AS day
  FROM readings r JOIN meter_intervals i ON i.reading_id = r.id
  JOIN water_accounts w ON w.id = r.water_account_id AND w.water_year = %(year)s
UNION ALL
SELECT t.water_account_id, NULL, t.id, (s.until AT TIME ZONE 'Asia/Shanghai')::date
  FROM turn_uses t JOIN turn_sheets s ON s.id = t.turn_sheet_id AND s.status = 'signed'
  JOIN water_accounts w ON w.id = t.water_account_id AND w.water_year = %(year)s
"""
_ADDED_SQL = f"""
INSERT INTO water_bill_uses (bill_id, reading_id, turn_use_id, taken_back)
SELECT b.id, c.reading_id, c.turn_use_id, false
  FROM ({_COUNTS}) AS c
  JOIN water_bills b ON b.run_id = %(run)s AND b.kind = %(kind)s AND b.water_account_id = c.water_account_id
 WHERE c.day <= %(until)s
   AND NOT EXISTS (SELECT FROM water_bill_uses u WHERE u.reading_id = c.reading_id)
   AND NOT EXISTS (SELECT FROM water_bill_uses u WHERE u.turn_use_id = c.turn_use_id)
 ORDER BY b.id, c.day, c.reading_id, c.turn_use_id
"""
_TAKEN_BACK_SQL = """
INSERT INTO water_bill_uses (bill_id, reading_id, turn_use_id, taken_back)
SELECT b.id, u.reading_id, u.turn_use_id, true
  FROM water_bills b JOIN water_bills o ON o.water_account_id = b.water_account_id AND o.id < b.id
  JOIN water_bill_uses u ON u.bill_id = o.id AND NOT u.taken_back
 WHERE b.run_id = %(run)s AND b.kind = %(kind)s
   AND NOT EXISTS (SELECT FROM water_bill_uses x WHERE x.taken_back AND x.reading_id = u.reading_id)
   AND NOT EXISTS (SELECT FROM water_bill_uses x WHERE x.taken_back AND x.turn_use_id = u.turn_use_id)
   AND NOT EXISTS (SELECT FROM meter_intervals i WHERE i.reading_id = u.reading_id)
   AND NOT EXISTS (SELECT FROM turn_uses t JOIN turn_sheets s ON s.id = t.turn_sheet_id
                    WHERE t.id = u.turn_use_id AND s.status = 'signed')
 ORDER BY b.id, u.id
"""


def keep(
    connection: psycopg.Connection[Any],
    *,
    run_id: int,
    water_year: int,
    until_on: dt.date,
    last_on: dt.date | None,
) -> None:
    """Notes what the bills of a run count: its corrections what changed up to `last_on`, its bills the rest."""
    # Nobody has counted the run's own bills yet: taken for one, they are looked up in all readings, bill after bill.
    connection.execute("SET LOCAL enable_nestloop = off")
    for kind, day in ((CORRECTION, last_on), (BILL, until_on)):
        if day is not None:
            asked = {"run": run_id, "kind": kind, "year": water_year, "until": day}
            connection.execute(_TAKEN_BACK_SQL, asked)
            connection.execute(_ADDED_SQL, asked)
    connection.execute("SET LOCAL enable_nestloop TO DEFAULT")


@dataclass(frozen=True, slots=True)
class Counted:
    """A use behind a bill: of a meter from an instant to another; litres, below nil where it was taken back."""

    reading_id: int | None
    turn_sheet_id: int | None
    serial: str
    since: dt.datetime
    until: dt.datetime
    litres: int


_COUNTED_SQL = """
SELECT u.reading_id, s.id AS turn_sheet_id, m.serial, coalesce(r.since, s.since) AS since,
       coalesce(r.read_at, s.until) AS until,
       CASE WHEN u.taken_back THEN -1 ELSE 1 END * coalesce(r.use_litres, t.use_litres) AS litres
  FROM water_bill_uses u LEFT JOIN readings r ON r.id = u.reading_id LEFT JOIN turn_uses t ON t.id = u.turn_use_id
  LEFT JOIN turn_sheets s ON s.id = t.turn_sheet_id JOIN meters m ON m.id = coalesce(r.meter_id, s.meter_id)
 WHERE u.bill_id = %s ORDER BY u.id
"""


def of_bill(connection: psycopg.Connection[Any], bill_id: int) -> list[Counted]:
    """What a bill counts, and takes back."""
    with connection.cursor(row_factory=class_row(Counted)) as cursor:
        return cursor.execute(_COUNTED_SQL, (bill_id,)).fetchall()
