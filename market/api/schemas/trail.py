"""Shapes of the audit trail."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from market.api.schemas.fields import PublicId
from market.api.schemas.personal import Personal
from market.core.audit import API, ENGINE
from market.participants.privacy import Kind

CHAINS = (API, ENGINE)
HEX_32 = validate.Regexp(r"^[0-9a-f]{64}$")
WORD = validate.Regexp(r"^[a-z_]{1,40}(\.[a-z_]{1,40}){0,3}\.?\*?$")


class AuditHeadOut(Schema):
    """The last entry of a chain at an instant, signed (Ed25519). Bytes are hexadecimal."""

    id = PublicId("auh", required=True)
    chain = fields.String(required=True, validate=validate.OneOf(CHAINS))
    seq = fields.Integer(required=True)
    hash = fields.String(required=True, validate=HEX_32)
    at = fields.String(
        required=True, metadata={"description": "The instant as it was signed: UTC, microseconds."}
    )
    key = fields.String(required=True, validate=HEX_32)
    key_fingerprint = fields.String(required=True)
    signature = fields.String(required=True, validate=validate.Regexp(r"^[0-9a-f]{128}$"))


class HeadPage(Schema):
    """A page of heads."""

    data = fields.List(fields.Nested(AuditHeadOut), required=True)
    has_more = fields.Boolean(required=True)


class EntryQuery(Schema):
    """What to look for. `action` may end in * for all that begin so; `subject` is any public id."""

    chain = fields.String(load_default=API, validate=validate.OneOf(CHAINS))
    action = fields.String(validate=WORD)
    subject = fields.String(validate=validate.Regexp(r"^[a-z]{3}_[0-9A-HJKMNP-TV-Z]{26}$"))
    user_id = PublicId("usr")
    participant_id = PublicId("par")
    request_id = fields.String(validate=validate.Length(min=1, max=128))
    since = fields.AwareDateTime()
    until = fields.AwareDateTime()


class ExportQuery(Schema):
    """From which instant on; without it, everything."""

    since = fields.AwareDateTime(load_default=None)


class EntryOut(Schema):
    """One entry: who, through which sign-in or key, for whom under which mandate, did what to what, and why.

    `detail` has what was there before and is after where that matters; numbers in it are of rows.
    """

    id = PublicId("aud", required=True)
    chain = fields.String(required=True, validate=validate.OneOf(CHAINS))
    seq = fields.Integer(required=True)
    at = fields.AwareDateTime(required=True)
    action = fields.String(required=True)
    subject_type = fields.String(required=True, allow_none=True)
    subject_id = fields.String(required=True, allow_none=True)
    user_id = PublicId("usr", required=True, allow_none=True)
    participant_id = PublicId("par", required=True, allow_none=True)
    mandate_id = PublicId("man", required=True, allow_none=True)
    sign_in_id = PublicId("sig", required=True, allow_none=True)
    api_key_id = PublicId("key", required=True, allow_none=True)
    request_id = fields.String(required=True, allow_none=True)
    detail = fields.Dict(required=True)
    previous = fields.String(required=True, validate=HEX_32)
    hash = fields.String(required=True, validate=HEX_32)


class EntryPage(Schema):
    """A page of entries."""

    data = fields.List(fields.Nested(EntryOut), required=True)
    has_more = fields.Boolean(required=True)


class SignInOut(Schema):
    """A sign-in; address and program are null once their time is over."""

    id = PublicId("sig", required=True)
    user_id = PublicId("usr", required=True)
    at = fields.AwareDateTime(required=True)
    address = Personal(Kind.PLACE, required=True)
    program = Personal(Kind.PLACE, required=True)
