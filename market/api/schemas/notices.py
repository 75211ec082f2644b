"""Shapes of notices, of their service, and of complaints."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from market.api.schemas.desks import REASON
from market.api.schemas.fields import PublicId
from market.api.schemas.personal import Personal
from market.county.review_parts import APPROVED, DESKS, REFUSED
from market.participants.privacy import Kind
from market.supervision.desks.models import HOW_SERVED

COMPLAINT_STATES = ("filed", "upheld", "dismissed", "withdrawn")


class AddresseeOut(Schema):
    """Whom a notice is for; a participant reads its own name only."""

    participant_id = PublicId("par", required=True)
    name = Personal(Kind.NAME, of="participant_id", required=True)


class ServiceOut(Schema):
    """How, when, by whom and to whom a notice was served."""

    participant_id = PublicId("par", required=True)
    how = fields.String(required=True, validate=validate.OneOf(HOW_SERVED))
    served_on = fields.Date(required=True)
    served_by_id = PublicId("usr", required=True, allow_none=True)
    received_by = fields.String(required=True)
    recorded_at = fields.AwareDateTime(required=True)


class NoticeOut(Schema):
    """A decision in writing; `sha256` is that of both texts, zh first, with a line end between them."""

    id = PublicId("ntc", required=True)
    number = fields.String(required=True)
    desk = fields.String(required=True, validate=validate.OneOf(DESKS))
    review_id = PublicId("rvw", required=True)
    decision = fields.String(required=True, validate=validate.OneOf((APPROVED, REFUSED)))
    text_zh = fields.String(required=True)
    text_en = fields.String(required=True)
    sha256 = fields.String(required=True)
    remedy_days = fields.Integer(required=True)
    issued_by_id = PublicId("usr", required=True, allow_none=True)
    issued_at = fields.AwareDateTime(required=True)
    addressees = fields.List(fields.Nested(AddresseeOut), required=True)
    services = fields.List(fields.Nested(ServiceOut), required=True)


class NoticePage(Schema):
    """Notices."""

    data = fields.List(fields.Nested(NoticeOut), required=True)
    has_more = fields.Boolean(required=True)


class ServiceIn(Schema):
    """That a notice was served otherwise than on screen; `received_by`: who took it."""

    participant_id = PublicId("par", required=True)
    how = fields.String(required=True, validate=validate.OneOf(HOW_SERVED[1:]))
    served_on = fields.Date(required=True)
    received_by = fields.String(required=True, validate=validate.Length(min=1, max=200))


class ComplaintIn(Schema):
    """A complaint about the decision of a notice, or about a person at the bureau."""

    notice_id = PublicId("ntc", load_default=None, allow_none=True)
    clerk_id = PublicId("usr", load_default=None, allow_none=True)
    text = fields.String(required=True, validate=REASON)


class ComplaintOut(Schema):
    """A complaint, with its answer once it is decided."""

    id = PublicId("cpl", required=True)
    number = fields.String(required=True)
    participant_id = PublicId("par", required=True)
    notice_id = PublicId("ntc", required=True, allow_none=True)
    clerk_id = PublicId("usr", required=True, allow_none=True)
    text = fields.String(required=True)
    status = fields.String(required=True, validate=validate.OneOf(COMPLAINT_STATES))
    filed_at = fields.AwareDateTime(required=True)
    due_on = fields.Date(required=True, allow_none=True)
    colour = fields.String(required=True, allow_none=True)
    answer = fields.String(required=True, allow_none=True)
    answered_at = fields.AwareDateTime(required=True, allow_none=True)


class ComplaintPage(Schema):
    """Complaints."""

    data = fields.List(fields.Nested(ComplaintOut), required=True)
    has_more = fields.Boolean(required=True)
