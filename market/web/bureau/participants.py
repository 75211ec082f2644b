"""Who takes part: admissions, one participant whole, service firms, and the bureau's own users."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, request

from market.web import asking
from market.web.bureau import frame, subjects

blp = Blueprint("desk_participants", __name__, template_folder="../templates")
STATES = ("applied", "admitted", "suspended", "refused", "closed")
KINDS = (
    "person",
    "household",
    "association",
    "enterprise",
    "service_firm",
    "verifier",
    "bank",
    "public_body",
)
FIRM_STATES = ("submitted", "listed", "suspended", "refused", "left")


@blp.get("/desk/participants")
def index() -> Response:
    """Participants by name, state and kind; who applied first."""
    name = request.args.get("name", "").strip()
    picked = {
        "name": name,
        "status": request.args.get("status", "" if name else "applied"),
        "kind": request.args.get("kind", ""),
    }
    found = asking.get(
        "/v1/participants",
        status=picked["status"] or None,
        kind=picked["kind"] or None,
        name=name or None,
        limit=50,
        starting_after=request.args.get("starting_after"),
    )
    return frame.sheet(
        "bureau/participants.html", found=found, picked=picked, states=STATES, kinds=KINDS, short=frame.short
    )


@blp.get("/desk/participants/<par:participant_id>")
def show(participant_id: int) -> Response:
    """One participant: who it is, its rights, water, money and mandates as far as the reader may look."""
    number = frame.public("par", participant_id)
    found = asking.get(f"/v1/participants/{number}")

    def seen(endpoint: str, path: str, **query: Any) -> list[Any]:
        return asking.pages(path, most=50, **query) if frame.may(endpoint) else []

    return frame.sheet(
        "bureau/participant.html",
        it=found,
        facts=subjects.participant(found),
        zones=frame.zones(),
        water=seen("water_accounts.list_water_accounts", "/v1/water-accounts", participant_id=number),
        rights=seen("entitlements.list_entitlements", "/v1/entitlements", participant_id=number),
        money=asking.get("/v1/money-accounts", participant_id=number)["data"]
        if frame.may("money_accounts.list_money_accounts")
        else [],
        mandates=seen("participants.list_mandates", f"/v1/participants/{number}/mandates"),
        credit=seen("credit.list_entries", "/v1/credit-entries", participant_id=number),
        people=frame.colleagues(),
        names=frame.parties([found["owner_group_id"]]),
    )


@blp.get("/desk/firms")
def firms() -> Response:
    """Service firms that ask to be in the directory, and those in it."""
    picked = {"status": request.args.get("status", "submitted")}
    found = asking.get(
        "/v1/firm-registrations",
        status=picked["status"] or None,
        limit=50,
        starting_after=request.args.get("starting_after"),
    )
    return frame.sheet("bureau/firms.html", found=found, picked=picked, states=FIRM_STATES)


@blp.get("/desk/firms/<frm:firm_id>")
def firm(firm_id: int) -> Response:
    """One firm with its qualifications and its credit record."""
    found = asking.get(f"/v1/firm-registrations/{frame.public('frm', firm_id)}")
    return frame.sheet("bureau/firm.html", it=found, facts=subjects.firm(found))


@blp.get("/desk/users")
def users() -> Response:
    """The bureau's users and their roles."""
    found = asking.get("/v1/users", limit=100, starting_after=request.args.get("starting_after"))
    return frame.sheet("bureau/users.html", found=found)
