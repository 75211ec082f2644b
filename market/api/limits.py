"""Rate limits: a generous one for everything, a strict one for sign-in and application. In memory, per worker."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

from flask import request
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address

View = TypeVar("View", bound=Callable[..., Any])

STRICT = "20 per minute"


def _who() -> str:
    """Whoever sends a credential is counted by it, others by their address."""
    return request.headers.get("Authorization", "")[-32:] or get_remote_address()


limiter = Limiter(
    _who,
    headers_enabled=True,
    storage_uri="memory://",
    strategy="moving-window",
    # config RATELIMIT_ENABLED, RATELIMIT_DEFAULT come from the application's settings
)


def strict(view: View) -> View:
    """Limits a route that guesses could be tried on."""
    limited: Any = limiter.limit(STRICT, key_func=get_remote_address)(view)
    return cast(View, limited)
