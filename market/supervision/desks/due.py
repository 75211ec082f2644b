"""What the clock does at the desks: warns before a review is due, and has silence mean what the rule says, once."""

from __future__ import annotations

import structlog
from sqlalchemy import select
from sqlalchemy.orm import Session

from market.core import audit, clock, db
from market.core.errors import Refusal
from market.county.review_parts import APPROVED, NOTHING, REFUSED, SUPERVISION_DESK
from market.supervision.desks import docket, rules
from market.supervision.desks.deciding import conclude, is_ripe
from market.supervision.desks.models import INSTRUCTION, OPEN, OWN_PROCEDURE, DeskReview

log = structlog.get_logger("reviews")
SILENCE = "期限届满未作决定 nobody decided in time"


def found(session: Session) -> list[int]:
    """The open files that are soon due and unwarned, or overdue and untouched by the clock, oldest first."""
    docket.keep(session)
    waiting = session.scalars(
        select(DeskReview)
        .where(DeskReview.status == OPEN, DeskReview.silence_at.is_(None))
        .order_by(DeskReview.id)
    ).all()
    clocks = docket.clocks_of(session, waiting)
    return [
        each.id
        for each in waiting
        if clocks[each.id].colour == rules.RED
        or (clocks[each.id].colour == rules.YELLOW and each.warned_at is None)
    ]


def run(url: str, *, actor: audit.Actor) -> int:
    """Attends to every file that is due, each in a transaction of its own; returns to how many.

    What a use case refuses stays for the next time and stops no other.
    """
    with db.transaction(url) as session:
        due = found(session)
    done = 0
    for number in due:
        try:
            with db.transaction(url) as session:
                attend(session, actor=actor, review_id=number)
            done += 1
        except Refusal as refusal:
            log.info("reviews.item_waits", item=number, code=refusal.code, detail=str(refusal))
    return done


def attend(session: Session, *, actor: audit.Actor, review_id: int) -> None:
    """Does to one file what is due by now; nothing where it was done before. Errors: NotFound, FileClosed, and those
    of the use case that silence has its effect by.
    """
    review = docket.locked(session, review_id)
    colour = docket.clocks_of(session, [review])[review.id].colour
    if colour == rules.YELLOW and review.warned_at is None:
        review.warned_at = clock.now()
        docket.note(session, review, "warned")
        docket.tell(session, actor=actor, number=review.id, act="due_soon")
    elif colour == rules.RED and review.silence_at is None:
        review.silence_at = clock.now()
        _silence(session, actor, review)


def _silence(session: Session, actor: audit.Actor, review: DeskReview) -> None:
    rule = docket.rule_on_file(review)
    if rule.silence in (APPROVED, REFUSED) and review.kind == INSTRUCTION and is_ripe(session, review):
        legal = rule.basis.source
        docket.note(
            session, review, "decided_by_silence", reason=SILENCE, legal_source=legal,
            detail={"decision": rule.silence, "rule": rule.code},
        )  # fmt: skip
        conclude(
            session, actor=actor, review=review, approved=rule.silence == APPROVED, reason=SILENCE,
            legal_source=legal, more={}, decided_by=None,
        )  # fmt: skip
        return
    # A call is settled whole, with everybody in it: silence never does that, it goes to the supervisor; so does what
    # is published still, or objected to without an answer.
    # What has steps of its own stays where these are taken.
    stays = review.desk == SUPERVISION_DESK or review.kind in OWN_PROCEDURE
    if rule.silence == NOTHING or stays:
        docket.note(session, review, "overdue", reason=SILENCE)
        docket.tell(session, actor=actor, number=review.id, act="overdue")
        return
    before = review.desk
    review.desk = SUPERVISION_DESK
    review.proposed_decision = review.proposed_extra = review.proposed_by = review.proposed_at = None
    docket.note(session, review, "escalated", reason=SILENCE, detail={"from": before})
    docket.tell(session, actor=actor, number=review.id, act="escalated", detail={"from": before})
