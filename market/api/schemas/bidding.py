"""Shapes of public bidding: listings, bidders, bids."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from market.api.schemas.fields import Money, Price, PublicId, Volume, YesNo
from market.trading.bidding_models import BIDDER_STATES, LISTING_STATES
from market.trading.bidding_rules import MODES, MOST_EXTENSIONS, MOST_MINUTES, MOST_WORKING_DAYS

_MINUTES = validate.Range(0, MOST_MINUTES)
TO_TAKE = ("nothing", "confirm", "accept")


class ListingIn(Schema):
    """A lot to list. Volume and prices count at the seller's place; a null reserve sells at the first valid bid.

    A bid in the last `window_minutes` moves the close by `extension_minutes`, at most `most_extensions` times; a sealed
    bidding is not extended, and has no increment.
    """

    water_account_id = PublicId("wac", required=True)
    mode = fields.String(required=True, validate=validate.OneOf(MODES))
    volume = Volume(required=True, positive=True)
    start_price = Price(required=True, positive=True)
    reserve_price = Price(load_default=None, allow_none=True, positive=True)
    reserve_public = YesNo(load_default=False)
    increment = Price(load_default=0)
    deposit = Money(required=True, positive=True)
    registration_closes_at = fields.AwareDateTime(required=True)
    opens_at = fields.AwareDateTime(required=True)
    closes_at = fields.AwareDateTime(required=True)
    window_minutes = fields.Integer(load_default=0, strict=True, validate=_MINUTES)
    extension_minutes = fields.Integer(load_default=0, strict=True, validate=_MINUTES)
    most_extensions = fields.Integer(load_default=0, strict=True, validate=validate.Range(0, MOST_EXTENSIONS))
    confirm_days = fields.Integer(required=True, strict=True, validate=validate.Range(1, MOST_WORKING_DAYS))


class ListingOut(Schema):
    """A listing as everyone sees it, without names.

    `reserve_price` is null where it is secret, `best_price` and `bids` until there is a bid that may be seen.
    `least_bid` is what the next bid must be; `closes_at` is as extended so far. `reason` of an unsold lot is a code
    (nobody_bid, reserve_not_met, declined, not_paid_in_time, not_taken_up, or the rule for which the engine refused the
    deal), of a cancelled or stopped one what was written.
    """

    id = PublicId("lst", required=True)
    product_id = PublicId("prd", required=True)
    zone = fields.String(required=True)
    township = fields.String(required=True)
    sector = fields.String(required=True)
    source = fields.String(required=True)
    water_year = fields.Integer(required=True)
    mode = fields.String(required=True, validate=validate.OneOf(MODES))
    volume = Volume(required=True)
    start_price = Price(required=True)
    has_reserve = fields.Boolean(required=True)
    reserve_price = Price(required=True, allow_none=True)
    increment = Price(required=True)
    deposit = Money(required=True)
    registration_closes_at = fields.AwareDateTime(required=True)
    opens_at = fields.AwareDateTime(required=True)
    first_closes_at = fields.AwareDateTime(required=True)
    closes_at = fields.AwareDateTime(required=True)
    window_minutes = fields.Integer(required=True)
    extension_minutes = fields.Integer(required=True)
    most_extensions = fields.Integer(required=True)
    extensions = fields.Integer(required=True)
    confirm_days = fields.Integer(required=True)
    status = fields.String(required=True, validate=validate.OneOf(LISTING_STATES))
    best_price = Price(required=True, allow_none=True)
    least_bid = Price(required=True)
    bids = fields.Integer(required=True, allow_none=True)
    due_at = fields.AwareDateTime(required=True, allow_none=True)
    reason = fields.String(required=True)
    listed_at = fields.AwareDateTime(required=True)
    resolved_at = fields.AwareDateTime(required=True, allow_none=True)
    version = fields.Integer(required=True)


class ListingPage(Schema):
    """A page of listings."""

    data = fields.List(fields.Nested(ListingOut), required=True)
    has_more = fields.Boolean(required=True)


class ListingsQuery(Schema):
    """Which listings."""

    status = fields.String(validate=validate.OneOf(LISTING_STATES))
    product_id = PublicId("prd")


class SellerListingOut(ListingOut):
    """A listing as its seller and the bureau see it: the secret reserve, how many bid, what it holds, its trade."""

    seller_id = PublicId("par", required=True)
    water_account_id = PublicId("wac", required=True)
    held = Volume(required=True)
    bidders = fields.Integer(required=True)
    trade_id = PublicId("trd", required=True, allow_none=True)


class PublicBidOut(Schema):
    """A bid without its bidder."""

    id = PublicId("bid", required=True)
    price = Price(required=True)
    placed_at = fields.AwareDateTime(required=True)


class PublicBidPage(Schema):
    """A page of bids, oldest first; of a sealed bidding only once it is decided."""

    data = fields.List(fields.Nested(PublicBidOut), required=True)
    has_more = fields.Boolean(required=True)


class BidderIn(Schema):
    """The water account that would receive the lot."""

    water_account_id = PublicId("wac", required=True)


class BidderOut(Schema):
    """A registered bidder. `to_take`: what this bidder may do with the lot now, until `due_at`.

    `last_price` of another's sealed bid is null until the bidding is decided.
    """

    id = PublicId("bdr", required=True)
    listing_id = PublicId("lst", required=True)
    participant_id = PublicId("par", required=True)
    water_account_id = PublicId("wac", required=True)
    deposit = Money(required=True)
    status = fields.String(required=True, validate=validate.OneOf(BIDDER_STATES))
    last_price = Price(required=True, allow_none=True)
    leading = fields.Boolean(required=True)
    to_take = fields.String(required=True, validate=validate.OneOf(TO_TAKE))
    due_at = fields.AwareDateTime(required=True, allow_none=True)
    registered_at = fields.AwareDateTime(required=True)
    resolved_at = fields.AwareDateTime(required=True, allow_none=True)


class BidderPage(Schema):
    """A page of bidders."""

    data = fields.List(fields.Nested(BidderOut), required=True)
    has_more = fields.Boolean(required=True)


class BiddersQuery(Schema):
    """Whose bidders: of one listing."""

    listing_id = PublicId("lst")


class BidIn(Schema):
    """A bid, in yuan per m3 at the seller's place. It binds."""

    price = Price(required=True, positive=True)


class BidOut(PublicBidOut):
    """One's own bid."""

    listing_id = PublicId("lst", required=True)
    bidder_id = PublicId("bdr", required=True)


class BidPage(Schema):
    """A page of one's own bids, oldest first."""

    data = fields.List(fields.Nested(BidOut), required=True)
    has_more = fields.Boolean(required=True)
