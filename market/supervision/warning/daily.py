"""The colours of each day: stored once, told where they changed, and shown as a zone's history."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

import psycopg
from psycopg.rows import dict_row, tuple_row
from sqlalchemy.orm import Session

from market.core import acts, audit, db
from market.core.db import raw
from market.supervision.errors import NoSuchYear
from market.supervision.warning import tree
from market.supervision.warning.rollup import Line

_BEFORE_SQL = """
SELECT DISTINCT ON (kind, node) kind, node, colour FROM early_warnings
 WHERE water_year = %s AND day < %s ORDER BY kind, node, day DESC
"""
_STORE_SQL = """
INSERT INTO early_warnings (day, water_year, kind, node, zone_id, limit_id, limit_litres, used_litres, allotted_litres,
                            holdings_litres, forecast_litres, low_litres, high_litres, method, base_e2, colour,
                            measure, share_e6)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
ON CONFLICT (day, water_year, kind, node) DO NOTHING RETURNING id
"""


def run(url: str, *, actor: audit.Actor) -> int:
    """Keeps the colours of today in a transaction of its own; nothing on a day of no water year. As `store`."""
    try:
        with db.transaction(url) as session:
            return store(session, actor=actor)
    except NoSuchYear:
        return 0


def store(session: Session, *, actor: audit.Actor) -> int:
    """Keeps the colours of today, once a day; whoever listens is told of every node whose colour changed.

    A node that was never seen before counts as green. Returns how many were stored. Errors: NoSuchYear.
    """
    connection = raw(session)
    now = tree.now(connection)
    with connection.cursor(row_factory=tuple_row) as cursor:
        rows = cursor.execute(_BEFORE_SQL, (now.water_year, now.day)).fetchall()
        before = {(kind, node): colour for kind, node, colour in rows}
        cursor.executemany(
            _STORE_SQL, [_row(now.day, now.water_year, each) for each in now.lines], returning=True
        )
        stored = []
        for _ in now.lines:
            stored.append(cursor.fetchone())
            cursor.nextset()
    changed = [
        (row[0], {"node": node_name(each), "from": was, "to": each.verdict.colour})
        for each, row in zip(now.lines, stored, strict=True)
        if row is not None
        and (was := before.get((each.node.kind, node_name(each)), "green")) != each.verdict.colour
    ]
    if changed:
        acts.done_many(
            connection, actor=actor, source="supervision", told=[("early_warning", "changed", changed)]
        )
    return sum(row is not None for row in stored)


def node_name(line: Line) -> str:
    """What the node is called in what is kept: its code, for a user with its number."""
    who = line.node.participant_id
    return line.node.code if who is None else f"{line.node.code}:{who}:{line.node.at.zone_id}"


def _row(day: dt.date, water_year: int, line: Line) -> tuple[Any, ...]:
    node, facts, coming = line.node, line.facts, line.forecast
    return (
        day, water_year, node.kind, node_name(line), node.at.zone_id, node.at.id or None, node.limit_litres,
        facts.used_litres, node.allotted_litres, facts.holdings_litres,
        *((coming.litres, coming.low_litres, coming.high_litres, coming.method) if coming else (None,) * 4),
        line.base_e2, line.verdict.colour, line.verdict.measure, line.verdict.share_e6,
    )  # fmt: skip


_HISTORY_SQL = """
SELECT w.*, z.code AS zone FROM early_warnings w LEFT JOIN zones z ON z.id = w.zone_id
 WHERE (%(zone)s::text IS NULL OR z.code = %(zone)s) AND (%(node)s::text IS NULL OR w.node = %(node)s)
   AND w.day BETWEEN %(first)s AND %(last)s AND (%(before)s::bigint IS NULL OR w.id < %(before)s)
 ORDER BY w.id DESC LIMIT %(limit)s
"""


def history(
    connection: psycopg.Connection[Any], *, zone: str | None, node: str | None, first: dt.date, last: dt.date,
    before: int | None, limit: int,
) -> Sequence[dict[str, Any]]:  # fmt: skip
    """The stored colours of a zone, or of one node, the newest first."""
    asked = {"zone": zone, "node": node, "first": first, "last": last, "before": before, "limit": limit}
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(_HISTORY_SQL, asked).fetchall()
