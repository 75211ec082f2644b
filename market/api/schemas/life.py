"""Shapes of the life of an entitlement on the wire: steps, clocks, objections, documents, assessments."""

from __future__ import annotations

import base64
import binascii
from typing import Any

from marshmallow import Schema, ValidationError, fields, validate

from market.api.schemas.fields import LegalSource, PublicId, Volume
from market.api.schemas.personal import Guarded, Personal
from market.api.schemas.registry import EntitlementOut, Land, text
from market.participants.privacy import Kind
from market.registry.changes import MOST_PARTS
from market.registry.endings import GROUNDS
from market.registry.life_models import MEDIA_TYPES, MOST_BYTES, OBJECTION_STATES

_REASON = fields.String(required=True, validate=text(1000))
_SOURCE = fields.String(load_default=None, allow_none=True, validate=text(500))


class Base64(fields.Field[bytes]):
    """Bytes in base64 (RFC 4648 section 4, padded)."""

    def __init__(self, **options: Any) -> None:
        super().__init__(metadata={"description": "Base64 of the bytes.", "example": "JVBERi0="}, **options)

    def _serialize(self, value: Any, attr: str | None, obj: Any, **options: Any) -> str | None:
        return None if value is None else base64.b64encode(value).decode()

    def _deserialize(self, value: Any, attr: str | None, data: Any, **options: Any) -> bytes:
        if not isinstance(value, str) or len(value) > (MOST_BYTES + 2) // 3 * 4:
            raise ValidationError(f"must be base64 of at most {MOST_BYTES} bytes")
        try:
            return base64.b64decode(value, validate=True)
        except (binascii.Error, ValueError) as error:
            raise ValidationError("must be base64") from error


class EntitlementStepOut(Schema):
    """One step in the life of a right."""

    step = fields.String(required=True)
    name_en = fields.String(required=True)
    name_zh = fields.String(required=True)
    from_status = fields.String(required=True, allow_none=True)
    to_status = fields.String(required=True)
    at = fields.AwareDateTime(required=True)
    by = PublicId("usr", required=True, allow_none=True)
    reason = fields.String(required=True)
    legal_source = LegalSource(required=True)


class EntitlementStepList(Schema):
    """Every step of a right, oldest first."""

    data = fields.List(fields.Nested(EntitlementStepOut), required=True)
    has_more = fields.Boolean(required=True)


class LinkOut(Schema):
    """Litres a year that went from one right to another."""

    parent_id = PublicId("ent", required=True)
    child_id = PublicId("ent", required=True)
    volume = Volume(required=True)


class LineageOut(Schema):
    """What a right came out of, and what became of it: one generation each way."""

    entitlement_id = PublicId("ent", required=True)
    links = fields.List(fields.Nested(LinkOut), required=True)


class EntitlementAmendIn(Schema):
    """What is to change; the volume never rises."""

    volume = Volume(positive=True)
    land_mu = Land(allow_none=True)
    priority = fields.Integer(strict=True, validate=validate.Range(1, 9))
    basis = fields.String(validate=text(1000, 0))
    reason = _REASON
    legal_source = _SOURCE


class EntitlementSplitIn(Schema):
    """The volumes of the parts, which sum to the right's."""

    volumes = fields.List(Volume(positive=True), required=True, validate=validate.Length(2, MOST_PARTS))
    reason = _REASON


class EntitlementMergeIn(Schema):
    """The rights to merge, all of one holder and place."""

    entitlement_ids = fields.List(PublicId("ent"), required=True, validate=validate.Length(2, MOST_PARTS))
    reason = _REASON


class EntitlementTransferIn(Schema):
    """Who gets the right, and how much of it (none: all)."""

    participant_id = PublicId("par", required=True)
    volume = Volume(load_default=None, allow_none=True, positive=True)
    reason = _REASON
    legal_source = _SOURCE


class HeirIn(Schema):
    """An heir's part."""

    participant_id = PublicId("par", required=True)
    volume = Volume(required=True, positive=True)


class EntitlementInheritIn(Schema):
    """The heirs, whose parts are the whole."""

    heirs = fields.List(fields.Nested(HeirIn), required=True, validate=validate.Length(1, MOST_PARTS))
    reason = _REASON
    legal_source = _SOURCE


class SuccessorsOut(Schema):
    """The rights that came out of a change, each with its certificate."""

    data = fields.List(fields.Nested(EntitlementOut), required=True)
    has_more = fields.Boolean(required=True)


class EntitlementRenewIn(Schema):
    """The new last day."""

    valid_to = fields.Date(required=True)
    reason = _REASON


class EntitlementExcuseIn(Schema):
    """Until when the right need not be used, and why."""

    until = fields.Date(required=True)
    reason = _REASON


class EntitlementCancelIn(Schema):
    """Why a right ends: unused for two years, given up, or withdrawn."""

    grounds = fields.String(required=True, validate=validate.OneOf(GROUNDS))
    reason = _REASON


class ExpiredOut(Schema):
    """The rights that have expired now; `has_more`: ask again."""

    entitlement_ids = fields.List(PublicId("ent"), required=True)
    has_more = fields.Boolean(required=True)


class UnusedOut(Schema):
    """A permit that was not used for the years of the law."""

    id = PublicId("ent", required=True)
    participant_id = PublicId("par", required=True)
    certificate_number = fields.String(required=True)
    unused_since = fields.Date(required=True)
    last_used_on = fields.Date(required=True, allow_none=True)
    reached_on = fields.Date(required=True)


class UnusedPage(Schema):
    """A page of candidates for cancellation."""

    data = fields.List(fields.Nested(UnusedOut), required=True)
    has_more = fields.Boolean(required=True)


class PublishedOut(Schema):
    """An application that is published for objection; the applicant's name is masked."""

    id = PublicId("ent", required=True)
    applicant = fields.String(required=True)
    kind = fields.String(required=True)
    source = fields.String(required=True)
    sector = fields.String(required=True)
    township = fields.String(required=True)
    canal = fields.String(required=True)
    volume = Volume(required=True)
    valid_from = fields.Date(required=True)
    valid_to = fields.Date(required=True)
    published_on = fields.Date(required=True)
    objections_until = fields.Date(required=True)


class PublishedPage(Schema):
    """A page of published applications."""

    data = fields.List(fields.Nested(PublishedOut), required=True)
    has_more = fields.Boolean(required=True)


class ObjectionIn(Schema):
    """An objection to a published application; the bureau never objects, so the objector is who asks."""

    grounds = fields.String(required=True, validate=text(2000))


class ObjectionOut(Schema):
    """An objection and its decision."""

    id = PublicId("obj", required=True)
    entitlement_id = PublicId("ent", required=True)
    participant_id = PublicId("par", required=True)
    grounds = fields.String(required=True)
    status = fields.String(required=True)
    lodged_at = fields.AwareDateTime(required=True)
    decided_at = fields.AwareDateTime(required=True, allow_none=True)
    decision_reason = fields.String(required=True, allow_none=True)
    version = fields.Integer(required=True)


class ObjectionPage(Schema):
    """A page of objections."""

    data = fields.List(fields.Nested(ObjectionOut), required=True)
    has_more = fields.Boolean(required=True)


class ObjectionsQuery(Schema):
    """Which objections."""

    status = fields.String(validate=validate.OneOf(OBJECTION_STATES))


class PersonalBytes(Guarded, Base64):
    """The bytes of a paper."""


class DocumentIn(Schema):
    """A document: PDF, PNG or JPEG, at most 512 KiB."""

    name = fields.String(required=True, validate=text(200))
    media_type = fields.String(required=True, validate=validate.OneOf(MEDIA_TYPES))
    content = Base64(required=True)


class DocumentOut(Schema):
    """A document without its content."""

    id = PublicId("doc", required=True)
    entitlement_id = PublicId("ent", required=True)
    name = Personal(Kind.PAPER, required=True)
    media_type = fields.String(required=True)
    size_bytes = fields.Integer(required=True)
    sha256 = fields.String(required=True, metadata={"description": "In hexadecimal."})
    handed_in_at = fields.AwareDateTime(required=True)


class DocumentList(Schema):
    """The documents of a right."""

    data = fields.List(fields.Nested(DocumentOut), required=True)
    has_more = fields.Boolean(required=True)


class DocumentWithContent(DocumentOut):
    """A document with its content; null once it was erased."""

    content = PersonalBytes(Kind.PAPER, required=True)


class AssessmentIn(Schema):
    """An approved water-resource assessment of a project."""

    participant_id = PublicId("par", required=True)
    number = fields.String(required=True, validate=text(100))
    authority = fields.String(required=True, validate=text(200))
    project = fields.String(required=True, validate=text(200))
    approved_on = fields.Date(required=True)
    volume = Volume(required=True, positive=True)


class AssessmentOut(Schema):
    """A water-resource assessment."""

    id = PublicId("asm", required=True)
    participant_id = PublicId("par", required=True)
    number = fields.String(required=True)
    authority = fields.String(required=True)
    project = fields.String(required=True)
    approved_on = fields.Date(required=True)
    volume = Volume(required=True)
    recorded_at = fields.AwareDateTime(required=True)


class AssessmentPage(Schema):
    """A page of assessments."""

    data = fields.List(fields.Nested(AssessmentOut), required=True)
    has_more = fields.Boolean(required=True)


class AssessmentsQuery(Schema):
    """Whose assessments."""

    participant_id = PublicId("par")
