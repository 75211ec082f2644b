"""Deciding at a desk: by whom, after what, by one person or two, in writing; and standing aside.

A decision, its notice, what it does and the closed file are one transaction. Sources: 行政许可法 arts 38, 45-48, 72.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
from sqlalchemy.orm import Session

from market.core import audit, clock
from market.core.db import raw
from market.core.errors import Refusal
from market.county.review_parts import APPROVED, REFUSED
from market.supervision.desks import archive, docket, matters, notices, people, publishing, rules
from market.supervision.desks.errors import (
    HearingRunning,
    NothingProposed,
    OtherThanProposed,
    PublicationRunning,
    SecondPerson,
)
from market.supervision.desks.models import RIGHT, DeskReview
from market.supervision.desks.people import Official, Seat
from market.supervision.errors import ReasonMissing
from market.supervision.reviews import REFUSAL_IN_WRITING

CONDITIONS_MET = "符合法定条件 the conditions of the law are met"
"""Why an application is granted that is confirmed without a remark (行政许可法 art. 38: who meets them is licensed)."""
_HEARD_SQL = "SELECT EXISTS (SELECT FROM review_hearings WHERE review_id = %s AND closed_at IS NULL)"


def decide(
    session: Session, *, who: Official, kind: str, reference: int, approved: bool, reason: str,
    legal_source: str = "", extra: Mapping[str, Any] | None = None, version: int | None = None,
) -> Any:  # fmt: skip
    """Decides on a matter; where its rule asks two persons, the first decision is a proposal and does nothing yet.

    `extra`: particulars of the decision, which a second person confirms too. What does not wait for a desk is left to
    its use case, which says why. Returns what the use case gave, None for a proposal.
    Errors: OtherDesk, OwnInterest, Recused, ReasonMissing, HearingRunning, PublicationRunning, ObjectionOpen,
    SecondPerson, OtherThanProposed, and those of the use case.
    """
    review, opened = docket.file_of(session, kind, reference)
    more = dict(extra or {}) | ({"expected_version": version} if version is not None else {})
    if review is None:
        return matters.carry_out(
            session, actor=who.actor, kind=kind, reference=reference, approved=approved, reason=reason,
            legal_source=legal_source, more=more,
        )  # fmt: skip
    seat = _admitted(session, who, review)
    said = reason.strip() or (CONDITIONS_MET if approved and kind == RIGHT else "")
    if not said:
        raise ReasonMissing(pointer="/reason")
    _check_ripe(session, review)
    legal = legal_source or REFUSAL_IN_WRITING
    decision = APPROVED if approved else REFUSED
    made = rules.Proposal(decision, _written(extra), who.user_id)
    match rules.turn(review.four_eyes, _proposal(review), made):
        case rules.Turn.PROPOSE:
            docket.tell_opened(session, opened)
            _propose(session, who, seat, review, made, said, legal)
            return None
        case rules.Turn.SAME_PERSON:
            raise SecondPerson(f"the rule {review.rule} asks two persons", rule=review.rule)
        case rules.Turn.NOT_WHAT_WAS_PROPOSED:
            raise OtherThanProposed(
                f"{review.proposed_decision} was proposed", available=review.proposed_decision
            )
    docket.note(
        session, review, "decided", by=who.user_id, for_user=seat.member_id, reason=said, legal_source=legal,
        detail={"decision": decision, **_plain(extra)},
    )  # fmt: skip
    return conclude(
        session, actor=who.actor, review=review, approved=approved, reason=said, legal_source=legal, more=more,
        decided_by=who.user_id, decided_for=seat.member_id, opened=opened,
    )  # fmt: skip


def conclude(
    session: Session, *, actor: audit.Actor, review: DeskReview, approved: bool, reason: str, legal_source: str,
    more: Mapping[str, Any], decided_by: int | None, decided_for: int | None = None,
    opened: docket.Opened | None = None,
) -> Any:  # fmt: skip
    """Carries a decision out, with its notice, and closes the locked file. Errors: those of the use case."""
    outcome = APPROVED if approved else REFUSED
    notice = notices.issue(
        session,
        review=review,
        decision=outcome,
        reason=reason,
        legal_source=legal_source,
        issued_by=decided_by,
    )
    done = matters.carry_out(
        session, actor=actor, kind=review.kind, reference=review.reference, approved=approved, reason=reason,
        legal_source=legal_source, more=more,
    )  # fmt: skip
    session.flush()  # the archive is made of what stands in the database
    closing = {
        "status": "closed", "outcome": outcome, "closed_at": clock.now(), "decided_by": decided_by,
        "decided_for": decided_for,
    }  # fmt: skip
    closed = archive.close(raw(session), [review.id], closing)
    session.expire(review)
    docket.tell_opened(session, opened or [])
    notices.issued(session, actor, notice)
    detail = {"notice": notice.id, "decided_for": decided_for, "sha256": closed[review.id]}
    docket.tell(session, actor=actor, number=review.id, act=outcome, detail=detail)
    return done


def check_free(session: Session, *, who: Official, kind: str, reference: int) -> None:
    """Refuses who has an interest in a matter of its own procedure, or stood aside. Errors: OwnInterest, Recused."""
    concerned = docket.parties_of(session, kind, reference) + people.objectors(session, kind, reference)
    people.check_interest(session, who, concerned)
    people.check_not_recused(session, who, kind, reference)


def _admitted(session: Session, who: Official, review: DeskReview) -> Seat:
    """The seat of somebody who may act on a file. Errors: OtherDesk, OwnInterest, Recused."""
    seat = people.seat(session, who, review.desk)
    people.check_free(session, who, review)
    return seat


def _check_ripe(session: Session, review: DeskReview) -> None:
    """Errors: HearingRunning, PublicationRunning, ObjectionOpen."""
    if raw(session).execute(_HEARD_SQL, (review.id,)).fetchone() == (True,):
        raise HearingRunning
    if publishing.is_running(review):
        raise PublicationRunning(
            f"it is published until {review.published_until}", limit=str(review.published_until)
        )
    publishing.check_answered(session, review)


def is_ripe(session: Session, review: DeskReview) -> bool:
    """Whether nothing has to come before a decision: no hearing, no days of publication, no answer to an objection."""
    try:
        _check_ripe(session, review)
    except Refusal:
        return False
    return True


def _plain(extra: Mapping[str, Any] | None) -> dict[str, Any]:
    found: dict[str, Any] = msgspec.to_builtins(dict(extra or {}), str_keys=True)
    return found


def _written(extra: Mapping[str, Any] | None) -> str:
    return msgspec.json.encode(_plain(extra), order="sorted").decode()


def _proposal(review: DeskReview) -> rules.Proposal | None:
    if review.proposed_by is None:
        return None
    return rules.Proposal(review.proposed_decision or "", review.proposed_extra or "", review.proposed_by)


def _propose(
    session: Session, who: Official, seat: Seat, review: DeskReview, made: rules.Proposal, reason: str, legal: str
) -> None:  # fmt: skip
    review.proposed_decision, review.proposed_extra = made.decision, made.extra
    review.proposed_by, review.proposed_at = made.by, clock.now()
    docket.note(
        session, review, "proposed", by=who.user_id, for_user=seat.member_id, reason=reason, legal_source=legal,
        detail={"decision": made.decision},
    )  # fmt: skip
    docket.tell(
        session, actor=who.actor, number=review.id, act="proposed", detail={"decision": made.decision}
    )


def give_back(session: Session, *, who: Official, review_id: int, reason: str) -> DeskReview:
    """A second person returns what was proposed; who proposed may take it back too.

    Errors: NotFound, FileClosed, OtherDesk, OwnInterest, Recused, NothingProposed, ReasonMissing.
    """
    review = docket.locked(session, review_id)
    seat = _admitted(session, who, review)
    if not reason.strip():
        raise ReasonMissing(pointer="/reason")
    if review.proposed_by is None:
        raise NothingProposed
    before = {"decision": review.proposed_decision, "proposed_by": review.proposed_by}
    review.proposed_decision = review.proposed_extra = review.proposed_by = review.proposed_at = None
    docket.note(
        session, review, "returned", by=who.user_id, for_user=seat.member_id, reason=reason, detail=before
    )
    docket.tell(session, actor=who.actor, number=review.id, act="returned", detail=before)
    return review


def stand_aside(session: Session, *, who: Official, review_id: int, reason: str) -> DeskReview:
    """Somebody stands aside in a matter: what they proposed falls, and they take no part any more.

    Errors: NotFound, FileClosed, OtherDesk, Recused, ReasonMissing.
    """
    review = docket.locked(session, review_id)
    seat = people.seat(session, who, review.desk)
    if not reason.strip():
        raise ReasonMissing(pointer="/reason")
    people.check_not_recused(session, who, review.kind, review.reference)
    if review.proposed_by == who.user_id:
        review.proposed_decision = review.proposed_extra = review.proposed_by = review.proposed_at = None
    docket.note(session, review, "recused", by=who.user_id, for_user=seat.member_id, reason=reason)
    docket.tell(session, actor=who.actor, number=review.id, act="recused")
    return review
