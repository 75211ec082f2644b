"""Announcements: exact to the litre, whole or not at all, never above a cap."""

from __future__ import annotations

import threading

import pytest

from market.core import db
from market.participants.errors import StaleVersion
from market.registry import allocations, entitlements, errors, limits
from tests.usecases.registry.county import MORE_CANALS, REGISTRAR, Registry


def test_a_share_is_credited_to_the_litre_and_charges_every_cap_above(registry: Registry) -> None:
    county = registry.cap("CAP-C", zone="C", m3="9000")
    district = registry.cap("CAP-D1", zone="D1", sector="agriculture", m3="9000")
    elsewhere = registry.cap("CAP-D2", zone="D2", m3="9000")
    rights = [registry.right(volume_m3=volume) for volume in ("1000.001", "1000.001", "1000.001")]

    made = registry.announce(share="0.5")

    assert made.total_litres == 1_500_001
    assert [registry.received(each) for each in rights] == [500_001, 500_000, 500_000]
    assert registry.left(county) == registry.left(district) == 9_000_000 - 1_500_001
    assert registry.left(elsewhere) == 9_000_000


def test_it_opens_missing_accounts_and_credits_those_that_are_there(registry: Registry) -> None:
    right = registry.right(volume_m3="100")
    registry.announce(share="0.4")
    [first] = registry.accounts_of(right.participant_id)
    registry.announce(share="0.6")
    [again] = registry.accounts_of(right.participant_id)
    assert first.id == again.id
    assert again.right_kind == "irrigation_certificate"
    assert registry.figures(again.id).available_litres == 100_000


def test_it_is_refused_whole_and_names_the_cap_that_lacks_most(registry: Registry) -> None:
    registry.cap("CAP-C", zone="C", m3="8359.999")
    tight = registry.cap("CAP-D1", zone="D1", m3="5000", legal_source="the plan, part 2")
    right = registry.right(volume_m3="4180")
    registry.right(volume_m3="4180")

    with pytest.raises(errors.CapExceeded) as refusal, registry.session.begin_nested():
        registry.announce(share="1")

    assert refusal.value.rule == "cap:CAP-D1"
    assert (refusal.value.limit, refusal.value.available) == ("5000.000", "5000.000")
    assert refusal.value.legal_source == "the plan, part 2"
    assert registry.left(tight) == 5_000_000
    assert registry.accounts_of(right.participant_id) == []
    plan = allocations.preview(registry.session, water_year=2026, source="surface", share_e6=1_000_000)
    assert [(each.limit.code, each.missing_litres) for each in plan.charges] == [
        ("CAP-C", 1),
        ("CAP-D1", 3_360_000),
    ]


def test_a_cap_with_exactly_what_is_needed_suffices(registry: Registry) -> None:
    cap = registry.cap("CAP-C", zone="C", m3="4180")
    registry.right(volume_m3="4180")
    registry.announce(share="1")
    assert registry.left(cap) == 0


def test_the_shares_of_a_year_never_pass_the_whole_right(registry: Registry) -> None:
    right = registry.right(volume_m3="100")
    registry.announce(share="0.7")
    with pytest.raises(errors.ShareOverEntitlement) as refusal:
        registry.announce(share="0.300001")
    assert refusal.value.available == "0.300000"
    registry.announce(share="0.3")
    assert registry.received(right) == 100_000


def test_a_class_is_source_sector_kind_and_zone(registry: Registry) -> None:
    near = registry.right(volume_m3="10")
    far = registry.right(volume_m3="20", township="T2", canal="K2")
    permit = registry.right(volume_m3="40", kind="abstraction_permit")
    assert registry.announce(share="1", zone="D1", kind="irrigation_certificate").total_litres == 10_000
    assert registry.announce(share="1", zone="T2").total_litres == 20_000
    assert registry.announce(share="1", kind="abstraction_permit").total_litres == 40_000
    assert [registry.received(each) for each in (near, far, permit)] == [10_000, 20_000, 40_000]
    with pytest.raises(errors.NothingToAnnounce):
        registry.announce(share="1", sector="industry")


def test_what_is_not_confirmed_gets_nothing(registry: Registry) -> None:
    applied = registry.right(volume_m3="10", confirmed=False)
    suspended = registry.right(volume_m3="10")
    entitlements.suspend(registry.session, actor=REGISTRAR, entitlement_id=suspended.id, reason="test")
    with pytest.raises(errors.NothingToAnnounce):
        registry.announce(share="1")
    assert registry.received(applied) == 0


def test_of_two_rights_behind_one_account_the_stricter_decides_what_may_be_sold(registry: Registry) -> None:
    holder = registry.participant()
    registry.right(volume_m3="10", participant_id=holder, kind="abstraction_permit")
    registry.right(volume_m3="10", participant_id=holder)
    registry.announce(share="0.5")
    registry.announce(share="0.5", kind="irrigation_certificate")
    [account] = registry.accounts_of(holder)
    assert account.right_kind == "abstraction_permit"


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"water_year": 2031}, errors.WaterYearNotOpen),
        ({"source": "dew"}, errors.UnknownSource),
        ({"zone": "NOWHERE"}, errors.UnknownZone),
    ],
)
def test_what_does_not_exist_is_refused_by_name(
    registry: Registry, change: dict[str, object], error: type[Exception]
) -> None:
    registry.right(volume_m3="10")
    with pytest.raises(error):
        registry.announce(share="1", **change)


def test_a_cap_is_set_before_the_water_under_it_is_announced(registry: Registry) -> None:
    registry.right(volume_m3="10")
    registry.announce(share="1")
    with pytest.raises(errors.CapAfterUse):
        registry.cap("LATE", zone="D1", m3="100")
    registry.cap("ELSEWHERE", zone="D2", m3="100")


def test_of_announcements_at_once_on_a_cap_with_one_litre_left_one_wins(committed_county: str) -> None:
    """Ten classes of one litre each, under a cap of one litre, announced by ten threads."""
    codes = MORE_CANALS[:10]
    with db.transaction(committed_county) as session:
        registry = Registry(session)
        cap = registry.cap("CAP-D1", zone="D1", m3="0.001")
        for code in codes:
            registry.right(volume_m3="0.001", canal=code)
    start = threading.Barrier(len(codes))
    outcomes: list[str] = []

    def announce(code: str) -> None:
        start.wait()
        try:
            with db.transaction(committed_county) as session:
                Registry(session).announce(share="1", zone=code)
            outcomes.append("made")
        except errors.CapExceeded:
            outcomes.append("refused")

    threads = [threading.Thread(target=announce, args=(code,)) for code in codes]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["made"] + ["refused"] * 9
    with db.transaction(committed_county) as session:
        assert Registry(session).left(cap) == 0


def test_a_raised_limit_wakes_the_engine_and_a_cut_takes_only_what_is_free(registry: Registry) -> None:
    cap = registry.cap("CAP-C", zone="C", m3="5")
    registry.right(volume_m3="4")
    registry.announce(share="1")
    before = registry.inbox_kinds()
    limits.change(
        registry.session,
        actor=REGISTRAR,
        limit_id=cap.id,
        limit_litres=7_000,
        reason="more snow",
        legal_source="notice 7",
        expected_version=1,
    )
    assert registry.inbox_kinds()[len(before) :] == ["rematch"]
    assert registry.left(cap) == 3_000
    with pytest.raises(errors.LimitBelowUse) as refusal:
        limits.change(
            registry.session,
            actor=REGISTRAR,
            limit_id=cap.id,
            limit_litres=3_999,
            reason="less snow",
            legal_source="notice 8",
        )
    assert (refusal.value.rule, refusal.value.limit, refusal.value.available) == (
        "cap:CAP-C",
        "7.000",
        "3.000",
    )
    assert refusal.value.legal_source
    with pytest.raises(StaleVersion):
        limits.change(
            registry.session,
            actor=REGISTRAR,
            limit_id=cap.id,
            limit_litres=4_000,
            reason="less snow",
            legal_source="notice 8",
            expected_version=1,
        )


def test_a_right_confirmed_after_the_announcement_can_have_its_share_alone(registry: Registry) -> None:
    early = registry.right(volume_m3="10")
    registry.announce(share="1")
    late = registry.right(volume_m3="20")
    with pytest.raises(errors.ShareOverEntitlement):
        registry.announce(share="1")
    assert registry.announce(share="1", only_new=True).entitlements == 1
    assert (registry.received(early), registry.received(late)) == (10_000, 20_000)
