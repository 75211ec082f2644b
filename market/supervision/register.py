"""The register of interventions: what the bureau did to the market, why, by whom, and whom it concerns."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Any, NamedTuple

import psycopg
from psycopg.rows import tuple_row
from sqlalchemy.orm import Session

from ledger.arrays import Bigints
from market.core import audit, outbox
from market.core.db import raw
from market.supervision.errors import ReasonMissing
from market.supervision.intervention_models import Intervention


def check_reasons(reason: str, legal_source: str) -> None:
    """An intervention carries its reason and its legal source. Errors: ReasonMissing."""
    if not reason.strip() or not legal_source.strip():
        raise ReasonMissing(pointer="/reason" if not reason.strip() else "/legal_source")


def enter(
    session: Session, *, actor: audit.Actor, kind: str, subject_id: int | None, reason: str, legal_source: str,
    at: dt.datetime,
) -> int:  # fmt: skip
    """Enters an intervention; returns its id."""
    made = Intervention(
        kind=kind, subject_id=subject_id, reason=reason, legal_source=legal_source, ordered_by=actor.user_id,
        ordered_at=at,
    )  # fmt: skip
    session.add(made)
    session.flush()  # whoever is concerned is written beside it
    return made.id


_CONCERN_SQL = """
INSERT INTO intervention_parties (intervention_id, participant_id)
SELECT %s, n.id FROM unnest(%s::bigint[]) AS n (id) ORDER BY n.id ON CONFLICT DO NOTHING RETURNING participant_id
"""


def concern(
    connection: psycopg.Connection[Any], intervention_id: int, topic: str, participants: Iterable[int]
) -> None:
    """Says whom an intervention concerns: they see it, and an event of this topic tells each of them."""
    with connection.cursor(row_factory=tuple_row) as cursor:
        told = cursor.execute(_CONCERN_SQL, (intervention_id, Bigints(set(participants)))).fetchall()
    outbox.publish_many(
        connection,
        topic=topic,
        subject_type="participant",
        payloads=[(participant, {"intervention_id": intervention_id}) for (participant,) in told],
    )


class Entry(NamedTuple):
    """An intervention as it is listed: what it is about, whom it concerns, and what it did.

    `state` is of its own kind; the ids are of what it is about, `orders` what it chose and `ended` what it ended.
    """

    id: int
    kind: str
    reason: str
    legal_source: str
    ordered_at: dt.datetime
    participants: int
    state: str
    halt_id: int | None
    reversal_id: int | None
    instruction_id: int | None
    kill_switch_id: int | None
    entitlement_id: int | None
    orders: int | None
    ended: int | None


# What became of each: a halt stands or is lifted, a cancellation runs or is done, a reversal is as it is.
_LIST_SQL = """
SELECT v.id, v.kind, v.reason, v.legal_source, v.ordered_at,
       (SELECT count(*) FROM intervention_parties p WHERE p.intervention_id = v.id),
       CASE v.kind WHEN 'halt' THEN CASE WHEN h.lifted_at IS NULL THEN 'in_force' ELSE 'lifted' END
                   WHEN 'kill_switch' THEN CASE WHEN k.lifted_at IS NULL THEN 'in_force' ELSE 'lifted' END
                   WHEN 'cancellation' THEN CASE WHEN i.done_at IS NULL THEN 'running' ELSE 'done' END
                   WHEN 'suspension' THEN CASE WHEN EXISTS (
                     SELECT FROM entitlement_steps n WHERE n.entitlement_id = s.entitlement_id AND n.id > s.id
                       AND n.from_status = 'suspended' AND n.to_status <> 'suspended') THEN 'lifted' ELSE 'in_force' END
                   ELSE r.status END,
       h.id, r.id, r.instruction_id, k.id, s.entitlement_id, c.orders, (i.outcome::jsonb ->> 'cancelled')::bigint
FROM interventions v
LEFT JOIN halts h ON v.kind = 'halt' AND h.id = v.subject_id
LEFT JOIN kill_switches k ON v.kind = 'kill_switch' AND k.id = v.subject_id
LEFT JOIN entitlement_steps s ON v.kind = 'suspension' AND s.id = v.subject_id
LEFT JOIN settlement_reversals r ON v.kind = 'reversal' AND r.id = v.subject_id
LEFT JOIN order_cancellations c ON v.kind = 'cancellation' AND c.id = v.id
LEFT JOIN inbox i ON i.id = coalesce(c.inbox_id, k.inbox_id)
WHERE (%(before)s::bigint IS NULL OR v.id < %(before)s)
  AND (%(kind)s::text IS NULL OR v.kind = %(kind)s)
  AND (%(participant)s::bigint IS NULL
       OR EXISTS (SELECT FROM intervention_parties p
                  WHERE p.intervention_id = v.id AND p.participant_id = %(participant)s))
ORDER BY v.id DESC LIMIT %(limit)s
"""


def listing(
    session: Session, *, before: int | None, limit: int, kind: str | None = None, participant_id: int | None = None
) -> list[Entry]:  # fmt: skip
    """Interventions, newest first; those that concern one participant, if it is named."""
    wanted = {"before": before, "limit": limit, "kind": kind, "participant": participant_id}
    with raw(session).cursor(row_factory=tuple_row) as cursor:
        return [Entry(*row) for row in cursor.execute(_LIST_SQL, wanted).fetchall()]


_OWN_ORDERS_SQL = """
SELECT cancellation_id, count(*) FROM order_cancellation_lines
WHERE cancellation_id = ANY (%s::bigint[]) AND participant_id = %s GROUP BY cancellation_id
"""
_UNTIL_SQL = """
SELECT v.id, h.until FROM interventions v JOIN halts h ON h.id = v.subject_id
WHERE v.kind = 'halt' AND v.id = ANY (%s::bigint[])
"""


def own_orders(session: Session, participant_id: int, numbers: Iterable[int]) -> dict[int, int]:
    """How many orders of a participant each of these cancellations chose."""
    with raw(session).cursor(row_factory=tuple_row) as cursor:
        return dict(cursor.execute(_OWN_ORDERS_SQL, (Bigints(set(numbers)), participant_id)).fetchall())


def untils(session: Session, numbers: Iterable[int]) -> dict[int, dt.datetime | None]:
    """Until when each of these halts stands at the latest."""
    with raw(session).cursor(row_factory=tuple_row) as cursor:
        return dict(cursor.execute(_UNTIL_SQL, (Bigints(set(numbers)),)).fetchall())
