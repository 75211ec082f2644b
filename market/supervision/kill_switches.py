"""The kill switch: every open order of one participant, or of everybody, is ended, and new ones are refused until it
is lifted. Deals struck elsewhere are refused too. Trades that stand, and reviews of them, are left as they are.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import psycopg
from sqlalchemy import select
from sqlalchemy.orm import Session

from market.core import audit, clock, inbox, outbox
from market.core.db import bump_reference, raw
from market.core.errors import NotFound
from market.participants.models import Participant
from market.supervision import cancelling, register
from market.supervision.errors import ReasonMissing, SwitchLifted
from market.trading.models import Product
from market.trading.session_models import KillSwitch

REASON = "kill_switch"
"""The reason that orders ended by a kill switch carry."""

# Whoever has an order that it ends; where it is for one participant, that one, and also when it is lifted.
_TELL_SQL = """
INSERT INTO outbox (topic, subject_type, subject_id, payload)
SELECT %(topic)s, 'participant', n.id, %(payload)s FROM (
  SELECT o.participant_id AS id FROM orders o
  WHERE o.status = 'open' AND (%(product)s::bigint IS NULL OR o.product_id = %(product)s)
    AND %(participant)s::bigint IS NULL AND NOT %(lifted)s
  UNION SELECT %(participant)s WHERE %(participant)s IS NOT NULL) AS n ORDER BY n.id
"""

_PARTIES_SQL = """
INSERT INTO intervention_parties (intervention_id, participant_id)
SELECT DISTINCT %(intervention)s::bigint, o.participant_id FROM orders o
 WHERE o.status = 'open' AND (%(product)s::bigint IS NULL OR o.product_id = %(product)s)
   AND %(participant)s::bigint IS NULL
UNION SELECT %(intervention)s, %(participant)s WHERE %(participant)s::bigint IS NOT NULL
"""


def throw(
    session: Session,
    *,
    actor: audit.Actor,
    participant_id: int | None,
    product_id: int | None,
    reason: str,
    legal_source: str,
) -> KillSwitch:
    """Stops the orders of a participant (None: of everybody) in a product (None: in every one).

    New ones are refused from the commit on; the engine ends the open ones. Errors: NotFound, ReasonMissing.
    """
    register.check_reasons(reason, legal_source)
    for kind, number, pointer in (
        (Participant, participant_id, "/participant_id"),
        (Product, product_id, "/product_id"),
    ):
        if number is not None and session.get(kind, number) is None:
            raise NotFound(pointer=pointer)
    connection = raw(session)
    cancelling.lock_products(connection, product_id)
    payload: dict[str, Any] = {"reason": REASON}
    if participant_id is not None:
        payload["participant_id"] = participant_id
    item = inbox.put(connection, kind="cancel_orders", actor=actor, product_id=product_id, payload=payload)
    found = KillSwitch(
        participant_id=participant_id, product_id=product_id, reason=reason, legal_source=legal_source, inbox_id=item,
        thrown_by=actor.user_id, thrown_at=clock.now(),
    )  # fmt: skip
    session.add(found)
    session.flush()  # events and the record name it
    number = register.enter(
        session, actor=actor, kind="kill_switch", subject_id=found.id, reason=reason, legal_source=legal_source,
        at=found.thrown_at,
    )  # fmt: skip
    raw(session).execute(
        _PARTIES_SQL, {"intervention": number, "participant": participant_id, "product": product_id}
    )
    bump_reference(connection)
    _tell(connection, actor, found, "thrown", reason)
    return found


def lift(session: Session, *, actor: audit.Actor, kill_switch_id: int, reason: str) -> KillSwitch:
    """Lets orders in again; those that were ended stay ended. Errors: NotFound, ReasonMissing, SwitchLifted."""
    if not reason.strip():
        raise ReasonMissing(pointer="/reason")
    found = session.scalars(
        select(KillSwitch)
        .where(KillSwitch.id == kill_switch_id)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    ).one_or_none()
    if found is None:
        raise NotFound("there is no such kill switch")
    if found.lifted_at is not None:
        raise SwitchLifted
    found.lifted_by, found.lifted_at, found.lift_reason = actor.user_id, clock.now(), reason
    connection = raw(session)
    bump_reference(connection)
    _tell(connection, actor, found, "lifted", reason)
    return found


def listing(session: Session, *, before: int | None, limit: int) -> list[KillSwitch]:
    """Kill switches, the newest first."""
    statement = select(KillSwitch) if before is None else select(KillSwitch).where(KillSwitch.id < before)
    return list(session.scalars(statement.order_by(KillSwitch.id.desc()).limit(limit)))


def orders_ended(connection: psycopg.Connection[Any], switches: Sequence[KillSwitch]) -> dict[int, int]:
    """How many orders the engine has ended for each kill switch; those that it has not come to are missing."""
    rows = connection.execute(
        "SELECT id, (outcome::jsonb ->> 'cancelled')::bigint FROM inbox"
        " WHERE id = ANY (%s::bigint[]) AND done_at IS NOT NULL",
        ([each.inbox_id for each in switches],),
    ).fetchall()
    found = {item: ended for item, ended in rows if ended is not None}
    return {each.id: found[each.inbox_id] for each in switches if each.inbox_id in found}


def _tell(
    connection: psycopg.Connection[Any], actor: audit.Actor, found: KillSwitch, action: str, reason: str
) -> None:
    topic, subject = f"supervision.kill_switch.{action}", ("kill_switch", found.id)
    detail = {
        "participant_id": found.participant_id, "product_id": found.product_id, "reason": reason,
        "legal_source": found.legal_source,
    }  # fmt: skip
    outbox.publish(connection, topic=topic, subject=subject, payload=detail)
    wanted = {
        "topic": topic, "participant": found.participant_id, "product": found.product_id, "lifted": action == "lifted",
        "payload": f'{{"kill_switch": {found.id}}}',
    }  # fmt: skip
    connection.execute(_TELL_SQL, wanted)
    audit.record(connection, actor=actor, action=f"kill_switch.{action}", subject=subject, detail=detail)
