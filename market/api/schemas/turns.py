"""Shapes of turn sheets."""

from __future__ import annotations

from functools import partial

from marshmallow import Schema, fields, validate

from ledger.units import format_decimal, parse_decimal
from market.api.schemas.fields import Decimal, Money, Price, PublicId, Volume
from market.api.schemas.registry import text
from market.metering.models import SHEET_BASES, SHEET_STATES

MOST_LINES = 2_000


class Weight(Decimal):
    """Mu, hours or shares with at most two decimals; hundredths inside."""

    parse = staticmethod(partial(parse_decimal, scale=2, limit=10**10))
    write = staticmethod(partial(format_decimal, scale=2))
    unit = "mu, hours or shares with at most 2 decimals"
    pattern = r"^(0|[1-9][0-9]{0,7})(\.[0-9]{1,2})?$"
    example = "10.32"


class ServeIn(Schema):
    """The water accounts that a gate serves."""

    water_account_ids = fields.List(
        PublicId("wac"), required=True, validate=validate.Length(min=1, max=MOST_LINES)
    )


class ServedOut(Schema):
    """How many accounts were named."""

    served = fields.Integer(required=True)


class TurnLineIn(Schema):
    """One household and its weight."""

    water_account_id = PublicId("wac", required=True)
    weight = Weight(required=True)


class TurnSheetIn(Schema):
    """What passed a gate until an instant, and how it is shared out."""

    meter_id = PublicId("mtr", required=True)
    until = fields.AwareDateTime(required=True, format="iso")
    counter = Volume(required=True)
    loss = Volume(load_default=0)
    basis = fields.String(required=True, validate=validate.OneOf(SHEET_BASES))
    lines = fields.List(
        fields.Nested(TurnLineIn), required=True, validate=validate.Length(min=1, max=MOST_LINES)
    )
    corrects_id = PublicId("trn", load_default=None, allow_none=True)
    reason = fields.String(load_default="", validate=text(1000, 0))


class TurnLineOut(Schema):
    """What a household gets of the sheet; once it is signed, what it came to."""

    water_account_id = PublicId("wac", required=True)
    weight = Weight(required=True)
    volume = Volume(required=True)
    posted = Volume(required=True, allow_none=True)
    over_use = Volume(required=True, allow_none=True)
    price = Price(required=True, allow_none=True)
    fee = Money(required=True, allow_none=True)


class TurnSheetSummary(Schema):
    """A turn sheet without its lines."""

    id = PublicId("trn", required=True)
    meter_id = PublicId("mtr", required=True)
    since = fields.AwareDateTime(required=True)
    until = fields.AwareDateTime(required=True)
    counter_from = Volume(required=True)
    counter = Volume(required=True)
    gate_volume = Volume(required=True)
    loss = Volume(required=True)
    basis = fields.String(required=True)
    status = fields.String(required=True)
    corrects_id = PublicId("trn", required=True, allow_none=True)
    reason = fields.String(required=True)
    entered_at = fields.AwareDateTime(required=True)
    signed_at = fields.AwareDateTime(required=True, allow_none=True)
    version = fields.Integer(required=True)


class TurnSheetOut(TurnSheetSummary):
    """A turn sheet with its lines."""

    lines = fields.List(fields.Nested(TurnLineOut), required=True)


class TurnSheetPage(Schema):
    """A page of turn sheets."""

    data = fields.List(fields.Nested(TurnSheetSummary), required=True)
    has_more = fields.Boolean(required=True)


class TurnSheetsQuery(Schema):
    """Which turn sheets."""

    meter_id = PublicId("mtr")
    status = fields.String(validate=validate.OneOf(SHEET_STATES))
