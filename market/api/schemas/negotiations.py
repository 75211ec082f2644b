"""Shapes of negotiated deals: offers, contracts, signatures, objections, and what the engine made of them."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from market.api.schemas.fields import LegalSource, Money, Price, PublicId, Volume
from market.api.schemas.registry import text
from market.county.parts import LANES, TENURES
from market.registry.lease_terms import LONGEST_YEARS, MOST_GRACE_DAYS, PRO_RATA, SHORT_YEAR_RULES
from market.trading.negotiation_models import NEGOTIATION_STATES

SIDES = ("buy", "sell")


class LeaseTerms(Schema):
    """The terms of a lease beside its volume of a full year and its rent.

    `short_year`: where less than the whole right is announced, its share pro rata, or the lessee first. The year's
    water is delivered from the first day of `turn_month` on; what stands in the way may be put right within
    `grace_days`.
    """

    years = fields.Integer(required=True, strict=True, validate=validate.Range(1, LONGEST_YEARS))
    short_year = fields.String(load_default=PRO_RATA, validate=validate.OneOf(SHORT_YEAR_RULES))
    turn_month = fields.Integer(load_default=1, strict=True, validate=validate.Range(1, 12))
    grace_days = fields.Integer(load_default=30, strict=True, validate=validate.Range(1, MOST_GRACE_DAYS))


class LeaseTermsOut(Schema):
    """The terms of a lease."""

    years = fields.Integer(required=True)
    short_year = fields.String(required=True, validate=validate.OneOf(SHORT_YEAR_RULES))
    turn_month = fields.Integer(required=True)
    grace_days = fields.Integer(required=True)


class NegotiatedOfferIn(Schema):
    """What one side offers. `at`: at whose place volume and price are counted. The conditions go into the contract.

    Of a lease the volume is that of a full year and the price the rent; of a right the volume is its yearly one, and
    the price is for each cubic metre of that; both are counted at the seller's place.
    """

    at = fields.String(load_default="sell", validate=validate.OneOf(SIDES))
    volume = Volume(required=True, positive=True)
    price = Price(required=True, positive=True)
    expires_at = fields.AwareDateTime(required=True)
    conditions = fields.String(load_default="", validate=text(4000, 0))
    message = fields.String(load_default="", validate=text(2000, 0))
    lease = fields.Nested(LeaseTerms, load_default=None, allow_none=True)


class NegotiationIn(NegotiatedOfferIn):
    """A negotiation with its first offer, made by the side of `water_account_id` to `other_water_account_id`.

    Where the product is a lease or an entitlement, `entitlement_id` is the right behind the seller's account.
    """

    product_id = PublicId("prd", required=True)
    side = fields.String(required=True, validate=validate.OneOf(SIDES))
    water_account_id = PublicId("wac", required=True)
    other_water_account_id = PublicId("wac", required=True)
    entitlement_id = PublicId("ent", load_default=None, allow_none=True)


class NegotiatedAcceptIn(Schema):
    """The number of the offer that is accepted: the last one."""

    number = fields.Integer(required=True, strict=True, validate=validate.Range(1, 30_000))


class ContractSignIn(Schema):
    """The SHA-256 of the text that is signed, in hex."""

    sha256 = fields.String(required=True, validate=validate.Regexp(r"^[0-9a-f]{64}$"))


class WithdrawalIn(Schema):
    """Why."""

    reason = fields.String(required=True, validate=text(1000))


class NegotiatedOfferOut(Schema):
    """One offer; the last stands until it expires."""

    number = fields.Integer(required=True)
    side = fields.String(required=True, validate=validate.OneOf(SIDES))
    at = fields.String(required=True, validate=validate.OneOf(SIDES))
    volume = Volume(required=True)
    price = Price(required=True)
    expires_at = fields.AwareDateTime(required=True)
    conditions = fields.String(required=True)
    message = fields.String(required=True)
    lease = fields.Nested(LeaseTermsOut, required=True, allow_none=True)
    made_at = fields.AwareDateTime(required=True)


class ContractSignatureOut(Schema):
    """Who signed for a side, under which mandate (null: for itself), and when."""

    side = fields.String(required=True, validate=validate.OneOf(SIDES))
    participant_id = PublicId("par", required=True)
    user_id = PublicId("usr", required=True)
    mandate_id = PublicId("man", required=True, allow_none=True)
    sha256 = fields.String(required=True)
    signed_at = fields.AwareDateTime(required=True)


class RefusedDealOut(Schema):
    """Why the engine refused a deal."""

    rule = fields.String(required=True)
    detail = fields.String(required=True)
    limit = fields.String(required=True, allow_none=True)
    available = fields.String(required=True, allow_none=True)
    legal_source = LegalSource(required=True, allow_none=True)


class StruckDealOut(Schema):
    """What the engine made of a deal; `instruction_status` says whether it waits for its review."""

    status = fields.String(required=True, validate=validate.OneOf(("struck", "traded", "refused")))
    refusal = fields.Nested(RefusedDealOut, required=True, allow_none=True)
    trade_id = PublicId("trd", required=True, allow_none=True)
    instruction_id = PublicId("ins", required=True, allow_none=True)
    instruction_status = fields.String(required=True, allow_none=True)
    review_rule = fields.String(required=True, allow_none=True)
    review_due_on = fields.Date(required=True, allow_none=True)


class RightSaleOut(Schema):
    """A right that was paid for and re-registered; of a part, the seller keeps the rest under a new certificate."""

    entitlement_id = PublicId("ent", required=True)
    new_entitlement_id = PublicId("ent", required=True)
    rest_entitlement_id = PublicId("ent", required=True, allow_none=True)
    volume = Volume(required=True)
    amount = Money(required=True)
    fee = Money(required=True)
    sold_at = fields.AwareDateTime(required=True)


class NegotiationOut(Schema):
    """A negotiation. The lane is the county's: filing, approval, or publication and then approval.

    What becomes of it: of an allocation a `deal`, of a lease `lease_id`, of a right its `sale`.
    """

    id = PublicId("neg", required=True)
    product_id = PublicId("prd", required=True)
    tenure = fields.String(required=True, validate=validate.OneOf(TENURES))
    entitlement_id = PublicId("ent", required=True, allow_none=True)
    seller_id = PublicId("par", required=True)
    buyer_id = PublicId("par", required=True)
    seller_water_account_id = PublicId("wac", required=True)
    buyer_water_account_id = PublicId("wac", required=True)
    status = fields.String(required=True, validate=validate.OneOf(NEGOTIATION_STATES))
    expires_at = fields.AwareDateTime(required=True)
    offers = fields.List(fields.Nested(NegotiatedOfferOut), required=True)
    accepted_number = fields.Integer(required=True, allow_none=True)
    accepted_at = fields.AwareDateTime(required=True, allow_none=True)
    lane = fields.String(required=True, allow_none=True, validate=validate.OneOf(LANES))
    lane_rule = fields.String(required=True, allow_none=True)
    legal_source = LegalSource(required=True, allow_none=True)
    contract_sha256 = fields.String(required=True, allow_none=True)
    signatures = fields.List(fields.Nested(ContractSignatureOut), required=True)
    reported_at = fields.AwareDateTime(required=True, allow_none=True)
    filed_at = fields.AwareDateTime(required=True, allow_none=True)
    published_until = fields.Date(required=True, allow_none=True)
    review_due_on = fields.Date(required=True, allow_none=True)
    decided_at = fields.AwareDateTime(required=True, allow_none=True)
    decision_reason = fields.String(required=True, allow_none=True)
    registered_at = fields.AwareDateTime(required=True, allow_none=True)
    lease_id = PublicId("lea", required=True, allow_none=True)
    sale = fields.Nested(RightSaleOut, required=True, allow_none=True)
    struck_at = fields.AwareDateTime(required=True, allow_none=True)
    deal = fields.Nested(StruckDealOut, required=True, allow_none=True)
    ended_at = fields.AwareDateTime(required=True, allow_none=True)
    end_reason = fields.String(required=True, allow_none=True)
    opened_at = fields.AwareDateTime(required=True)
    version = fields.Integer(required=True)


class NegotiationPage(Schema):
    """A page of negotiations."""

    data = fields.List(fields.Nested(NegotiationOut), required=True)
    has_more = fields.Boolean(required=True)


class NegotiationsQuery(Schema):
    """Which negotiations."""

    status = fields.String(validate=validate.OneOf(NEGOTIATION_STATES))
    lane = fields.String(validate=validate.OneOf(LANES))
    tenure = fields.String(validate=validate.OneOf(TENURES))
    instruction_id = PublicId(
        "ins", metadata={"description": "Behind this instruction: what a reviewer looks for."}
    )


class NegotiatedContractOut(Schema):
    """A contract: its text, canonical JSON, and the SHA-256 of that text in UTF-8, in hex."""

    text = fields.String(required=True)
    sha256 = fields.String(required=True)


class PublishedDealOut(Schema):
    """A deal that is published for objection; its parties are not named."""

    id = PublicId("neg", required=True)
    product = fields.String(required=True)
    tenure = fields.String(required=True, validate=validate.OneOf(TENURES))
    years = fields.Integer(
        required=True, allow_none=True, metadata={"description": "How many water years a lease is for."}
    )
    seller_canal = fields.String(required=True)
    seller_sector = fields.String(required=True)
    buyer_canal = fields.String(required=True)
    buyer_sector = fields.String(required=True)
    at = fields.String(required=True, validate=validate.OneOf(SIDES))
    volume = Volume(required=True)
    price = Price(required=True)
    published_until = fields.Date(required=True)


class PublishedDealPage(Schema):
    """A page of published deals."""

    data = fields.List(fields.Nested(PublishedDealOut), required=True)
    has_more = fields.Boolean(required=True)


class DealObjectionIn(Schema):
    """What speaks against a deal."""

    grounds = fields.String(required=True, validate=text(4000))


class DealObjectionOut(Schema):
    """An objection; the reviewer of the deal decides in its light."""

    negotiation_id = PublicId("neg", required=True)
    participant_id = PublicId("par", required=True)
    grounds = fields.String(required=True)
    lodged_at = fields.AwareDateTime(required=True)


class DealObjectionsOut(Schema):
    """Every objection to a deal, oldest first."""

    data = fields.List(fields.Nested(DealObjectionOut), required=True)
