"""Shapes of clearances, lots of saved water, and claw-backs."""

from __future__ import annotations

from functools import partial

from marshmallow import Schema, fields, validate

from ledger.units import format_decimal, format_fen, parse_decimal, parse_fen
from market.api.schemas.fields import Decimal, Money, Price, PublicId, Volume
from market.api.schemas.registry import text
from market.api.schemas.saving_terms import DIGEST
from market.contracts.lot_models import CLAW_BACK_STATES, LOT_STATES, SCOPES


class ReturnFlow(Decimal):
    """What part of a saved litre would have flowed back: 0 to 1 with at most 6 decimals."""

    parse = staticmethod(partial(parse_decimal, scale=6, limit=1_000_000))
    write = staticmethod(partial(format_decimal, scale=6))
    unit = "a part of one, with at most 6 decimals"
    pattern = r"^(0|1|0\.[0-9]{1,6}|1\.0{1,6})$"
    example = "0.3"


class LotShare(Decimal):
    """A share of proceeds: 0 to 1 with at most 4 decimals; basis points inside."""

    parse = staticmethod(partial(parse_decimal, scale=4, limit=10_000))
    write = staticmethod(partial(format_decimal, scale=4))
    unit = "a part of one, with at most 4 decimals"
    pattern = r"^(0|1|0\.[0-9]{1,4}|1\.0{1,4})$"
    example = "0.6"


def _signed(sent: str) -> int:
    fen = parse_fen(sent.removeprefix("-"))
    return -fen if sent.startswith("-") else fen


class SignedMoney(Decimal):
    """Yuan with at most two decimals, with a sign; fen inside."""

    parse = staticmethod(_signed)
    write = staticmethod(lambda fen: ("-" if fen < 0 else "") + format_fen(abs(fen)))
    unit = "yuan with at most 2 decimals, with a sign"
    pattern = r"^-?(0|[1-9][0-9]{0,12})(\.[0-9]{1,2})?$"
    example = "-12.50"


class ClearanceIn(Schema):
    """What is cleared of a right: the authority's consent, return flow with its basis, quota, farm-first window."""

    entitlement_id = PublicId("ent", required=True)
    return_flow = ReturnFlow(load_default=None, allow_none=True)
    return_flow_basis = fields.String(load_default=None, allow_none=True, validate=text(500))
    consent = fields.String(load_default=None, allow_none=True, validate=text(500))
    quota = Volume(load_default=None, allow_none=True)
    farm_first_until = fields.Date(load_default=None, allow_none=True)
    public_supplier = fields.Boolean(load_default=False)
    express_right = fields.Boolean(load_default=True)


class ClearanceOut(Schema):
    """A clearance; one that is not withdrawn counts."""

    id = PublicId("clr", required=True)
    contract_id = PublicId("sct", required=True)
    entitlement_id = PublicId("ent", required=True)
    return_flow = ReturnFlow(required=True, allow_none=True)
    return_flow_basis = fields.String(required=True, allow_none=True)
    consent = fields.String(required=True, allow_none=True)
    quota = Volume(required=True, allow_none=True)
    farm_first_until = fields.Date(required=True, allow_none=True)
    public_supplier = fields.Boolean(required=True)
    express_right = fields.Boolean(required=True)
    recorded_at = fields.AwareDateTime(required=True)
    withdrawn_at = fields.AwareDateTime(required=True, allow_none=True)
    withdrawn_reason = fields.String(required=True, allow_none=True)


class ClearancesOut(Schema):
    """Everything that was cleared of a contract."""

    data = fields.List(fields.Nested(ClearanceOut), required=True)


class LotReasonIn(Schema):
    """Why."""

    reason = fields.String(required=True, validate=text(2000))


class LotsQuery(Schema):
    """Lots of a contract alone."""

    contract_id = PublicId("sct", load_default=None)


class LotOfferIn(Schema):
    """How much goes on offer; no order of it asks less than the floor price."""

    volume = Volume(required=True, positive=True)
    floor_price = Price(load_default=0)


class RetireIn(Schema):
    """How much is given up for good, and why."""

    volume = Volume(required=True, positive=True)
    reason = fields.String(required=True, validate=text(2000))


class LotConstraintOut(Schema):
    """One bound on what may be offered now."""

    name = fields.String(required=True)
    volume = Volume(required=True)


class LotShareOut(Schema):
    """Whose part of the proceeds."""

    participant_id = PublicId("par", required=True)
    share = LotShare(required=True)


class LotOfferOut(Schema):
    """Litres that went on offer on an account that sells them, and those that came back."""

    water_account_id = PublicId("wac", required=True)
    volume = Volume(required=True)
    returned = Volume(required=True)
    floor_price = Price(required=True)
    opened_at = fields.AwareDateTime(required=True)
    closed_at = fields.AwareDateTime(required=True, allow_none=True)
    shares = fields.List(fields.Nested(LotShareOut), required=True)


class LotSaleOut(Schema):
    """One sale of a lot; `volume` left the owner, `delivered` reached the buyer."""

    instruction_id = PublicId("ins", required=True)
    trade_id = fields.String(required=True, allow_none=True)
    buyer_id = PublicId("par", required=True)
    status = fields.String(required=True)
    volume = Volume(required=True)
    delivered = Volume(required=True)
    amount = Money(required=True)


class SavedWaterOut(Schema):
    """From the meters to the lot: each step by its hash (SHA-256)."""

    saving_lot_id = PublicId("svl", required=True)
    contract_id = PublicId("sct", required=True)
    report_id = PublicId("srp", required=True)
    revision = fields.Integer(required=True)
    first_day = fields.Date(required=True)
    last_day = fields.Date(required=True)
    points = fields.List(PublicId("mpt"), required=True)
    readings_sha256 = fields.String(required=True, validate=DIGEST)
    baseline_id = PublicId("bsl", required=True)
    baseline_number = fields.Integer(required=True)
    baseline_sha256 = fields.String(required=True, validate=DIGEST)
    derivation_sha256 = fields.String(required=True, validate=DIGEST)
    verifier_id = PublicId("par", required=True)
    verified_at = fields.AwareDateTime(required=True)
    lot_sha256 = fields.String(required=True, validate=DIGEST)


class SavedWatersOut(Schema):
    """The lot that a trade sold of, if it did."""

    data = fields.List(fields.Nested(SavedWaterOut), required=True)


class SavingLotBrief(Schema):
    """A lot: issued = sold + on offer + retired + cancelled + unsold."""

    id = PublicId("svl", required=True)
    contract_id = PublicId("sct", required=True)
    report_id = PublicId("srp", required=True)
    entitlement_id = PublicId("ent", required=True)
    owner_id = PublicId("par", required=True)
    water_year = fields.Integer(required=True)
    status = fields.String(required=True, validate=validate.OneOf(LOT_STATES))
    expires_on = fields.Date(required=True)
    issued = Volume(required=True)
    sold = Volume(required=True)
    on_offer = Volume(required=True)
    retired = Volume(required=True)
    cancelled = Volume(required=True)
    unsold = Volume(required=True)
    sha256 = fields.String(required=True, validate=DIGEST)
    issued_at = fields.AwareDateTime(required=True)


class SavingLotPage(Schema):
    """A page of lots."""

    data = fields.List(fields.Nested(SavingLotBrief), required=True)
    has_more = fields.Boolean(required=True)


class SavingLotOut(SavingLotBrief):
    """A lot with all that became of it. `reckoning` is the canonical text that `sha256` is of."""

    tradable = Volume(required=True)
    constraints = fields.List(fields.Nested(LotConstraintOut), required=True)
    offers = fields.List(fields.Nested(LotOfferOut), required=True)
    sales = fields.List(fields.Nested(LotSaleOut), required=True)
    lineage = fields.Nested(SavedWaterOut, required=True)
    reckoning = fields.String(required=True)


class ClawBackIn(Schema):
    """Why a distributed report is to be verified again, and by whom."""

    verifier_id = PublicId("par", required=True)
    reason = fields.String(required=True, validate=text(2000))


class ReVerifiedIn(Schema):
    """What of the credit stands, for money and for water; `sha256` is of the derivation that was looked at."""

    sha256 = fields.String(required=True, validate=DIGEST)
    finding = fields.String(required=True, validate=text(4000))
    money_volume = Volume(required=True)
    water_volume = Volume(required=True)


class ClawBackDecisionIn(Schema):
    """To take back what does not stand, or to uphold the report; two persons say the same."""

    decision = fields.String(required=True, validate=validate.OneOf(("claw_back", "uphold")))


class ClawedOut(Schema):
    """What a party gives back: its own part (no cash), withheld, out of the deposit, and what it owes still."""

    scope = fields.String(required=True, validate=validate.OneOf(SCOPES))
    participant_id = PublicId("par", required=True)
    owed = SignedMoney(required=True)
    own = SignedMoney(required=True)
    undistributed = Money(required=True)
    deposit = Money(required=True)
    receivable = SignedMoney(required=True)


class ClawBackOut(Schema):
    """A claw-back: who opened it, what was found, what was decided, and what it took back from where."""

    id = PublicId("clb", required=True)
    report_id = PublicId("srp", required=True)
    saving_lot_id = PublicId("svl", required=True, allow_none=True)
    status = fields.String(required=True, validate=validate.OneOf(CLAW_BACK_STATES))
    reason = fields.String(required=True)
    verifier_id = PublicId("par", required=True)
    proposed_at = fields.AwareDateTime(required=True)
    finding = fields.String(required=True, allow_none=True)
    money_volume = Volume(required=True, allow_none=True)
    water_volume = Volume(required=True, allow_none=True)
    decision = fields.String(required=True, allow_none=True)
    settled_at = fields.AwareDateTime(required=True, allow_none=True)
    cancelled = Volume(required=True)
    water_owed = Volume(required=True)
    from_allocation = Volume(required=True)
    takings = fields.List(fields.Nested(ClawedOut), required=True)
    reckoning = fields.String(required=True, allow_none=True)
    sha256 = fields.String(required=True, allow_none=True)


class ClawBacksOut(Schema):
    """A report's claw-backs."""

    data = fields.List(fields.Nested(ClawBackOut), required=True)
