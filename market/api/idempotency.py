"""One effect a key: a POST that moves water or money carries an Idempotency-Key, and is answered alike for ever.

The key is kept, with a hash of the request, in the transaction of the change. A refusal by rule is kept too (after
the change was rolled back), a failure of sign-in, shape or service is not. Orders keep their keys with the engine.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import msgspec
from flask import Response, current_app, g, request
from sqlalchemy import text
from sqlalchemy.orm import Session

from market.core import db
from market.core.config import Settings
from market.core.errors import InvalidInput, KeyInFlight, KeyReused, Refusal

_KEY = re.compile(r"^[\x21-\x7e]{1,255}$")
_KEPT_HEADERS = ("ETag", "Location", "Content-Type")

_LOCK_SQL = text("SELECT pg_try_advisory_xact_lock(hashtextextended(:name, 0))")
_FIND_SQL = text("SELECT id, route, body_hash, status, response, headers FROM idempotency_keys"
                 " WHERE scope = :scope AND key = :key")  # fmt: skip
_REPLAY_SQL = text("UPDATE idempotency_keys SET replays = replays + 1 WHERE id = :id")
_KEEP_SQL = text(
    "INSERT INTO idempotency_keys (scope, key, route, body_hash, status, response, headers)"
    " VALUES (:scope, :key, :route, :body_hash, :status, :response, :headers)"
)


class KeyMissing(InvalidInput):
    """A POST that moves water or money came without an Idempotency-Key."""

    code = "idempotency_key_missing"
    status = 400
    title_en = "An Idempotency-Key header is required"
    title_zh = "需要 Idempotency-Key 请求头"


def required_key() -> str:
    """The request's key: 1 to 255 visible ASCII characters. Errors: KeyMissing."""
    key = request.headers.get("Idempotency-Key", "")
    if not _KEY.match(key):
        raise KeyMissing("send an Idempotency-Key of 1 to 255 visible ASCII characters")
    return key


def once(scope: int, perform: Callable[[], Response], settings: Callable[[], Settings]) -> Response:
    """Performs a request, or replays what its key was answered before. Errors: KeyMissing, KeyReused, KeyInFlight."""
    from market.api.http import body_hash, close_session, session

    key, digest = required_key(), body_hash()
    opened = session()
    if not opened.execute(_LOCK_SQL, {"name": f"key:{scope}:{key}"}).scalar():
        raise KeyInFlight("another request with this key is being worked on; ask again")
    found = opened.execute(_FIND_SQL, {"scope": scope, "key": key}).one_or_none()
    if found is not None:
        if found.body_hash != digest:
            raise KeyReused("the key was used for another request", pointer="/Idempotency-Key")
        opened.execute(_REPLAY_SQL, {"id": found.id})  # a replay writes, so that it too waits for the standby
        opened.commit()
        return _replay(found)
    g.idempotency = {"scope": scope, "key": key, "route": request.endpoint, "body_hash": digest}
    try:
        return perform()
    except Refusal as refusal:
        if refusal.status not in (409, 422) or isinstance(refusal, InvalidInput):
            raise
        close_session()
        response = current_app.make_response(current_app.handle_user_exception(refusal))
        with db.transaction(settings().url()) as own:
            own.execute(_LOCK_SQL, {"name": f"key:{scope}:{key}"})
            if own.execute(_FIND_SQL, {"scope": scope, "key": key}).one_or_none() is None:
                keep(own, response)
        return response


def keep(opened: Session, response: Response) -> None:
    """Keeps the answer to the request's key, if it has one, in the transaction of the change."""
    kept: dict[str, Any] | None = g.pop("idempotency", None)
    if kept is None:
        return
    headers = {name: response.headers[name] for name in _KEPT_HEADERS if name in response.headers}
    if "etag" in g:
        headers["ETag"] = g.etag
    opened.execute(
        _KEEP_SQL,
        kept
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
    response.headers["Idempotent-Replayed"] = "true"
    return response
