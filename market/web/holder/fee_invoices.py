"""Invoices of the exchange for its fees, one of them with what is behind it, and how one wishes to be invoiced."""

from __future__ import annotations

from flask import Blueprint, Response, request
from flask_babel import gettext

from market.web import asking, forms
from market.web.asking import Problem
from market.web.holder.addresses import me, public
from market.web.pages import page

blp = Blueprint("my_fee_invoices", __name__, template_folder="../templates")

_PROFILE = ("title", "tax_number", "address", "phone", "bank_name", "bank_account", "form")
_AT_ONCE = 200


@blp.get("/my/fee-invoices")
def overview() -> Response:
    """All of the reader's invoices, the newest first, and its tax profile."""
    return _page(None)


def _page(problem: Problem | None) -> Response:
    return page(
        "holder/fee_invoices.html", problem=problem, typed=forms.typed(),
        invoices=list(reversed(asking.pages("/v1/fee-invoices", most=400))),
        profile=asking.get(f"/v1/participants/{me()}/tax-profile"),
        body=asking.get(f"/v1/participants/{me()}")["kind"] not in ("person", "household"),
    )  # fmt: skip


@blp.get("/my/fee-invoices/<fin:fee_invoice_id>")
def one(fee_invoice_id: int) -> Response:
    """One invoice with its lines and the fees behind it."""
    where = f"/v1/fee-invoices/{public('fin', fee_invoice_id)}"
    fees = asking.get(f"{where}/fees", limit=_AT_ONCE)
    return page("holder/fee_invoice.html", invoice=asking.get(where), fees=fees)


@blp.get("/my/fee-invoices.csv")
def table() -> Response:
    """The reader's invoices as comma-separated values, the first two hundred."""
    return asking.file("/v1/fee-invoices", format="csv", limit=_AT_ONCE)


@blp.get("/my/fee-invoices/<fin:fee_invoice_id>/fees.csv")
def fees_table(fee_invoice_id: int) -> Response:
    """The fees behind an invoice, from the one after `after` on."""
    where = f"/v1/fee-invoices/{public('fin', fee_invoice_id)}/fees"
    return asking.file(where, format="csv", limit=_AT_ONCE, starting_after=request.args.get("after"))


@blp.post("/my/tax-profile")
def keep_profile() -> Response:
    """Sets how the reader's body is invoiced."""

    def do() -> str:
        asking.send(f"/v1/participants/{me()}/tax-profile", forms.body(_PROFILE))
        return "/my/fee-invoices"

    return forms.act(do, show=_page, done=gettext("Your tax profile is set; it holds for the next invoices."))
