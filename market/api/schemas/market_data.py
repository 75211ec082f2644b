"""Shapes of market data: what everybody may see, without names."""

from __future__ import annotations

import datetime as dt

from marshmallow import Schema, ValidationError, fields, validate

from market.api.schemas.fields import Fixed, Money, Price, PublicId, Volume
from market.api.schemas.trading import REVIEW_STATES, SIDES
from market.county.checks import LEVELS
from market.registry.models import SECTORS
from market.trading.candles import INTERVALS, PERIODS
from market.trading.index import STATES
from market.trading.market_data import BUYER, MECHANISMS, REASONS, SELLER

ZONE_LEVELS = tuple(level for tree in LEVELS.values() for level in tree)
FIRST_DAY, LAST_DAY = dt.date(2000, 1, 1), dt.date(2200, 12, 31)
_CODE = validate.Length(min=1, max=64)


def _within(day: dt.date) -> None:
    """Days that a calendar of water years can reach. Errors: ValidationError."""
    if not FIRST_DAY <= day <= LAST_DAY:
        raise ValidationError(f"must be from {FIRST_DAY} to {LAST_DAY}")


class FormatQuery(Schema):
    """In which form; without it, the one that the header Accept prefers, JSON or text/csv."""

    format = fields.String(validate=validate.OneOf(("json", "csv")))


class PlaceQuery(FormatQuery):
    """Of which place. A zone is the code of a zone of either tree, and means everything below it too."""

    zone = fields.String(validate=_CODE)
    sector = fields.String(validate=validate.OneOf(SECTORS))


class DepthQuery(PlaceQuery):
    """Which orders, summed for the zones of which level."""

    level = fields.String(load_default="canal", validate=validate.OneOf(ZONE_LEVELS))


class DepthLevelOut(Schema):
    """The open volume of one price in one zone and sector; price and volume are at the orders' own place."""

    zone = fields.String(required=True, allow_none=True)
    sector = fields.String(required=True)
    side = fields.String(required=True, validate=validate.OneOf(SIDES))
    price = Price(required=True)
    volume = Volume(required=True)
    orders = fields.Integer(required=True)


class DepthOut(Schema):
    """Every level, zone by zone, best price first; `has_more`: there are too many, ask for one zone or sector."""

    product_id = PublicId("prd", required=True)
    data = fields.List(fields.Nested(DepthLevelOut), required=True)
    has_more = fields.Boolean(required=True)


class TapeTradeOut(Schema):
    """A trade as the public sees it: no names. `price` is the older order's, at the place of its side (`price_at`)."""

    id = PublicId("trd", required=True)
    product_id = PublicId("prd", required=True)
    traded_at = fields.AwareDateTime(required=True)
    mechanism = fields.String(required=True, validate=validate.OneOf(tuple(MECHANISMS.values())))
    source_volume = Volume(required=True)
    delivered_volume = Volume(required=True)
    price = Price(required=True)
    price_at = fields.String(required=True, validate=validate.OneOf(SIDES))
    seller_price = Price(required=True)
    buyer_price = Price(required=True)
    amount = Money(required=True)
    status = fields.String(required=True, validate=validate.OneOf(REVIEW_STATES))
    from_zone = fields.String(required=True)
    from_sector = fields.String(required=True)
    to_zone = fields.String(required=True)
    to_sector = fields.String(required=True)


class TapePage(Schema):
    """Trades, newest first."""

    data = fields.List(fields.Nested(TapeTradeOut), required=True)
    has_more = fields.Boolean(required=True)


class SpanQuery(FormatQuery):
    """Legal days (Asia/Shanghai), both included. Without `to` until today."""

    from_ = fields.Date(data_key="from", validate=_within)
    to = fields.Date(validate=_within)


class CandlesQuery(SpanQuery, PlaceQuery):
    """Which trades, at whose place, and how long a candle is."""

    at = fields.String(load_default=SELLER, validate=validate.OneOf((SELLER, BUYER)))
    interval = fields.String(load_default="day", validate=validate.OneOf(INTERVALS))


class CandleOut(Schema):
    """The trades of one interval. Prices and volume are at the place asked for; `vwap` is value over volume."""

    opens_at = fields.AwareDateTime(required=True)
    open = Price(required=True)
    high = Price(required=True)
    low = Price(required=True)
    close = Price(required=True)
    vwap = Price(required=True)
    volume = Volume(required=True)
    trades = fields.Integer(required=True)


class CandleList(Schema):
    """Candles, oldest first; an interval without a trade has none."""

    product_id = PublicId("prd", required=True)
    interval = fields.String(required=True)
    at = fields.String(required=True)
    data = fields.List(fields.Nested(CandleOut), required=True)
    has_more = fields.Boolean(required=True)


class PricesQuery(SpanQuery, PlaceQuery):
    """Which trades, at whose place, by which period and level of zones."""

    product_id = PublicId("prd")
    at = fields.String(load_default=SELLER, validate=validate.OneOf((SELLER, BUYER)))
    period = fields.String(load_default="month", validate=validate.OneOf(PERIODS))
    level = fields.String(load_default="township", validate=validate.OneOf(ZONE_LEVELS))


class PriceOut(Schema):
    """What one product, zone and sector traded at in one period. `zone` is null above the level asked for."""

    period = fields.Date(required=True)
    product_id = PublicId("prd", required=True)
    zone = fields.String(required=True, allow_none=True)
    sector = fields.String(required=True)
    vwap = Price(required=True)
    high = Price(required=True)
    low = Price(required=True)
    volume = Volume(required=True)
    turnover = Money(required=True)
    trades = fields.Integer(required=True)


class PriceList(Schema):
    """Volume-weighted prices, oldest period first; `period` is its first day."""

    at = fields.String(required=True)
    data = fields.List(fields.Nested(PriceOut), required=True)
    has_more = fields.Boolean(required=True)


class IndexQuery(SpanQuery, PlaceQuery):
    """Which series, and by which period and level of zones. The chain begins with the first trades in any case."""

    at = fields.String(load_default=SELLER, validate=validate.OneOf((SELLER, BUYER)))
    period = fields.String(load_default="month", validate=validate.OneOf(PERIODS[1:]))
    level = fields.String(load_default="township", validate=validate.OneOf(ZONE_LEVELS))


class IndexOut(Schema):
    """The index of a zone and sector in one period; the series' base period is 1000.00.

    `state`: base, linked (to the last period that was not thin), carried (too thin: the last value), relinked (nothing
    in common with that period: the last value; later periods are linked to this one). `matched`: the part of the
    period's turnover that the link rests on. `complete`: the period is over.
    """

    zone = fields.String(required=True)
    sector = fields.String(required=True)
    period = fields.Date(required=True)
    value = Fixed(2, required=True)
    state = fields.String(required=True, validate=validate.OneOf(STATES))
    matched = Fixed(4, required=True)
    volume = Volume(required=True)
    trades = fields.Integer(required=True)
    complete = fields.Boolean(required=True)


class IndexList(Schema):
    """The index by zone, sector and period; `period` is its first day."""

    at = fields.String(required=True)
    data = fields.List(fields.Nested(IndexOut), required=True)
    has_more = fields.Boolean(required=True)


class ExcludedQuery(SpanQuery):
    """Which trades."""

    product_id = PublicId("prd")
    reason = fields.String(validate=validate.OneOf(REASONS))


class ExcludedTradeOut(Schema):
    """A trade that counts in no candle, price or index, and why."""

    id = PublicId("trd", required=True)
    product_id = PublicId("prd", required=True)
    traded_at = fields.AwareDateTime(required=True)
    source_volume = Volume(required=True)
    delivered_volume = Volume(required=True)
    seller_price = Price(required=True)
    buyer_price = Price(required=True)
    from_zone = fields.String(required=True)
    from_sector = fields.String(required=True)
    to_zone = fields.String(required=True)
    to_sector = fields.String(required=True)
    reasons = fields.List(fields.String(validate=validate.OneOf(REASONS)), required=True)


class ExcludedTradePage(Schema):
    """Trades that count in no price, newest first."""

    data = fields.List(fields.Nested(ExcludedTradeOut), required=True)
    has_more = fields.Boolean(required=True)


class FeedOut(Schema):
    """Where the live feed (text/event-stream) is; null where this installation runs none."""

    url = fields.String(required=True, allow_none=True)
    events = fields.List(fields.String(), required=True)
