"""Meters, their readings, which reading counts for which time, findings, and turn sheets."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Date,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    Integer,
    SmallInteger,
    Text,
    UniqueConstraint,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import TSTZRANGE, ExcludeConstraint
from sqlalchemy.orm import Mapped, mapped_column

from ledger.base import Base

NOW = func.clock_timestamp()

METER_KINDS = ("gate", "well", "pipe")
QUANTITIES = ("water", "electricity")
METHODS = ("read", "estimate")
FINDING_KINDS = ("over_use", "jump", "gap", "calibration_expired")
FINDING_STATES = ("open", "confirmed", "dismissed")
SHEET_BASES = ("land", "hours", "shares")
SHEET_STATES = ("entered", "signed", "reversed", "discarded")


class Meter(Base):
    """A place where water is measured, with the counter that stands there now.

    Its readings are the use of one water account; of an `apportioned` gate they are shared out by turn sheets
    instead. `serial`, `start_litres` (or `start_kwh_e2`), `digits` and `installed_at` are those of the counter
    number `counter_number`; counters that were replaced are `MeterCounter`s. `digits` are the whole m3 (or kWh)
    that the counter shows before it rolls over, none: it never does.
    """

    __tablename__ = "meters"
    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    water_account_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("water_accounts.id"), index=True)
    serial: Mapped[str] = mapped_column(Text)
    start_litres: Mapped[int] = mapped_column(BigInteger)
    installed_at: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True), server_default=NOW)
    kind: Mapped[str] = mapped_column(Text, server_default="gate")
    measures: Mapped[str] = mapped_column(Text, server_default="water")
    apportioned: Mapped[bool] = mapped_column(server_default="false")
    zone_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("zones.id"))
    digits: Mapped[int | None] = mapped_column(SmallInteger)
    start_kwh_e2: Mapped[int | None] = mapped_column(BigInteger)
    calibrated_on: Mapped[dt.date | None] = mapped_column(Date)
    calibration_expires_on: Mapped[dt.date | None] = mapped_column(Date)
    most_litres_a_day: Mapped[int | None] = mapped_column(BigInteger)
    read_every_days: Mapped[int | None] = mapped_column(SmallInteger)
    counter_number: Mapped[int] = mapped_column(SmallInteger, server_default="1")
    closed_at: Mapped[dt.datetime | None] = mapped_column(DateTime(timezone=True))
    version: Mapped[int] = mapped_column(Integer, server_default="1")
    __table_args__ = (
        # a counter that was taken away may be put up elsewhere
        Index("uq_meters_serial", "serial", unique=True, postgresql_where=text("closed_at IS NULL")),
        CheckConstraint("start_litres >= 0", name="start"),
        CheckConstraint(f"kind IN {METER_KINDS}", name="kind"),
        CheckConstraint(f"measures IN {QUANTITIES}", name="measures"),
        CheckConstraint("(measures = 'electricity') = (start_kwh_e2 IS NOT NULL)", name="start_kwh"),
        CheckConstraint("measures = 'water' OR kind = 'well'", name="electricity_at_wells"),
        CheckConstraint("NOT apportioned OR measures = 'water'", name="apportioned_water"),
        CheckConstraint("digits BETWEEN 1 AND 12", name="digits"),
        CheckConstraint("most_litres_a_day > 0", name="most_litres_a_day"),
        CheckConstraint("read_every_days > 0", name="read_every_days"),
        CheckConstraint("calibration_expires_on > calibrated_on", name="calibration"),
    )


class MeterCounter(Base):
    """A counter that was taken away from a meter. Immutable."""

    __tablename__ = "meter_counters"
    meter_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("meters.id"), primary_key=True)
    number: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    serial: Mapped[str] = mapped_column(Text)
    start_litres: Mapped[int] = mapped_column(BigInteger)
    start_kwh_e2: Mapped[int | None] = mapped_column(BigInteger)
    digits: Mapped[int | None] = mapped_column(SmallInteger)
    installed_at: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True))
    removed_at: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True))
    reason: Mapped[str] = mapped_column(Text)
    __table_args__ = (CheckConstraint("removed_at >= installed_at", name="times"),)


class PumpConversion(Base):
    """How much water a well's pump lifts with a kWh, from a legal day on. Immutable.

    `litres_per_kwh_e3` are thousandths of a litre (m3 per kWh with 6 decimals), as a calibration found them.
    """

    __tablename__ = "pump_conversions"
    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    meter_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("meters.id"))
    litres_per_kwh_e3: Mapped[int] = mapped_column(BigInteger)
    calibrated_on: Mapped[dt.date] = mapped_column(Date)
    valid_from: Mapped[dt.date] = mapped_column(Date)
    source: Mapped[str] = mapped_column(Text)
    recorded_by: Mapped[int | None] = mapped_column(BigInteger)
    recorded_at: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True), server_default=NOW)
    __table_args__ = (
        UniqueConstraint("meter_id", "valid_from"),
        CheckConstraint("litres_per_kwh_e3 > 0", name="coefficient"),
    )


class Reading(Base):
    """What a counter showed at an instant; the difference to the reading before it (at `since`) is the use.
    Immutable: a correction is a reading of its own (`corrects_id`), and `meter_intervals` says which counts.

    `posted_litres` left the water account; `over_use_litres` is use beyond its balance, recorded as a debt in
    water and never lost. `price_e4` is the tariff of the day; the fee of a reading is what the fee for all use
    so far comes to, less the fees before it (after a correction that may be a fen below nil). A reading of an
    electricity counter keeps its kWh (hundredths) and the coefficient that made water of them.
    """

    __tablename__ = "readings"
    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    meter_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("meters.id"))
    water_account_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("water_accounts.id"), index=True)
    since: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True))
    read_at: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True))
    counter_number: Mapped[int] = mapped_column(SmallInteger, server_default="1")
    method: Mapped[str] = mapped_column(Text, server_default="read")
    counter_litres: Mapped[int | None] = mapped_column(BigInteger)
    kwh_e2: Mapped[int | None] = mapped_column(BigInteger)
    conversion_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("pump_conversions.id"))
    calibration_expired: Mapped[bool] = mapped_column(server_default="false")
    corrects_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("readings.id"), unique=True)
    reason: Mapped[str | None] = mapped_column(Text)
    use_litres: Mapped[int] = mapped_column(BigInteger)
    posted_litres: Mapped[int] = mapped_column(BigInteger)
    over_use_litres: Mapped[int] = mapped_column(BigInteger)
    price_e4: Mapped[int] = mapped_column(BigInteger)
    fee_fen: Mapped[int] = mapped_column(BigInteger)
    recorded_by: Mapped[int | None] = mapped_column(BigInteger)
    recorded_at: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True), server_default=NOW)
    __table_args__ = (
        Index(None, "meter_id", "read_at"),
        CheckConstraint(
            "use_litres >= 0 AND posted_litres >= 0 AND over_use_litres >= 0", name="not_negative"
        ),
        CheckConstraint("price_e4 >= 0", name="price"),
        CheckConstraint("use_litres = posted_litres + over_use_litres", name="use_is_posted_or_over"),
        CheckConstraint(f"method IN {METHODS}", name="method"),
        CheckConstraint("(counter_litres IS NULL) = (kwh_e2 IS NOT NULL)", name="water_or_kwh"),
        CheckConstraint("(kwh_e2 IS NULL) = (conversion_id IS NULL)", name="conversion"),
        CheckConstraint("read_at >= since", name="times"),
    )


class UseFinding(Base):
    """Something about a meter or a water account that a person has to look at.

    over_use: use beyond the balance; jump: a reading above the meter's most a day, held here (`read_at` and
    what it showed) until it is confirmed; gap: too long between two readings; calibration_expired: the counter
    is read after its calibration has run out.
    """

    __tablename__ = "use_findings"
    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    kind: Mapped[str] = mapped_column(Text)
    water_account_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("water_accounts.id"), index=True)
    meter_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("meters.id"), index=True)
    reading_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("readings.id"), index=True)
    turn_sheet_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("turn_sheets.id"), index=True)
    litres: Mapped[int | None] = mapped_column(BigInteger)
    limit_litres: Mapped[int | None] = mapped_column(BigInteger)
    read_at: Mapped[dt.datetime | None] = mapped_column(DateTime(timezone=True))
    method: Mapped[str | None] = mapped_column(Text)
    counter_litres: Mapped[int | None] = mapped_column(BigInteger)
    kwh_e2: Mapped[int | None] = mapped_column(BigInteger)
    status: Mapped[str] = mapped_column(Text, server_default="open")
    opened_at: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True), server_default=NOW)
    decided_at: Mapped[dt.datetime | None] = mapped_column(DateTime(timezone=True))
    decided_by: Mapped[int | None] = mapped_column(BigInteger)
    decision_reason: Mapped[str | None] = mapped_column(Text)
    __table_args__ = (
        CheckConstraint(f"kind IN {FINDING_KINDS}", name="kind"),
        CheckConstraint(f"status IN {FINDING_STATES}", name="status"),
        CheckConstraint("(status = 'open') = (decided_at IS NULL)", name="decided"),
        CheckConstraint(
            "kind <> 'jump' OR (meter_id IS NOT NULL AND read_at IS NOT NULL AND method IS NOT NULL"
            " AND (counter_litres IS NULL) = (kwh_e2 IS NOT NULL))",
            name="held_reading",
        ),
        Index(
            "uq_use_findings_held",
            "meter_id",
            "read_at",
            unique=True,
            postgresql_where=text("kind = 'jump' AND status = 'open'"),
        ),
    )


class GateAccount(Base):
    """A water account that an apportioned gate serves."""

    __tablename__ = "gate_accounts"
    meter_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("meters.id"), primary_key=True)
    water_account_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("water_accounts.id"), primary_key=True, index=True
    )
    recorded_by: Mapped[int | None] = mapped_column(BigInteger)
    recorded_at: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True), server_default=NOW)


class TurnSheet(Base):
    """What passed an apportioned gate from `since` to `until`, shared out among the households that it serves.

    The gate's volume is `counter_litres` less `counter_from_litres`; `loss_litres` of it the canal below lost,
    the rest is split by the weights of the lines. Entered, then signed by the association, which posts it; a
    signed sheet is corrected by another (`corrects_id`) whose signature reverses it.
    """

    __tablename__ = "turn_sheets"
    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    meter_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("meters.id"), index=True)
    since: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True))
    until: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True))
    counter_number: Mapped[int] = mapped_column(SmallInteger)
    counter_from_litres: Mapped[int] = mapped_column(BigInteger)
    counter_litres: Mapped[int] = mapped_column(BigInteger)
    gate_litres: Mapped[int] = mapped_column(BigInteger)
    loss_litres: Mapped[int] = mapped_column(BigInteger)
    basis: Mapped[str] = mapped_column(Text)
    corrects_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("turn_sheets.id"), index=True)
    reason: Mapped[str] = mapped_column(Text, server_default="")
    status: Mapped[str] = mapped_column(Text, server_default="entered")
    entered_by: Mapped[int | None] = mapped_column(BigInteger)
    entered_at: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True), server_default=NOW)
    signed_by: Mapped[int | None] = mapped_column(BigInteger)
    signed_at: Mapped[dt.datetime | None] = mapped_column(DateTime(timezone=True))
    ended_at: Mapped[dt.datetime | None] = mapped_column(DateTime(timezone=True))
    version: Mapped[int] = mapped_column(Integer, server_default="1")
    __table_args__ = (
        CheckConstraint(f"basis IN {SHEET_BASES}", name="basis"),
        CheckConstraint(f"status IN {SHEET_STATES}", name="status"),
        CheckConstraint("until > since", name="times"),
        CheckConstraint("loss_litres BETWEEN 0 AND gate_litres", name="loss"),
        CheckConstraint("(status IN ('signed', 'reversed')) = (signed_at IS NOT NULL)", name="signed"),
        CheckConstraint("(status IN ('reversed', 'discarded')) = (ended_at IS NOT NULL)", name="ended"),
    )


class TurnLine(Base):
    """The weight (hundredths of mu, hours or shares) of one household in a turn sheet. Immutable."""

    __tablename__ = "turn_lines"
    turn_sheet_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("turn_sheets.id"), primary_key=True)
    water_account_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("water_accounts.id"), primary_key=True
    )
    position: Mapped[int] = mapped_column(Integer)
    weight_e2: Mapped[int] = mapped_column(BigInteger)
    __table_args__ = (CheckConstraint("weight_e2 >= 0", name="weight"),)


class TurnUse(Base):
    """What a signed turn sheet posted to one household, with its fee, like a reading. Immutable."""

    __tablename__ = "turn_uses"
    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    turn_sheet_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("turn_sheets.id"))
    water_account_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("water_accounts.id"), index=True)
    use_litres: Mapped[int] = mapped_column(BigInteger)
    posted_litres: Mapped[int] = mapped_column(BigInteger)
    over_use_litres: Mapped[int] = mapped_column(BigInteger)
    price_e4: Mapped[int] = mapped_column(BigInteger)
    fee_fen: Mapped[int] = mapped_column(BigInteger)
    __table_args__ = (
        UniqueConstraint("turn_sheet_id", "water_account_id"),
        CheckConstraint(
            "use_litres >= 0 AND posted_litres >= 0 AND over_use_litres >= 0", name="not_negative"
        ),
        CheckConstraint("price_e4 >= 0", name="price"),
        CheckConstraint("use_litres = posted_litres + over_use_litres", name="use_is_posted_or_over"),
    )


class MeterInterval(Base):
    """Which reading, or turn sheet, counts for which time of a meter: never two for one instant."""

    __tablename__ = "meter_intervals"
    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    meter_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("meters.id"), index=True)
    period: Mapped[Any] = mapped_column(TSTZRANGE)
    reading_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("readings.id"), unique=True)
    turn_sheet_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("turn_sheets.id"), unique=True)
    __table_args__ = (
        CheckConstraint("(reading_id IS NULL) = (turn_sheet_id IS NOT NULL)", name="one_cause"),
        ExcludeConstraint(
            (text("int8range(meter_id, meter_id, '[]')"), "&&"),
            ("period", "&&"),
            name="ex_meter_intervals_one_reading",
            using="gist",
        ),
    )
