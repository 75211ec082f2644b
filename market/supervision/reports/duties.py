"""The calendar of duties: what is due, done, late, and what of it is not explained. Pure but for its one query."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg.rows import tuple_row

from market.core import clock
from market.county.current import pack_in_force
from market.county.supervision_rows import Duty

TO_COME, DUE, OVERDUE, DONE, DONE_LATE = STATES = ("to_come", "due", "overdue", "done", "done_late")
SOON_DAYS = 31
"""A duty is due from so many days before its day on."""


@dataclass(frozen=True, slots=True)
class Filed:
    """The first filing of a report for a duty and year: when it was made, and the newest one that stands for it."""

    filed_on: dt.date
    filing_id: int


@dataclass(frozen=True, slots=True)
class Item:
    """One report that is due for a duty and a year."""

    duty: Duty
    year: int
    report: str
    due_on: dt.date
    state: str
    filed: Filed | None


def state(due_on: dt.date, filed_on: dt.date | None, today: dt.date) -> str:
    """How a duty stands; on its last day it is still in time."""
    if filed_on is not None:
        return DONE if filed_on <= due_on else DONE_LATE
    if today > due_on:
        return OVERDUE
    return DUE if (due_on - today).days <= SOON_DAYS else TO_COME


def items(
    duties: Iterable[Duty], years: Iterable[int], filed: Mapping[tuple[str, int, str], Filed], today: dt.date
) -> list[Item]:
    """Every report of every duty of these years, the first due first."""
    found = []
    for duty in duties:
        for year in years:
            for report in duty.reports:
                done, due_on = filed.get((duty.code, year, report)), duty.due_on(year)
                now = state(due_on, done.filed_on if done else None, today)
                found.append(Item(duty, year, report, due_on, now, done))
    return sorted(found, key=lambda each: (each.due_on, each.duty.code, each.report))


_FILED_SQL = """
SELECT DISTINCT ON (duty, year, report) duty, year, report,
       min((filed_at AT TIME ZONE 'Asia/Shanghai')::date) OVER (PARTITION BY duty, year, report), id
  FROM filings ORDER BY duty, year, report, id DESC
"""
_YEARS_SQL = "SELECT year FROM water_years WHERE starts_on <= %s ORDER BY year"


def calendar(connection: psycopg.Connection[Any], *, year: int | None = None) -> list[Item]:
    """The duties of every water year that has begun, or of one."""
    today = clock.today()
    with connection.cursor(row_factory=tuple_row) as cursor:
        filed = {
            (row[0], row[1], row[2]): Filed(row[3], row[4]) for row in cursor.execute(_FILED_SQL).fetchall()
        }
        years = [row[0] for row in cursor.execute(_YEARS_SQL, (today,)).fetchall()]
    wanted = [each for each in years if year in (None, each)]
    return items(pack_in_force(connection).duties, wanted, filed, today)
