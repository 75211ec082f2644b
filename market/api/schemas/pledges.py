"""Shapes of consents, pledges and sales of pledged water."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from market.api.schemas.fields import Money, Price, PublicId, Volume
from market.api.schemas.registry import text
from market.registry.pledge_models import PLEDGE_STATES


class ConsentIn(Schema):
    """A right that a bank may look at, until the end of a legal day."""

    entitlement_id = PublicId("ent", required=True)
    bank_id = PublicId("par", required=True)
    valid_to = fields.Date(required=True)


class ConsentOut(Schema):
    """A consent."""

    id = PublicId("pco", required=True)
    participant_id = PublicId("par", required=True)
    bank_id = PublicId("par", required=True)
    entitlement_id = PublicId("ent", required=True)
    valid_to = fields.Date(required=True)
    granted_at = fields.AwareDateTime(required=True)
    revoked_at = fields.AwareDateTime(required=True, allow_none=True)


class ConsentPage(Schema):
    """A page of consents."""

    data = fields.List(fields.Nested(ConsentOut), required=True)
    has_more = fields.Boolean(required=True)


class ReportAccountOut(Schema):
    """The water of a right in one year."""

    water_account_id = PublicId("wac", required=True)
    water_year = fields.Integer(required=True)
    status = fields.String(required=True)
    allocated = Volume(required=True)
    used = Volume(required=True)
    balance = Volume(required=True)
    held = Volume(required=True)
    pledged = Volume(required=True)
    available = Volume(required=True)


class ReportPledgeOut(Schema):
    """A pledge in force, as the other banks see it."""

    rank = fields.Integer(required=True)
    volume = Volume(required=True)
    secured = Money(required=True)
    registered_at = fields.AwareDateTime(required=True)


class ReportLeaseOut(Schema):
    """What is let of a full year of the right, and for how long; it goes on with the right (民法典 art. 725)."""

    volume = Volume(required=True)
    starts_on = fields.Date(required=True)
    ends_on = fields.Date(required=True)


class ReportOut(Schema):
    """A right as its holder lets a bank see it. `pledged` is within `held`."""

    entitlement_id = PublicId("ent", required=True)
    kind = fields.String(required=True)
    source = fields.String(required=True)
    sector = fields.String(required=True)
    volume = Volume(required=True)
    status = fields.String(required=True)
    valid_from = fields.Date(required=True)
    valid_to = fields.Date(required=True)
    certificate_number = fields.String(required=True, allow_none=True)
    accounts = fields.List(fields.Nested(ReportAccountOut), required=True)
    pledges = fields.List(fields.Nested(ReportPledgeOut), required=True)
    leases = fields.List(fields.Nested(ReportLeaseOut), required=True)


class PledgeIn(Schema):
    """A pledge that a bank applies for: litres of each year, what it secures, and the bank's valuation."""

    consent_id = PublicId("pco", required=True)
    volume = Volume(required=True, positive=True)
    secured = Money(required=True, positive=True)
    owed = Money(required=True)
    valued = Money(required=True)
    valuation = fields.String(required=True, validate=text(2000))
    document = fields.String(required=True, validate=text(500))


class PledgeOut(Schema):
    """A pledge. `held` is what it holds now of the year's water; `rank` counts by registration, 1 first."""

    id = PublicId("plg", required=True)
    consent_id = PublicId("pco", required=True)
    entitlement_id = PublicId("ent", required=True)
    participant_id = PublicId("par", required=True)
    bank_id = PublicId("par", required=True)
    volume = Volume(required=True)
    held = Volume(required=True)
    secured = Money(required=True)
    owed = Money(required=True)
    valued = Money(required=True)
    valuation = fields.String(required=True)
    document = fields.String(required=True)
    rank = fields.Integer(required=True, allow_none=True)
    status = fields.String(required=True, validate=validate.OneOf(PLEDGE_STATES))
    applied_at = fields.AwareDateTime(required=True)
    registered_at = fields.AwareDateTime(required=True, allow_none=True)
    version = fields.Integer(required=True)


class PledgePage(Schema):
    """A page of pledges."""

    data = fields.List(fields.Nested(PledgeOut), required=True)
    has_more = fields.Boolean(required=True)


class PledgesQuery(Schema):
    """Which pledges."""

    status = fields.String(validate=validate.OneOf(PLEDGE_STATES))


class StepOut(Schema):
    """One step of a pledge."""

    step = fields.String(required=True)
    reason = fields.String(required=True)
    volume = Volume(required=True, allow_none=True)
    amount = Money(required=True, allow_none=True)
    made_at = fields.AwareDateTime(required=True)


class StepsOut(Schema):
    """Every step of a pledge, oldest first, and the sales in which its water was let go."""

    pledge_id = PublicId("plg", required=True)
    steps = fields.List(fields.Nested(StepOut), required=True)
    pledge_sale_ids = fields.List(PublicId("psl"), required=True)


class AlertOut(Schema):
    """What a bank was told; `subject_id` is the announcement or trade."""

    id = PublicId("evt", required=True)
    at = fields.AwareDateTime(required=True)
    kind = fields.String(required=True)
    subject_id = fields.String(required=True, allow_none=True)


class AlertPage(Schema):
    """A page of alerts, oldest first."""

    data = fields.List(fields.Nested(AlertOut), required=True)
    has_more = fields.Boolean(required=True)


class ToldOut(Schema):
    """How many pledges had news."""

    pledges = fields.Integer(required=True)


class ConsentSaleIn(Schema):
    """What the bank lets the holder sell, what is owed now, and the least price."""

    volume = Volume(required=True, positive=True)
    owed = Money(required=True)
    floor_price = Price(required=True)
    reason = fields.String(required=True, validate=text(1000))


class EnforceIn(Schema):
    """Who sells, on what document, at what least price, and what is owed now."""

    agent_id = PublicId("par", required=True)
    owed = Money(required=True)
    floor_price = Price(required=True)
    document = fields.String(required=True, validate=text(1000))


class SaleOut(Schema):
    """A sale of pledged water: litres let go, those unsold and free, and proceeds that wait to be paid out."""

    id = PublicId("psl", required=True)
    participant_id = PublicId("par", required=True)
    seller_id = PublicId("par", required=True)
    water_account_id = PublicId("wac", required=True)
    floor_price = Price(required=True)
    let_go = Volume(required=True)
    unsold = Volume(required=True)
    proceeds = Money(required=True)
    version = fields.Integer(required=True)


class PaymentOut(Schema):
    """One payment out of the proceeds; `pledge_id` null: the holder's surplus."""

    participant_id = PublicId("par", required=True)
    pledge_id = PublicId("plg", required=True, allow_none=True)
    amount = Money(required=True)


class PaymentsOut(Schema):
    """What was paid out of a sale's proceeds."""

    pledge_sale_id = PublicId("psl", required=True)
    payments = fields.List(fields.Nested(PaymentOut), required=True)
