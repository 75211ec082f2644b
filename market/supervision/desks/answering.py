"""The answer to a complaint."""

from __future__ import annotations

from functools import partial

from sqlalchemy.orm import Session

from market.core import acts, audit, clock
from market.core.errors import NotFound
from market.supervision.desks.errors import ComplaintState
from market.supervision.desks.models import COMPLAINT, Complaint

FILED, UPHELD, DISMISSED, WITHDRAWN = "filed", "upheld", "dismissed", "withdrawn"
done = partial(acts.done, source="supervision", kind=COMPLAINT)


def locked(session: Session, complaint_id: int) -> Complaint:
    """A complaint that waits, locked. Errors: NotFound, ComplaintState."""
    found = session.get(Complaint, complaint_id, with_for_update=True, populate_existing=True)
    if found is None:
        raise NotFound("there is no such complaint")
    if found.status != FILED:
        raise ComplaintState(f"it is {found.status}", available=found.status)
    return found


def answer(
    session: Session, *, actor: audit.Actor, complaint_id: int, upheld: bool, reason: str
) -> Complaint:
    """Answers a complaint. Errors: NotFound, ComplaintState."""
    found = locked(session, complaint_id)
    found.status = UPHELD if upheld else DISMISSED
    found.answer, found.answered_by, found.answered_at = reason, actor.user_id, clock.now()
    session.flush()
    done(session, actor=actor, number=found.id, act=found.status)
    return found
