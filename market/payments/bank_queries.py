"""Bank accounts, payouts, files and statements as they are; and the bank's account against the books."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, LiteralString

import psycopg
from psycopg.rows import class_row, tuple_row
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from market.core import books
from market.core.chart import CNY, AccountCode
from market.core.errors import NotFound
from market.payments.bank_cases import UNMATCHED_ITEMS
from market.payments.bank_models import (
    CONFIRMED,
    OPEN,
    BankAccount,
    BankPayout,
    BankPayoutFile,
    BankStatement,
)

UNKNOWN = "unknown"
"""What a line is of which nothing is known: a debit, or a credit that the books have with another amount."""


def accounts(
    session: Session, *, participant_id: int | None = None, status: str | None = None, after: int | None, limit: int
) -> Sequence[BankAccount]:  # fmt: skip
    """Bank accounts by id."""
    statement = select(BankAccount).where(BankAccount.id > (after or 0))
    if participant_id is not None:
        statement = statement.where(BankAccount.participant_id == participant_id)
    if status is not None:
        statement = statement.where(BankAccount.status == status)
    return session.scalars(statement.order_by(BankAccount.id).limit(limit)).all()


def payouts(
    session: Session, *, participant_id: int | None = None, status: str | None = None, file_id: int | None = None,
    after: int | None, limit: int,
) -> Sequence[BankPayout]:  # fmt: skip
    """Payouts by bank file, by id."""
    statement = select(BankPayout).where(BankPayout.id > (after or 0))
    if participant_id is not None:
        statement = statement.where(BankPayout.participant_id == participant_id)
    if status is not None:
        statement = statement.where(BankPayout.status == status)
    if file_id is not None:
        statement = statement.where(BankPayout.file_id == file_id)
    return session.scalars(statement.order_by(BankPayout.id).limit(limit)).all()


@dataclass(frozen=True, slots=True)
class FileView:
    """A file with what became of its lines. Before its release it has what is gathered."""

    file: BankPayoutFile
    lines: int
    sum_fen: int
    waiting: int
    paid: int
    rejected: int


def files(session: Session, *, after: int | None, limit: int) -> list[FileView]:
    """Payout files by id."""
    statement = select(BankPayoutFile).where(BankPayoutFile.id > (after or 0))
    return _views(session, session.scalars(statement.order_by(BankPayoutFile.id).limit(limit)).all())


def file(session: Session, *, file_id: int) -> FileView:
    """One payout file. Errors: NotFound."""
    found = session.get(BankPayoutFile, file_id)
    if found is None:
        raise NotFound("there is no such payout file")
    return _views(session, [found])[0]


def _views(session: Session, found: Sequence[BankPayoutFile]) -> list[FileView]:
    counted: defaultdict[int | None, dict[str, int]] = defaultdict(dict)
    sums: defaultdict[int | None, int] = defaultdict(int)
    rows = session.execute(
        select(BankPayout.file_id, BankPayout.status, func.count(), func.sum(BankPayout.amount_fen))
        .where(BankPayout.file_id.in_([each.id for each in found]))
        .group_by(BankPayout.file_id, BankPayout.status)
    )
    for file_id, status, count, fen in rows:
        counted[file_id][status], sums[file_id] = count, sums[file_id] + int(fen)
    return [
        FileView(
            each, sum(counted[each.id].values()), sums[each.id], counted[each.id].get("released", 0),
            counted[each.id].get("paid", 0), counted[each.id].get("rejected", 0),
        )
        for each in found
    ]  # fmt: skip


def statements(session: Session, *, after: int | None, limit: int) -> Sequence[BankStatement]:
    """Statements by id."""
    wanted = select(BankStatement).where(BankStatement.id > (after or 0))
    return session.scalars(wanted.order_by(BankStatement.id).limit(limit)).all()


@dataclass(frozen=True, slots=True)
class LineView:
    """A line with what it is in the books: the kind of its match, UNKNOWN where it is nothing yet; fen."""

    id: int
    statement_id: int
    number: int
    booked_on: dt.date
    bank_reference: str
    change_fen: int
    balance_fen: int
    other_name: str
    other_number: str
    remark: str
    kind: str
    evidence: str | None
    suspense: str | None
    bank_transfer_id: int | None
    file_id: int | None
    note: str


_LINES_SQL: LiteralString = f"""
SELECT l.id, l.statement_id, l.number, l.booked_on, l.bank_reference, l.change_fen, l.balance_fen, l.other_name,
       l.other_number, l.remark, coalesce(m.kind, '{UNKNOWN}') AS kind, m.evidence, m.suspense, m.bank_transfer_id,
       m.file_id, coalesce(m.note, '') AS note
  FROM bank_statement_lines l LEFT JOIN bank_line_matches m ON m.line_id = l.id
 WHERE l.id > %(after)s AND (%(id)s::bigint IS NULL OR l.id = %(id)s)
   AND (%(statement)s::bigint IS NULL OR l.statement_id = %(statement)s)
   AND (%(kind)s::text IS NULL OR coalesce(m.kind, '{UNKNOWN}') = %(kind)s)
   AND (%(suspense)s::text IS NULL OR m.suspense = %(suspense)s)
 ORDER BY l.id LIMIT %(limit)s
"""


def lines(
    connection: psycopg.Connection[Any], *, line_id: int | None = None, statement_id: int | None = None,
    kind: str | None = None, suspense: str | None = None, after: int | None = None, limit: int = 50,
) -> list[LineView]:  # fmt: skip
    """Lines of statements by id: of one statement, of one kind, in one state of suspense."""
    bounds = {
        "id": line_id, "statement": statement_id, "kind": kind, "suspense": suspense, "after": after or 0,
        "limit": limit,
    }  # fmt: skip
    with connection.cursor(row_factory=class_row(LineView)) as cursor:
        return cursor.execute(_LINES_SQL, bounds).fetchall()


# Why a line may be somebody's: its code, the number of its payer's account, the name of its payer.
_SUGGESTED_SQL: LiteralString = f"""
SELECT l.id, s.account, s.participant, string_agg(DISTINCT s.why, ' ' ORDER BY s.why)
  FROM bank_statement_lines l CROSS JOIN LATERAL (
    SELECT m.id AS account, m.participant_id AS participant, 'deposit_code' AS why
      FROM money_accounts m WHERE m.id = l.code_account_id
    UNION ALL
    SELECT m.id, m.participant_id, CASE WHEN b.number = l.other_number THEN 'payer_account' ELSE 'payer_name' END
      FROM bank_accounts b JOIN money_accounts m ON m.participant_id = b.participant_id
     WHERE b.status = '{CONFIRMED}' AND (b.number = l.other_number OR b.holder_name = l.other_name)
  ) AS s
 WHERE l.id = ANY(%s) GROUP BY l.id, s.account, s.participant ORDER BY l.id, s.account
"""
MOST_SUGGESTED = 5


def suggested(
    connection: psycopg.Connection[Any], lines_of: Sequence[LineView]
) -> dict[int, list[tuple[int, int, str]]]:
    """Of lines in open suspense, whose they may be and why: (money account, participant, reasons), at most so many."""
    wanted = [each.id for each in lines_of if each.suspense == OPEN]
    found: defaultdict[int, list[tuple[int, int, str]]] = defaultdict(list)
    with connection.cursor(row_factory=tuple_row) as cursor:
        for line, account, participant, why in cursor.execute(_SUGGESTED_SQL, (wanted,)):
            if len(found[line]) < MOST_SUGGESTED:
                found[line].append((account, participant, why))
    return found


@dataclass(frozen=True, slots=True)
class Part:
    """A part of the difference: what of the bank's balance the books do not have (positive), or the other way."""

    kind: str
    count: int
    fen: int


@dataclass(frozen=True, slots=True)
class Compared:
    """The bank's account and the books, in fen: bank = books + the sum of the parts, always."""

    as_of: dt.date | None
    bank_fen: int
    book_fen: int
    suspense_fen: int
    suspense_lines: int
    parts: list[Part]


_PARTS_SQL: LiteralString = f"""
WITH {UNMATCHED_ITEMS}, span AS (
  SELECT min(first_on) AS since, max(last_on) AS until,
         (SELECT opening_fen FROM bank_statements WHERE previous_id IS NULL) AS opening,
         (SELECT closing_fen FROM bank_statements ORDER BY id DESC LIMIT 1) AS closing
    FROM bank_statements
)
SELECT 'closing' AS kind, 1::bigint AS count, coalesce(closing, 0)::bigint AS fen, until FROM span
UNION ALL
SELECT 'opening', 1, opening, NULL FROM span WHERE opening <> 0
UNION ALL
SELECT CASE WHEN fen > 0 THEN 'received_not_in_books' ELSE 'paid_not_in_books' END, count(*), sum(fen)::bigint, NULL
  FROM unmatched_lines GROUP BY 1
UNION ALL
SELECT CASE WHEN s.since IS NULL OR i.day > s.until THEN 'booked_after' WHEN i.day < s.since THEN 'booked_before'
            ELSE 'booked_not_on_statement' END, count(*), -sum(i.fen)::bigint, NULL
  FROM unmatched_items i CROSS JOIN span s GROUP BY 1
UNION ALL
SELECT 'suspense', count(*), coalesce(sum(fen), 0)::bigint, NULL FROM bank_line_matches WHERE suspense = '{OPEN}'
"""


def compared(connection: psycopg.Connection[Any]) -> Compared:
    """The bank's account as its last statement says against the books, with all that makes the difference."""
    bank = books.system_account(connection, CNY, AccountCode.BANK)
    with connection.cursor(row_factory=tuple_row) as cursor:
        rows = {each[0]: each[1:] for each in cursor.execute(_PARTS_SQL).fetchall()}
        [ledger] = cursor.execute(
            "SELECT debits_posted - credits_posted FROM accounts WHERE id = %s", (bank,)
        ).fetchone() or (0,)
    closing, suspense = rows.pop("closing"), rows.pop("suspense")
    return Compared(
        as_of=closing[2], bank_fen=closing[1], book_fen=int(ledger), suspense_fen=suspense[1],
        suspense_lines=suspense[0], parts=[Part(kind, row[0], row[1]) for kind, row in sorted(rows.items())],
    )  # fmt: skip
