"""Shapes of saving contracts: drafts, signatures, phases, dues."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from market.api.schemas.fields import LegalSource, Money, PublicId
from market.api.schemas.projects import KIND, MODE
from market.api.schemas.registry import text
from market.api.schemas.saving_terms import DIGEST, Terms, TermsWire
from market.contracts.contract_models import CONTRACT_STATES, DUE_KINDS, DUE_STATES, PHASES, VERSION_STATES


class ContractsQuery(Schema):
    """Which contracts."""

    status = fields.String(validate=validate.OneOf(CONTRACT_STATES))
    kind = fields.String(validate=KIND)
    mode = fields.String(validate=MODE)


class ContractIn(Schema):
    """A first draft, for a project whose proposal was chosen if it names one."""

    project_id = PublicId("prj", load_default=None, allow_none=True)
    terms = fields.Nested(Terms, required=True)


class AmendmentIn(Schema):
    """Another draft; once the contract is signed, from which day on it is to hold."""

    terms = fields.Nested(Terms, required=True)
    effective_on = fields.Date(load_default=None, allow_none=True)


class SavingSignIn(Schema):
    """The SHA-256 of the text that is signed, in hex."""

    sha256 = fields.String(required=True, validate=DIGEST)


class ContractReasonIn(Schema):
    """Why."""

    reason = fields.String(required=True, validate=text(1000))


class PhaseIn(Schema):
    """Which phase began when, and the paper that says so."""

    phase = fields.String(required=True, validate=validate.OneOf(PHASES))
    starts_on = fields.Date(required=True)
    document = fields.String(required=True, validate=text(500))


class SavingSignatureOut(Schema):
    """Who signed, under which mandate (null: for itself), and when."""

    participant_id = PublicId("par", required=True)
    user_id = PublicId("usr", required=True)
    mandate_id = PublicId("man", required=True, allow_none=True)
    sha256 = fields.String(required=True)
    signed_at = fields.AwareDateTime(required=True)


class ContractVersionOut(Schema):
    """A version: its number, its hash, from when on it holds, and who has signed it."""

    number = fields.Integer(required=True)
    sha256 = fields.String(required=True)
    effective_on = fields.Date(required=True)
    status = fields.String(required=True, validate=validate.OneOf(VERSION_STATES))
    drafted_at = fields.AwareDateTime(required=True)
    resolved_at = fields.AwareDateTime(required=True, allow_none=True)
    signatures = fields.List(fields.Nested(SavingSignatureOut), required=True)


class PhaseOut(PhaseIn):
    """A phase that a contract entered."""


class SavingContractOut(Schema):
    """A saving contract; `terms` are those of its last version that was not withdrawn."""

    id = PublicId("sct", required=True)
    project_id = PublicId("prj", required=True, allow_none=True)
    user_id = PublicId("par", required=True)
    kind = fields.String(required=True, validate=KIND)
    mode = fields.String(required=True, validate=MODE)
    title = fields.String(required=True)
    status = fields.String(required=True, validate=validate.OneOf(CONTRACT_STATES))
    deposit_held = Money(required=True)
    terms = fields.Nested(TermsWire, required=True)
    versions = fields.List(fields.Nested(ContractVersionOut), required=True)
    phases = fields.List(fields.Nested(PhaseOut), required=True)
    drafted_at = fields.AwareDateTime(required=True)
    signed_at = fields.AwareDateTime(required=True, allow_none=True)
    ended_on = fields.Date(required=True, allow_none=True)
    end_reason = fields.String(required=True, allow_none=True)
    version = fields.Integer(required=True)


class SavingContractPage(Schema):
    """A page of contracts."""

    data = fields.List(fields.Nested(SavingContractOut), required=True)
    has_more = fields.Boolean(required=True)


class ContractTextOut(Schema):
    """The text that is signed, and its hash."""

    text = fields.String(required=True)
    sha256 = fields.String(required=True)


class ContractPartyOut(Schema):
    """One who has a seat in a contract."""

    participant_id = PublicId("par", required=True)
    role = fields.String(required=True)
    name = fields.String(required=True)


class ContractPartiesOut(Schema):
    """Who has a seat in a contract, in the order that decides ties of a fen; the verifier last."""

    data = fields.List(fields.Nested(ContractPartyOut), required=True)


class PrintedContractOut(Schema):
    """A version on paper: the SHA-256 of both texts with a nil byte between them is in the text that is signed."""

    number = fields.Integer(required=True)
    zh = fields.String(required=True)
    en = fields.String(required=True)
    sha256 = fields.String(required=True)
    template_sha256 = fields.String(required=True)
    signed_sha256 = fields.String(required=True)


class DuesQuery(Schema):
    """Which dues."""

    contract_id = PublicId("sct")
    status = fields.String(validate=validate.OneOf(DUE_STATES))


class LateRuleOut(Schema):
    """Why it is due when it is, and what a late day costs: whether the ordinance on payments to small enterprises holds
    (`protected`), days to pay and the most that may be agreed, the rate, and the least one where there is one.
    """

    protected = fields.Boolean(required=True)
    days = fields.Integer(required=True)
    longest_days = fields.Integer(required=True, allow_none=True)
    rate = fields.String(required=True)
    floor = fields.String(required=True, allow_none=True)
    legal_source = LegalSource(required=True)


class DueOut(Schema):
    """What one party owes another; `interest` is what it costs beside itself if it is paid today, or cost when paid;
    `late_days` how many days after its last day that is.

    `set_off` of the amount was taken off against what the other owes in turn.
    """

    id = PublicId("due", required=True)
    contract_id = PublicId("sct", required=True)
    kind = fields.String(required=True, validate=validate.OneOf(DUE_KINDS))
    payer_id = PublicId("par", required=True)
    payee_id = PublicId("par", required=True)
    amount = Money(required=True)
    set_off = Money(required=True)
    interest = Money(required=True)
    arose_on = fields.Date(required=True)
    due_on = fields.Date(required=True)
    late_days = fields.Integer(required=True)
    late_rule = fields.Nested(LateRuleOut, required=True)
    status = fields.String(required=True, validate=validate.OneOf(DUE_STATES))
    paid_on = fields.Date(required=True, allow_none=True)


class DuePage(Schema):
    """A page of dues."""

    data = fields.List(fields.Nested(DueOut), required=True)
    has_more = fields.Boolean(required=True)
