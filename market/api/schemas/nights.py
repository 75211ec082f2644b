"""Shapes of nights of measuring points, baselines of leakage control, and periods of contracts."""

from __future__ import annotations

from functools import partial

from marshmallow import Schema, fields, validate

from ledger.units import format_decimal, parse_decimal
from market.api.schemas.fields import Decimal, PublicId, Volume
from market.api.schemas.points import DIGEST
from market.api.schemas.registry import text
from market.api.schemas.reports import BilledIn
from market.api.schemas.saving_terms import Factor, Multiple
from market.contracts.periods import PERIOD_STATES


class Pressure(Decimal):
    """A pressure with at most 3 decimals, in one unit for all of a district (metres of head, or kPa)."""

    parse = staticmethod(partial(parse_decimal, scale=3, limit=10_000_000))
    write = staticmethod(partial(format_decimal, scale=3))
    unit = "the district's unit of pressure, with at most 3 decimals"
    pattern = r"^(0|[1-9][0-9]{0,4})(\.[0-9]{1,3})?$"
    example = "38.400"


class PointNightIn(Schema):
    """The night that ends on the morning of a day: the least flow between two and four, m3 an hour, and the pressure.

    `unreduced`: where the project itself lowers the pressure, that which would have been without it.
    """

    night_on = fields.Date(required=True)
    flow = Volume(required=True)
    pressure = Pressure(load_default=None, allow_none=True, positive=True)
    unreduced = Pressure(load_default=None, allow_none=True, positive=True)


class PointNightsIn(Schema):
    """Nights of a point, all or none, and the SHA-256 of the logger's file."""

    nights = fields.List(fields.Nested(PointNightIn), required=True, validate=validate.Length(1, 400))
    document_sha256 = fields.String(load_default=None, allow_none=True, validate=DIGEST)


class NightCorrectionIn(Schema):
    """What the night really was, and why the record was wrong."""

    flow = Volume(required=True)
    pressure = Pressure(load_default=None, allow_none=True, positive=True)
    unreduced = Pressure(load_default=None, allow_none=True, positive=True)
    reason = fields.String(required=True, validate=text(1000))
    document_sha256 = fields.String(load_default=None, allow_none=True, validate=DIGEST)


class PointNightOut(Schema):
    """A night; `corrects_id` names the one whose place it takes."""

    id = PublicId("mpn", required=True)
    point_id = PublicId("mpt", required=True)
    night_on = fields.Date(required=True)
    flow = Volume(required=True)
    pressure = Pressure(required=True, allow_none=True)
    unreduced = Pressure(required=True, allow_none=True)
    document_sha256 = fields.String(required=True, allow_none=True)
    corrects_id = PublicId("mpn", required=True, allow_none=True)
    reason = fields.String(required=True, allow_none=True)
    recorded_at = fields.AwareDateTime(required=True)


class NightsQuery(Schema):
    """Which nights, both ends in it."""

    first_day = fields.Date(required=True)
    last_day = fields.Date(required=True)


class PointNightsOut(Schema):
    """Nights of a point that count, by day."""

    data = fields.List(fields.Nested(PointNightOut), required=True)


class NightBaselineIn(Schema):
    """A base of nights as it is proposed; flows and pressures are read from the boundary's points.

    Legitimate night use by the count of `connections`, or `night_use` m3 an hour as it was found. `hourly_pressure`: 24
    ratios to the night's pressure. `exponent`: N1, null for the rules'. `billed`: for a water balance on both sides.
    """

    works_start = fields.Date(required=True)
    first_day = fields.Date(required=True)
    last_day = fields.Date(required=True)
    connections = fields.Integer(
        load_default=None, allow_none=True, strict=True, validate=validate.Range(0, 10_000_000)
    )
    night_use = Volume(load_default=None, allow_none=True)
    reference_pressure = Pressure(required=True, positive=True)
    hourly_pressure = fields.List(Multiple(positive=True), required=True, validate=validate.Length(24, 24))
    exponent = Factor(load_default=None, allow_none=True, positive=True)
    pressure_point_id = PublicId("mpt", load_default=None, allow_none=True)
    billed = fields.Nested(BilledIn, load_default=None, allow_none=True)


class GivingUpIn(Schema):
    """The first day of a period that is given up, and why."""

    starts_on = fields.Date(required=True)
    reason = fields.String(required=True, validate=text(1000))


class ContractPeriodOut(Schema):
    """A period: open (not over), due, reported, merged into a later one's report, or given up by user and firm.

    Its days are from `starts_on` up to, without, `ends_on`.
    """

    starts_on = fields.Date(required=True)
    ends_on = fields.Date(required=True)
    status = fields.String(required=True, validate=validate.OneOf(PERIOD_STATES))
    report_id = PublicId("srp", required=True, allow_none=True)
    waived_by = fields.List(PublicId("par"), required=True)


class ContractPeriodsOut(Schema):
    """The periods of a contract's operation that have begun, in order."""

    data = fields.List(fields.Nested(ContractPeriodOut), required=True)
