"""A plain order or cancel on a short way past the framework: the life of a request (see `http`) from the same parts.

Flask's contexts, routing and answers cost more than reading, executing and writing an order together. Plain is: a
bearer token that was verified before or an API key, acting for oneself, with a key, a JSON body that is plainly right
(see `order_wire`), an order of one's own. Whatever else comes, and every refusal, goes on the long way, which alone
knows how to explain; what the engine answered and what was counted goes with it, so that nothing happens twice.
tests/api/test_short_way.py holds the two ways together.
"""

from __future__ import annotations

import io
import re
import time
from collections.abc import Callable
from typing import Any

import msgspec
from flask import Flask

from market.api import body as bodies
from market.api import idempotency, limits, order_wire, ownership, telemetry
from market.api.http import MAX_BODY_BYTES, SECURE, may, request_id_of
from market.api.permissions import ROUTES
from market.api.submitted import COUNTED, SUBMITTED
from market.core import ids
from market.core.config import Settings
from market.core.errors import Refusal, UnknownId
from market.participants import access, tokens
from market.participants.access import AccessActor
from market.trading import orders
from market.trading.commands import Accepted, Cancel, Request

_CANCEL = re.compile(r"/v1/orders/(ord_[0-9A-Z]+)/cancel")
_encode = msgspec.json.Encoder().encode

StartResponse = Callable[[str, list[tuple[str, str]]], Any]


class ShortWay:
    """The short way of one application."""

    def __init__(self, app: Flask) -> None:
        self._app = app
        self._settings: Settings = app.config["KAREZ"]
        self._url = self._settings.url()

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> list[bytes] | None:
        """The whole answer; None where the long way must go on."""
        started = time.perf_counter()
        if environ["REQUEST_METHOD"] != "POST" or environ.get("QUERY_STRING"):
            return None
        path = environ["PATH_INFO"]
        cancelled = None
        if path != "/v1/orders":
            cancelled = _CANCEL.fullmatch(path)
            if cancelled is None:
                return None
        route, status = ("orders.place", 201) if cancelled is None else ("orders.cancel", 200)
        key = environ.get("HTTP_IDEMPOTENCY_KEY", "")
        request_id = environ["HTTP_X_REQUEST_ID"] = request_id_of(environ.get("HTTP_X_REQUEST_ID", ""))
        who = self._who(environ, route, request_id) if idempotency.is_key(key) else None
        content = _content(environ) if who is not None else None
        if who is None or who.participant_id is None or content is None:
            return None
        request = _order(environ, content) if cancelled is None else self._cancel(cancelled[1], who)
        if request is None:
            return None
        standing = environ[COUNTED] = limits.count_user(self._app, who)
        if standing is not None and standing.remaining < 0:
            return None
        commands = orders.commands(
            [request], participant=who.participant_id, user=who.user_id, mandate=None, key=key,
            body_hash=idempotency.hash_of(f"POST {path}", content), request_id=request_id,
            origin=who.origin,
        )  # fmt: skip
        try:
            answers = environ[SUBMITTED] = self._app.config["EXCHANGE"]().submit(commands)
        except Exception as error:  # raised again on the long way, where errors become answers
            environ[SUBMITTED] = error
            return None
        outcome = answers[0].outcome
        if not isinstance(outcome, Accepted):
            return None
        if cancelled is None:
            ownership.remember_order(self._url, outcome.order, who.participant_id)
        written = _encode(order_wire.result(outcome))
        headers = [
            ("Content-Type", "application/json"),
            ("Content-Length", str(len(written))),
            ("X-Request-ID", request_id),
            *limits.headers(standing),
            *SECURE,
        ]
        if answers[0].replayed:
            headers.append(("Idempotent-Replayed", "true"))
        start_response("201 CREATED" if status == 201 else "200 OK", headers)
        if self._settings.keys_url is None:
            telemetry.note(route, "POST", status, time.perf_counter() - started)
        return [written]

    def _who(self, environ: dict[str, Any], route: str, request_id: str) -> AccessActor | None:
        """Who asks for itself with a known token or a key, and may."""
        header = environ.get("HTTP_AUTHORIZATION", "")
        if not header.startswith(access.BEARER) or "HTTP_X_ACTING_FOR" in environ:
            return None
        if not access.is_key(header) and not tokens.is_known(self._url, header.removeprefix(access.BEARER)):
            return None
        rule = ROUTES[route]
        try:
            who = access.of_bearer(self._settings, header, scope=rule.scope, request_id=request_id)
        except Refusal:
            return None
        return who if may(who, rule) else None

    def _cancel(self, text: str, who: AccessActor) -> Request | None:
        try:
            order = ids.parse("ord", text)
        except UnknownId:
            return None
        return Cancel(order) if ownership.knows_order(self._url, order, who) else None


def _content(environ: dict[str, Any]) -> bytes | None:
    """The body, also left to be read again; None where its length is not plain."""
    length = environ.get("CONTENT_LENGTH") or ""
    if not length.isdecimal() or int(length) > MAX_BODY_BYTES or "HTTP_TRANSFER_ENCODING" in environ:
        return None
    content: bytes = environ["wsgi.input"].read(int(length)) if int(length) else b""
    environ["wsgi.input"] = io.BytesIO(content)
    return content if len(content) == int(length) else None


def _order(environ: dict[str, Any], content: bytes) -> Request | None:
    if environ.get("CONTENT_TYPE") != "application/json":
        return None
    try:
        wish = order_wire.order(bodies.parse(content))
    except Refusal:
        return None
    return None if wish is None else orders.place_request(wish)
