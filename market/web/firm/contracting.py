"""Drafting a saving contract and another version of one: the terms as a form, and what a call and its proposal say."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, request
from flask_babel import gettext

from market.core import ids
from market.web import asking, forms
from market.web.asking import Problem
from market.web.firm import terms
from market.web.firm.projects import is_firm, me
from market.web.pages import page

blp = Blueprint("firm_contracting", __name__, template_folder="../templates")


@blp.get("/firm/contracts/new")
def new() -> Response:
    """The form of a first draft; of a call whose proposal was chosen, with what they say."""
    return _new(None)


def _new(problem: Problem | None) -> Response:
    typed = forms.typed() or _prefilled(request.args.get("project_id", ""))
    return page("firm/terms.html", groups=terms.GROUPS, typed=typed, problem=problem, contract=None)


def _prefilled(project_id: str) -> dict[str, str]:
    """What a call says of the terms, and the firm's proposal that was chosen for it."""
    firm = {"firm_id": me()} if is_firm() else {"user_id": me()}
    if not project_id:
        return firm
    call = asking.get(f"/v1/projects/{project_id}")
    found = {
        "project_id": project_id,
        "user_id": call["participant_id"],
        "kind": call["kind"],
        "title": call["title"],
    }
    if is_firm():
        proposals = asking.pages("/v1/proposals", status="chosen")
        mine = next((each for each in proposals if each["project_id"] == project_id), None)
        if mine is not None:
            found |= {"mode": mine["mode"], "investment": mine["investment"]}
    return firm | found


@blp.post("/firm/contracts/new")
def draft() -> Response:
    """Drafts a contract; its parties sign the text that comes of it."""

    def do() -> str:
        typed = forms.typed()
        project = {"project_id": typed["project_id"]} if typed.get("project_id") else {}
        made = asking.send("/v1/saving-contracts", {"terms": terms.sent(typed), **project})
        return f"/firm/contracts/{made['id']}"

    return forms.act(do, show=_new, done=gettext("The contract is drafted. Its parties sign it now."))


@blp.get("/firm/contracts/<sct:contract_id>/amend")
def ask_amendment(contract_id: int) -> Response:
    """The terms as they stand, to be changed."""
    return _amendment(contract_id, None)


def _contract(contract_id: int) -> Any:
    return asking.get(f"/v1/saving-contracts/{ids.public('sct', contract_id)}")


def _amendment(contract_id: int, problem: Problem | None) -> Response:
    contract = _contract(contract_id)
    typed = forms.typed() or terms.typed_of(contract["terms"])
    return page("firm/terms.html", groups=terms.GROUPS, typed=typed, problem=problem, contract=contract)


@blp.post("/firm/contracts/<sct:contract_id>/amend")
def amend(contract_id: int) -> Response:
    """Drafts another version: in place of a draft, or from a day on."""
    public = ids.public("sct", contract_id)

    def do() -> str:
        typed = forms.typed()
        body = {"terms": terms.sent(typed, _contract(contract_id)["terms"])} | forms.body(("effective_on",))
        asking.send(f"/v1/saving-contracts/{public}/amend", body)
        return f"/firm/contracts/{public}"

    return forms.act(
        do, show=lambda problem: _amendment(contract_id, problem),
        done=gettext("Another version is drafted. Its parties sign it now."),
    )  # fmt: skip
