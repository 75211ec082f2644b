"""What the bank's files and our books disagree on becomes a case, beside those of the payment provider.

Lines of the bank's statement and items of the books that are not each other's are found anew after every statement and
decision; a case that is no longer found is closed. An answer that differs from our file stays until it is explained.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, LiteralString

import psycopg
from psycopg.rows import tuple_row

from market.core import acts, audit, clock
from market.payments.bank_models import SENT_BACK

FOUND_ANEW = ("bank_not_in_books", "bank_amount_differs", "not_on_statement")
_MATCHED = "matched by a later statement or decision"

# Items of the books that moved the bank's account, and no line of a statement stands for: what came in positive.
UNMATCHED_ITEMS: LiteralString = f"""
unmatched_items AS (
  SELECT CASE b.direction WHEN 'in' THEN 'deposit:' ELSE 'payout:' END || b.id AS subject, b.bank_reference,
         CASE b.direction WHEN 'in' THEN b.amount_fen ELSE -b.amount_fen END AS fen, b.value_date AS day
    FROM bank_transfers b
   WHERE NOT EXISTS (SELECT FROM bank_line_matches m WHERE m.bank_transfer_id = b.id)
     AND NOT EXISTS (SELECT FROM bank_payouts p JOIN bank_line_matches m ON m.file_id = p.file_id
                      WHERE p.bank_transfer_id = b.id)
  UNION ALL
  SELECT 'sent_back:' || s.line_id, s.return_reference, -s.fen, s.returned_on
    FROM bank_line_matches s
   WHERE s.suspense = '{SENT_BACK}'
     AND NOT EXISTS (SELECT FROM bank_line_matches m WHERE m.returned_line_id = s.line_id)
), unmatched_lines AS (
  SELECT l.id, l.statement_id, l.booked_on AS day, l.bank_reference, l.change_fen AS fen
    FROM bank_statement_lines l WHERE NOT EXISTS (SELECT FROM bank_line_matches m WHERE m.line_id = l.id)
)
"""
_FIND_SQL: LiteralString = f"""
WITH {UNMATCHED_ITEMS}, span AS (SELECT min(first_on) AS since, max(last_on) AS until FROM bank_statements)
SELECT CASE WHEN i.subject IS NULL THEN 'bank_not_in_books' ELSE 'bank_amount_differs' END, 'bank_line:' || l.id, l.fen,
       i.fen
  FROM unmatched_lines l LEFT JOIN unmatched_items i
    ON i.bank_reference = l.bank_reference AND (i.fen > 0) = (l.fen > 0)
UNION ALL
SELECT 'not_on_statement', i.subject, NULL, i.fen
  FROM unmatched_items i CROSS JOIN span s
 WHERE i.day BETWEEN s.since AND s.until
   AND NOT EXISTS (SELECT FROM unmatched_lines l
                    WHERE l.bank_reference = i.bank_reference AND (i.fen > 0) = (l.fen > 0))
"""
_OPEN_SQL: LiteralString = """
INSERT INTO reconciliation_differences (day, kind, subject, provider_fen, book_fen, found_at)
SELECT %s, f.*, %s FROM unnest(%s::text[], %s::text[], %s::bigint[], %s::bigint[]) AS f
ON CONFLICT (kind, subject) DO NOTHING RETURNING id
"""
_CLOSE_SQL: LiteralString = """
UPDATE reconciliation_differences d SET status = 'closed', closed_at = %s,
       note = concat_ws('; ', nullif(note, ''), %s::text)
 WHERE d.kind = ANY(%s) AND d.status <> 'closed'
   AND (d.kind, d.subject) NOT IN (SELECT * FROM unnest(%s::text[], %s::text[])) RETURNING id
"""

Case = tuple[str, str, int | None, int | None]
"""Kind, subject, what the bank says and what the books say, in fen."""


def open_cases(connection: psycopg.Connection[Any], actor: audit.Actor, found: Sequence[Case]) -> int:
    """Opens a case for each that has none; says how many."""
    if not found:
        return 0
    today = clock.today()
    kinds, subjects, bank, books = (list(each) for each in zip(*found, strict=True))
    opened = connection.execute(_OPEN_SQL, (today, clock.now(), kinds, subjects, bank, books)).fetchall()
    _tell(connection, actor, "opened", opened)
    return len(opened)


def refresh(connection: psycopg.Connection[Any], actor: audit.Actor) -> tuple[int, int]:
    """Finds what statements and books disagree on now; says how many cases were opened and closed."""
    with connection.cursor(row_factory=tuple_row) as cursor:
        found: list[Case] = cursor.execute(_FIND_SQL).fetchall()
    opened = open_cases(connection, actor, found)
    closed = connection.execute(
        _CLOSE_SQL,
        (clock.now(), _MATCHED, list(FOUND_ANEW), [each[0] for each in found], [each[1] for each in found]),
    ).fetchall()
    _tell(connection, actor, "matched", closed)
    return opened, len(closed)


def _tell(connection: psycopg.Connection[Any], actor: audit.Actor, act: str, rows: Sequence[Any]) -> None:
    day = str(clock.today())
    told = [("reconciliation_difference", act, [(row[0], {"day": day}) for row in rows])]
    if rows:
        acts.done_many(connection, actor=actor, source="payments", told=told)
