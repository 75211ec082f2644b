"""What happens to a signed contract: its phases, its end, and what its parties pay each other.

Money moves from the payer's account in the market to the payee's, whole, with the interest of the days that it was
late (SAVINGS section 5; 保障中小企业款项支付条例 2025 arts 9, 17).
"""

from __future__ import annotations

import datetime as dt
from functools import partial

from sqlalchemy import select
from sqlalchemy.orm import Session, aliased

from ledger.errors import InsufficientBalance
from ledger.units import format_fen
from market.contracts import drafting, household_payouts, trust_book
from market.contracts.contract_models import PHASES, ContractDue, ContractPhase, SavingContract
from market.contracts.errors import (
    ContractState,
    DueNotCovered,
    DueState,
    NotAContractParty,
    PhaseOrder,
)
from market.contracts.sharing import due_on, interest, late_rate
from market.contracts.terms import FIRM, USER, Terms, terms_of
from market.contracts.trust_book import Book, Cause
from market.contracts.trust_models import FEE
from market.core import acts, audit, books, clock
from market.core.chart import CNY, AccountCode, TransferCode
from market.core.db import raw
from market.core.errors import NotFound

DUE = "contract_due"
_done = partial(acts.done, source="contracts")


def enter_phase(
    session: Session,
    *,
    actor: audit.Actor,
    contract_id: int,
    by: int,
    phase: str,
    starts_on: dt.date,
    document: str,
) -> ContractPhase:
    """User or firm records that a signed contract entered a phase, with the paper that both have. Errors: NotFound,
    ContractState, NotAContractParty, PhaseOrder.
    """
    found = signed(session, contract_id)
    terms = terms_of(drafting.in_force(session, contract_id, clock.today()).text)
    _one_of(terms, by, (USER, FIRM))
    before = phases(session, contract_id)
    place = PHASES.index(phase)
    late = [each for each in before if PHASES.index(each.phase) >= place or each.starts_on > starts_on]
    if late or starts_on > clock.today():
        raise PhaseOrder(
            "phases follow each other, and none begins on a day to come",
            limit=before[-1].phase if before else PHASES[0],
            available=phase,
        )
    assert actor.user_id is not None
    made = ContractPhase(
        contract_id=contract_id, phase=phase, starts_on=starts_on, document=document, recorded_by=actor.user_id,
        recorded_at=clock.now(),
    )  # fmt: skip
    session.add(made)
    found.version += 1
    session.flush()
    detail = {"phase": phase, "starts_on": starts_on.isoformat()}
    _done(session, actor=actor, kind=drafting.CONTRACT, number=contract_id, act="phase", detail=detail)
    return made


def phases(session: Session, contract_id: int) -> list[ContractPhase]:
    """The phases that a contract has entered, in order."""
    rows = session.scalars(select(ContractPhase).where(ContractPhase.contract_id == contract_id)).all()
    return sorted(rows, key=lambda each: PHASES.index(each.phase))


def signed(session: Session, contract_id: int) -> SavingContract:
    """A signed contract that has not ended, locked. Errors: NotFound, ContractState."""
    found = drafting.locked(session, contract_id)
    if found.status != "signed":
        raise ContractState(f"the contract is {found.status}", available=found.status)
    return found


def _one_of(terms: Terms, by: int, roles: tuple[str, ...]) -> None:
    party = terms.party(by)
    if party is None or party.role not in roles:
        raise NotAContractParty


def end(session: Session, *, actor: audit.Actor, contract_id: int, by: int, reason: str) -> SavingContract:
    """User or firm ends a contract: after its term for nothing, before it for the price that was signed.

    What is due stays due, and the deposit held for as long as a distributed period may be taken back
    (`free_deposits`). Errors: NotFound, ContractState, NotAContractParty.
    """
    found = signed(session, contract_id)
    today = clock.today()
    terms = terms_of(drafting.in_force(session, contract_id, today).text)
    _one_of(terms, by, (USER, FIRM))
    if today <= terms.ends_on:
        year = max(1, terms.year_of(today))
        prices = [each.fen for each in terms.early_end if each.year <= year]
        if prices and prices[-1]:
            other = terms.firms[0] if by == terms.user else terms.user
            owe(session, actor, terms, contract_id, "early_end", contract_id, by, other, prices[-1])
    found.status, found.ended_on, found.end_reason = "ended", today, reason
    found.version += 1
    session.flush()
    _done(
        session,
        actor=actor,
        kind=drafting.CONTRACT,
        number=contract_id,
        act="ended",
        detail={"reason": reason},
    )
    if contract_id in deposits_to_free(session):
        free_deposit(session, actor=actor, contract_id=contract_id)
    return found


_FREE_SQL = """
SELECT c.id FROM saving_contracts c
 WHERE c.status = 'ended' AND c.deposit_fen > 0
   AND NOT EXISTS (SELECT FROM saving_reports r WHERE r.contract_id = c.id
                   AND (r.status NOT IN ('distributed', 'clawed_back', 'void', 'merged', 'given_up')
                        OR (r.status = 'distributed' AND r.due_on >= %s)))
   AND NOT EXISTS (SELECT FROM contract_dues d WHERE d.contract_id = c.id AND d.kind = 'clawback'
                   AND d.status = 'open')
 ORDER BY c.id
"""


def deposits_to_free(session: Session) -> list[int]:
    """Ended contracts of which nothing can be taken back any more, and whose deposits are held still."""
    return [row[0] for row in raw(session).execute(_FREE_SQL, (clock.today(),)).fetchall()]


def free_deposit(session: Session, *, actor: audit.Actor, contract_id: int) -> SavingContract:
    """Frees the deposit of an ended contract of which nothing can be taken back any more. Errors: NotFound,
    ContractState.
    """
    found = drafting.locked(session, contract_id)
    if contract_id not in deposits_to_free(session):
        raise ContractState("a period of it may still be taken back")
    terms = terms_of(drafting.in_force(session, contract_id, found.ended_on or clock.today()).text)
    fen = found.deposit_fen
    drafting.hold_deposit(session, found, terms.firms[0], 0)
    _done(
        session, actor=actor, kind=drafting.CONTRACT, number=contract_id, act="deposit_freed", detail={"fen": fen}
    )  # fmt: skip
    return found


def to_set_off(session: Session) -> list[int]:
    """Contracts in which a receivable of a claw-back can be set off against what its payee owes in turn."""
    other = aliased(ContractDue)
    statement = (
        select(ContractDue.contract_id)
        .join(
            other,
            (other.contract_id == ContractDue.contract_id)
            & (other.payer_id == ContractDue.payee_id)
            & (other.payee_id == ContractDue.payer_id),
        )
        .where(ContractDue.kind == "clawback", ContractDue.status == "open", other.status == "open")
        .where(other.kind != "trust_fee")
        .distinct()
        .order_by(ContractDue.contract_id)
    )
    return list(session.scalars(statement))


def set_off(session: Session, *, actor: audit.Actor, contract_id: int) -> int:
    """Sets open dues off against what the payee owes the payer after claw-backs, the oldest first; returns fen.

    SAVINGS section 6: a receivable is offset against later shares (民法典 art. 568).
    """
    dues = session.scalars(
        select(ContractDue)
        .where(ContractDue.contract_id == contract_id, ContractDue.status == "open")
        .where(ContractDue.kind != "trust_fee")  # goes to the trust account, which pays the supplier first
        .order_by(ContractDue.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).all()
    total = 0
    for owed in (each for each in dues if each.kind == "clawback"):
        for other in dues:
            if (other.payer_id, other.payee_id) != (owed.payee_id, owed.payer_id):
                continue
            fen = min(owed.fen - owed.offset_fen, other.fen - other.offset_fen)
            if fen > 0:
                offset(session, actor, owed, fen, other.id)
                offset(session, actor, other, fen, owed.id)
                total += fen
    return total


def offset(session: Session, actor: audit.Actor, due: ContractDue, fen: int, against: int) -> None:
    """Takes so much off a due; one of which nothing is left is paid."""
    due.offset_fen += fen
    if due.offset_fen == due.fen:
        due.status, due.paid_on, due.resolved_at = "paid", clock.today(), clock.now()
    session.flush()
    _done(
        session, actor=actor, kind=DUE, number=due.id, act="set_off", detail={"fen": fen, "against": against}
    )


def owe(
    session: Session, actor: audit.Actor, terms: Terms, contract_id: int, kind: str, reference: int, payer: int,
    payee: int, fen: int,
) -> ContractDue:  # fmt: skip
    """Notes what a party owes another from today, until the day that contract and law allow."""
    today = clock.today()
    made = ContractDue(
        contract_id=contract_id, kind=kind, reference=reference, payer_id=payer, payee_id=payee, fen=fen,
        arose_on=today, due_on=last_day(terms, today, payer, payee),
    )  # fmt: skip
    session.add(made)
    session.flush()
    detail = {"contract_id": contract_id, "kind": kind, "fen": fen}
    _done(session, actor=actor, kind=DUE, number=made.id, act="arose", detail=detail)
    return made


def last_day(terms: Terms, arose_on: dt.date, payer: int, payee: int) -> dt.date:
    """Until when a party pays another what arose on a day, as contract and law allow."""
    return due_on(arose_on, _size(terms, payer), _size(terms, payee), terms.payment_days)


def _size(terms: Terms, participant: int) -> str:
    party = terms.party(participant)
    return party.size if party is not None else "other"


def interest_of(session: Session, due: ContractDue, paid_on: dt.date) -> int:
    """What a due costs beside itself if it is paid on a day, fen."""
    terms = terms_of(drafting.in_force(session, due.contract_id, due.arose_on).text)
    rate = late_rate(_size(terms, due.payer_id), _size(terms, due.payee_id), terms.late, terms.lpr_e6)
    return interest(due.fen - due.offset_fen, rate, due.due_on, paid_on)


def pay(session: Session, *, actor: audit.Actor, due_id: int) -> ContractDue:
    """The payer pays a due whole, with its interest, out of its money in the market; a fee of trusteeship goes into
    the trust account, the interest of it to the firm. What a district receives goes on to its households at once.

    Errors: NotFound, DueState, DueNotCovered.
    """
    known = session.get(ContractDue, due_id)
    if known is None:
        raise NotFound("there is no such due")
    trust = trust_book.locked(session, known.contract_id) if known.kind == "trust_fee" else None
    due = session.get_one(ContractDue, due_id, with_for_update=True, populate_existing=True)
    if due.status != "open":
        raise DueState(f"it is {due.status}", available=due.status)
    today = clock.today()
    extra, rest = interest_of(session, due, today), due.fen - due.offset_fen
    connection = raw(session)
    payer, payee = (drafting.money_of(session, each) for each in (due.payer_id, due.payee_id))
    clearing = books.system_account(connection, CNY, AccountCode.MONEY_CLEARING)
    book = Book(session, actor, trust)
    batch = book.batch
    for fen, code in ((rest, TransferCode.CONTRACT_DUE), (extra, TransferCode.CONTRACT_INTEREST)):
        if fen:
            batch.transfer(debit=payer, credit=clearing, amount=fen, code=code, reference=due.id)
            if code == TransferCode.CONTRACT_DUE and trust is not None:
                book.move(FEE, fen, due.payer_id, Cause(due_id=due.id), through=clearing)
            else:
                batch.transfer(debit=clearing, credit=payee, amount=fen, code=code, reference=due.id)
    version = drafting.in_force(session, due.contract_id, due.arose_on)
    payout = household_payouts.of_due(session, version, due, rest + extra)
    try:
        book.post(staged=payout is not None)
    except InsufficientBalance as error:
        raise DueNotCovered(limit=format_fen(rest + extra), available=format_fen(error.available)) from error
    due.status, due.paid_on, due.interest_fen, due.resolved_at = "paid", today, extra, clock.now()
    session.flush()
    if payout is not None:
        household_payouts.told(session, actor, payout)
    _done(session, actor=actor, kind=DUE, number=due.id, act="paid", detail={"interest_fen": extra})
    return due
