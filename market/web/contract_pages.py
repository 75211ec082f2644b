"""Saving contracts, their statements and invoices to print: for the parties, the bureau's desks and the auditor."""

from __future__ import annotations

import msgspec
from flask import Blueprint, Response, request

from ledger.units import format_decimal
from market.api.http import session
from market.api.whose import narrowed
from market.contracts import contract_queries, invoicing, papers, portfolio, statements
from market.contracts.invoicing import InvoiceText
from market.core import clock, ids
from market.web.pages import page, pdf
from market.web.spoken import fen

_invoice = msgspec.json.Decoder(InvoiceText).decode

blp = Blueprint("contract_pages", __name__, template_folder="templates")


COUNTS = ("projects", "marked", "contracts", "running", "reports", "disputes", "open_disputes")
LITRES = ("claimed_litres", "verified_litres", "water_litres")
SUMS = ("benefit_fen", "open_fen", "late_fen")


@blp.get("/saving-portfolio")
def whole() -> Response:
    """Projects, contracts, savings claimed and verified, money and disputes, by kind of project; for everyone."""
    return page(
        "portfolio.html", lines=portfolio.portfolio(session()), money=fen, counts=COUNTS, litres=LITRES,
        sums=SUMS,
    )  # fmt: skip


@blp.get("/statements/<srp:report_id>")
def statement(report_id: int) -> Response:
    """The statement of a period for a party. Errors: NotFound, NotSharedOut, NotAContractParty."""
    asked = request.args.get("participant_id")
    number = ids.parse("par", asked) if asked is not None else None
    found = statements.of_period(session(), report_id=report_id, participant_id=narrowed(number))
    parts = [
        (part, [each for each in found.lines if each.part == part])
        for part in statements.PARTS
        if any(each.part == part for each in found.lines)
    ]
    more = f"&participant_id={ids.public('par', found.party.id)}"
    return page("statement.html", found=found, parts=parts, more=more, report=ids.public("srp", report_id))


@blp.get("/statements/<srp:report_id>/pdf")
def statement_pdf(report_id: int) -> Response:
    """The same as a PDF. Errors: as `statement`, PdfNotInstalled."""
    return pdf(statement(report_id), "statement")


@blp.get("/contracts/<sct:contract_id>")
def contract(contract_id: int) -> Response:
    """The last version of a contract on paper, with who has signed it. Errors: NotFound, NotPrinted."""
    found = contract_queries.contract(session(), contract_id=contract_id)
    version = found.standing
    paper = papers.of_version(session(), version)
    own = [each for each in found.signatures if each.version_id == version.id]
    names = invoicing.names_of(session(), [each.participant_id for each in own])
    signed = [
        (names[each.participant_id], each.signed_at.astimezone(clock.LEGAL_ZONE).date()) for each in own
    ]
    return page("contract.html", found=found.contract, version=version, paper=paper, signed=signed)


@blp.get("/contracts/<sct:contract_id>/pdf")
def contract_pdf(contract_id: int) -> Response:
    """The same as a PDF. Errors: NotFound, NotPrinted, PdfNotInstalled."""
    return pdf(contract(contract_id), "contract")


@blp.get("/invoices/<inv:invoice_id>")
def invoice(invoice_id: int) -> Response:
    """An invoice, as it was hashed. Errors: NotFound."""
    found = invoicing.invoice(session(), invoice_id=invoice_id)
    said = _invoice(found.text.encode())
    return page(
        "invoice.html", found=found, said=said, money=fen, contract=ids.public("sct", said.contract),
        due=ids.public("due", said.due), rate=format_decimal(said.vat_bp, scale=2),
    )  # fmt: skip


@blp.get("/invoices/<inv:invoice_id>/pdf")
def invoice_pdf(invoice_id: int) -> Response:
    """The same as a PDF. Errors: NotFound, PdfNotInstalled."""
    return pdf(invoice(invoice_id), "invoice")
