"""The review queue: trades that the county's rules put before a reviewer, approved or rejected with reasons."""

from __future__ import annotations

from sqlalchemy.orm import Session

from market.core import audit, clock, inbox, outbox
from market.core.db import raw
from market.settlement import instructions
from market.supervision.errors import ReasonMissing
from market.supervision.models import ReviewDecision

REFUSAL_IN_WRITING = "行政许可法 art. 38"


def approve(
    session: Session, *, actor: audit.Actor, instruction_id: int, reason: str, legal_source: str = ""
) -> None:
    """Settles the trade. Errors: NotFound, InstructionResolved, ReasonMissing."""
    _decide(session, actor, instruction_id, "approved", reason, legal_source)


def reject(
    session: Session, *, actor: audit.Actor, instruction_id: int, reason: str, legal_source: str = ""
) -> None:
    """Gives water, money and headroom back; the order is not revived. Errors: as `approve`."""
    _decide(session, actor, instruction_id, "rejected", reason, legal_source)


def _decide(
    session: Session, actor: audit.Actor, instruction_id: int, decision: str, reason: str, legal_source: str
) -> None:
    if not reason.strip():
        raise ReasonMissing(pointer="/reason")
    with clock.standing():  # the transfers, the instruction and the audit entry bear one instant
        _decide_now(session, actor, instruction_id, decision, reason, legal_source)


def _decide_now(
    session: Session, actor: audit.Actor, instruction_id: int, decision: str, reason: str, legal_source: str
) -> None:
    connection = raw(session)
    resolve = instructions.settle if decision == "approved" else instructions.reject
    freed = resolve(connection, instruction_id=instruction_id)
    session.add(
        ReviewDecision(
            instruction_id=instruction_id,
            decision=decision,
            reason=reason,
            legal_source=legal_source or REFUSAL_IN_WRITING,
            decided_by=actor.user_id,
        )
    )
    session.flush()  # the decision must stand before the audit entry that names it
    outbox.publish(
        connection, topic=f"supervision.review.{decision}", subject=("instruction", instruction_id)
    )
    if freed:
        inbox.put(connection, kind="rematch", actor=actor)
    audit.record(
        connection,
        actor=actor,
        action=f"review.{decision}",
        subject=("instruction", instruction_id),
        detail={"reason": reason, "legal_source": legal_source or REFUSAL_IN_WRITING},
    )
