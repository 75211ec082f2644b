"""Shapes of deliveries of traded water and of refunds for short ones."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from market.api.schemas.fields import Money, PublicId, Volume
from market.api.schemas.registry import text
from market.settlement.delivery_models import DELIVERY_STATES


class SeasonIn(Schema):
    """When the water is to flow, both days included; by default from today to the end of the water year."""

    starts_on = fields.Date(load_default=None, allow_none=True)
    ends_on = fields.Date(load_default=None, allow_none=True)


class DeliveryIn(SeasonIn):
    """A settled trade whose water is to be delivered."""

    instruction_id = PublicId("ins", required=True)


class DispatchIn(Schema):
    """The association that keeps the gate; null: the registrar keeps it."""

    keeper_id = PublicId("par", load_default=None, allow_none=True)


class ConfirmIn(Schema):
    """What arrived at the gate."""

    volume = Volume(required=True, positive=True)
    note = fields.String(load_default="", validate=text(1000, 0))


class LineOut(Schema):
    """What flows in one month, from this day on."""

    from_day = fields.Date(required=True)
    volume = Volume(required=True)


class ReceiptOut(Schema):
    """What was confirmed at the gate."""

    volume = Volume(required=True)
    note = fields.String(required=True)
    confirmed_at = fields.AwareDateTime(required=True)


class RefundOut(Schema):
    """What goes back for what did not arrive: to the buyer `amount`, to the seller `source_volume`."""

    missing = Volume(required=True)
    source_volume = Volume(required=True)
    amount = Money(required=True)
    status = fields.String(required=True)
    reason = fields.String(required=True)
    proposed_at = fields.AwareDateTime(required=True)
    decided_at = fields.AwareDateTime(required=True, allow_none=True)


class DeliverySummary(Schema):
    """A delivery order, of a trade (`instruction_id`) or of a call, and how much of it arrived."""

    id = PublicId("dlv", required=True)
    instruction_id = PublicId("ins", required=True, allow_none=True)
    call_id = PublicId("cal", required=True, allow_none=True)
    makes_good_id = PublicId("dlv", required=True, allow_none=True)
    seller_id = PublicId("par", required=True, allow_none=True)
    buyer_id = PublicId("par", required=True)
    canal = fields.String(required=True)
    keeper_id = PublicId("par", required=True, allow_none=True)
    volume = Volume(required=True)
    confirmed = Volume(required=True)
    starts_on = fields.Date(required=True)
    ends_on = fields.Date(required=True)
    status = fields.String(required=True, validate=validate.OneOf(DELIVERY_STATES))
    reason = fields.String(required=True)
    ordered_at = fields.AwareDateTime(required=True)
    dispatched_at = fields.AwareDateTime(required=True, allow_none=True)
    closed_at = fields.AwareDateTime(required=True, allow_none=True)
    version = fields.Integer(required=True)


class DeliveryOut(DeliverySummary):
    """A delivery with its profile, what was confirmed, and its refunds."""

    profile = fields.List(fields.Nested(LineOut), required=True)
    receipts = fields.List(fields.Nested(ReceiptOut), required=True)
    refunds = fields.List(fields.Nested(RefundOut), required=True)


class DeliveryRow(DeliverySummary):
    """A delivery of a list; its profile, receipts and refunds where it was asked for whole."""

    profile = fields.List(fields.Nested(LineOut))
    receipts = fields.List(fields.Nested(ReceiptOut))
    refunds = fields.List(fields.Nested(RefundOut))


class DeliveryPage(Schema):
    """A page of deliveries."""

    data = fields.List(fields.Nested(DeliveryRow), required=True)
    has_more = fields.Boolean(required=True)


class DeliveriesQuery(Schema):
    """Which deliveries; `instruction_id`: the one of a trade, and what makes it good. `whole`: each with its parts."""

    instruction_id = PublicId("ins")
    whole = fields.Boolean(load_default=False)
    status = fields.String(validate=validate.OneOf(DELIVERY_STATES))
