"""Files of payouts for the bank: gathered by one treasurer, released by a second person, never changed then.

The file is a table of text: line, payout, holder, account, branch, line number, amount. Its totals (lines, sum, SHA-256
of the text) are what the bank is told beside it.
"""

from __future__ import annotations

import hashlib
from typing import Any, LiteralString

from psycopg.rows import tuple_row
from sqlalchemy.orm import Session

from ledger.units import format_fen
from market.core import acts, audit, clock, ids
from market.core.db import raw
from market.core.errors import NotFound
from market.core.sheets import texts
from market.core.sheets.columns import Column, Register
from market.core.sheets.writing import export
from market.payments.bank_errors import AccountChanged, NothingToPay, OwnMatter, PayoutFileState
from market.payments.bank_models import ASKED, CANCELLED, CONFIRMED, GATHERED, RELEASED, BankPayoutFile

MOST = 10_000
"""The most lines of a file."""
CURRENCY = "CNY"
LINES = Register(
    "payouts",
    "批量付款",
    "payouts",
    (
        Column("line", "序号", "line"),
        Column("payout", "付款编号", "payout"),
        Column("holder_name", "收款户名", "holder"),
        Column("number", "收款账号", "account"),
        Column("bank_name", "收款银行", "bank"),
        Column("branch", "开户行", "branch"),
        Column("cnaps", "联行号", "line number of the branch"),
        Column("amount", "金额", "amount"),
        Column("currency", "币种", "currency"),
        Column("remark", "附言", "remark"),
    ),
    ("line",),
)

# Only payouts whose account is their participant's now: others wait, and their owner sees why.
_GATHER_SQL: LiteralString = f"""
WITH chosen AS (
  SELECT p.id FROM bank_payouts p JOIN bank_accounts b ON b.id = p.bank_account_id
  WHERE p.status = '{ASKED}' AND p.file_id IS NULL AND b.status = '{CONFIRMED}' AND b.payable_from <= %(now)s
    AND p.asked_by <> %(user)s
  ORDER BY p.id LIMIT %(most)s FOR NO KEY UPDATE OF p SKIP LOCKED
)
UPDATE bank_payouts p SET file_id = %(file)s, line = c.line
  FROM (SELECT id, row_number() OVER (ORDER BY id)::integer AS line FROM chosen) AS c WHERE p.id = c.id
RETURNING p.id
"""
_LINES_SQL: LiteralString = """
SELECT p.line, p.id, b.holder_name, b.number, b.bank_name, b.branch, coalesce(b.cnaps, ''), p.amount_fen
  FROM bank_payouts p JOIN bank_accounts b ON b.id = p.bank_account_id
 WHERE p.file_id = %(file)s ORDER BY p.line
"""
# No account is ended while its payouts are released.
_LOCK_SQL: LiteralString = """
SELECT b.id FROM bank_accounts b WHERE b.id IN (SELECT bank_account_id FROM bank_payouts WHERE file_id = %(file)s)
 ORDER BY b.id FOR SHARE
"""
_CHANGED_SQL: LiteralString = f"""
SELECT p.line FROM bank_payouts p JOIN bank_accounts b ON b.id = p.bank_account_id
 WHERE p.file_id = %(file)s AND (b.status <> '{CONFIRMED}' OR b.payable_from > %(now)s) ORDER BY p.line LIMIT 1
"""
_RELEASE_SQL: LiteralString = (
    f"UPDATE bank_payouts SET status = '{RELEASED}' WHERE file_id = %(file)s RETURNING id"
)
_DETACH_SQL: LiteralString = (
    "UPDATE bank_payouts SET file_id = NULL, line = NULL WHERE file_id = %(file)s RETURNING id"
)


def gather(session: Session, *, actor: audit.Actor) -> BankPayoutFile:
    """Gathers what waits to be paid into a file, at most MOST lines, the oldest first; none that the actor asked for.

    Errors: NothingToPay.
    """
    assert actor.user_id is not None
    made = BankPayoutFile(gathered_by=actor.user_id, gathered_at=clock.now())
    session.add(made)
    session.flush()
    bounds = {"file": made.id, "now": clock.now(), "user": actor.user_id, "most": MOST}
    taken = raw(session).execute(_GATHER_SQL, bounds).fetchall()
    if not taken:
        raise NothingToPay
    _tell(session, actor, made, "gathered", {"lines": len(taken)})
    return made


def cancel(session: Session, *, actor: audit.Actor, file_id: int) -> BankPayoutFile:
    """Gives a file up that was not released: its payouts wait for another. Errors: NotFound, PayoutFileState."""
    found = _gathered(session, file_id)
    raw(session).execute(_DETACH_SQL, {"file": file_id})
    found.status = CANCELLED
    session.flush()
    _tell(session, actor, found, "cancelled", {})
    return found


def release(session: Session, *, actor: audit.Actor, file_id: int) -> BankPayoutFile:
    """A second person lets a file go to the bank: from now on it stays as it is.

    Errors: NotFound, PayoutFileState, OwnMatter, AccountChanged, NothingToPay.
    """
    found = _gathered(session, file_id)
    if found.gathered_by == actor.user_id:
        raise OwnMatter("who gathered the file does not release it")
    connection = raw(session)
    bounds = {"file": file_id, "now": clock.now()}
    connection.execute(_LOCK_SQL, bounds)
    changed = connection.execute(_CHANGED_SQL, bounds).fetchone()
    if changed is not None:
        raise AccountChanged(f"line {changed[0]}", available=str(changed[0]))
    with connection.cursor(row_factory=tuple_row) as cursor:
        rows = cursor.execute(_LINES_SQL, bounds).fetchall()
    if not rows:
        raise NothingToPay("the file is empty")
    text = texts.written([each.zh for each in LINES.columns], [_cells(row) for row in rows])
    released = connection.execute(_RELEASE_SQL, bounds).fetchall()
    found.status, found.released_by, found.released_at = RELEASED, actor.user_id, clock.now()
    found.lines, found.sum_fen, found.text = len(rows), sum(row[7] for row in rows), text
    found.sha256 = hashlib.sha256(text.encode()).digest()
    session.flush()
    detail = {"lines": found.lines, "sum_fen": found.sum_fen, "sha256": found.sha256.hex()}
    _tell(session, actor, found, "released", detail)
    told = [("bank_payout", "released", [(row[0], {"file": file_id}) for row in released])]
    acts.done_many(connection, actor=actor, source="payments", told=told)
    return found


def as_text(found: BankPayoutFile, encoding: str) -> bytes:
    """The released file as comma-separated values. Errors: PayoutFileState."""
    return texts.encoded(_released(found), encoding)


def as_workbook(session: Session, found: BankPayoutFile) -> bytes:
    """The released file as a workbook, every cell a text. Errors: PayoutFileState."""
    _released(found)
    with raw(session).cursor(row_factory=tuple_row) as cursor:
        rows = cursor.execute(_LINES_SQL, {"file": found.id}).fetchall()
    names = [each.name for each in LINES.columns]
    return export(LINES, [dict(zip(names, _cells(row), strict=True)) for row in rows])


def reference(file_id: int) -> str:
    """What the remark of a debit of a whole file says."""
    return f"KZF{file_id:07d}"


def _cells(row: tuple[Any, ...]) -> list[str]:
    line, payout, holder, number, bank, branch, cnaps, fen = row
    public = ids.public("bpl", payout)
    return [str(line), public, holder, number, bank, branch, cnaps, format_fen(fen), CURRENCY, public]


def _released(found: BankPayoutFile) -> str:
    if found.text is None:
        raise PayoutFileState(f"it is {found.status}; only a released file goes to the bank")
    return found.text


def _gathered(session: Session, file_id: int) -> BankPayoutFile:
    found = session.get(BankPayoutFile, file_id, with_for_update=True, populate_existing=True)
    if found is None:
        raise NotFound("there is no such payout file")
    if found.status != GATHERED:
        raise PayoutFileState(f"it is {found.status}")
    return found


def _tell(
    session: Session, actor: audit.Actor, found: BankPayoutFile, act: str, detail: dict[str, Any]
) -> None:
    acts.done(
        session,
        actor=actor,
        source="payments",
        kind="bank_payout_file",
        number=found.id,
        act=act,
        detail=detail,
    )
