"""From a saving to a lot, claw-back, and the states of a report (SAVINGS sections 4, 6 and 8)."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from market.contracts import states
from market.contracts.clawback import (
    Shares,
    backing,
    claw_back_money,
    claw_back_water,
    of_proceeds,
    proceeds_of,
)
from market.contracts.lots import (
    REFUSALS,
    Claim,
    Lot,
    expires,
    refusals,
    tradable_now,
    volume,
)
from market.contracts.states import Act, NotAllowed, Standing, next_state

DAY = dt.date(2025, 3, 1)
CLAIM = Claim(
    tier="A", verified=True, disputed=False, right_kind="abstraction_permit", consent="letter 7",
    source_allowed=True, zone_allowed=True, farm_first_until=dt.date(2025, 2, 28), return_flow_e6=250_000,
    use_litres=700, lower_litres=200, limit_litres=1_000, quota_litres=None, right_ends=dt.date(2027, 1, 1),
)  # fmt: skip


def _codes(claim: Claim, day: dt.date = DAY) -> list[str]:
    return [each.code for each in refusals(claim, day)]


def test_a_claim_that_meets_every_condition_is_a_lot() -> None:
    assert refusals(CLAIM, DAY) == ()
    assert volume(CLAIM) == 150


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"tier": "C"}, "tier"),
        ({"verified": False}, "not_verified"),
        ({"disputed": True}, "disputed"),
        ({"right_kind": "regional"}, "right_kind"),
        ({"consent": None}, "no_consent"),
        ({"source_allowed": False}, "source_rule"),
        ({"zone_allowed": False}, "zone_rule"),
        ({"farm_first_until": DAY}, "farm_first"),
        ({"return_flow_e6": None}, "no_return_flow"),
        ({"return_flow_e6": 1_000_001}, "no_return_flow"),
        ({"public_supplier": True}, "public_supplier"),
        ({"right_kind": "network_certificate", "express_right": False}, "no_network_right"),
        ({"right_ends": dt.date(2025, 2, 28)}, "permit_ended"),
        ({"limit_litres": 700}, "nothing_saved"),
    ],
)
def test_each_condition_is_refused_by_its_name(change: dict[str, object], code: str) -> None:
    assert _codes(replace(CLAIM, **change)) == [code]  # type: ignore[arg-type]
    assert all(REFUSALS[code])


def test_all_that_is_missing_is_said_at_once() -> None:
    assert _codes(replace(CLAIM, verified=False, consent="", tier="C")) == [
        "tier",
        "not_verified",
        "no_consent",
    ]


def test_coming_down_to_permit_or_quota_is_compliance_and_no_surplus() -> None:
    assert volume(replace(CLAIM, limit_litres=800)) == 75
    assert volume(replace(CLAIM, quota_litres=740)) == 30
    assert volume(replace(CLAIM, quota_litres=700)) == 0 == volume(replace(CLAIM, limit_litres=600))


@given(st.lists(st.tuples(st.integers(0, 10**9), st.integers(0, 10**9)), max_size=9), st.integers(0, 10**6))
def test_what_is_issued_never_passes_the_lower_bounds_times_the_factor(
    savings: list[tuple[int, int]], return_flow: int
) -> None:
    claims = [
        replace(CLAIM, use_litres=use, lower_litres=lower, limit_litres=10**9, return_flow_e6=return_flow)
        for use, lower in savings
    ]
    issued = sum(map(volume, claims)) * 10**6
    assert issued <= sum(each.lower_litres for each in claims) * (10**6 - return_flow)


def test_sold_retired_cancelled_and_unsold_are_what_was_issued() -> None:
    lot = Lot(100, DAY).sold(30).retired(20).cancelled(10)
    assert lot.unsold_litres == 40
    for wrong in (
        lambda: lot.sold(41),
        lambda: lot.retired(-1),
        lambda: lot.cancelled(41),
        lambda: Lot(-1, DAY),
    ):
        with pytest.raises(ValueError, match="negative"):
            wrong()


def test_what_is_tradable_now_is_the_least_of_its_bounds() -> None:
    lot = Lot(100, DAY).sold(30)
    numbers = {"allocation": 500, "used": 380, "held": 40, "pledged": 30}
    litres, bounds = tradable_now(lot, **numbers, zone_out=60, day=DAY)
    assert litres == 50
    assert [(each.code, each.litres) for each in bounds] == [
        ("lot", 70),
        ("allocation", 50),
        ("zone_out", 60),
    ]
    assert tradable_now(lot, **(numbers | {"used": 0}), zone_out=None, day=DAY)[0] == 70
    assert tradable_now(lot, **numbers, zone_out=60, day=DAY + dt.timedelta(1))[0] == 0
    assert tradable_now(lot, **(numbers | {"held": 900}), zone_out=60, day=DAY)[0] == 0


def test_a_lot_ends_with_its_year_or_the_next_and_never_after_the_right() -> None:
    year, following, right = dt.date(2025, 12, 31), dt.date(2026, 12, 31), dt.date(2026, 6, 30)
    assert expires(year, right) == year
    assert expires(year, right, following) == right


@given(
    st.integers(0, 10**9),
    st.integers(0, 10**9),
    st.integers(0, 10**9),
    st.integers(0, 10**9),
    st.integers(0, 10**9),
)
def test_a_claw_back_of_water_loses_no_litre(
    sold: int, retired: int, unsold: int, new: int, free: int
) -> None:
    lot = Lot(sold + retired + unsold, DAY, sold, retired)
    new = min(new, lot.issued_litres)
    found = claw_back_water(lot, lot.issued_litres, new, free)
    given_up = lot.issued_litres - new - found.cancelled_litres - found.owed_litres
    assert 0 <= given_up <= retired  # what was given up and is not backed any more is owed to nobody
    assert retired or found.cancelled_litres + found.owed_litres == lot.issued_litres - new
    assert found.from_allocation_litres + found.from_next_litres == found.owed_litres
    assert found.owed_litres == 0 or found.lot.unsold_litres == 0
    assert found.from_allocation_litres <= free
    # what was cancelled never returns: a second claw-back to the same volume changes nothing
    again = claw_back_water(found.lot, new, new, free)
    assert (again.cancelled_litres, again.owed_litres, again.lot) == (0, 0, found.lot)


def test_a_claw_back_only_lowers() -> None:
    with pytest.raises(ValueError, match="lowers"):
        claw_back_water(Lot(10, DAY), 10, 11, 0)
    with pytest.raises(ValueError, match="was sold"):
        proceeds_of(100, 0, 0)
    with pytest.raises(ValueError, match="no more"):
        backing((1, 2), 4)


def test_unbacked_water_is_spread_over_all_sales_alike() -> None:
    assert backing((300, 100, 200), 300) == [150, 50, 100]
    assert sum(backing((7, 7, 7), 10)) == 11


PARTIES = ("user", "firm", "bank")


@given(
    st.lists(st.tuples(st.integers(0, 10**10), st.integers(0, 10**10)), max_size=6),
    st.tuples(st.integers(0, 10_000), st.integers(0, 10_000), st.integers(1, 10_000)),
    st.integers(0, 10**10), st.integers(0, 10**10),
)  # fmt: skip
def test_claw_back_by_party_adds_up_to_old_less_new(
    amounts: list[tuple[int, int]], weights: tuple[int, int, int], undistributed: int, deposit: int
) -> None:
    affected = [of_proceeds(f"sale {place}", old, new, weights) for place, (old, new) in enumerate(amounts)]
    found = claw_back_money(
        PARTIES, affected, creditor="user", undistributed_fen={"firm": undistributed},
        deposits_fen={"firm": deposit},
    )  # fmt: skip
    assert found.total_fen == sum(old - new for old, new in amounts)
    assert sum(each.owed_fen for each in found.takings) == found.total_fen
    for each in found.takings:
        parts = (each.own_fen, each.undistributed_fen, each.deposit_fen, each.receivable_fen)
        assert sum(parts) == each.owed_fen
    firm = found.takings[1]
    assert 0 <= firm.undistributed_fen <= undistributed and 0 <= firm.deposit_fen <= deposit
    assert firm.deposit_fen == 0 or firm.undistributed_fen == undistributed, "the deposit comes second"
    assert firm.receivable_fen <= 0 or firm.deposit_fen == deposit, "a receivable comes last"
    assert found.creditor_fen + found.takings[0].owed_fen == found.total_fen


def test_a_party_whose_share_grows_is_owed_that() -> None:
    # by a cliff the firm lost its share; the bank's grew
    found = claw_back_money(
        PARTIES,
        (Shares("2024", (10, 80, 10), (60, 20, 20)),),
        creditor="user",
        undistributed_fen={},
        deposits_fen={},
    )
    assert [each.owed_fen for each in found.takings] == [-50, 60, -10]
    assert found.takings[2].receivable_fen == -10 and found.total_fen == 0 and found.creditor_fen == 50
    with pytest.raises(ValueError, match="creditor"):
        claw_back_money(PARTIES, (), creditor="nobody", undistributed_fen={}, deposits_fen={})
    with pytest.raises(ValueError, match="share a party"):
        claw_back_money(
            PARTIES, (Shares("x", (1,), (1,)),), creditor="user", undistributed_fen={}, deposits_fen={}
        )


GOOD = Standing(undisputed_litres=1, clock_over=False)
OVER = replace(GOOD, clock_over=True)


def test_a_report_goes_its_way_to_the_distribution() -> None:
    state = states.OPEN
    for act, standing in (
        (Act("draft", "system"), GOOD),
        (Act("comment", "firm"), GOOD),
        (Act("accept", "user", persons=1), GOOD),
        (Act("accept", "firm", persons=2), GOOD),
        (Act("certify", "verifier"), GOOD),
        (Act("object", "financier"), GOOD),
        (Act("distribute_undisputed", "system"), GOOD),
        (Act("re_verify", "verifier"), GOOD),
        (Act("distribute", "system"), OVER),
        (Act("reopen", "bureau", persons=2), GOOD),
        (Act("claw_back", "bureau", persons=2), GOOD),
    ):
        state = next_state(state, act, standing)
    assert state == states.CLAWED_BACK


def test_silence_accepts_a_draft_when_the_clock_is_over() -> None:
    assert next_state(states.DRAFTED, Act("accept", "system"), OVER) == states.SUBMITTED
    assert next_state(states.DRAFTED, Act("accept", "user"), GOOD) == states.DRAFTED
    with pytest.raises(NotAllowed):
        next_state(states.DRAFTED, Act("accept", "system"), GOOD)


@pytest.mark.parametrize(
    ("state", "act", "standing", "code"),
    [
        ("open", Act("draft", "system"), replace(GOOD, phase="trial"), "phase"),
        ("open", Act("certify", "verifier"), GOOD, "act"),
        ("submitted", Act("certify", "firm"), GOOD, "role"),
        ("submitted", Act("certify", "verifier"), replace(GOOD, related=True), "related"),
        ("disputed", Act("re_verify", "verifier"), replace(GOOD, same_verifier=True), "same_verifier"),
        ("verified", Act("object", "user"), OVER, "too_late"),
        ("verified", Act("distribute", "system"), GOOD, "too_early"),
        ("disputed", Act("distribute", "system"), OVER, "act"),
        ("submitted", Act("distribute", "system"), OVER, "act"),
        ("disputed", Act("distribute_undisputed", "system"), replace(GOOD, undisputed_litres=0), "disputed"),
        ("distributed", Act("reopen", "bureau", persons=2), OVER, "too_late"),
        ("distributed", Act("void", "bureau"), GOOD, "act"),
        ("clawed_back", Act("distribute", "system"), OVER, "act"),
    ],
)
def test_what_is_not_in_the_table_is_refused_by_name(
    state: str, act: Act, standing: Standing, code: str
) -> None:
    with pytest.raises(NotAllowed) as refused:
        next_state(state, act, standing)
    assert refused.value.code == code


def test_reopening_takes_two_persons() -> None:
    assert next_state(states.DISTRIBUTED, Act("reopen", "bureau", persons=1), GOOD) == states.DISTRIBUTED


def test_the_table_names_only_known_states_and_clocks() -> None:
    for each in states.TABLE:
        assert {each.state, each.to} <= set(states.STATES)
        assert each.clock in states.CLOCKS or (each.act in ("void", "merge", "give_up") and not each.clock)
    assert {each.clock for each in states.TABLE if each.clock} == set(states.CLOCKS)
    keys = [(each.state, each.act) for each in states.TABLE]
    assert len(keys) == len(set(keys))
