"""Requests counted and timed, by route and status, for Prometheus."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import cache

from flask import Flask, Response, g, request
from prometheus_client import Counter, Histogram

REQUESTS = Counter("karez_requests", "Requests answered", ("route", "method", "status"))
SECONDS = Histogram(
    "karez_request_seconds",
    "Time to answer",
    ("route",),
    buckets=(0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5),
)


@cache
def _counted(route: str, method: str, status: int) -> Callable[[], None]:
    return REQUESTS.labels(route, method, status).inc


@cache
def _timed(route: str) -> Callable[[float], None]:
    return SECONDS.labels(route).observe


def note(route: str, method: str, status: int, seconds: float) -> None:
    """Counts one answer."""
    _counted(route, method, status)()
    _timed(route)(seconds)


def register(app: Flask) -> None:
    """Hangs the counters into an app; what is tried out in a test county is not counted."""
    if app.config["KAREZ"].keys_url is not None:
        return

    @app.before_request
    def _start() -> None:
        g.started = time.perf_counter()

    @app.after_request
    def _count(response: Response) -> Response:
        seconds = time.perf_counter() - g.get("started", time.perf_counter())
        note(request.endpoint or "unknown", request.method, response.status_code, seconds)
        return response
