"""Who reads a page: signed in by cookie, also on pages for everyone; kept signed in while pages are read."""

from __future__ import annotations

from flask import Flask, Response, g, request

from market.api import http
from market.api.permissions import ROUTES
from market.core.config import Settings
from market.core.errors import Refusal
from market.participants import access, tokens
from market.participants.access import AccessActor
from market.participants.errors import CsrfFailed

PATH = "/"
ACTING = "karez_acting"
"""For whom a clerk acts, from page to page; what the API makes of it is X-Acting-For."""
_AS_ONESELF = ("/counter", "/sign-in", "/sign-out", "/account", "/assets/")


def reader() -> AccessActor | None:
    """Who reads, if somebody is signed in; on a page for everyone too."""
    found: AccessActor | None = g.get("actor")
    if found is None and "reader_sought" not in g and tokens.ACCESS_COOKIE in request.cookies:
        g.reader_sought = True
        if request.method in access.SAFE_METHODS:
            try:
                found = g.actor = access.authenticate(
                    request, http.settings(), scope="read", request_id=g.get("request_id", "")
                )
            except Refusal:  # a page for everyone is shown to whoever is no longer signed in
                found = None
    return found


def csrf(settings: Settings) -> str:
    """What a form sends back to show that it is ours; empty for whoever is not signed in."""
    token = request.cookies.get(tokens.ACCESS_COOKIE)
    return tokens.csrf_of(settings, token) if token and reader() is not None else ""


def is_page() -> bool:
    """Whether the request is for a page for people."""
    rule = ROUTES.get(request.endpoint or "")
    return rule.page if rule is not None else not request.path.startswith("/v1")


def _act_for() -> None:
    """A clerk's pages are asked for in the name of the holder for whom the clerk acts."""
    acting = request.cookies.get(ACTING)
    if (
        acting
        and "Authorization" not in request.headers
        and is_page()
        and not request.path.startswith(_AS_ONESELF)
    ):
        request.environ["HTTP_X_ACTING_FOR"] = acting


def _refuse_strangers() -> None:
    """No form of another site acts here, not even the one that signs somebody in. Errors: CsrfFailed."""
    if request.method not in access.SAFE_METHODS and is_page():
        sent_from = request.headers.get("Sec-Fetch-Site", "same-origin")
        if sent_from not in ("same-origin", "none"):
            raise CsrfFailed("the form comes from another site")


def _stay(response: Response) -> Response:
    """Whoever reads on stays signed in: a new access token before the old one ends."""
    token = request.cookies.get(tokens.ACCESS_COOKIE)
    if token and g.get("actor") is not None and is_page() and "left" not in g:
        fresh = tokens.prolonged(http.settings(), token)
        if fresh is not None:
            set_cookie(response, tokens.ACCESS_COOKIE, fresh)
    return response


def set_cookie(response: Response, name: str, value: str) -> None:
    """A cookie of the session: not for scripts, not for other sites, gone with the token."""
    response.set_cookie(
        name,
        value,
        max_age=tokens.ACCESS_LIFE,
        path=PATH,
        secure=request.is_secure,
        httponly=True,
        samesite="Lax",
    )


def register(app: Flask) -> None:
    """Hangs the keeping of sessions into an app."""
    app.before_request(_act_for)
    app.before_request(_refuse_strangers)
    app.after_request(_stay)
