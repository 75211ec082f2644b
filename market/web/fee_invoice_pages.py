"""Invoices of the exchange for its fees, to print in both languages; the fapiao itself is the tax authority's."""

from __future__ import annotations

from flask import Blueprint, Response

from ledger.units import format_decimal
from market.api.fee_invoices import in_full
from market.api.schemas.personal import viewer
from market.core import clock, ids
from market.participants import privacy
from market.participants.privacy import Kind
from market.web.pages import page, pdf
from market.web.spoken import fen, language, law

blp = Blueprint("fee_invoice_pages", __name__, template_folder="templates")


@blp.get("/fee-invoices/<fin:fee_invoice_id>")
def invoice(fee_invoice_id: int) -> Response:
    """An invoice or a credit with its lines, and the fields of a fapiao. Errors: NotFound."""
    found = in_full(fee_invoice_id)

    def shown(kind: Kind, name: str) -> str:
        value: str = found[name]
        if found["participant_kind"] in privacy.BODIES:
            return value
        roles, participant = viewer()
        own = participant == found["participant_id"]
        return privacy.shown(kind, value, roles, own=own) or ""

    spoken, source = "en" if language() == "en" else "zh", found["vat"]["legal_source"]
    return page(
        "fee_invoice.html", found=found, spoken=spoken, money=fen,
        source=law(source),
        title=shown(Kind.NAME, "title"), public=ids.public("fin", fee_invoice_id),
        rate=lambda e4: f"{format_decimal(e4, scale=2).rstrip('0').rstrip('.')}%",
        day=lambda instant: instant.astimezone(clock.LEGAL_ZONE).date(),
    )  # fmt: skip


@blp.get("/fee-invoices/<fin:fee_invoice_id>/pdf")
def invoice_pdf(fee_invoice_id: int) -> Response:
    """The same as a PDF. Errors: NotFound, PdfNotInstalled."""
    return pdf(invoice(fee_invoice_id), "fee-invoice")
