"""Health and metrics."""

from __future__ import annotations

import os
from typing import Any

from flask import Response
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector
from sqlalchemy import text

from market.api.http import blueprint, exchange, session
from market.api.schemas import health as shapes
from market.core.errors import Unavailable

blp = blueprint("health", "Health and metrics")
blp.url_prefix = ""


@blp.route("/healthz", methods=["GET"])
@blp.response(200, shapes.HealthOut)
def healthz() -> dict[str, Any]:
    """Whether this process answers."""
    return {"status": "ok"}


@blp.route("/readyz", methods=["GET"])
@blp.response(200, shapes.HealthOut)
def readyz() -> dict[str, Any]:
    """Whether the database and the engine answer too."""
    session().execute(text("SELECT 1"))
    if not exchange().answers():
        raise Unavailable("the engine does not answer")
    return {"status": "ok"}


@blp.route("/metrics", methods=["GET"])
@blp.response(200, content_type="text/plain", description="Prometheus text")
def metrics() -> Response:
    """Counters and latencies, of all workers where these share a folder, for Prometheus."""
    registry: CollectorRegistry = REGISTRY
    if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
        registry = CollectorRegistry()
        MultiProcessCollector(registry)
    return Response(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)
