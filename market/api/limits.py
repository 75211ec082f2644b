"""Rate limits: a generous one for everybody, a strict one where guesses could be tried. Counted per process.

Requests are counted in windows of a minute, by user, or by address where none is signed in: a made-up credential
counts for the address that sends it. A count is two dictionary look-ups: an order must not wait for it.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from functools import wraps
from typing import Any, NamedTuple, TypeVar, cast

from flask import Flask, current_app, g, request
from werkzeug.exceptions import TooManyRequests

from market.api.submitted import COUNTED
from market.participants.access import AccessActor

View = TypeVar("View", bound=Callable[..., Any])

WINDOW_S = 60
STRICT_PER_MINUTE = 20
_NAME = "karez-limits"


class Standing(NamedTuple):
    """Where somebody stands in this window: how many requests it has, how many are left (below nil: too many), and
    when the next begins.
    """

    limit: int
    remaining: int
    reset_s: int


class Counter:
    """Counts who asked how often in the running window."""

    def __init__(self, most: int) -> None:
        self.most = most
        self._counting = threading.Lock()
        self._window = -1
        self._counts: dict[str, int] = {}

    def count(self, who: str, now_s: float) -> Standing:
        """Counts one request."""
        window, within = divmod(int(now_s), WINDOW_S)
        with self._counting:
            if window != self._window:
                self._window, self._counts = window, {}
            asked = self._counts.get(who, 0) + 1
            self._counts[who] = asked
        return Standing(self.most, self.most - asked, WINDOW_S - within)


class _Counters(NamedTuple):
    every: Counter
    strict: Counter


def register(app: Flask, per_minute: int) -> None:
    """Gives an app its counters: at most so many requests a minute for each who asks; 0 is no limit of any kind."""
    if per_minute:
        app.extensions[_NAME] = _Counters(Counter(per_minute), Counter(STRICT_PER_MINUTE))


def count(who: AccessActor | None = None) -> None:
    """Counts the request for the user who asks, or for the address where none is known. Errors: TooManyRequests."""
    counted: Standing | None = request.environ.get(COUNTED)
    if counted is not None:
        _refuse(counted)
        return
    counters: _Counters | None = current_app.extensions.get(_NAME)
    if counters is not None:
        who_asks = _user(who) if who is not None else request.remote_addr or ""
        _refuse(counters.every.count(who_asks, time.monotonic()))


def count_user(app: Flask, who: AccessActor) -> Standing | None:
    """Counts a request outside of Flask's; None where there are no limits. Who gets less than nil is refused."""
    counters: _Counters | None = app.extensions.get(_NAME)
    return None if counters is None else counters.every.count(_user(who), time.monotonic())


def _user(who: AccessActor) -> str:
    return f"user {who.user_id}"


def _refuse(standing: Standing) -> None:
    g.rate = standing
    if standing.remaining < 0:
        raise TooManyRequests(f"at most {standing.limit} a minute", retry_after=standing.reset_s)


def headers(standing: Standing | None) -> list[tuple[str, str]]:
    """What a client is told about its limit."""
    if standing is None:
        return []
    return [
        ("RateLimit-Limit", str(standing.limit)),
        ("RateLimit-Remaining", str(max(standing.remaining, 0))),
        ("RateLimit-Reset", str(standing.reset_s)),
    ]


def strict(view: View) -> View:
    """Limits a route that guesses could be tried on, by address."""

    @wraps(view)
    def limited(*arguments: Any, **named: Any) -> Any:
        counters: _Counters | None = current_app.extensions.get(_NAME)
        if counters is not None:
            _refuse(counters.strict.count(request.remote_addr or "", time.monotonic()))
        return view(*arguments, **named)

    return cast(View, limited)
