"""Pledges at the bureau: by state, one whole with every step, and the sales of pledged water with what they earned."""

from __future__ import annotations

from flask import Blueprint, Response, request

from market.registry.pledge_models import PLEDGE_STATES
from market.web import asking
from market.web.bureau import frame, subjects

blp = Blueprint("desk_pledges", __name__, template_folder="../templates")


@blp.get("/desk/pledges")
def index() -> Response:
    """Pledges by state; those in force first."""
    picked = {"status": request.args.get("status", "registered")}
    found = asking.get(
        "/v1/pledges", status=picked["status"] or None, limit=50, starting_after=request.args.get("starting_after")
    )  # fmt: skip
    named = {each[side] for each in found["data"] for side in ("participant_id", "bank_id")}
    return frame.sheet(
        "bureau/pledges.html", found=found, picked=picked, states=PLEDGE_STATES, names=frame.parties(named)
    )


@blp.get("/desk/pledges/<plg:pledge_id>")
def show(pledge_id: int) -> Response:
    """One pledge: what it secures and holds, its steps, and its sales."""
    where = f"/v1/pledges/{frame.public('plg', pledge_id)}"
    found, told = asking.get(where), asking.get(f"{where}/steps")
    return frame.sheet(
        "bureau/pledge.html", it=found, facts=subjects.pledge(found), steps=told["steps"],
        sales=told["pledge_sale_ids"], right=subjects.link(found["entitlement_id"]),
    )  # fmt: skip


@blp.get("/desk/pledge-sales/<psl:pledge_sale_id>")
def sale(pledge_sale_id: int) -> Response:
    """One sale of pledged water: who sells what, and the proceeds that wait to be paid out."""
    found = asking.get(f"/v1/pledge-sales/{frame.public('psl', pledge_sale_id)}")
    return frame.sheet("bureau/pledge_sale.html", it=found, facts=subjects.pledge_sale(found))
