"""Hearings in a matter: opened with the reason, closed with the record; the clock stands still meanwhile.

Source: 行政许可法 arts 45-48. Over an application for a right the register holds them, as steps of the right.
"""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from market.core import clock
from market.core.errors import NotFound
from market.supervision.desks import docket, people
from market.supervision.desks.errors import HeardInTheRegister, HearingOver, HearingRunning
from market.supervision.desks.models import RENEWAL, RIGHT, ReviewHearing
from market.supervision.desks.people import Official
from market.supervision.errors import ReasonMissing


def begin(session: Session, *, who: Official, review_id: int, reason: str) -> ReviewHearing:
    """Opens a hearing. Errors: NotFound, FileClosed, OtherDesk, OwnInterest, Recused, ReasonMissing,
    HeardInTheRegister, HearingRunning.
    """
    review = docket.locked(session, review_id)
    seat = people.seat(session, who, review.desk)
    people.check_free(session, who, review)
    if review.kind in (RIGHT, RENEWAL):
        raise HeardInTheRegister
    if not reason.strip():
        raise ReasonMissing(pointer="/reason")
    made = ReviewHearing(review_id=review_id, reason=reason, opened_by=who.user_id, opened_at=clock.now())
    try:
        with session.begin_nested():
            session.add(made)
            session.flush()
    except IntegrityError as error:
        if "uq_review_hearings_open" not in str(error.orig):
            raise
        raise HearingRunning from error
    detail = {"hearing": made.id}
    docket.note(
        session,
        review,
        "hearing_opened",
        by=who.user_id,
        for_user=seat.member_id,
        reason=reason,
        detail=detail,
    )
    docket.tell(session, actor=who.actor, number=review.id, act="hearing_opened", detail=detail)
    return made


def end(session: Session, *, who: Official, hearing_id: int, record: str) -> ReviewHearing:
    """Closes a hearing with its record: the clock goes on. Errors: NotFound, FileClosed, OtherDesk, OwnInterest,
    Recused, ReasonMissing, HearingOver.
    """
    known = session.get(ReviewHearing, hearing_id)
    if known is None:
        raise NotFound("there is no such hearing")
    review = docket.locked(session, known.review_id)
    seat = people.seat(session, who, review.desk)
    people.check_free(session, who, review)
    if not record.strip():
        raise ReasonMissing(pointer="/record")
    found = session.get_one(ReviewHearing, hearing_id, with_for_update=True, populate_existing=True)
    if found.closed_at is not None:
        raise HearingOver
    found.closed_at, found.closed_by, found.record = clock.now(), who.user_id, record
    detail = {"hearing": found.id}
    docket.note(session, review, "hearing_closed", by=who.user_id, for_user=seat.member_id, detail=detail)
    docket.tell(session, actor=who.actor, number=review.id, act="hearing_closed", detail=detail)
    return found


def of_reviews(session: Session, review_ids: list[int]) -> list[ReviewHearing]:
    """The hearings of these files, oldest first."""
    wanted = select(ReviewHearing).where(ReviewHearing.review_id.in_(review_ids))
    return list(session.scalars(wanted.order_by(ReviewHearing.id)))
