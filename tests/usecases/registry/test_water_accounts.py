"""Rights, water accounts, what may be sold and bought, use and fees."""

from __future__ import annotations

import datetime as dt

import pytest

from ledger.units import format_fen, parse_litres
from market.core import audit, clock, db
from market.metering import errors as metering_errors
from market.metering import readings
from market.registry import accounts, entitlements, errors, queries
from tests.usecases.registry.county import REGISTRAR, Registry


def test_a_confirmed_right_gets_the_next_certificate_number_of_its_source_and_year(
    registry: Registry,
) -> None:
    year = clock.today().year
    numbers = [registry.right(volume_m3="1").certificate_number for _ in range(2)]
    assert numbers == [f"YJS-SW-{year}-000001", f"YJS-SW-{year}-000002"]


def test_a_right_is_decided_once(registry: Registry) -> None:
    right = registry.right(volume_m3="1", confirmed=False)
    entitlements.refuse(registry.session, actor=REGISTRAR, entitlement_id=right.id, reason="no land")
    with pytest.raises(errors.EntitlementState):
        entitlements.confirm(registry.session, actor=REGISTRAR, entitlement_id=right.id)


def test_no_new_groundwater_where_drawing_is_restricted(registry: Registry) -> None:
    registry.restrict_groundwater("T2")
    with pytest.raises(errors.GroundwaterClosed) as refusal:
        registry.right(volume_m3="1", source="groundwater", township="T2", confirmed=False)
    assert refusal.value.legal_source


def test_a_permit_lasts_ten_years_at_most(registry: Registry) -> None:
    with pytest.raises(errors.TermTooLong):
        registry.right(
            volume_m3="1",
            kind="abstraction_permit",
            valid_from=dt.date(2024, 2, 29),
            valid_to=dt.date(2034, 3, 1),
        )


def test_a_suspended_right_sells_nothing_and_its_orders_are_cancelled(registry: Registry) -> None:
    right = registry.right(volume_m3="10")
    registry.announce(share="1")
    [account] = registry.accounts_of(right.participant_id)
    entitlements.suspend(registry.session, actor=REGISTRAR, entitlement_id=right.id, reason="dispute")
    assert registry.inbox_kinds()[-1] == "cancel_orders"
    answer = queries.tradable(registry.session, water_account_id=account.id)
    assert answer.binding is not None
    assert (answer.binding.name, answer.litres) == ("entitlement_suspended", 0)
    entitlements.reinstate(registry.session, actor=REGISTRAR, entitlement_id=right.id)
    assert queries.tradable(registry.session, water_account_id=account.id).litres == 10_000


@pytest.mark.parametrize(
    ("kind", "binding", "litres"),
    [
        ("irrigation_certificate", "balance", 10_000),
        ("regional", "balance", 10_000),
        ("abstraction_permit", "only_verified_saving", 0),
        ("network_certificate", "only_verified_saving", 0),
    ],
)
def test_what_may_be_sold_depends_on_the_kind_of_right(
    registry: Registry, kind: str, binding: str, litres: int
) -> None:
    right = registry.right(volume_m3="10", kind=kind)
    registry.announce(share="1")
    [account] = registry.accounts_of(right.participant_id)
    answer = queries.tradable(registry.session, water_account_id=account.id)
    assert answer.binding is not None
    assert (answer.binding.name, answer.litres) == (binding, litres)
    assert all(each.legal_source for each in answer.constraints)


def test_an_export_limit_binds_what_leaves_the_district(registry: Registry) -> None:
    registry.limit("EXP-D1", kind="export", zone="D1", m3="4")
    right = registry.right(volume_m3="10")
    registry.announce(share="1")
    [account] = registry.accounts_of(right.participant_id)
    answer = queries.tradable(registry.session, water_account_id=account.id)
    assert answer.binding is not None
    assert (answer.binding.name, answer.binding.scope, answer.litres) == ("export:EXP-D1", "out_of:D1", 4_000)
    assert answer.within_litres == 10_000


def test_a_factory_without_a_use_plan_may_buy_just_less_than_ten_thousand_cubic_metres(
    registry: Registry,
) -> None:
    factory = registry.participant()
    account = registry.open(factory, township="T2", canal="K2", sector="industry")
    [answer] = queries.purchasable(registry.session, participant_id=factory)
    assert answer.binding is not None
    assert (answer.binding.name, answer.litres) == ("use_plan", 9_999_999)
    accounts.record_use_plan(
        registry.session,
        actor=REGISTRAR,
        water_account_id=account.id,
        litres=60_000_000,
        legal_source="plan 12 of 2026",
    )
    registry.limit("CAP-IND", kind="cap", sector="industry", m3="50000")
    [answer] = queries.purchasable(registry.session, participant_id=factory)
    assert answer.binding is not None
    assert (answer.binding.name, answer.litres) == ("cap:CAP-IND", 50_000_000)
    assert answer.within_litres == 60_000_000


def test_a_use_plan_cannot_fall_below_nothing_bought(registry: Registry) -> None:
    account = registry.open(registry.participant(), township="T2", canal="K2", sector="industry")
    registry.charge_plan(account, litres=700)
    with pytest.raises(errors.PlanBelowPurchases) as refusal:
        accounts.record_use_plan(
            registry.session, actor=REGISTRAR, water_account_id=account.id, litres=699, legal_source="cut"
        )
    assert refusal.value.available == "9999.299"
    farm = registry.open(registry.participant())
    with pytest.raises(errors.NoUsePlanNeeded):
        accounts.record_use_plan(
            registry.session, actor=REGISTRAR, water_account_id=farm.id, litres=1, legal_source="none"
        )


def test_an_account_is_at_one_township_and_one_canal_and_opened_once(registry: Registry) -> None:
    holder = registry.participant()
    registry.open(holder)
    with pytest.raises(errors.WaterAccountExists), registry.session.begin_nested():
        registry.open(holder)
    for township, canal in (("C", "K1"), ("D1", "K1"), ("T1", "D1"), ("T1", "T2")):
        with pytest.raises(errors.NotAPlace):
            registry.open(holder, township=township, canal=canal)
    with pytest.raises(errors.ParticipantNotAdmitted):
        registry.open(registry.participant(status="applied"))


def test_an_empty_account_can_be_closed_and_one_with_water_cannot(registry: Registry) -> None:
    right = registry.right(volume_m3="1")
    registry.announce(share="1")
    [full] = registry.accounts_of(right.participant_id)
    with pytest.raises(errors.WaterAccountNotEmpty):
        accounts.close(registry.session, actor=REGISTRAR, water_account_id=full.id)
    empty = registry.open(registry.participant())
    assert accounts.close(registry.session, actor=REGISTRAR, water_account_id=empty.id).status == "closed"


def test_the_manas_household_uses_3179_and_owes_244_78(registry: Registry) -> None:
    """vectors/households.json: right 4 180 m3, used 3 179, price 0.077, fee 244.78, spare 1 001."""
    account = registry.watered(m3="4180")
    meter = registry.meter(account.id)
    for counter in ("1000", "1000.001", "3179"):
        registry.read(meter, counter)
    now = registry.figures(account.id)
    assert format_fen(now.fee_due_fen) == "244.78"
    assert (now.used_litres, now.over_use_litres, now.available_litres) == (3_179_000, 0, 1_001_000)
    answer = queries.tradable(registry.session, water_account_id=account.id)
    assert answer.litres == parse_litres("1001")


def test_the_zepu_household_owes_1754_42(registry: Registry) -> None:
    """county.json, tariffs: 12 372.5 m3 at 0.1418 yuan is 1 754.42."""
    account = registry.watered(m3="13000", canal="K2")
    registry.read(registry.meter(account.id), "12372.5")
    assert format_fen(registry.figures(account.id).fee_due_fen) == "1754.42"


def test_use_beyond_the_balance_is_recorded_as_over_use_and_never_refused(registry: Registry) -> None:
    account = registry.watered(m3="100")
    meter = registry.meter(account.id)
    reading = registry.read(meter, "130.5")
    assert (reading.use_litres, reading.posted_litres, reading.over_use_litres) == (130_500, 100_000, 30_500)
    assert registry.figures(account.id).available_litres == 0
    assert registry.read(meter, "131").over_use_litres == 500


def test_two_meters_of_one_account_make_one_fee(registry: Registry) -> None:
    account = registry.watered(m3="100")
    first, second = registry.meter(account.id), registry.meter(account.id)
    fees = [registry.read(meter, "0.065").fee_fen for meter in (first, second)]
    assert fees == [1, 0]  # 0.5005 fen, then 1.001 in all


def test_a_counter_never_goes_back_and_time_neither(registry: Registry) -> None:
    meter = registry.meter(registry.watered(m3="100").id)
    at = clock.now()
    registry.read(meter, "5", at=at)
    with pytest.raises(metering_errors.CounterWentBack):
        registry.read(meter, "4.999")
    with pytest.raises(metering_errors.ReadingExists):
        registry.read(meter, "6", at=at)
    with pytest.raises(metering_errors.ReadingTooOld):
        registry.read(meter, "6", at=at - dt.timedelta(seconds=1))
    with pytest.raises(metering_errors.ReadingInFuture):
        registry.read(meter, "6", at=clock.now() + dt.timedelta(minutes=1))
    with pytest.raises(metering_errors.SerialUsed), registry.session.begin_nested():
        readings.register_meter(
            registry.session,
            actor=REGISTRAR,
            water_account_id=meter.water_account_id,
            serial=meter.serial,
            start_litres=0,
        )


def test_every_change_is_in_a_whole_audit_chain(registry: Registry) -> None:
    account = registry.watered(m3="1")
    registry.read(registry.meter(account.id), "1")
    connection = db.raw(registry.session)
    assert audit.verify(connection) == []
    actions = [row[0] for row in connection.execute("SELECT action FROM audit ORDER BY seq").fetchall()]
    assert actions[-5:] == [
        "entitlement.applied",
        "entitlement.confirmed",
        "announcement.made",
        "meter.registered",
        "reading.recorded",
    ]


def test_the_largest_counter_there_is_has_an_exact_fee(registry: Registry) -> None:
    account = registry.watered(m3="1", canal="K2")
    first, second = registry.meter(account.id), registry.meter(account.id)
    largest = "1000000000000"
    fees = [registry.read(meter, largest).fee_fen for meter in (first, second)]
    assert fees == [10**15 * 1418 // 100_000] * 2
