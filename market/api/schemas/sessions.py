"""Shapes of timetables, reference prices and kill switches."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from market.api.schemas.fields import LegalSource, Price, PublicId, Volume
from market.trading.models import PHASES
from market.trading.session_models import BASES, STOPS

REASON = validate.Length(min=3, max=2000)
LEGAL_SOURCE = validate.Length(min=3, max=500)


class PhaseChange(Schema):
    """From this instant on this phase is due."""

    at = fields.AwareDateTime(required=True)
    phase = fields.String(required=True, validate=validate.OneOf(PHASES))


class PriceStopOut(Schema):
    """What has stopped the product: a price too far from the last trade, or a trade too far from the reference."""

    kind = fields.String(required=True, validate=validate.OneOf(STOPS))
    price = Price(required=True)
    compared_with = Price(required=True)
    started_at = fields.AwareDateTime(required=True)
    until = fields.AwareDateTime(required=True, allow_none=True)


class TimetableOut(Schema):
    """A product's phase, what its calendar has due today (the legal day, Asia/Shanghai) and the next change.

    `next` is null where nothing changes, `stop` where no price has stopped the product.
    """

    product_id = PublicId("prd", required=True)
    phase = fields.String(required=True, validate=validate.OneOf(PHASES))
    phase_since = fields.AwareDateTime(required=True)
    due = fields.String(required=True, validate=validate.OneOf(PHASES))
    day = fields.Date(required=True)
    working_day = fields.Boolean(required=True)
    changes = fields.List(fields.Nested(PhaseChange), required=True)
    next = fields.Nested(PhaseChange, required=True, allow_none=True)
    stop = fields.Nested(PriceStopOut, required=True, allow_none=True)


class ReferencePriceIn(Schema):
    """A reference price, at the seller's place, that the bureau sets."""

    price = Price(required=True, positive=True)
    reason = fields.String(required=True, validate=REASON)
    legal_source = fields.String(required=True, validate=LEGAL_SOURCE)


class ReferencePriceOut(Schema):
    """A product's reference price from a legal day on; `volume` is what was traded where that made it."""

    id = PublicId("rpr", required=True)
    product_id = PublicId("prd", required=True)
    price = Price(required=True)
    basis = fields.String(required=True, validate=validate.OneOf(BASES))
    from_day = fields.Date(required=True)
    volume = Volume(required=True)
    reason = fields.String(required=True)
    legal_source = LegalSource(required=True)
    set_at = fields.AwareDateTime(required=True)


class ReferencePricePage(Schema):
    """Reference prices, newest first."""

    data = fields.List(fields.Nested(ReferencePriceOut), required=True)
    has_more = fields.Boolean(required=True)


class KillSwitchIn(Schema):
    """Whose orders to stop (nobody named: everybody's), in which product (none named: in all), and why."""

    participant_id = PublicId("par", load_default=None, allow_none=True)
    product_id = PublicId("prd", load_default=None, allow_none=True)
    reason = fields.String(required=True, validate=REASON)
    legal_source = fields.String(required=True, validate=LEGAL_SOURCE)


class LiftIn(Schema):
    """Why orders may come in again."""

    reason = fields.String(required=True, validate=REASON)


class KillSwitchOut(Schema):
    """A kill switch. `orders_ended` is null until the engine has ended the orders."""

    id = PublicId("kil", required=True)
    participant_id = PublicId("par", required=True, allow_none=True)
    product_id = PublicId("prd", required=True, allow_none=True)
    reason = fields.String(required=True)
    legal_source = LegalSource(required=True)
    orders_ended = fields.Integer(required=True, allow_none=True)
    thrown_at = fields.AwareDateTime(required=True)
    lifted_at = fields.AwareDateTime(required=True, allow_none=True)
    lift_reason = fields.String(required=True, allow_none=True)


class KillSwitchPage(Schema):
    """Kill switches, newest first."""

    data = fields.List(fields.Nested(KillSwitchOut), required=True)
    has_more = fields.Boolean(required=True)
