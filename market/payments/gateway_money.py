"""What the ledger moves for a provider's payments: each movement once, a row and the transfer that names its subject.

The clearing account (`AccountCode.GATEWAY`) is what the provider holds for the market; what it keeps for itself goes to
`GATEWAY_FEES` and is the exchange's cost.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy.orm import Session

from ledger import journal
from market.core import books, clock
from market.core.chart import CNY, AccountCode, TransferCode
from market.core.db import raw
from market.participants.models import MoneyAccount
from market.payments.gateway_models import GatewayMovement

CODES = {
    "capture": TransferCode.GATEWAY_DEPOSIT,
    "capture_fee": TransferCode.GATEWAY_FEE,
    "refund": TransferCode.GATEWAY_REFUND,
    "refund_return": TransferCode.GATEWAY_REFUND_RETURNED,
    "payout": TransferCode.GATEWAY_PAYOUT,
    "payout_fee": TransferCode.GATEWAY_PAYOUT_FEE,
    "payout_return": TransferCode.GATEWAY_PAYOUT_RETURNED,
}
"""The transfer's code by the kind of a movement; its reference is the id of the payment, refund or payout."""


@dataclass(frozen=True, slots=True)
class Move:
    """A movement to book. `hold_id`: the pending transfer that it posts, for what goes out."""

    kind: str
    subject_id: int
    fen: int
    hold_id: int | None = None


def book(session: Session, money_account_id: int, moves: list[Move]) -> None:
    """Books movements in one batch. A kind that the subject has already is refused by the database (UNIQUE)."""
    connection = raw(session)
    holder = session.get_one(MoneyAccount, money_account_id).account_id
    clearing = books.system_account(connection, CNY, AccountCode.GATEWAY)
    fees = books.system_account(connection, CNY, AccountCode.GATEWAY_FEES)
    batch = journal.Batch()
    for each in moves:
        subject = f"{each.kind.partition('_')[0]}_id".replace("capture", "payment")
        session.add(
            GatewayMovement(kind=each.kind, fen=each.fen, made_at=clock.now(), **{subject: each.subject_id})
        )
        code = CODES[each.kind]
        if each.hold_id is not None:
            batch.post(each.hold_id, code=code, reference=each.subject_id)
            continue
        debit, credit = (fees, clearing) if each.kind.endswith("_fee") else (clearing, holder)
        batch.transfer(debit=debit, credit=credit, amount=each.fen, code=code, reference=each.subject_id)
    session.flush()  # a movement that is there already is refused before the ledger is touched
    batch.execute(connection)


def hold(session: Session, money_account_id: int, *, kind: str, fen: int, reference: int) -> int:
    """Holds what is to go out; returns the pending transfer. Errors: InsufficientBalance."""
    connection = raw(session)
    holder = session.get_one(MoneyAccount, money_account_id).account_id
    batch = journal.Batch()
    handle = batch.hold(
        debit=holder,
        credit=books.system_account(connection, CNY, AccountCode.GATEWAY),
        amount=fen,
        code=CODES[kind],
        reference=reference,
    )
    batch.execute(connection)
    return batch.id_of(handle)


def give_back(session: Session, hold_id: int, *, kind: str, reference: int) -> None:
    """Gives a hold back whose money did not go out."""
    batch = journal.Batch()
    batch.void(hold_id, code=CODES[kind], reference=reference)
    batch.execute(raw(session))
