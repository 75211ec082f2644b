"""Shapes of looks at personal data, of requests to erase it, and of the file with all of one's own."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from market.api.schemas.fields import LegalSource, PublicId
from market.api.schemas.registry import text
from market.participants.privacy import UNMASKABLE
from market.participants.privacy_models import ERASURES

FIELDS = tuple(str(each) for each in UNMASKABLE)


class UnmaskIn(Schema):
    """Which fields, for what, and on which legal basis (a law with its article, or an order with its number)."""

    fields_ = fields.List(
        fields.String(validate=validate.OneOf(FIELDS)),
        required=True,
        data_key="fields",
        validate=validate.Length(1, len(FIELDS)),
    )
    purpose = fields.String(required=True, validate=text(500, 5))
    legal_basis = fields.String(required=True, validate=text(300, 3))


class UnmaskedOut(Schema):
    """The fields that were asked for, the others null. Of an identity number its ends are all that is kept."""

    id = PublicId("umk", required=True)
    participant_id = PublicId("par", required=True)
    name = fields.String(required=True, allow_none=True)
    identity = fields.String(required=True, allow_none=True)
    contact = fields.String(required=True, allow_none=True)
    at = fields.AwareDateTime(required=True)


class DataAccessOut(Schema):
    """A look at personal data: by whom, in which roles, at what, and for what. What was seen is not kept."""

    id = PublicId("umk", required=True)
    participant_id = PublicId("par", required=True)
    user_id = PublicId("usr", required=True)
    roles = fields.List(fields.String(), required=True)
    fields_ = fields.List(fields.String(), required=True, data_key="fields")
    purpose = fields.String(required=True)
    legal_basis = fields.String(required=True)
    at = fields.AwareDateTime(required=True)


class DataAccessPage(Schema):
    """Looks at personal data, oldest first."""

    data = fields.List(fields.Nested(DataAccessOut), required=True)
    has_more = fields.Boolean(required=True)


class DataAccessQuery(Schema):
    """At whose data."""

    participant_id = PublicId("par")


class ErasureIn(Schema):
    """Whose data: one's own."""

    participant_id = PublicId("par", required=True)


class ErasureLineOut(Schema):
    """A kind of data: whether it was erased, or until which day which rule keeps it."""

    data = fields.String(required=True)
    erased = fields.Boolean(required=True)
    rule = fields.String(required=True, allow_none=True)
    keep_until = fields.Date(required=True, allow_none=True)
    legal_source = LegalSource(required=True, allow_none=True)


class ErasureRequestOut(Schema):
    """What became of a request; where something is kept, the rule that keeps it longest, its day and its source.

    `keep_until` is null where no day can be named yet: the participant still takes part.
    """

    id = PublicId("ers", required=True)
    participant_id = PublicId("par", required=True)
    asked_at = fields.AwareDateTime(required=True)
    status = fields.String(required=True, validate=validate.OneOf(ERASURES))
    rule = fields.String(required=True, allow_none=True)
    keep_until = fields.Date(required=True, allow_none=True)
    legal_source = LegalSource(required=True, allow_none=True)
    outcome = fields.List(fields.Nested(ErasureLineOut), required=True)
    open = fields.List(
        fields.String(),
        required=True,
        metadata={
            "description": "What the participant still takes part in: orders, rights, money and the like."
        },
    )


class ErasureRequestPage(Schema):
    """Requests to erase, oldest first."""

    data = fields.List(fields.Nested(ErasureRequestOut), required=True)
    has_more = fields.Boolean(required=True)


class DataQuery(Schema):
    """As one JSON document, or as a ZIP with a CSV file for each part."""

    format = fields.String(load_default="json", validate=validate.OneOf(("json", "zip")))
