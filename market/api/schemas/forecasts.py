"""Shapes of forecasts: what of a planned saving will be credited, and what one more meter would gain."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from market.api.schemas.fields import PublicId, Volume
from market.api.schemas.points import AccuracyClass
from market.api.schemas.projects import KIND, ShareBp
from market.api.schemas.reports import CODE, BaselineIn, SavingReasonOut, SignedVolume
from market.api.schemas.saving_terms import BoundaryTerms
from market.contracts.report_models import TIERS


class MeteringIn(Schema):
    """Another meter: its accuracy class, over a part of the boundary's use that holds the whole project."""

    code = fields.String(required=True, validate=CODE)
    accuracy_class = AccuracyClass(required=True)
    share = ShareBp(load_default=10_000, positive=True)


class ForecastIn(BaselineIn):
    """A plan: the user's points, a base period as a baseline has it, the share of use to be saved, other meters.

    `years_on`: so many years after the base period the saving is measured.
    """

    participant_id = PublicId("par", required=True)
    kind = fields.String(required=True, validate=KIND)
    boundary = fields.List(fields.Nested(BoundaryTerms), required=True, validate=validate.Length(1, 200))
    saving_share = ShareBp(required=True, positive=True)
    ways = fields.List(fields.Nested(MeteringIn), load_default=list, validate=validate.Length(max=20))
    years_on = fields.Integer(load_default=2, strict=True, validate=validate.Range(1, 10))


class ForecastWayOut(Schema):
    """What one way to measure would credit of a year's saving; `as_is`: the meters that stand.

    `money_share`: of the saving, paid at once (1) or not before it is merged with more (0). `water_share`: of it, what
    may become a lot of water; `gain`: how much more that is than with the meters that stand. `money_only`: no water,
    for the reasons.
    """

    code = fields.String(required=True)
    saving = Volume(required=True)
    low_95 = SignedVolume(required=True, allow_none=True)
    high_95 = SignedVolume(required=True, allow_none=True)
    money_share = ShareBp(required=True)
    water = Volume(required=True)
    water_share = ShareBp(required=True)
    gain = SignedVolume(required=True)
    money_only = fields.Boolean(required=True)
    reasons = fields.List(fields.Nested(SavingReasonOut), required=True)


class ForecastOut(Schema):
    """The baseline that would be proposed today, and what would be credited by each way to measure."""

    tier = fields.String(required=True, validate=validate.OneOf(TIERS))
    chosen = fields.List(fields.String(), required=True)
    base_use = Volume(required=True)
    ways = fields.List(fields.Nested(ForecastWayOut), required=True)
