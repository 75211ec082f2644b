"""Shapes of measuring points, their readings and bills."""

from __future__ import annotations

from functools import partial

from marshmallow import Schema, fields, validate

from ledger.units import format_decimal, parse_decimal
from market.api.schemas.fields import Decimal, PublicId, Volume
from market.api.schemas.registry import text
from market.contracts.point_models import READING_METHODS

DIGEST = validate.Regexp(r"^[0-9a-f]{64}$")


class AccuracyClass(Decimal):
    """A meter's accuracy class: the largest error as a share of what it shows, with at most 4 decimals."""

    parse = staticmethod(partial(parse_decimal, scale=4, limit=5_000))
    write = staticmethod(partial(format_decimal, scale=4))
    unit = "a share of what the meter shows, at most 0.5, with at most 4 decimals"
    pattern = r"^0(\.[0-9]{1,4})?$"
    example = "0.0200"


class PointsQuery(Schema):
    """Which points."""

    participant_id = PublicId("par")
    parent_id = PublicId("mpt")


class PointIn(Schema):
    """A point from the end of the day `starts_on` on, which its counter ended at `start`."""

    participant_id = PublicId("par", required=True)
    parent_id = PublicId("mpt", load_default=None, allow_none=True)
    meter_id = PublicId("mtr", load_default=None, allow_none=True)
    name = fields.String(required=True, validate=text(200))
    serial = fields.String(required=True, validate=text(100))
    accuracy_class = AccuracyClass(required=True, positive=True)
    starts_on = fields.Date(required=True)
    start = Volume(load_default=0)


class PointOut(Schema):
    """A measuring point."""

    id = PublicId("mpt", required=True)
    participant_id = PublicId("par", required=True)
    parent_id = PublicId("mpt", required=True, allow_none=True)
    meter_id = PublicId("mtr", required=True, allow_none=True)
    name = fields.String(required=True)
    serial = fields.String(required=True)
    accuracy_class = AccuracyClass(required=True)
    starts_on = fields.Date(required=True)
    start = Volume(required=True)
    retired_on = fields.Date(required=True, allow_none=True)


class PointPage(Schema):
    """A page of points."""

    data = fields.List(fields.Nested(PointOut), required=True)
    has_more = fields.Boolean(required=True)


class RetirementIn(Schema):
    """From the end of which day on, and why."""

    retired_on = fields.Date(required=True)
    reason = fields.String(required=True, validate=text(1000))


class PointReadingIn(Schema):
    """What the counter showed at the end of a day; the SHA-256 of a photograph or log."""

    read_on = fields.Date(required=True)
    counter = Volume(required=True)
    method = fields.String(load_default="read", validate=validate.OneOf(READING_METHODS))
    document_sha256 = fields.String(load_default=None, allow_none=True, validate=DIGEST)


class PointCorrectionIn(Schema):
    """What it really showed, and why the reading was wrong."""

    counter = Volume(required=True)
    reason = fields.String(required=True, validate=text(1000))
    document_sha256 = fields.String(load_default=None, allow_none=True, validate=DIGEST)


class PointReadingOut(Schema):
    """A reading; `corrects_id` names the one whose place it takes."""

    id = PublicId("mpr", required=True)
    point_id = PublicId("mpt", required=True)
    read_on = fields.Date(required=True)
    counter = Volume(required=True)
    method = fields.String(required=True, validate=validate.OneOf(READING_METHODS))
    document_sha256 = fields.String(required=True, allow_none=True)
    corrects_id = PublicId("mpr", required=True, allow_none=True)
    reason = fields.String(required=True, allow_none=True)
    recorded_at = fields.AwareDateTime(required=True)


class BillIn(Schema):
    """A utility's bill of some days, both ends in it, and the SHA-256 of its scan."""

    first_day = fields.Date(required=True)
    last_day = fields.Date(required=True)
    volume = Volume(required=True)
    number = fields.String(required=True, validate=text(100))
    document_sha256 = fields.String(required=True, validate=DIGEST)


class BillOut(Schema):
    """A bill."""

    id = PublicId("mpb", required=True)
    point_id = PublicId("mpt", required=True)
    first_day = fields.Date(required=True)
    last_day = fields.Date(required=True)
    volume = Volume(required=True)
    number = fields.String(required=True)
    document_sha256 = fields.String(required=True)


class IntervalOut(Schema):
    """Litres of some days, both ends in it, and what shows them.

    `point_reading_id`, `counter`: the reading of the point that ends it (null: a bill, or the registry's).
    """

    first_day = fields.Date(required=True)
    last_day = fields.Date(required=True)
    volume = Volume(required=True)
    evidence = fields.String(required=True)
    point_reading_id = PublicId("mpr", required=True, allow_none=True)
    counter = Volume(required=True, allow_none=True)


class SeriesOut(Schema):
    """What a point has measured, and what was billed for it."""

    measured = fields.List(fields.Nested(IntervalOut), required=True)
    billed = fields.List(fields.Nested(IntervalOut), required=True)
