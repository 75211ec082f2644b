"""The trust account of a contract under trusteeship: the user pays in, the supplier is paid first, then the firm.

SAVINGS sections 1, 5 and 8 (12). A fee T is called with a period's distribution; what was paid in advance and what the
firm owes of a missed guarantee reduce it. A period is settled when its fee is paid and the supplier's bills cover it.
"""

from __future__ import annotations

import datetime as dt
from functools import partial
from typing import Any

from sqlalchemy import func, select, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from ledger.errors import InsufficientBalance
from ledger.units import format_fen
from market.contracts import drafting, running, states, trust_book
from market.contracts.contract_models import ContractDue, ContractVersion, SavingContract
from market.contracts.errors import NotAContractParty
from market.contracts.report_models import ReportDistribution, SavingReport
from market.contracts.sharing import waterfall
from market.contracts.terms import FIRM, USER, Terms, terms_of
from market.contracts.trust_book import Book, Cause
from market.contracts.trust_errors import (
    BillInput,
    BillKnown,
    BillsMissing,
    BillState,
    DepositNotFree,
    NoTrustAccount,
    NotTheSupplier,
    TrustFeeUnpaid,
    TrustInUse,
    TrustNotCovered,
    TrustPeriodState,
)
from market.contracts.trust_models import (
    ADVANCE,
    REFUND,
    SUPPLIER,
    TOP_UP,
    UPKEEP,
    TrustAccount,
    TrustBill,
    TrustMovement,
    TrustPeriod,
)
from market.core import acts, audit, clock
from market.core.errors import NotFound

BILL, PERIOD = "trust_bill", "trust_period"
SUPPLIER_ROLE = "supplier"
FEE_DUE = "trust_fee"
_done = partial(acts.done, source="contracts")

_COVERED_SQL = text(
    "SELECT coalesce(range_agg(daterange(first_day, last_day, '[]')) @> daterange(:starts, :ends), false)"
    " FROM trust_bills WHERE contract_id = :contract AND status <> 'withdrawn'"
)


def _terms(session: Session, contract_id: int) -> Terms:
    """What is in force today. Errors: ContractState."""
    return terms_of(drafting.in_force(session, contract_id, clock.today()).text)


def supplier_of(terms: Terms) -> int:
    """Who supplies the water and is paid first."""
    return next(each.participant for each in terms.parties if each.role == SUPPLIER_ROLE)


def _one_of(terms: Terms, by: int, *roles: str) -> str:
    party = terms.party(by)
    if party is None or party.role not in roles:
        raise NotAContractParty
    return party.role


def deposit(session: Session, *, actor: audit.Actor, contract_id: int, by: int, fen: int) -> TrustAccount:
    """The user pays in advance of fees, or the firm tops the account up, out of its money in the market.

    Errors: NoTrustAccount, TrustClosed, NotAContractParty, DepositNotFree.
    """
    trust = trust_book.locked(session, contract_id)
    kind = ADVANCE if _one_of(_terms(session, contract_id), by, USER, FIRM) == USER else TOP_UP
    book = Book(session, actor, trust)
    book.move(kind, fen, by)
    if kind == ADVANCE:
        trust.advance_fen += fen
    try:
        book.post()
    except InsufficientBalance as error:
        raise DepositNotFree(
            limit=format_fen(fen), available=format_fen(error.available), pointer="/amount"
        ) from error
    session.flush()
    return trust


def present(
    session: Session, *, actor: audit.Actor, contract_id: int, by: int, number: str, first_day: dt.date,
    last_day: dt.date, fen: int, document_sha256: str,
) -> TrustBill:  # fmt: skip
    """The supplier presents a bill for days that are over. Errors: NoTrustAccount, TrustClosed, NotTheSupplier,
    BillInput, BillKnown.
    """
    trust_book.locked(session, contract_id)
    terms = _terms(session, contract_id)
    if by != supplier_of(terms):
        raise NotTheSupplier
    if not terms.starts_on <= first_day <= last_day < clock.today():
        raise BillInput(
            "a bill is of days of the operation that are over",
            limit=f"{terms.starts_on} to {clock.today()}", available=f"{first_day} to {last_day}", pointer="/first_day",
        )  # fmt: skip
    made = TrustBill(
        contract_id=contract_id, number=number, first_day=first_day, last_day=last_day, fen=fen,
        document_sha256=bytes.fromhex(document_sha256), presented_at=clock.now(),
    )  # fmt: skip
    try:
        with session.begin_nested():
            session.add(made)
            session.flush()
    except IntegrityError as error:
        if "uq_trust_bills_number" not in str(error.orig):
            raise
        raise BillKnown(pointer="/number") from error
    detail = {"contract_id": contract_id, "fen": fen, "document_sha256": document_sha256}
    _done(session, actor=actor, kind=BILL, number=made.id, act="presented", detail=detail)
    return made


def _bill(session: Session, bill_id: int) -> tuple[TrustAccount, TrustBill]:
    """An open bill and its account, both locked. Errors: NotFound, TrustClosed, BillState."""
    known = session.get(TrustBill, bill_id)
    if known is None:
        raise NotFound("there is no such bill")
    trust = trust_book.locked(session, known.contract_id)
    found = session.get_one(TrustBill, bill_id, with_for_update=True, populate_existing=True)
    if found.status != "open":
        raise BillState(f"the bill is {found.status}", available=found.status)
    return trust, found


def withdraw_bill(session: Session, *, actor: audit.Actor, bill_id: int, by: int, reason: str) -> TrustBill:
    """The supplier takes a bill back that was not paid. Errors: NotFound, TrustClosed, BillState, NotTheSupplier."""
    trust, found = _bill(session, bill_id)
    if by != supplier_of(_terms(session, trust.contract_id)):
        raise NotTheSupplier
    found.status, found.withdrawal_reason, found.resolved_at = "withdrawn", reason, clock.now()
    session.flush()
    _done(session, actor=actor, kind=BILL, number=found.id, act="withdrawn", detail={"reason": reason})
    return found


def pay_bill(session: Session, *, actor: audit.Actor, bill_id: int, by: int) -> TrustBill:
    """User, firm or supplier has an open bill paid out of the account, whole; the oldest first is not asked.

    Errors: NotFound, TrustClosed, BillState, NotAContractParty, TrustNotCovered.
    """
    trust, found = _bill(session, bill_id)
    terms = _terms(session, trust.contract_id)
    _one_of(terms, by, USER, FIRM, SUPPLIER_ROLE)
    _check_covered(trust, found.fen)
    book = Book(session, actor, trust)
    _pay(session, book, found, supplier_of(terms))
    book.post()
    _done(session, actor=actor, kind=BILL, number=found.id, act="paid", detail={"fen": found.fen})
    return found


def _check_covered(trust: TrustAccount, fen: int) -> None:
    if trust.balance_fen < fen:
        raise TrustNotCovered(limit=format_fen(fen), available=format_fen(trust.balance_fen))


def _pay(session: Session, book: Book, bill: TrustBill, supplier: int) -> None:
    book.move(SUPPLIER, bill.fen, supplier, Cause(bill_id=bill.id))
    bill.status, bill.resolved_at = "paid", clock.now()
    session.flush()  # the database looks for open bills before it lets anybody else be paid


def settle(session: Session, *, actor: audit.Actor, report_id: int, by: int) -> TrustPeriod:
    """User or firm has a period settled: every open bill of the supplier, then upkeep, then the rest to the firm.

    Errors: NotFound, NoTrustAccount, TrustClosed, NotAContractParty, TrustPeriodState, TrustFeeUnpaid, BillsMissing,
    TrustNotCovered (the firm tops up first).
    """
    report = session.get(SavingReport, report_id)
    if report is None:
        raise NotFound("there is no such report")
    trust = trust_book.locked(session, report.contract_id)
    terms = terms_of(session.get_one(ContractVersion, report.version_id).text)
    _one_of(terms, by, USER, FIRM)
    period = _due_period(session, report)
    covered = session.execute(
        _COVERED_SQL,
        {"contract": trust.contract_id, "starts": report.starts_on, "ends": report.ends_on},
    ).scalar_one()
    if not covered:
        raise BillsMissing(limit=f"{report.starts_on} to {report.ends_on - dt.timedelta(days=1)}")
    bills = _open_bills(session, trust.contract_id)
    before, topped_up, supplied = _since(session, trust.contract_id)
    supplied += sum(each.fen for each in bills)
    fee = period.advance_fen + period.due_fen
    found = waterfall(before + topped_up, fee, supplied, terms.upkeep_fen, keep_fen=terms.keep_fen)
    if found.top_up_fen:
        raise TrustNotCovered(
            f"{format_fen(found.top_up_fen)} yuan are missing",
            limit=format_fen(found.top_up_fen), available="0.00",
        )  # fmt: skip
    book, cause = Book(session, actor, trust), Cause(distribution_id=period.distribution_id)
    for each in bills:
        _pay(session, book, each, supplier_of(terms))
    book.move(UPKEEP, found.upkeep_fen, terms.firms[0], cause)
    book.move("firm", found.firm_fen, terms.firms[0], cause)
    book.post()
    period.status, period.settled_at = "settled", clock.now()
    period.before_fen, period.top_up_fen, period.supplier_fen = before, topped_up, supplied
    period.upkeep_fen, period.firm_fen, period.after_fen = found.upkeep_fen, found.firm_fen, found.after_fen
    session.flush()
    for each in bills:
        _done(session, actor=actor, kind=BILL, number=each.id, act="paid", detail={"fen": each.fen})
    detail = {"supplier_fen": supplied, "firm_fen": found.firm_fen, "after_fen": found.after_fen}
    _done(session, actor=actor, kind=PERIOD, number=period.distribution_id, act="settled", detail=detail)
    return period


def _due_period(session: Session, report: SavingReport) -> TrustPeriod:
    """The period of a report, if it is the next to be settled and its fee is paid. Errors: TrustPeriodState,
    TrustFeeUnpaid.
    """
    rows = session.scalars(
        select(TrustPeriod)
        .join(ReportDistribution, ReportDistribution.id == TrustPeriod.distribution_id)
        .join(SavingReport, SavingReport.id == ReportDistribution.report_id)
        .where(TrustPeriod.contract_id == report.contract_id, TrustPeriod.status == "open")
        .order_by(SavingReport.starts_on)
        .limit(1)
    ).one_or_none()
    own = session.scalar(select(ReportDistribution.id).where(ReportDistribution.report_id == report.id))
    if own is None or rows is None or rows.distribution_id != own:
        raise TrustPeriodState(
            "the period was not shared out yet, was settled before, or an earlier one waits",
            available=report.status,
        )
    unpaid = session.scalars(
        select(ContractDue).where(
            ContractDue.kind == FEE_DUE, ContractDue.reference == own, ContractDue.status == "open"
        )
    ).one_or_none()
    if unpaid is not None:
        raise TrustFeeUnpaid(limit=format_fen(unpaid.fen), available="0.00")
    return rows


def _open_bills(session: Session, contract_id: int) -> list[TrustBill]:
    return list(
        session.scalars(
            select(TrustBill)
            .where(TrustBill.contract_id == contract_id, TrustBill.status == "open")
            .order_by(TrustBill.id)
        )
    )


def _since(session: Session, contract_id: int) -> tuple[int, int, int]:
    """(kept by the last settled period, topped up since, paid to the supplier since), fen."""
    moved: dict[str, int] = {
        kind: int(fen)
        for kind, fen in session.execute(
            select(TrustMovement.kind, func.sum(TrustMovement.fen))
            .where(TrustMovement.contract_id == contract_id)
            .group_by(TrustMovement.kind)
        )
    }
    topped, supplied = session.execute(
        select(
            func.coalesce(func.sum(TrustPeriod.top_up_fen), 0),
            func.coalesce(func.sum(TrustPeriod.supplier_fen), 0),
        ).where(TrustPeriod.contract_id == contract_id)
    ).one()
    last = session.scalars(
        select(TrustPeriod.after_fen)
        .where(TrustPeriod.contract_id == contract_id, TrustPeriod.status == "settled")
        .order_by(TrustPeriod.settled_at.desc())
        .limit(1)
    ).one_or_none()
    return last or 0, moved.get(TOP_UP, 0) - int(topped), moved.get(SUPPLIER, 0) - int(supplied)


def close(session: Session, *, actor: audit.Actor, contract_id: int, by: int) -> TrustAccount:
    """User or firm closes the account of a contract that has ended: what the user paid in advance goes back, the rest
    is the firm's, less what it still owes of its guarantee; what of that is left becomes a due.

    Errors: NoTrustAccount, TrustClosed, NotAContractParty, TrustInUse.
    """
    trust = trust_book.locked(session, contract_id)
    terms = _terms(session, contract_id)
    _one_of(terms, by, USER, FIRM)
    _check_over(session, contract_id)
    back = min(trust.advance_fen, trust.balance_fen)
    rest = trust.balance_fen - back
    set_off = min(trust.owed_fen, rest)
    still = trust.owed_fen - set_off
    book = Book(session, actor, trust)
    book.move(REFUND, back + set_off, terms.user)
    book.move("firm", rest - set_off, terms.firms[0])
    trust.advance_fen = trust.owed_fen = 0
    if len(book.batch):
        book.post()
    trust.closed_at = clock.now()
    session.flush()
    if still:
        running.owe(
            session, actor, terms, contract_id, "shortfall", contract_id, terms.firms[0], terms.user, still
        )
    detail: dict[str, Any] = {"refund_fen": back + set_off, "firm_fen": rest - set_off, "owed_fen": still}
    _done(session, actor=actor, kind=trust_book.ACCOUNT, number=contract_id, act="closed", detail=detail)
    return trust


def _check_over(session: Session, contract_id: int) -> None:
    found = session.get_one(SavingContract, contract_id)
    if found.status != "ended":
        raise TrustInUse(f"the contract is {found.status}", available=found.status)
    if _open_bills(session, contract_id):
        raise TrustInUse("a bill of the supplier is open")
    waiting = session.scalar(
        select(func.count())
        .select_from(SavingReport)
        .where(
            SavingReport.contract_id == contract_id,
            SavingReport.status.not_in((states.DISTRIBUTED, states.CLAWED_BACK, states.VOID)),
        )
    )
    unsettled = session.scalar(
        select(func.count())
        .select_from(TrustPeriod)
        .where(TrustPeriod.contract_id == contract_id, TrustPeriod.status == "open")
    )
    if waiting or unsettled:
        raise TrustInUse("a period is not settled yet")


def account(session: Session, *, contract_id: int) -> TrustAccount:
    """The account of a contract, also a closed one. Errors: NoTrustAccount."""
    found = session.get(TrustAccount, contract_id)
    if found is None:
        raise NoTrustAccount
    return found
