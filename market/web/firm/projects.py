"""Calls for proposals, proposals, and a firm's entry in the directory."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, request
from flask_babel import gettext

from market.api.schemas.projects import ProjectsQuery
from market.core import ids
from market.web import asking, forms
from market.web.asking import Problem
from market.web.pages import page
from market.web.places import zone_names
from market.web.sitting import reader

blp = Blueprint("firm_projects", __name__, template_folder="../templates")

KINDS = ("public_institution", "public_building", "industry", "services", "irrigation", "leakage")
MODES = ("sharing", "guaranteed", "trusteeship", "trusteeship_guaranteed")
PROPOSAL = ("mode", "saving", "investment", "share", "fee", "term_months", "measures")
CALL = ("kind", "title", "description", "township", "use", "mode", "longest_months", "closes_at")
CHANGE = ("about", "contact", "staff")
REGISTRATION = (*CHANGE, "founded_on")
QUALIFICATION = ("kind", "name", "number", "issuer", "valid_from", "valid_to")
QUALIFICATIONS = ("grade", "licence", "management_system", "laboratory", "patent", "other")


def me() -> str:
    """The participant who reads, as the API names it; empty at the bureau."""
    who = reader()
    return "" if who is None or who.participant_id is None else ids.public("par", who.participant_id)


def is_firm() -> bool:
    """Whether a service firm reads."""
    who = reader()
    return who is not None and "firm" in who.roles


@blp.get("/firm/calls")
def calls() -> Response:
    """Who looks for a firm: open calls first, by kind and place."""
    asked = {name: request.args[name] for name in ("kind", "mode", "township") if request.args.get(name)}
    ProjectsQuery().load(asked)
    return page(
        "firm/calls.html", calls=asking.get("/v1/projects", limit=100, **asked), kinds=KINDS, modes=MODES, asked=asked,
        zones=zone_names(), firm=is_firm(), proposals=asking.pages("/v1/proposals") if is_firm() else [],
    )  # fmt: skip


@blp.get("/firm/calls/new")
def new() -> Response:
    """The form of a call for proposals."""
    return _new(None)


def _new(problem: Problem | None) -> Response:
    townships = [
        each for each in asking.get("/v1/zones", tree="admin")["data"] if each["level"] == "township"
    ]
    return page(
        "firm/call_new.html",
        problem=problem,
        typed=forms.typed(),
        kinds=KINDS,
        modes=MODES,
        townships=townships,
    )


@blp.post("/firm/calls/new")
def publish() -> Response:
    """Publishes a call for proposals."""

    def do() -> str:
        body = forms.body(CALL) | {"participant_id": me(), "sealed": "sealed" in request.form}
        if body.get("closes_at"):
            body["closes_at"] += ":00+08:00"  # typed by the county's clock
        if body.get("longest_months", "").isdigit():
            body["longest_months"] = int(body["longest_months"])
        return f"/firm/calls/{asking.send('/v1/projects', body)['id']}"

    return forms.act(do, show=_new, done=gettext("Your call is published."))


@blp.get("/firm/calls/<prj:project_id>")
def call(project_id: int) -> Response:
    """A call: what is wanted; for its owner the proposals, for a firm the form to propose."""
    return _call(project_id, None)


def _call(project_id: int, problem: Problem | None) -> Response:
    where = f"/v1/projects/{ids.public('prj', project_id)}"
    found = asking.get(where)
    own = found["participant_id"] == me()
    proposals = asking.get(f"{where}/proposals")["data"] if own else []
    mine = (
        [each for each in asking.pages("/v1/proposals") if each["project_id"] == found["id"]]
        if is_firm()
        else []
    )
    return page(
        "firm/call.html", call=found, own=own, proposals=proposals, mine=mine, problem=problem, typed=forms.typed(),
        modes=MODES, zones=zone_names(), firm=is_firm(),
    )  # fmt: skip


def _act(project_id: int, path: str, body: dict[str, Any], done: str) -> Response:
    where = ids.public("prj", project_id)

    def do() -> str:
        asking.send(path, body)
        return f"/firm/calls/{where}"

    return forms.act(do, show=lambda problem: _call(project_id, problem), done=done)


@blp.post("/firm/calls/<prj:project_id>/propose")
def propose(project_id: int) -> Response:
    """A firm's proposal."""
    body = forms.body(PROPOSAL)
    if body.get("term_months", "").isdigit():
        body["term_months"] = int(body["term_months"])
    path = f"/v1/projects/{ids.public('prj', project_id)}/proposals"
    return _act(project_id, path, body, gettext("Your proposal is handed in."))


@blp.post("/firm/calls/<prj:project_id>/choose")
def choose(project_id: int) -> Response:
    """The owner chooses a proposal; the others are declined."""
    path = f"/v1/projects/{ids.public('prj', project_id)}/choose"
    return _act(project_id, path, forms.body(("proposal_id", "reason")), gettext("The proposal is chosen."))


@blp.post("/firm/calls/<prj:project_id>/withdraw")
def withdraw(project_id: int) -> Response:
    """The owner takes the call back."""
    path = f"/v1/projects/{ids.public('prj', project_id)}/withdraw"
    return _act(project_id, path, forms.body(("reason",)), gettext("The call is taken back."))


@blp.post("/firm/calls/<prj:project_id>/take-back/<prp:proposal_id>")
def take_back(project_id: int, proposal_id: int) -> Response:
    """A firm withdraws its proposal."""
    path = f"/v1/proposals/{ids.public('prp', proposal_id)}/withdraw"
    return _act(project_id, path, {}, gettext("The proposal is withdrawn."))


@blp.get("/firm/registration")
def registration() -> Response:
    """A firm's entry in the directory, with what shows its ability, and its credit record."""
    return _registration(None)


def _registration(problem: Problem | None) -> Response:
    own = asking.get("/v1/firm-registrations")["data"]
    return page(
        "firm/registration.html", registrations=own, problem=problem, typed=forms.typed(), kinds=KINDS,
        qualifications=QUALIFICATIONS,
    )  # fmt: skip


@blp.post("/firm/registration")
def register() -> Response:
    """Asks to be entered in the directory; the bureau decides."""

    def do() -> str:
        body = forms.body(REGISTRATION) | {"works_in": request.form.getlist("works_in")}
        if body.get("staff", "").isdigit():
            body["staff"] = int(body["staff"])
        asking.send("/v1/firm-registrations", body)
        return "/firm/registration"

    return forms.act(do, show=_registration, done=gettext("Your entry is handed in; the bureau decides."))


@blp.post("/firm/registration/<frm:firm_id>")
def amend(firm_id: int) -> Response:
    """Changes what the firm says of itself."""

    def do() -> str:
        body = forms.body(CHANGE) | {"works_in": request.form.getlist("works_in")}
        if body.get("staff", "").isdigit():
            body["staff"] = int(body["staff"])
        path = f"/v1/firm-registrations/{ids.public('frm', firm_id)}/amend"
        asking.send(path, body, version=forms.typed().get("version", ""))
        return "/firm/registration"

    return forms.act(do, show=_registration, done=gettext("Your entry is changed."))


@blp.post("/firm/registration/<frm:firm_id>/leave")
def leave(firm_id: int) -> Response:
    """Leaves the directory; contracts go on."""

    def do() -> str:
        path = f"/v1/firm-registrations/{ids.public('frm', firm_id)}/leave"
        asking.send(path, forms.body(("reason",)))
        return "/firm/registration"

    return forms.act(do, show=_registration, done=gettext("The firm has left the directory."))


@blp.post("/firm/registration/<frm:firm_id>/qualifications")
def qualify(firm_id: int) -> Response:
    """Hands in a paper that shows what the firm can do."""

    def do() -> str:
        path = f"/v1/firm-registrations/{ids.public('frm', firm_id)}/qualifications"
        asking.send(path, forms.body(QUALIFICATION))
        return "/firm/registration"

    return forms.act(do, show=_registration, done=gettext("The paper is handed in; the bureau checks it."))
