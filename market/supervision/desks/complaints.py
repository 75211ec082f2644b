"""Complaints of participants about a decision or a clerk: numbered, with a clock, decided by somebody else, answered.

A complaint waits at the desk of supervision like any other matter; its decision is the answer.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from market.core import audit, clock
from market.core.db import raw
from market.core.errors import NotFound
from market.participants.models import User
from market.supervision.desks import answering, docket, notices, rules
from market.supervision.desks.errors import ComplaintAbout
from market.supervision.desks.models import COMPLAINT, OPEN, Complaint, DeskReview


def number(found: Complaint) -> str:
    """How people call it."""
    return f"TS-{found.year}-{found.seq:04d}"


def file(
    session: Session, *, actor: audit.Actor, participant_id: int, notice_id: int | None, clerk_id: int | None,
    text: str,
) -> Complaint:  # fmt: skip
    """Files a complaint about the decision of a notice to the participant, or about somebody at the bureau.

    Errors: ComplaintAbout, NotFound.
    """
    if notice_id is None and clerk_id is None:
        raise ComplaintAbout(pointer="/notice_id")
    if notice_id is not None:
        addressees = {each for each, _ in notices.find(session, notice_id).addressees}
        if participant_id not in addressees:
            raise NotFound("there is no such notice", pointer="/notice_id")
    if clerk_id is not None:
        clerk = session.get(User, clerk_id)
        if clerk is None or clerk.participant_id is not None:
            raise NotFound("there is no such person at the bureau", pointer="/clerk_id")
    assert actor.user_id is not None
    year = clock.this_year()
    made = Complaint(
        year=year, seq=notices.next_number(raw(session), f"complaint-{year}"), participant_id=participant_id,
        notice_id=notice_id, clerk_id=clerk_id, text=text, filed_by=actor.user_id, filed_at=clock.now(),
    )  # fmt: skip
    session.add(made)
    session.flush()
    answering.done(session, actor=actor, number=made.id, act="filed")
    return made


def withdraw(session: Session, *, actor: audit.Actor, complaint_id: int) -> Complaint:
    """Takes a complaint back before it is answered. Errors: NotFound, ComplaintState."""
    found = answering.locked(session, complaint_id)
    found.status = answering.WITHDRAWN
    session.flush()
    answering.done(session, actor=actor, number=found.id, act="withdrawn")
    return found


def find(session: Session, complaint_id: int) -> Complaint:
    """A complaint. Errors: NotFound."""
    found = session.get(Complaint, complaint_id)
    if found is None:
        raise NotFound("there is no such complaint")
    return found


def listing(
    session: Session, *, participant_id: int | None, after: int | None = None, limit: int = 50
) -> list[Complaint]:
    """Complaints by id: of one participant, or all."""
    statement = select(Complaint).where(Complaint.id > (after or 0))
    if participant_id is not None:
        statement = statement.where(Complaint.participant_id == participant_id)
    return list(session.scalars(statement.order_by(Complaint.id).limit(limit)))


def clocks(session: Session, found: Sequence[Complaint]) -> dict[int, rules.Clock]:
    """The clock of each of these complaints that waits."""
    docket.keep(session)
    reviews = session.scalars(
        select(DeskReview)
        .where(DeskReview.kind == COMPLAINT, DeskReview.status == OPEN)
        .where(DeskReview.reference.in_([each.id for each in found]))
    ).all()
    running = docket.clocks_of(session, reviews)
    return {each.reference: running[each.id] for each in reviews}
