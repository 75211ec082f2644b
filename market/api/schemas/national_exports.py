"""Shapes of exports for a national system and of what it answered."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from market.api.schemas.fields import PublicId
from market.api.schemas.registry import text
from market.supervision.national.exports import MOST_LINES
from market.supervision.national.models import EXPORT_KINDS
from market.supervision.national.reconciliation import ACCEPTED, REJECTED, STATES

SHA256 = validate.Regexp(r"^[0-9a-f]{64}$")


class NationalExportIn(Schema):
    """Which records of which water year."""

    kind = fields.String(required=True, validate=validate.OneOf(EXPORT_KINDS))
    water_year = fields.Integer(required=True, strict=True, validate=validate.Range(2000, 2200))


class NationalExportOut(Schema):
    """An export; `sha256` is that of its content."""

    id = PublicId("exn", required=True)
    kind = fields.String(required=True, validate=validate.OneOf(EXPORT_KINDS))
    water_year = fields.Integer(required=True)
    records = fields.Integer(required=True)
    sha256 = fields.String(required=True, validate=SHA256)
    made_at = fields.AwareDateTime(required=True)


class NationalExportPage(Schema):
    """A page of exports."""

    data = fields.List(fields.Nested(NationalExportOut), required=True)
    has_more = fields.Boolean(required=True)


class NationalContentQuery(Schema):
    """In which format."""

    format = fields.String(load_default="json", validate=validate.OneOf(("json", "csv")))


class NationalLineIn(Schema):
    """What was said of one record; `values` are fields that are repeated, by their names in the field list."""

    record_no = fields.String(required=True, validate=text(200))
    status = fields.String(required=True, validate=validate.OneOf((ACCEPTED, REJECTED)))
    reason = fields.String(load_default=None, allow_none=True, validate=text(1000))
    national_no = fields.String(load_default=None, allow_none=True, validate=text(200))
    values = fields.Dict(
        keys=fields.String(validate=text(40)),
        values=fields.String(validate=validate.Length(max=200)),
        load_default=dict,
    )


class NationalAnswerIn(Schema):
    """An answer, line by line; each record once."""

    lines = fields.List(
        fields.Nested(NationalLineIn), required=True, validate=validate.Length(min=1, max=MOST_LINES)
    )


class NationalDifferenceOut(Schema):
    """A field that came back otherwise than it was sent."""

    field = fields.String(required=True)
    sent = fields.String(required=True, allow_none=True)
    answered = fields.String(required=True, allow_none=True)


class NationalRecordOut(Schema):
    """How one record stands; unknown: it was answered and never sent."""

    record_no = fields.String(required=True)
    status = fields.String(required=True, validate=validate.OneOf(STATES))
    reason = fields.String(required=True, allow_none=True)
    national_no = fields.String(required=True, allow_none=True)
    differences = fields.List(fields.Nested(NationalDifferenceOut), required=True)


class ReconciliationOut(Schema):
    """An export against all that came back; of a record the newest line counts."""

    export_id = PublicId("exn", required=True)
    answers = fields.Integer(required=True)
    accepted = fields.Integer(required=True)
    rejected = fields.Integer(required=True)
    unanswered = fields.Integer(required=True)
    never_sent = fields.Integer(required=True, data_key="unknown", attribute="unknown")
    differing = fields.Integer(required=True)
    records = fields.List(fields.Nested(NationalRecordOut), required=True)
