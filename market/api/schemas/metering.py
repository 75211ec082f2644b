"""Shapes of meters, readings, findings and debts in water."""

from __future__ import annotations

from functools import partial

from marshmallow import Schema, fields, validate

from ledger.units import format_decimal, parse_decimal
from market.api.schemas.fields import Decimal, Money, Price, PublicId, Volume, YesNo
from market.api.schemas.registry import text
from market.metering.models import FINDING_KINDS, FINDING_STATES, METER_KINDS, QUANTITIES
from market.metering.overdue import Why

MOST_READINGS = 500
_DIGITS = validate.Range(1, 12)


class Kwh(Decimal):
    """Kilowatt-hours with at most two decimals; hundredths inside."""

    parse = staticmethod(partial(parse_decimal, scale=2, limit=10**14))
    write = staticmethod(partial(format_decimal, scale=2))
    unit = "kWh with at most 2 decimals"
    pattern = r"^(0|[1-9][0-9]{0,11})(\.[0-9]{1,2})?$"
    example = "1520.50"


class Coefficient(Decimal):
    """Cubic metres per kWh with at most six decimals; thousandths of a litre inside."""

    parse = staticmethod(partial(parse_decimal, scale=6, limit=10**9))
    write = staticmethod(partial(format_decimal, scale=6))
    unit = "m3 per kWh with at most 6 decimals"
    pattern = r"^(0|[1-9][0-9]{0,2})(\.[0-9]{1,6})?$"
    example = "2.350000"


class CounterIn(Schema):
    """A counter: what it shows at first, how many whole digits it has, its calibration."""

    serial = fields.String(required=True, validate=text(64))
    start = Volume(load_default=0)
    start_kwh = Kwh(load_default=None, allow_none=True)
    digits = fields.Integer(load_default=None, allow_none=True, strict=True, validate=_DIGITS)
    calibrated_on = fields.Date(load_default=None, allow_none=True)
    calibration_expires_on = fields.Date(load_default=None, allow_none=True)


class MeterIn(CounterIn):
    """A meter to register; `start` is what its counter shows at first."""

    water_account_id = PublicId("wac", required=True)
    installed_at = fields.AwareDateTime(load_default=None, allow_none=True, format="iso")
    kind = fields.String(load_default="gate", validate=validate.OneOf(METER_KINDS))
    measures = fields.String(load_default="water", validate=validate.OneOf(QUANTITIES))
    apportioned = YesNo(load_default=False)
    zone = fields.String(load_default=None, allow_none=True, validate=text(64))
    most_a_day = Volume(load_default=None, allow_none=True, positive=True)
    read_every_days = fields.Integer(
        load_default=None, allow_none=True, strict=True, validate=validate.Range(1, 366)
    )


class MeterOut(Schema):
    """A meter; `counter` (or `kwh`) is what it showed last."""

    id = PublicId("mtr", required=True)
    water_account_id = PublicId("wac", required=True)
    serial = fields.String(required=True)
    start = Volume(required=True)
    counter = Volume(required=True, allow_none=True)
    installed_at = fields.AwareDateTime(required=True)
    read_at = fields.AwareDateTime(required=True, allow_none=True)
    kind = fields.String(required=True)
    measures = fields.String(required=True)
    apportioned = fields.Boolean(required=True)
    zone = fields.String(required=True, allow_none=True)
    digits = fields.Integer(required=True, allow_none=True)
    start_kwh = Kwh(required=True, allow_none=True)
    kwh = Kwh(required=True, allow_none=True)
    calibrated_on = fields.Date(required=True, allow_none=True)
    calibration_expires_on = fields.Date(required=True, allow_none=True)
    most_a_day = Volume(required=True, allow_none=True)
    read_every_days = fields.Integer(required=True, allow_none=True)
    counter_number = fields.Integer(required=True)
    closed_at = fields.AwareDateTime(required=True, allow_none=True)
    version = fields.Integer(required=True)


class MeterPage(Schema):
    """A page of meters."""

    data = fields.List(fields.Nested(MeterOut), required=True)
    has_more = fields.Boolean(required=True)


class MetersQuery(Schema):
    """Which meters."""

    water_account_id = PublicId("wac")


class OverdueQuery(Schema):
    """Which overdue meters; without a reason, all."""

    why = fields.String(data_key="reason", validate=validate.OneOf([each.value for each in Why]))


class OverdueReason(Schema):
    """Why a meter is overdue: `due_on` was the last legal day in time."""

    reason = fields.String(required=True, metadata={"enum": [each.value for each in Why]})
    due_on = fields.Date(required=True)
    overdue_days = fields.Integer(required=True)
    message_en = fields.String(required=True)
    message_zh = fields.String(required=True)


class OverdueMeterOut(Schema):
    """An open meter that is overdue, with every reason; `read_at` null: never read."""

    id = PublicId("mtr", required=True)
    serial = fields.String(required=True)
    water_account_id = PublicId("wac", required=True)
    participant_id = PublicId("par", required=True)
    zone = fields.String(required=True, allow_none=True)
    read_at = fields.AwareDateTime(required=True, allow_none=True)
    read_every_days = fields.Integer(required=True, allow_none=True)
    calibration_expires_on = fields.Date(required=True, allow_none=True)
    reasons = fields.List(fields.Nested(OverdueReason), required=True)


class OverdueMeterPage(Schema):
    """A page of overdue meters, by id."""

    data = fields.List(fields.Nested(OverdueMeterOut), required=True)
    has_more = fields.Boolean(required=True)


class ReplaceIn(CounterIn):
    """A new counter in the place of the old, and what the old showed at the end (if not recorded yet)."""

    at = fields.AwareDateTime(required=True, format="iso")
    final = Volume(load_default=None, allow_none=True)
    final_kwh = Kwh(load_default=None, allow_none=True)
    reason = fields.String(required=True, validate=text(1000))


class CloseIn(Schema):
    """Why a meter is closed, and its last reading (if not recorded yet)."""

    reason = fields.String(required=True, validate=text(1000))
    read_at = fields.AwareDateTime(load_default=None, allow_none=True, format="iso")
    final = Volume(load_default=None, allow_none=True)
    final_kwh = Kwh(load_default=None, allow_none=True)


class CalibrationIn(Schema):
    """A calibration of the counter."""

    calibrated_on = fields.Date(required=True)
    expires_on = fields.Date(required=True)


class AssignIn(Schema):
    """The account whose use the meter measures from now on."""

    water_account_id = PublicId("wac", required=True)


class ConversionIn(Schema):
    """How much water a well's pump lifts with a kWh, from a legal day on."""

    coefficient = Coefficient(required=True, positive=True)
    calibrated_on = fields.Date(required=True)
    valid_from = fields.Date(required=True)
    source = fields.String(required=True, validate=text(500))


class ConversionOut(Schema):
    """A coefficient from electricity to water."""

    meter_id = PublicId("mtr", required=True)
    coefficient = Coefficient(required=True)
    calibrated_on = fields.Date(required=True)
    valid_from = fields.Date(required=True)
    source = fields.String(required=True)
    recorded_at = fields.AwareDateTime(required=True)


class ReadingIn(Schema):
    """What a counter shows at an instant: m3, or kWh of an electricity counter."""

    read_at = fields.AwareDateTime(required=True, format="iso")
    counter = Volume(load_default=None, allow_none=True)
    kwh = Kwh(load_default=None, allow_none=True)
    estimated = YesNo(load_default=False)


class CorrectionIn(Schema):
    """What the counter really showed."""

    counter = Volume(load_default=None, allow_none=True)
    kwh = Kwh(load_default=None, allow_none=True)
    reason = fields.String(required=True, validate=text(1000))


class BulkReadingIn(ReadingIn):
    """One of many readings."""

    meter_id = PublicId("mtr", required=True)


class BulkIn(Schema):
    """Many readings; without `partial` all of them are taken or none."""

    readings = fields.List(
        fields.Nested(BulkReadingIn), required=True, validate=validate.Length(min=1, max=MOST_READINGS)
    )
    take_good = YesNo(load_default=False, data_key="partial")


class BulkOutcome(Schema):
    """What became of one of many readings: `recorded`, `held` as a finding, or `refused`."""

    index = fields.Integer(required=True)
    outcome = fields.String(required=True, validate=validate.OneOf(("recorded", "held", "refused")))
    reading_id = PublicId("rdg", required=True, allow_none=True)
    finding_id = PublicId("fnd", required=True, allow_none=True)
    code = fields.String(required=True, allow_none=True)
    message_en = fields.String(required=True, allow_none=True)
    message_zh = fields.String(required=True, allow_none=True)


class BulkOut(Schema):
    """What became of many readings, in the order in which they were sent."""

    recorded = fields.Integer(required=True)
    held = fields.Integer(required=True)
    refused = fields.Integer(required=True)
    data = fields.List(fields.Nested(BulkOutcome), required=True)


class ReadingOut(Schema):
    """A reading: its use, what left the account, what was over-use, and the fee it caused."""

    id = PublicId("rdg", required=True)
    meter_id = PublicId("mtr", required=True)
    water_account_id = PublicId("wac", required=True)
    since = fields.AwareDateTime(required=True)
    read_at = fields.AwareDateTime(required=True)
    method = fields.String(required=True)
    counter = Volume(required=True, allow_none=True)
    kwh = Kwh(required=True, allow_none=True)
    coefficient = Coefficient(required=True, allow_none=True)
    use = Volume(required=True)
    posted = Volume(required=True)
    over_use = Volume(required=True)
    price = Price(required=True)
    fee = Money(required=True)
    calibration_expired = fields.Boolean(required=True)
    counts = fields.Boolean(required=True)
    corrects_id = PublicId("rdg", required=True, allow_none=True)
    reason = fields.String(required=True, allow_none=True)
    recorded_at = fields.AwareDateTime(required=True)


class ReadingPage(Schema):
    """A page of readings, oldest first; those that were replaced are among them (`counts` false)."""

    data = fields.List(fields.Nested(ReadingOut), required=True)
    has_more = fields.Boolean(required=True)


class FindingOut(Schema):
    """Something that a person has to look at; of a jump, the reading that is held."""

    id = PublicId("fnd", required=True)
    kind = fields.String(required=True)
    status = fields.String(required=True)
    water_account_id = PublicId("wac", required=True)
    meter_id = PublicId("mtr", required=True, allow_none=True)
    meter_serial = fields.String(required=True, allow_none=True)
    reading_id = PublicId("rdg", required=True, allow_none=True)
    turn_sheet_id = PublicId("trn", required=True, allow_none=True)
    volume = Volume(required=True, allow_none=True)
    limit = Volume(required=True, allow_none=True)
    read_at = fields.AwareDateTime(required=True, allow_none=True)
    counter = Volume(required=True, allow_none=True)
    kwh = Kwh(required=True, allow_none=True)
    opened_at = fields.AwareDateTime(required=True)
    decided_at = fields.AwareDateTime(required=True, allow_none=True)
    decision_reason = fields.String(required=True, allow_none=True)


class FindingPage(Schema):
    """A page of findings."""

    data = fields.List(fields.Nested(FindingOut), required=True)
    has_more = fields.Boolean(required=True)


class FindingsQuery(Schema):
    """Which findings."""

    kind = fields.String(validate=validate.OneOf(FINDING_KINDS))
    status = fields.String(validate=validate.OneOf(FINDING_STATES))
    meter_id = PublicId("mtr")


class DebtPaymentIn(Schema):
    """How much of a debt in water to pay; none: as much as the account can."""

    volume = Volume(load_default=None, allow_none=True, positive=True)
