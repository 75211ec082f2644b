"""One effect a key: a POST that moves water or money carries an Idempotency-Key, and is answered alike for ever.

The key is kept, with a hash of the request, in the transaction of the change. A refusal by rule is kept too (after
the change was rolled back), a failure of sign-in, shape or service is not. Orders keep their keys with the engine.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from typing import Any, NamedTuple

import msgspec
from flask import Response, current_app, g, request
from sqlalchemy import text
from sqlalchemy.orm import Session

from ledger.errors import LedgerError
from market.core import db
from market.core.errors import InvalidInput, KeyInFlight, KeyReused, Refusal


class RequestLife(NamedTuple):
    """What a key needs of the request: how a step runs in a transaction, the open one's session, the database."""

    transact: Callable[[Callable[[], Response]], Response]
    session: Callable[[], Session]
    url: str


_NOT_KEPT = (InvalidInput, KeyInFlight, KeyReused)
_KEY = re.compile(r"^[\x21-\x7e]{1,255}$")
_KEPT_HEADERS = ("ETag", "Location", "Content-Type")

_LOCK_SQL = text("SELECT pg_try_advisory_xact_lock(hashtextextended(:name, 0))")
_FIND_SQL = text("SELECT id, route, body_hash, status, response, headers FROM idempotency_keys"
                 " WHERE scope = :scope AND key = :key")  # fmt: skip
_REPLAY_SQL = text("UPDATE idempotency_keys SET replays = replays + 1 WHERE id = :id")
_KEEP_SQL = text(
    "INSERT INTO idempotency_keys (scope, key, route, body_hash, status, response, headers)"
    " VALUES (:scope, :key, :route, :body_hash, :status, :response, :headers) ON CONFLICT (scope, key) DO NOTHING"
)


class KeyMissing(InvalidInput):
    """A POST that moves water or money came without an Idempotency-Key."""

    code = "idempotency_key_missing"
    status = 400
    title_en = "An Idempotency-Key header is required"
    title_zh = "需要 Idempotency-Key 请求头"


def is_key(text: str) -> bool:
    """Whether this can be a key: 1 to 255 visible ASCII characters."""
    return _KEY.match(text) is not None


def required_key() -> str:
    """The request's key: 1 to 255 visible ASCII characters. Errors: KeyMissing."""
    key = request.headers.get("Idempotency-Key", "")
    if not is_key(key):
        raise KeyMissing(
            "send an Idempotency-Key of 1 to 255 visible ASCII characters", pointer="/Idempotency-Key"
        )
    return key


def once(scope: int, perform: Callable[[], Any], request_life: RequestLife) -> Response:
    """Performs a request in a transaction, or replays what its key was answered before.

    `scope` is whose key it is: a participant's id, or minus the id of a user of the bureau.
    Errors: KeyMissing, KeyReused, KeyInFlight.
    """
    asked = {"scope": scope, "key": required_key(), "route": request.endpoint, "body_hash": body_hash()}
    try:
        return request_life.transact(lambda: _first_or_replayed(request_life.session(), asked, perform))
    except (Refusal, LedgerError) as refusal:
        if isinstance(refusal, _NOT_KEPT) or getattr(refusal, "status", 422) not in (409, 422):
            raise
        response = current_app.make_response(current_app.handle_user_exception(refusal))
        with db.transaction(request_life.url) as own:  # what was refused is rolled back by now
            _keep(own, asked, response)
        return response


def _first_or_replayed(opened: Session, asked: dict[str, Any], perform: Callable[[], Any]) -> Response:
    """In one transaction: the lock of the key, what it was answered before, or the change and its answer."""
    if not opened.execute(_LOCK_SQL, {"name": f"key:{asked['scope']}:{asked['key']}"}).scalar():
        raise KeyInFlight("another request with this key is being worked on; ask again")
    found = opened.execute(_FIND_SQL, {"scope": asked["scope"], "key": asked["key"]}).one_or_none()
    if found is not None:
        if found.body_hash != asked["body_hash"]:
            raise KeyReused("the key was used for another request", pointer="/Idempotency-Key")
        opened.execute(_REPLAY_SQL, {"id": found.id})  # a replay writes, so that it too waits for the standby
        return _replay(found)
    response = current_app.make_response(perform())
    if response.status_code < 400:
        _keep(opened, asked, response)
    return response


def body_hash() -> bytes:
    """What an idempotency key is bound to: the method, the path with its query, and the body."""
    query = b"?" + request.query_string + b"\n" if request.query_string else b""
    return hash_of(f"{request.method} {request.path}", query + request.get_data())


def hash_of(route: str, content: bytes) -> bytes:
    """The hash of a request: its method and path, and its query and body."""
    return hashlib.sha256(f"{route}\n".encode() + content).digest()


def _keep(opened: Session, asked: dict[str, Any], response: Response) -> None:
    headers = {name: response.headers[name] for name in _KEPT_HEADERS if name in response.headers}
    if "etag" in g and response.status_code < 300:
        headers["ETag"] = g.etag
    opened.execute(
        _KEEP_SQL,
        asked
        | {
            "status": response.status_code,
            "response": response.get_data(as_text=True),
            "headers": msgspec.json.encode(headers).decode(),
        },
    )


def _replay(found: Any) -> Response:
    response: Response = current_app.response_class(found.response, status=found.status)
    for name, value in msgspec.json.decode(found.headers).items():
        response.headers[name] = value
    g.replayed = True
    return response
