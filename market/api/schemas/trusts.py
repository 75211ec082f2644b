"""Shapes of trusts and of memberships in them."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from market.api.schemas.fields import LegalSource, Money, Price, PublicId, Volume, YesNo
from market.api.schemas.registry import text
from market.registry.models import RIGHT_KINDS, SECTORS
from market.registry.trust_models import MEMBER_STATES

SELLING = ("trustee", "nobody")
STATES = ("open", "ended")


class TrustIn(Schema):
    """A pool to open, and the terms that its members will sign. `fee_per_mille` is of what the members receive."""

    trustee_id = PublicId("par", required=True)
    township = fields.String(required=True, validate=text(64))
    canal = fields.String(required=True, validate=text(64))
    sector = fields.String(required=True, validate=validate.OneOf(SECTORS))
    source = fields.String(required=True, validate=text(32))
    water_year = fields.Integer(required=True, strict=True, validate=validate.Range(2000, 2200))
    right_kind = fields.String(required=True, validate=validate.OneOf(RIGHT_KINDS))
    fee_per_mille = fields.Integer(required=True, strict=True, validate=validate.Range(0, 1000))
    floor_price = Price(required=True)
    selling = fields.String(required=True, validate=validate.OneOf(SELLING))
    starts_on = fields.Date(required=True)
    ends_on = fields.Date(required=True)
    notice_days = fields.Integer(required=True, strict=True, validate=validate.Range(0, 365))
    conditions = fields.String(load_default="", validate=text(4000, 0))


class TrustOut(Schema):
    """A trust: its terms, its pool, and how much is in it. `available` is what no order or review holds."""

    id = PublicId("tru", required=True)
    trustee_id = PublicId("par", required=True)
    water_account_id = PublicId("wac", required=True)
    township = fields.String(required=True)
    canal = fields.String(required=True)
    sector = fields.String(required=True)
    source = fields.String(required=True)
    water_year = fields.Integer(required=True)
    right_kind = fields.String(required=True)
    fee_per_mille = fields.Integer(required=True)
    floor_price = Price(required=True)
    selling = fields.String(required=True, validate=validate.OneOf(SELLING))
    starts_on = fields.Date(required=True)
    ends_on = fields.Date(required=True)
    notice_days = fields.Integer(required=True)
    conditions = fields.String(required=True)
    status = fields.String(required=True, validate=validate.OneOf(STATES))
    members = fields.Integer(required=True)
    volume = Volume(required=True)
    available = Volume(required=True)
    opened_at = fields.AwareDateTime(required=True)
    ended_at = fields.AwareDateTime(required=True, allow_none=True)
    end_reason = fields.String(required=True, allow_none=True)
    legal_source = LegalSource(required=True)
    version = fields.Integer(required=True)


class TrustPage(Schema):
    """A page of trusts."""

    data = fields.List(fields.Nested(TrustOut), required=True)
    has_more = fields.Boolean(required=True)


class TrustsQuery(Schema):
    """Which trusts."""

    trustee_id = PublicId("par")
    status = fields.String(validate=validate.OneOf(STATES))


class OfferIn(Schema):
    """An account whose water is entrusted: so much now and, if `standing`, what later announcements put on it."""

    water_account_id = PublicId("wac", required=True)
    volume = Volume(required=True)
    standing = YesNo(load_default=False)


class MemberOut(Schema):
    """A membership and its exact part in the pool.

    volume = brought in − taken out − sold − used. `fee_due` is its part of the water fee for use, `proceeds` what it
    was paid for settled trades of the pool, `awaited` what it will be paid for those under review.
    """

    id = PublicId("tmb", required=True)
    trust_id = PublicId("tru", required=True)
    participant_id = PublicId("par", required=True)
    water_account_id = PublicId("wac", required=True)
    offered = Volume(required=True)
    standing = fields.Boolean(required=True)
    status = fields.String(required=True, validate=validate.OneOf(MEMBER_STATES))
    signed_at = fields.AwareDateTime(required=True)
    decided_at = fields.AwareDateTime(required=True, allow_none=True)
    reason = fields.String(required=True)
    leaves_on = fields.Date(required=True, allow_none=True)
    brought_in = Volume(required=True)
    taken_out = Volume(required=True)
    sold = Volume(required=True)
    used = Volume(required=True)
    volume = Volume(required=True)
    fee_due = Money(required=True)
    proceeds = Money(required=True)
    awaited = Money(required=True)
    version = fields.Integer(required=True)


class MemberPage(Schema):
    """A page of memberships."""

    data = fields.List(fields.Nested(MemberOut), required=True)
    has_more = fields.Boolean(required=True)


class BringIn(Schema):
    """How much more to bring in."""

    volume = Volume(required=True, positive=True)


class TakeOutIn(Schema):
    """How much to take out; null: the whole share."""

    volume = Volume(load_default=None, allow_none=True, positive=True)


class MovedOut(Schema):
    """What moved between the pool and one member."""

    trust_member_id = PublicId("tmb", required=True)
    volume = Volume(required=True)


class MovesOut(Schema):
    """What moved between a pool and its members."""

    trust_id = PublicId("tru", required=True)
    total = Volume(required=True)
    members = fields.List(fields.Nested(MovedOut), required=True)
