"""Money in and out: a treasurer records what the bank has moved, by double entry."""

from __future__ import annotations

import datetime as dt
from typing import Any, LiteralString

import psycopg
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from ledger import journal
from ledger.errors import InsufficientBalance
from ledger.units import format_fen
from market.core import audit, books, clock, outbox
from market.core.chart import CNY, AccountCode, TransferCode
from market.core.db import raw
from market.core.errors import NotFound
from market.participants.models import MoneyAccount
from market.payments.bank_errors import InSuspense
from market.payments.errors import BankReferenceUsed, PayoutOverAvailable, ValueDateInFuture
from market.payments.models import BankTransfer

_IN_SUSPENSE_SQL: LiteralString = (
    "SELECT 1 FROM bank_statement_lines l JOIN bank_line_matches m ON m.line_id = l.id"
    " WHERE l.bank_reference = %s AND m.suspense = 'open'"
)


def record_deposit(
    session: Session,
    *,
    actor: audit.Actor,
    money_account_id: int,
    amount_fen: int,
    bank_reference: str,
    value_date: dt.date,
    note: str = "",
) -> BankTransfer:
    """Records money that came in at the bank for a participant. Errors: NotFound, BankReferenceUsed,
    ValueDateInFuture, InSuspense."""
    account = _account(session, money_account_id)
    done = _record(session, actor, "in", account, amount_fen, bank_reference, value_date, note)
    connection = raw(session)
    batch = journal.Batch()
    batch.transfer(
        debit=books.system_account(connection, CNY, AccountCode.BANK),
        credit=account.account_id,
        amount=amount_fen,
        code=TransferCode.DEPOSIT,
        reference=done.id,
    )
    batch.execute(connection)
    # The bank's account is locked: no statement can bring the money meanwhile.
    if connection.execute(_IN_SUSPENSE_SQL, (bank_reference,)).fetchone() is not None:
        raise InSuspense(f"{bank_reference} stands on a statement", pointer="/bank_reference")
    _tell(connection, actor, "deposit", done)
    return done


def record_payout(
    session: Session,
    *,
    actor: audit.Actor,
    money_account_id: int,
    amount_fen: int,
    bank_reference: str,
    value_date: dt.date,
    note: str = "",
) -> BankTransfer:
    """Records money that went out at the bank to a participant; never more than is free.

    Errors: NotFound, BankReferenceUsed, ValueDateInFuture, PayoutOverAvailable.
    """
    account = _account(session, money_account_id)
    done = _record(session, actor, "out", account, amount_fen, bank_reference, value_date, note)
    connection = raw(session)
    batch = journal.Batch()
    batch.transfer(
        debit=account.account_id,
        credit=books.system_account(connection, CNY, AccountCode.BANK),
        amount=amount_fen,
        code=TransferCode.PAYOUT,
        reference=done.id,
    )
    try:
        batch.execute(connection)
    except InsufficientBalance as error:
        raise PayoutOverAvailable(
            f"{format_fen(error.available)} yuan are free",
            pointer="/amount",
            limit=format_fen(error.available),
            available=format_fen(error.available),
        ) from error
    _tell(connection, actor, "payout", done)
    return done


def _account(session: Session, money_account_id: int) -> MoneyAccount:
    account = session.get(MoneyAccount, money_account_id)
    if account is None:
        raise NotFound("there is no such money account", pointer="/money_account_id")
    return account


def _record(
    session: Session,
    actor: audit.Actor,
    direction: str,
    account: MoneyAccount,
    amount_fen: int,
    bank_reference: str,
    value_date: dt.date,
    note: str,
) -> BankTransfer:
    if value_date > clock.today():
        raise ValueDateInFuture(f"today is {clock.today()}", pointer="/value_date")
    connection = raw(session)
    # First of all, as when a statement is taken in: whoever has this lock waits for no reference of another.
    journal.lock(connection, [books.system_account(connection, CNY, AccountCode.BANK)])
    done = BankTransfer(
        direction=direction,
        money_account_id=account.id,
        amount_fen=amount_fen,
        bank_reference=bank_reference,
        value_date=value_date,
        note=note,
        recorded_by=actor.user_id,
        recorded_at=clock.now(),
    )
    try:
        with session.begin_nested():
            session.add(done)
    except IntegrityError as error:
        if "uq_bank_transfers" in str(error.orig):
            raise BankReferenceUsed(
                f"{bank_reference} is recorded already", pointer="/bank_reference"
            ) from error
        raise
    return done


def _tell(connection: psycopg.Connection[Any], actor: audit.Actor, kind: str, done: BankTransfer) -> None:
    subject = (kind, done.id)
    detail = {"money_account_id": done.money_account_id, "amount_fen": done.amount_fen}
    outbox.publish(connection, topic=f"payments.{kind}.recorded", subject=subject, payload=detail)
    audit.record(connection, actor=actor, action=f"{kind}.recorded", subject=subject, detail=detail)
