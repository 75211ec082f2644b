"""Shapes of baselines, saving reports, their verification and distribution."""

from __future__ import annotations

from functools import partial

from marshmallow import Schema, fields, validate

from ledger.units import format_decimal, format_litres, parse_decimal, parse_litres
from market.api.schemas.fields import Decimal, Money, PublicId, Volume, YesNo
from market.api.schemas.registry import text
from market.api.schemas.saving_terms import DIGEST
from market.contracts.report_models import BASELINE_STATES, DISPUTE_STATES, TIERS
from market.contracts.states import CLOCKS, STATES

CODE = validate.Regexp(r"^[a-z][a-z0-9_]{0,39}$")
SPANS = validate.Length(1, 400)


class Value(Decimal):
    """What a driver came to: a number with at most 6 decimals, in the driver's unit; millionths inside."""

    parse = staticmethod(partial(parse_decimal, scale=6, limit=10**18))
    write = staticmethod(partial(format_decimal, scale=6))
    unit = "the driver's unit, with at most 6 decimals"
    pattern = r"^(0|[1-9][0-9]{0,11})(\.[0-9]{1,6})?$"
    example = "1250.5"


def _signed(sent: str) -> int:
    litres = parse_litres(sent.removeprefix("-"))
    return -litres if sent.startswith("-") else litres


def _written(litres: int) -> str:
    return ("-" if litres < 0 else "") + format_litres(abs(litres))


class SignedVolume(Decimal):
    """Cubic metres with at most three decimals, with a sign; litres inside."""

    parse = staticmethod(_signed)
    write = staticmethod(_written)
    unit = "cubic metres with at most 3 decimals, with a sign"
    pattern = r"^-?(0|[1-9][0-9]{0,11})(\.[0-9]{1,3})?$"
    example = "-12.500"


class DriverIn(Schema):
    """Something that use depends on; `effect`: more of it means more use, less, or either."""

    code = fields.String(required=True, validate=CODE)
    name_zh = fields.String(required=True, validate=text(100))
    name_en = fields.String(required=True, validate=text(100))
    unit = fields.String(required=True, validate=text(40))
    effect = fields.String(load_default="more", validate=validate.OneOf(("more", "less", "either")))


class SpanIn(Schema):
    """A period, its last day included, and one value a driver, in their order; its use is read from the meters."""

    first_day = fields.Date(required=True)
    last_day = fields.Date(required=True)
    drivers = fields.List(Value(), load_default=list, validate=validate.Length(max=10))


class DepartureIn(Schema):
    """A departure from the rules of base periods, with its reason; both sides sign it with the baseline."""

    what = fields.String(required=True, validate=CODE)
    reason = fields.String(required=True, validate=text(1000))


class BaselineIn(Schema):
    """A base period as it is proposed; `unit_driver`: which driver counts output or need, for the unit method."""

    works_start = fields.Date(required=True)
    drivers = fields.List(fields.Nested(DriverIn), load_default=list, validate=validate.Length(max=10))
    spans = fields.List(fields.Nested(SpanIn), required=True, validate=SPANS)
    season = fields.List(
        fields.Integer(strict=True, validate=validate.Range(1, 12)), load_default=lambda: list(range(1, 13)),
        validate=validate.Length(1, 12),
    )  # fmt: skip
    unit_driver = fields.String(load_default=None, allow_none=True, validate=CODE)
    departures = fields.List(fields.Nested(DepartureIn), load_default=list, validate=validate.Length(max=10))


class HashIn(Schema):
    """The SHA-256 of what is accepted or certified, in hex."""

    sha256 = fields.String(required=True, validate=DIGEST)


class SavingReasonOut(Schema):
    """Why something was lowered, refused or marked."""

    code = fields.String(required=True)
    text_zh = fields.String(required=True)
    text_en = fields.String(required=True)


class NightBaseOut(Schema):
    """What a baseline of nights holds: legitimate night use and mean leakage an hour, the day factor, the pressure's
    point.
    """

    count = fields.Integer(required=True)
    night_use = Volume(required=True)
    day_factor = Value(required=True)
    mean_leakage = Volume(required=True)
    pressure_point_id = PublicId("mpt", required=True)


class BaselineOut(Schema):
    """A baseline: its rung (A regression or nights, B unit method, C one figure for money only), why, who agreed.

    Its days are from `starts_on` up to, without, `ends_on`.
    """

    id = PublicId("bsl", required=True)
    contract_id = PublicId("sct", required=True)
    number = fields.Integer(required=True)
    tier = fields.String(required=True, validate=validate.OneOf(TIERS))
    drivers = fields.List(fields.String(), required=True)
    chosen = fields.List(fields.String(), required=True)
    reasons = fields.List(fields.Nested(SavingReasonOut), required=True)
    starts_on = fields.Date(required=True)
    ends_on = fields.Date(required=True)
    base_use = Volume(required=True)
    nights = fields.Nested(NightBaseOut, required=True, allow_none=True)
    sha256 = fields.String(required=True)
    status = fields.String(required=True, validate=validate.OneOf(BASELINE_STATES))
    consents = fields.List(PublicId("par"), required=True)
    proposed_at = fields.AwareDateTime(required=True)
    agreed_at = fields.AwareDateTime(required=True, allow_none=True)


class BaselinesOut(Schema):
    """The baselines of a contract."""

    data = fields.List(fields.Nested(BaselineOut), required=True)


class BilledIn(Schema):
    """What was billed of a district's inflow in the same days, and the SHA-256 of the list of bills."""

    volume = Volume(required=True)
    document_sha256 = fields.String(required=True, validate=DIGEST)


class SavingReportIn(Schema):
    """The periods that make up one period of the contract, each with its drivers; of leakage, what was billed."""

    spans = fields.List(fields.Nested(SpanIn), required=True, validate=SPANS)
    billed = fields.Nested(BilledIn, load_default=None, allow_none=True)


class RevisionIn(Schema):
    """Other drivers (null: the same ones); what was used is read from the meters anew."""

    spans = fields.List(fields.Nested(SpanIn), load_default=None, allow_none=True, validate=SPANS)
    billed = fields.Nested(BilledIn, load_default=None, allow_none=True)


class AdjustmentIn(Schema):
    """A non-routine event: what it adds to the baseline, how sure that is (standard uncertainty), its evidence."""

    event = fields.String(required=True, validate=text(200))
    first_day = fields.Date(required=True)
    last_day = fields.Date(required=True)
    volume = SignedVolume(required=True)
    uncertainty = Volume(required=True)
    evidence = fields.String(required=True, validate=text(500))


class SavingAdjustmentOut(AdjustmentIn):
    """An adjustment, who proposed it and who accepted it (null: nobody yet, and it counts for nothing)."""

    id = PublicId("adj", required=True)
    proposed_by = PublicId("par", required=True)
    accepted_by = PublicId("par", required=True, allow_none=True)


class ReportReasonIn(Schema):
    """Why."""

    reason = fields.String(required=True, validate=text(2000))


class NamedVerifierIn(Schema):
    """Who verifies a disputed report anew."""

    verifier_id = PublicId("par", required=True)


class ReVerificationIn(HashIn):
    """What the named verifier found; `anew`: reckoned from what is measured now. The hash is of what was disputed."""

    finding = fields.String(required=True, validate=text(2000))
    anew = YesNo(load_default=False)


class DisputeOut(Schema):
    """An objection (`raised_by` null: the bureau's), the verifier whom the bureau named, and the finding."""

    raised_by = PublicId("par", required=True, allow_none=True)
    grounds = fields.String(required=True)
    status = fields.String(required=True, validate=validate.OneOf(DISPUTE_STATES))
    verifier_id = PublicId("par", required=True, allow_none=True)
    finding = fields.String(required=True, allow_none=True)
    raised_at = fields.AwareDateTime(required=True)
    resolved_at = fields.AwareDateTime(required=True, allow_none=True)


class DistributedPartOut(Schema):
    """A party's part of a distribution, and its fee."""

    participant_id = PublicId("par", required=True)
    amount = Money(required=True)
    fee = Money(required=True)


class DistributionOut(Schema):
    """How a period's benefit was shared."""

    contract_year = fields.Integer(required=True)
    benefit = Money(required=True)
    shortfall = Money(required=True)
    shares = fields.List(fields.Nested(DistributedPartOut), required=True)
    sha256 = fields.String(required=True)
    distributed_at = fields.AwareDateTime(required=True)


class ReportsQuery(Schema):
    """Which reports."""

    contract_id = PublicId("sct")
    status = fields.String(validate=validate.OneOf(STATES))


class SavingReportOut(Schema):
    """A report. `saving` = adjusted baseline - use; what of it is paid for, and what may become a lot of water.

    Its days are from `starts_on` up to, without, `ends_on`.
    `merges`: too uncertain alone, so it becomes a part of the next period's report, `merged_into_id`.
    """

    id = PublicId("srp", required=True)
    contract_id = PublicId("sct", required=True)
    baseline_id = PublicId("bsl", required=True)
    starts_on = fields.Date(required=True)
    ends_on = fields.Date(required=True)
    revision = fields.Integer(required=True)
    status = fields.String(required=True, validate=validate.OneOf(STATES))
    tier = fields.String(required=True, validate=validate.OneOf(TIERS))
    adjusted_baseline = Volume(required=True)
    use = Volume(required=True)
    saving = SignedVolume(required=True)
    low_95 = SignedVolume(required=True, allow_none=True)
    high_95 = SignedVolume(required=True, allow_none=True)
    credited_money = Volume(required=True)
    credited_water = Volume(required=True)
    carried = SignedVolume(required=True)
    merges = fields.Boolean(required=True)
    reasons = fields.List(fields.Nested(SavingReasonOut), required=True)
    sha256 = fields.String(required=True)
    clock = fields.String(required=True, allow_none=True, validate=validate.OneOf(tuple(CLOCKS)))
    due_on = fields.Date(required=True, allow_none=True)
    accepted_by = fields.List(PublicId("par"), required=True)
    verified_by = PublicId("par", required=True, allow_none=True)
    verified_at = fields.AwareDateTime(required=True, allow_none=True)
    return_reason = fields.String(required=True, allow_none=True)
    merged_into_id = PublicId("srp", required=True, allow_none=True)
    adjustments = fields.List(fields.Nested(SavingAdjustmentOut), required=True)
    disputes = fields.List(fields.Nested(DisputeOut), required=True)
    distribution = fields.Nested(DistributionOut, required=True, allow_none=True)
    drafted_at = fields.AwareDateTime(required=True)
    version = fields.Integer(required=True)


class SavingReportPage(Schema):
    """A page of reports."""

    data = fields.List(fields.Nested(SavingReportOut), required=True)
    has_more = fields.Boolean(required=True)


class DerivationOut(Schema):
    """How a saving was reckoned, number by number, in both languages, and as a picture (plotly's data and layout)."""

    zh = fields.List(fields.String(), required=True)
    en = fields.List(fields.String(), required=True)
    plot_zh = fields.Dict(keys=fields.String(), required=True)
    plot_en = fields.Dict(keys=fields.String(), required=True)
    sha256 = fields.String(required=True)
