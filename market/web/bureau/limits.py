"""Limits of a water year: what is free under each, and its history."""

from __future__ import annotations

from flask import Blueprint, Response, request

from market.core import clock
from market.web import asking
from market.web.bureau import frame
from market.web.bureau.limit_acts import KINDS

blp = Blueprint("desk_limits", __name__, template_folder="../templates")


@blp.get("/desk/limits")
def index() -> Response:
    """Every limit of a year, by kind."""
    asked = request.args.get("water_year", "")
    picked = {
        "water_year": asked if asked.isdecimal() else str(clock.this_year()),
        "kind": request.args.get("kind", "cap"),
    }
    found = asking.get(
        "/v1/limits",
        water_year=picked["water_year"],
        kind=picked["kind"] or None,
        limit=100,
        starting_after=request.args.get("starting_after"),
    )
    return frame.sheet("bureau/limits.html", found=found, picked=picked, kinds=KINDS, zones=frame.zones())


@blp.get("/desk/limits/<cap:limit_id>")
def show(limit_id: int) -> Response:
    """One limit and every change of it."""
    return frame.sheet(
        "bureau/limit.html", it=asking.get(f"/v1/limits/{frame.public('cap', limit_id)}"), zones=frame.zones()
    )
