"""Water bills, receipts and what is posted in the villages, to print in both languages."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response

from ledger.units import format_decimal, format_price_e4
from market.api.http import session
from market.api.schemas.personal import viewer
from market.api.water_bills import in_full
from market.billing import publishing, queries
from market.core import clock, ids
from market.participants import privacy
from market.web.pages import page, pdf
from market.web.places import zone_names
from market.web.spoken import fen

blp = Blueprint("bill_pages", __name__, template_folder="templates")


@blp.get("/water-bills/<wbl:water_bill_id>")
def bill(water_bill_id: int) -> Response:
    """A bill with how it came about and what settled it. Errors: NotFound."""
    found = in_full(water_bill_id)
    return page(
        "water_bill.html", found=found, zones=zone_names(), number=ids.public("wbl", water_bill_id),
        holder=_holder(found),
        money=fen, price=format_price_e4, multiple=_multiple, over=_over,
        credit_of=lambda number: ids.public("wbl", number),
        day=lambda instant: instant.astimezone(clock.LEGAL_ZONE).date(),
    )  # fmt: skip


@blp.get("/water-bills/<wbl:water_bill_id>/pdf")
def bill_pdf(water_bill_id: int) -> Response:
    """The same as a PDF. Errors: NotFound, PdfNotInstalled."""
    return pdf(bill(water_bill_id), "water-bill")


@blp.get("/water-receipts/<rct:water_receipt_id>")
def receipt(water_receipt_id: int) -> Response:
    """The receipt of a payment in cash. Errors: NotFound."""
    found, payment = queries.receipt(session(), receipt_id=water_receipt_id)
    paid = in_full(payment.bill_id)
    return page(
        "water_receipt.html", number=f"{found.year}-{found.number:06d}", payment=payment, found=paid,
        bill=ids.public("wbl", payment.bill_id), holder=_holder(paid), money=fen,
    )  # fmt: skip


@blp.get("/water-receipts/<rct:water_receipt_id>/pdf")
def receipt_pdf(water_receipt_id: int) -> Response:
    """The same as a PDF. Errors: NotFound, PdfNotInstalled."""
    return pdf(receipt(water_receipt_id), "water-receipt")


@blp.get("/posted-bills/<wbr:billing_run_id>/<string:village>")
def posted(billing_run_id: int, village: str) -> Response:
    """A village's bills of a run as they were posted, for everybody; names are masked. Errors: NotFound."""
    found = publishing.posting(session(), run_id=billing_run_id, zone=village)
    return page("posted_bills.html", said=publishing.said(found), sha256=found.sha256.hex(), money=fen)


@blp.get("/posted-bills/<wbr:billing_run_id>/<string:village>/pdf")
def posted_pdf(billing_run_id: int, village: str) -> Response:
    """The same as a PDF. Errors: NotFound, PdfNotInstalled."""
    return pdf(posted(billing_run_id, village), "posted-bills")


def _holder(found: dict[str, Any]) -> str:
    """The holder's name as whoever asks may see it."""
    name: str = found["holder"]
    if found["holder_kind"] in privacy.BODIES:
        return name
    roles, participant = viewer()
    own = participant == found["participant_id"]
    return privacy.shown(privacy.Kind.NAME, name, roles, own=own) or privacy.MASK


def _multiple(multiple_e6: int) -> str:
    return f"{format_decimal(multiple_e6, scale=6).rstrip('0').rstrip('.')}"


def _over(above_e6: int) -> str:
    return f"{format_decimal(above_e6, scale=4).rstrip('0').rstrip('.')}%"
