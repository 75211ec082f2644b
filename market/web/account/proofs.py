"""How I sign in: password, telephone, one-time codes. Each change is proved with the password once more."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, request
from flask_babel import gettext

from market.web import asking, forms
from market.web.asking import Problem
from market.web.pages import page
from market.web.signing_in import refused
from market.web.sitting import reader

blp = Blueprint("account_proofs", __name__, template_folder="../templates")


def _proof() -> dict[str, Any]:
    """What proves who one is; a password is taken as it was typed."""
    return {"password": request.form.get("password", ""), **forms.body(("totp", "recovery_code"))}


def _page(template: str, problem: Problem | None = None, **values: Any) -> Response:
    state = asking.get("/v1/me/sign-in")
    shown = page(template, problem=problem, typed=forms.typed(), state=state, **values)
    return shown if problem is None else refused(problem, shown)


def _kept(problem: Problem, template: str, **values: Any) -> Response:
    """The form again. A wrong password is an answer to it, not the end of the page."""
    if problem.status == 401 or problem.status >= 500 or problem.code == "totp_required":
        raise problem
    return _page(template, problem, **values)


@blp.get("/account/password")
def password() -> Response:
    """The form for another password."""
    return _page("account/password.html")


@blp.post("/account/password")
def change_password() -> Response:
    """Sets another password; every other session ends."""

    def do() -> str:
        asking.send("/v1/me/password", {**_proof(), "new": request.form.get("new", "")})
        return "/account"

    try:
        return forms.act(
            do, show=lambda problem: _kept(problem, "account/password.html"),
            done=gettext("The new password counts from now on. Every other session has ended."),
        )  # fmt: skip
    except Problem as problem:
        return _kept(problem, "account/password.html")


@blp.get("/account/phone")
def phone() -> Response:
    """The telephone that codes go to."""
    return _page("account/phone.html", asked=False)


@blp.post("/account/phone")
def give_phone() -> Response:
    """Names a telephone; a code goes there to prove it."""
    try:
        asking.send("/v1/me/phone", {**_proof(), **forms.body(("phone",))})
    except Problem as problem:
        return _kept(problem, "account/phone.html", asked=False)
    return _page("account/phone.html", asked=True)


@blp.post("/account/phone/confirm")
def confirm_phone() -> Response:
    """Proves the telephone with the code that went there."""

    def do() -> str:
        asking.send("/v1/me/phone/confirm", forms.body(("code",)))
        return "/account"

    return forms.act(
        do, show=lambda problem: _kept(problem, "account/phone.html", asked=True),
        done=gettext("The telephone is proved. Codes go there from now on."),
    )  # fmt: skip


@blp.get("/account/totp")
def totp() -> Response:
    """Whether one-time codes are set up, and how."""
    return _page("account/totp.html", made=None, waits=False)


@blp.post("/account/totp")
def begin_totp() -> Response:
    """A new secret, shown this once."""
    try:
        made = asking.send("/v1/me/totp", _proof())
    except Problem as problem:
        return _kept(problem, "account/totp.html", made=None, waits=False)
    return _page("account/totp.html", made=made, waits=True)


@blp.post("/account/totp/confirm")
def confirm_totp() -> Response:
    """Puts the secret in force with its first code; the recovery codes are shown this once."""
    try:
        made = asking.send("/v1/me/totp/confirm", forms.body(("code",)))
    except Problem as problem:
        return _kept(problem, "account/totp.html", made=None, waits=True)
    who = reader()
    again = who is not None and "read" not in who.scopes
    return _page("account/recovery.html", codes=made["recovery_codes"], again=again)


@blp.post("/account/totp/give-up")
def give_up_totp() -> Response:
    """Signs in without one-time codes from now on, where the role may."""

    def do() -> str:
        asking.send("/v1/me/totp/give-up", _proof())
        return "/account/totp"

    try:
        return forms.act(
            do, show=lambda problem: _kept(problem, "account/totp.html", made=None, waits=False),
            done=gettext("One-time codes are no longer asked for."),
        )  # fmt: skip
    except Problem as problem:
        return _kept(problem, "account/totp.html", made=None, waits=False)
