"""Events: written in the transaction of the change, delivered after its commit."""

from __future__ import annotations

from collections.abc import Sequence
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


def publish_many(
    connection: psycopg.Connection[Any],
    *,
    topic: str,
    subject_type: str,
    payloads: Sequence[tuple[int, dict[str, Any]]],
) -> None:
    """Writes one event for each (subject id, payload), in order, in one statement."""
    connection.execute(
        "INSERT INTO outbox (topic, subject_type, subject_id, payload)"
        " SELECT %s, %s, n.id, n.payload FROM unnest(%s::bigint[], %s::text[]) AS n (id, payload)",
        (
            topic,
            subject_type,
            [each[0] for each in payloads],
            [msgspec.json.encode(each[1]).decode() for each in payloads],
        ),
    )
