"""Water bills at the bureau: runs, bills, what is late and where, remittances, who keeps which canal."""

from __future__ import annotations

from flask import Blueprint, Response, request

from market.web import asking
from market.web.bureau import frame

blp = Blueprint("desk_bills", __name__, template_folder="../templates")

STATUSES = ("open", "overdue", "paid", "credit")


@blp.get("/desk/bills")
def index() -> Response:
    """The runs, what is unpaid, what was collected and handed over."""
    arrears = asking.get("/v1/water-arrears")
    remittances = list(reversed(asking.pages("/v1/remittances", most=200)))
    keepers = asking.get("/v1/canal-associations")["data"]
    names = frame.parties(each["association_id"] for each in (*arrears["data"], *remittances, *keepers))
    return frame.sheet(
        "bureau/bills.html",
        runs=list(reversed(asking.pages("/v1/billing-runs", most=200))),
        arrears=arrears,
        remittances=remittances,
        keepers=keepers,
        names=names,
        zones=frame.zones(),
        **_bills(None),
    )


def _bills(run_id: str | None) -> dict[str, object]:
    status = request.args.get("status", "" if run_id else "overdue")
    found = asking.get(
        "/v1/water-bills",
        run_id=run_id,
        status=status if status in STATUSES else None,
        limit=50,
        starting_after=request.args.get("starting_after"),
    )
    return {"bills": found, "status": status, "statuses": STATUSES}


@blp.get("/desk/bills/runs/<wbr:billing_run_id>")
def run(billing_run_id: int) -> Response:
    """One run: its bills, and where they were posted."""
    where = frame.public("wbr", billing_run_id)
    found = asking.get(f"/v1/billing-runs/{where}")
    postings = asking.get(f"/v1/billing-runs/{where}/postings")["data"]
    return frame.sheet(
        "bureau/bill_run.html", run=found, postings=postings, zones=frame.zones(), **_bills(where)
    )
