"""Shapes of call auctions: a call, its prices, flows, limits and record."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from market.api.schemas.fields import LegalSource, Money, Price, PublicId, Volume
from market.trading.call_models import CALL_STATES, WINDOWS

SIGNED = r"^-?(0|[1-9][0-9]{0,11})\.[0-9]{3}$"


class CallIn(Schema):
    """A call to open. In a `farm_first` window only agriculture takes part, and no water becomes industrial."""

    reason = fields.String(required=True, validate=validate.Length(min=3, max=1000))
    window = fields.String(load_default="general", validate=validate.OneOf(WINDOWS))


class CallReasonIn(Schema):
    """A step with its reason."""

    reason = fields.String(required=True, validate=validate.Length(min=3, max=2000))


class CallOut(Schema):
    """A call and where it stands. `committed` is shown once it is cleared; its SHA-256 was public from the start."""

    id = PublicId("cal", required=True)
    product_id = PublicId("prd", required=True)
    window = fields.String(required=True, validate=validate.OneOf(WINDOWS))
    status = fields.String(required=True, validate=validate.OneOf(CALL_STATES))
    reason = fields.String(required=True)
    commitment = fields.String(required=True)
    committed = fields.String(required=True, allow_none=True)
    record_sha256 = fields.String(required=True, allow_none=True)
    sold = Volume(required=True)
    bought = Volume(required=True)
    paid = Money(required=True)
    received = Money(required=True)
    fund = Money(required=True)
    review_rule = fields.String(required=True, allow_none=True)
    review_due_on = fields.Date(required=True, allow_none=True)
    opened_at = fields.AwareDateTime(required=True)
    cleared_at = fields.AwareDateTime(required=True, allow_none=True)
    resolved_at = fields.AwareDateTime(required=True, allow_none=True)


class CallPage(Schema):
    """A page of calls, newest first."""

    data = fields.List(fields.Nested(CallOut), required=True)
    has_more = fields.Boolean(required=True)


class CallPriceOut(Schema):
    """One place and sector of a call: its price, and what was sold and bought there. Untraded: only indicative."""

    township = fields.String(required=True)
    canal = fields.String(required=True)
    sector = fields.String(required=True)
    price = Price(required=True)
    sold = Volume(required=True)
    bought = Volume(required=True)


class CallFlowOut(Schema):
    """Water from one place to another (by their place in `prices`): litres that enter and that arrive."""

    from_place = fields.Integer(required=True)
    to_place = fields.Integer(required=True)
    kind = fields.String(required=True)
    k = fields.Integer(required=True)
    entering = Volume(required=True)
    delivered = Volume(required=True)


class CallLimitOut(Schema):
    """A limit that something crossed or that bound: what crossed it (negative: freed), and what binds, in words."""

    limit = fields.String(required=True)
    crossed = fields.String(required=True, validate=validate.Regexp(SIGNED))
    worth = Price(required=True)
    legal_source = LegalSource(required=True)
    words_zh = fields.String(required=True, allow_none=True)
    words_en = fields.String(required=True, allow_none=True)


class CallBorderOut(Schema):
    """A border with a two-way account: what the call moves over it, and, once it is settled, the account after it."""

    account = fields.String(required=True)
    went_out = Volume(required=True)
    came_in = Volume(required=True)
    out_worth = Price(required=True)
    in_worth = Price(required=True)
    balance = Volume(required=True, allow_none=True)
    out_open = fields.Boolean(required=True, allow_none=True)
    in_open = fields.Boolean(required=True, allow_none=True)


class CallResultOut(Schema):
    """What a call cleared at: prices by place, flows, limits, borders."""

    call_id = PublicId("cal", required=True)
    prices = fields.List(fields.Nested(CallPriceOut), required=True)
    flows = fields.List(fields.Nested(CallFlowOut), required=True)
    limits = fields.List(fields.Nested(CallLimitOut), required=True)
    borders = fields.List(fields.Nested(CallBorderOut), required=True)


class CallFillOut(Schema):
    """What a call gave one order: its litres at its own place, the price there, what it pays or receives."""

    order_id = PublicId("ord", required=True)
    side = fields.String(required=True, validate=validate.OneOf(("buy", "sell")))
    volume = Volume(required=True)
    price = Price(required=True)
    amount = Money(required=True)
    fee = Money(required=True)


class CallFillPage(Schema):
    """A page of one's own fills (the bureau: all), by order."""

    data = fields.List(fields.Nested(CallFillOut), required=True)
    has_more = fields.Boolean(required=True)
