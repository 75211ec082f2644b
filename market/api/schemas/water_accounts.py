"""Shapes of water accounts, their statements, and of what may be sold and bought."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from market.api.schemas.fields import LegalSource, Money, PublicId, Volume
from market.api.schemas.registry import text
from market.registry.models import RIGHT_KINDS, SECTORS

SIGNED_VOLUME = r"^-?(0|[1-9][0-9]{0,12})(\.[0-9]{1,3})?$"


class WaterAccountIn(Schema):
    """A water account to open; the place is one township and one canal, by their codes."""

    participant_id = PublicId("par", required=True)
    township = fields.String(required=True, validate=text(64))
    canal = fields.String(required=True, validate=text(64))
    sector = fields.String(required=True, validate=validate.OneOf(SECTORS))
    source = fields.String(required=True, validate=text(32))
    water_year = fields.Integer(required=True, strict=True, validate=validate.Range(2000, 2200))


class WaterAccountOut(Schema):
    """A water account and its figures now.

    balance = what is on it; available = balance − held. `use_plan` bounds what it may buy (null: no plan needed).
    """

    id = PublicId("wac", required=True)
    participant_id = PublicId("par", required=True)
    township = fields.String(required=True)
    canal = fields.String(required=True)
    sector = fields.String(required=True)
    source = fields.String(required=True)
    water_year = fields.Integer(required=True)
    origin = fields.String(required=True)
    right_kind = fields.String(required=True, allow_none=True, validate=validate.OneOf((*RIGHT_KINDS, None)))
    status = fields.String(required=True)
    allocated = Volume(required=True)
    used = Volume(required=True)
    over_use = Volume(required=True)
    water_debt = Volume(required=True)
    balance = Volume(required=True)
    held = Volume(required=True)
    available = Volume(required=True)
    use_plan = Volume(required=True, allow_none=True)
    use_plan_left = Volume(required=True, allow_none=True)
    use_plan_source = fields.String(required=True, allow_none=True)
    fee_due = Money(required=True)
    version = fields.Integer(required=True)


class WaterAccountPage(Schema):
    """A page of water accounts."""

    data = fields.List(fields.Nested(WaterAccountOut), required=True)
    has_more = fields.Boolean(required=True)


class WaterAccountsQuery(Schema):
    """Which water accounts."""

    participant_id = PublicId("par")
    water_year = fields.Integer(validate=validate.Range(2000, 2200))


class UsePlanIn(Schema):
    """A yearly use plan, and where it is laid down."""

    volume = Volume(required=True, positive=True)
    legal_source = fields.String(required=True, validate=text(500))


class WaterEntryOut(Schema):
    """One line of a statement, in m3: a negative change went out. `subject_id` is what caused it."""

    id = PublicId("tfr", required=True)
    at = fields.AwareDateTime(required=True)
    code = fields.String(required=True)
    subject_id = fields.String(required=True, allow_none=True)
    change = fields.String(required=True, validate=validate.Regexp(SIGNED_VOLUME))
    held_change = fields.String(required=True, validate=validate.Regexp(SIGNED_VOLUME))
    balance = fields.String(required=True, validate=validate.Regexp(SIGNED_VOLUME))
    held = fields.String(required=True, validate=validate.Regexp(SIGNED_VOLUME))


class WaterStatement(Schema):
    """A page of a water account's statement, oldest first."""

    data = fields.List(fields.Nested(WaterEntryOut), required=True)
    has_more = fields.Boolean(required=True)


class ConstraintOut(Schema):
    """One reason: `volume` null is no bound; `scope` null binds every trade, else only those it names."""

    name = fields.String(required=True)
    volume = Volume(required=True, allow_none=True)
    legal_source = LegalSource(required=True)
    detail_en = fields.String(required=True)
    detail_zh = fields.String(required=True)
    demonstration = fields.Boolean(required=True)
    scope = fields.String(required=True, allow_none=True)


class AnswerOut(Schema):
    """How much may be traded today and why not more; null volumes are unbounded.

    `volume` also holds for trades that cross the borders of the zones; `volume_within` for those that do not.
    """

    water_account_id = PublicId("wac", required=True)
    volume = Volume(required=True, allow_none=True)
    volume_within = Volume(required=True, allow_none=True)
    binding = fields.Nested(ConstraintOut, required=True, allow_none=True)
    constraints = fields.List(fields.Nested(ConstraintOut), required=True)


class PurchasableQuery(Schema):
    """Which accounts."""

    water_year = fields.Integer(validate=validate.Range(2000, 2200))


class PurchasableOut(Schema):
    """What a participant may buy into each of its water accounts."""

    participant_id = PublicId("par", required=True)
    accounts = fields.List(fields.Nested(AnswerOut), required=True)
