"""Shapes of payments, refunds and payouts through a provider, and of reconciliation."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from market.api.schemas.fields import Money, PublicId
from market.api.schemas.payments import SIGNED_MONEY
from market.api.schemas.registry import text
from market.payments import gateway
from market.payments.gateway_models import (
    DIFFERENCE_KINDS,
    DIFFERENCE_STATES,
    PAYMENT_STATES,
    PAYOUT_STATES,
    REFUND_STATES,
)

WEB_ADDRESS = r"^https?://[A-Za-z0-9.:\[\]-]{1,255}(/[!-~]{0,700})?\Z"
DESTINATION = r"^[A-Za-z0-9_.-]{1,255}\Z"


class GatewayPaymentIn(Schema):
    """A deposit to begin. `return_url`: where a wallet or bank sends its payer back to."""

    amount = Money(required=True, positive=True)
    method = fields.String(required=True, validate=validate.OneOf(gateway.METHODS))
    capture = fields.String(load_default=gateway.AT_ONCE, validate=validate.OneOf(gateway.CAPTURES))
    return_url = fields.String(load_default=None, validate=validate.Regexp(WEB_ADDRESS))


class PayerAction(Schema):
    """What the payer has to do: open `url` (redirect), scan `url` as a code (qr), or pay with `secret` (confirm)."""

    kind = fields.String(required=True, validate=validate.OneOf(("redirect", "qr", "confirm")))
    url = fields.String(required=True, allow_none=True)
    secret = fields.String(required=True, allow_none=True)


class GatewayPaymentOut(Schema):
    """A deposit through the provider. `fee` is what the provider keeps, borne by the exchange."""

    id = PublicId("gpy", required=True)
    money_account_id = PublicId("mac", required=True)
    amount = Money(required=True)
    method = fields.String(required=True, validate=validate.OneOf(gateway.METHODS))
    capture = fields.String(required=True, validate=validate.OneOf(gateway.CAPTURES))
    status = fields.String(required=True, validate=validate.OneOf(PAYMENT_STATES))
    captured = Money(required=True)
    refunded = Money(required=True)
    fee = Money(required=True, allow_none=True)
    action = fields.Nested(PayerAction, required=True, allow_none=True)
    ending = fields.String(required=True, allow_none=True)
    failure_code = fields.String(required=True, allow_none=True)
    provider_reference = fields.String(required=True, allow_none=True)
    started_at = fields.AwareDateTime(required=True)
    expires_at = fields.AwareDateTime(required=True)
    captured_at = fields.AwareDateTime(required=True, allow_none=True)


class GatewayPaymentPage(Schema):
    """A page of deposits through the provider."""

    data = fields.List(fields.Nested(GatewayPaymentOut), required=True)
    has_more = fields.Boolean(required=True)


class GatewayPaymentsQuery(Schema):
    """Which deposits."""

    participant_id = PublicId("par")
    status = fields.String(validate=validate.OneOf(PAYMENT_STATES))


class GatewayCaptureIn(Schema):
    """How much of an authorised amount to take; left out, all of it."""

    amount = Money(load_default=None, positive=True)


class GatewayRefundIn(Schema):
    """How much to give back, left out all that is left, and why."""

    amount = Money(load_default=None, positive=True)
    reason = fields.String(required=True, validate=text(500))


class GatewayRefundOut(Schema):
    """A refund."""

    id = PublicId("grf", required=True)
    payment_id = PublicId("gpy", required=True)
    amount = Money(required=True)
    reason = fields.String(required=True)
    status = fields.String(required=True, validate=validate.OneOf(REFUND_STATES))
    failure_code = fields.String(required=True, allow_none=True)
    asked_at = fields.AwareDateTime(required=True)
    closed_at = fields.AwareDateTime(required=True, allow_none=True)


class GatewayRefundPage(Schema):
    """A page of refunds."""

    data = fields.List(fields.Nested(GatewayRefundOut), required=True)
    has_more = fields.Boolean(required=True)


class GatewayPayoutIn(Schema):
    """Money to pay out to a bank account or to the participant's account at the provider, by the provider's name."""

    money_account_id = PublicId("mac", required=True)
    amount = Money(required=True, positive=True)
    route = fields.String(required=True, validate=validate.OneOf(gateway.ROUTES))
    destination = fields.String(required=True, validate=validate.Regexp(DESTINATION))
    note = fields.String(load_default="", validate=text(500, 0))


class GatewayPayoutOut(Schema):
    """A payout through the provider."""

    id = PublicId("gpo", required=True)
    money_account_id = PublicId("mac", required=True)
    amount = Money(required=True)
    route = fields.String(required=True, validate=validate.OneOf(gateway.ROUTES))
    destination = fields.String(required=True)
    note = fields.String(required=True)
    status = fields.String(required=True, validate=validate.OneOf(PAYOUT_STATES))
    failure_code = fields.String(required=True, allow_none=True)
    provider_reference = fields.String(required=True, allow_none=True)
    asked_at = fields.AwareDateTime(required=True)
    closed_at = fields.AwareDateTime(required=True, allow_none=True)


class GatewayPayoutPage(Schema):
    """A page of payouts through the provider."""

    data = fields.List(fields.Nested(GatewayPayoutOut), required=True)
    has_more = fields.Boolean(required=True)


class GatewayPayoutsQuery(Schema):
    """Which payouts."""

    participant_id = PublicId("par")
    status = fields.String(validate=validate.OneOf(PAYOUT_STATES))


class EventTaken(Schema):
    """An event was taken in; `new` is false for one that came before."""

    new = fields.Boolean(required=True)


class GatewayReconciliationOut(Schema):
    """A legal day that was compared: lines of the provider, items of the books, and their sums in yuan."""

    day = fields.Date(required=True)
    ran_at = fields.AwareDateTime(required=True)
    lines = fields.Integer(required=True)
    items = fields.Integer(required=True)
    provider = fields.String(required=True, validate=validate.Regexp(SIGNED_MONEY))
    books = fields.String(required=True, validate=validate.Regexp(SIGNED_MONEY))


class ReconciliationList(Schema):
    """Days that were compared, the newest first."""

    data = fields.List(fields.Nested(GatewayReconciliationOut), required=True)


class ReconciliationsQuery(Schema):
    """From which day on; at most 366 days are shown."""

    since = fields.Date(load_default=None)


class DifferenceOut(Schema):
    """A case. `subject` names the provider's line, or the kind and number of the item of the books."""

    id = PublicId("rcd", required=True)
    day = fields.Date(required=True)
    kind = fields.String(required=True, validate=validate.OneOf(DIFFERENCE_KINDS))
    subject = fields.String(required=True)
    provider = fields.String(required=True, allow_none=True, validate=validate.Regexp(SIGNED_MONEY))
    books = fields.String(required=True, allow_none=True, validate=validate.Regexp(SIGNED_MONEY))
    status = fields.String(required=True, validate=validate.OneOf(DIFFERENCE_STATES))
    note = fields.String(required=True)
    found_at = fields.AwareDateTime(required=True)
    closed_at = fields.AwareDateTime(required=True, allow_none=True)


class DifferencePage(Schema):
    """A page of cases."""

    data = fields.List(fields.Nested(DifferenceOut), required=True)
    has_more = fields.Boolean(required=True)


class DifferencesQuery(Schema):
    """Which cases."""

    day = fields.Date(load_default=None)
    status = fields.String(load_default=None, validate=validate.OneOf(DIFFERENCE_STATES))


class DifferenceNote(Schema):
    """Why there is a difference."""

    note = fields.String(required=True, validate=text(2000))
