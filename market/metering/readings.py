"""Readings: a reading posts use from the water account and the fee it causes; one by one or many at once."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from sqlalchemy.orm import Session

from ledger.units import format_litres
from market.core import audit, clock, outbox
from market.core.db import raw
from market.core.errors import Refusal
from market.metering import findings, usage
from market.metering.errors import (
    CounterBeyondDigits,
    CounterWentBack,
    FindingState,
    GateApportioned,
    MeterClosed,
    ReadingExists,
    ReadingHeld,
    ReadingInFuture,
    ReadingTooOld,
    WaterYearClosed,
    WrongQuantity,
)
from market.metering.meters import register_meter
from market.metering.models import Reading, UseFinding
from market.metering.recorder import MeterState, New, Past, Recorder

__all__ = ["NewReading", "Outcome", "confirm", "record", "record_many", "register_meter"]


class NewReading(NamedTuple):
    """What a counter showed: litres, or hundredths of kWh of an electricity counter."""

    meter_id: int
    read_at: dt.datetime
    counter_litres: int | None = None
    kwh_e2: int | None = None
    estimated: bool = False


@dataclass(slots=True)
class Outcome:
    """What became of one of many readings: it was recorded, held as a finding, or refused."""

    reading_id: int | None = None
    finding_id: int | None = None
    refusal: Refusal | None = None


def record(
    session: Session,
    *,
    actor: audit.Actor,
    meter_id: int,
    read_at: dt.datetime,
    counter_litres: int | None = None,
    kwh_e2: int | None = None,
    estimated: bool = False,
) -> Reading | UseFinding:
    """Records what a counter shows: use is the difference to the reading before it, and is never refused.

    What the account has available pays for the use; the rest is recorded as over-use, a debt in water. The fee
    is that of all the account's use so far, less what was charged. A reading replaces the estimates since the
    last one that was none. One that shows more than the meter's most a day is held as a finding.
    Errors: NotFound, MeterClosed, GateApportioned, WrongQuantity, CounterBeyondDigits, NoConversion,
    ReadingInFuture, ReadingExists, ReadingTooOld, ReadingHeld, CounterWentBack, WaterYearClosed, NoTariff.
    """
    reading = NewReading(meter_id, read_at, counter_litres, kwh_e2, estimated)
    [outcome] = record_many(session, actor=actor, readings=[reading])
    if outcome.refusal is not None:
        raise outcome.refusal
    if outcome.reading_id is not None:
        return session.get_one(Reading, outcome.reading_id)
    return session.get_one(UseFinding, outcome.finding_id)


def record_many(session: Session, *, actor: audit.Actor, readings: Sequence[NewReading]) -> list[Outcome]:
    """Records many readings, those of a meter in the order of their times; one outcome for each, in order.

    What is refused leaves no trace; whoever wants all or nothing rolls back when an outcome is a refusal.
    """
    recorder = Recorder(raw(session), actor, {each.meter_id for each in readings}, even_closed=True)
    outcomes = [Outcome() for _ in readings]
    order = sorted(range(len(readings)), key=lambda at: (readings[at].meter_id, readings[at].read_at, at))
    taken: dict[tuple[int, dt.datetime], list[Outcome]] = defaultdict(list)
    for position in order:
        reading, outcome = readings[position], outcomes[position]
        try:
            found = _take(recorder, reading)
        except Refusal as refusal:
            outcome.refusal = refusal
        else:
            if found is None:
                taken[reading.meter_id, reading.read_at].append(outcome)
            else:
                outcome.finding_id = _hold(recorder, found)
    recorder.flush()
    for reading_id, meter_id, read_at in recorder.written:
        taken[meter_id, read_at].pop(0).reading_id = reading_id
    session.expire_all()  # rows of meters, accounts and findings were changed beneath the session
    return outcomes


def confirm(
    session: Session, *, actor: audit.Actor, finding_id: int, reason: str
) -> tuple[UseFinding, int | None]:
    """Confirms a finding; a reading that it held is recorded now, whatever it shows. Returns its id too.

    Errors: NotFound, FindingState, and those of `record`.
    """
    finding = findings.locked(session, finding_id)
    written: int | None = None
    if finding.kind == "jump":
        assert finding.meter_id is not None and finding.read_at is not None
        recorder = Recorder(raw(session), actor, [finding.meter_id])
        recorder.meter(finding.meter_id).held.discard(finding.read_at)
        reading = NewReading(
            finding.meter_id,
            finding.read_at,
            finding.counter_litres,
            finding.kwh_e2,
            finding.method == "estimate",
        )
        if _take(recorder, reading, confirmed=True) is not None:
            raise FindingState("the reading is held still")
        recorder.flush()
        [(written, _, _)] = recorder.written
        finding.reading_id = written
    findings.decide(session, finding, actor=actor, status="confirmed", reason=reason)
    return finding, written


def _take(recorder: Recorder, reading: NewReading, *, confirmed: bool = False) -> findings.New | None:
    """Checks one reading and takes it up; or returns the finding that holds it. Errors: as `record`."""
    meter = recorder.meter(reading.meter_id)
    counter = _shown(meter, reading)
    account = recorder.account_of(meter)
    if account.year_status == "closed":
        raise WaterYearClosed(f"the water year {account.water_year} is closed")
    replaced = [] if reading.estimated else _estimates(meter, reading.read_at)
    before = _before(meter, replaced)
    _check_order(meter, before, replaced, reading.read_at)
    since = before.read_at if before else min(meter.installed_at, reading.read_at)
    same_counter = before is not None and before.counter_number == meter.counter_number
    passed = usage.difference(
        before.counter if before and same_counter else meter.start, counter, meter.modulus
    )
    if passed is None:
        raise CounterWentBack(
            "a counter never goes back; one that was replaced is recorded as such", pointer="/counter"
        )
    conversion_id, litres = None, passed
    day = reading.read_at.astimezone(clock.LEGAL_ZONE).date()
    if meter.electric:
        conversion_id, coefficient = meter.conversion_on(day)
        litres = usage.litres_of_kwh(passed, coefficient)
    price_e4 = recorder.accounts.price_of(account)
    if meter.most_litres_a_day is not None and not confirmed:
        most = usage.most_between(meter.most_litres_a_day, since, reading.read_at)
        if litres > most:
            return _held(meter, reading, litres, most)
    for estimate in replaced:
        recorder.drop(estimate)
        meter.tail.remove(estimate)
    entry = recorder.accounts.use(account, litres, price_e4)
    past = Past(
        0,
        account.id,
        since,
        reading.read_at,
        meter.counter_number,
        "estimate" if reading.estimated else "read",
        counter,
        entry.amounts,
    )
    expires = meter.calibration_expires_on
    recorder.add(
        New(
            meter,
            past,
            entry,
            conversion_id,
            calibration_expired=expires is not None and day > expires,
            corrects_id=replaced[-1].id if replaced else None,
            reason="the estimate is replaced by a reading" if replaced else None,
            gap=usage.is_gap(since, reading.read_at, meter.read_every_days),
        )
    )
    meter.tail.append(past)
    return None


def _shown(meter: MeterState, reading: NewReading) -> int:
    """What the counter shows, in its own unit."""
    if meter.closed_at is not None:
        raise MeterClosed(f"the meter was closed at {meter.closed_at.isoformat()}")
    if meter.apportioned:
        raise GateApportioned("enter a turn sheet for this gate")
    counter = reading.kwh_e2 if meter.electric else reading.counter_litres
    other = reading.counter_litres if meter.electric else reading.kwh_e2
    if counter is None or other is not None:
        wanted = "kwh" if meter.electric else "counter"
        raise WrongQuantity(f"this counter is read as {wanted}", pointer=f"/{wanted}")
    if meter.modulus is not None and counter >= meter.modulus:
        raise CounterBeyondDigits(f"the counter has {meter.digits} digits", pointer="/counter")
    if reading.read_at > clock.now():
        raise ReadingInFuture(f"it is {clock.now().isoformat(timespec='seconds')} now", pointer="/read_at")
    if reading.read_at in meter.held:
        raise ReadingHeld("a reading of this instant waits to be confirmed", pointer="/read_at")
    return counter


def _estimates(meter: MeterState, read_at: dt.datetime) -> list[Past]:
    """The estimates at the end that a reading replaces: those of the same counter and account."""
    found = []
    for past in reversed(meter.tail):
        same = (past.counter_number, past.water_account_id) == (meter.counter_number, meter.water_account_id)
        if past.method != "estimate" or not same or past.read_at > read_at:
            break
        found.append(past)
    return found[::-1]


def _before(meter: MeterState, replaced: Sequence[Past]) -> Past | None:
    kept = meter.tail[: len(meter.tail) - len(replaced)]
    return kept[-1] if kept else None


def _check_order(
    meter: MeterState, before: Past | None, replaced: Sequence[Past], read_at: dt.datetime
) -> None:
    if before is None:
        if read_at < meter.installed_at:
            raise ReadingTooOld(f"the meter counts from {meter.installed_at.isoformat()}", pointer="/read_at")
        return
    last = replaced[-1] if replaced else before
    if read_at == before.read_at:
        raise ReadingExists("there is a reading of this meter at this instant", pointer="/read_at")
    if read_at < last.read_at:
        raise ReadingTooOld(f"the last reading is of {last.read_at.isoformat()}", pointer="/read_at")


def _held(meter: MeterState, reading: NewReading, litres: int, most: int) -> findings.New:
    meter.held.add(reading.read_at)
    return findings.New(
        "jump",
        meter.water_account_id,
        meter.id,
        litres=litres,
        limit_litres=most,
        read_at=reading.read_at,
        method="estimate" if reading.estimated else "read",
        counter_litres=reading.counter_litres,
        kwh_e2=reading.kwh_e2,
    )


def _hold(recorder: Recorder, finding: findings.New) -> int:
    recorder.flush()
    [finding_id] = findings.insert(recorder.connection, [finding], clock.now())
    assert finding.litres is not None and finding.limit_litres is not None
    detail = {
        "meter_id": finding.meter_id,
        "litres": finding.litres,
        "most": format_litres(finding.limit_litres),
    }
    subject = ("finding", finding_id)
    outbox.publish(recorder.connection, topic="metering.reading.held", subject=subject, payload=detail)
    audit.record(
        recorder.connection, actor=recorder.actor, action="reading.held", subject=subject, detail=detail
    )
    return finding_id
