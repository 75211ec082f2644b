"""The desks of the bureau over HTTP: what waits at each, the file of each matter, and how it is decided."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from flask import Response
from sqlalchemy import select

from market.api.http import actor, blueprint, own_only, page, paging, session
from market.api.schemas import desks as shapes
from market.contracts.invoicing import names_of
from market.core import clock, ids
from market.core.errors import NotFound
from market.county.review_parts import APPROVED
from market.participants.names import masked
from market.supervision.desks import deciding, docket, hearings, matters, people, publishing, rules
from market.supervision.desks.errors import FileOpen
from market.supervision.desks.models import (
    DeskReview,
    DeskReviewStep,
    Notice,
    ReviewHearing,
    ReviewObjection,
)
from market.supervision.desks.people import Official

blp = blueprint("desk_reviews", "What waits at the desks of the bureau, and the file of each matter")
public = blueprint("published_reviews", "Matters that are published for objection before they are decided")
_RULE = (
    "code", "from_on", "publication_days", "objection", "publication_stops", "objection_stops", "hearing_stops",
    "silence", "four_eyes", "warn_days",
)  # fmt: skip


def official() -> Official:
    """Who acts at the bureau."""
    who = actor()
    return Official(who.audit, who.roles)


def decided(
    kind: str, reference: int, *, approved: bool, reason: str, legal_source: str = "",
    extra: Mapping[str, Any] | None = None, version: int | None = None,
) -> Any:  # fmt: skip
    """Decides on a matter for the route of its kind; None where it was only proposed. Errors: as `deciding.decide`."""
    return deciding.decide(
        session(), who=official(), kind=kind, reference=reference, approved=approved, reason=reason,
        legal_source=legal_source, extra=extra, version=version,
    )  # fmt: skip


def check_free(kind: str, reference: int) -> None:
    """Refuses who has an interest in a matter of another procedure, or stood aside. Errors: OwnInterest, Recused."""
    deciding.check_free(session(), who=official(), kind=kind, reference=reference)


@blp.route("/desks/<string:desk>/queue", methods=["GET"])
@blp.response(200, shapes.QueuePage)
def queue(desk: str) -> dict[str, Any]:
    """Everything that waits for a decision at a desk (trades, rights, contracts, supervision), oldest first."""
    if desk not in rules.ROLE_OF:
        raise NotFound("there is no such desk")
    where = paging("rvw")
    found = docket.queue(session(), desk, after=where.after, limit=where.limit + 1)
    return page(_queued(found), where.limit)


@blp.route("/desk-reviews/<rvw:desk_review_id>", methods=["GET"])
@blp.response(200, shapes.DeskReviewOut)
def get(desk_review_id: int) -> dict[str, Any]:
    """The file of one matter, with every step in it."""
    return _one(desk_review_id)


@blp.route("/desk-reviews/<rvw:desk_review_id>/decide", methods=["POST"])
@blp.arguments(shapes.DeskDecisionIn)
@blp.response(200, shapes.DeskReviewOut)
def decide(body: dict[str, Any], desk_review_id: int) -> dict[str, Any]:
    """Decide. Where the rule asks two persons the first proposes, and another confirms by deciding the same."""
    found = _found(desk_review_id)
    docket.locked(session(), desk_review_id)
    decided(
        found.kind, found.reference, approved=body["decision"] == APPROVED, reason=body["reason"],
        legal_source=body["legal_source"],
    )  # fmt: skip
    return _one(desk_review_id)


@blp.route("/desk-reviews/<rvw:desk_review_id>/return", methods=["POST"])
@blp.arguments(shapes.DeskReasonIn)
@blp.response(200, shapes.DeskReviewOut)
def give_back(body: dict[str, Any], desk_review_id: int) -> dict[str, Any]:
    """Return what a first person proposed."""
    deciding.give_back(session(), who=official(), review_id=desk_review_id, **body)
    return _one(desk_review_id)


@blp.route("/desk-reviews/<rvw:desk_review_id>/recuse", methods=["POST"])
@blp.arguments(shapes.DeskReasonIn)
@blp.response(200, shapes.DeskReviewOut)
def recuse(body: dict[str, Any], desk_review_id: int) -> dict[str, Any]:
    """Stand aside in a matter."""
    deciding.stand_aside(session(), who=official(), review_id=desk_review_id, **body)
    return _one(desk_review_id)


@blp.route("/desk-reviews/<rvw:desk_review_id>/hearings", methods=["POST"])
@blp.arguments(shapes.DeskReasonIn)
@blp.response(201, shapes.HearingOut)
def open_hearing(body: dict[str, Any], desk_review_id: int) -> dict[str, Any]:
    """Open a hearing: the clock stands still until it is closed, where the rule says so."""
    return _hearing(hearings.begin(session(), who=official(), review_id=desk_review_id, **body))


@blp.route("/hearings/<hrg:hearing_id>/close", methods=["POST"])
@blp.arguments(shapes.HearingRecordIn)
@blp.response(200, shapes.HearingOut)
def close_hearing(body: dict[str, Any], hearing_id: int) -> dict[str, Any]:
    """Close a hearing with its record."""
    return _hearing(hearings.end(session(), who=official(), hearing_id=hearing_id, **body))


@blp.route("/desk-reviews/<rvw:desk_review_id>/archive", methods=["GET"])
@blp.response(200, content_type="application/json")
def archived(desk_review_id: int) -> Response:
    """Everything of a closed file, as it was hashed (`archive_sha256` of the file)."""
    found = _found(desk_review_id)
    if found.archive is None:
        raise FileOpen
    return Response(found.archive, mimetype="application/json")


@blp.route("/review-objections/<rob:review_objection_id>/answer", methods=["POST"])
@blp.arguments(shapes.ReviewAnswerIn)
@blp.response(200, shapes.ReviewObjectionOut)
def answer_objection(body: dict[str, Any], review_objection_id: int) -> dict[str, Any]:
    """Answer an objection to a published matter."""
    made = publishing.answer(session(), who=official(), objection_id=review_objection_id, text=body["answer"])
    return _objection(made)


@public.route("/published-reviews", methods=["GET"])
@public.response(200, shapes.PublishedReviewPage)
def list_published() -> dict[str, Any]:
    """Matters that are published today, by id."""
    where = paging("rvw")
    found = publishing.published(session(), after=where.after, limit=where.limit + 1)
    names = names_of(session(), {party for each in found for party in each.parties})
    return page(
        [
            {
                "id": each.id, "kind": each.kind, "volume": each.litres, **_words(each),
                "parties": [masked(names[party]) for party in each.parties],
                "objection": docket.rule_on_file(each).objection, "published_until": each.published_until,
            }
            for each in found
        ],
        where.limit,
    )  # fmt: skip


@public.route("/published-reviews/<rvw:desk_review_id>/object", methods=["POST"])
@public.arguments(shapes.ReviewObjectionIn)
@public.response(201, shapes.ReviewObjectionOut)
def object_to(body: dict[str, Any], desk_review_id: int) -> dict[str, Any]:
    """Object to a published matter of others."""
    participant = own_only()
    if participant is None:
        raise NotFound("a participant objects")
    made = publishing.object_to(
        session(), actor=actor().audit, review_id=desk_review_id, participant_id=participant, **body
    )
    return _objection(made)


def _found(review_id: int) -> DeskReview:
    found = session().get(DeskReview, review_id, populate_existing=True)
    if found is None:
        raise NotFound("there is no such review")
    return found


def _words(review: DeskReview) -> dict[str, str]:
    zh, en = matters.WORDS[review.kind]
    return {"kind_zh": zh, "kind_en": en}


def _queued(found: Sequence[DeskReview]) -> list[dict[str, Any]]:
    clocks = docket.clocks_of(session(), found)
    standing_in: dict[str, list[int]] = {}
    for deputy in people.deputies(session(), on=clock.today(), limit=None):
        standing_in.setdefault(deputy.desk, []).append(deputy.deputy_id)
    made = []
    for each in found:
        rule, now = docket.rule_on_file(each), clocks[each.id]
        made.append(
            {
                "id": each.id, "desk": each.desk, "kind": each.kind, **_words(each),
                "subject_id": ids.public(matters.PREFIX_OF[each.kind], each.reference),
                "participant_ids": each.parties, "volume": each.litres, "amount": each.fen,
                "rule": {name: getattr(rule, name) for name in _RULE}
                | {"legal_source": rule.basis.source, "demonstration": rule.basis.demonstration},
                "may_decide": rules.ROLE_OF[each.desk], "deputy_ids": standing_in.get(each.desk, []),
                "since": docket.legal_day(each.began_at), "working_days": each.working_days or None,
                "due_on": now.due_on, "days_left": now.days_left, "colour": now.colour, "stopped_by": now.stopped_by,
                "stopped_since": now.stopped_since, "published_until": each.published_until,
                "proposed": each.proposed_decision, "proposed_by_id": each.proposed_by,
            }
        )  # fmt: skip
    return made


def _one(review_id: int) -> dict[str, Any]:
    found, db = _found(review_id), session()
    steps = db.scalars(
        select(DeskReviewStep).where(DeskReviewStep.review_id == review_id).order_by(DeskReviewStep.id)
    )
    objections = db.scalars(
        select(ReviewObjection).where(ReviewObjection.review_id == review_id).order_by(ReviewObjection.id)
    )
    notice = db.scalars(select(Notice.id).where(Notice.review_id == review_id)).one_or_none()
    (shown,) = _queued([found])
    return shown | {
        "status": found.status, "outcome": found.outcome, "decided_by_id": found.decided_by,
        "decided_for_id": found.decided_for, "closed_at": found.closed_at, "notice_id": notice,
        "archive_sha256": found.archive_sha256.hex() if found.archive_sha256 else None,
        "steps": [
            {
                "step": each.step, "at": each.at, "by_user_id": each.by_user, "for_user_id": each.for_user,
                "reason": each.reason, "legal_source": each.legal_source,
            }
            for each in steps
        ],
        "hearings": [_hearing(each) for each in hearings.of_reviews(db, [review_id])],
        "objections": [_objection(each) for each in objections],
    }  # fmt: skip


def _hearing(each: ReviewHearing) -> dict[str, Any]:
    names = ("id", "review_id", "reason", "opened_at", "closed_at", "record")
    return {name: getattr(each, name) for name in names}


def _objection(each: ReviewObjection) -> dict[str, Any]:
    names = ("id", "review_id", "participant_id", "grounds", "lodged_at", "answer", "answered_at")
    return {name: getattr(each, name) for name in names}
