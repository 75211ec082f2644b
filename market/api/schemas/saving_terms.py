"""The terms of a saving contract on the wire, and as the value that is signed: decimals with units become integers."""

from __future__ import annotations

from functools import partial
from typing import Any

from marshmallow import Schema, fields, post_load, validate

from ledger.units import format_decimal, parse_decimal
from market.api.saving_wire import value_of
from market.api.schemas.fields import Decimal, Money, Price, PublicId, Volume
from market.api.schemas.projects import KIND, MODE, ShareBp
from market.api.schemas.registry import Share, text
from market.contracts import sharing, terms

SIZE = validate.OneOf(sharing.late.SIZES)
MANY = validate.Length(max=50)
DIGEST = validate.Regexp(r"^[0-9a-f]{64}$")


class Multiple(Decimal):
    """A multiple or a share of more than one, with at most 6 decimals; millionths inside."""

    parse = staticmethod(partial(parse_decimal, scale=6, limit=1_000_000_000))
    write = staticmethod(partial(format_decimal, scale=6))
    unit = "a plain number with at most 6 decimals"
    pattern = r"^(0|[1-9][0-9]{0,2})(\.[0-9]{1,6})?$"
    example = "1.500000"


class Factor(Decimal):
    """A factor with at most 4 decimals; 1/10 000 inside."""

    parse = staticmethod(partial(parse_decimal, scale=4, limit=10_000_000))
    write = staticmethod(partial(format_decimal, scale=4))
    unit = "a plain number with at most 4 decimals"
    pattern = r"^(0|[1-9][0-9]{0,2})(\.[0-9]{1,4})?$"
    example = "1.5000"


class PartyTerms(Schema):
    """One who signs, in the order that decides ties of a fen."""

    participant_id = PublicId("par", required=True)
    role = fields.String(required=True, validate=validate.OneOf(terms.PARTY_ROLES))
    size = fields.String(load_default="other", validate=SIZE)


class BoundaryTerms(Schema):
    """A measuring point: counted, or taken off."""

    point_id = PublicId("mpt", required=True)
    counts = fields.String(load_default="added", validate=validate.OneOf(("added", "taken_off")))


class BlockTerms(Schema):
    """From so much water of the year on, it costs this."""

    from_volume = Volume(required=True)
    price = Price(required=True)


class OverTerms(Schema):
    """Use that passes quota or plan by more than `above` of it costs `multiple` of the price."""

    above = Multiple(required=True)
    multiple = Multiple(required=True)


class TariffTerms(Schema):
    """A tariff of one year: blocks, surcharges over quota and plan, resource tax, sewage on its agreed part."""

    blocks = fields.List(fields.Nested(BlockTerms), required=True, validate=validate.Length(1, 20))
    quota = Volume(load_default=None, allow_none=True)
    over_quota = fields.List(fields.Nested(OverTerms), load_default=list, validate=MANY)
    tax = Price(load_default=0)
    plan = Volume(load_default=None, allow_none=True)
    over_plan = fields.List(fields.Nested(OverTerms), load_default=list, validate=MANY)
    sewage = Price(load_default=0)
    sewage_share = ShareBp(load_default=0)


class PriceTerms(Schema):
    """How the saving is valued: by the tariff, at a fixed price, or the larger of the two (floor)."""

    basis = fields.String(required=True, validate=validate.OneOf(sharing.tariff.PRICE_BASES))
    price = Price(load_default=0)


class StepTerms(Schema):
    """From a saving of this part of the baseline on, these shares, one a party."""

    from_share = ShareBp(required=True)
    shares = fields.List(ShareBp(), required=True, validate=validate.Length(1, 20))


class RowTerms(Schema):
    """The sharing from a contract year on: steps by how much was saved, cut marginally or as a whole."""

    from_year = fields.Integer(required=True, strict=True, validate=validate.Range(1, 50))
    steps = fields.List(fields.Nested(StepTerms), required=True, validate=validate.Length(1, 20))
    threshold = fields.String(load_default="cliff", validate=validate.OneOf(sharing.schedule.THRESHOLDS))


class RecoveryTerms(Schema):
    """Until the firm has received so much, these shares hold."""

    recoverable = Money(required=True)
    shares = fields.List(ShareBp(), required=True, validate=validate.Length(1, 20))


class FeeTerms(Schema):
    """What leaves first, to a party: an amount a period, or a share of the benefit."""

    payee_id = PublicId("par", required=True)
    amount = Money(load_default=0)
    share = ShareBp(load_default=0)


class ScheduleTerms(Schema):
    """How the benefit is shared."""

    rows = fields.List(fields.Nested(RowTerms), required=True, validate=validate.Length(1, 50))
    recovery = fields.Nested(RecoveryTerms, load_default=None, allow_none=True)
    fees = fields.List(fields.Nested(FeeTerms), load_default=list, validate=MANY)
    floor = Money(load_default=0)
    ceiling = Money(load_default=None, allow_none=True)


class GuaranteeTerms(Schema):
    """So much is saved a period; below it less the tolerance the firm pays price × factor, up to the cap."""

    volume = Volume(required=True)
    price = Price(required=True)
    cap = Money(required=True)
    surplus_shares = fields.List(ShareBp(), required=True, validate=validate.Length(1, 20))
    tolerance = ShareBp(load_default=500)
    factor = Factor(load_default=10_000)


class TrusteeshipTerms(Schema):
    """The first fee, for the base use at a mean price."""

    fee = Money(required=True)
    base_volume = Volume(required=True, positive=True)
    price = Price(required=True, positive=True)


class LateTerms(Schema):
    """Interest of `rate` (1 is the whole) every so many days."""

    rate = Share(required=True)
    days = fields.Integer(load_default=1, strict=True, validate=validate.Range(1, 366))


class EarlyEndTerms(Schema):
    """What who ends the contract from a contract year on pays the other side."""

    from_year = fields.Integer(required=True, strict=True, validate=validate.Range(1, 50))
    amount = Money(required=True)


class HouseholdTerms(Schema):
    """A member of an irrigation district, its share, and the most it gives back."""

    participant_id = PublicId("par", required=True)
    share = ShareBp(required=True)
    clawback_cap = Money(required=True)


class TermsWire(Schema):
    """Everything that the parties sign."""

    kind = fields.String(required=True, validate=KIND)
    mode = fields.String(required=True, validate=MODE)
    title = fields.String(required=True, validate=text(200))
    parties = fields.List(fields.Nested(PartyTerms), required=True, validate=validate.Length(2, 20))
    verifier_id = PublicId("par", required=True)
    boundary = fields.List(fields.Nested(BoundaryTerms), required=True, validate=validate.Length(1, 200))
    starts_on = fields.Date(required=True)
    ends_on = fields.Date(required=True)
    period_months = fields.Integer(required=True, strict=True, validate=validate.OneOf(terms.PERIOD_MONTHS))
    price = fields.Nested(PriceTerms, required=True)
    tariff = fields.Nested(TariffTerms, load_default=None, allow_none=True)
    investment = Money(required=True)
    duties = fields.String(required=True, validate=text(20_000))
    equipment = fields.String(required=True, validate=text(4000))
    schedule = fields.Nested(ScheduleTerms, load_default=None, allow_none=True)
    guarantee = fields.Nested(GuaranteeTerms, load_default=None, allow_none=True)
    trusteeship = fields.Nested(TrusteeshipTerms, load_default=None, allow_none=True)
    fee = Money(load_default=0)
    upkeep = Money(load_default=0)
    keep = Money(load_default=0)
    deposit = Money(load_default=0)
    payment_days = fields.Integer(load_default=30, strict=True, validate=validate.Range(0, 365))
    late = fields.Nested(LateTerms, load_default=None, allow_none=True)
    loan_prime_rate = Share(load_default=0)
    vat = ShareBp(load_default=0)
    water_shares = fields.List(ShareBp(), load_default=list, validate=validate.Length(max=20))
    early_end = fields.List(fields.Nested(EarlyEndTerms), load_default=list, validate=MANY)
    households = fields.List(
        fields.Nested(HouseholdTerms), load_default=list, validate=validate.Length(max=5000)
    )
    resolution_sha256 = fields.String(load_default=None, allow_none=True, validate=DIGEST)


class Terms(TermsWire):
    """The same, loaded as the value that is signed."""

    @post_load
    def _value(self, sent: dict[str, Any], **_: Any) -> terms.Terms:
        return value_of(sent)
