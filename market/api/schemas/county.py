"""Shapes of the county's facts: every figure with its source, or marked as a demonstration."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from market.api.schemas.fields import Fixed, LegalSource, Price, Volume
from market.api.schemas.registry import Share
from market.api.schemas.saving_terms import Multiple
from market.county.parts import RETAINED
from market.county.review_parts import DESKS, REVIEWED, SILENCES


class ZonesQuery(Schema):
    """Which tree."""

    tree = fields.String(validate=validate.OneOf(("admin", "river")))


class ZoneOut(Schema):
    """A zone of the administrative tree or of the river tree."""

    code = fields.String(required=True)
    tree = fields.String(required=True)
    parent = fields.String(required=True, allow_none=True)
    level = fields.String(required=True)
    name_zh = fields.String(required=True)
    name_en = fields.String(required=True)
    groundwater = fields.String(required=True)
    demonstration = fields.Boolean(required=True)


class ZoneList(Schema):
    """Zones."""

    data = fields.List(fields.Nested(ZoneOut), required=True)
    has_more = fields.Boolean(required=True)


class SourceOut(Schema):
    """A source of water."""

    code = fields.String(required=True)


class SourceList(Schema):
    """Sources of water."""

    data = fields.List(fields.Nested(SourceOut), required=True)
    has_more = fields.Boolean(required=True)


class SectorOut(Schema):
    """A class of users."""

    code = fields.String(required=True)
    name_zh = fields.String(required=True)
    name_en = fields.String(required=True)
    may_sell = fields.Boolean(required=True)
    may_buy = fields.Boolean(required=True)
    legal_source = LegalSource(required=True)
    demonstration = fields.Boolean(required=True)


class SectorList(Schema):
    """Sectors."""

    data = fields.List(fields.Nested(SectorOut), required=True)
    has_more = fields.Boolean(required=True)


class WaterYearOut(Schema):
    """A water year."""

    year = fields.Integer(required=True)
    starts_on = fields.Date(required=True)
    ends_on = fields.Date(required=True)
    status = fields.String(required=True)


class WaterYearList(Schema):
    """Water years."""

    data = fields.List(fields.Nested(WaterYearOut), required=True)
    has_more = fields.Boolean(required=True)


class BasisOut(Schema):
    """Where a figure comes from, and how it was read."""

    legal_source = LegalSource(required=True)
    source_status = fields.String(required=True)
    demonstration = fields.Boolean(required=True)


class LawOut(Schema):
    """A law, plan, standard or report that figures come from."""

    code = fields.String(required=True)
    title = LegalSource(required=True)
    status = fields.String(required=True)


class TierOut(BasisOut):
    """Use that passes the quota by `above` of it costs `multiple` of the price."""

    above = Multiple(required=True)
    multiple = Multiple(required=True)


class EndCanalOut(BasisOut):
    """The part of a price that is for the end canals."""

    price = Price(required=True)


class TariffOut(BasisOut):
    """The water price of a sector in a zone: from which day, of which water, its tiers, and what the end canals get."""

    zone = fields.String(required=True)
    sector = fields.String(required=True)
    price = Price(required=True)
    source_of_water = fields.String(required=True, allow_none=True)
    from_ = fields.Date(required=True, allow_none=True, data_key="from", attribute="from")
    tiers = fields.List(fields.Nested(TierOut), required=True)
    end_canal = fields.Nested(EndCanalOut, required=True, allow_none=True)


class FlowOut(BasisOut):
    """From which sector water may be sold to which, and how far."""

    from_sector = fields.String(required=True)
    to_sector = fields.String(required=True)
    within = fields.String(required=True)


class RouteOut(BasisOut):
    """A way of water; of 1 000 litres so many arrive."""

    from_zone = fields.String(required=True)
    to_zone = fields.String(required=True)
    arrives_per_mille = fields.Integer(required=True)
    sectors = fields.List(fields.String(), required=True)


class FeeOut(BasisOut):
    """The exchange's fee in a zone, a share of the value, paid by the seller."""

    zone = fields.String(required=True)
    rate = Share(required=True)


class ReviewRuleOut(BasisOut):
    """What goes before which desk, and how and by when it is decided (`working_days` 0: as clocks and lanes say)."""

    code = fields.String(required=True)
    working_days = fields.Integer(required=True)
    from_sector = fields.String(required=True, allow_none=True)
    to_sector = fields.String(required=True, allow_none=True)
    crossing = fields.Boolean(required=True)
    from_volume = Volume(required=True)
    of = fields.String(required=True, validate=validate.OneOf(REVIEWED))
    kind = fields.String(required=True, allow_none=True)
    desk = fields.String(required=True, validate=validate.OneOf(DESKS))
    from_on = fields.Date(required=True, allow_none=True)
    until_on = fields.Date(required=True, allow_none=True)
    publication_days = fields.Integer(required=True)
    objection = fields.Boolean(required=True)
    publication_stops = fields.Boolean(required=True)
    objection_stops = fields.Boolean(required=True)
    hearing_stops = fields.Boolean(required=True)
    silence = fields.String(required=True, validate=validate.OneOf(SILENCES))
    four_eyes = fields.Boolean(required=True)
    warn_days = fields.Integer(required=True)


class ThresholdOut(BasisOut):
    """A yearly volume from which a duty begins; gte includes the number, gt does not."""

    name = fields.String(required=True)
    volume = Volume(required=True)
    operator = fields.String(required=True)


class CountyClockOut(BasisOut):
    """A time that the law or the county gives."""

    name = fields.String(required=True)
    length = fields.Integer(required=True)
    unit = fields.String(required=True)


class KindRuleOut(BasisOut):
    """Whether an application for a right of a kind is published for objection before it is confirmed."""

    kind = fields.String(required=True)
    publication = fields.Boolean(required=True)


class SavingRuleOut(BasisOut):
    """A number by which savings are judged, or (length, unit) how long a step of a report takes, from a day on."""

    name = fields.String(required=True)
    from_on = fields.Date(required=True)
    value = Multiple(required=True, allow_none=True)
    length = fields.Integer(required=True, allow_none=True)
    unit = fields.String(required=True, allow_none=True)


class RetentionRuleOut(BasisOut):
    """For how many years a kind of personal data is kept, from a day on (个人信息保护法 art. 17: everybody is told)."""

    data = fields.String(required=True, validate=validate.OneOf(RETAINED))
    from_on = fields.Date(required=True)
    years = fields.Integer(required=True)


class SessionStepOut(Schema):
    """From when on (legal time, Asia/Shanghai) the day is in a phase."""

    at = fields.Time(required=True, format="%H:%M")
    phase = fields.String(required=True)


class SessionRuleOut(BasisOut):
    """The trading day of one product (null: of all) on some days of the week (1 Monday to 7 Sunday)."""

    product = fields.String(required=True, allow_none=True)
    days = fields.List(fields.Integer(), required=True)
    working_days = fields.Boolean(required=True)
    steps = fields.List(fields.Nested(SessionStepOut), required=True)


class BandRuleOut(BasisOut):
    """What keeps the prices of one product (null: of all) together; shares of 0 mean none.

    `static` and `breaker` are of the reference price, `dynamic` of the last trade.
    """

    product = fields.String(required=True, allow_none=True)
    static = Fixed(6, required=True)
    dynamic = Fixed(6, required=True)
    interruption_minutes = fields.Integer(required=True)
    breaker = Fixed(6, required=True)
    breaker_minutes = fields.Integer(required=True)


class LaneOut(BasisOut):
    """What a negotiated deal goes through; a sector of null is any, days of 0 do not apply."""

    code = fields.String(required=True)
    lane = fields.String(required=True)
    tenure = fields.String(required=True)
    from_sector = fields.String(required=True, allow_none=True)
    to_sector = fields.String(required=True, allow_none=True)
    within = fields.String(required=True)
    longest_years = fields.Integer(required=True, allow_none=True)
    publication_days = fields.Integer(required=True)
    working_days = fields.Integer(required=True)
    signing_days = fields.Integer(required=True)


class CountyOut(Schema):
    """The county's rules in force."""

    name = fields.String(required=True)
    version = fields.String(required=True)
    name_zh = fields.String(required=True)
    name_en = fields.String(required=True)
    county = fields.String(required=True)
    sources = fields.List(fields.Nested(LawOut), required=True)
    tariffs = fields.List(fields.Nested(TariffOut), required=True)
    flows = fields.List(fields.Nested(FlowOut), required=True)
    routes = fields.List(fields.Nested(RouteOut), required=True)
    fees = fields.List(fields.Nested(FeeOut), required=True)
    reviews = fields.List(fields.Nested(ReviewRuleOut), required=True)
    thresholds = fields.List(fields.Nested(ThresholdOut), required=True)
    clocks = fields.List(fields.Nested(CountyClockOut), required=True)
    kinds = fields.List(fields.Nested(KindRuleOut), required=True)
    savings = fields.List(fields.Nested(SavingRuleOut), required=True)
    retention = fields.List(fields.Nested(RetentionRuleOut), required=True)
    sessions = fields.List(fields.Nested(SessionRuleOut), required=True)
    bands = fields.List(fields.Nested(BandRuleOut), required=True)
    lanes = fields.List(fields.Nested(LaneOut), required=True)
