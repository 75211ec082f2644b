"""A matter whole: parties, amounts, the rule with its source, its steps, hearings and objections; its acts."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response

from market.web import asking
from market.web.bureau import frame, subjects
from market.web.sitting import reader

blp = Blueprint("desk_matters", __name__, template_folder="../templates")

_OF_ITS_OWN: dict[str, tuple[str, ...]] = {
    "participant": ("participants.admit", "participants.refuse"),
    "renewal": ("life.renew", "life.refuse_renewal"),
    "pledge": ("pledges.register", "pledges.refuse"),
    "saving_report": ("saving_reports.name_verifier",),
    "firm_qualification": (
        "firm_registrations.confirm_qualification",
        "firm_registrations.refuse_qualification",
    ),
    "refund": ("deliveries.approve_refund", "deliveries.decline_refund"),
}
"""Matters that are decided by steps of their own, and which."""
_OF_CLAW_BACK = {
    "proposed": ("claw_backs.open_one", "claw_backs.withdraw"),
    "verified": ("claw_backs.decide",),
}
"""A claw-back waits twice: for a second person who agrees, and for the decision when it is verified anew."""


@blp.get("/desk/reviews/<rvw:desk_review_id>")
def show(desk_review_id: int) -> Response:
    """A matter whole."""
    found = asking.get(f"/v1/desk-reviews/{frame.public('rvw', desk_review_id)}")
    own = asking.get("/v1/me")["user_id"]
    who = reader()
    assert who is not None
    seated = found["may_decide"] in who.roles or own in found["deputy_ids"]
    recused = any(each["step"] == "recused" and each["by_user_id"] == own for each in found["steps"])
    named = {*found["participant_ids"], *(each["participant_id"] for each in found["objections"])}
    return frame.sheet(
        "bureau/matter.html",
        it=found,
        facts=subjects.facts(found["subject_id"]),
        whole=subjects.link(found["subject_id"]),
        names=frame.parties(named),
        people=frame.colleagues(),
        own_acts=_own_acts(found),
        decides=seated and not recused and found["status"] == "open" and frame.may("desk_reviews.decide"),
        recused=recused,
        proposed_by_me=found["proposed_by_id"] == own,
        trade=_trade(found),
    )


def _own_acts(found: Any) -> tuple[str, ...]:
    """The steps that a matter waits for, if it is decided by steps of its own."""
    if found["kind"] == "claw_back" and frame.may("claw_backs.get"):
        return _OF_CLAW_BACK.get(asking.get(f"/v1/claw-backs/{found['subject_id']}")["status"], ())
    return _OF_ITS_OWN.get(found["kind"], ())


def _trade(found: Any) -> Any:
    """Of a trade under review: its price, fee and loss."""
    if found["kind"] != "instruction" or not frame.may("trades.get"):
        return None
    instruction = asking.get(f"/v1/instructions/{found['subject_id']}")
    return asking.get(f"/v1/trades/{instruction['trade_id']}")


@blp.get("/desk/people")
def people() -> Response:
    """Who stands in for whom, and which interests are declared."""
    interests = asking.pages("/v1/desk-interests")
    return frame.sheet(
        "bureau/people.html",
        deputies=asking.pages("/v1/desk-deputies"),
        interests=interests,
        names=frame.parties(each["participant_id"] for each in interests),
        people=frame.colleagues(),
    )
