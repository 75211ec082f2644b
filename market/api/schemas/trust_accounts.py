"""Shapes of trust accounts of saving contracts: balance, periods, the supplier's bills, movements."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from market.api.schemas.fields import Money, Price, PublicId
from market.api.schemas.registry import text
from market.api.schemas.saving_terms import DIGEST
from market.contracts.trust_models import BILL_STATES, MOVEMENT_KINDS, TRUST_PERIOD_STATES

SIGNED_MONEY = r"^-?(0|[1-9][0-9]{0,12})\.[0-9]{2}$"


class TrustPaymentIn(Schema):
    """How much is paid in: by the user in advance of fees, by the firm as a top-up."""

    amount = Money(required=True, positive=True)


class SupplierBillIn(Schema):
    """The supplier's bill for the water of some days, both in it, and the SHA-256 of the paper."""

    number = fields.String(required=True, validate=text(100))
    first_day = fields.Date(required=True)
    last_day = fields.Date(required=True)
    amount = Money(required=True, positive=True)
    document_sha256 = fields.String(required=True, validate=DIGEST)


class BillReasonIn(Schema):
    """Why a bill is taken back."""

    reason = fields.String(required=True, validate=text(1000))


class SupplierBillOut(Schema):
    """A bill of the supplier; it is paid out of the trust account before anybody else."""

    id = PublicId("tbl", required=True)
    contract_id = PublicId("sct", required=True)
    number = fields.String(required=True)
    first_day = fields.Date(required=True)
    last_day = fields.Date(required=True)
    amount = Money(required=True)
    document_sha256 = fields.String(required=True)
    status = fields.String(required=True, validate=validate.OneOf(BILL_STATES))
    presented_at = fields.AwareDateTime(required=True)
    resolved_at = fields.AwareDateTime(required=True, allow_none=True)
    withdrawal_reason = fields.String(required=True, allow_none=True)


class SupplierBillPage(Schema):
    """A page of bills."""

    data = fields.List(fields.Nested(SupplierBillOut), required=True)
    has_more = fields.Boolean(required=True)


class TrustPeriodOut(Schema):
    """A period: `full_fee` is T by the formula; what was set off against a missed guarantee, paid in advance, and is
    due make it up. Once settled: before + fee + top_up = supplier + upkeep + firm + after.

    Its days are from `starts_on` up to, without, `ends_on`.
    `user_gains`: what the baseline would have cost at `price`, less the full fee.
    """

    report_id = PublicId("srp", required=True)
    starts_on = fields.Date(required=True)
    ends_on = fields.Date(required=True)
    price = Price(required=True)
    baseline_bill = Money(required=True)
    full_fee = Money(required=True)
    set_off = Money(required=True)
    advance = Money(required=True)
    fee = Money(required=True)
    fee_due_id = PublicId("due", required=True, allow_none=True)
    fee_paid = fields.Boolean(required=True)
    status = fields.String(required=True, validate=validate.OneOf(TRUST_PERIOD_STATES))
    before = Money(required=True)
    top_up = Money(required=True)
    supplier = Money(required=True)
    upkeep = Money(required=True)
    firm = Money(required=True)
    after = Money(required=True)
    user_gains = fields.String(required=True, validate=validate.Regexp(SIGNED_MONEY))
    settled_at = fields.AwareDateTime(required=True, allow_none=True)


class TrustAccountOut(Schema):
    """The trust account of a contract under trusteeship. `advance`: paid in beforehand and used by no fee yet; `owed`:
    what the firm owes of missed guarantees, which reduces the next fee.
    """

    contract_id = PublicId("sct", required=True)
    balance = Money(required=True)
    advance = Money(required=True)
    owed = Money(required=True)
    open_bills = Money(required=True)
    periods = fields.List(fields.Nested(TrustPeriodOut), required=True)
    opened_at = fields.AwareDateTime(required=True)
    closed_at = fields.AwareDateTime(required=True, allow_none=True)


class TrustMovementOut(Schema):
    """Money into the account (advance, fee, top_up) or out of it, and the balance after it."""

    id = PublicId("tmv", required=True)
    kind = fields.String(required=True, validate=validate.OneOf(MOVEMENT_KINDS))
    participant_id = PublicId("par", required=True)
    amount = Money(required=True)
    balance = Money(required=True)
    bill_id = PublicId("tbl", required=True, allow_none=True)
    due_id = PublicId("due", required=True, allow_none=True)
    made_at = fields.AwareDateTime(required=True)


class TrustMovementPage(Schema):
    """A page of movements, oldest first."""

    data = fields.List(fields.Nested(TrustMovementOut), required=True)
    has_more = fields.Boolean(required=True)
