"""Shapes of quotes: what an order would move, asked before it is placed."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from market.api.schemas.fields import Money, Price, PublicId, Volume
from market.api.schemas.trading import SIDES


class QuoteQuery(Schema):
    """The order that is thought of: volume and price at the account's own place."""

    side = fields.String(required=True, validate=validate.OneOf(SIDES))
    volume = Volume(required=True, positive=True)
    price = Price(required=True, positive=True)


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


class QuoteOut(Schema):
    """What may become of an order. Nothing is held: others may be quicker. `fee_due`: the water fee owed for use."""

    water_account_id = PublicId("wac", required=True)
    product_id = PublicId("prd", required=True)
    side = fields.String(required=True)
    volume = Volume(required=True, attribute="volume_litres")
    price = Price(required=True, attribute="price_e4")
    fee_due = Money(required=True, attribute="fee_due_fen")
    options = fields.List(fields.Nested(QuoteOptionOut), required=True)
