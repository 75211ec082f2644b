"""Invoices of the exchange for its fees at the bureau: runs, invoices, which have their number of the tax authority."""

from __future__ import annotations

from flask import Blueprint, Response, request

from market.web import asking
from market.web.bureau import frame

blp = Blueprint("desk_fee_invoices", __name__, template_folder="../templates")


@blp.get("/desk/fee-invoices")
def index() -> Response:
    """The runs, and the invoices that have no number of the tax authority's yet, or all."""
    return frame.sheet(
        "bureau/fee_invoices.html",
        runs=list(reversed(asking.pages("/v1/fee-invoice-runs", most=400))),
        **_invoices(None, "no"),
    )


def _invoices(run_id: str | None, otherwise: str) -> dict[str, object]:
    numbered = request.args.get("numbered", otherwise)
    found = asking.get(
        "/v1/fee-invoices",
        run_id=run_id,
        numbered={"yes": True, "no": False}.get(numbered),
        limit=50,
        starting_after=request.args.get("starting_after"),
    )
    return {"invoices": found, "numbered": numbered}


@blp.get("/desk/fee-invoices/runs/<fir:fee_invoice_run_id>")
def run(fee_invoice_run_id: int) -> Response:
    """One run with its invoices."""
    where = frame.public("fir", fee_invoice_run_id)
    found = asking.get(f"/v1/fee-invoice-runs/{where}")
    return frame.sheet("bureau/fee_invoice_run.html", run=found, **_invoices(where, ""))
