"""What the bank did of a payout file: what it paid is posted, what it rejected is given back, and the rest waits.

A line of another amount or account than ours, or one that says otherwise than an answer before it, changes nothing and
becomes a case. A file that was taken in before, and a line that is known already, have no effect.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, LiteralString

import psycopg
from psycopg.rows import class_row
from sqlalchemy import select
from sqlalchemy.orm import Session

from ledger import journal
from market.core import acts, audit, books, clock, ids
from market.core.chart import CNY, AccountCode, TransferCode
from market.core.db import raw
from market.core.errors import NotFound, UnknownId
from market.core.sheets.columns import Column, Kind, Problem, Register, choices
from market.core.sheets.gathering import Gathered, gather
from market.core.sheets.reading import Row, read
from market.payments import bank_cases, bank_matching
from market.payments.bank_errors import PayoutFileState
from market.payments.bank_models import PAID, REASONS, REJECTED, RELEASED, BankFileAnswer, BankPayoutFile
from market.payments.errors import BankReferenceUsed, ValueDateInFuture

RESULTS = choices({PAID: "成功", REJECTED: "失败"})
REASON_CHOICES = choices(
    dict(
        zip(
            REASONS,
            ("账户已销户", "账号不存在", "户名不符", "账户冻结", "开户行有误", "超过限额", "其他"),
            strict=True,
        )
    )
)
ANSWER = Register(
    "bank-answer",
    "批量付款结果",
    "answer",
    (
        Column("payout", "付款编号", "payout", required=True, most=40),
        Column("number", "收款账号", "account", required=True, most=32),
        Column("amount", "金额", "amount", Kind.DECIMAL, required=True, scale=2),
        Column("result", "处理结果", "result", Kind.CHOICE, required=True, choices=RESULTS),
        Column("bank_reference", "银行流水号", "bank reference", most=64),
        Column("value_date", "入账日期", "value date", Kind.DATE),
        Column("reason", "失败原因", "reason", Kind.CHOICE, choices=REASON_CHOICES),
    ),
    ("payout",),
)
DIFFERS = "bank_answer_differs"


@dataclass(frozen=True, slots=True)
class _Ours:
    """A line of the file as our books have it."""

    id: int
    money_account_id: int
    number: str
    amount_fen: int
    hold_id: int
    status: str
    reason: str | None
    bank_reference: str | None


_OURS_SQL: LiteralString = """
SELECT p.id, p.money_account_id, b.number, p.amount_fen, p.hold_id, p.status, p.reason, t.bank_reference
  FROM bank_payouts p JOIN bank_accounts b ON b.id = p.bank_account_id
  LEFT JOIN bank_transfers t ON t.id = p.bank_transfer_id
 WHERE p.file_id = %(file)s ORDER BY p.id FOR NO KEY UPDATE OF p
"""
_TRANSFERS_SQL: LiteralString = """
INSERT INTO bank_transfers (direction, money_account_id, amount_fen, bank_reference, value_date, note, recorded_by,
                            recorded_at)
SELECT 'out', l.account, l.fen, l.reference, l.day, '', %(user)s, %(now)s
  FROM unnest(%(accounts)s::bigint[], %(fen)s::bigint[], %(references)s::text[], %(days)s::date[])
       WITH ORDINALITY AS l (account, fen, reference, day, place) ORDER BY l.place
RETURNING id, bank_reference
"""
_PAID_SQL: LiteralString = f"""
UPDATE bank_payouts p SET status = '{PAID}', bank_transfer_id = d.transfer, closed_at = %(now)s
  FROM unnest(%(payouts)s::bigint[], %(transfers)s::bigint[]) AS d (payout, transfer) WHERE p.id = d.payout
"""
_REJECTED_SQL: LiteralString = f"""
UPDATE bank_payouts p SET status = '{REJECTED}', reason = d.reason, closed_at = %(now)s
  FROM unnest(%(payouts)s::bigint[], %(reasons)s::text[]) AS d (payout, reason) WHERE p.id = d.payout
"""
_USED_SQL: LiteralString = (
    "SELECT bank_reference FROM bank_transfers WHERE direction = 'out' AND bank_reference = ANY(%s)"
)


@dataclass(slots=True)
class Sorted:
    """Lines of an answer: what to post, what to give back, what was known, what differs."""

    paid: list[tuple[Row, _Ours]]
    rejected: list[tuple[Row, _Ours]]
    unchanged: int
    differing: list[tuple[Row, _Ours]]


def take(session: Session, *, actor: audit.Actor, file_id: int, data: bytes) -> BankFileAnswer:
    """Takes the bank's answer to a released file in, whole or not at all.

    Errors: NotFound, PayoutFileState, those of sheets, BankReferenceUsed.
    """
    connection = raw(session)
    # Locked first, as by a statement: both match lines with what is booked.
    journal.lock(connection, [books.system_account(connection, CNY, AccountCode.BANK)])
    file = session.get(BankPayoutFile, file_id, with_for_update=True, populate_existing=True)
    if file is None:
        raise NotFound("there is no such payout file")
    if file.status != RELEASED:
        raise PayoutFileState(f"it is {file.status}")
    digest = hashlib.sha256(data).digest()
    before = session.scalars(
        select(BankFileAnswer).where(BankFileAnswer.file_id == file_id, BankFileAnswer.sha256 == digest)
    ).one_or_none()
    if before is not None:
        return before
    with connection.cursor(row_factory=class_row(_Ours)) as cursor:
        ours = {each.id: each for each in cursor.execute(_OURS_SQL, {"file": file_id}).fetchall()}
    found = gather(read(data, ANSWER))
    sorted_out = _sort(connection, found, ours)
    found.check(partial=False)
    _post(connection, actor, sorted_out.paid)
    _give_back(connection, actor, sorted_out.rejected)
    bank_cases.open_cases(
        connection, actor,
        [(DIFFERS, f"payout:{line.id}", -row.values["amount"], -line.amount_fen) for row, line in sorted_out.differing],
    )  # fmt: skip
    assert actor.user_id is not None
    made = BankFileAnswer(
        file_id=file_id, sha256=digest, paid=len(sorted_out.paid), rejected=len(sorted_out.rejected),
        unchanged=sorted_out.unchanged, differences=len(sorted_out.differing), taken_by=actor.user_id,
        taken_at=clock.now(),
    )  # fmt: skip
    session.add(made)
    session.flush()
    bank_matching.match_known(connection)
    bank_cases.refresh(connection, actor)
    acts.done(
        session, actor=actor, source="payments", kind="bank_payout_file", number=file_id, act="answered",
        detail={"paid": made.paid, "rejected": made.rejected, "differences": made.differences},
    )  # fmt: skip
    return made


def _sort(connection: psycopg.Connection[Any], found: Gathered, ours: dict[int, _Ours]) -> Sorted:
    """What each line asks for; one that cannot be read so is refused in its place."""
    made = Sorted([], [], 0, [])
    for row in found.good:
        line = _line(row, ours)
        wrong = _wrong(row, line)
        if wrong is not None or line is None:
            found.refuse(wrong or _unknown(row))
        elif (row.values["amount"], row.values["number"]) != (line.amount_fen, line.number):
            made.differing.append((row, line))
        elif line.status == RELEASED:
            (made.paid if row.values["result"] == PAID else made.rejected).append((row, line))
        elif _said_before(row, line):
            made.unchanged += 1
        else:
            made.differing.append((row, line))
    _check_references(connection, found, made.paid)
    return made


def _line(row: Row, ours: dict[int, _Ours]) -> _Ours | None:
    try:
        return ours.get(ids.parse("bpl", row.values["payout"]))
    except UnknownId:
        return None


def _unknown(row: Row) -> Problem:
    return Problem(row.number, "A", "unknown_payout", "the file has no such payout", "文件中没有该付款")


def _wrong(row: Row, line: _Ours | None) -> Problem | None:
    values = row.values
    if line is None:
        return _unknown(row)
    if values["result"] == REJECTED:
        if values["reason"] is None:
            return Problem(row.number, "G", "missing", "say why it was rejected", "须填写失败原因")
        return None
    if values["bank_reference"] is None or values["value_date"] is None:
        return Problem(
            row.number, "E", "missing", "what was paid has a reference and a day", "成功的须有流水号和日期"
        )
    if values["value_date"] > clock.today():
        return Problem(
            row.number, "F", ValueDateInFuture.code, f"today is {clock.today()}", ValueDateInFuture.title_zh
        )
    return None


def _said_before(row: Row, line: _Ours) -> bool:
    if row.values["result"] != line.status:
        return False
    if line.status == PAID:
        return bool(row.values["bank_reference"] == line.bank_reference)
    return bool(row.values["reason"] == line.reason)


def _check_references(
    connection: psycopg.Connection[Any], found: Gathered, paid: Sequence[tuple[Row, _Ours]]
) -> None:
    """A bank reference is used once, in the file and in the books."""
    wanted = [row.values["bank_reference"] for row, _ in paid]
    used = {each[0] for each in connection.execute(_USED_SQL, (wanted,)).fetchall()}
    for row, _ in paid:
        if row.values["bank_reference"] in used:
            found.refuse_by_rule(row, "E", BankReferenceUsed(f"{row.values['bank_reference']} was used"))
        used.add(row.values["bank_reference"])


def _post(connection: psycopg.Connection[Any], actor: audit.Actor, paid: Sequence[tuple[Row, _Ours]]) -> None:
    if not paid:
        return
    now: dt.datetime = clock.now()
    made = connection.execute(
        _TRANSFERS_SQL,
        {
            "accounts": [line.money_account_id for _, line in paid], "fen": [line.amount_fen for _, line in paid],
            "references": [row.values["bank_reference"] for row, _ in paid],
            "days": [row.values["value_date"] for row, _ in paid], "user": actor.user_id, "now": now,
        },
    ).fetchall()  # fmt: skip
    transfers = {row[1]: int(row[0]) for row in made}
    batch = journal.Batch()
    of_payout = {line.id: transfers[row.values["bank_reference"]] for row, line in paid}
    for _, line in paid:
        batch.post(line.hold_id, code=TransferCode.PAYOUT, reference=of_payout[line.id])
    batch.execute(connection)
    connection.execute(
        _PAID_SQL, {"payouts": list(of_payout), "transfers": list(of_payout.values()), "now": now}
    )
    told = [
        ("bank_payout", PAID, [(line.id, {"amount_fen": line.amount_fen}) for _, line in paid]),
        (
            "payout",
            "recorded",
            [
                (
                    of_payout[line.id],
                    {"money_account_id": line.money_account_id, "amount_fen": line.amount_fen},
                )
                for _, line in paid
            ],
        ),
    ]
    acts.done_many(connection, actor=actor, source="payments", told=told)


def _give_back(
    connection: psycopg.Connection[Any], actor: audit.Actor, rejected: Sequence[tuple[Row, _Ours]]
) -> None:
    if not rejected:
        return
    batch = journal.Batch()
    for _, line in rejected:
        batch.void(line.hold_id, code=TransferCode.BANK_PAYOUT_HOLD, reference=line.id)
    batch.execute(connection)
    bounds = {
        "payouts": [line.id for _, line in rejected],
        "reasons": [row.values["reason"] for row, _ in rejected],
        "now": clock.now(),
    }
    connection.execute(_REJECTED_SQL, bounds)
    details: list[tuple[int, dict[str, Any]]] = [
        (line.id, {"amount_fen": line.amount_fen, "reason": row.values["reason"]}) for row, line in rejected
    ]
    acts.done_many(
        connection, actor=actor, source="payments", told=[("bank_payout", REJECTED, details)]
    )  # who asked is told by the event, and reads the reason in its list
