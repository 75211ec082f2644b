"""Money comes in and goes out by double entry, under a bank reference that is used once."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

import pytest
from sqlalchemy.orm import Session

from ledger import balances, journal
from market.core import audit, books, clock, db
from market.core.chart import CNY, DEBITS_MUST_NOT_EXCEED_CREDITS, AccountCode
from market.participants.models import MoneyAccount, Participant, User
from market.payments import errors, queries, transfers
from market.payments.models import BankTransfer

TREASURER = audit.Actor(user_id=1)


@pytest.fixture(scope="module")
def money_account_id(database_url: str) -> int:
    """A participant's money account in a database of this module's own."""
    with db.transaction(database_url) as session:
        books.open_books(db.raw(session), water=[])
        session.add(User(login="treasurer", name="treasurer", password_hash="x"))
        participant = Participant(
            kind="household",
            name="household",
            identifier_kind="identity_number",
            identifier_hash=b"1",
            identifier_masked="***",
            status="admitted",
        )
        session.add(participant)
        session.flush()
        connection = db.raw(session)
        account_id = journal.open_account(
            connection,
            asset_id=books.asset_id(connection, CNY),
            code=AccountCode.HOLDER_MONEY,
            flags=DEBITS_MUST_NOT_EXCEED_CREDITS,
        )
        account = MoneyAccount(participant_id=participant.id, account_id=account_id)
        session.add(account)
        session.flush()
        return account.id


@pytest.fixture
def session(database_url: str, money_account_id: int) -> Iterator[Session]:
    """A session whose work is rolled back."""
    with db.engine(database_url).connect() as connection, connection.begin() as transaction:
        with Session(
            bind=connection, join_transaction_mode="create_savepoint", expire_on_commit=False
        ) as opened:
            yield opened
        transaction.rollback()


def _deposit(session: Session, account: int, fen: int, reference: str, **other: dt.date) -> BankTransfer:
    values = {"value_date": clock.today()} | other
    return transfers.record_deposit(
        session,
        actor=TREASURER,
        money_account_id=account,
        amount_fen=fen,
        bank_reference=reference,
        **values,
    )


def _payout(session: Session, account: int, fen: int, reference: str) -> BankTransfer:
    return transfers.record_payout(
        session,
        actor=TREASURER,
        money_account_id=account,
        amount_fen=fen,
        bank_reference=reference,
        value_date=clock.today(),
    )


def test_a_deposit_and_a_payout_move_money_between_bank_and_participant(
    session: Session, money_account_id: int
) -> None:
    _deposit(session, money_account_id, 100_000, "B-1")
    _payout(session, money_account_id, 30_060, "B-1")  # references count by direction
    connection = db.raw(session)
    view = queries.money_account(connection, money_account_id=money_account_id)
    assert (view.balance_fen, view.held_fen, view.available_fen) == (69_940, 0, 69_940)
    bank = books.system_account(connection, CNY, AccountCode.BANK)
    assert balances.now(connection, [bank])[bank].posted == -69_940
    assert audit.verify(connection) == []


def test_no_more_is_paid_out_than_is_free(session: Session, money_account_id: int) -> None:
    _deposit(session, money_account_id, 500, "B-1")
    with pytest.raises(errors.PayoutOverAvailable) as refusal, session.begin_nested():
        _payout(session, money_account_id, 501, "B-2")
    assert refusal.value.available == "5.00"
    _payout(session, money_account_id, 500, "B-2")


@pytest.mark.parametrize("move", [_deposit, _payout])
def test_a_bank_reference_is_recorded_once(session: Session, money_account_id: int, move: object) -> None:
    _deposit(session, money_account_id, 500, "B-0")
    assert callable(move)
    move(session, money_account_id, 5, "B-9")
    with pytest.raises(errors.BankReferenceUsed):
        move(session, money_account_id, 5, "B-9")
    assert queries.money_account(db.raw(session), money_account_id=money_account_id).balance_fen in (495, 505)


def test_money_is_recorded_when_the_bank_has_moved_it(session: Session, money_account_id: int) -> None:
    with pytest.raises(errors.ValueDateInFuture):
        _deposit(session, money_account_id, 5, "B-1", value_date=clock.today() + dt.timedelta(days=1))
