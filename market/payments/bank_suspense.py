"""What people say of lines that the evidence left open: whose the money is, that it went back, a charge of the bank."""

from __future__ import annotations

import datetime as dt

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from ledger import journal
from market.core import acts, audit, books, clock
from market.core.chart import CNY, AccountCode, TransferCode
from market.core.db import raw
from market.core.errors import NotFound
from market.participants.models import MoneyAccount
from market.payments import bank_cases, bank_matching
from market.payments.bank_errors import LineState
from market.payments.bank_models import (
    ASSIGNED,
    CHARGE,
    OPEN,
    SENT_BACK,
    BankLineMatch,
    BankStatementLine,
)
from market.payments.errors import BankReferenceUsed, ValueDateInFuture
from market.payments.models import BankTransfer


def assign(
    session: Session, *, actor: audit.Actor, line_id: int, money_account_id: int, note: str
) -> BankLineMatch:
    """Says whose money in suspense is: it leaves suspense and is deposited, in one step. `note` says how it is known.

    Errors: NotFound, LineState.
    """
    line, found = _open(session, line_id)
    account = session.get(MoneyAccount, money_account_id)
    if account is None:
        raise NotFound("there is no such money account", pointer="/money_account_id")
    now = clock.now()
    deposit = BankTransfer(
        direction="in", money_account_id=account.id, amount_fen=found.fen, bank_reference=line.bank_reference,
        value_date=line.booked_on, recorded_by=actor.user_id, recorded_at=now,
    )  # fmt: skip
    session.add(deposit)
    session.flush()
    connection = raw(session)
    bank, suspense = _accounts(session)
    batch = journal.Batch()
    batch.transfer(
        debit=suspense, credit=bank, amount=found.fen, code=TransferCode.SUSPENSE_ASSIGNED, reference=line.id
    )
    batch.transfer(
        debit=bank,
        credit=account.account_id,
        amount=found.fen,
        code=TransferCode.DEPOSIT,
        reference=deposit.id,
    )
    batch.execute(connection)
    found.suspense, found.evidence, found.bank_transfer_id, found.note = (
        ASSIGNED,
        "treasurer",
        deposit.id,
        note,
    )
    found.decided_by, found.decided_at = actor.user_id, now
    session.flush()
    detail = {"money_account_id": account.id, "amount_fen": found.fen}
    acts.done(
        session,
        actor=actor,
        source="payments",
        kind="deposit",
        number=deposit.id,
        act="recorded",
        detail=detail,
    )
    _tell(session, actor, line_id, "assigned", {"deposit": deposit.id})
    return found


def send_back(
    session: Session, *, actor: audit.Actor, line_id: int, bank_reference: str, value_date: dt.date, note: str
) -> BankLineMatch:
    """Says that money in suspense was sent back at the bank, under this reference; a later statement shows it.

    Errors: NotFound, LineState, ValueDateInFuture, BankReferenceUsed.
    """
    line, found = _open(session, line_id)
    if value_date > clock.today():
        raise ValueDateInFuture(f"today is {clock.today()}", pointer="/value_date")
    connection = raw(session)
    refusal = BankReferenceUsed(f"{bank_reference} is recorded already", pointer="/bank_reference")
    if connection.execute(_OUT_SQL, (bank_reference,)).fetchone() is not None:
        raise refusal
    found.suspense, found.return_reference, found.returned_on = SENT_BACK, bank_reference, value_date
    found.note, found.decided_by, found.decided_at = note, actor.user_id, clock.now()
    try:
        with session.begin_nested():
            session.flush()
    except IntegrityError as error:
        raise refusal from error
    bank, suspense = _accounts(session)
    batch = journal.Batch()
    batch.transfer(
        debit=suspense, credit=bank, amount=found.fen, code=TransferCode.SUSPENSE_SENT_BACK, reference=line.id
    )
    batch.execute(connection)
    _tell(session, actor, line_id, "sent_back", {})
    bank_matching.match_known(connection)
    bank_cases.refresh(connection, actor)
    return found


def charge(session: Session, *, actor: audit.Actor, line_id: int, note: str) -> BankLineMatch:
    """Says that a debit is what the bank keeps for its services: the exchange's cost. Errors: NotFound, LineState."""
    connection = raw(session)
    bank = books.system_account(connection, CNY, AccountCode.BANK)
    journal.lock(connection, [bank])  # two decisions on one line come one after the other
    line = _line(session, line_id)
    if session.get(BankLineMatch, line_id) is not None:
        raise LineState("it is known what this line is")
    if line.change_fen > 0:
        raise LineState("the bank charges with a debit")
    now = clock.now()
    made = BankLineMatch(
        line_id=line_id, kind=CHARGE, evidence="treasurer", fen=-line.change_fen, note=note, matched_at=now,
        decided_by=actor.user_id, decided_at=now,
    )  # fmt: skip
    session.add(made)
    session.flush()
    batch = journal.Batch()
    batch.transfer(
        debit=books.system_account(connection, CNY, AccountCode.BANK_CHARGES), credit=bank, amount=made.fen,
        code=TransferCode.BANK_CHARGE, reference=line_id,
    )  # fmt: skip
    batch.execute(connection)
    _tell(session, actor, line_id, "charged", {"amount_fen": made.fen})
    bank_cases.refresh(connection, actor)
    return made


_OUT_SQL = "SELECT 1 FROM bank_transfers WHERE direction = 'out' AND bank_reference = %s"


def _line(session: Session, line_id: int) -> BankStatementLine:
    found = session.get(BankStatementLine, line_id)
    if found is None:
        raise NotFound("there is no such line")
    return found


def _open(session: Session, line_id: int) -> tuple[BankStatementLine, BankLineMatch]:
    """A line in open suspense; the bank's account is locked first, as by a statement. Errors: NotFound, LineState."""
    connection = raw(session)
    journal.lock(connection, [books.system_account(connection, CNY, AccountCode.BANK)])
    line = _line(session, line_id)
    found = session.get(BankLineMatch, line_id, with_for_update=True, populate_existing=True)
    if found is None or found.suspense != OPEN:
        raise LineState("the money of this line is not in suspense")
    return line, found


def _accounts(session: Session) -> tuple[int, int]:
    connection = raw(session)
    return (
        books.system_account(connection, CNY, AccountCode.BANK),
        books.system_account(connection, CNY, AccountCode.SUSPENSE),
    )


def _tell(session: Session, actor: audit.Actor, line_id: int, act: str, detail: dict[str, object]) -> None:
    acts.done(
        session, actor=actor, source="payments", kind="bank_line", number=line_id, act=act, detail=detail
    )
