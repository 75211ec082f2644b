"""Sign-in, refresh, sign-out, and who one is."""

from __future__ import annotations

import hmac
from typing import Any

from flask import Response, after_this_request, g, request
from sqlalchemy.orm import Session

from market.api import http
from market.api.counted import even_if_refused
from market.api.http import actor, blueprint, settings
from market.api.limits import strict
from market.api.schemas import auth as shapes
from market.core.errors import NotAllowed, NotAuthenticated
from market.participants import access, codes, mandates, passwords, tokens
from market.participants.errors import CsrfFailed, TokenReused
from market.participants.tokens import Tokens

blp = blueprint("auth", "Sign-in: tokens for programs, cookies with a CSRF value for pages")

COOKIE_PATH = "/"  # of the access token; the refresh token goes to the routes below /v1/auth only
REFRESH_PATH = "/v1/auth"


@blp.route("/auth/token", methods=["POST"])
@strict
@blp.arguments(shapes.SignIn)
@blp.response(200, shapes.TokensOut)
def token(body: dict[str, Any]) -> Tokens:
    """Sign in; answers an access and a refresh token."""
    return _sign_in(body)


@blp.route("/auth/session", methods=["POST"])
@strict
@blp.arguments(shapes.SignIn)
@blp.response(200, shapes.SessionOut)
def session(body: dict[str, Any]) -> Tokens:
    """Sign in for pages: the tokens are set as cookies that scripts cannot read."""
    made = _sign_in(body)
    after_this_request(lambda response: _with_cookies(response, made))
    return made


def _sign_in(body: dict[str, Any]) -> Tokens:
    password, code = body.pop("password"), body.pop("code")

    def check(own: Session) -> Tokens:
        place = tokens.Place(request.remote_addr, request.headers.get("User-Agent"))
        if code is None:
            user = passwords.sign_in(own, password=password, **body)
        else:
            user = passwords.sign_in_by_code(own, secret=settings().secret(codes.SECRET), code=code, **body)
        return tokens.sign_in(own, user, place)

    return even_if_refused(check)


@blp.route("/auth/refresh", methods=["POST"])
@strict
@blp.arguments(shapes.Refresh)
@blp.response(200, shapes.RefreshOut)
def refresh(body: dict[str, Any]) -> Tokens | dict[str, Any]:
    """A new pair for a refresh token, which works once. Used again, it ends every session of its user."""
    by_cookie = body["refresh_token"] is None
    old = _refresh_cookie() if by_cookie else str(body["refresh_token"])

    def rotate(own: Session) -> Tokens | None:
        return tokens.rotate(own, settings(), refresh_token=old, request_id=g.request_id)

    made = even_if_refused(rotate)
    if made is None:
        access.forget(settings())
        raise TokenReused
    if not by_cookie:
        return {**_plain(made), "token_type": "Bearer"}
    after_this_request(lambda response: _with_cookies(response, made))
    return {"csrf": made.csrf, "refresh_csrf": made.refresh_csrf, **_ends(made)}


def _plain(made: Tokens) -> dict[str, Any]:
    return {"access_token": made.access_token, "refresh_token": made.refresh_token, **_ends(made)}


def _ends(made: Tokens) -> dict[str, Any]:
    return {
        "expires_in": made.expires_in, "refresh_expires_in": made.refresh_expires_in,
        "must_set_up_totp": made.must_set_up_totp,
    }  # fmt: skip


def _refresh_cookie() -> str:
    """The refresh token of the cookie mode, with its CSRF value. Errors: NotAuthenticated, CsrfFailed."""
    kept = request.cookies.get(tokens.REFRESH_COOKIE)
    if kept is None:
        raise NotAuthenticated("send a refresh token")
    due = tokens.csrf_of(settings(), kept, kind="refresh")
    if not hmac.compare_digest(request.headers.get(tokens.CSRF_HEADER, "").encode(), due.encode()):
        raise CsrfFailed(f"send the session's refresh_csrf in {tokens.CSRF_HEADER}")
    return kept


@blp.route("/auth/sign-out", methods=["POST"])
@blp.arguments(shapes.Refresh)
@blp.response(204)
def sign_out(body: dict[str, Any]) -> None:
    """End this session: its access token, and the refresh token if one is sent or set as cookie."""
    who = actor()
    if "enroll" not in who.scopes:
        raise NotAllowed("an API key is revoked, not signed out; a mandate has no session of its own")
    header = request.headers.get("Authorization")
    used = header.removeprefix("Bearer ") if header else request.cookies[tokens.ACCESS_COOKIE]
    tokens.sign_out(
        http.session(),
        settings(),
        access_token=used,
        refresh_token=body["refresh_token"] or request.cookies.get(tokens.REFRESH_COOKIE),
        actor=who.audit,
    )
    after_this_request(_signed_out)


def _signed_out(response: Response) -> Response:
    access.forget(settings())
    for name, path in ((tokens.ACCESS_COOKIE, COOKIE_PATH), (tokens.REFRESH_COOKIE, REFRESH_PATH)):
        if name in request.cookies:
            response.delete_cookie(name, path=path)
    return response


def _with_cookies(response: Response, made: Tokens) -> Response:
    for name, value, path, life in (
        (tokens.ACCESS_COOKIE, made.access_token, COOKIE_PATH, made.expires_in),
        (tokens.REFRESH_COOKIE, made.refresh_token, REFRESH_PATH, made.refresh_expires_in),
    ):
        response.set_cookie(
            name,
            value,
            max_age=life,
            path=path,
            secure=request.is_secure,
            httponly=True,
            samesite="Strict",
        )
    return response


@blp.route("/me/mandates", methods=["GET"])
@blp.arguments(shapes.PrincipalsQuery, location="query")
@blp.response(200, shapes.PrincipalList)
def list_principals(query: dict[str, Any]) -> dict[str, Any]:
    """For whom this user may act now, and under which mandate; at most 200, by name."""
    limit = http.MAX_PAGE
    rows = mandates.given_to(http.session(), user_id=actor().user_id, name=query["name"], limit=limit + 1)
    found = [
        {
            "mandate_id": mandate.id, "participant_id": participant.id, "name": participant.name,
            "kind": participant.kind, "scope": mandate.scope, "valid_to": mandate.valid_to,
        }
        for mandate, participant in rows
    ]  # fmt: skip
    return http.page(found, limit)


@blp.route("/me", methods=["GET"])
@blp.response(200, shapes.MeOut)
def me() -> dict[str, Any]:
    """Who this credential makes the asker."""
    who = actor()
    return {
        "user_id": who.user_id,
        "participant_id": who.participant_id,
        "mandate_id": who.mandate_id,
        "roles": sorted(who.roles),
        "scopes": sorted(who.scopes),
    }
