"""Shapes of interventions: halts, cancellations of many orders, reversals of settlements."""

from __future__ import annotations

import datetime as dt

from marshmallow import Schema, fields, validate

from market.api.schemas.fields import LegalSource, Money, Price, PublicId, Volume, YesNo
from market.participants.models import KINDS as PARTICIPANT_KINDS
from market.settlement.reversal_models import CLAIM_STATES, REVERSAL_STATES
from market.supervision.intervention_models import KINDS, SCOPES

REASON = validate.Length(min=3, max=2000)
LEGAL_SOURCE = validate.Length(min=3, max=500)
STATES = ("in_force", "lifted", "running", "done", *REVERSAL_STATES)
MOST_IDS = 10_000
WITHIN = validate.Range(
    min=dt.datetime(2000, 1, 1, tzinfo=dt.UTC), max=dt.datetime(2200, 1, 1, tzinfo=dt.UTC)
)
"""Instants that a calendar of this market can hold, whatever their zone."""
DIGEST = validate.Regexp(r"^[0-9a-f]{64}$")


class HaltOrderIn(Schema):
    """What is to stand still and what becomes of its open orders; `with_owners`: a participant's owners' others too."""

    scope = fields.String(required=True, validate=validate.OneOf(SCOPES))
    product_id = PublicId("prd", load_default=None, allow_none=True)
    zone = fields.String(load_default=None, allow_none=True, validate=validate.Length(min=1, max=64))
    participant_id = PublicId("par", load_default=None, allow_none=True)
    with_owners = YesNo(load_default=False)
    orders = fields.String(required=True, validate=validate.OneOf(("stay", "cancel")))
    until = fields.AwareDateTime(load_default=None, allow_none=True, validate=WITHIN)
    reason = fields.String(required=True, validate=REASON)
    legal_source = fields.String(required=True, validate=LEGAL_SOURCE)


class HaltReasonIn(Schema):
    """Why a halt is lifted."""

    reason = fields.String(required=True, validate=REASON)


class PublicHaltOut(Schema):
    """A halt of the market, a product or a zone. `lifted_at` is null while it stands."""

    id = PublicId("hlt", required=True)
    scope = fields.String(required=True, validate=validate.OneOf(SCOPES))
    product_id = PublicId("prd", required=True, allow_none=True)
    zone = fields.String(required=True, allow_none=True)
    orders = fields.String(required=True, validate=validate.OneOf(("stay", "cancel")))
    until = fields.AwareDateTime(required=True, allow_none=True)
    reason = fields.String(required=True)
    legal_source = LegalSource(required=True)
    ordered_at = fields.AwareDateTime(required=True)
    lifted_at = fields.AwareDateTime(required=True, allow_none=True)
    lift_reason = fields.String(required=True, allow_none=True)


class PublicHaltPage(Schema):
    """Halts, newest first."""

    data = fields.List(fields.Nested(PublicHaltOut), required=True)
    has_more = fields.Boolean(required=True)


class HaltOrderOut(PublicHaltOut):
    """A halt as supervisors see it; `cancellation_id` is the intervention that ended the orders that were open."""

    participant_id = PublicId("par", required=True, allow_none=True)
    with_owners = fields.Boolean(required=True)
    cancellation_id = PublicId("itv", required=True, allow_none=True)


class HaltOrderPage(Schema):
    """Halts, newest first."""

    data = fields.List(fields.Nested(HaltOrderOut), required=True)
    has_more = fields.Boolean(required=True)


class HaltsQuery(Schema):
    """Those that stand, or those that were lifted."""

    in_force = fields.Boolean()


class OrderFilterIn(Schema):
    """Open orders that fit all that is named; nothing named: all. `zone` a code of either tree, with all below it.

    `owner_of`: all participants of the beneficial owner of this one.
    """

    product_id = PublicId("prd", load_default=None, allow_none=True)
    zone = fields.String(load_default=None, allow_none=True, validate=validate.Length(min=1, max=64))
    participant_id = PublicId("par", load_default=None, allow_none=True)
    owner_of = PublicId("par", load_default=None, allow_none=True)
    water_account_id = PublicId("wac", load_default=None, allow_none=True)
    participant_kind = fields.String(
        load_default=None, allow_none=True, validate=validate.OneOf(PARTICIPANT_KINDS), attribute="kind"
    )
    side = fields.String(load_default=None, allow_none=True, validate=validate.OneOf(("buy", "sell")))
    price_from = Price(load_default=None, allow_none=True, attribute="price_from_e4")
    price_to = Price(load_default=None, allow_none=True, attribute="price_to_e4")
    placed_from = fields.AwareDateTime(load_default=None, allow_none=True, validate=WITHIN)
    placed_before = fields.AwareDateTime(load_default=None, allow_none=True, validate=WITHIN)
    order_ids = fields.List(
        PublicId("ord"), load_default=None, allow_none=True, validate=validate.Length(min=1, max=MOST_IDS)
    )


class CancellationPreviewIn(Schema):
    """Which orders."""

    filter = fields.Nested(OrderFilterIn, required=True)


class CancellationPreviewOut(Schema):
    """What the filter chooses now; `digest` names exactly these orders with their rests and prices."""

    orders = fields.Integer(required=True)
    participants = fields.Integer(required=True)
    sell_volume = Volume(required=True)
    buy_volume = Volume(required=True)
    held = Money(required=True)
    digest = fields.String(required=True, validate=DIGEST)


class CancellationIn(Schema):
    """Which orders, why, and either the preview's `digest` or the most orders that may be meant."""

    filter = fields.Nested(OrderFilterIn, required=True)
    reason = fields.String(required=True, validate=REASON)
    legal_source = fields.String(required=True, validate=LEGAL_SOURCE)
    digest = fields.String(load_default=None, allow_none=True, validate=DIGEST)
    most_orders = fields.Integer(
        load_default=None,
        allow_none=True,
        strict=True,
        validate=validate.Range(min=1, max=10**9),
        attribute="most",
    )


class CancellationOut(CancellationPreviewOut):
    """A cancellation: what it chose, and how far the engine is. From `ordered_at` on none of it fills.

    `ended_otherwise`: by their owners or their time, before the engine came to them; `done_at` null: it goes on.
    """

    id = PublicId("itv", required=True)
    ordered_at = fields.AwareDateTime(required=True)
    cancelled = fields.Integer(required=True)
    ended_otherwise = fields.Integer(required=True)
    left = fields.Integer(required=True)
    done_at = fields.AwareDateTime(required=True, allow_none=True)


class SettlementReversalIn(Schema):
    """Which settled trade to reverse and why; `value_price`: what a cubic metre that cannot go back is worth at the
    buyer's place (none: what was paid for it).
    """

    instruction_id = PublicId("ins", required=True)
    value_price = Price(load_default=None, allow_none=True, positive=True, attribute="value_price_e4")
    reason = fields.String(required=True, validate=REASON)
    legal_source = fields.String(required=True, validate=LEGAL_SOURCE)


class SettlementReversalReasonIn(Schema):
    """Why it is decided so."""

    reason = fields.String(required=True, validate=REASON)


class ReversalTakingOut(Schema):
    """What one owed another by the reversal, and paid at once. A null debtor is the exchange, with its fee."""

    debtor_id = PublicId("par", required=True, allow_none=True)
    creditor_id = PublicId("par", required=True, allow_none=True)
    owed = Money(required=True)
    paid = Money(required=True)


class ReversalClaimOut(Schema):
    """What one still owes another after the reversal; it is set off against the money that comes in."""

    debtor_id = PublicId("par", required=True)
    creditor_id = PublicId("par", required=True)
    amount = Money(required=True)
    paid = Money(required=True)
    status = fields.String(required=True, validate=validate.OneOf(CLAIM_STATES))


class SettlementReversalOut(Schema):
    """A reversal. While it is proposed, volumes and value are what an approval would come to now (in a list: nil).

    `returned` left the buyer, `source_volume` reached the seller; `kept` could not go back and was charged at `value`.
    A party sees what it owes and is owed itself.
    """

    id = PublicId("rvs", required=True)
    instruction_id = PublicId("ins", required=True)
    status = fields.String(required=True, validate=validate.OneOf(REVERSAL_STATES))
    reason = fields.String(required=True)
    legal_source = LegalSource(required=True)
    value_price = Price(required=True, allow_none=True)
    returned = Volume(required=True)
    kept = Volume(required=True)
    source_volume = Volume(required=True)
    value = Money(required=True)
    proposed_at = fields.AwareDateTime(required=True)
    decided_at = fields.AwareDateTime(required=True, allow_none=True)
    decision_reason = fields.String(required=True, allow_none=True)
    takings = fields.List(fields.Nested(ReversalTakingOut), required=True)
    claims = fields.List(fields.Nested(ReversalClaimOut), required=True)


class SettlementReversalPage(Schema):
    """Reversals, newest first."""

    data = fields.List(fields.Nested(SettlementReversalOut), required=True)
    has_more = fields.Boolean(required=True)


class SettlementReversalsQuery(Schema):
    """In which state."""

    status = fields.String(validate=validate.OneOf(REVERSAL_STATES))


class InterventionsQuery(Schema):
    """Of which kind."""

    kind = fields.String(validate=validate.OneOf(KINDS))


class InterventionOut(Schema):
    """An intervention and what it did: whose row it is, how many participants it concerned, orders chosen and ended."""

    id = PublicId("itv", required=True)
    kind = fields.String(required=True, validate=validate.OneOf(KINDS))
    state = fields.String(required=True, validate=validate.OneOf(STATES))
    reason = fields.String(required=True)
    legal_source = LegalSource(required=True)
    ordered_at = fields.AwareDateTime(required=True)
    participants = fields.Integer(required=True)
    halt_id = PublicId("hlt", required=True, allow_none=True)
    kill_switch_id = PublicId("kil", required=True, allow_none=True)
    entitlement_id = PublicId("ent", required=True, allow_none=True)
    reversal_id = PublicId("rvs", required=True, allow_none=True)
    instruction_id = PublicId("ins", required=True, allow_none=True)
    orders = fields.Integer(required=True, allow_none=True)
    orders_ended = fields.Integer(required=True, allow_none=True)


class InterventionPage(Schema):
    """Interventions, newest first."""

    data = fields.List(fields.Nested(InterventionOut), required=True)
    has_more = fields.Boolean(required=True)


class OwnInterventionOut(Schema):
    """An intervention that concerns oneself. `own_orders`: how many of one's orders a cancellation chose."""

    id = PublicId("itv", required=True)
    kind = fields.String(required=True, validate=validate.OneOf(KINDS))
    state = fields.String(required=True, validate=validate.OneOf(STATES))
    reason = fields.String(required=True)
    legal_source = LegalSource(required=True)
    ordered_at = fields.AwareDateTime(required=True)
    until = fields.AwareDateTime(required=True, allow_none=True)
    halt_id = PublicId("hlt", required=True, allow_none=True)
    entitlement_id = PublicId("ent", required=True, allow_none=True)
    reversal_id = PublicId("rvs", required=True, allow_none=True)
    instruction_id = PublicId("ins", required=True, allow_none=True)
    own_orders = fields.Integer(required=True, allow_none=True)


class OwnInterventionPage(Schema):
    """Interventions that concern oneself, newest first."""

    data = fields.List(fields.Nested(OwnInterventionOut), required=True)
    has_more = fields.Boolean(required=True)
