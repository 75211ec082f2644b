"""Sign-in and sign-out in the browser."""

from __future__ import annotations

from flask import Blueprint, Response, g, request

from market.api.auth import COOKIE_PATH, REFRESH_PATH
from market.api.http import settings
from market.api.limits import strict
from market.participants import access, tokens
from market.web import asking, forms, navigation, sitting
from market.web.asking import Problem
from market.web.pages import page

blp = Blueprint("signing_in", __name__, template_folder="templates")


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
    values = forms.typed()
    made: dict[str, str] = {}

    def do() -> str:
        body = {"login": values.get("login", ""), "password": request.form.get("password", "")}
        if values.get("totp"):
            body["totp"] = values["totp"]
        made.update(asking.send("/v1/auth/token", body))
        claims = tokens.decode(settings(), made["access_token"], kind="access")
        g.actor = access.of_bearer(
            settings(),
            f"{access.BEARER}{made['access_token']}",
            scope="read",
            request_id=g.get("request_id", ""),
        )
        assert claims["sub"] == str(g.actor.user_id)
        return forms.inside(request.form.get("next"), "") or navigation.home()

    try:
        where = do()
    except Problem as problem:
        answer = _form(problem)
        answer.status_code = problem.status
        return answer
    answer = forms.onward(where)
    sitting.set_cookie(answer, tokens.ACCESS_COOKIE, made["access_token"])
    g.left = True  # the token is new: nothing to prolong
    return answer


@blp.post("/sign-out")
def sign_out() -> Response:
    """Ends the session."""
    asking.send("/v1/auth/sign-out", {})
    access.forget(settings())
    g.left = True
    answer = forms.onward("/")
    answer.delete_cookie(tokens.ACCESS_COOKIE, path=COOKIE_PATH)
    answer.delete_cookie(tokens.REFRESH_COOKIE, path=REFRESH_PATH)
    return answer
