"""Reviews of trades and files of all desks against their clocks: until which day each was to be decided.

Days on which a clock stood still (hearings, publications, objections) are not counted.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, LiteralString

import msgspec
import psycopg
from psycopg.rows import dict_row, tuple_row

from ledger.arrays import Bigints
from market.core import clock, workdays
from market.county.review_parts import ReviewRule
from market.supervision.desks import rules
from market.supervision.reports.report import Asked

_rule = msgspec.json.Decoder(ReviewRule).decode

# The first file of a trade is its only one. What came after the day of the report is not known to it.
_REVIEWS_SQL = """
SELECT i.id AS review, CASE i.kind WHEN 'trade' THEN 'continuous' ELSE i.kind END AS mechanism, i.review_rule AS rule,
       i.instructed_at AS at, i.review_due_on AS due_on, i.source_litres AS litres, i.amount_fen, d.decision,
       d.decided_at, d.legal_source, coalesce(i.resolved_at < %(on_end)s, false) AS resolved, r.id AS file, r.terms,
       r.working_days, r.began_at, r.published_until
  FROM instructions i
  LEFT JOIN review_decisions d ON d.instruction_id = i.id AND d.decided_at < %(on_end)s
  LEFT JOIN LATERAL (SELECT * FROM desk_reviews f WHERE f.kind = 'instruction' AND f.reference = i.id
                      ORDER BY f.id LIMIT 1) r ON true
 WHERE i.review_rule IS NOT NULL AND i.review_due_on IS NOT NULL
   AND i.instructed_at >= %(since)s AND i.instructed_at < %(before)s
 ORDER BY i.id
"""
# What waits without a clock (working_days 0) is no row: nothing can be late.
_FILES_SQL = """
SELECT r.id AS file, r.id AS review, r.kind AS matter, r.desk, r.rule, r.began_at AS at, r.terms, r.working_days,
       r.began_at, r.published_until, CASE WHEN r.closed_at < %(on_end)s AND r.outcome <> 'elsewhere' THEN r.outcome END
       AS decision, CASE WHEN r.closed_at < %(on_end)s AND r.outcome <> 'elsewhere' THEN r.closed_at END AS decided_at,
       coalesce(r.closed_at < %(on_end)s, false) AS resolved
  FROM desk_reviews r
 WHERE r.working_days > 0 AND r.began_at >= %(since)s AND r.began_at < %(before)s
 ORDER BY r.id
"""
_STOPS_SQL = """
SELECT review_id, 'hearing', opened_at, CASE WHEN closed_at < %(on_end)s THEN closed_at END FROM review_hearings
 WHERE review_id = ANY (%(ids)s::bigint[]) AND opened_at < %(on_end)s
UNION ALL
SELECT review_id, 'objection', lodged_at, CASE WHEN answered_at < %(on_end)s THEN answered_at END
  FROM review_objections WHERE review_id = ANY (%(ids)s::bigint[]) AND lodged_at < %(on_end)s
"""


def rows(connection: psycopg.Connection[Any], asked: Asked) -> Iterable[Mapping[str, Any]]:
    """Every review of a trade that began in the year; a decision is in time on its last day.

    `due_on` is None where the clock stands still on the day of the report. Without a decision that day is held
    against the clock; what ended otherwise ended in time.
    """
    return _held(connection, asked, _REVIEWS_SQL)


def files(connection: psycopg.Connection[Any], asked: Asked) -> Iterable[Mapping[str, Any]]:
    """Every file with a clock that a desk opened in the year, of whatever matter; the rest as `rows`."""
    return _held(connection, asked, _FILES_SQL)


def _held(
    connection: psycopg.Connection[Any], asked: Asked, query: LiteralString
) -> Iterable[Mapping[str, Any]]:
    with connection.cursor(row_factory=dict_row) as cursor:
        found = cursor.execute(query, asked.parameters).fetchall()
    stops = _stops(connection, [row["file"] for row in found if row["file"] is not None], asked)
    counted: dict[
        tuple[Any, ...], dt.date | None
    ] = {}  # files that a day brought under one rule end on one day
    for row in found:
        if row["file"] is not None:
            of_file = stops[row["file"]]
            like = (
                row["working_days"],
                row["terms"],
                _legal_day(row["began_at"]),
                row["published_until"],
                *of_file,
            )
            if like not in counted:
                counted[like] = _due_on(row, of_file, asked.on)
            row["due_on"] = counted[like]
        row["clock"], row["days_late"] = _against(row, asked.on)
    return found


def _stops(
    connection: psycopg.Connection[Any], files: Sequence[int], asked: Asked
) -> dict[int, list[rules.Stop]]:
    found: dict[int, list[rules.Stop]] = defaultdict(list)
    wanted = asked.parameters | {"ids": Bigints(files)}
    with connection.cursor(row_factory=tuple_row) as cursor:
        for file, by, since, until in cursor.execute(_STOPS_SQL, wanted).fetchall():
            last = _legal_day(until) if until is not None else None
            found[file].append(rules.Stop(by, _legal_day(since), last))
    return found


def _due_on(row: Mapping[str, Any], stops: list[rules.Stop], on: dt.date) -> dt.date | None:
    """The last day of a file's clock, as the desk counts it."""
    began, rule = _legal_day(row["began_at"]), _rule(row["terms"].encode())
    if row["published_until"] is not None:
        stops = [rules.Stop(rules.PUBLICATION, began, row["published_until"]), *stops]
    terms = rules.Terms(
        row["working_days"], rule.warn_days, rule.hearing_stops, rule.publication_stops, rule.objection_stops
    )
    return rules.clock(terms, began, stops, on, workdays.is_working_day).due_on


def _against(row: Mapping[str, Any], on: dt.date) -> tuple[str, int]:
    """The word for how a review stands, and how many days it is late."""
    due_on, decided_at = row["due_on"], row["decided_at"]
    if decided_at is None and row["resolved"]:
        return "in_time", 0
    late = 0 if due_on is None else max(0, ((_legal_day(decided_at) if decided_at else on) - due_on).days)
    if decided_at is not None:
        return ("late" if late else "in_time"), late
    return ("overdue" if late else "running"), late


def _legal_day(instant: dt.datetime) -> dt.date:
    return instant.astimezone(clock.LEGAL_ZONE).date()
