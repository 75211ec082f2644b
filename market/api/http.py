"""The life of one request: who asks, may they, did they ask before, one transaction, one answer.

Order: request id → sign-in → role, scope, mandate → ownership of the path's id → idempotency key → the handler, in
one database transaction (again as a whole after a serialization failure or a deadlock) → commit → answer.
"""

from __future__ import annotations

import itertools
import os
import re
import secrets
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import psycopg
from flask import Flask, Response, current_app, g, request
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session, sessionmaker

from market.api import deprecation, idempotency, limits, ownership
from market.api.body import StrictBlueprint
from market.api.permissions import PARTICIPANTS, ROUTES, Rule
from market.core import db, ids
from market.core.config import Settings
from market.core.errors import InvalidInput, NotAllowed, NotAuthenticated, Refusal
from market.participants import access
from market.participants.access import AccessActor
from market.trading.client import Exchange

MAX_BODY_BYTES = 1024 * 1024
MAX_TRIES = 5
DEFAULT_PAGE, MAX_PAGE = 50, 200
_REQUEST_ID = re.compile(r"^[A-Za-z0-9._-]{8,64}$")
_RETRIED = (psycopg.errors.SerializationFailure, psycopg.errors.DeadlockDetected)


class PreconditionRequired(Refusal):
    """A change of a thing that several people change names the version it was read at (If-Match)."""

    code = "precondition_required"
    status = 428
    title_en = "If-Match is required"
    title_zh = "需要 If-Match"


def blueprint(name: str, description: str) -> StrictBlueprint:
    """A group of routes under /v1; their endpoints are `name.function`, declared in `permissions.ROUTES`."""
    return StrictBlueprint(name, f"market.api.{name}", url_prefix="/v1", description=description)


def settings() -> Settings:
    """The application's settings."""
    found: Settings = current_app.config["KAREZ"]
    return found


def exchange() -> Exchange:
    """The way to the engine."""
    found: Exchange = current_app.config["EXCHANGE"]()
    return found


def session() -> Session:
    """The request's session: one transaction, committed when the handler's answer is below 400."""
    if "session" not in g:
        g.session = sessionmaker(db.engine(settings().url()), expire_on_commit=False)()
    found: Session = g.session
    return found


def actor() -> AccessActor:
    """Who asks. Only behind a route that demands a sign-in."""
    found: AccessActor | None = g.get("actor")
    if found is None:
        raise NotAuthenticated("this route needs a sign-in")
    return found


def own_only() -> int | None:
    """The participant to whose things a list is narrowed; None for the bureau, which sees all."""
    who = actor()
    return who.participant_id if who.participant_id is not None else None


def require_own(participant_id: int, pointer: str) -> None:
    """Refuses as unknown what belongs to another participant than the actor's. Errors: NotFound."""
    who = actor()
    if who.participant_id is not None and who.participant_id != participant_id:
        raise access.not_there(pointer)


def etag(version: int) -> None:
    """Sets the answer's ETag from a row's version."""
    g.etag = f'"{version}"'


def expected_version(*, required: bool = True) -> int | None:
    """The version in If-Match. Errors: PreconditionRequired, InvalidInput."""
    header = request.headers.get("If-Match", "").strip()
    if not header:
        if required:
            raise PreconditionRequired("send If-Match with the ETag that the thing was read with")
        return None
    match = re.fullmatch(r'"(\d{1,12})"', header)
    if match is None:
        raise InvalidInput("If-Match must be an ETag that this service gave out", pointer="/If-Match")
    return int(match[1])


class Paging(NamedTuple):
    """Which page: at most `limit` rows after the row `after`."""

    limit: int
    after: int | None


def paging(prefix: str) -> Paging:
    """The query's `limit` (1 to 200, default 50) and `starting_after` (an id of this type). Errors: InvalidInput."""
    text = request.args.get("limit", str(DEFAULT_PAGE))
    if not re.fullmatch(r"[0-9]{1,3}", text) or not 1 <= int(text) <= MAX_PAGE:
        raise InvalidInput(f"limit must be a whole number from 1 to {MAX_PAGE}", pointer="/limit")
    after = request.args.get("starting_after")
    return Paging(int(text), ids.parse(prefix, after) if after is not None else None)


def page(rows: Sequence[Any], limit: int) -> dict[str, Any]:
    """A page out of rows of which one more than `limit` was asked for."""
    return {"data": list(rows[:limit]), "has_more": len(rows) > limit}


SECURE = [
    ("Cache-Control", "no-store"),
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "no-referrer"),
    ("X-Frame-Options", "DENY"),
    ("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'"),
]
"""What every answer of the API tells a browser."""
_ANSWERED_WITH = "karez.answered_with"


def answer_with(headers: Sequence[tuple[str, str]]) -> None:
    """Has this request's answer, whatever it is, tell a browser these headers instead of the API's."""
    request.environ[_ANSWERED_WITH] = list(headers)


class KarezFlask(Flask):
    """Flask with the request's life around every handler."""

    short_way: Callable[[Any, Any], Any] | None = None
    """Answers a plain request at once, or None."""
    test_county: Callable[[Any, Any], Any] | None = None
    """Answers a request with a key of the test county, where there is one."""

    def wsgi_app(self, environ: Any, start_response: Any) -> Any:
        """One request; the headers that hardly ever differ join at the end, where adding them costs nothing."""
        if self.test_county is not None and environ.get("HTTP_AUTHORIZATION", "").startswith(access.TEST_KEY):
            return self.test_county(environ, start_response)
        if self.short_way is not None:
            answer = self.short_way(environ, start_response)
            if answer is not None:
                return answer

        def start(status: str, headers: list[tuple[str, str]], *more: Any) -> Any:
            return start_response(status, headers + environ.get(_ANSWERED_WITH, SECURE), *more)

        return super().wsgi_app(environ, start)

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """The function itself: no handler here is a coroutine, and looking costs at every step of a request."""
        return func

    def dispatch_request(self) -> Any:
        """One request. An unknown path or method is left to Flask."""
        if request.routing_exception is not None or request.url_rule is None:
            return super().dispatch_request()
        rule = ROUTES.get(request.endpoint or "")
        if rule is None:  # static files and documents that the framework serves
            return super().dispatch_request()
        if rule.body_bytes is not None:
            request.max_content_length = rule.body_bytes
        try:
            _admit(rule)
        except Refusal:
            limits.count()  # guesses at credentials are counted too, whatever they name
            raise
        limits.count(g.get("actor"))
        if rule.idempotent == "http":
            life = idempotency.RequestLife(_transact, session, settings().url())
            return idempotency.once(_scope(), super().dispatch_request, life)
        if rule.idempotent == "engine":
            idempotency.required_key()
        return _transact(super().dispatch_request)


def _scope() -> int:
    who = actor()
    return who.participant_id if who.participant_id is not None else -who.user_id


def _admit(rule: Rule) -> None:
    """Signs in, and checks role, scope, mandate and ownership."""
    if not rule.roles:
        return
    who = access.authenticate(request, settings(), scope=rule.scope, request_id=g.get("request_id", ""))
    g.actor = who
    if not may(who, rule):
        raise NotAllowed(f"this needs one of the roles {', '.join(sorted(rule.roles))}")
    if rule.owns == "order" and rule.idempotent == "engine":
        ownership.check_order(settings().url(), (request.view_args or {})["order_id"], who)
    elif rule.owns not in (None, "self", "body"):
        ownership.check(session(), str(rule.owns), request.view_args or {}, who)


def may(who: AccessActor, rule: Rule) -> bool:
    """Whether one of the actor's roles opens a route; a participant's side, one that participants have."""
    granted = who.roles & rule.roles
    return bool(granted) and (who.participant_id is None or bool(granted & PARTICIPANTS))


def _transact(handler: Callable[[], Any]) -> Response:
    """Runs a handler in one transaction; a refusal or an error rolls all of it back."""
    for attempt in range(1, MAX_TRIES + 1):
        try:
            response = current_app.make_response(handler())
            opened: Session | None = g.get("session")
            if opened is not None:
                if response.status_code < 400 or "replayed" in g:
                    opened.commit()
                else:
                    opened.rollback()
            return response
        except DBAPIError as error:
            close_session()
            if attempt == MAX_TRIES or not isinstance(error.orig, _RETRIED):
                raise
        except _RETRIED:
            close_session()
            if attempt == MAX_TRIES:
                raise
        except BaseException:
            close_session()
            raise
    raise AssertionError("unreachable")


def close_session() -> None:
    """Gives the request's connection back; whatever was not committed is rolled back."""
    opened: Session | None = g.pop("session", None)
    if opened is not None:
        opened.close()


def new_request_id() -> str:
    """An id that no other request has: random for the process, counted within it.

    Asking the system for randomness in every request would let go of the interpreter's lock, and under load the way
    back to it is long.
    """
    if _numbering.process != os.getpid():  # at the first request, and after a fork
        _numbering.process, _numbering.prefix = os.getpid(), secrets.token_hex(8)
    return f"{_numbering.prefix}-{next(_numbering.numbers)}"


class _Numbering:
    process = 0
    prefix = ""
    numbers = itertools.count(1)


_numbering = _Numbering()


def request_id_of(sent: str) -> str:
    """The id that a client sent with its request, if it can be one, or a new one."""
    return sent if _REQUEST_ID.match(sent) else new_request_id()


def _begin() -> None:
    g.request_id = request_id_of(request.headers.get("X-Request-ID", ""))


def _finish(response: Response) -> Response:
    response.headers["X-Request-ID"] = g.get("request_id", "")
    if "etag" in g and response.status_code < 300:
        response.headers["ETag"] = g.etag
    if "replayed" in g:
        response.headers["Idempotent-Replayed"] = "true"
    response.headers.extend(limits.headers(g.get("rate")))
    deprecation.say(response)
    return response


def register(app: Flask) -> None:
    """Hangs the request's life into an app."""
    app.config["MAX_CONTENT_LENGTH"] = MAX_BODY_BYTES
    app.before_request(_begin)
    app.after_request(_finish)
    app.teardown_request(lambda _error: close_session())
