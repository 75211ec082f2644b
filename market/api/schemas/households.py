"""Shapes of what a district's households receive."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from market.api.schemas.fields import Money, PublicId
from market.api.schemas.projects import ShareBp
from market.contracts.household_models import PAYOUT_SOURCES


class HouseholdPayoutOut(Schema):
    """A sum paid out to all households: of a due that the district received, or of its share of a distribution."""

    id = PublicId("hhp", required=True)
    contract_id = PublicId("sct", required=True)
    source = fields.String(required=True, validate=validate.OneOf(PAYOUT_SOURCES))
    due_id = PublicId("due", required=True, allow_none=True)
    amount = Money(required=True)
    households = fields.Integer(required=True)
    made_at = fields.AwareDateTime(required=True)


class HouseholdPayoutPage(Schema):
    """A page of payouts."""

    data = fields.List(fields.Nested(HouseholdPayoutOut), required=True)
    has_more = fields.Boolean(required=True)


class HouseholdShareOut(Schema):
    """A household's part of a payout, by its share of the members' resolution."""

    id = PublicId("hhs", required=True)
    payout_id = PublicId("hhp", required=True)
    contract_id = PublicId("sct", required=True)
    participant_id = PublicId("par", required=True)
    share = ShareBp(required=True)
    amount = Money(required=True)
    made_at = fields.AwareDateTime(required=True)


class HouseholdSharePage(Schema):
    """A page of households' parts."""

    data = fields.List(fields.Nested(HouseholdShareOut), required=True)
    has_more = fields.Boolean(required=True)
