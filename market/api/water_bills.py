"""Water bills over HTTP: bills, paying them, receipts, arrears, consents to an offset (水费)."""

from __future__ import annotations

from typing import Any

from market.api.http import actor, blueprint, own_only, page, paging, session
from market.api.schemas import water_bills as shapes
from market.api.whose import narrowed, party
from market.billing import offsets, payments, queries, uses
from market.billing.models import WaterBillPayment, WaterReceipt
from market.core import clock
from market.core.db import raw

blp = blueprint("water_bills", "Water bills: what use cost, what is left to pay (水费账单)")
consents = blueprint("offset_consents", "Consents to take water bills out of sale proceeds (水费抵扣同意)")


@blp.route("/water-bills", methods=["GET"])
@blp.arguments(shapes.WaterBillsQuery, location="query")
@blp.response(200, shapes.WaterBillPage)
def list_bills(query: dict[str, Any]) -> dict[str, Any]:
    """Bills by id; a participant sees its own."""
    where = paging("wbl")
    query["participant_id"] = narrowed(query.get("participant_id"))
    return page(queries.bills(raw(session()), **query, after=where.after, limit=where.limit + 1), where.limit)


@blp.route("/water-bills/<wbl:water_bill_id>", methods=["GET"])
@blp.response(200, shapes.WaterBillInFull)
def get(water_bill_id: int) -> dict[str, Any]:
    """One bill with its lines and what settled it."""
    return in_full(water_bill_id)


@blp.route("/water-bills/<wbl:water_bill_id>/pay", methods=["POST"])
@blp.arguments(shapes.BillPaymentIn)
@blp.response(201, shapes.BillPaymentOut)
def pay(body: dict[str, Any], water_bill_id: int) -> dict[str, Any]:
    """Pay a bill out of one's money in the market, in full or in part."""
    made = payments.pay(session(), actor=actor().audit, bill_id=water_bill_id, fen=body.get("amount"))
    return payment_out(made, None)


@blp.route("/water-bills/<wbl:water_bill_id>/cash", methods=["POST"])
@blp.arguments(shapes.BillPaymentIn)
@blp.response(201, shapes.WaterReceiptOut)
def take_cash(body: dict[str, Any], water_bill_id: int) -> dict[str, Any]:
    """Take cash for a bill at the counter, in full or in part, and draw its numbered receipt."""
    made, receipt = payments.take_cash(
        session(), actor=actor().audit, bill_id=water_bill_id, fen=body.get("amount")
    )
    return _receipt_out(receipt, made)


@blp.route("/water-receipts/<rct:water_receipt_id>", methods=["GET"])
@blp.response(200, shapes.WaterReceiptOut)
def get_receipt(water_receipt_id: int) -> dict[str, Any]:
    """The receipt of a payment in cash."""
    return _receipt_out(*queries.receipt(session(), receipt_id=water_receipt_id))


@blp.route("/water-arrears", methods=["GET"])
@blp.response(200, shapes.ArrearsOut)
def arrears() -> dict[str, Any]:
    """What is unpaid by place and association, by how late it is; an association sees its own canals."""
    return {"as_of": clock.today(), "data": queries.arrears(raw(session()), association_id=own_only())}


@consents.route("/offset-consents", methods=["GET"])
@consents.response(200, shapes.OffsetConsentPage)
def list_consents() -> dict[str, Any]:
    """Consents by id; a participant sees its own."""
    where = paging("wbo")
    rows = offsets.consents(session(), participant_id=own_only(), after=where.after, limit=where.limit + 1)
    return page(rows, where.limit)


@consents.route("/offset-consents", methods=["POST"])
@consents.arguments(shapes.OffsetConsentIn)
@consents.response(201, shapes.OffsetConsentOut)
def give(body: dict[str, Any]) -> Any:
    """Consent that bills are taken out of what one's sales bring from now on, all or up to a cap."""
    return offsets.give(session(), actor=actor().audit, participant_id=party(), cap_fen=body.get("cap"))


@consents.route("/offset-consents/<wbo:offset_consent_id>/withdraw", methods=["POST"])
@consents.response(200, shapes.OffsetConsentOut)
def withdraw(offset_consent_id: int) -> Any:
    """Withdraw a consent; what was taken stays taken."""
    return offsets.withdraw(session(), actor=actor().audit, consent_id=offset_consent_id)


def in_full(bill_id: int) -> dict[str, Any]:
    """A bill with its lines and payments, as the wire and the pages show it. Errors: NotFound."""
    found = queries.bill(raw(session()), bill_id=bill_id)
    names = (*type(found).__dataclass_fields__, "left_fen", "status")
    return {
        **{name: getattr(found, name) for name in names},
        "uses": uses.of_bill(raw(session()), bill_id),
        "lines": [
            {
                "price": each.price_e4, "end_canal_price": each.end_canal_e4, "multiple": each.multiple_e6,
                "above": each.above_e6, "volume": each.litres, "amount": each.fen, "volume_to": each.litres_to,
                "amount_to": each.fen_to, "legal_source": each.legal_source,
            }
            for each in queries.lines(session(), bill_id)
        ],
        "payments": [payment_out(made, receipt) for made, receipt in queries.payments(session(), bill_id)],
    }  # fmt: skip


def payment_out(made: WaterBillPayment, receipt: WaterReceipt | None) -> dict[str, Any]:
    """A payment, as the wire shows it."""
    return {
        "id": made.id, "bill_id": made.bill_id, "method": made.method, "fen": made.fen,
        "supplier_fen": made.supplier_fen, "association_fen": made.association_fen,
        "credit_bill_id": made.credit_bill_id, "consent_id": made.consent_id, "paid_on": made.paid_on,
        "receipt_id": receipt.id if receipt else None,
    }  # fmt: skip


def _receipt_out(receipt: WaterReceipt, made: WaterBillPayment) -> dict[str, Any]:
    return {
        "id": receipt.id,
        "year": receipt.year,
        "number": receipt.number,
        "payment": payment_out(made, receipt),
    }
