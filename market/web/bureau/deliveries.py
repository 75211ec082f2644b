"""Traded water on its way to the buyers' gates: every delivery with what is due, and one with all that happened."""

from __future__ import annotations

from flask import Blueprint, Response, request

from market.web import asking
from market.web.bureau import frame

blp = Blueprint("desk_deliveries", __name__, template_folder="../templates")
STATES = ("ordered", "dispatched", "short", "delivered", "made_good", "refunded", "reversed")


@blp.get("/desk/deliveries")
def index() -> Response:
    """Deliveries by state; those first that nobody has handed to a gate keeper."""
    picked = {"status": request.args.get("status", "ordered")}
    found = asking.get(
        "/v1/deliveries", status=picked["status"] or None, limit=50,
        starting_after=request.args.get("starting_after"),
    )  # fmt: skip
    return frame.sheet(
        "bureau/deliveries.html", found=found, picked=picked, states=STATES, zones=frame.zones(),
        names=frame.parties(each["buyer_id"] for each in found["data"]),
    )  # fmt: skip


@blp.get("/desk/deliveries/<dlv:delivery_id>")
def show(delivery_id: int) -> Response:
    """One delivery: its months, what arrived, and what was done about what did not."""
    found = asking.get(f"/v1/deliveries/{frame.public('dlv', delivery_id)}")
    return frame.sheet(
        "bureau/delivery.html", it=found, zones=frame.zones(),
        names=frame.parties((found["buyer_id"], found["seller_id"], found["keeper_id"])),
    )  # fmt: skip
