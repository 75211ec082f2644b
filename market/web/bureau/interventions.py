"""Interventions: what is in force, what was done, and where each begins."""

from __future__ import annotations

from flask import Blueprint, Response, request

from market.web import asking
from market.web.bureau import frame

blp = Blueprint("desk_interventions", __name__, template_folder="../templates")


@blp.get("/desk/interventions")
def index() -> Response:
    """Halts and kill switches in force, reversals that wait, and the register."""
    sees = frame.may("interventions.list_interventions")
    kind = request.args.get("kind", "")
    register = (
        asking.get(
            "/v1/interventions",
            kind=kind or None,
            limit=50,
            starting_after=request.args.get("starting_after"),
        )
        if sees
        else {"data": [], "has_more": False}
    )
    halts = asking.get("/v1/interventions/halts", in_force=True, limit=50)["data"] if sees else []
    switches = (
        [each for each in asking.get("/v1/kill-switch", limit=50)["data"] if not each["lifted_at"]]
        if sees
        else []
    )
    reversals = asking.get("/v1/interventions/reversals", limit=20)["data"]
    return frame.sheet(
        "bureau/interventions.html",
        sees=sees,
        register=register,
        halts=halts,
        switches=switches,
        reversals=reversals,
        kind=kind,
        zones=frame.zones(),
        codes={each["id"]: each["code"] for each in frame.products()},
        names=frame.parties(each["participant_id"] for each in (*halts, *switches)),
    )


@blp.get("/desk/interventions/cancellations/<itv:cancellation_id>")
def cancellation(cancellation_id: int) -> Response:
    """One cancellation of many orders, and how far it is."""
    found = asking.get(f"/v1/interventions/cancellations/{frame.public('itv', cancellation_id)}")
    return frame.sheet("bureau/cancellation.html", it=found)
