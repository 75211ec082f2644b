"""What the lines of the bank's statements are in the books, by set statements.

By the bank's reference, what is booked already; by the remark of a whole file's debit, its payouts; by the deposit code
or the payer's confirmed account, a deposit, which is booked now. Any other credit is booked into suspense: the money is
there, and whose it is people have to say. A debit of which nothing is known stays open, as a case.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any, LiteralString, NamedTuple

import psycopg
from psycopg.rows import class_row

from ledger import journal
from market.core import acts, audit, books, clock
from market.core.chart import CNY, AccountCode, TransferCode
from market.payments import bank_numbers
from market.payments.bank_evidence import Whose, whose
from market.payments.bank_models import (
    CONFIRMED,
    DEPOSIT,
    OPEN,
    PAID,
    PAYOUT,
    PAYOUT_FILE,
    RELEASED,
    RETURN,
    SENT_BACK,
    SUSPENSE,
)

# Every line that is nothing yet, also of earlier statements: an answer may come after the statement did.
_BOOKED_SQL: LiteralString = f"""
INSERT INTO bank_line_matches (line_id, kind, evidence, fen, bank_transfer_id, matched_at)
SELECT l.id, CASE b.direction WHEN 'in' THEN '{DEPOSIT}' ELSE '{PAYOUT}' END, 'bank_reference', abs(l.change_fen), b.id,
       %(now)s
  FROM bank_statement_lines l
  JOIN bank_transfers b ON b.bank_reference = l.bank_reference AND b.amount_fen = abs(l.change_fen)
   AND b.direction = CASE WHEN l.change_fen > 0 THEN 'in' ELSE 'out' END
 WHERE NOT EXISTS (SELECT FROM bank_line_matches m WHERE m.line_id = l.id)
   AND NOT EXISTS (SELECT FROM bank_line_matches m WHERE m.bank_transfer_id = b.id)
   AND NOT EXISTS (SELECT FROM bank_payouts p JOIN bank_line_matches m ON m.file_id = p.file_id
                    WHERE p.bank_transfer_id = b.id)
"""
_RETURNED_SQL: LiteralString = f"""
INSERT INTO bank_line_matches (line_id, kind, evidence, fen, returned_line_id, matched_at)
SELECT l.id, '{RETURN}', 'bank_reference', s.fen, s.line_id, %(now)s
  FROM bank_statement_lines l
  JOIN bank_line_matches s
    ON s.return_reference = l.bank_reference AND s.suspense = '{SENT_BACK}' AND s.fen = -l.change_fen
 WHERE NOT EXISTS (SELECT FROM bank_line_matches m WHERE m.line_id = l.id)
   AND NOT EXISTS (SELECT FROM bank_line_matches m WHERE m.returned_line_id = s.line_id)
"""
# A file that the bank debits as one sum: answered whole, none of its payouts on a statement by itself.
_FILES_SQL: LiteralString = f"""
INSERT INTO bank_line_matches (line_id, kind, evidence, fen, file_id, matched_at)
SELECT DISTINCT ON (f.id) l.id, '{PAYOUT_FILE}', 'file_reference', -l.change_fen, f.id, %(now)s
  FROM bank_statement_lines l
  JOIN bank_payout_files f ON f.id = substring(l.remark FROM 'KZF([0-9]{{7,12}})(?![0-9])')::bigint
  JOIN LATERAL (
    SELECT sum(p.amount_fen) FILTER (WHERE p.status = '{PAID}') AS fen, bool_or(p.status = '{RELEASED}') AS waiting,
           bool_or(EXISTS (SELECT FROM bank_line_matches m WHERE m.bank_transfer_id = p.bank_transfer_id)) AS single
      FROM bank_payouts p WHERE p.file_id = f.id
  ) AS s ON s.fen = -l.change_fen AND NOT s.waiting AND NOT s.single
 WHERE NOT EXISTS (SELECT FROM bank_line_matches m WHERE m.line_id = l.id)
   AND NOT EXISTS (SELECT FROM bank_line_matches m WHERE m.file_id = f.id)
 ORDER BY f.id, l.id
"""
_NEW_SQL: LiteralString = """
SELECT l.id, l.change_fen AS fen, l.bank_reference AS reference, l.booked_on AS day, l.other_name, l.other_number,
       l.code_account_id
  FROM bank_statement_lines l
 WHERE l.change_fen > 0 AND NOT EXISTS (SELECT FROM bank_line_matches m WHERE m.line_id = l.id)
   AND NOT EXISTS (SELECT FROM bank_transfers b WHERE b.direction = 'in' AND b.bank_reference = l.bank_reference)
 ORDER BY l.id
"""
_PAYERS_SQL: LiteralString = f"""
SELECT b.number, b.holder_name, m.id FROM bank_accounts b JOIN money_accounts m ON m.participant_id = b.participant_id
 WHERE b.status = '{CONFIRMED}' AND b.number = ANY(%s)
"""
_LEDGER_SQL: LiteralString = "SELECT id, account_id FROM money_accounts WHERE id = ANY(%s)"
_DEPOSITS_SQL: LiteralString = f"""
WITH told AS (
  SELECT * FROM unnest(%(lines)s::bigint[], %(accounts)s::bigint[], %(evidence)s::text[]) AS t (line, account, evidence)
), made AS (
  INSERT INTO bank_transfers (direction, money_account_id, amount_fen, bank_reference, value_date, recorded_by,
                              recorded_at)
  SELECT 'in', t.account, l.change_fen, l.bank_reference, l.booked_on, %(user)s, %(now)s
    FROM told t JOIN bank_statement_lines l ON l.id = t.line ORDER BY l.id
  RETURNING id, bank_reference
), matched AS (
  INSERT INTO bank_line_matches (line_id, kind, evidence, fen, bank_transfer_id, matched_at)
  SELECT l.id, '{DEPOSIT}', t.evidence, l.change_fen, m.id, %(now)s
    FROM told t JOIN bank_statement_lines l ON l.id = t.line JOIN made m ON m.bank_reference = l.bank_reference
)
SELECT m.id, m.bank_reference FROM made m
"""
_SUSPENSE_SQL: LiteralString = f"""
INSERT INTO bank_line_matches (line_id, kind, evidence, fen, suspense, matched_at)
SELECT l.id, '{SUSPENSE}', 'none', l.change_fen, '{OPEN}', %(now)s
  FROM bank_statement_lines l WHERE l.id = ANY(%(lines)s)
"""


class Line(NamedTuple):
    """A credit that is nothing yet."""

    id: int
    fen: int
    reference: str
    day: object
    other_name: str
    other_number: str
    code_account_id: int | None


class Matched(NamedTuple):
    """How many lines were known, deposited now, and put into suspense now."""

    known: int
    deposits: int
    suspense: int


def match_known(connection: psycopg.Connection[Any]) -> int:
    """Matches lines with what is booked already; says how many. Moves nothing."""
    bounds = {"now": clock.now()}
    return sum(connection.execute(each, bounds).rowcount for each in (_BOOKED_SQL, _RETURNED_SQL, _FILES_SQL))


def match(connection: psycopg.Connection[Any], actor: audit.Actor) -> Matched:
    """Says of every line what it is, and books credits. The bank's account is locked by the caller."""
    known = match_known(connection)
    with connection.cursor(row_factory=class_row(Line)) as cursor:
        lines = cursor.execute(_NEW_SQL).fetchall()
    payers = _payers(connection, lines)
    certain: list[tuple[Line, Whose]] = []
    open_lines: list[Line] = []
    for line in lines:
        found = whose(line.code_account_id, payers[line.other_number, bank_numbers.plain(line.other_name)])
        if found is None:
            open_lines.append(line)
        else:
            certain.append((line, found))
    _book(connection, actor, certain, open_lines)
    return Matched(known, len(certain), len(open_lines))


def _payers(
    connection: psycopg.Connection[Any], lines: Sequence[Line]
) -> defaultdict[tuple[str, str], list[int]]:
    """Money accounts by number and name of the payer's account."""
    found: defaultdict[tuple[str, str], list[int]] = defaultdict(list)
    numbers = sorted({each.other_number for each in lines} - {""})
    for number, name, account in connection.execute(_PAYERS_SQL, (numbers,)).fetchall():
        found[number, bank_numbers.plain(name)].append(account)
    return found


def _book(
    connection: psycopg.Connection[Any], actor: audit.Actor, certain: Sequence[tuple[Line, Whose]],
    open_lines: Sequence[Line],
) -> None:  # fmt: skip
    """Deposits and suspense in one batch, so that the accounts are locked once."""
    bank, suspense = (
        books.system_account(connection, CNY, code) for code in (AccountCode.BANK, AccountCode.SUSPENSE)
    )
    accounts = [found.money_account_id for _, found in certain]
    ledger = dict(connection.execute(_LEDGER_SQL, (accounts,)).fetchall())
    transfers = _deposits(connection, actor, certain)
    batch = journal.Batch()
    for line, found in certain:
        batch.transfer(
            debit=bank, credit=ledger[found.money_account_id], amount=line.fen, code=TransferCode.DEPOSIT,
            reference=transfers[line.reference],
        )  # fmt: skip
    connection.execute(_SUSPENSE_SQL, {"lines": [each.id for each in open_lines], "now": clock.now()})
    for line in open_lines:
        batch.transfer(
            debit=bank, credit=suspense, amount=line.fen, code=TransferCode.SUSPENSE_IN, reference=line.id
        )
    batch.execute(connection)
    if certain:
        details: list[tuple[int, dict[str, Any]]] = [
            (transfers[line.reference], {"money_account_id": found.money_account_id, "amount_fen": line.fen})
            for line, found in certain
        ]
        acts.done_many(connection, actor=actor, source="payments", told=[("deposit", "recorded", details)])


def _deposits(
    connection: psycopg.Connection[Any], actor: audit.Actor, certain: Sequence[tuple[Line, Whose]]
) -> dict[str, int]:
    if not certain:
        return {}
    bounds = {
        "lines": [line.id for line, _ in certain], "accounts": [found.money_account_id for _, found in certain],
        "evidence": [found.evidence for _, found in certain], "user": actor.user_id, "now": clock.now(),
    }  # fmt: skip
    return {row[1]: int(row[0]) for row in connection.execute(_DEPOSITS_SQL, bounds).fetchall()}
