"""The terms of a saving contract on the wire, and as the value that is signed: decimals with units become integers."""

from __future__ import annotations

from functools import partial
from typing import Any

from marshmallow import Schema, fields, post_load, validate

from ledger.units import format_decimal, parse_decimal
from market.api.schemas.fields import Decimal, Money, Price, PublicId, Volume
from market.api.schemas.projects import KIND, MODE, ShareBp
from market.api.schemas.registry import Share, text
from market.contracts import sharing, terms
from market.core.errors import InvalidInput

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
    factor = Multiple(load_default=1_000_000)


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


def value_of(sent: dict[str, Any]) -> terms.Terms:
    """The value of terms as they were sent. Errors: InvalidInput."""
    try:
        return _value(sent)
    except sharing.BadTerms as error:
        raise InvalidInput(str(error), pointer="/terms") from error


def _value(sent: dict[str, Any]) -> terms.Terms:
    parties = tuple(
        terms.Party(each["participant_id"], each["role"], each["size"]) for each in sent["parties"]
    )
    same = (
        "kind", "mode", "title", "starts_on", "ends_on", "period_months", "duties", "equipment", "payment_days",
        "resolution_sha256",
    )  # fmt: skip
    late, guarantee, trusteeship = sent["late"], sent["guarantee"], sent["trusteeship"]
    return terms.Terms(
        **{name: sent[name] for name in same},
        parties=parties,
        verifier=sent["verifier_id"],
        boundary=tuple(
            terms.BoundaryPoint(each["point_id"], 1 if each["counts"] == "added" else -1)
            for each in sent["boundary"]
        ),
        price=sharing.PriceBasis(sent["price"]["basis"], sent["price"]["price"]),
        investment_fen=sent["investment"],
        schedule=_schedule(sent["schedule"], parties) if sent["schedule"] else None,
        guarantee=sharing.Guarantee(
            guarantee["volume"], guarantee["price"], guarantee["cap"], tuple(guarantee["surplus_shares"]),
            guarantee["tolerance"], guarantee["factor"] // 100,
        )
        if guarantee
        else None,
        trusteeship=sharing.Trusteeship(trusteeship["fee"], trusteeship["base_volume"], trusteeship["price"])
        if trusteeship
        else None,
        tariff=_tariff(sent["tariff"]) if sent["tariff"] else None,
        fee_fen=sent["fee"],
        upkeep_fen=sent["upkeep"],
        keep_fen=sent["keep"],
        deposit_fen=sent["deposit"],
        late=sharing.Rate(late["rate"], late["days"]) if late else None,
        lpr_e6=sent["loan_prime_rate"],
        vat_bp=sent["vat"],
        water_bp=tuple(sent["water_shares"]),
        early_end=tuple(terms.EarlyEnd(each["from_year"], each["amount"]) for each in sent["early_end"]),
        households=tuple(
            terms.Household(each["participant_id"], each["share"], each["clawback_cap"])
            for each in sent["households"]
        ),
    )  # fmt: skip


def _schedule(sent: dict[str, Any], parties: tuple[terms.Party, ...]) -> sharing.Schedule:
    firm = next((each.participant for each in parties if each.role == terms.FIRM), 0)
    user = next((each.participant for each in parties if each.role == terms.USER), 0)
    recovery = sent["recovery"]
    return sharing.Schedule(
        parties=tuple(str(each.participant) for each in parties),
        firm=str(firm),
        user=str(user),
        rows=tuple(
            sharing.Row(
                row["from_year"],
                tuple(sharing.Step(step["from_share"], tuple(step["shares"])) for step in row["steps"]),
                row["threshold"],
            )
            for row in sent["rows"]
        ),
        recovery=sharing.Recovery(recovery["recoverable"], tuple(recovery["shares"])) if recovery else None,
        fees=tuple(
            sharing.Fee(str(each["payee_id"]), each["amount"], each["share"]) for each in sent["fees"]
        ),
        floor_fen=sent["floor"],
        ceiling_fen=sent["ceiling"],
    )


def _tariff(sent: dict[str, Any]) -> sharing.Tariff:
    over = {
        name: tuple(sharing.Over(each["above"], each["multiple"]) for each in sent[name])
        for name in ("over_quota", "over_plan")
    }
    return sharing.Tariff(
        blocks=tuple(sharing.Block(each["from_volume"], each["price"]) for each in sent["blocks"]),
        quota_litres=sent["quota"],
        tax_e4=sent["tax"],
        plan_litres=sent["plan"],
        sewage_e4=sent["sewage"],
        sewage_bp=sent["sewage_share"],
        **over,
    )


def wire_of(value: terms.Terms) -> dict[str, Any]:
    """Signed terms as the wire writes them."""
    same = (
        "kind", "mode", "title", "starts_on", "ends_on", "period_months", "duties", "equipment", "payment_days",
        "resolution_sha256",
    )  # fmt: skip
    guarantee, trusteeship = value.guarantee, value.trusteeship
    return {name: getattr(value, name) for name in same} | {
        "parties": [
            {"participant_id": each.participant, "role": each.role, "size": each.size}
            for each in value.parties
        ],
        "verifier_id": value.verifier,
        "boundary": [
            {"point_id": each.point, "counts": "added" if each.sign == 1 else "taken_off"}
            for each in value.boundary
        ],
        "price": {"basis": value.price.kind, "price": value.price.price_e4},
        "tariff": _tariff_wire(value.tariff) if value.tariff else None,
        "investment": value.investment_fen,
        "schedule": _schedule_wire(value.schedule) if value.schedule else None,
        "guarantee": {
            "volume": guarantee.litres,
            "price": guarantee.price_e4,
            "cap": guarantee.cap_fen,
            "surplus_shares": list(guarantee.surplus_bp),
            "tolerance": guarantee.tolerance_bp,
            "factor": guarantee.factor_bp * 100,
        }
        if guarantee
        else None,
        "trusteeship": {
            "fee": trusteeship.fee_fen,
            "base_volume": trusteeship.base_litres,
            "price": trusteeship.tariff_e4,
        }
        if trusteeship
        else None,
        "fee": value.fee_fen,
        "upkeep": value.upkeep_fen,
        "keep": value.keep_fen,
        "deposit": value.deposit_fen,
        "late": {"rate": value.late.e6, "days": value.late.days} if value.late else None,
        "loan_prime_rate": value.lpr_e6,
        "vat": value.vat_bp,
        "water_shares": list(value.water_bp),
        "early_end": [{"from_year": each.year, "amount": each.fen} for each in value.early_end],
        "households": [
            {
                "participant_id": each.participant,
                "share": each.share_bp,
                "clawback_cap": each.clawback_cap_fen,
            }
            for each in value.households
        ],
    }


def _schedule_wire(value: sharing.Schedule) -> dict[str, Any]:
    recovery = value.recovery
    return {
        "rows": [
            {
                "from_year": row.from_year,
                "steps": [{"from_share": step.from_bp, "shares": list(step.shares_bp)} for step in row.steps],
                "threshold": row.threshold,
            }
            for row in value.rows
        ],
        "recovery": {"recoverable": recovery.recoverable_fen, "shares": list(recovery.shares_bp)}
        if recovery
        else None,
        "fees": [{"payee_id": int(each.payee), "amount": each.fen, "share": each.bp} for each in value.fees],
        "floor": value.floor_fen,
        "ceiling": value.ceiling_fen,
    }


def _tariff_wire(value: sharing.Tariff) -> dict[str, Any]:
    over = {
        name: [{"above": each.above_e6, "multiple": each.multiple_e6} for each in getattr(value, name)]
        for name in ("over_quota", "over_plan")
    }
    return over | {
        "blocks": [{"from_volume": each.from_litres, "price": each.price_e4} for each in value.blocks],
        "quota": value.quota_litres,
        "tax": value.tax_e4,
        "plan": value.plan_litres,
        "sewage": value.sewage_e4,
        "sewage_share": value.sewage_bp,
    }
