"""Shapes of the bureau's desks: queues, files, hearings, objections, interests, deputies, where something stands."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from market.api.schemas.fields import LegalSource, Money, PublicId, Volume
from market.county.review_parts import APPROVED, DESKS, REFUSED, SILENCES
from market.supervision.desks.models import KINDS, OUTCOMES, RELATIONS, STEPS
from market.supervision.desks.rules import COLOURS, STOPS
from market.supervision.desks.standing import STAGES, TURNS

REASON = validate.Length(min=3, max=2000)


class DeskRuleOut(Schema):
    """The county's rule by which a matter came before the desk, as it was when it began."""

    code = fields.String(required=True)
    from_on = fields.Date(required=True, allow_none=True)
    publication_days = fields.Integer(required=True)
    objection = fields.Boolean(required=True)
    publication_stops = fields.Boolean(required=True)
    objection_stops = fields.Boolean(required=True)
    hearing_stops = fields.Boolean(required=True)
    silence = fields.String(required=True, validate=validate.OneOf(SILENCES))
    four_eyes = fields.Boolean(required=True)
    warn_days = fields.Integer(required=True)
    legal_source = LegalSource(required=True)
    demonstration = fields.Boolean(required=True)


class DeskStepOut(Schema):
    """A step in a file. `for_user_id`: the member for whom a deputy acted."""

    step = fields.String(required=True, validate=validate.OneOf(STEPS))
    at = fields.AwareDateTime(required=True)
    by_user_id = PublicId("usr", required=True, allow_none=True)
    for_user_id = PublicId("usr", required=True, allow_none=True)
    reason = fields.String(required=True)
    legal_source = LegalSource(required=True)


class HearingOut(Schema):
    """A hearing, with its record once it is closed."""

    id = PublicId("hrg", required=True)
    review_id = PublicId("rvw", required=True)
    reason = fields.String(required=True)
    opened_at = fields.AwareDateTime(required=True)
    closed_at = fields.AwareDateTime(required=True, allow_none=True)
    record = fields.String(required=True, allow_none=True)


class ReviewObjectionOut(Schema):
    """What another participant says against a published matter, and the desk's answer."""

    id = PublicId("rob", required=True)
    review_id = PublicId("rvw", required=True)
    participant_id = PublicId("par", required=True)
    grounds = fields.String(required=True)
    lodged_at = fields.AwareDateTime(required=True)
    answer = fields.String(required=True, allow_none=True)
    answered_at = fields.AwareDateTime(required=True, allow_none=True)


class QueuedOut(Schema):
    """A matter at a desk. `days_left`: working days, below zero where it is overdue; `may_decide`: role, and deputies.

    `colour`: green in time, yellow soon due, red overdue, grey stopped or without a clock. `stopped_by` law: a hearing
    or dispute over an application, as its steps show.
    """

    id = PublicId("rvw", required=True)
    desk = fields.String(required=True, validate=validate.OneOf(DESKS))
    kind = fields.String(required=True, validate=validate.OneOf(KINDS))
    kind_zh = fields.String(required=True)
    kind_en = fields.String(required=True)
    subject_id = fields.String(required=True)
    participant_ids = fields.List(PublicId("par"), required=True)
    volume = Volume(required=True, allow_none=True)
    amount = Money(required=True, allow_none=True)
    rule = fields.Nested(DeskRuleOut, required=True)
    may_decide = fields.String(required=True)
    deputy_ids = fields.List(PublicId("usr"), required=True)
    since = fields.Date(required=True)
    working_days = fields.Integer(required=True, allow_none=True)
    due_on = fields.Date(required=True, allow_none=True)
    days_left = fields.Integer(required=True, allow_none=True)
    colour = fields.String(required=True, validate=validate.OneOf(COLOURS))
    stopped_by = fields.String(required=True, allow_none=True, validate=validate.OneOf(STOPS))
    stopped_since = fields.Date(required=True, allow_none=True)
    published_until = fields.Date(required=True, allow_none=True)
    proposed = fields.String(required=True, allow_none=True, validate=validate.OneOf((APPROVED, REFUSED)))
    proposed_by_id = PublicId("usr", required=True, allow_none=True)


class QueuePage(Schema):
    """What waits at a desk, in the order in which it came."""

    data = fields.List(fields.Nested(QueuedOut), required=True)
    has_more = fields.Boolean(required=True)


class DeskReviewOut(QueuedOut):
    """The file of a matter: what was done in it, and once it is closed its outcome and the hash of its archive."""

    status = fields.String(required=True, validate=validate.OneOf(("open", "closed")))
    outcome = fields.String(required=True, allow_none=True, validate=validate.OneOf(OUTCOMES))
    decided_by_id = PublicId("usr", required=True, allow_none=True)
    decided_for_id = PublicId("usr", required=True, allow_none=True)
    closed_at = fields.AwareDateTime(required=True, allow_none=True)
    archive_sha256 = fields.String(required=True, allow_none=True)
    notice_id = PublicId("ntc", required=True, allow_none=True)
    steps = fields.List(fields.Nested(DeskStepOut), required=True)
    hearings = fields.List(fields.Nested(HearingOut), required=True)
    objections = fields.List(fields.Nested(ReviewObjectionOut), required=True)


class DeskDecisionIn(Schema):
    """A decision with its reason; `legal_source` where it is not the usual one."""

    decision = fields.String(required=True, validate=validate.OneOf((APPROVED, REFUSED)))
    reason = fields.String(required=True, validate=REASON)
    legal_source = fields.String(load_default="", validate=validate.Length(max=500))


class DeskReasonIn(Schema):
    """Why."""

    reason = fields.String(required=True, validate=REASON)


class HearingRecordIn(Schema):
    """The record of a hearing."""

    record = fields.String(required=True, validate=validate.Length(min=3, max=20000))


class PublishedReviewOut(Schema):
    """A matter that is published for objection; names are masked."""

    id = PublicId("rvw", required=True)
    kind = fields.String(required=True, validate=validate.OneOf(KINDS))
    kind_zh = fields.String(required=True)
    kind_en = fields.String(required=True)
    parties = fields.List(fields.String(), required=True)
    volume = Volume(required=True, allow_none=True)
    objection = fields.Boolean(required=True)
    published_until = fields.Date(required=True)


class PublishedReviewPage(Schema):
    """Published matters."""

    data = fields.List(fields.Nested(PublishedReviewOut), required=True)
    has_more = fields.Boolean(required=True)


class ReviewObjectionIn(Schema):
    """What speaks against it."""

    grounds = fields.String(required=True, validate=REASON)


class ReviewAnswerIn(Schema):
    """The desk's answer."""

    answer = fields.String(required=True, validate=REASON)


class InterestIn(Schema):
    """A participant in whom one has an interest."""

    participant_id = PublicId("par", required=True)
    relation = fields.String(required=True, validate=validate.OneOf(RELATIONS))


class InterestOut(Schema):
    """A declared interest of somebody at the bureau."""

    id = PublicId("itr", required=True)
    user_id = PublicId("usr", required=True)
    participant_id = PublicId("par", required=True)
    relation = fields.String(required=True, validate=validate.OneOf(RELATIONS))
    declared_at = fields.AwareDateTime(required=True)
    ended_at = fields.AwareDateTime(required=True, allow_none=True)


class InterestPage(Schema):
    """Declared interests."""

    data = fields.List(fields.Nested(InterestOut), required=True)
    has_more = fields.Boolean(required=True)


class DeputyIn(Schema):
    """Who stands in for whom at which desk, on which days, both included."""

    desk = fields.String(required=True, validate=validate.OneOf(DESKS))
    member_id = PublicId("usr", required=True)
    deputy_id = PublicId("usr", required=True)
    from_on = fields.Date(required=True)
    to_on = fields.Date(required=True)
    reason = fields.String(required=True, validate=REASON)


class DeputyOut(Schema):
    """An appointment of a deputy."""

    id = PublicId("dpt", required=True)
    desk = fields.String(required=True, validate=validate.OneOf(DESKS))
    member_id = PublicId("usr", required=True)
    deputy_id = PublicId("usr", required=True)
    from_on = fields.Date(required=True)
    to_on = fields.Date(required=True)
    reason = fields.String(required=True)
    appointed_at = fields.AwareDateTime(required=True)
    revoked_at = fields.AwareDateTime(required=True, allow_none=True)


class DeputyPage(Schema):
    """Appointments of deputies."""

    data = fields.List(fields.Nested(DeputyOut), required=True)
    has_more = fields.Boolean(required=True)


class StandingOut(Schema):
    """Where something stands, whose turn it is, and until which day; `due_on` null: no day is set, or it is stopped."""

    stage = fields.String(required=True, validate=validate.OneOf(tuple(STAGES)))
    stage_zh = fields.String(required=True)
    stage_en = fields.String(required=True)
    turn = fields.String(required=True, validate=validate.OneOf(TURNS))
    since = fields.Date(required=True, allow_none=True)
    due_on = fields.Date(required=True, allow_none=True)
    days_left = fields.Integer(required=True, allow_none=True)
    colour = fields.String(required=True, validate=validate.OneOf(COLOURS))
    stopped_by = fields.String(required=True, allow_none=True, validate=validate.OneOf(STOPS))
    desk = fields.String(required=True, allow_none=True, validate=validate.OneOf(DESKS))
    rule = fields.String(required=True, allow_none=True)
    legal_source = LegalSource(required=True, allow_none=True)
    review_id = PublicId("rvw", required=True, allow_none=True)
    notice_id = PublicId("ntc", required=True, allow_none=True)
    notice_number = fields.String(required=True, allow_none=True)
    remedy_until = fields.Date(required=True, allow_none=True)
