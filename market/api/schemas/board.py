"""Shapes of what the public board adds up: use of caps, flows of traded water, what is open, the schematic map."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from market.api.schemas.fields import Fixed, LegalSource, Price, PublicId, Volume
from market.api.schemas.market_data import ZONE_LEVELS, SpanQuery
from market.registry.models import SECTORS

BUY_BACK, PROGRAMME, RESALE = "buy_back", "programme", "resale"
OFFERS = (BUY_BACK, PROGRAMME, RESALE)


class CapUseQuery(Schema):
    """Of which water year; without it, of the present one."""

    water_year = fields.Integer(validate=validate.Range(2000, 2200))


class CapUseOut(Schema):
    """A cap, and what of it is issued (charged), held for orders and decisions, free, and used as metered.

    `over_use` was used beyond what accounts held, or is charged beyond the cap since it was cut.
    """

    limit_id = PublicId("cap", required=True)
    code = fields.String(required=True)
    zone = fields.String(required=True, allow_none=True)
    source = fields.String(required=True, allow_none=True)
    sector = fields.String(required=True, allow_none=True)
    volume = Volume(required=True)
    issued = Volume(required=True)
    held = Volume(required=True)
    free = Volume(required=True)
    used = Volume(required=True)
    over_use = Volume(required=True)
    legal_source = LegalSource(required=True)
    demonstration = fields.Boolean(required=True)


class CapUseList(Schema):
    """Every cap of a water year, by id."""

    water_year = fields.Integer(required=True)
    data = fields.List(fields.Nested(CapUseOut), required=True)
    has_more = fields.Boolean(required=True)


class FlowsQuery(SpanQuery):
    """Which trades, between the zones of which level; without `from`, of the last twelve months."""

    product_id = PublicId("prd")
    level = fields.String(load_default="district", validate=validate.OneOf(ZONE_LEVELS))


class TradedFlowOut(Schema):
    """Water that settled from one zone and sector to another: what left, and what arrived.

    A sector of null is a call auction, in which whose water went to whom nobody can say; a zone of null one above the
    level asked for.
    """

    from_zone = fields.String(required=True, allow_none=True)
    from_sector = fields.String(required=True, allow_none=True, validate=validate.OneOf(SECTORS))
    to_zone = fields.String(required=True, allow_none=True)
    to_sector = fields.String(required=True, allow_none=True, validate=validate.OneOf(SECTORS))
    source_volume = Volume(required=True)
    delivered_volume = Volume(required=True)
    trades = fields.Integer(required=True)


class TradedFlowList(Schema):
    """Flows, the largest first."""

    data = fields.List(fields.Nested(TradedFlowOut), required=True)
    has_more = fields.Boolean(required=True)


class OpenOfferOut(Schema):
    """Something that one can join now, without who offers it.

    `volume` is what it takes or gives at most, `price` what is paid a m3 (of a resale the least), `multiple` that of
    the water price which a buy-back pays; null where the kind has none. `until` is its last instant.
    """

    kind = fields.String(required=True, validate=validate.OneOf(OFFERS))
    id = fields.String(required=True)
    product_id = PublicId("prd", required=True)
    zones = fields.List(fields.String(), required=True)
    volume = Volume(required=True, allow_none=True)
    price = Price(required=True, allow_none=True)
    multiple = Fixed(3, required=True, allow_none=True)
    until = fields.AwareDateTime(required=True)


class OpenOfferList(Schema):
    """What is open, what closes first first."""

    data = fields.List(fields.Nested(OpenOfferOut), required=True)
    has_more = fields.Boolean(required=True)


class ShapeGeometryOut(Schema):
    """A polygon of one ring, closed. Positions are those of the pack: of a schematic map a plane without a scale."""

    type = fields.Constant("Polygon", required=True)
    coordinates = fields.List(fields.List(fields.List(fields.Float())), required=True)


class ShapePropertiesOut(Schema):
    """Which zone it is, and where its outline comes from."""

    zone = fields.String(required=True)
    legal_source = LegalSource(required=True)
    source_status = fields.String(required=True)
    demonstration = fields.Boolean(required=True)


class ShapeOut(Schema):
    """A feature of the map."""

    type = fields.Constant("Feature", required=True)
    properties = fields.Nested(ShapePropertiesOut, required=True)
    geometry = fields.Nested(ShapeGeometryOut, required=True)


class CountyMapOut(Schema):
    """A GeoJSON FeatureCollection; without features where the county's pack has no map."""

    type = fields.Constant("FeatureCollection", required=True)
    features = fields.List(fields.Nested(ShapeOut), required=True)
