"""Corrections: a reading is never edited; another takes its place, and what follows from it is worked out again."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from market.core import audit, clock
from market.core.db import raw
from market.core.errors import NotFound
from market.metering import usage
from market.metering.errors import (
    CounterBeyondDigits,
    CounterWentBack,
    NothingToCorrect,
    ReadingReplaced,
    WrongQuantity,
)
from market.metering.models import MeterCounter, Reading
from market.metering.postings import Entry
from market.metering.recorder import (
    KWH_DECIMALS,
    LITRES_DECIMALS,
    MeterState,
    New,
    Past,
    Recorder,
)


def correct(
    session: Session,
    *,
    actor: audit.Actor,
    reading_id: int,
    counter_litres: int | None = None,
    kwh_e2: int | None = None,
    reason: str,
) -> Reading:
    """Records what the counter really showed at the instant of a reading; both readings stay on record.

    The old reading's use and fee are reversed and the new one's posted, at the price of its day; the reading
    after it, whose use begins there, is worked out again in the same way. Errors: NotFound, ReadingReplaced,
    WrongQuantity, CounterBeyondDigits, CounterWentBack, NothingToCorrect, WaterYearClosed.
    """
    old = session.get(Reading, reading_id)
    if old is None:
        raise NotFound("there is no such reading")
    following = _accounts_after(session, old)
    recorder = Recorder(raw(session), actor, [old.meter_id], more_accounts={old.water_account_id, *following})
    meter = recorder.meter(old.meter_id)
    chain = recorder.chain(meter.id, old.counter_number)
    position = next((at for at, past in enumerate(chain) if past.id == reading_id), None)
    if position is None:
        raise ReadingReplaced("correct the reading that took its place")
    start, modulus = _counter(session, meter, old.counter_number)
    counter = _shown(meter, modulus, counter_litres, kwh_e2)
    past = chain[position]
    if counter == past.counter and past.method == "read":
        raise NothingToCorrect("the reading shows the same")
    after = chain[position + 1] if position + 1 < len(chain) else None
    before = chain[position - 1].counter if position else start
    passed = _passed(before, counter, modulus, "the reading before it shows more")
    then = _passed(counter, after.counter, modulus, "the reading after it shows less") if after else None
    conversions = dict(_conversions(session, [each.id for each in (past, after) if each is not None]))
    for each in (past, after):
        if each is not None:
            recorder.drop(each)
    _again(recorder, meter, past, counter, passed, conversions, reason)
    if after is not None and then is not None:
        _again(recorder, meter, after, after.counter, then, conversions, reason, method=after.method)
    recorder.flush()
    session.expire_all()  # rows of accounts and findings were changed beneath the session
    written = {read_at: found for found, _, read_at in recorder.written}
    return session.get_one(Reading, written[past.read_at])


def _accounts_after(session: Session, old: Reading) -> set[int]:
    """The accounts of the readings that begin where this one ends; a meter may have moved on since."""
    rows = raw(session).execute(
        "SELECT r.water_account_id FROM readings r JOIN meter_intervals i ON i.reading_id = r.id"
        " WHERE r.meter_id = %s AND r.since = %s",
        (old.meter_id, old.read_at),
    )
    return {row[0] for row in rows}


def _counter(session: Session, meter: MeterState, number: int) -> tuple[int, int | None]:
    """(first state, modulus) of a counter of the meter, in its own unit."""
    if number == meter.counter_number:
        return meter.start, meter.modulus
    removed = session.get_one(MeterCounter, (meter.id, number))
    scale = KWH_DECIMALS if meter.electric else LITRES_DECIMALS
    first = removed.start_litres if removed.start_kwh_e2 is None else removed.start_kwh_e2
    return first, usage.modulus_of(removed.digits, scale=scale)


def _shown(meter: MeterState, modulus: int | None, counter_litres: int | None, kwh_e2: int | None) -> int:
    counter, other = (kwh_e2, counter_litres) if meter.electric else (counter_litres, kwh_e2)
    wanted = "kwh" if meter.electric else "counter"
    if counter is None or other is not None:
        raise WrongQuantity(f"this counter is read as {wanted}", pointer=f"/{wanted}")
    if modulus is not None and counter >= modulus:
        raise CounterBeyondDigits("more digits than the counter has", pointer=f"/{wanted}")
    return counter


def _passed(before: int, counter: int, modulus: int | None, problem: str) -> int:
    found = usage.difference(before, counter, modulus)
    if found is None:
        raise CounterWentBack(problem, pointer="/counter")
    return found


def _conversions(session: Session, reading_ids: list[int]) -> Any:
    """(reading, (conversion, coefficient)) of readings of electricity counters."""
    rows = raw(session).execute(
        "SELECT r.id, c.id, c.litres_per_kwh_e3 FROM readings r JOIN pump_conversions c ON c.id = r.conversion_id"
        " WHERE r.id = ANY(%s)",
        (reading_ids,),
    )
    return ((row[0], (row[1], row[2])) for row in rows)


def _again(
    recorder: Recorder,
    meter: MeterState,
    old: Past,
    counter: int,
    passed: int,
    conversions: dict[int, tuple[int, int]],
    reason: str,
    method: str = "read",
) -> None:
    """Takes up a reading in the place of an old one that was dropped."""
    conversion_id, coefficient = conversions.get(old.id, (None, 0))
    litres = passed if conversion_id is None else usage.litres_of_kwh(passed, coefficient)
    account = recorder.accounts.one(old.water_account_id)
    entry: Entry = recorder.accounts.use(account, litres, old.amounts.price_e4)
    past = Past(0, account.id, old.since, old.read_at, old.counter_number, method, counter, entry.amounts)
    day = old.read_at.astimezone(clock.LEGAL_ZONE).date()
    expires = meter.calibration_expires_on if old.counter_number == meter.counter_number else None
    recorder.add(
        New(
            meter,
            past,
            entry,
            conversion_id,
            calibration_expired=expires is not None and day > expires,
            corrects_id=old.id,
            reason=reason,
        )
    )
