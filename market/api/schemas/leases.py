"""Shapes of leases: what is let to whom, for which water years, and what became of each year."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from market.api.schemas.fields import Price, PublicId, Volume
from market.registry.lease_models import LEASE_STATES, TURN_STATES
from market.registry.lease_terms import SHORT_YEAR_RULES
from market.registry.models import SECTORS


class LeaseTurnOut(Schema):
    """A lease's one delivery of a water year: due, struck (with the exchange), traded, or lapsed.

    `volume` is what the contract gives of what was announced so far, `held` what of it rests on the lessor's account
    until the turn. `refusal` names what stood in the way last, and `refusal_title` says it; it may be put right until
    `grace_until`.
    """

    water_year = fields.Integer(required=True)
    status = fields.String(required=True, validate=validate.OneOf(TURN_STATES))
    volume = Volume(required=True)
    held = Volume(required=True)
    water_account_id = PublicId("wac", required=True)
    to_water_account_id = PublicId("wac", required=True, allow_none=True)
    trade_id = PublicId("trd", required=True, allow_none=True)
    refusal = fields.String(required=True, allow_none=True)
    refusal_title = fields.String(required=True, allow_none=True)
    grace_until = fields.Date(required=True, allow_none=True)
    resolved_at = fields.AwareDateTime(required=True, allow_none=True)


class LeaseOut(Schema):
    """A lease: `volume` of a full year of the right for `rent` a cubic metre, both at the lessor's place."""

    id = PublicId("lea", required=True)
    negotiation_id = PublicId("neg", required=True)
    entitlement_id = PublicId("ent", required=True)
    lessor_id = PublicId("par", required=True)
    lessee_id = PublicId("par", required=True)
    township = fields.String(required=True, metadata={"description": "Where the water goes."})
    canal = fields.String(required=True)
    sector = fields.String(required=True, validate=validate.OneOf(SECTORS))
    source = fields.String(required=True)
    volume = Volume(required=True)
    rent = Price(required=True)
    first_year = fields.Integer(required=True)
    last_year = fields.Integer(required=True)
    starts_on = fields.Date(required=True)
    ends_on = fields.Date(required=True)
    short_year = fields.String(required=True, validate=validate.OneOf(SHORT_YEAR_RULES))
    turn_month = fields.Integer(required=True)
    grace_days = fields.Integer(required=True)
    status = fields.String(required=True, validate=validate.OneOf(LEASE_STATES))
    turns = fields.List(fields.Nested(LeaseTurnOut), required=True)
    registered_at = fields.AwareDateTime(required=True)
    ended_at = fields.AwareDateTime(required=True, allow_none=True)
    end_reason = fields.String(required=True, allow_none=True)
    version = fields.Integer(required=True)


class LeasePage(Schema):
    """A page of leases."""

    data = fields.List(fields.Nested(LeaseOut), required=True)
    has_more = fields.Boolean(required=True)


class LeasesQuery(Schema):
    """Which leases."""

    status = fields.String(validate=validate.OneOf(LEASE_STATES))
    entitlement_id = PublicId("ent")
