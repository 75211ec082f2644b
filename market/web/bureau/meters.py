"""Meters: what is overdue, what was found about readings, one meter with its readings, turn sheets."""

from __future__ import annotations

from flask import Blueprint, Response, request

from market.web import asking
from market.web.bureau import frame
from market.web.bureau.meter_acts import following

blp = Blueprint("desk_meters", __name__, template_folder="../templates")


@blp.get("/desk/meters")
def index() -> Response:
    """Overdue meters, open findings and turn sheets."""
    status = request.args.get("status", "open")
    overdue = asking.get("/v1/meters/overdue", limit=50)
    return frame.sheet(
        "bureau/meters.html",
        overdue=overdue,
        status=status,
        findings=asking.get("/v1/findings", status=status or None, limit=50),
        sheets=asking.get("/v1/turn-sheets", limit=30)["data"],
        zones=frame.zones(),
        meters=asking.get("/v1/meters", limit=50, starting_after=request.args.get("starting_after")),
        names=frame.parties(each["participant_id"] for each in overdue["data"]),
        short=frame.short,
    )


@blp.get("/desk/meters/<mtr:meter_id>")
def show(meter_id: int) -> Response:
    """One meter and its readings."""
    where = f"/v1/meters/{frame.public('mtr', meter_id)}"
    found = asking.get(where)
    account = asking.get(f"/v1/water-accounts/{found['water_account_id']}")
    return frame.sheet(
        "bureau/meter.html",
        it=found,
        zones=frame.zones(),
        account=account,
        names=frame.parties([account["participant_id"]]),
        others=frame.may("meters.assign") and following(),
        readings=asking.get(f"{where}/readings", limit=50, starting_after=request.args.get("starting_after")),
    )


@blp.get("/desk/meters/sheets/<trn:turn_sheet_id>")
def turn_sheet(turn_sheet_id: int) -> Response:
    """A turn sheet: how what a gate let through was shared out."""
    found = asking.get(f"/v1/turn-sheets/{frame.public('trn', turn_sheet_id)}")
    return frame.sheet("bureau/turn_sheet.html", it=found, short=frame.short)
