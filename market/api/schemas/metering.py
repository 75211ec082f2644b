"""Shapes of meters and readings."""

from __future__ import annotations

from marshmallow import Schema, fields

from market.api.schemas.fields import Money, Price, PublicId, Volume
from market.api.schemas.registry import text


class MeterIn(Schema):
    """A meter to register; `start` is what its counter shows at first."""

    water_account_id = PublicId("wac", required=True)
    serial = fields.String(required=True, validate=text(64))
    start = Volume(load_default=0)
    installed_at = fields.AwareDateTime(load_default=None, allow_none=True, format="iso")


class MeterOut(Schema):
    """A meter; `counter` is what it showed last."""

    id = PublicId("mtr", required=True)
    water_account_id = PublicId("wac", required=True)
    serial = fields.String(required=True)
    start = Volume(required=True)
    counter = Volume(required=True)
    installed_at = fields.AwareDateTime(required=True)
    read_at = fields.AwareDateTime(required=True, allow_none=True)


class MeterPage(Schema):
    """A page of meters."""

    data = fields.List(fields.Nested(MeterOut), required=True)
    has_more = fields.Boolean(required=True)


class MetersQuery(Schema):
    """Which meters."""

    water_account_id = PublicId("wac")


class ReadingIn(Schema):
    """What a counter shows at an instant."""

    read_at = fields.AwareDateTime(required=True, format="iso")
    counter = Volume(required=True)


class ReadingOut(Schema):
    """A reading: its use, what left the account, what was over-use, and the fee it caused."""

    id = PublicId("rdg", required=True)
    meter_id = PublicId("mtr", required=True)
    read_at = fields.AwareDateTime(required=True)
    counter = Volume(required=True)
    use = Volume(required=True)
    posted = Volume(required=True)
    over_use = Volume(required=True)
    price = Price(required=True)
    fee = Money(required=True)
    recorded_at = fields.AwareDateTime(required=True)


class ReadingPage(Schema):
    """A page of readings, oldest first."""

    data = fields.List(fields.Nested(ReadingOut), required=True)
    has_more = fields.Boolean(required=True)
