"""A settlement reversed by compensating transfers: one at the bureau proposes, another decides (decision 0030).

Nothing is edited and nothing back-dated: water, money and headroom go back by new transfers, all of them or none. What
cannot go back as water is compensated in money; what a payee cannot give back at once it owes.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from ledger.units import format_fen, format_litres
from market.core import acts, audit, clock, inbox
from market.core.db import raw
from market.core.errors import NotFound
from market.settlement import instructions
from market.settlement.clearing import FEE, Obligation
from market.settlement.errors import FourEyes, InstructionResolved
from market.settlement.models import Instruction
from market.settlement.reversal_models import (
    PROPOSED,
    REJECTED,
    SETTLED,
    WITHDRAWN,
    ReversalTaking,
    SettlementReversal,
)
from market.settlement.reversing import Undoing, undo
from market.supervision import register, reversal_checks, undoing
from market.supervision.errors import NothingToReverse, ReasonMissing, ReversalPending, ReversalState

REVERSAL = "settlement_reversal"
TOLD = "supervision.settlement.reversed"


def propose(
    session: Session, *, actor: audit.Actor, instruction_id: int, reason: str, legal_source: str,
    value_price_e4: int | None = None,
) -> SettlementReversal:  # fmt: skip
    """One person proposes to reverse a settled instruction; nothing moves, and only the bureau sees it.

    `value_price_e4`: what a cubic metre that cannot go back is worth, at the buyer's place (1/10 000 yuan; None: what
    was paid). Errors: ReasonMissing, NotFound, InstructionResolved, WaterYearNotOpen, OwnInterest, NotReversible,
    ReversalPending.
    """
    register.check_reasons(reason, legal_source)
    due, _, seller = instructions.settled(raw(session), instruction_id=instruction_id)
    reversal_checks.check(session, actor, due, seller)
    made = SettlementReversal(
        instruction_id=instruction_id, reason=reason, legal_source=legal_source, value_price_e4=value_price_e4,
        proposed_by=actor.user_id, proposed_at=clock.now(),
    )  # fmt: skip
    try:
        with session.begin_nested():
            session.add(made)
            session.flush()
    except IntegrityError as error:
        if "uq_settlement_reversals_open" not in str(error.orig):
            raise
        raise ReversalPending from error
    _tell(session, actor, made, "proposed", {"instruction_id": instruction_id, "reason": reason})
    return made


def withdraw(session: Session, *, actor: audit.Actor, reversal_id: int, reason: str) -> SettlementReversal:
    """Whoever proposed it, or another, drops a proposal.

    Errors: NotFound, ReversalState, ReasonMissing, OwnInterest.
    """
    found = _locked(session, reversal_id)
    reversal_checks.check_own_interest(session, actor, found.instruction_id)
    return _close(session, actor, found, WITHDRAWN, reason)


def reject(session: Session, *, actor: audit.Actor, reversal_id: int, reason: str) -> SettlementReversal:
    """Another rejects it. Errors: NotFound, ReversalState, ReasonMissing, FourEyes, OwnInterest."""
    found = _locked(session, reversal_id)
    _check_second(session, actor, found)
    return _close(session, actor, found, REJECTED, reason)


def approve(session: Session, *, actor: audit.Actor, reversal_id: int, reason: str) -> SettlementReversal:
    """Another approves: everything moves at once, and the parties are told.

    Errors: NotFound, ReversalState, ReasonMissing, FourEyes, OwnInterest, InstructionResolved, WaterYearNotOpen,
    NotReversible, OpenSales, NothingToReverse, ReversalOverLimit, FeesNotCovered.
    """
    with clock.standing():  # the transfers, the rows and the audit entry bear one instant
        found = _locked(session, reversal_id)
        _check_second(session, actor, found)
        due, books, seller = instructions.settled(raw(session), instruction_id=found.instruction_id)
        reversal_checks.check(session, actor, due, seller)
        flowed = undoing.stop_deliveries(session, actor, due.id)
        free = undoing.lock(raw(session), due, books)
        reversal_checks.check_no_open_sales(raw(session), due.id)
        what = undo(
            due,
            free_litres=free[due.buyer_account],
            flowed_litres=flowed,
            value_price_e4=found.value_price_e4,
        )
        _check_moves(what)
        undoing.execute(session, found, due, books, seller, what, free)
        found.returned_litres, found.kept_litres = what.returned_litres, what.kept_litres
        found.source_litres, found.value_fen = what.source_litres, what.value_fen
        _close(session, actor, found, SETTLED, reason)
        _concern(session, actor, found, due)
        inbox.put(raw(session), kind="rematch", actor=actor)
    return found


def expected(session: Session, found: SettlementReversal) -> Undoing | None:
    """What a proposal would move if it were approved now; None where it is decided, or its trade no longer stands."""
    if found.status != PROPOSED:
        return None
    connection = raw(session)
    try:
        due, _, _ = instructions.settled(connection, instruction_id=found.instruction_id, lock=False)
    except InstructionResolved:
        return None
    return undo(
        due,
        free_litres=undoing.free_litres(connection, due.buyer_account),
        flowed_litres=undoing.flowed(connection, due.id),
        value_price_e4=found.value_price_e4,
    )


def _check_moves(what: Undoing) -> None:
    if not (what.returned_litres or what.back or what.onward):
        raise NothingToReverse(limit=format_litres(what.kept_litres), available=format_fen(what.value_fen))


def _locked(session: Session, reversal_id: int) -> SettlementReversal:
    found = session.scalars(
        select(SettlementReversal)
        .where(SettlementReversal.id == reversal_id)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    ).one_or_none()
    if found is None:
        raise NotFound("there is no such reversal")
    if found.status != PROPOSED:
        raise ReversalState(f"it is {found.status}", available=found.status)
    return found


def _check_second(session: Session, actor: audit.Actor, found: SettlementReversal) -> None:
    if actor.user_id is None or actor.user_id == found.proposed_by:
        raise FourEyes
    reversal_checks.check_own_interest(session, actor, found.instruction_id)


def _close(
    session: Session, actor: audit.Actor, found: SettlementReversal, status: str, reason: str
) -> SettlementReversal:
    if not reason.strip():
        raise ReasonMissing(pointer="/reason")
    found.status, found.decided_by, found.decided_at = status, actor.user_id, clock.now()
    found.decision_reason = reason
    found.version += 1
    session.flush()
    detail = {
        "reason": reason, "returned_litres": found.returned_litres, "kept_litres": found.kept_litres,
        "source_litres": found.source_litres, "value_fen": found.value_fen,
    }  # fmt: skip
    _tell(session, actor, found, status, detail)
    return found


def _concern(session: Session, actor: audit.Actor, found: SettlementReversal, due: Obligation) -> None:
    """The register, and all whose water or money moved: they see it from now on."""
    number = register.enter(
        session, actor=actor, kind="reversal", subject_id=found.id, reason=found.reason,
        legal_source=found.legal_source, at=clock.now(),
    )  # fmt: skip
    instruction = session.get_one(Instruction, due.id)
    accounts = [payee.account for payee in due.payees if payee.role != FEE]
    people = undoing.owners(raw(session), accounts)
    register.concern(
        raw(session), number, TOLD, {instruction.seller_id, instruction.buyer_id, *people.values()}
    )


def listing(
    session: Session, *, before: int | None, limit: int, status: str | None = None
) -> list[SettlementReversal]:
    """Reversals, newest first."""
    statement = select(SettlementReversal).order_by(SettlementReversal.id.desc()).limit(limit)
    if before is not None:
        statement = statement.where(SettlementReversal.id < before)
    if status is not None:
        statement = statement.where(SettlementReversal.status == status)
    return list(session.scalars(statement))


def takings(session: Session, numbers: Iterable[int]) -> list[ReversalTaking]:
    """What each account owed by these reversals, in order."""
    statement = select(ReversalTaking).where(ReversalTaking.reversal_id.in_(list(numbers)))
    return list(session.scalars(statement.order_by(ReversalTaking.reversal_id, ReversalTaking.rank)))


def _tell(
    session: Session, actor: audit.Actor, found: SettlementReversal, act: str, detail: dict[str, object]
) -> None:
    acts.done(
        session,
        actor=actor,
        source="supervision",
        kind=REVERSAL,
        number=found.id,
        act=act,
        detail=msgspec.to_builtins(detail),
    )
