"""What is published and open to objection, with its last day; and the form to object."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response
from flask_babel import gettext

from market.api.permissions import HOLDERS
from market.core import ids
from market.core.errors import NotFound
from market.web import asking, forms
from market.web.asking import Problem
from market.web.pages import page
from market.web.places import zone_names
from market.web.sitting import reader

blp = Blueprint("board_objections", __name__, template_folder="../templates")

RIGHTS, DEALS, MATTERS = "rights", "deals", "matters"
LISTS = {RIGHTS: "published-applications", DEALS: "published-negotiations", MATTERS: "published-reviews"}
MOST = 500


@blp.get("/objections")
def listing() -> Response:
    """Applications for rights, negotiated deals and other matters that are published today."""
    found = {kind: asking.pages(f"/v1/{path}", most=MOST) for kind, path in LISTS.items()}
    return page("board/objections.html", zones=zone_names(), may=_may(), **found)


@blp.get("/objections/rights/<ent:entitlement_id>")
def right(entitlement_id: int) -> Response:
    """A published application for a right."""
    return _one(RIGHTS, ids.public("ent", entitlement_id))


@blp.post("/objections/rights/<ent:entitlement_id>")
def object_to_right(entitlement_id: int) -> Response:
    """Objects to an application for a right."""
    return _objected(RIGHTS, ids.public("ent", entitlement_id))


@blp.get("/objections/deals/<neg:negotiation_id>")
def deal(negotiation_id: int) -> Response:
    """A published negotiated deal."""
    return _one(DEALS, ids.public("neg", negotiation_id))


@blp.post("/objections/deals/<neg:negotiation_id>")
def object_to_deal(negotiation_id: int) -> Response:
    """Objects to a negotiated deal."""
    return _objected(DEALS, ids.public("neg", negotiation_id))


@blp.get("/objections/matters/<rvw:desk_review_id>")
def matter(desk_review_id: int) -> Response:
    """A published matter before a desk."""
    return _one(MATTERS, ids.public("rvw", desk_review_id))


@blp.post("/objections/matters/<rvw:desk_review_id>")
def object_to_matter(desk_review_id: int) -> Response:
    """Objects to a matter before a desk."""
    return _objected(MATTERS, ids.public("rvw", desk_review_id))


def _may() -> bool:
    """Whether whoever reads is one of those who may object; what they may object to, the API decides."""
    who = reader()
    return who is not None and who.participant_id is not None and bool(who.roles & HOLDERS)


def _one(kind: str, own: str, problem: Problem | None = None) -> Response:
    """Errors: NotFound, also for what is not, or no longer, published."""
    rows = asking.pages(f"/v1/{LISTS[kind]}", most=MOST)
    found = next((each for each in rows if each["id"] == own), None)
    if found is None:
        raise NotFound("it is not published now")
    return page(
        "board/objection.html", kind=kind, found=found, zones=zone_names(), may=_may(), problem=problem,
        typed=forms.typed(),
    )  # fmt: skip


def _objected(kind: str, own: str) -> Response:
    body: dict[str, Any] = {"grounds": forms.typed().get("grounds", "")}

    def do() -> str:
        asking.send(f"/v1/{LISTS[kind]}/{own}/object", body)
        return "/objections"

    return forms.act(
        do,
        show=lambda problem: _one(kind, own, problem),
        done=gettext("Your objection is lodged. You will be told."),
    )
