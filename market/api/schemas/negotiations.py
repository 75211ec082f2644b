"""Shapes of negotiated deals: offers, contracts, signatures, objections, and what the engine made of them."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from market.api.schemas.fields import Price, PublicId, Volume
from market.api.schemas.registry import text
from market.county.parts import LANES
from market.trading.negotiation_models import NEGOTIATION_STATES

SIDES = ("buy", "sell")


class NegotiatedOfferIn(Schema):
    """What one side offers. `at`: at whose place volume and price are counted. The conditions go into the contract."""

    at = fields.String(load_default="sell", validate=validate.OneOf(SIDES))
    volume = Volume(required=True, positive=True)
    price = Price(required=True, positive=True)
    expires_at = fields.AwareDateTime(required=True)
    conditions = fields.String(load_default="", validate=text(4000, 0))
    message = fields.String(load_default="", validate=text(2000, 0))


class NegotiationIn(NegotiatedOfferIn):
    """A negotiation with its first offer, made by the side of `water_account_id` to `other_water_account_id`."""

    product_id = PublicId("prd", required=True)
    side = fields.String(required=True, validate=validate.OneOf(SIDES))
    water_account_id = PublicId("wac", required=True)
    other_water_account_id = PublicId("wac", required=True)


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
    legal_source = fields.String(required=True, allow_none=True)


class StruckDealOut(Schema):
    """What the engine made of a deal; `instruction_status` says whether it waits for its review."""

    status = fields.String(required=True, validate=validate.OneOf(("struck", "traded", "refused")))
    refusal = fields.Nested(RefusedDealOut, required=True, allow_none=True)
    trade_id = PublicId("trd", required=True, allow_none=True)
    instruction_id = PublicId("ins", required=True, allow_none=True)
    instruction_status = fields.String(required=True, allow_none=True)
    review_rule = fields.String(required=True, allow_none=True)
    review_due_on = fields.Date(required=True, allow_none=True)


class NegotiationOut(Schema):
    """A negotiation. The lane is the county's: filing, approval, or publication and then approval."""

    id = PublicId("neg", required=True)
    product_id = PublicId("prd", required=True)
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
    legal_source = fields.String(required=True, allow_none=True)
    contract_sha256 = fields.String(required=True, allow_none=True)
    signatures = fields.List(fields.Nested(ContractSignatureOut), required=True)
    reported_at = fields.AwareDateTime(required=True, allow_none=True)
    filed_at = fields.AwareDateTime(required=True, allow_none=True)
    published_until = fields.Date(required=True, allow_none=True)
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
