"""Shapes of the directory of service firms, and of the credit record."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from market.api.schemas.fields import LegalSource, PublicId
from market.api.schemas.registry import text
from market.contracts.firm_models import (
    FIRM_STATES,
    PROJECT_KINDS,
    QUALIFICATION_KINDS,
    QUALIFICATION_STATES,
)
from market.county.watch_rows import FINDINGS
from market.participants.credit_models import APPEAL_STATES, ENTRY_KINDS, MOST_POINTS

KIND = validate.OneOf(PROJECT_KINDS)


class FirmsQuery(Schema):
    """Which listed firms: a part of the name or description, a kind of project, a kind of confirmed paper."""

    q = fields.String(validate=text(100))
    works_in = fields.String(validate=KIND)
    qualified = fields.String(validate=validate.OneOf(QUALIFICATION_KINDS))


class RegistrationsQuery(Schema):
    """Which registrations."""

    status = fields.String(validate=validate.OneOf(FIRM_STATES))


class FirmChangeIn(Schema):
    """What a firm says of itself."""

    about = fields.String(required=True, validate=text(4000))
    contact = fields.String(required=True, validate=text(500))
    works_in = fields.List(fields.String(validate=KIND), required=True, validate=validate.Length(1, 6))
    staff = fields.Integer(required=True, strict=True, validate=validate.Range(0, 1_000_000))


class FirmIn(FirmChangeIn):
    """A firm enters the directory."""

    founded_on = fields.Date(required=True)


class FirmDecisionIn(Schema):
    """Why."""

    reason = fields.String(required=True, validate=text(1000))


class QualificationIn(Schema):
    """A paper: what it is, its number and issuer, how long it is valid, the SHA-256 of its scan."""

    kind = fields.String(required=True, validate=validate.OneOf(QUALIFICATION_KINDS))
    name = fields.String(required=True, validate=text(200))
    number = fields.String(required=True, validate=text(100))
    issuer = fields.String(required=True, validate=text(200))
    valid_from = fields.Date(required=True)
    valid_to = fields.Date(load_default=None, allow_none=True)
    document_sha256 = fields.String(
        load_default=None, allow_none=True, validate=validate.Regexp(r"^[0-9a-f]{64}$")
    )


class QualificationOut(Schema):
    """A paper and whether the bureau has confirmed it; `valid`: confirmed, and its dates hold today."""

    id = PublicId("fql", required=True)
    kind = fields.String(required=True, validate=validate.OneOf(QUALIFICATION_KINDS))
    name = fields.String(required=True)
    number = fields.String(required=True)
    issuer = fields.String(required=True)
    valid_from = fields.Date(required=True)
    valid_to = fields.Date(required=True, allow_none=True)
    document_sha256 = fields.String(required=True, allow_none=True)
    status = fields.String(required=True, validate=validate.OneOf(QUALIFICATION_STATES))
    valid = fields.Boolean(required=True)
    decision_reason = fields.String(required=True, allow_none=True)


class CreditEntryOut(Schema):
    """An entry of a credit record; points below zero speak against."""

    id = PublicId("cre", required=True)
    participant_id = PublicId("par", required=True)
    kind = fields.String(required=True, validate=validate.OneOf(ENTRY_KINDS))
    points = fields.Integer(required=True)
    reason = fields.String(required=True)
    legal_source = LegalSource(required=True)
    recorded_at = fields.AwareDateTime(required=True)
    expires_on = fields.Date(required=True)
    withdrawn_at = fields.AwareDateTime(required=True, allow_none=True)
    withdrawal_reason = fields.String(required=True, allow_none=True)


class OwnCreditEntryOut(CreditEntryOut):
    """The same as whom it is about and the bureau see it. Of what came out of a case: its number, what was found, until
    which day it may be appealed against, and how the appeal stands.
    """

    finding = fields.String(required=True, allow_none=True, validate=validate.OneOf(FINDINGS))
    case_number = fields.String(required=True, allow_none=True)
    appeal_until = fields.Date(required=True, allow_none=True)
    appeal_id = PublicId("apl", required=True, allow_none=True)
    appeal_status = fields.String(required=True, allow_none=True, validate=validate.OneOf(APPEAL_STATES))


class FirmOut(Schema):
    """A firm as the public sees it: confirmed papers, and what counts of its credit record today."""

    id = PublicId("frm", required=True)
    participant_id = PublicId("par", required=True)
    name = fields.String(required=True)
    about = fields.String(required=True)
    contact = fields.String(required=True)
    works_in = fields.List(fields.String(validate=KIND), required=True)
    staff = fields.Integer(required=True)
    founded_on = fields.Date(required=True)
    status = fields.String(required=True, validate=validate.OneOf(FIRM_STATES))
    qualifications = fields.List(fields.Nested(QualificationOut), required=True)
    credit_points = fields.Integer(required=True)
    credit_entries = fields.List(fields.Nested(CreditEntryOut), required=True)


class RegistrationOut(FirmOut):
    """The same as the firm and the bureau see it: every paper, and what was decided."""

    submitted_at = fields.AwareDateTime(required=True)
    decided_at = fields.AwareDateTime(required=True, allow_none=True)
    decision_reason = fields.String(required=True, allow_none=True)
    version = fields.Integer(required=True)


class FirmPage(Schema):
    """A page of firms."""

    data = fields.List(fields.Nested(FirmOut), required=True)
    has_more = fields.Boolean(required=True)


class RegistrationPage(Schema):
    """A page of registrations."""

    data = fields.List(fields.Nested(RegistrationOut), required=True)
    has_more = fields.Boolean(required=True)


class CreditQuery(Schema):
    """Whose record."""

    participant_id = PublicId("par")


class CreditEntryIn(Schema):
    """An entry for (points above zero) or against a participant, until a day."""

    participant_id = PublicId("par", required=True)
    kind = fields.String(required=True, validate=validate.OneOf(ENTRY_KINDS))
    points = fields.Integer(
        required=True,
        strict=True,
        validate=[validate.Range(-MOST_POINTS, MOST_POINTS), validate.NoneOf((0,))],
    )
    reason = fields.String(required=True, validate=text(1000))
    legal_source = fields.String(required=True, validate=text(500))
    expires_on = fields.Date(required=True)


class CreditEntryPage(Schema):
    """A page of entries."""

    data = fields.List(fields.Nested(OwnCreditEntryOut), required=True)
    has_more = fields.Boolean(required=True)
