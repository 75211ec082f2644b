"""Events: written in the transaction of the change, delivered after its commit."""

from __future__ import annotations

from typing import Any

import msgspec
import psycopg


def publish(
    connection: psycopg.Connection[Any],
    *,
    topic: str,
    subject: tuple[str, int],
    payload: dict[str, Any] | None = None,
) -> None:
    """Writes one event. Topics read `source.subject.action`; the payload holds references, not copies."""
    connection.execute(
        "INSERT INTO outbox (topic, subject_type, subject_id, payload) VALUES (%s, %s, %s, %s)",
        (topic, subject[0], subject[1], msgspec.json.encode(payload or {}).decode()),
    )
