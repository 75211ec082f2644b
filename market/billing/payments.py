"""Paying a bill: out of the holder's money in the market, or in cash at the counter for a numbered receipt."""

from __future__ import annotations

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from ledger.errors import InsufficientBalance
from ledger.units import format_fen
from market.billing import rules, settling
from market.billing.errors import BillNotCovered, BillSettled, Overpaid
from market.billing.models import CASH, TRANSFER, WaterBillPayment, WaterReceipt
from market.billing.settling import Open, Part
from market.core import acts, audit, clock
from market.core.db import raw
from market.core.errors import NotFound

RECEIPT = "water_receipt"
_RECEIPTS_LOCK = 0x6B7A7263  # one at a time draws the next number


def pay(session: Session, *, actor: audit.Actor, bill_id: int, fen: int | None = None) -> WaterBillPayment:
    """Pays a bill (none: all that is left) from its holder's free money. Errors: NotFound, BillSettled, Overpaid,
    BillNotCovered.
    """
    return _paid(session, actor, bill_id, fen, TRANSFER)


def take_cash(
    session: Session, *, actor: audit.Actor, bill_id: int, fen: int | None = None
) -> tuple[WaterBillPayment, WaterReceipt]:
    """Takes cash for a bill (none: all that is left) and draws a receipt. Errors: NotFound, BillSettled, Overpaid."""
    made = _paid(session, actor, bill_id, fen, CASH)
    raw(session).execute("SELECT pg_advisory_xact_lock(%s)", (_RECEIPTS_LOCK,))
    year = made.paid_on.year
    last = session.scalar(select(func.max(WaterReceipt.number)).where(WaterReceipt.year == year))
    receipt = WaterReceipt(year=year, number=(last or 0) + 1, payment_id=made.id)
    session.add(receipt)
    session.flush()
    acts.done(
        session, actor=actor, source="billing", kind=RECEIPT, number=receipt.id, act="drawn",
        detail={"payment_id": made.id, "year": year, "receipt_number": receipt.number},
    )  # fmt: skip
    return made, receipt


def _paid(
    session: Session, actor: audit.Actor, bill_id: int, fen: int | None, method: str
) -> WaterBillPayment:
    connection = raw(session)
    found = settling.one(connection, bill_id)
    if found is None and not connection.execute("SELECT FROM water_bills WHERE id = %s", (bill_id,)).rowcount:
        raise NotFound("there is no such bill")
    if found is None or found.left == 0:
        raise BillSettled(available=format_fen(0))
    amount = found.left if fen is None else fen
    if amount > found.left:
        left = format_fen(found.left)
        raise Overpaid(f"{left} yuan are left to pay", pointer="/amount", limit=left, available=left)
    with clock.standing():
        try:
            [made] = settling.settle(connection, [part(found, amount, method)], recorded_by=actor.user_id)
        except InsufficientBalance as error:
            available = format_fen(error.available)
            raise BillNotCovered(
                f"{available} yuan are free", pointer="/amount", limit=format_fen(amount), available=available
            ) from error
        payment = session.get_one(WaterBillPayment, made)
        acts.done(
            session, actor=actor, source="billing", kind=settling.PAYMENT, number=made, act="paid",
            detail={"bill_id": bill_id, "method": method, "fen": amount},
        )  # fmt: skip
    return payment


def part(bill: Open, fen: int, method: str, consent_id: int | None = None) -> Part:
    """A payment of a bill, split between supplier and association by what is owed to each."""
    supplier, association = rules.split(fen, bill.supplier_left, bill.association_left)
    return Part(bill, method, supplier, association, consent_id=consent_id)
