"""What was done, said twice in its transaction: to the audit trail, and as an event to whoever listens."""

from __future__ import annotations

from typing import Any

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
