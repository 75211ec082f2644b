"""Findings: over-use, jumps that are held, gaps, calibrations that have run out; opened, confirmed, dismissed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any, NamedTuple

import psycopg
from psycopg.rows import tuple_row
from sqlalchemy import select
from sqlalchemy.orm import Session

from market.core import audit, clock, outbox
from market.core.db import raw
from market.core.errors import NotFound
from market.metering.errors import FindingState
from market.metering.models import UseFinding


class New(NamedTuple):
    """A finding to open; the last six say what a held reading showed."""

    kind: str
    water_account_id: int
    meter_id: int | None = None
    reading_id: int | None = None
    turn_sheet_id: int | None = None
    litres: int | None = None
    limit_litres: int | None = None
    read_at: dt.datetime | None = None
    method: str | None = None
    counter_litres: int | None = None
    kwh_e2: int | None = None


_INSERT_SQL = """
INSERT INTO use_findings (kind, water_account_id, meter_id, reading_id, turn_sheet_id, litres, limit_litres, read_at,
                          method, counter_litres, kwh_e2, opened_at)
SELECT n.*, %s::timestamptz
  FROM unnest(%s::text[], %s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[],
              %s::timestamptz[], %s::text[], %s::bigint[], %s::bigint[]) AS n
RETURNING id, kind, meter_id
"""


def insert(connection: psycopg.Connection[Any], new: Sequence[New], now: dt.datetime) -> list[int]:
    """Opens findings, and tells those who watch; the caller's audit entry says what they were found in."""
    if not new:
        return []
    columns = [list(column) for column in zip(*new, strict=True)]
    with connection.cursor(row_factory=tuple_row) as cursor:
        made = cursor.execute(_INSERT_SQL, (now, *columns)).fetchall()
    outbox.publish_many(
        connection,
        topic="metering.finding.opened",
        subject_type="finding",
        payloads=[(row[0], {"kind": row[1], "meter_id": row[2]}) for row in made],
    )
    return [row[0] for row in made]


def dismiss_of_readings(
    connection: psycopg.Connection[Any], reading_ids: Sequence[int], actor: audit.Actor, now: dt.datetime
) -> None:
    """Ends the open findings of readings that count no more."""
    connection.execute(
        "UPDATE use_findings SET status = 'dismissed', decided_at = %s, decided_by = %s,"
        " decision_reason = 'the reading was replaced' WHERE reading_id = ANY(%s) AND status = 'open'",
        (now, actor.user_id, list(reading_ids)),
    )


def locked(session: Session, finding_id: int) -> UseFinding:
    """An open finding, locked. Errors: NotFound, FindingState."""
    found = session.scalars(
        select(UseFinding)
        .where(UseFinding.id == finding_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one_or_none()
    if found is None:
        raise NotFound("there is no such finding")
    if found.status != "open":
        raise FindingState(f"the finding is {found.status}")
    return found


def decide(session: Session, finding: UseFinding, *, actor: audit.Actor, status: str, reason: str) -> None:
    """Confirms or dismisses a locked finding."""
    finding.status = status
    finding.decided_at = clock.now()
    finding.decided_by = actor.user_id
    finding.decision_reason = reason
    connection = raw(session)
    subject = ("finding", finding.id)
    outbox.publish(connection, topic=f"metering.finding.{status}", subject=subject)
    audit.record(
        connection, actor=actor, action=f"finding.{status}", subject=subject, detail={"kind": finding.kind}
    )


def dismiss(session: Session, *, actor: audit.Actor, finding_id: int, reason: str) -> UseFinding:
    """Dismisses a finding: a held reading is then not taken. Errors: NotFound, FindingState."""
    finding = locked(session, finding_id)
    decide(session, finding, actor=actor, status="dismissed", reason=reason)
    return finding
