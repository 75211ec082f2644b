"""Statements of periods and invoices of saving contracts over HTTP, as JSON and CSV."""

from __future__ import annotations

from typing import Any

from ledger.units import format_decimal, format_fen
from market.api.http import actor, blueprint, own_only, page, paging, session
from market.api.schemas import statements as shapes
from market.api.tables import also_csv, answer, wants_csv
from market.api.whose import narrowed, party
from market.contracts import invoicing, statements
from market.contracts.invoice_models import Invoice

blp = blueprint("statements", "Statements of periods of saving contracts (结算单)")
routes = blueprint("invoices", "Invoices for what is due under saving contracts (发票)")


@blp.route("/saving-reports/<srp:report_id>/statement", methods=["GET"])
@blp.arguments(shapes.StatementQuery, location="query")
@blp.response(200, shapes.StatementOut)
@also_csv(blp)
def get(query: dict[str, Any], report_id: int) -> Any:
    """The statement of a period for a party: saving, derivation, shares, dues with interest, VAT, invoices."""
    found = statements.of_period(
        session(), report_id=report_id, participant_id=narrowed(query.get("participant_id"))
    )
    rows = [_line_out(each) for each in found.lines]
    if wants_csv():
        return answer(shapes.StatementLineOut, rows, name="statement")
    return {
        "contract_id": found.contract.id,
        "title": found.contract.title,
        "mode": found.contract.mode,
        "report_id": found.report.id,
        "participant_id": found.party.id,
        "name": found.party.name,
        "role": found.role,
        "first_day": found.first_day,
        "last_day": found.last_day,
        "as_of": found.as_of,
        "data": rows,
        "sha256": found.sha256,
    }


@routes.route("/contract-dues/<due:contract_due_id>/invoice", methods=["POST"])
@routes.response(201, shapes.InvoiceOut)
def issue(contract_due_id: int) -> dict[str, Any]:
    """Issue the invoice of a due, as its payee."""
    return _out(invoicing.issue(session(), actor=actor().audit, due_id=contract_due_id, by=party()))


@routes.route("/invoices", methods=["GET"])
@routes.arguments(shapes.InvoicesQuery, location="query")
@routes.response(200, shapes.InvoicePage)
@also_csv(routes)
def list_invoices(query: dict[str, Any]) -> Any:
    """Invoices that one issued or received (the bureau: all), by id."""
    where = paging("inv")
    found = invoicing.invoices(session(), party=own_only(), **query, after=where.after, limit=where.limit + 1)
    rows = [_out(each) for each in found]
    if wants_csv():
        return answer(
            shapes.InvoiceOut, rows[: where.limit], name="invoices", has_more=len(rows) > where.limit
        )
    return page(rows, where.limit)


@routes.route("/invoices/<inv:invoice_id>", methods=["GET"])
@routes.response(200, shapes.InvoiceOut)
def get_invoice(invoice_id: int) -> dict[str, Any]:
    """One invoice."""
    return _out(invoicing.invoice(session(), invoice_id=invoice_id))


@routes.route("/invoices/<inv:invoice_id>/take-back", methods=["POST"])
@routes.arguments(shapes.TakeBackIn)
@routes.response(201, shapes.InvoiceOut)
def take_back(body: dict[str, Any], invoice_id: int) -> dict[str, Any]:
    """Take an invoice back, or a part of it, with a red one; the due may then be invoiced again."""
    made = invoicing.take_back(
        session(), actor=actor().audit, invoice_id=invoice_id, by=party(), reason=body["reason"],
        fen=body["amount"],
    )  # fmt: skip
    return _out(made)


def _line_out(each: statements.Line) -> dict[str, Any]:
    return {name: getattr(each, name) for name in shapes.StatementLineOut().dump_fields}


def _out(each: Invoice) -> dict[str, Any]:
    names = (
        "id", "issued_on", "issuer_id", "recipient_id", "contract_id", "due_id", "corrects_id", "reason", "text",
    )  # fmt: skip
    return {name: getattr(each, name) for name in names} | {
        "number": invoicing.written(each.year, each.number),
        "gross": format_fen(each.gross_fen),
        "net": format_fen(each.net_fen),
        "vat": format_fen(each.vat_fen),
        "vat_rate": format_decimal(each.vat_bp, scale=4),
        "sha256": each.sha256.hex(),
    }
