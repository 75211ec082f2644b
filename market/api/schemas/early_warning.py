"""Shapes of early warning and of reduction plans."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from market.api.schemas.fields import Fixed, LegalSource, PublicId, Volume, YesNo
from market.api.schemas.registry import text
from market.county.supervision_rows import COLOURS, MEASURES, PER
from market.registry.models import SECTORS
from market.supervision.warning.forecast import METHODS
from market.supervision.warning.models import NODE_KINDS, PLAN_STATES

COLOUR = validate.OneOf(COLOURS)
YEAR = validate.Range(2000, 2200)


class WarningTreeQuery(Schema):
    """Which nodes: of a water year (without it, the present one), under a zone, of a colour."""

    water_year = fields.Integer(validate=YEAR)
    zone = fields.String(validate=text(64))
    colour = fields.String(validate=COLOUR)


class WarningRuleOut(Schema):
    """A threshold in force: a measure has this colour where it reaches this share of the limit."""

    measure = fields.String(required=True, validate=validate.OneOf(MEASURES))
    colour = fields.String(required=True, validate=COLOUR)
    at = Fixed(6, required=True, metadata={"description": "A share of the limit; 1 is all of it."})
    operator = fields.String(required=True, validate=validate.OneOf(("gte", "gt")))
    name_zh = fields.String(required=True)
    name_en = fields.String(required=True)
    plan = fields.Boolean(required=True)
    restricts = fields.Boolean(required=True)
    legal_source = LegalSource(required=True)
    demonstration = fields.Boolean(required=True)


class UseForecastOut(Schema):
    """The use at the year's end, how it was found, and its band."""

    volume = Volume(required=True)
    low = Volume(required=True)
    high = Volume(required=True)
    method = fields.String(required=True, validate=validate.OneOf(METHODS))


class WarningNodeOut(Schema):
    """A cap, an intensity target, or a user with reported output, with its numbers and its colour.

    `limit` of a target is for one mu of land, or for every 10 000 yuan of output; `base` how many of them there are
    (null: not known), `used_per_base` the use so far of each. `share` is the measure that decides over its limit.
    """

    kind = fields.String(required=True, validate=validate.OneOf(NODE_KINDS))
    code = fields.String(required=True)
    limit_id = PublicId("cap", required=True, allow_none=True)
    participant_id = PublicId("par", required=True, allow_none=True)
    zone = fields.String(required=True, allow_none=True)
    zone_zh = fields.String(required=True, allow_none=True)
    zone_en = fields.String(required=True, allow_none=True)
    source = fields.String(required=True, allow_none=True)
    sector = fields.String(required=True, allow_none=True, validate=validate.OneOf(SECTORS))
    per = fields.String(required=True, allow_none=True, validate=validate.OneOf(PER))
    limit = Volume(required=True)
    used = Volume(required=True)
    allotted = Volume(required=True)
    held = Volume(required=True)
    holdings = Volume(required=True)
    forecast = fields.Nested(UseForecastOut, required=True, allow_none=True)
    base = Fixed(2, required=True, allow_none=True)
    used_per_base = Volume(required=True, allow_none=True)
    colour = fields.String(required=True, validate=COLOUR)
    measure = fields.String(required=True, allow_none=True, validate=validate.OneOf(MEASURES))
    share = Fixed(6, required=True, allow_none=True)
    legal_source = LegalSource(required=True)
    demonstration = fields.Boolean(required=True)


class WarningTreeOut(Schema):
    """The nodes of a water year on a legal day, and the thresholds in force."""

    water_year = fields.Integer(required=True)
    day = fields.Date(required=True)
    thresholds = fields.List(fields.Nested(WarningRuleOut), required=True)
    data = fields.List(fields.Nested(WarningNodeOut), required=True)


class WarningHistoryQuery(Schema):
    """The days of a zone, or of one node by its code."""

    zone = fields.String(load_default=None, validate=text(64))
    node = fields.String(load_default=None, validate=text(120))
    first = fields.Date(load_default=None, data_key="from")
    last = fields.Date(load_default=None, data_key="to")


class WarningDayOut(Schema):
    """The colour of a node on a day, as it was stored."""

    id = PublicId("ewn", required=True)
    day = fields.Date(required=True)
    water_year = fields.Integer(required=True)
    kind = fields.String(required=True, validate=validate.OneOf(NODE_KINDS))
    code = fields.String(required=True)
    zone = fields.String(required=True, allow_none=True)
    limit = Volume(required=True)
    used = Volume(required=True)
    allotted = Volume(required=True)
    holdings = Volume(required=True)
    forecast = fields.Nested(UseForecastOut, required=True, allow_none=True)
    colour = fields.String(required=True, validate=COLOUR)
    measure = fields.String(required=True, allow_none=True)
    share = Fixed(6, required=True, allow_none=True)


class WarningDayPage(Schema):
    """A page of days, the newest first."""

    data = fields.List(fields.Nested(WarningDayOut), required=True)
    has_more = fields.Boolean(required=True)


class ReductionPlanIn(Schema):
    """The plan of an overloaded cap: how much is reduced, by whom, by when, how, and by which paper."""

    limit_id = PublicId("cap", required=True)
    reduce = Volume(required=True, positive=True)
    due_on = fields.Date(required=True)
    responsible = fields.String(required=True, validate=text(200))
    measures = fields.String(required=True, validate=text(4000))
    document = fields.String(required=True, validate=text(500))


class ReductionPlanEndIn(Schema):
    """What became of a plan; as fulfilled only where the node no longer has the colour that restricts."""

    fulfilled = YesNo(required=True)
    result = fields.String(required=True, validate=text(4000))


class ReductionPlansQuery(Schema):
    """Which plans."""

    status = fields.String(load_default=None, validate=validate.OneOf(PLAN_STATES))


class ReductionPlanOut(Schema):
    """A reduction plan; `restricted`: its tighter rules apply now, `import_limit_id` is what shuts the zone."""

    id = PublicId("rdp", required=True)
    limit_id = PublicId("cap", required=True)
    colour = fields.String(required=True, validate=COLOUR)
    measure = fields.String(required=True)
    share = Fixed(6, required=True, allow_none=True)
    reduce = Volume(required=True)
    due_on = fields.Date(required=True)
    responsible = fields.String(required=True)
    measures = fields.String(required=True)
    document = fields.String(required=True)
    legal_source = LegalSource(required=True)
    status = fields.String(required=True, validate=validate.OneOf(PLAN_STATES))
    restricted = fields.Boolean(required=True)
    import_limit_id = PublicId("cap", required=True, allow_none=True)
    recorded_at = fields.AwareDateTime(required=True)
    ended_at = fields.AwareDateTime(required=True, allow_none=True)
    result = fields.String(required=True, allow_none=True)


class ReductionPlanPage(Schema):
    """A page of plans."""

    data = fields.List(fields.Nested(ReductionPlanOut), required=True)
    has_more = fields.Boolean(required=True)
