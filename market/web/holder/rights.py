"""Lasting rights: what one is, where it stands, every step, objections, what it came out of; apply, withdraw, renew."""

from __future__ import annotations

import base64
from typing import Any

from flask import Blueprint, Response, request
from flask_babel import gettext

from market.core import clock
from market.web import asking, forms
from market.web.asking import Problem
from market.web.holder.addresses import me, public
from market.web.pages import page
from market.web.places import zone_names

blp = Blueprint("my_rights", __name__, template_folder="../templates")

KINDS = ("irrigation_certificate", "abstraction_permit", "network_certificate", "regional")
SECTORS = ("agriculture", "industry", "services", "domestic", "ecology")
_FIELDS = (
    "kind", "source", "sector", "township", "canal", "volume", "land_mu", "valid_from", "valid_to", "basis",
    "assessment_id",
)  # fmt: skip


@blp.get("/my/rights/<ent:entitlement_id>")
def one(entitlement_id: int) -> Response:
    """One right or application with everything that happened to it."""
    return _page(entitlement_id, None)


def _page(entitlement_id: int, problem: Problem | None) -> Response:
    where = f"/v1/entitlements/{public('ent', entitlement_id)}"
    right = asking.get(where)
    return page(
        "holder/right.html", right=right, standing=asking.get(f"{where}/standing"), zones=zone_names(), problem=problem,
        typed=forms.typed(), steps_taken=asking.get(f"{where}/steps")["data"],
        links=asking.get(f"{where}/lineage")["links"],
        objections=asking.pages(f"{where}/objections"), documents=asking.get(f"{where}/documents")["data"],
        leases=asking.pages("/v1/leases", entitlement_id=right["id"]),
    )  # fmt: skip


@blp.get("/my/rights/apply")
def ask() -> Response:
    """The form of an application."""
    return _form(None)


def _form(problem: Problem | None) -> Response:
    zones = asking.get("/v1/zones")["data"]
    return page(
        "holder/apply.html", problem=problem, typed=forms.typed(), kinds=KINDS, sectors=SECTORS,
        sources=[each["code"] for each in asking.get("/v1/sources")["data"]],
        townships=[each for each in zones if each["tree"] == "admin" and each["level"] == "township"],
        canals=[each for each in zones if each["tree"] == "river" and each["level"] not in ("river", "district")],
        assessments=asking.pages("/v1/water-assessments"), year=clock.this_year(),
    )  # fmt: skip


@blp.post("/my/rights/apply")
def apply() -> Response:
    """Applies for a right; the bureau accepts, publishes where it must, and decides within its clocks."""
    made: dict[str, Any] = {}

    def do() -> str:
        made.update(asking.send("/v1/entitlements", {"participant_id": me(), **forms.body(_FIELDS)}))
        return f"/my/rights/{made['id']}"

    return forms.act(do, show=_form, done=gettext("Your application is with the bureau."))


@blp.post("/my/rights/<ent:entitlement_id>/withdraw")
def withdraw(entitlement_id: int) -> Response:
    """Takes an application back before it is decided."""
    return _step(entitlement_id, "withdraw", gettext("The application is taken back."))


@blp.post("/my/rights/<ent:entitlement_id>/ask-renewal")
def ask_renewal(entitlement_id: int) -> Response:
    """Asks that a right goes on after its term."""
    return _step(entitlement_id, "ask-renewal", gettext("You have asked for renewal. The bureau decides."))


def _step(entitlement_id: int, step: str, said: str) -> Response:
    where = public("ent", entitlement_id)

    def do() -> str:
        asking.send(f"/v1/entitlements/{where}/{step}", forms.body(("reason",)))
        return f"/my/rights/{where}"

    return forms.act(do, show=lambda problem: _page(entitlement_id, problem), done=said)


@blp.post("/my/rights/<ent:entitlement_id>/documents")
def hand_in(entitlement_id: int) -> Response:
    """Hands in a document of a right: a PDF or a picture."""
    where = public("ent", entitlement_id)

    def do() -> str:
        given = request.files.get("file")
        body = {
            "name": (given.filename if given else "") or "", "media_type": (given.mimetype if given else "") or "",
            "content": base64.b64encode(given.read() if given else b"").decode(),
        }  # fmt: skip
        asking.send(f"/v1/entitlements/{where}/documents", body)
        return f"/my/rights/{where}"

    return forms.act(
        do, show=lambda problem: _page(entitlement_id, problem), done=gettext("The document is handed in.")
    )


@blp.get("/my/rights/documents/<doc:document_id>")
def document(document_id: int) -> Response:
    """A document of one's own, as it was handed in."""
    found = asking.get(f"/v1/documents/{public('doc', document_id)}")
    answer = Response(base64.b64decode(found["content"]), content_type=found["media_type"])
    answer.headers.set("Content-Disposition", "attachment", filename=found["name"] or found["id"])
    return answer
