"""Meters: registered, calibrated, a counter replaced, moved on to the next water year's account, closed."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from market.core import audit, clock, outbox
from market.core.db import raw
from market.core.errors import NotFound
from market.metering.errors import (
    AccountMismatch,
    CalibrationBackwards,
    ConversionExists,
    MeterClosed,
    ReadingInFuture,
    ReadingTooOld,
    SerialUsed,
    WrongQuantity,
)
from market.metering.models import Meter, MeterCounter, PumpConversion
from market.participants.errors import StaleVersion
from market.registry import places, reference
from market.registry.models import WaterAccount


def register_meter(
    session: Session,
    *,
    actor: audit.Actor,
    water_account_id: int,
    serial: str,
    start_litres: int = 0,
    installed_at: dt.datetime | None = None,
    kind: str = "gate",
    measures: str = "water",
    apportioned: bool = False,
    zone: str | None = None,
    digits: int | None = None,
    start_kwh_e2: int | None = None,
    calibrated_on: dt.date | None = None,
    calibration_expires_on: dt.date | None = None,
    most_litres_a_day: int | None = None,
    read_every_days: int | None = None,
) -> Meter:
    """Registers a counter whose readings are the use of a water account; `start_litres` is what it
    shows at first.

    Without `installed_at` it counts from the beginning of the legal day. Errors: NotFound,
    ReadingInFuture, SerialUsed, UnknownZone, WrongQuantity, CalibrationBackwards.
    """
    if session.get(WaterAccount, water_account_id) is None:
        raise NotFound("there is no such water account", pointer="/water_account_id")
    if installed_at is not None and installed_at > clock.now():
        raise ReadingInFuture("the meter would be installed in the future", pointer="/installed_at")
    if measures == "electricity" and (kind != "well" or apportioned):
        raise WrongQuantity("only a well is measured by its electricity", pointer="/measures")
    if (measures == "electricity") != (start_kwh_e2 is not None):
        raise WrongQuantity("an electricity counter starts with kWh, no other does", pointer="/start_kwh")
    _check_calibration(calibrated_on, calibration_expires_on)
    connection = raw(session)
    meter = Meter(
        water_account_id=water_account_id,
        serial=serial,
        start_litres=start_litres,
        installed_at=installed_at or clock.end_of_legal_day(clock.today() - dt.timedelta(days=1)),
        kind=kind,
        measures=measures,
        apportioned=apportioned,
        zone_id=places.zone(reference.zones(connection), zone, pointer="/zone").id if zone else None,
        digits=digits,
        start_kwh_e2=start_kwh_e2,
        calibrated_on=calibrated_on,
        calibration_expires_on=calibration_expires_on,
        most_litres_a_day=most_litres_a_day,
        read_every_days=read_every_days,
    )
    _save(session, meter, serial)
    _tell(session, actor, "registered", meter.id, {"water_account_id": water_account_id})
    return meter


def replace(
    session: Session,
    *,
    actor: audit.Actor,
    meter_id: int,
    at: dt.datetime,
    serial: str,
    start_litres: int = 0,
    start_kwh_e2: int | None = None,
    digits: int | None = None,
    calibrated_on: dt.date | None = None,
    calibration_expires_on: dt.date | None = None,
    reason: str,
    expected_version: int | None = None,
) -> Meter:
    """Puts another counter up in the place of the old, whose final reading, at `at`, is recorded already.

    Errors: NotFound, StaleVersion, MeterClosed, ReadingInFuture, ReadingTooOld (no final reading at `at`),
    SerialUsed, WrongQuantity, CalibrationBackwards.
    """
    meter = _locked(session, meter_id, expected_version)
    last = _last_read_at(session, meter)
    if at > clock.now():
        raise ReadingInFuture("the counter would be replaced in the future", pointer="/at")
    if at != (last or meter.installed_at):
        raise ReadingTooOld("the old counter's final reading is of another instant", pointer="/at")
    if (meter.measures == "electricity") != (start_kwh_e2 is not None):
        raise WrongQuantity("the new counter measures what the old did", pointer="/start_kwh")
    _check_calibration(calibrated_on, calibration_expires_on)
    session.add(
        MeterCounter(
            meter_id=meter.id,
            number=meter.counter_number,
            serial=meter.serial,
            start_litres=meter.start_litres,
            start_kwh_e2=meter.start_kwh_e2,
            digits=meter.digits,
            installed_at=meter.installed_at,
            removed_at=at,
            reason=reason,
        )
    )
    before = meter.serial
    meter.counter_number += 1
    meter.serial = serial
    meter.start_litres, meter.start_kwh_e2 = start_litres, start_kwh_e2
    meter.digits, meter.installed_at = digits, at
    meter.calibrated_on, meter.calibration_expires_on = calibrated_on, calibration_expires_on
    meter.version += 1
    _save(session, meter, serial)
    _tell(session, actor, "counter_replaced", meter.id, {"before": before, "after": serial})
    return meter


def calibrate(
    session: Session,
    *,
    actor: audit.Actor,
    meter_id: int,
    calibrated_on: dt.date,
    expires_on: dt.date,
    expected_version: int | None = None,
) -> Meter:
    """Records a calibration of the counter. Errors: NotFound, StaleVersion, MeterClosed, CalibrationBackwards."""
    meter = _locked(session, meter_id, expected_version)
    _check_calibration(calibrated_on, expires_on)
    meter.calibrated_on, meter.calibration_expires_on = calibrated_on, expires_on
    meter.version += 1
    connection = raw(session)
    connection.execute(
        "UPDATE use_findings SET status = 'confirmed', decided_at = %s, decided_by = %s,"
        " decision_reason = 'calibrated again' WHERE meter_id = %s AND kind = 'calibration_expired'"
        " AND status = 'open'",
        (clock.now(), actor.user_id, meter.id),
    )
    _tell(
        session,
        actor,
        "calibrated",
        meter.id,
        {"on": calibrated_on.isoformat(), "to": expires_on.isoformat()},
    )
    return meter


def convert(
    session: Session,
    *,
    actor: audit.Actor,
    meter_id: int,
    litres_per_kwh_e3: int,
    calibrated_on: dt.date,
    valid_from: dt.date,
    source: str,
) -> PumpConversion:
    """Records how much water a well's pump lifts with a kWh (thousandths of a litre), from a legal day on.

    Groundwater drawn is metered (地下水管理条例 art. 22); where the pump's electricity stands for the water, the
    coefficient is a calibration's, dated and with its source. Errors: NotFound, MeterClosed, WrongQuantity,
    CalibrationBackwards, ConversionExists.
    """
    meter = _locked(session, meter_id, None)
    if meter.measures != "electricity":
        raise WrongQuantity("the meter measures water itself")
    if calibrated_on > clock.today() or valid_from < calibrated_on:
        raise CalibrationBackwards("a coefficient holds after its calibration", pointer="/valid_from")
    last = _last_read_at(session, meter)
    if last is not None and valid_from <= last.astimezone(clock.LEGAL_ZONE).date():
        raise ConversionExists("readings from that day on were converted already", pointer="/valid_from")
    found = PumpConversion(
        meter_id=meter.id,
        litres_per_kwh_e3=litres_per_kwh_e3,
        calibrated_on=calibrated_on,
        valid_from=valid_from,
        source=source,
        recorded_by=actor.user_id,
        recorded_at=clock.now(),
    )
    try:
        with session.begin_nested():
            session.add(found)
    except IntegrityError as error:
        if "uq_pump_conversions" in str(error.orig):
            raise ConversionExists(
                "there is a coefficient from this day on", pointer="/valid_from"
            ) from error
        raise
    detail = {"litres_per_kwh_e3": litres_per_kwh_e3, "valid_from": valid_from.isoformat()}
    _tell(session, actor, "conversion_recorded", meter.id, detail)
    return found


def assign(
    session: Session,
    *,
    actor: audit.Actor,
    meter_id: int,
    water_account_id: int,
    expected_version: int | None = None,
) -> Meter:
    """Moves a meter on to another account of its holder at the same place and source: that of the next year.

    Readings so far stay with the account they were posted to. Errors: NotFound, StaleVersion, MeterClosed,
    AccountMismatch.
    """
    meter = _locked(session, meter_id, expected_version)
    old = session.get_one(WaterAccount, meter.water_account_id)
    new = session.get(WaterAccount, water_account_id)
    if new is None:
        raise NotFound("there is no such water account", pointer="/water_account_id")
    names = ("participant_id", "township_zone_id", "canal_zone_id", "source")
    differing = [name for name in names if getattr(old, name) != getattr(new, name)]
    if differing or new.status == "closed":
        raise AccountMismatch(
            "the account is closed" if not differing else f"another {differing[0].split('_')[0]}",
            pointer="/water_account_id",
        )
    meter.water_account_id = new.id
    meter.version += 1
    _tell(session, actor, "assigned", meter.id, {"before": old.id, "after": new.id})
    return meter


def close(
    session: Session,
    *,
    actor: audit.Actor,
    meter_id: int,
    reason: str,
    expected_version: int | None = None,
) -> Meter:
    """Closes a meter after its last reading. Errors: NotFound, StaleVersion, MeterClosed."""
    meter = _locked(session, meter_id, expected_version)
    meter.closed_at = clock.now()
    meter.version += 1
    _tell(session, actor, "closed", meter.id, {"reason": reason})
    return meter


def _locked(session: Session, meter_id: int, expected_version: int | None) -> Meter:
    found = session.scalars(
        select(Meter)
        .where(Meter.id == meter_id)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    ).one_or_none()
    if found is None:
        raise NotFound("there is no such meter")
    if expected_version is not None and found.version != expected_version:
        raise StaleVersion(f"its version is now {found.version}")
    if found.closed_at is not None:
        raise MeterClosed(f"the meter was closed at {found.closed_at.isoformat()}")
    return found


def _last_read_at(session: Session, meter: Meter) -> dt.datetime | None:
    """When the meter was last read, by a reading or a turn sheet that counts."""
    row = (
        raw(session)
        .execute(
            "SELECT upper(period), read_at FROM meter_intervals i LEFT JOIN readings r ON r.id = i.reading_id"
            " WHERE i.meter_id = %s ORDER BY coalesce(r.read_at, upper(i.period)) DESC LIMIT 1",
            (meter.id,),
        )
        .fetchone()
    )
    if row is None:
        return None
    found: dt.datetime = row[1] or row[0]
    return found


def _check_calibration(calibrated_on: dt.date | None, expires_on: dt.date | None) -> None:
    if calibrated_on is not None and calibrated_on > clock.today():
        raise CalibrationBackwards("calibrated in the future", pointer="/calibrated_on")
    if calibrated_on is not None and expires_on is not None and expires_on <= calibrated_on:
        raise CalibrationBackwards("it expires before it was made", pointer="/calibration_expires_on")


def _save(session: Session, meter: Meter, serial: str) -> None:
    try:
        with session.begin_nested():
            session.add(meter)
            session.flush()  # a serial in use is told here
    except IntegrityError as error:
        if "uq_meters_serial" in str(error.orig):
            raise SerialUsed(f"there is a meter {serial}", pointer="/serial") from error
        raise


def _tell(session: Session, actor: audit.Actor, action: str, meter_id: int, detail: dict[str, Any]) -> None:
    connection = raw(session)
    subject = ("meter", meter_id)
    outbox.publish(connection, topic=f"metering.meter.{action}", subject=subject, payload=detail)
    audit.record(connection, actor=actor, action=f"meter.{action}", subject=subject, detail=detail)
