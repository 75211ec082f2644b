"""Applying to take part: who one is, as what one wants to act, and the sign-in that counts once one is admitted."""

from __future__ import annotations

from flask import Blueprint, Response, request

from market.participants.policy import ROLES_OF_KIND
from market.web import asking, forms
from market.web.asking import Problem
from market.web.pages import page
from market.web.signing_in import refused

blp = Blueprint("applying", __name__, template_folder="templates")
_FIELDS = ("kind", "name", "identifier", "contact", "login", "user_name")
ROLES = ("holder", "agent", "association", "firm", "verifier", "bank", "integrator")


@blp.get("/apply")
def form() -> Response:
    """Who applies."""
    return _form(None)


def _form(problem: Problem | None) -> Response:
    return page(
        "account/apply.html", problem=problem, typed=forms.typed(), kinds=tuple(ROLES_OF_KIND), roles=ROLES,
        chosen=request.form.getlist("roles"),
    )  # fmt: skip


@blp.post("/apply")
def apply() -> Response:
    """Hands the application in; a registrar decides."""
    body = {
        **forms.body(_FIELDS), "roles": request.form.getlist("roles"), "password": request.form.get("password", ""),
    }  # fmt: skip
    try:
        return forms.act(lambda: _sent(body), show=_form)
    except Problem as problem:
        return refused(problem, _form(problem))


def _sent(body: dict[str, object]) -> str:
    made = asking.send("/v1/participants", body)
    return f"/apply/done?number={made['id']}"


@blp.get("/apply/done")
def done() -> Response:
    """What happens to an application now."""
    number = request.args.get("number", "")
    return page("account/applied.html", number=number if number.isascii() and len(number) < 40 else "")
