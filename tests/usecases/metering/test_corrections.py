"""Corrections, estimates, jumps, roll-over, replacement: nothing is edited, and every sum stays exact."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ledger.units import fen_half_even, parse_litres
from market import prove
from market.core import clock, db
from market.metering import corrections, debts, errors, findings, meters, queries, readings
from market.metering.models import Meter, Reading, UseFinding
from market.registry.models import WaterYear
from tests.usecases.registry.county import REGISTRAR, Registry

HOUR = dt.timedelta(hours=1)


def _start(hours: int = 12) -> dt.datetime:
    return clock.now() - hours * HOUR


def _meter(registry: Registry, account_id: int, serial: str, **other: Any) -> Meter:
    values: dict[str, Any] = {"installed_at": clock.now() - dt.timedelta(days=90)} | other
    return readings.register_meter(
        registry.session, actor=REGISTRAR, water_account_id=account_id, serial=serial, **values
    )


def _correct(registry: Registry, reading: Reading, m3: str) -> Reading:
    return corrections.correct(
        registry.session,
        actor=REGISTRAR,
        reading_id=reading.id,
        counter_litres=parse_litres(m3),
        reason="the digits were read wrongly",
    )


def _found(registry: Registry, kind: str) -> list[UseFinding]:
    return queries.findings(registry.session, kind=kind, status="open")


def test_a_correction_reverses_the_old_use_and_fee_and_posts_the_new(registry: Registry) -> None:
    """vectors/households.json: 3 179 m3 at 0.077 yuan are 244.78 yuan; read as 3 719 at first."""
    account = registry.watered(m3="4180", canal="G1")
    meter = _meter(registry, account.id, "wrong digits")
    wrong = registry.read(meter, "3719")
    right = _correct(registry, wrong, "3179")
    assert (right.use_litres, right.fee_fen, right.corrects_id) == (3_179_000, 24_478, wrong.id)
    now = registry.figures(account.id)
    assert (now.used_litres, now.available_litres, now.fee_due_fen) == (3_179_000, 1_001_000, 24_478)
    kept = queries.readings(db.raw(registry.session), meter_id=meter.id)
    assert [(each.counter_litres, each.counts) for each in kept] == [(3_719_000, False), (3_179_000, True)]
    with pytest.raises(errors.ReadingReplaced):
        _correct(registry, wrong, "1")


def test_the_reading_after_a_corrected_one_is_worked_out_again(registry: Registry) -> None:
    account = registry.watered(m3="1000", canal="G2")
    meter = _meter(registry, account.id, "middle")
    for hour, m3 in enumerate(("100", "250", "300")):
        registry.read(meter, m3, at=_start(10 - hour))
    middle = queries.readings(db.raw(registry.session), meter_id=meter.id)[1]
    _correct(registry, registry.session.get_one(Reading, middle.id), "205")
    counting = [r for r in queries.readings(db.raw(registry.session), meter_id=meter.id) if r.counts]
    assert sorted((r.counter_litres or 0, r.use_litres) for r in counting) == [
        (100_000, 100_000),
        (205_000, 105_000),
        (300_000, 95_000),
    ]
    assert registry.figures(account.id).used_litres == 300_000
    with pytest.raises(errors.CounterWentBack):
        _correct(registry, registry.session.get_one(Reading, max(r.id for r in counting) - 1), "300.001")


def test_a_reading_replaces_the_estimates_before_it_even_below_them(registry: Registry) -> None:
    account = registry.watered(m3="1000", canal="G3")
    meter = _meter(registry, account.id, "estimated")
    registry.read(meter, "50", at=_start(9))
    for hour, litres in ((8, 120_000), (7, 200_000)):
        made = readings.record(
            registry.session,
            actor=REGISTRAR,
            meter_id=meter.id,
            read_at=_start(hour),
            counter_litres=litres,
            estimated=True,
        )
        assert isinstance(made, Reading) and made.method == "estimate"
    assert registry.figures(account.id).used_litres == 200_000
    true = registry.read(meter, "180", at=_start(6))
    assert (true.use_litres, registry.figures(account.id).used_litres) == (130_000, 180_000)
    assert [r.counts for r in queries.readings(db.raw(registry.session), meter_id=meter.id)] == [
        True,
        False,
        False,
        True,
    ]


def test_a_batch_may_hold_an_estimate_and_the_reading_that_replaces_it(registry: Registry) -> None:
    account = registry.watered(m3="1000", canal="G4")
    meter = _meter(registry, account.id, "both at once")
    new = readings.NewReading
    outcomes = readings.record_many(
        registry.session,
        actor=REGISTRAR,
        readings=[new(meter.id, _start(1), 70_000), new(meter.id, _start(2), 90_000, estimated=True)],
    )
    assert all(each.reading_id for each in outcomes)
    assert registry.figures(account.id).used_litres == 70_000


def test_an_estimate_and_a_reading_of_one_instant_have_each_its_outcome(registry: Registry) -> None:
    account = registry.watered(m3="1000", canal="G18")
    meter = _meter(registry, account.id, "one instant")
    at, new = _start(1), readings.NewReading
    estimate, reading, again = readings.record_many(
        registry.session,
        actor=REGISTRAR,
        readings=[new(meter.id, at, 9, estimated=True), new(meter.id, at, 7), new(meter.id, at, 8)],
    )
    assert estimate.reading_id and reading.reading_id and estimate.reading_id < reading.reading_id
    assert isinstance(again.refusal, errors.ReadingExists)
    assert registry.figures(account.id).used_litres == 7


def test_a_counter_of_four_digits_rolls_over(registry: Registry) -> None:
    account = registry.watered(m3="1000", canal="G5")
    meter = _meter(registry, account.id, "rolls", digits=4, start_litres=9_990_000)
    rolled = registry.read(meter, "15.5", at=_start(3))
    assert rolled.use_litres == 25_500
    with pytest.raises(errors.CounterWentBack):  # more than half of the range: somebody misread
        registry.read(meter, "15.4", at=_start(2))
    with pytest.raises(errors.CounterBeyondDigits):
        registry.read(meter, "10000", at=_start(2))


def test_a_counter_is_replaced_and_its_final_reading_counts(registry: Registry) -> None:
    account = registry.watered(m3="1000", canal="G6")
    meter = _meter(registry, account.id, "old counter")
    at = _start(5)
    final = registry.read(meter, "400", at=at)
    change = {"actor": REGISTRAR, "meter_id": meter.id, "reason": "worn out"}
    with pytest.raises(errors.ReadingTooOld):
        meters.replace(registry.session, at=at - HOUR, serial="new counter", **change)
    meters.replace(registry.session, at=at, serial="new counter", start_litres=7_000, **change)
    after = registry.read(meter, "17", at=_start(4))
    assert (after.use_litres, after.counter_number) == (10_000, 2)
    _correct(registry, final, "390")
    assert registry.figures(account.id).used_litres == 400_000
    _meter(registry, account.id, "old counter")  # repaired, it may be put up elsewhere


def test_a_jump_is_held_and_taken_when_it_is_confirmed(registry: Registry) -> None:
    account = registry.watered(m3="1000", canal="G7")
    meter = _meter(registry, account.id, "jumps", most_litres_a_day=20_000, installed_at=_start(24))
    at = _start(1)
    held = registry.read(meter, "21", at=at)
    assert isinstance(held, UseFinding)
    assert (held.litres, held.limit_litres, held.kind) == (21_000, 20_000, "jump")
    assert registry.figures(account.id).used_litres == 0
    with pytest.raises(errors.ReadingHeld):
        registry.read(meter, "21", at=at)
    finding, written = readings.confirm(
        registry.session, actor=REGISTRAR, finding_id=held.id, reason="flood irrigation"
    )
    assert (finding.status, finding.reading_id) == ("confirmed", written)
    assert registry.figures(account.id).used_litres == 21_000
    with pytest.raises(errors.FindingState):
        findings.dismiss(registry.session, actor=REGISTRAR, finding_id=held.id, reason="no")


def test_a_dismissed_jump_leaves_no_use(registry: Registry) -> None:
    account = registry.watered(m3="1000", canal="G8")
    meter = _meter(registry, account.id, "misread", most_litres_a_day=1_000)
    at = _start(1)
    held = registry.read(meter, "999", at=at)
    findings.dismiss(registry.session, actor=REGISTRAR, finding_id=held.id, reason="a digit too many")
    assert registry.figures(account.id).used_litres == 0
    assert registry.read(meter, "9.99", at=at).use_litres == 9_990


def test_a_counter_past_its_calibration_is_read_and_flagged_once(registry: Registry) -> None:
    account = registry.watered(m3="1000", canal="G9")
    today = clock.today()
    meter = _meter(
        registry,
        account.id,
        "expired",
        calibrated_on=today - dt.timedelta(days=800),
        calibration_expires_on=today - dt.timedelta(days=1),
    )
    assert registry.read(meter, "1", at=_start(2)).calibration_expired
    assert registry.read(meter, "2", at=_start(1)).calibration_expired
    assert [each.meter_id for each in _found(registry, "calibration_expired")] == [meter.id]
    meters.calibrate(
        registry.session,
        actor=REGISTRAR,
        meter_id=meter.id,
        calibrated_on=today,
        expires_on=today + dt.timedelta(days=730),
    )
    assert _found(registry, "calibration_expired") == []
    assert not registry.read(meter, "3").calibration_expired


def test_a_gap_between_readings_is_a_finding(registry: Registry) -> None:
    account = registry.watered(m3="1000", canal="G10")
    meter = _meter(registry, account.id, "seldom", read_every_days=31)
    reading = registry.read(meter, "1")
    assert [each.reading_id for each in _found(registry, "gap")] == [reading.id]


def test_over_use_is_a_debt_in_water_that_a_later_credit_pays(registry: Registry) -> None:
    account = registry.watered(m3="100", canal="G11")
    meter = _meter(registry, account.id, "over")
    over = registry.read(meter, "130", at=_start(3))
    now = registry.figures(account.id)
    assert (now.over_use_litres, now.debt_litres, now.available_litres) == (30_000, 30_000, 0)
    assert [each.reading_id for each in _found(registry, "over_use")] == [over.id]
    pay = {"actor": REGISTRAR, "water_account_id": account.id}
    with pytest.raises(errors.NoWaterDebt):
        debts.pay(registry.session, **pay)
    registry.right(volume_m3="20", canal="G11", participant_id=account.participant_id)
    registry.announce(share="1", zone="G11", only_new=True)
    with pytest.raises(errors.NoWaterDebt):
        debts.pay(registry.session, litres=20_001, **pay)
    assert debts.pay(registry.session, **pay) == 20_000
    now = registry.figures(account.id)
    assert (now.debt_litres, now.available_litres, now.used_litres) == (10_000, 0, 130_000)
    _correct(registry, over, "90")  # what had been paid of the debt goes back to the balance
    now = registry.figures(account.id)
    assert (now.debt_litres, now.available_litres, now.over_use_litres) == (0, 30_000, 0)
    assert _found(registry, "over_use") == []


def test_a_well_is_measured_by_its_electricity(registry: Registry) -> None:
    """A coefficient of 2.35 m3 a kWh (demonstration): 1 520.5 kWh lift 3 573.175 m3."""
    account = registry.watered(m3="9000", canal="G12")
    meter = _meter(
        registry, account.id, "pump", kind="well", measures="electricity", start_kwh_e2=0, digits=6
    )
    read = {"actor": REGISTRAR, "meter_id": meter.id}
    with pytest.raises(errors.NoConversion):
        readings.record(registry.session, read_at=_start(9), kwh_e2=1, **read)
    day = clock.today() - dt.timedelta(days=30)
    meters.convert(
        registry.session,
        litres_per_kwh_e3=2_350_000,
        calibrated_on=day,
        valid_from=day,
        source="pump test (demonstration)",
        **read,
    )
    with pytest.raises(errors.WrongQuantity):
        readings.record(registry.session, read_at=_start(8), counter_litres=1, **read)
    made = readings.record(registry.session, read_at=_start(8), kwh_e2=152_050, **read)
    assert isinstance(made, Reading)
    assert (made.use_litres, made.kwh_e2, made.counter_litres) == (3_573_175, 152_050, None)
    view = queries.reading(db.raw(registry.session), reading_id=made.id)
    assert view.litres_per_kwh_e3 == 2_350_000
    fixed = corrections.correct(
        registry.session, actor=REGISTRAR, reading_id=made.id, kwh_e2=100_000, reason="misread"
    )
    assert fixed.use_litres == 2_350_000
    with pytest.raises(errors.ConversionExists):
        meters.convert(
            registry.session,
            litres_per_kwh_e3=1,
            calibrated_on=day,
            valid_from=clock.today(),
            source="late",
            **read,
        )


def test_late_readings_and_corrections_are_taken_until_the_year_is_closed(registry: Registry) -> None:
    account = registry.watered(m3="100", canal="G13")
    meter = _meter(registry, account.id, "late")
    year = registry.session.get_one(WaterYear, 2026)
    year.status = "closing"
    reading = registry.read(meter, "5", at=_start(3))
    _correct(registry, reading, "6")
    year.status = "closed"
    with pytest.raises(errors.WaterYearClosed):
        registry.read(meter, "7")
    with pytest.raises(errors.WaterYearClosed):
        _correct(registry, registry.session.get_one(Reading, reading.id + 1), "5")


def test_a_closed_meter_is_not_read(registry: Registry) -> None:
    meter = _meter(registry, registry.watered(m3="1", canal="G14").id, "closed")
    meters.close(registry.session, actor=REGISTRAR, meter_id=meter.id, reason="the gate was taken down")
    with pytest.raises(errors.MeterClosed):
        registry.read(meter, "1")


def test_a_meter_moves_on_to_an_account_of_its_holder_and_place_only(registry: Registry) -> None:
    account = registry.watered(m3="10", canal="G15")
    meter = _meter(registry, account.id, "moves")
    other = registry.open(registry.participant(), canal="G16")
    move = {"actor": REGISTRAR, "meter_id": meter.id}
    with pytest.raises(errors.AccountMismatch):
        meters.assign(registry.session, water_account_id=other.id, **move)
    next_account = registry.open(account.participant_id, canal="G15", sector="domestic")
    assert meters.assign(registry.session, water_account_id=next_account.id, **move).version == 2


STEPS = st.lists(
    st.tuples(st.sampled_from(["read", "estimate", "correct", "pay"]), st.integers(0, 60_000)),
    min_size=1,
    max_size=12,
)


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(STEPS)
def test_whatever_is_read_and_corrected_the_sums_stay_exact(
    registry: Registry, steps: list[tuple[str, int]]
) -> None:
    with registry.session.begin_nested() as undone:
        account = registry.watered(m3="60", canal="G17")
        meter = _meter(registry, account.id, "property")
        for number, (step, litres) in enumerate(steps):
            try:
                with registry.session.begin_nested():
                    _play(registry, meter, number, step, litres)
            except (errors.CounterWentBack, errors.NothingToCorrect, errors.NoWaterDebt):
                continue  # a refusal, and nothing changed
        counting = [
            each for each in queries.readings(db.raw(registry.session), meter_id=meter.id) if each.counts
        ]
        now = registry.figures(account.id)
        last = max(counting, key=lambda each: each.read_at, default=None)
        assert now.used_litres == (last.counter_litres if last else 0)
        assert now.fee_due_fen == fen_half_even(sum(each.use_litres * each.price_e4 for each in counting))
        assert now.available_litres - now.debt_litres == 60_000 - now.used_litres
        assert prove.broken(db.raw(registry.session), 2, 3, 4, 11) == []
        undone.rollback()


def _play(registry: Registry, meter: Meter, number: int, step: str, litres: int) -> None:
    counting = [each for each in queries.readings(db.raw(registry.session), meter_id=meter.id) if each.counts]
    if step == "pay":
        debts.pay(registry.session, actor=REGISTRAR, water_account_id=meter.water_account_id)
    elif step == "correct" and counting:
        chosen = counting[litres % len(counting)]
        corrections.correct(
            registry.session, actor=REGISTRAR, reading_id=chosen.id, counter_litres=litres, reason="property"
        )
    else:
        before = max((each.counter_litres or 0 for each in counting), default=0)
        readings.record(
            registry.session,
            actor=REGISTRAR,
            meter_id=meter.id,
            read_at=_start(20) + number * HOUR,
            counter_litres=before + litres // 4,
            estimated=step == "estimate",
        )
