"""Matters that are published for objection before they are decided: who objects, and what the desk answers.

Applications for rights and negotiated deals are published by rules of their own; this is of what a rule of the
section `reviews` has published.
"""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from market.core import audit, clock
from market.core.db import raw
from market.core.errors import NotFound
from market.registry import places
from market.supervision.desks import docket, people
from market.supervision.desks.errors import ObjectedBefore, ObjectionAnswered, ObjectionOpen, OwnMatter
from market.supervision.desks.models import OPEN, DeskReview, ReviewObjection
from market.supervision.desks.people import Official
from market.supervision.errors import ReasonMissing


def is_running(review: DeskReview) -> bool:
    """Whether a matter is published now; the last day is included."""
    return review.published_until is not None and clock.today() <= review.published_until


def published(session: Session, *, after: int | None = None, limit: int = 50) -> list[DeskReview]:
    """Matters to which one may object today, by id."""
    docket.keep(session)
    return list(
        session.scalars(
            select(DeskReview)
            .where(DeskReview.id > (after or 0), DeskReview.status == OPEN)
            .where(DeskReview.published_until >= clock.today())
            .order_by(DeskReview.id)
            .limit(limit)
        )
    )


def object_to(
    session: Session, *, actor: audit.Actor, review_id: int, participant_id: int, grounds: str
) -> ReviewObjection:
    """Another participant objects to a published matter, within its days.

    What is not published, or takes no objections, is not there for others.
    Errors: NotFound, ParticipantNotAdmitted, OwnMatter, ObjectedBefore.
    """
    review = session.get(DeskReview, review_id, with_for_update=True, populate_existing=True)
    if review is None or review.status != OPEN or not is_running(review):
        raise NotFound("there is no such published matter")
    if not docket.rule_on_file(review).objection:
        raise NotFound("nobody objects to this")
    places.check_admitted(raw(session), participant_id)
    if participant_id in review.parties:
        raise OwnMatter
    assert actor.user_id is not None
    made = ReviewObjection(
        review_id=review_id, participant_id=participant_id, grounds=grounds, lodged_by=actor.user_id,
        lodged_at=clock.now(),
    )  # fmt: skip
    try:
        with session.begin_nested():
            session.add(made)
            session.flush()
    except IntegrityError as error:
        if "uq_review_objections" not in str(error.orig):
            raise
        raise ObjectedBefore from error
    detail = {"objection": made.id}
    docket.note(session, review, "objected", by=actor.user_id, detail=detail)
    docket.tell(session, actor=actor, number=review.id, act="objected", detail=detail)
    return made


def answer(session: Session, *, who: Official, objection_id: int, text: str) -> ReviewObjection:
    """The desk answers an objection. Errors: NotFound, FileClosed, OtherDesk, OwnInterest, Recused, ReasonMissing,
    ObjectionAnswered.
    """
    known = session.get(ReviewObjection, objection_id)
    if known is None:
        raise NotFound("there is no such objection")
    review = docket.locked(session, known.review_id)
    seat = people.seat(session, who, review.desk)
    people.check_free(session, who, review)
    if not text.strip():
        raise ReasonMissing(pointer="/answer")
    found = session.get_one(ReviewObjection, objection_id, with_for_update=True, populate_existing=True)
    if found.answered_at is not None:
        raise ObjectionAnswered
    found.answer, found.answered_by, found.answered_at = text, who.user_id, clock.now()
    detail = {"objection": found.id}
    docket.note(session, review, "objection_answered", by=who.user_id, for_user=seat.member_id, detail=detail)
    docket.tell(session, actor=who.actor, number=review.id, act="objection_answered", detail=detail)
    return found


def check_answered(session: Session, review: DeskReview) -> None:
    """Errors: ObjectionOpen."""
    waiting = session.scalars(
        select(ReviewObjection.id)
        .where(ReviewObjection.review_id == review.id, ReviewObjection.answered_at.is_(None))
        .limit(1)
    ).one_or_none()
    if waiting is not None:
        raise ObjectionOpen
