"""Invoices: issued by the payee of a due, numbered without gaps, taken back by a red one and never changed.

The document here is what the tax authority's own electronic invoice is made from; it does not replace it. VAT is in the
share: net = round_half_even(gross·10 000/(10 000 + vat)), the tax the rest (SAVINGS section 5).
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial

from sqlalchemy import ColumnElement, func, or_, select, text
from sqlalchemy.orm import Session

from ledger.units import format_fen
from market.contracts import drafting
from market.contracts.canonical import canonical
from market.contracts.contract_models import ContractDue
from market.contracts.invoice_errors import InvoicedBefore, NotInvoiced, NotTheIssuer, TakenBack
from market.contracts.invoice_models import Invoice
from market.contracts.report_models import ReportDistribution, SavingReport
from market.contracts.sharing import Taxed, without_vat
from market.contracts.terms import terms_of
from market.core import acts, audit, clock
from market.core.errors import NotFound
from market.participants.models import Participant

INVOICE = "invoice"
INVOICED_KINDS = ("share", "fee", "trust_fee")
"""What is paid for a service; a shortfall, an early end and a claw-back change what was invoiced instead."""
OF_A_PERIOD = INVOICED_KINDS
_done = partial(acts.done, source="contracts")

_NUMBER_SQL = text(
    "INSERT INTO invoice_counters (issuer_id, year, last) VALUES (:issuer, :year, 1)"
    " ON CONFLICT (issuer_id, year) DO UPDATE SET last = invoice_counters.last + 1 RETURNING last"
)


@dataclass(frozen=True, slots=True)
class InvoiceText:
    """What an invoice says; amounts in fen, days of the period both in it. Participants by number and name."""

    number: str
    issued_on: dt.date
    issuer: int
    issuer_name: str
    recipient: int
    recipient_name: str
    contract: int
    contract_sha256: str
    due: int
    kind: str
    first_day: dt.date | None
    last_day: dt.date | None
    derivation_sha256: str | None
    gross_fen: int
    net_fen: int
    vat_fen: int
    vat_bp: int
    corrects: str | None
    reason: str | None


def written(year: int, number: int) -> str:
    """The number of an invoice as people read it."""
    return f"{year}-{number:06d}"


def names_of(session: Session, participants: Iterable[int]) -> dict[int, str]:
    """What participants are called now."""
    found = session.scalars(select(Participant).where(Participant.id.in_(tuple(participants))))
    return {each.id: each.name for each in found}


def issue(session: Session, *, actor: audit.Actor, due_id: int, by: int) -> Invoice:
    """The payee invoices what of a due is not invoiced yet. Errors: NotFound, NotTheIssuer, NotInvoiced,
    InvoicedBefore.
    """
    due = _locked(session, due_id)
    if due.payee_id != by:
        raise NotTheIssuer
    if due.kind not in INVOICED_KINDS or due.status == "cancelled":
        raise NotInvoiced(f"a due of the kind {due.kind} that is {due.status}", available=due.kind)
    before = session.scalar(
        select(func.coalesce(func.sum(Invoice.gross_fen), 0)).where(Invoice.due_id == due_id)
    )
    left = due.fen - int(before or 0)
    if left <= 0:
        raise InvoicedBefore(limit=format_fen(due.fen), available="0.00")
    vat_bp = terms_of(drafting.in_force(session, due.contract_id, due.arose_on).text).vat_bp
    return _write(session, actor, due, without_vat(left, vat_bp), vat_bp, None, None)


def take_back(
    session: Session, *, actor: audit.Actor, invoice_id: int, by: int, reason: str, fen: int | None = None
) -> Invoice:
    """The issuer takes an invoice back with a red one: all that is left of it, or so much. Errors: NotFound,
    NotTheIssuer, TakenBack.
    """
    found = session.get(Invoice, invoice_id)
    if found is None:
        raise NotFound("there is no such invoice")
    if found.issuer_id != by:
        raise NotTheIssuer
    due = _locked(session, found.due_id)
    red = session.scalars(select(Invoice).where(Invoice.corrects_id == invoice_id)).all()
    left = found.gross_fen + sum(each.gross_fen for each in red)
    wanted = left if fen is None else fen
    if found.corrects_id is not None or wanted > left or wanted <= 0:
        raise TakenBack(
            limit=format_fen(max(0, left)) if found.corrects_id is None else "0.00",
            available=format_fen(wanted), pointer="/amount",
        )  # fmt: skip
    if wanted == left:  # the last of several takes what roundings left
        split = Taxed(
            found.net_fen + sum(each.net_fen for each in red),
            found.vat_fen + sum(each.vat_fen for each in red),
        )
    else:
        split = without_vat(wanted, found.vat_bp)
    negative = Taxed(-split.net_fen, -split.vat_fen)
    return _write(session, actor, due, negative, found.vat_bp, found, reason)


def _locked(session: Session, due_id: int) -> ContractDue:
    found = session.get(ContractDue, due_id, with_for_update=True, populate_existing=True)
    if found is None:
        raise NotFound("there is no such due")
    return found


def _write(
    session: Session, actor: audit.Actor, due: ContractDue, split: Taxed, vat_bp: int, corrects: Invoice | None,
    reason: str | None,
) -> Invoice:  # fmt: skip
    today = clock.today()
    issuer, recipient = due.payee_id, due.payer_id
    names = names_of(session, (issuer, recipient))
    report = _report(session, due)
    # The number comes last: who issues beside us waits for it, and a rollback gives it back.
    number = session.execute(_NUMBER_SQL, {"issuer": issuer, "year": today.year}).scalar_one()
    said = InvoiceText(
        number=written(today.year, number), issued_on=today, issuer=issuer, issuer_name=names[issuer],
        recipient=recipient, recipient_name=names[recipient], contract=due.contract_id,
        contract_sha256=drafting.in_force(session, due.contract_id, due.arose_on).sha256.hex(),
        due=due.id, kind=due.kind,
        first_day=report.starts_on if report else None,
        last_day=report.ends_on - dt.timedelta(days=1) if report else None,
        derivation_sha256=report.sha256.hex() if report else None,
        gross_fen=split.net_fen + split.vat_fen, net_fen=split.net_fen, vat_fen=split.vat_fen, vat_bp=vat_bp,
        corrects=written(corrects.year, corrects.number) if corrects else None, reason=reason,
    )  # fmt: skip
    content = canonical(said)
    assert actor.user_id is not None
    made = Invoice(
        issuer_id=issuer, year=today.year, number=number, recipient_id=recipient, contract_id=due.contract_id,
        due_id=due.id, corrects_id=corrects.id if corrects else None, reason=reason, gross_fen=said.gross_fen,
        net_fen=said.net_fen, vat_fen=said.vat_fen, vat_bp=vat_bp, text=content.decode(),
        sha256=hashlib.sha256(content).digest(), issued_on=today, issued_by=actor.user_id, issued_at=clock.now(),
    )  # fmt: skip
    session.add(made)
    session.flush()
    detail = {"due_id": due.id, "gross_fen": said.gross_fen, "sha256": made.sha256.hex()}
    _done(
        session, actor=actor, kind=INVOICE, number=made.id, act="taken_back" if corrects else "issued", detail=detail
    )  # fmt: skip
    return made


def _report(session: Session, due: ContractDue) -> SavingReport | None:
    """The period that a due is of, if it is of one."""
    if due.kind not in OF_A_PERIOD:
        return None
    return session.scalars(
        select(SavingReport)
        .join(ReportDistribution, ReportDistribution.report_id == SavingReport.id)
        .where(ReportDistribution.id == due.reference)
    ).one_or_none()


def invoices(
    session: Session,
    *,
    party: int | None = None,
    contract_id: int | None = None,
    due_id: int | None = None,
    after: int | None = None,
    limit: int = 50,
) -> Sequence[Invoice]:
    """Invoices by id: those that a participant issued or received, or all."""
    wanted: list[ColumnElement[bool]] = [Invoice.id > (after or 0)]
    if party is not None:
        wanted.append(or_(Invoice.issuer_id == party, Invoice.recipient_id == party))
    if contract_id is not None:
        wanted.append(Invoice.contract_id == contract_id)
    if due_id is not None:
        wanted.append(Invoice.due_id == due_id)
    return session.scalars(select(Invoice).where(*wanted).order_by(Invoice.id).limit(limit)).all()


def invoice(session: Session, *, invoice_id: int) -> Invoice:
    """One invoice. Errors: NotFound."""
    found = session.get(Invoice, invoice_id)
    if found is None:
        raise NotFound("there is no such invoice")
    return found
