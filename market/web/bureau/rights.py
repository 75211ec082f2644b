"""Rights and applications for them: the list by state, one whole, and the acts of its procedure."""

from __future__ import annotations

from flask import Blueprint, Response, request

from market.web import asking
from market.web.bureau import frame, subjects

blp = Blueprint("desk_rights", __name__, template_folder="../templates")
STATES = (
    "applied",
    "accepted",
    "published",
    "confirmed",
    "suspended",
    "refused",
    "withdrawn",
    "replaced",
    "cancelled",
    "expired",
)
_STEPS: dict[str, tuple[str, ...]] = {
    "applied": ("life.accept", "entitlements.refuse", "life.withdraw"),
    "accepted": (
        "life.publish",
        "entitlements.confirm",
        "entitlements.refuse",
        "life.open_hearing",
        "life.close_hearing",
        "life.open_dispute",
        "life.close_dispute",
        "life.withdraw",
    ),
    "published": (
        "entitlements.confirm",
        "entitlements.refuse",
        "life.open_hearing",
        "life.close_hearing",
        "life.open_dispute",
        "life.close_dispute",
        "life.withdraw",
    ),
    "confirmed": (
        "entitlements.suspend",
        "life.ask_renewal",
        "life.renew",
        "life.refuse_renewal",
        "life.amend",
        "life.transfer",
        "life.split",
        "life.merge",
        "life.inherit",
        "life.excuse",
        "life.cancel",
    ),
    "suspended": ("entitlements.reinstate", "life.cancel"),
}
"""Which acts a state knows; what else stands in the way the use case says."""


@blp.get("/desk/rights")
def index() -> Response:
    """Rights and applications, those that wait first."""
    picked = {"status": request.args.get("status", "applied"), "kind": request.args.get("kind", "")}
    after = request.args.get("starting_after")
    found = asking.get(
        "/v1/entitlements",
        status=picked["status"] or None,
        kind=picked["kind"] or None,
        starting_after=after,
        limit=50,
    )
    return frame.sheet(
        "bureau/rights.html",
        found=found,
        picked=picked,
        states=STATES,
        zones=frame.zones(),
        names=frame.parties(each["participant_id"] for each in found["data"]),
        unused=asking.get("/v1/entitlements/unused", limit=50)["data"]
        if frame.may("life.list_unused")
        else [],
    )


@blp.get("/desk/assessments")
def assessments() -> Response:
    """Water-resource assessments of projects, which applications for permits name."""
    found = asking.get("/v1/water-assessments", limit=50, starting_after=request.args.get("starting_after"))
    return frame.sheet(
        "bureau/assessments.html",
        found=found,
        names=frame.parties(each["participant_id"] for each in found["data"]),
    )


@blp.get("/desk/rights/<ent:entitlement_id>")
def show(entitlement_id: int) -> Response:
    """One right whole: what it is, its clocks, documents, objections and steps."""
    number = frame.public("ent", entitlement_id)
    where = f"/v1/entitlements/{number}"
    found = asking.get(where)
    objections = asking.pages(f"{where}/objections") if frame.may("life.list_objections_to") else []
    return frame.sheet(
        "bureau/right.html",
        it=found,
        facts=subjects.right(found),
        standing=asking.get(f"{where}/standing"),
        steps=asking.get(f"{where}/steps")["data"],
        objections=objections,
        documents=asking.pages(f"{where}/documents"),
        lineage=asking.get(f"{where}/lineage")["links"],
        acts=_STEPS.get(found["status"], ()),
        people=frame.colleagues(),
        names=frame.parties([found["participant_id"], *(each["participant_id"] for each in objections)]),
    )
