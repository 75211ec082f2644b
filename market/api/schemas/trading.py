"""Shapes of products, orders, trades, instructions and reviews."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from market.api.schemas.fields import LegalSource, Money, Price, PublicId, Volume, YesNo
from market.trading.models import ORDER_STATES, PHASES, TIME_IN_FORCE

SIDES = ("buy", "sell")
REVIEW_STATES = ("awaiting_review", "settled", "rejected", "reversed")
CLIENT_ORDER_ID_PATTERN = r"^[\x21-\x7e]{1,64}\Z"
CLIENT_ORDER_ID = validate.Regexp(CLIENT_ORDER_ID_PATTERN, error="must be 1 to 64 visible ASCII characters")
MAX_BATCH = 500
HELD_PATTERN = r"^(0|[1-9][0-9]{0,12})(\.[0-9]{1,3})?$"  # m3 or yuan


class ProductOut(Schema):
    """What one order book trades; when its phase changes next, and the band in which an order's limit must lie.

    Null where the calendar changes nothing, where there is no reference price, and where there is no band.
    """

    id = PublicId("prd", required=True)
    code = fields.String(required=True)
    source = fields.String(required=True)
    water_year = fields.Integer(required=True)
    tenure = fields.String(required=True)
    lot = Volume(required=True)
    phase = fields.String(required=True, validate=validate.OneOf(PHASES))
    phase_reason = fields.String(required=True)
    next_phase = fields.String(required=True, allow_none=True, validate=validate.OneOf(PHASES))
    next_phase_at = fields.AwareDateTime(required=True, allow_none=True)
    reference_price = Price(required=True, allow_none=True)
    lowest_price = Price(required=True, allow_none=True)
    highest_price = Price(required=True, allow_none=True)
    closes_at = fields.AwareDateTime(required=True)


class ProductList(Schema):
    """Every product."""

    data = fields.List(fields.Nested(ProductOut), required=True)
    has_more = fields.Boolean(required=True)


class HaltIn(Schema):
    """Why."""

    reason = fields.String(required=True, validate=validate.Length(min=3, max=500))


class PhaseChangeOut(Schema):
    """A change handed to the engine; it takes effect within a second."""

    product_id = PublicId("prd", required=True)
    accepted = fields.Boolean(required=True)


class BookOrderOut(Schema):
    """One open order, without its owner. Volume and price are at its own place."""

    price = Price(required=True)
    volume = Volume(required=True)
    zone = fields.String(required=True)
    sector = fields.String(required=True)
    placed_at = fields.AwareDateTime(required=True)


class BookOut(Schema):
    """The best open orders of both sides, best first."""

    product_id = PublicId("prd", required=True)
    phase = fields.String(required=True)
    bids = fields.List(fields.Nested(BookOrderOut), required=True)
    asks = fields.List(fields.Nested(BookOrderOut), required=True)


class OrderIn(Schema):
    """A new order from a water account. Volume is counted, and price is meant, at that account's own place."""

    product_id = PublicId("prd", required=True)
    water_account_id = PublicId("wac", required=True)
    side = fields.String(required=True, validate=validate.OneOf(SIDES))
    volume = Volume(required=True, positive=True)
    price = Price(required=True, positive=True)
    time_in_force = fields.String(load_default="GTC", validate=validate.OneOf(TIME_IN_FORCE))
    post_only = YesNo(load_default=False)
    minimum_fill = Volume(load_default=0)
    expires_at = fields.AwareDateTime(load_default=None, allow_none=True)
    client_order_id = fields.String(load_default=None, allow_none=True, validate=CLIENT_ORDER_ID)


class AmendIn(Schema):
    """A new total volume, a new price, or both."""

    volume = Volume(load_default=None, positive=True)
    price = Price(load_default=None, positive=True)


class FillOut(Schema):
    """One fill. `price` is the maker's, at the maker's place."""

    trade_id = PublicId("trd", required=True)
    source_volume = Volume(required=True)
    delivered_volume = Volume(required=True)
    price = Price(required=True)
    price_at = fields.String(required=True, validate=validate.OneOf(SIDES))
    amount = Money(required=True)
    fee = Money(required=True)
    status = fields.String(required=True, validate=validate.OneOf(REVIEW_STATES))


class OrderOut(Schema):
    """An order. `held` is in m3 for a sell and in yuan for a buy; `paid` is what a buy paid or has instructed."""

    id = PublicId("ord", required=True)
    product_id = PublicId("prd", required=True)
    participant_id = PublicId("par", required=True)
    water_account_id = PublicId("wac", required=True)
    side = fields.String(required=True, validate=validate.OneOf(SIDES))
    volume = Volume(required=True)
    filled = Volume(required=True)
    rest = Volume(required=True)
    price = Price(required=True)
    time_in_force = fields.String(required=True)
    post_only = fields.Boolean(required=True)
    minimum_fill = Volume(required=True)
    expires_at = fields.AwareDateTime(required=True, allow_none=True)
    client_order_id = fields.String(required=True, allow_none=True)
    held = fields.String(required=True, validate=validate.Regexp(HELD_PATTERN))
    paid = Money(required=True)
    status = fields.String(required=True, validate=validate.OneOf(ORDER_STATES))
    reason = fields.String(required=True, allow_none=True)
    created_at = fields.AwareDateTime(required=True)
    updated_at = fields.AwareDateTime(required=True)


class OrderPage(Schema):
    """Orders, newest first."""

    data = fields.List(fields.Nested(OrderOut), required=True)
    has_more = fields.Boolean(required=True)


class OrderResult(Schema):
    """What a command made of an order, and the fills it caused at once."""

    id = PublicId("ord", required=True)
    status = fields.String(required=True, validate=validate.OneOf(ORDER_STATES))
    volume = Volume(required=True)
    filled = Volume(required=True)
    rest = Volume(required=True)
    price = Price(required=True)
    reason = fields.String(required=True, allow_none=True)
    fills = fields.List(fields.Nested(FillOut), required=True)


class BatchOrderIn(Schema):
    """One member of a batch: exactly one of the three."""

    place = fields.Nested(OrderIn)
    amend = fields.Nested("BatchAmendIn")
    cancel = fields.Nested("BatchCancelIn")


class BatchAmendIn(AmendIn):
    """An amendment within a batch."""

    order_id = PublicId("ord", required=True)


class BatchCancelIn(Schema):
    """A cancellation within a batch."""

    order_id = PublicId("ord", required=True)


class BatchIn(Schema):
    """Orders, amendments and cancels, executed in this order. A malformed member refuses the whole batch."""

    commands = fields.List(
        fields.Nested(BatchOrderIn), required=True, validate=validate.Length(min=1, max=MAX_BATCH)
    )


class RefusalOut(Schema):
    """Why one member of a batch was refused; its neighbours are untouched."""

    code = fields.String(required=True)
    title = fields.String(required=True)
    detail = fields.String(required=True)
    pointer = fields.String(required=True, allow_none=True)
    limit = fields.String(required=True, allow_none=True)
    available = fields.String(required=True, allow_none=True)
    legal_source = LegalSource(required=True, allow_none=True)


class BatchMemberOut(Schema):
    """The outcome of one member: an order, or a refusal."""

    order = fields.Nested(OrderResult, allow_none=True, required=True)
    refusal = fields.Nested(RefusalOut, allow_none=True, required=True)


class BatchOut(Schema):
    """The outcomes, in the order of the commands."""

    data = fields.List(fields.Nested(BatchMemberOut), required=True)


class OrdersQuery(Schema):
    """Which orders."""

    status = fields.String(validate=validate.OneOf(ORDER_STATES))
    product_id = PublicId("prd")


class TradeOut(Schema):
    """A trade as its parties and the regulator see it."""

    id = PublicId("trd", required=True)
    product_id = PublicId("prd", required=True)
    buy_order_id = PublicId("ord", required=True)
    sell_order_id = PublicId("ord", required=True)
    buyer_id = PublicId("par", required=True)
    seller_id = PublicId("par", required=True)
    source_volume = Volume(required=True)
    delivered_volume = Volume(required=True)
    loss = Volume(required=True)
    price = Price(required=True)
    price_at = fields.String(required=True, validate=validate.OneOf(SIDES))
    amount = Money(required=True)
    fee = Money(required=True)
    seller_receives = Money(required=True)
    instruction_id = PublicId("ins", required=True)
    status = fields.String(required=True, validate=validate.OneOf(REVIEW_STATES))
    traded_at = fields.AwareDateTime(required=True)


class OrderCommandOut(Schema):
    """What was asked of an order, by whom, and through which sign-in or API key; `code` says why it was refused."""

    id = PublicId("cmd", required=True)
    command = fields.String(required=True, validate=validate.OneOf(("place", "amend", "cancel", "deal")))
    outcome = fields.String(required=True, validate=validate.OneOf(("accepted", "refused")))
    code = fields.String(required=True, allow_none=True)
    user_id = PublicId("usr", required=True)
    mandate_id = PublicId("man", required=True, allow_none=True)
    sign_in_id = PublicId("sig", required=True, allow_none=True)
    api_key_id = PublicId("key", required=True, allow_none=True)
    at = fields.AwareDateTime(required=True)


class OrderCommandPage(Schema):
    """What was asked of an order, oldest first."""

    data = fields.List(fields.Nested(OrderCommandOut), required=True)
    has_more = fields.Boolean(required=True)


class TradePage(Schema):
    """Trades, newest first."""

    data = fields.List(fields.Nested(TradeOut), required=True)
    has_more = fields.Boolean(required=True)


class TradesQuery(Schema):
    """Which trades."""

    order_id = PublicId("ord")


class InstructionOut(Schema):
    """An obligation to deliver water against money, and where it stands."""

    id = PublicId("ins", required=True)
    kind = fields.String(required=True)
    trade_id = PublicId("trd", required=True)
    product_id = PublicId("prd", required=True)
    seller_id = PublicId("par", required=True)
    buyer_id = PublicId("par", required=True)
    source_volume = Volume(required=True)
    delivered_volume = Volume(required=True)
    amount = Money(required=True)
    status = fields.String(required=True, validate=validate.OneOf(REVIEW_STATES))
    review_rule = fields.String(required=True, allow_none=True)
    review_due_on = fields.Date(required=True, allow_none=True)
    instructed_at = fields.AwareDateTime(required=True)
    resolved_at = fields.AwareDateTime(required=True, allow_none=True)


class InstructionPage(Schema):
    """Instructions, newest first."""

    data = fields.List(fields.Nested(InstructionOut), required=True)
    has_more = fields.Boolean(required=True)


class StatusQuery(Schema):
    """In which state."""

    status = fields.String(validate=validate.OneOf(REVIEW_STATES))


class ReviewOut(InstructionOut):
    """A trade before a reviewer, or one that was."""

    id = PublicId("rev", required=True)
    instruction_id = PublicId("ins", required=True)


class ReviewPage(Schema):
    """Reviews, newest first."""

    data = fields.List(fields.Nested(ReviewOut), required=True)
    has_more = fields.Boolean(required=True)


class DecisionIn(Schema):
    """A decision carries its reason and, where it is not the review's own rule, its legal source."""

    reason = fields.String(required=True, validate=validate.Length(min=3, max=2000))
    legal_source = fields.String(load_default="", validate=validate.Length(max=500))
