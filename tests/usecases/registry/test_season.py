"""The water year: reserves, reversals, carry-over, spillable water, the balance sheet."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from market import prove
from market.core import clock, db
from market.proofs import season as proofs
from market.registry import (
    allocations,
    balance,
    errors,
    limits,
    queries,
    releases,
    reversals,
    spills,
    years,
)
from market.registry.models import WaterAccount
from market.registry.season_models import CarryOver
from tests.usecases.registry.county import REGISTRAR, Registry

AFTER_2026 = dt.datetime(2026, 12, 31, 16, 0, 1, tzinfo=dt.UTC)
"""One second into 1 January 2027 in Asia/Shanghai."""


def sheet(registry: Registry, **chosen: Any) -> balance.Sheet:
    """The balance sheet, which must be balanced."""
    chosen.setdefault("water_year", 2026)
    found = balance.sheet(registry.session, **chosen)
    assert found.balanced, found
    return found


def sound(registry: Registry) -> None:
    """Nothing of what the season's proofs look for, and no ledger invariant broken."""
    found = prove.violations(db.raw(registry.session))
    assert {number: rows for number, rows in found.items() if rows and number != 13} == {}


def close(registry: Registry, year: int = 2026) -> CarryOver:
    """The end of a year that has no orders."""
    with clock.moved_to(dt.datetime(year, 12, 31, 16, 0, 1, tzinfo=dt.UTC)):
        years.begin_closing(registry.session, actor=REGISTRAR, water_year=year)
        return years.close(registry.session, actor=REGISTRAR, water_year=year)


def reverse(registry: Registry, announcement_id: int) -> Any:
    """Takes an announcement back."""
    return reversals.reverse(
        registry.session,
        actor=REGISTRAR,
        announcement_id=announcement_id,
        reason="wrong",
        legal_source="art. 42",
    )


def carried(registry: Registry, participant_id: int, year: int = 2027) -> WaterAccount:
    """A participant's account of carried water."""
    [found] = [
        each
        for each in registry.accounts_of(participant_id)
        if (each.origin, each.water_year) == ("carried_over", year)
    ]
    return found


# --- the reserve ---------------------------------------------------------------------------------------------------


def test_a_tenth_is_held_back_for_village_and_district_under_the_same_caps(registry: Registry) -> None:
    """county/rules.md 51 (Manas 2014): a village reserve of at most 10 per cent."""
    cap = registry.cap("CAP-D1", zone="D1", m3="100")
    rights = [registry.right(volume_m3="10.005"), registry.right(volume_m3="20.01")]
    made = registry.announce(share="1", reserve_e6=100_000)
    assert (made.total_litres, made.reserved_litres) == (27_014, 3_001)
    assert [registry.received(each) for each in rights] == [9_005, 18_009]
    assert registry.left(cap) == 100_000 - 30_015
    assert sheet(registry).reserved_litres == 3_001
    sound(registry)


def test_a_later_release_gives_it_to_the_rights_of_the_place_and_charges_no_cap_twice(
    registry: Registry,
) -> None:
    cap = registry.cap("CAP-D1", zone="D1", m3="100")
    rights = [registry.right(volume_m3="10"), registry.right(volume_m3="20"), registry.right(volume_m3="30")]
    registry.announce(share="1", reserve_e6=100_000)
    session = registry.session
    plan = releases.preview(session, water_year=2026, source="surface", share_e6=500_000)
    assert [line.litres for line in plan.lines] == [500, 1_000, 1_500]
    half = releases.release(
        session, actor=REGISTRAR, water_year=2026, source="surface", share_e6=500_000, reason="dry"
    )
    assert (half.form, half.total_litres) == ("release", 3_000)
    releases.release(session, actor=REGISTRAR, water_year=2026, source="surface", reason="drier")
    assert [registry.received(each) for each in rights] == [10_000, 20_000, 30_000]
    assert registry.left(cap) == 40_000
    assert sheet(registry).reserved_litres == 0
    with pytest.raises(errors.NothingReserved):
        releases.release(session, actor=REGISTRAR, water_year=2026, source="surface", reason="again")
    sound(registry)


def test_more_than_the_county_allows_is_not_held_back(registry: Registry) -> None:
    registry.right(volume_m3="10")
    with pytest.raises(errors.ReserveTooLarge) as refusal:
        registry.announce(share="1", reserve_e6=100_001)
    assert (refusal.value.limit, refusal.value.legal_source) == ("0.100000", "test")


# --- reversal ------------------------------------------------------------------------------------------------------


def test_a_reversal_takes_what_is_there_and_the_rest_is_owed_in_water(registry: Registry) -> None:
    cap = registry.cap("CAP-C", zone="C", m3="1000")
    account = registry.watered(m3="100")
    registry.read(registry.meter(account.id), "30")
    [made] = [each.id for each in _announcements(registry)]
    preview = reversals.preview(registry.session, announcement_id=made)
    assert (preview.taken_litres, preview.owed_litres) == (70_000, 30_000)
    done = reverse(registry, made)
    assert (done.taken_litres, done.owed_litres) == (70_000, 30_000)
    assert registry.left(cap) == 970_000  # what was used stays counted
    found = sheet(registry)
    assert (found.issued_litres, found.used_litres, found.owed_litres, found.free_litres) == (
        0,
        30_000,
        30_000,
        0,
    )
    with pytest.raises(errors.AnnouncementReversed):
        reverse(registry, made)
    sound(registry)


def test_what_is_owed_is_paid_from_what_is_announced_next(registry: Registry) -> None:
    cap = registry.cap("CAP-C", zone="C", m3="1000")
    account = registry.watered(m3="100")
    registry.read(registry.meter(account.id), "30")
    reverse(registry, _announcements(registry)[0].id)
    registry.announce(share="0.5")
    assert registry.figures(account.id).available_litres == 20_000
    assert sheet(registry).owed_litres == 0
    assert registry.left(cap) == 950_000  # 30 used and 20 free
    sound(registry)


def test_a_reversal_is_refused_by_name_where_it_cannot_be(registry: Registry) -> None:
    registry.right(volume_m3="10")
    made = registry.announce(share="0.5", reserve_e6=100_000)
    released = releases.release(
        registry.session, actor=REGISTRAR, water_year=2026, source="surface", reason="dry"
    )
    with pytest.raises(errors.ReserveGone):
        reverse(registry, made.id)
    with pytest.raises(errors.ReleaseNotReversed):
        reverse(registry, released.id)


def test_after_a_reversal_the_share_can_be_announced_again(registry: Registry) -> None:
    right = registry.right(volume_m3="100")
    made = registry.announce(share="1", reserve_e6=50_000)
    reverse(registry, made.id)
    assert sheet(registry).reserved_litres == 0
    registry.announce(share="1")
    [account] = registry.accounts_of(right.participant_id)
    assert registry.figures(account.id).allocated_litres == 100_000
    sound(registry)


def _announcements(registry: Registry) -> list[Any]:
    rows = db.raw(registry.session).execute("SELECT id FROM announcements ORDER BY id").fetchall()
    return [registry.session.get(allocations.Announcement, row[0]) for row in rows]


# --- the end of the year -------------------------------------------------------------------------------------------


def test_victoria_100_per_cent_are_kept_less_5_and_what_passes_the_right_may_spill(
    registry: Registry,
) -> None:
    """vectors/markets.json, Victoria: 100 per cent kept, 5 per cent off; above the right spillable and unusable
    until the spill risk is under 10 per cent. A right of 100 m3 with 40 left: 38 are carried; with 80 announced for
    the next year 18 of them may spill.
    """
    limits.create(
        registry.session, actor=REGISTRAR, code="NEXT", kind="cap", water_year=2027, limit_litres=1_000_000,
        legal_source="test", zone="C",
    )  # fmt: skip
    account = registry.watered(m3="100")
    registry.read(registry.meter(account.id), "60")
    made = close(registry)
    assert (made.remained_litres, made.carried_litres, made.evaporated_litres, made.expired_litres) == (
        40_000, 38_000, 2_000, 0,
    )  # fmt: skip
    new = carried(registry, account.participant_id)
    assert registry.figures(new.id).available_litres == 38_000
    registry.announce(share="0.8", water_year=2027)
    assert registry.figures(new.id).available_litres == 20_000
    assert registry.figures(new.id).held_litres == 18_000
    with pytest.raises(errors.SpillRiskHigh) as refusal:
        _release(registry, made.id, risk_e6=100_000)
    assert (refusal.value.limit, refusal.value.available) == ("0.100000", "0.100000")
    assert _release(registry, made.id, risk_e6=99_999) == 18_000
    assert registry.figures(new.id).available_litres == 38_000
    sound(registry)


def test_what_spills_expires_and_frees_its_caps(registry: Registry) -> None:
    cap = limits.create(
        registry.session, actor=REGISTRAR, code="NEXT", kind="cap", water_year=2027, limit_litres=1_000_000,
        legal_source="test", zone="C",
    )  # fmt: skip
    account = registry.watered(m3="100")
    made = close(registry)
    registry.announce(share="1", water_year=2027)
    assert registry.left(cap) == 1_000_000 - 95_000 - 100_000
    spilt = spills.spill(
        registry.session,
        actor=REGISTRAR,
        carry_over_id=made.id,
        source="surface",
        share_e6=250_000,
        reason="flood",
    )
    assert spilt == 23_750
    new = carried(registry, account.participant_id)
    assert (registry.figures(new.id).held_litres, registry.figures(new.id).available_litres) == (71_250, 0)
    assert registry.left(cap) == 1_000_000 - 71_250 - 100_000
    assert sheet(registry, water_year=2027).expired_litres == 23_750
    sound(registry)


def _release(registry: Registry, carry_over_id: int, *, risk_e6: int) -> int:
    return spills.release(
        registry.session,
        actor=REGISTRAR,
        carry_over_id=carry_over_id,
        source="surface",
        risk_e6=risk_e6,
        reason="low",
    )


def test_debts_come_first_and_what_the_rule_does_not_keep_expires(registry: Registry) -> None:
    account = registry.watered(m3="100")
    registry.read(registry.meter(account.id), "30")
    reverse(registry, _announcements(registry)[0].id)
    groundwater = registry.right(volume_m3="5", source="groundwater", participant_id=account.participant_id)
    assert groundwater.source == "groundwater"
    registry.announce(share="1", source="groundwater")
    registry.announce(share="0.1")
    made = close(registry)
    assert (made.remained_litres, made.carried_litres, made.expired_litres) == (5_000, 0, 5_000)
    assert sheet(registry).owed_litres == 20_000
    assert sheet(registry).expired_litres == 5_000
    sound(registry)


def test_a_year_closes_only_when_it_is_over_and_once(registry: Registry) -> None:
    registry.watered(m3="10")
    session = registry.session
    with clock.moved_to(dt.datetime(2026, 12, 31, 15, 59, 58, tzinfo=dt.UTC)):
        with pytest.raises(errors.WaterYearNotOver) as refusal:
            years.begin_closing(session, actor=REGISTRAR, water_year=2026)
        assert refusal.value.limit == "2026-12-31T16:00:00+00:00"
    with pytest.raises(errors.WaterYearState):
        years.close(session, actor=REGISTRAR, water_year=2026)
    close(registry)
    with pytest.raises(errors.WaterYearState):
        years.close(session, actor=REGISTRAR, water_year=2026)
    with pytest.raises(errors.WaterYearNotOpen):
        registry.announce(share="0.1")


def test_a_late_reading_is_taken_while_the_year_is_closing(registry: Registry) -> None:
    account = registry.watered(m3="10")
    with clock.moved_to(AFTER_2026 - dt.timedelta(days=1)):
        meter = registry.meter(account.id)
    with clock.moved_to(AFTER_2026):
        years.begin_closing(registry.session, actor=REGISTRAR, water_year=2026)
        registry.read(meter, "4", at=AFTER_2026 - dt.timedelta(hours=1))
        made = years.close(registry.session, actor=REGISTRAR, water_year=2026)
    assert (made.carried_litres, made.evaporated_litres) == (5_700, 300)
    found = sheet(registry)
    assert (found.used_litres, found.carried_litres, found.expired_litres) == (4_000, 5_700, 300)


def test_a_leap_day_belongs_to_its_year_and_carried_water_is_carried_once_more(registry: Registry) -> None:
    account = registry.watered(m3="100")
    close(registry)
    first = carried(registry, account.participant_id)
    with clock.moved_to(dt.datetime(2028, 2, 29, 3, tzinfo=dt.UTC)):
        assert clock.today() == dt.date(2028, 2, 29)
        years.begin_closing(registry.session, actor=REGISTRAR, water_year=2027)
        made = years.close(registry.session, actor=REGISTRAR, water_year=2027)
        registry.announce(share="0.02", water_year=2028)
    assert made.carried_litres == 90_250  # 95 of 95, less 5 per cent
    again = carried(registry, account.participant_id, 2028)
    assert first.id != again.id
    assert registry.figures(again.id).held_litres == 0  # 90.25 and 2 are within the right
    sound(registry)


def test_two_accounts_of_one_right_keep_its_volume_once(registry: Registry) -> None:
    account = registry.watered(m3="100")
    close(registry)
    registry.announce(share="1", water_year=2027)
    made = close(registry, 2027)
    assert (made.remained_litres, made.carried_litres + made.evaporated_litres) == (195_000, 100_000)
    assert registry.figures(carried(registry, account.participant_id, 2028).id).available_litres == 95_000
    sound(registry)


def test_the_caps_of_the_next_year_bind_what_is_carried(registry: Registry) -> None:
    limits.create(
        registry.session, actor=REGISTRAR, code="NEXT", kind="cap", water_year=2027, limit_litres=9_499,
        legal_source="plan 2", zone="D1",
    )  # fmt: skip
    registry.watered(m3="10")
    with pytest.raises(errors.CapExceeded) as refusal, registry.session.begin_nested():
        close(registry)
    assert (refusal.value.rule, refusal.value.available, refusal.value.legal_source) == (
        "cap:NEXT",
        "9.499",
        "plan 2",
    )


def test_what_was_only_bought_and_reserves_end_with_the_year(registry: Registry) -> None:
    registry.right(volume_m3="10")
    registry.announce(share="1", reserve_e6=100_000)
    made = close(registry)
    assert (made.remained_litres, made.expired_litres) == (10_000, 1_000)
    assert sheet(registry).reserved_litres == 0
    sound(registry)


# --- the balance sheet ---------------------------------------------------------------------------------------------


def test_the_sheet_balances_for_zones_and_sectors_and_any_past_moment(registry: Registry) -> None:
    near = registry.watered(m3="100")
    far = registry.right(volume_m3="50", township="T2", canal="K2")
    (before,) = (
        db.raw(registry.session).execute("SELECT clock_timestamp()").fetchone()
    )  # the ledger's own clock
    registry.announce(share="1", zone="T2")
    registry.read(registry.meter(near.id), "40")
    whole, d1, d2 = sheet(registry), sheet(registry, zone="D1"), sheet(registry, zone="D2")
    assert (whole.issued_litres, whole.used_litres, whole.free_litres) == (150_000, 40_000, 110_000)
    assert (d1.issued_litres, d1.used_litres) == (100_000, 40_000)
    assert (d2.issued_litres, d2.free_litres) == (50_000, 50_000)
    assert sheet(registry, sector="industry").issued_litres == 0
    assert sheet(registry, source="groundwater").issued_litres == 0
    assert sheet(registry, as_of=before).issued_litres == 100_000
    assert sheet(registry, as_of=before - dt.timedelta(days=1)).issued_litres == 0
    assert queries.figures(db.raw(registry.session), [near.id])[near.id].available_litres == 60_000
    assert far.volume_litres == d2.free_litres


def test_every_proof_of_the_season_is_asked(registry: Registry) -> None:
    assert {check.number for check in proofs.CHECKS} == {3, 5, 10, 14}
    sound(registry)
