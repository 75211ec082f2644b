"""The provider's account against the clearing account, item by item; what does not agree becomes a case.

Lines of the provider are compared with items of the books: a captured payment with its fee, a refund or payout that the
provider has accepted (held or posted, both are items of the clearing account), and what came back of one. An item is
found by its kind and by the provider's own name of it, so no clock decides what belongs together.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import LiteralString

from psycopg.rows import class_row
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from market.core import acts, audit, clock
from market.core.db import raw
from market.core.errors import NotFound
from market.payments.gateway import Entry, Gateway
from market.payments.gateway_errors import DifferenceState, ExplainedByOneself
from market.payments.gateway_models import (
    CLOSED,
    EXPLAINED,
    PROVIDER_KINDS,
    GatewayCall,
    Reconciliation,
    ReconciliationDifference,
)

AROUND = dt.timedelta(days=1)
"""Lines are also fetched of the day before and after: an item may be booked a moment later than it is a line."""


@dataclass(frozen=True, slots=True)
class Found:
    """A difference that a run found."""

    kind: str
    subject: str
    provider_fen: int | None
    book_fen: int | None


@dataclass(frozen=True, slots=True)
class Report:
    """A day that was compared; sums in fen, what came in positive. `found` are all its differences of now."""

    day: dt.date
    entries: int
    items: int
    provider_fen: int
    book_fen: int
    found: list[Found]
    opened: int
    closed: int


# Items of the clearing account: +1 what came in, -1 what goes out.
_ITEMS: LiteralString = """
items AS (
  SELECT 'capture' AS kind, p.source, 'payment:' || p.id AS subject, m.fen AS fen, coalesce(p.fee_fen, 0) AS fee_fen,
         p.captured_at AS at, 1::bigint AS nth
    FROM gateway_movements m JOIN gateway_payments p ON p.id = m.payment_id WHERE m.kind = 'capture'
  UNION ALL
  SELECT 'refund', provider_id, 'refund:' || id, -amount_fen, 0, accepted_at, 1
    FROM gateway_refunds WHERE provider_id IS NOT NULL
  UNION ALL
  SELECT 'refund_return', provider_id, 'refund:' || id, amount_fen, 0, closed_at, 1
    FROM gateway_refunds WHERE provider_id IS NOT NULL AND status IN ('failed', 'returned')
  UNION ALL
  SELECT 'payout', provider_id, 'payout:' || id, -amount_fen, coalesce(fee_fen, 0), accepted_at, 1
    FROM gateway_payouts WHERE provider_id IS NOT NULL
  UNION ALL
  SELECT 'payout_return', coalesce(return_source, provider_id), 'payout:' || id, amount_fen, 0, closed_at, 1
    FROM gateway_payouts WHERE provider_id IS NOT NULL AND status IN ('failed', 'returned')
), lines AS (
  SELECT number, kind, source, currency, gross_fen, fee_fen, at,
         row_number() OVER (PARTITION BY kind, source ORDER BY at, number) AS nth
    FROM gateway_entries
), pairs AS (
  SELECT l.number, l.gross_fen, l.fee_fen AS line_fee_fen, l.at AS line_at, l.nth, l.currency,
         i.kind, i.subject, i.fen, i.fee_fen, i.at
    FROM lines l FULL JOIN items i ON i.kind = l.kind AND i.source = l.source AND i.nth = l.nth
)
"""
_DIFFERENCES_SQL = f"""
WITH {_ITEMS}
SELECT CASE WHEN nth > 1 THEN 'twice_at_provider' ELSE 'not_in_books' END AS kind, 'line:' || number AS subject,
       gross_fen AS provider_fen, NULL::bigint AS book_fen
  FROM pairs WHERE subject IS NULL AND line_at >= %(since)s AND line_at < %(until)s
UNION ALL
SELECT 'not_at_provider', kind || ':' || subject, NULL, fen
  FROM pairs WHERE number IS NULL AND at >= %(since)s AND at < %(until)s
UNION ALL
SELECT 'amount_differs', 'line:' || number, gross_fen, fen
  FROM pairs WHERE (gross_fen <> fen OR currency <> 'CNY') AND line_at >= %(since)s AND line_at < %(until)s
UNION ALL
SELECT 'fee_differs', 'line:' || number, line_fee_fen, fee_fen
  FROM pairs WHERE line_fee_fen <> fee_fen AND line_at >= %(since)s AND line_at < %(until)s
ORDER BY 1, 2
"""
_SUMS_SQL = f"""
WITH {_ITEMS}
SELECT (SELECT count(*) FROM lines WHERE at >= %(since)s AND at < %(until)s),
       (SELECT count(*) FROM items WHERE at >= %(since)s AND at < %(until)s),
       (SELECT coalesce(sum(gross_fen - fee_fen), 0)::bigint FROM lines WHERE at >= %(since)s AND at < %(until)s),
       (SELECT coalesce(sum(fen - fee_fen), 0)::bigint FROM items WHERE at >= %(since)s AND at < %(until)s)
"""
_KEEP_SQL = """
INSERT INTO gateway_entries (number, kind, source, currency, gross_fen, fee_fen, at)
SELECT * FROM unnest(%s::text[], %s::text[], %s::text[], %s::text[], %s::bigint[], %s::bigint[], %s::timestamptz[])
ON CONFLICT (number) DO NOTHING
"""
_OPEN_SQL = """
INSERT INTO reconciliation_differences (day, kind, subject, provider_fen, book_fen, found_at)
SELECT %s, f.* , %s FROM unnest(%s::text[], %s::text[], %s::bigint[], %s::bigint[]) AS f
ON CONFLICT (kind, subject) DO NOTHING RETURNING id
"""
_CLOSE_SQL = """
UPDATE reconciliation_differences d SET status = 'closed', closed_at = %s, note = note || %s
WHERE d.day = %s AND d.kind = ANY(%s) AND d.status <> 'closed' AND (d.kind, d.subject) NOT IN
      (SELECT * FROM unnest(%s::text[], %s::text[])) RETURNING id
"""
# A line of something that came back, and whose refund or payout does not know it yet: its state is fetched again. So
# are payments of the week that are not captured, where a captured one is not in the books.
_LOOK_AGAIN_SQL = (
    "UPDATE gateway_refunds g SET look_at = %(now)s, looks = 0 FROM gateway_entries e"
    " WHERE e.kind = 'refund_return' AND e.source = g.provider_id AND g.status NOT IN ('failed', 'returned')"
    " AND e.at >= %(since)s AND e.at < %(until)s",
    "UPDATE gateway_payouts g SET look_at = %(now)s, looks = 0 FROM gateway_entries e"
    " WHERE e.kind = 'payout_return' AND e.source = g.provider_id AND g.status NOT IN ('failed', 'returned')"
    " AND e.at >= %(since)s AND e.at < %(until)s",
    "UPDATE gateway_payments g SET look_at = %(now)s, looks = 0"
    " WHERE g.status NOT IN ('captured', 'failed') AND g.provider_id IS NOT NULL"
    " AND g.started_at >= %(since)s - interval '7 days' AND g.started_at < %(until)s"
    " AND (g.look_at IS NULL OR g.look_at > %(now)s)"
    " AND EXISTS (SELECT FROM gateway_entries e WHERE e.kind = 'capture' AND e.at >= %(since)s AND e.at < %(until)s"
    " AND NOT EXISTS (SELECT FROM gateway_payments k WHERE k.source = e.source))",
)
_MATCHED = "matched by a later run"


def fetch(provider: Gateway, day: dt.date) -> list[Entry]:
    """The provider's lines of a legal day and of those around it. Errors: those of the port."""
    since, until = _bounds(day)
    return list(provider.entries(since=since - AROUND, until=min(until + AROUND, clock.now())))


def compare(session: Session, *, actor: audit.Actor, day: dt.date, lines: list[Entry]) -> Report:
    """Keeps the lines, compares the day and opens a case for each difference; closes those that are no more."""
    connection = raw(session)
    connection.execute(_KEEP_SQL, _columns(lines))
    since, until = _bounds(day)
    bounds = {"since": since, "until": until, "now": clock.now()}
    for statement in _LOOK_AGAIN_SQL:
        connection.execute(statement, bounds)
    with connection.cursor(row_factory=class_row(Found)) as cursor:
        found = cursor.execute(_DIFFERENCES_SQL, bounds).fetchall()
    opened = connection.execute(
        _OPEN_SQL,
        (
            day, bounds["now"], [each.kind for each in found], [each.subject for each in found],
            [each.provider_fen for each in found], [each.book_fen for each in found],
        ),
    ).fetchall()  # fmt: skip
    closed = connection.execute(
        _CLOSE_SQL,
        (
            bounds["now"], _MATCHED, day, list(PROVIDER_KINDS), [each.kind for each in found],
            [each.subject for each in found],
        ),
    ).fetchall()  # fmt: skip
    sums = connection.execute(_SUMS_SQL, bounds).fetchone()
    assert sums is not None
    report = Report(day, sums[0], sums[1], sums[2], sums[3], found, len(opened), len(closed))
    session.merge(
        Reconciliation(
            day=day,
            ran_at=clock.now(),
            entries=report.entries,
            items=report.items,
            provider_fen=report.provider_fen,
            book_fen=report.book_fen,
        )
    )
    told = [
        ("reconciliation_difference", "opened", [(row[0], {"day": str(day)}) for row in opened]),
        ("reconciliation_difference", "matched", [(row[0], {"day": str(day)}) for row in closed]),
    ]
    acts.done_many(connection, actor=actor, source="payments", told=told)
    return report


def due(session: Session, *, most: int = 31) -> list[dt.date]:
    """Legal days to compare: those that are over and never were, from the first payment on, and of the last ones those
    with a case that is not closed.
    """
    yesterday = clock.today() - dt.timedelta(days=1)
    last = session.scalar(select(func.max(Reconciliation.day)))
    if last is None:
        first = session.scalar(select(func.min(GatewayCall.written_at)))
        if first is None:
            return []
        last = first.astimezone(clock.LEGAL_ZONE).date() - dt.timedelta(days=1)
    unsettled = session.scalars(
        select(ReconciliationDifference.day)
        .where(
            ReconciliationDifference.status != CLOSED,
            ReconciliationDifference.kind.in_(PROVIDER_KINDS),
            ReconciliationDifference.day > yesterday - dt.timedelta(days=most),
        )
        .distinct()
    )
    days = min((yesterday - last).days, most)
    return sorted({*unsettled, *(last + dt.timedelta(days=each) for each in range(1, days + 1))})


def explain(
    session: Session, *, actor: audit.Actor, difference_id: int, note: str
) -> ReconciliationDifference:
    """Says why there is a difference. Errors: NotFound, DifferenceState."""
    found = _locked(session, difference_id)
    if found.status == CLOSED:
        raise DifferenceState("it is closed")
    found.status, found.note, found.explained_by = EXPLAINED, note, actor.user_id
    _tell(session, actor, found, "explained")
    return found


def close(session: Session, *, actor: audit.Actor, difference_id: int) -> ReconciliationDifference:
    """Closes an explained difference; never who explained it. Errors: NotFound, DifferenceState, ExplainedByOneself."""
    found = _locked(session, difference_id)
    if found.status != EXPLAINED:
        raise DifferenceState(f"it is {found.status}; it is explained first")
    if found.explained_by == actor.user_id:
        raise ExplainedByOneself("another person closes it")
    found.status, found.closed_by, found.closed_at = CLOSED, actor.user_id, clock.now()
    _tell(session, actor, found, "closed")
    return found


def _locked(session: Session, difference_id: int) -> ReconciliationDifference:
    found = session.get(ReconciliationDifference, difference_id, with_for_update=True)
    if found is None:
        raise NotFound("there is no such difference")
    return found


def _tell(session: Session, actor: audit.Actor, found: ReconciliationDifference, act: str) -> None:
    acts.done(
        session, actor=actor, source="payments", kind="reconciliation_difference", number=found.id, act=act,
        detail={"day": str(found.day), "kind": found.kind},
    )  # fmt: skip


def _bounds(day: dt.date) -> tuple[dt.datetime, dt.datetime]:
    return clock.end_of_legal_day(day - dt.timedelta(days=1)), clock.end_of_legal_day(day)


def _columns(lines: list[Entry]) -> tuple[list[object], ...]:
    names = ("number", "kind", "source", "currency", "gross_fen", "fee_fen", "at")
    return tuple([getattr(each, name) for each in lines] for name in names)
