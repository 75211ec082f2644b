"""Shapes of purchase programmes, subscriptions, and the decision on them."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from market.api.schemas.fields import LegalSource, Money, Price, PublicId, Volume
from market.api.schemas.negotiations import StruckDealOut
from market.api.schemas.registry import text
from market.trading.programme_models import PROGRAMME_STATES, SUBSCRIPTION_STATES

MOST_ROWS = 1_000


class ProgrammeIn(Schema):
    """What a buyer takes at which price, counted at the sellers' places. No zones: the whole county's."""

    product_id = PublicId("prd", required=True)
    water_account_id = PublicId("wac", required=True)
    price = Price(required=True, positive=True)
    minimum = Volume(required=True, positive=True)
    maximum = Volume(required=True, positive=True)
    deadline = fields.AwareDateTime(required=True)
    zones = fields.List(
        fields.String(validate=text(64)), load_default=list, validate=validate.Length(max=200)
    )
    conditions = fields.String(load_default="", validate=text(4000, 0))


class ProgrammeOut(Schema):
    """A programme; `volume` is what is subscribed, from the deadline on what it takes, and `amount` what that costs."""

    id = PublicId("prg", required=True)
    product_id = PublicId("prd", required=True)
    buyer_id = PublicId("par", required=True)
    buyer_water_account_id = PublicId("wac", required=True)
    price = Price(required=True)
    minimum = Volume(required=True)
    maximum = Volume(required=True)
    deadline = fields.AwareDateTime(required=True)
    zones = fields.List(fields.String(), required=True)
    conditions = fields.String(required=True)
    status = fields.String(required=True, validate=validate.OneOf(PROGRAMME_STATES))
    sellers = fields.Integer(required=True)
    volume = Volume(required=True)
    amount = Money(required=True)
    published_at = fields.AwareDateTime(required=True)
    closed_at = fields.AwareDateTime(required=True, allow_none=True)
    review_due_on = fields.Date(required=True, allow_none=True)
    decided_at = fields.AwareDateTime(required=True, allow_none=True)
    decision_reason = fields.String(required=True, allow_none=True)
    legal_source = LegalSource(required=True, allow_none=True)
    contract_sha256 = fields.String(required=True, allow_none=True)
    version = fields.Integer(required=True)


class ProgrammePage(Schema):
    """A page of programmes."""

    data = fields.List(fields.Nested(ProgrammeOut), required=True)
    has_more = fields.Boolean(required=True)


class ProgrammesQuery(Schema):
    """Which programmes."""

    status = fields.String(validate=validate.OneOf(PROGRAMME_STATES))


class SubscriptionIn(Schema):
    """What a water account sells, at its own place."""

    water_account_id = PublicId("wac", required=True)
    volume = Volume(required=True, positive=True)


class SubscriptionsIn(Schema):
    """One's own subscription, or those of many whom one may act for."""

    subscriptions = fields.List(
        fields.Nested(SubscriptionIn), required=True, validate=validate.Length(min=1, max=MOST_ROWS)
    )


class SubscriptionOut(Schema):
    """A subscription: what is offered, what the programme takes of it, and what became of the deal."""

    id = PublicId("sub", required=True)
    programme_id = PublicId("prg", required=True)
    seller_id = PublicId("par", required=True)
    water_account_id = PublicId("wac", required=True)
    volume = Volume(required=True)
    allotted = Volume(required=True, allow_none=True)
    amount = Money(required=True, allow_none=True)
    status = fields.String(required=True, validate=validate.OneOf(SUBSCRIPTION_STATES))
    reason = fields.String(required=True, allow_none=True)
    mandate_id = PublicId("man", required=True, allow_none=True)
    subscribed_at = fields.AwareDateTime(required=True)
    deal = fields.Nested(StruckDealOut, required=True, allow_none=True)


class SubscriptionPage(Schema):
    """A page of subscriptions."""

    data = fields.List(fields.Nested(SubscriptionOut), required=True)
    has_more = fields.Boolean(required=True)


class SubscriptionsQuery(Schema):
    """Which subscriptions; `included` is the annex that the reviewer decides on."""

    status = fields.String(validate=validate.OneOf(SUBSCRIPTION_STATES))


class RowRefusalOut(Schema):
    """Why a row was refused; the others stand."""

    code = fields.String(required=True)
    title = fields.String(required=True)
    detail = fields.String(required=True)
    rule = fields.String(required=True)
    limit = fields.String(required=True, allow_none=True)
    available = fields.String(required=True, allow_none=True)
    legal_source = LegalSource(required=True, allow_none=True)


class RowOut(Schema):
    """One row's subscription, or its refusal; rows count from 0."""

    row = fields.Integer(required=True)
    subscription = fields.Nested(SubscriptionOut, required=True, allow_none=True)
    refusal = fields.Nested(RowRefusalOut, required=True, allow_none=True)


class RowsOut(Schema):
    """Every row, in the order in which they came."""

    data = fields.List(fields.Nested(RowOut), required=True)


class ExceptionIn(Schema):
    """A seller that is struck off the annex, and why."""

    subscription_id = PublicId("sub", required=True)
    reason = fields.String(required=True, validate=text(1000, 3))


class ProgrammeApprovalIn(Schema):
    """One decision for all sellers of the annex but the exceptions."""

    reason = fields.String(required=True, validate=text(2000, 3))
    legal_source = fields.String(load_default="", validate=text(500, 0))
    exceptions = fields.List(
        fields.Nested(ExceptionIn), load_default=list, validate=validate.Length(max=2_000)
    )


class ProgrammeRejectionIn(Schema):
    """Why the whole is refused."""

    reason = fields.String(required=True, validate=text(2000, 3))
    legal_source = fields.String(load_default="", validate=text(500, 0))


class ProgrammeContractOut(Schema):
    """The contract, canonical JSON, with its SHA-256 in hex; it names the annex by `annex_sha256`.

    The annex itself (null for a seller) is for the buyer and the bureau; `lines` are what the asker may see of it.
    """

    text = fields.String(required=True)
    sha256 = fields.String(required=True)
    annex = fields.String(required=True, allow_none=True)
    annex_sha256 = fields.String(required=True)
    lines = fields.List(fields.Nested(SubscriptionOut), required=True)
