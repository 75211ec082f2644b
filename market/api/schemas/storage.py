"""Shapes of public storage: its stock and need, assignments, rounds of resale, sealed bids."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from market.api.schemas.fields import Money, Price, PublicId, Volume
from market.api.schemas.registry import text
from market.trading.storage_models import BID_STATES

ROUND_STATES = ("open", "closed")


class NeedIn(Schema):
    """What a storage account must keep for domestic and ecological use, and why."""

    volume = Volume(required=True)
    reason = fields.String(required=True, validate=text(1000))


class StockOut(Schema):
    """A storage account: free now, the need stated (null: none yet), assigned, and what may be resold."""

    water_account_id = PublicId("wac", required=True)
    free = Volume(required=True)
    need = Volume(required=True, allow_none=True)
    assigned = Volume(required=True)
    resalable = Volume(required=True)
    paid_price = Price(required=True)


class AssignmentIn(Schema):
    """Stored water for an account of domestic or ecological use: the volume that leaves the storage."""

    to_water_account_id = PublicId("wac", required=True)
    volume = Volume(required=True, positive=True)
    reason = fields.String(required=True, validate=text(1000))


class AssignmentOut(Schema):
    """An assignment: what left the storage and what arrived."""

    id = PublicId("sas", required=True)
    water_account_id = PublicId("wac", required=True)
    to_water_account_id = PublicId("wac", required=True)
    volume = Volume(required=True)
    delivered = Volume(required=True)
    reason = fields.String(required=True)
    assigned_at = fields.AwareDateTime(required=True)


class AssignmentPage(Schema):
    """A page of assignments."""

    data = fields.List(fields.Nested(AssignmentOut), required=True)
    has_more = fields.Boolean(required=True)


class RoundIn(Schema):
    """A resale by sealed bids; `waiver` says why less than was paid on average is asked, if it is."""

    water_account_id = PublicId("wac", required=True)
    volume = Volume(required=True, positive=True)
    floor_price = Price(required=True, positive=True)
    waiver = fields.String(load_default=None, allow_none=True, validate=text(1000))
    closes_at = fields.AwareDateTime(required=True)


class RoundOut(Schema):
    """A round; `price` is what all winners pay, counted at the storage."""

    id = PublicId("rsr", required=True)
    participant_id = PublicId("par", required=True)
    product_id = PublicId("prd", required=True)
    water_account_id = PublicId("wac", required=True)
    volume = Volume(required=True)
    floor_price = Price(required=True)
    paid_price = Price(required=True)
    waiver = fields.String(required=True, allow_none=True)
    closes_at = fields.AwareDateTime(required=True)
    status = fields.String(required=True, validate=validate.OneOf(ROUND_STATES))
    price = Price(required=True, allow_none=True)
    awarded = Volume(required=True)
    opened_at = fields.AwareDateTime(required=True)
    closed_at = fields.AwareDateTime(required=True, allow_none=True)
    version = fields.Integer(required=True)


class RoundPage(Schema):
    """A page of rounds."""

    data = fields.List(fields.Nested(RoundOut), required=True)
    has_more = fields.Boolean(required=True)


class ResaleBidIn(Schema):
    """A sealed bid: the volume as it leaves the storage, and the most that is paid for it there."""

    water_account_id = PublicId("wac", required=True)
    volume = Volume(required=True, positive=True)
    price = Price(required=True, positive=True)


class ResaleBidOut(Schema):
    """A bid; `held` rests until the round closes, `award` is what it won."""

    id = PublicId("rsb", required=True)
    resale_round_id = PublicId("rsr", required=True)
    participant_id = PublicId("par", required=True)
    water_account_id = PublicId("wac", required=True)
    volume = Volume(required=True)
    price = Price(required=True)
    held = Money(required=True)
    status = fields.String(required=True, validate=validate.OneOf(BID_STATES))
    award = Volume(required=True)
    bid_at = fields.AwareDateTime(required=True)


class ResaleBidPage(Schema):
    """A page of bids."""

    data = fields.List(fields.Nested(ResaleBidOut), required=True)
    has_more = fields.Boolean(required=True)
