"""Payouts by bank file: a participant asks for its free money, which is held until the bank has paid or rejected it."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from ledger import journal
from ledger.errors import InsufficientBalance
from ledger.units import format_fen
from market.core import acts, audit, books, clock
from market.core.chart import CNY, AccountCode, TransferCode
from market.core.db import raw
from market.core.errors import NotFound
from market.participants.models import MoneyAccount
from market.payments import bank_accounts
from market.payments.bank_errors import BankAccountInPerson, BankPayoutState
from market.payments.bank_models import ASKED, WITHDRAWN, BankPayout
from market.payments.errors import PayoutOverAvailable

_NEXT_SQL = "SELECT nextval(pg_get_serial_sequence('bank_payouts', 'id'))"


def ask(
    session: Session, *, actor: audit.Actor, participant_id: int, amount_fen: int, note: str = ""
) -> BankPayout:
    """Holds a participant's money for a payout to its bank account; never more than is free.

    Errors: BankAccountInPerson, NotFound, NoBankAccount, BankAccountWaits, PayoutOverAvailable.
    """
    if actor.mandate_id is not None:
        raise BankAccountInPerson
    money = session.scalars(
        select(MoneyAccount).where(MoneyAccount.participant_id == participant_id)
    ).one_or_none()
    if money is None:
        raise NotFound("there is no such money account", pointer="/participant_id")
    goes_to = bank_accounts.payable(session, participant_id=participant_id)
    connection = raw(session)
    number = session.connection().exec_driver_sql(_NEXT_SQL).scalar_one()
    batch = journal.Batch()
    hold = batch.hold(
        debit=money.account_id,
        credit=books.system_account(connection, CNY, AccountCode.BANK),
        amount=amount_fen,
        code=TransferCode.BANK_PAYOUT_HOLD,
        reference=number,
    )
    try:
        batch.execute(connection)
    except InsufficientBalance as error:
        available = format_fen(error.available)
        raise PayoutOverAvailable(
            f"{available} yuan are free", pointer="/amount", limit=available, available=available
        ) from error
    assert actor.user_id is not None
    made = BankPayout(
        id=number, participant_id=participant_id, money_account_id=money.id, bank_account_id=goes_to.id,
        amount_fen=amount_fen, hold_id=batch.id_of(hold), note=note, asked_by=actor.user_id, asked_at=clock.now(),
    )  # fmt: skip
    session.add(made)
    session.flush()
    acts.done(
        session, actor=actor, source="payments", kind="bank_payout", number=made.id, act="asked",
        detail={"money_account_id": money.id, "amount_fen": amount_fen},
    )  # fmt: skip
    return made


def withdraw(session: Session, *, actor: audit.Actor, payout_id: int) -> BankPayout:
    """Takes a payout back that is in no file yet; its money is free again. Errors: NotFound, BankPayoutState."""
    found = session.get(BankPayout, payout_id, with_for_update=True, populate_existing=True)
    if found is None:
        raise NotFound("there is no such payout")
    if found.status != ASKED or found.file_id is not None:
        raise BankPayoutState("it is in a file" if found.status == ASKED else f"it is {found.status}")
    batch = journal.Batch()
    batch.void(found.hold_id, code=TransferCode.BANK_PAYOUT_HOLD, reference=found.id)
    batch.execute(raw(session))
    found.status, found.closed_at = WITHDRAWN, clock.now()
    session.flush()
    acts.done(
        session,
        actor=actor,
        source="payments",
        kind="bank_payout",
        number=found.id,
        act="withdrawn",
        detail={},
    )
    return found
