"""A forgotten password: a code to the telephone, or a token that the bureau hands over; then a new password."""

from __future__ import annotations

from flask import Blueprint, Response, request
from flask_babel import gettext

from market.web import asking, forms
from market.web.asking import Problem
from market.web.pages import page
from market.web.signing_in import refused

blp = Blueprint("forgotten", __name__, template_folder="templates")


@blp.get("/forgotten")
def form() -> Response:
    """Who has forgotten a password."""
    return _form(None)


def _form(problem: Problem | None) -> Response:
    return page("account/forgotten.html", problem=problem, typed=forms.typed())


@blp.post("/forgotten")
def ask() -> Response:
    """Has a code sent; the page says the same whoever asks for whom."""
    try:
        asking.send("/v1/auth/password-reset", {"login": forms.typed().get("login", "")})
    except Problem as problem:
        return refused(problem, _form(problem))
    return _new(None, asked=True)


@blp.get("/forgotten/new")
def new() -> Response:
    """The form for a new password."""
    return _new(None)


def _new(problem: Problem | None, *, asked: bool = False) -> Response:
    return page("account/new_password.html", problem=problem, typed=forms.typed(), asked=asked)


@blp.post("/forgotten/new")
def confirm() -> Response:
    """Sets the new password with a code or a token; every session ends."""

    def do() -> str:
        body = {**forms.body(("login", "code")), "password": request.form.get("password", "")}
        asking.send("/v1/auth/password-reset/confirm", body)
        return "/sign-in"

    try:
        return forms.act(do, show=_new, done=gettext("The new password counts from now on. Sign in with it."))
    except Problem as problem:
        return refused(problem, _new(problem))
