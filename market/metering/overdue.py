"""Meters that somebody has to go to: not read for longer than they should be, or with an expired calibration."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, NamedTuple

import psycopg
from psycopg.rows import class_row

from market.core import clock


class Why(StrEnum):
    """Why a meter is overdue."""

    NOT_READ = "not_read"
    CALIBRATION_EXPIRED = "calibration_expired"


class Reason(NamedTuple):
    """One reason: the last legal day on which it was in time, how many days ago that was, and what people read."""

    why: Why
    due_on: dt.date
    overdue_days: int
    en: str
    zh: str


@dataclass(frozen=True, slots=True)
class OverdueMeter:
    """An open meter that is overdue. `seen_on` is the legal day of its last reading, or else of its installation."""

    id: int
    serial: str
    water_account_id: int
    participant_id: int
    zone: str | None
    read_at: dt.datetime | None
    seen_on: dt.date
    read_every_days: int | None
    calibration_expires_on: dt.date | None

    def reasons(self, today: dt.date) -> tuple[Reason, ...]:
        """Why it is overdue on a legal day."""
        found = []
        if self.read_every_days is not None:
            due = self.seen_on + dt.timedelta(days=self.read_every_days)
            since_en, since_zh = ("read", "抄表") if self.read_at is not None else ("installed", "安装")
            en = f"last {since_en} on {self.seen_on}, to be read every {self.read_every_days} days"
            zh = f"上次{since_zh}为 {self.seen_on}，应每 {self.read_every_days} 天抄表"
            found.append(Reason(Why.NOT_READ, due, (today - due).days, en, zh))
        if self.calibration_expires_on is not None:
            due = self.calibration_expires_on
            en, zh = f"its calibration expired on {due}", f"检定有效期至 {due}"
            found.append(Reason(Why.CALIBRATION_EXPIRED, due, (today - due).days, en, zh))
        return tuple(each for each in found if each.overdue_days > 0)


_OVERDUE_SQL = """
SELECT m.id, m.serial, m.water_account_id, w.participant_id, z.code AS zone, l.read_at, s.seen_on, m.read_every_days,
       m.calibration_expires_on
  FROM meters m
  JOIN water_accounts w ON w.id = m.water_account_id
  LEFT JOIN zones z ON z.id = m.zone_id
  LEFT JOIN LATERAL (SELECT max(upper(i.period)) AS read_at FROM meter_intervals i WHERE i.meter_id = m.id) l ON true
 CROSS JOIN LATERAL (SELECT (coalesce(l.read_at, m.installed_at) AT TIME ZONE 'Asia/Shanghai')::date AS seen_on) s
 WHERE m.closed_at IS NULL AND m.id > %(after)s
   AND (%(participant)s::bigint IS NULL OR w.participant_id = %(participant)s)
   AND ((%(why)s::text IS DISTINCT FROM 'calibration_expired' AND s.seen_on + m.read_every_days < %(today)s)
        OR (%(why)s::text IS DISTINCT FROM 'not_read' AND m.calibration_expires_on < %(today)s))
 ORDER BY m.id LIMIT %(limit)s
"""


def meters(
    connection: psycopg.Connection[Any],
    *,
    participant_id: int | None = None,
    why: Why | None = None,
    after: int | None = None,
    limit: int = 50,
) -> list[OverdueMeter]:
    """Overdue meters by id; of one participant or all, for one reason or any.

    What counts as a reading is what posts use: a reading or an estimate that no other replaced, or a turn sheet.
    """
    with connection.cursor(row_factory=class_row(OverdueMeter)) as cursor:
        return cursor.execute(
            _OVERDUE_SQL,
            {
                "participant": participant_id,
                "why": why,
                "after": after or 0,
                "today": clock.today(),
                "limit": limit,
            },
        ).fetchall()
