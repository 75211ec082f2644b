"""Shapes of quotes: what an order would move, asked before it is placed."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from market.api.schemas.fields import Money, Price, PublicId, Volume, YesNo
from market.api.schemas.trading import SIDES, RefusalOut
from market.trading.models import ORDER_STATES, TIME_IN_FORCE


class QuoteQuery(Schema):
    """The order that is thought of: volume and price at the account's own place."""

    side = fields.String(required=True, validate=validate.OneOf(SIDES))
    volume = Volume(required=True, positive=True)
    price = Price(required=True, positive=True)
    time_in_force = fields.String(load_default="GTC", validate=validate.OneOf(TIME_IN_FORCE))
    post_only = YesNo(load_default=False)
    minimum_fill = Volume(load_default=0)
    expires_at = fields.AwareDateTime(load_default=None, allow_none=True)


class QuoteOptionOut(Schema):
    """One place on the other side, and what the whole volume would move and cost by the way to it.

    `price_here` is the best price there, brought over the route to the account's own place. `review` is null where
    such a trade settles at once.
    """

    township = fields.String(required=True)
    canal = fields.String(required=True)
    sector = fields.String(required=True)
    arrives_per_mille = fields.Integer(required=True)
    waiting_volume = Volume(required=True, attribute="waiting_litres")
    best_price = Price(required=True, attribute="best_price_e4")
    price_here = Price(required=True, attribute="price_here_e4")
    source_volume = Volume(required=True, attribute="source_litres")
    delivered_volume = Volume(required=True, attribute="delivered_litres")
    loss = Volume(required=True, attribute="loss_litres")
    amount = Money(required=True, attribute="amount_fen")
    fee = Money(required=True, attribute="fee_fen")
    net = Money(required=True, attribute="net_fen")
    review_rule = fields.String(required=True, allow_none=True)
    review_source = fields.String(required=True, allow_none=True)
    review_due_on = fields.Date(required=True, allow_none=True)


class QuoteFillOut(Schema):
    """A fill that the order would have at once; `price` is the maker's, at the place of the side `price_at`."""

    township = fields.String(required=True)
    canal = fields.String(required=True)
    sector = fields.String(required=True)
    source_volume = Volume(required=True, attribute="source_litres")
    delivered_volume = Volume(required=True, attribute="delivered_litres")
    price = Price(required=True, attribute="price_e4")
    price_at = fields.String(required=True, validate=validate.OneOf(SIDES))
    amount = Money(required=True, attribute="amount_fen")
    fee = Money(required=True, attribute="fee_fen")
    review_rule = fields.String(required=True, allow_none=True)
    review_source = fields.String(required=True, allow_none=True)
    review_due_on = fields.Date(required=True, allow_none=True)


class QuoteAtOnceOut(Schema):
    """What the engine would do with the order now: refuse it, or fill it by these fills.

    `rest` then waits or, by its validity, ends; `held_volume` or `held_money` is what it holds, `rest_net` what a
    seller still receives for it at the order's own price.
    """

    refusal = fields.Nested(RefusalOut, required=True, allow_none=True)
    status = fields.String(required=True, allow_none=True, validate=validate.OneOf(ORDER_STATES))
    rest = Volume(required=True, attribute="rest_litres")
    held_volume = Volume(required=True, attribute="held_litres")
    held_money = Money(required=True, attribute="held_fen")
    source_volume = Volume(required=True, attribute="source_litres")
    delivered_volume = Volume(required=True, attribute="delivered_litres")
    amount = Money(required=True, attribute="amount_fen")
    fee = Money(required=True, attribute="fee_fen")
    net = Money(required=True, attribute="net_fen")
    rest_net = Money(required=True, attribute="rest_net_fen")
    fills = fields.List(fields.Nested(QuoteFillOut), required=True)


class QuoteOut(Schema):
    """What may become of an order. Nothing is held: others may be quicker. `fee_due`: the water fee owed for use.

    `value`, `fee`, `net`: the whole volume at the order's own price. `most`: what a purchase may cost at most; so much
    money it needs, and holds until it is filled.
    """

    water_account_id = PublicId("wac", required=True)
    product_id = PublicId("prd", required=True)
    side = fields.String(required=True)
    volume = Volume(required=True, attribute="volume_litres")
    price = Price(required=True, attribute="price_e4")
    value = Money(required=True, attribute="value_fen")
    fee = Money(required=True, attribute="fee_fen")
    net = Money(required=True, attribute="net_fen")
    most = Money(required=True, attribute="most_fen")
    fee_due = Money(required=True, attribute="fee_due_fen")
    options = fields.List(fields.Nested(QuoteOptionOut), required=True)
    at_once = fields.Nested(QuoteAtOnceOut, required=True)
