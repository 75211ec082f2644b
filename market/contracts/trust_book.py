"""The one writer of trust accounts: a movement, its transfer in the ledger, and the balance, in one step."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from sqlalchemy import select
from sqlalchemy.orm import Session

from ledger import bulk, journal
from market.contracts.contract_models import SavingContract
from market.contracts.trust_errors import NoTrustAccount, TrustClosed
from market.contracts.trust_models import (
    ADVANCE,
    FEE,
    FIRM,
    IN_KINDS,
    REFUND,
    SUPPLIER,
    TOP_UP,
    UPKEEP,
    TrustAccount,
    TrustMovement,
)
from market.core import acts, audit, books, clock
from market.core.chart import CNY, DEBITS_MUST_NOT_EXCEED_CREDITS, AccountCode, TransferCode
from market.core.db import raw
from market.participants.models import MoneyAccount

ACCOUNT, MOVEMENT = "trust_account", "trust_movement"
CODES = {
    ADVANCE: TransferCode.TRUST_FEE,
    FEE: TransferCode.TRUST_FEE,
    TOP_UP: TransferCode.TRUST_TOP_UP,
    SUPPLIER: TransferCode.TRUST_SUPPLIER,
    UPKEEP: TransferCode.TRUST_UPKEEP,
    FIRM: TransferCode.TRUST_REST,
    REFUND: TransferCode.TRUST_REFUND,
}
_done = partial(acts.done, source="contracts")


@dataclass(frozen=True, slots=True)
class Cause:
    """What a movement is for: a bill, a due, or a period that is settled."""

    bill_id: int | None = None
    due_id: int | None = None
    distribution_id: int | None = None


NO_CAUSE = Cause()


def open_account(session: Session, actor: audit.Actor, contract_id: int) -> TrustAccount:
    """The account of a contract, opened if it has none; the ledger refuses to overdraw it."""
    known = session.get(TrustAccount, contract_id)
    if known is not None:
        return known
    connection = raw(session)
    account = journal.open_account(
        connection,
        asset_id=books.asset_id(connection, CNY),
        code=AccountCode.SAVING_TRUST,
        flags=DEBITS_MUST_NOT_EXCEED_CREDITS,
    )
    made = TrustAccount(contract_id=contract_id, account_id=account, opened_at=clock.now())
    session.add(made)
    session.flush()
    _done(session, actor=actor, kind=ACCOUNT, number=contract_id, act="opened")
    return made


def locked(session: Session, contract_id: int) -> TrustAccount:
    """An open account, locked behind its contract. Errors: NoTrustAccount, TrustClosed."""
    session.get(SavingContract, contract_id, with_for_update=True, populate_existing=True)
    found = session.get(TrustAccount, contract_id, with_for_update=True, populate_existing=True)
    if found is None:
        raise NoTrustAccount
    if found.closed_at is not None:
        raise TrustClosed
    return found


def money_of(session: Session, participant_id: int) -> int:
    """The ledger account of a participant's money."""
    return session.scalars(
        select(MoneyAccount.account_id).where(MoneyAccount.participant_id == participant_id)
    ).one()


class Book:
    """Movements of one account in one posting: noted one by one, posted together, told last (the audit's head is the
    last lock of a transaction).
    """

    def __init__(self, session: Session, actor: audit.Actor, trust: TrustAccount | None) -> None:
        self.session, self.actor, self.trust = session, actor, trust
        self.batch = journal.Batch()
        self._made: list[TrustMovement] = []

    def move(
        self, kind: str, fen: int, participant_id: int, cause: Cause = NO_CAUSE, *, through: int | None = None
    ) -> None:
        """Notes a movement; `through` is where the money comes from instead of the participant's account. Nil moves
        nothing; a balance below nil and a firm before the supplier are refused by the database.
        """
        if not fen:
            return
        trust, comes = self.trust, kind in IN_KINDS
        assert trust is not None  # who moves nothing needs no account
        trust.balance_fen += fen if comes else -fen
        made = TrustMovement(
            contract_id=trust.contract_id, kind=kind, participant_id=participant_id, fen=fen,
            balance_fen=trust.balance_fen, bill_id=cause.bill_id, due_id=cause.due_id,
            distribution_id=cause.distribution_id, made_at=clock.now(),
        )  # fmt: skip
        self.session.add(made)
        self.session.flush()  # the transfer names the movement
        other = through if through is not None else money_of(self.session, participant_id)
        debit, credit = (other, trust.account_id) if comes else (trust.account_id, other)
        self.batch.transfer(debit=debit, credit=credit, amount=fen, code=CODES[kind], reference=made.id)
        self._made.append(made)

    def post(self, *, staged: bool = False) -> None:
        """Posts what was noted, and after it what was staged in bulk, if something was. Errors: InsufficientBalance (a
        payer's account).
        """
        if staged:
            bulk.execute(raw(self.session), also=self.batch)
        else:
            self.batch.execute(raw(self.session))
        for each in self._made:
            detail = {
                "contract_id": each.contract_id, "kind": each.kind, "fen": each.fen, "balance_fen": each.balance_fen,
            }  # fmt: skip
            _done(self.session, actor=self.actor, kind=MOVEMENT, number=each.id, act="made", detail=detail)
