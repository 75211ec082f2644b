"""What was done, said twice in its transaction: to the audit trail, and as an event to whoever listens."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import psycopg
from sqlalchemy.orm import Session

from market.core import audit, outbox
from market.core.db import raw


def done(
    session: Session,
    *,
    actor: audit.Actor,
    source: str,
    kind: str,
    number: int,
    act: str,
    detail: dict[str, Any] | None = None,
) -> None:
    """Records `kind.act` on the row `number`, and publishes the topic `source.kind.act`.

    The event names the row only: whoever may read the detail asks for it.
    """
    connection, subject = raw(session), (kind, number)
    outbox.publish(connection, topic=f"{source}.{kind}.{act}", subject=subject)
    audit.record(connection, actor=actor, action=f"{kind}.{act}", subject=subject, detail=detail or {})


def done_many(
    connection: psycopg.Connection[Any],
    *,
    actor: audit.Actor,
    source: str,
    told: Sequence[tuple[str, str, Sequence[tuple[int, dict[str, Any]]]]],
) -> None:
    """As `done` for many rows: (kind, act, [(number, detail), …]), in order; the audit's head is locked last."""
    for kind, act, details in told:
        outbox.publish_many(
            connection,
            topic=f"{source}.{kind}.{act}",
            subject_type=kind,
            payloads=[(number, {}) for number, _ in details],
        )
    for kind, act, details in told:
        audit.record_many(connection, actor=actor, action=f"{kind}.{act}", subject_type=kind, details=details)
