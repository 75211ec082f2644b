"""Sign-in and sign-out in the browser: by password, or by a code that goes to a holder's telephone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Blueprint, Response, g, request

from market.api.auth import COOKIE_PATH, REFRESH_PATH
from market.api.http import settings
from market.api.limits import strict
from market.participants import access, tokens
from market.web import asking, forms, navigation, sitting
from market.web.asking import Problem
from market.web.failing import ENROL
from market.web.pages import page

blp = Blueprint("signing_in", __name__, template_folder="templates")

_SECOND = ("totp", "recovery_code")


@blp.get("/sign-in")
def form() -> Response:
    """Who signs in here, and what for."""
    return _form(None)


def _form(problem: Problem | None) -> Response:
    return page(
        "sign_in.html", problem=problem, typed=forms.typed(),
        next=forms.inside(request.values.get("next"), ""),
    )  # fmt: skip


@blp.post("/sign-in")
@strict
def sign_in() -> Response:
    """Signs in with login, password and, where it is set up, a one-time code."""
    body = {"login": forms.typed().get("login", ""), "password": request.form.get("password", "")}
    return _enter(body, _form)


def _enter(body: dict[str, Any], show: Callable[[Problem], Response]) -> Response:
    """In with a proof, and on to where the reader wanted; a refusal shows the form again."""
    try:
        made = asking.send("/v1/auth/token", {**body, **forms.body(_SECOND)})
    except Problem as problem:
        return refused(problem, show(problem))
    bearer = f"{access.BEARER}{made['access_token']}"
    scope = "enroll" if made["must_set_up_totp"] else "read"
    g.actor = access.of_bearer(settings(), bearer, scope=scope, request_id=g.get("request_id", ""))
    where = forms.inside(request.form.get("next"), "") or navigation.home()
    answer = forms.onward(ENROL if made["must_set_up_totp"] else where)
    sitting.set_cookie(answer, tokens.ACCESS_COOKIE, made["access_token"])
    g.left = True  # the token is new: nothing to prolong
    return answer


@blp.get("/sign-in/code")
def code_form() -> Response:
    """Whose telephone a code shall go to."""
    return _code_form(None)


def _code_form(problem: Problem | None, *, asked: bool = False) -> Response:
    return page(
        "account/code.html", problem=problem, typed=forms.typed(), asked=asked,
        next=forms.inside(request.values.get("next"), ""),
    )  # fmt: skip


@blp.post("/sign-in/code")
def ask_code() -> Response:
    """Has a code sent; the page says the same whoever asks for whom."""
    try:
        asking.send("/v1/auth/codes", {"login": forms.typed().get("login", "")})
    except Problem as problem:
        return refused(problem, _code_form(problem))
    return _code_form(None, asked=True)


@blp.post("/sign-in/code/enter")
def enter_code() -> Response:
    """Signs in with the code that was sent."""
    values = forms.typed()
    return _enter(
        {"login": values.get("login", ""), "code": values.get("code", "")},
        lambda problem: _code_form(problem, asked=True),
    )


def refused(problem: Problem, shown: Response) -> Response:
    """The form again, with the status of the refusal and when to try again."""
    shown.status_code = problem.status
    if "Retry-After" in problem.headers:
        shown.headers["Retry-After"] = problem.headers["Retry-After"]
    return shown


@blp.post("/sign-out")
def sign_out() -> Response:
    """Ends the session."""
    asking.send("/v1/auth/sign-out", {})
    return leave(forms.inside(request.form.get("next"), "/"))


def leave(where: str) -> Response:
    """On to an address, no longer signed in."""
    access.forget(settings())
    g.left = True
    answer = forms.onward(where)
    answer.delete_cookie(tokens.ACCESS_COOKIE, path=COOKIE_PATH)
    answer.delete_cookie(tokens.REFRESH_COOKIE, path=REFRESH_PATH)
    return answer
