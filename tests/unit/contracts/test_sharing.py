"""Bills, benefits, shares, guarantees, trust accounts, late interest: to the fen (SAVINGS sections 1 and 5)."""

from __future__ import annotations

import datetime as dt
import random
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from market.contracts.sharing import (
    BadTerms,
    Block,
    Fee,
    Guarantee,
    Over,
    PriceBasis,
    Rate,
    Recovery,
    Row,
    Schedule,
    Step,
    Tariff,
    Trusteeship,
    benefit,
    bill,
    carry,
    distribute,
    due_on,
    guarantee_outcome,
    interest,
    late_rate,
    reduced_fee,
    trusteeship_fee,
    waterfall,
    without_vat,
)
from market.contracts.sharing.exact import half_even
from market.contracts.sharing.schedule import recover
from market.contracts.sharing.statement import benefit_steps, statement
from tests.unit.contracts.recoveries import check_recovery, random_recovery

M3 = 1000
PARTIES = ("user", "firm", "bank")
NAMES = {
    "user": ("用户", "user"),
    "firm": ("服务企业", "firm"),
    "bank": ("银行", "bank"),
    "verifier": ("核验机构", "verifier"),
}


def _schedule(*rows: Row, **change: object) -> Schedule:
    first = rows or (Row(1, (Step(0, (3_000, 6_000, 1_000)),)),)
    return replace(Schedule(PARTIES, "firm", "user", first), **change)  # type: ignore[arg-type]


def _distribute(schedule: Schedule, fen: int, **change: int):  # type: ignore[no-untyped-def]
    numbers = {"contract_year": 1, "saving_litres": 30 * M3, "adjusted_litres": 100 * M3} | change
    return distribute(schedule, fen, **numbers)


# a demonstration tariff: 2.00 yuan up to 100 m3, 3.00 above; quota 150 m3, then twice and thrice the price
TARIFF = Tariff(
    blocks=(Block(0, 20_000), Block(100 * M3, 30_000)), quota_litres=150 * M3,
    over_quota=(Over(0, 2_000_000), Over(200_000, 3_000_000)),
    tax_e4=5_000, plan_litres=200 * M3,
    over_plan=(Over(0, 2_000_000), Over(200_000, 3_000_000), Over(500_000, 5_000_000)),
    sewage_e4=10_000, sewage_bp=7_000,
)  # fmt: skip


@pytest.mark.parametrize(
    ("m3", "water", "tax", "sewage"),
    [
        (100, 20_000, 5_000, 7_000),
        (150, 35_000, 7_500, 10_500),
        (180, 53_000, 9_000, 12_600),
        (200, 71_000, 10_000, 14_000),
        # 20 % over plan costs twice, up to 50 % thrice, beyond five times the tax
        (320, 179_000, 10_000 + 4_000 + 9_000 + 5_000, 22_400),
    ],
)
def test_a_bill_by_blocks_quota_and_plan(m3: int, water: int, tax: int, sewage: int) -> None:
    found = bill(m3 * M3, TARIFF)
    assert (found.water_fen, found.tax_fen, found.sewage_fen) == (water, tax, sewage)
    assert found.total_fen == water + tax + sewage


@given(st.lists(st.integers(0, 400_000), min_size=1, max_size=6))
def test_the_bills_of_a_year_s_parts_add_up_to_that_of_the_year(parts: list[int]) -> None:
    before, lines = 0, [0, 0, 0]
    for each in parts:
        found = bill(each, TARIFF, before_litres=before)
        lines = [
            a + b for a, b in zip(lines, (found.water_fen, found.tax_fen, found.sewage_fen), strict=True)
        ]
        before += each
    whole = bill(before, TARIFF)
    assert lines == [whole.water_fen, whole.tax_fen, whole.sewage_fen]


@given(st.integers(0, 10**9), st.integers(0, 10**6))
def test_more_water_never_costs_less(litres: int, more: int) -> None:
    assert bill(litres + more, TARIFF).total_fen >= bill(litres, TARIFF).total_fen


def test_the_benefit_by_tariff_by_price_and_by_the_larger() -> None:
    by_tariff = benefit(180 * M3, 100 * M3, PriceBasis("tariff"), TARIFF, extra_fen=600)
    assert by_tariff.benefit_fen == 74_600 - 32_000 - 600
    assert benefit(180 * M3, 100 * M3, PriceBasis("fixed", 40_000)).benefit_fen == 32_000
    assert benefit(180 * M3, 100 * M3, PriceBasis("floor", 40_000), TARIFF).benefit_fen == 42_600
    assert benefit(180 * M3, 100 * M3, PriceBasis("floor", 60_000), TARIFF).benefit_fen == 48_000
    assert benefit(100 * M3, 180 * M3, PriceBasis("tariff"), TARIFF).benefit_fen == -42_600
    with pytest.raises(BadTerms):
        benefit(1, 0, PriceBasis("tariff"))
    with pytest.raises(BadTerms):
        PriceBasis("guess")


def test_a_loss_is_carried_within_the_year() -> None:
    assert carry(-500, 0) == (0, -500)
    assert carry(300, -500) == (0, -200)
    assert carry(300, -200) == (100, 0)
    with pytest.raises(BadTerms):
        carry(1, 1)


def test_left_over_fen_go_to_the_largest_remainders_and_ties_by_party_order() -> None:
    thirds = _schedule(Row(1, (Step(0, (3_333, 3_333, 3_334)),)))
    assert _distribute(thirds, 100).shares_fen == (33, 33, 34)
    halves = _schedule(Row(1, (Step(0, (5_000, 5_000, 0)),)))
    assert _distribute(halves, 101).shares_fen == (51, 50, 0)


def test_rows_change_with_the_contract_year() -> None:
    schedule = _schedule(Row(1, (Step(0, (1_000, 8_000, 1_000)),)), Row(4, (Step(0, (5_000, 4_000, 1_000)),)))
    assert [_distribute(schedule, 10_000, contract_year=year).of("firm") for year in (1, 3, 4, 9)] == [
        8_000, 8_000, 4_000, 4_000,
    ]  # fmt: skip


FUTIAN = (Step(0, (10_000, 0, 0)), Step(1_000, (4_000, 6_000, 0)), Step(2_000, (2_000, 8_000, 0)))
"""Futian district compound: below 10 per cent nothing is shared; the shares above it are an assumption."""


def test_below_ten_per_cent_nothing_is_shared_and_ten_per_cent_is_enough() -> None:
    schedule = _schedule(Row(1, FUTIAN))
    given = {
        saved: _distribute(schedule, 10_000, saving_litres=saved).of("firm")
        for saved in (9_999, 10_000, 20_000)
    }
    assert given == {9_999: 0, 10_000: 6_000, 20_000: 8_000}


def test_marginal_thresholds_cut_the_benefit_pro_rata_to_volume() -> None:
    schedule = _schedule(Row(1, FUTIAN, "marginal"))
    # 30 % saved: a third of the benefit in each slice
    found = _distribute(schedule, 30_000)
    assert found.shares_fen == (10_000 + 4_000 + 2_000, 6_000 + 8_000, 0)
    assert _distribute(schedule, 9_000, saving_litres=9_000).shares_fen == (9_000, 0, 0)
    assert _distribute(schedule, 7, saving_litres=0, adjusted_litres=0).shares_fen[0] in (1, 7)


def test_fees_leave_first_and_never_more_than_is_there() -> None:
    schedule = _schedule(fees=(Fee("verifier", fen=2_000, bp=100), Fee("bank", fen=9_000)))
    found = _distribute(schedule, 10_000)
    assert found.fees == (("verifier", 2_100), ("bank", 7_900))
    assert sum(found.shares_fen) == 0


def test_the_firm_s_floor_and_ceiling_are_the_user_s_loss_and_gain() -> None:
    assert _distribute(_schedule(floor_fen=8_000), 10_000).shares_fen == (1_000, 8_000, 1_000)
    # the bank keeps its own: the floor goes as far as the user has it
    assert _distribute(_schedule(floor_fen=9_900), 10_000).shares_fen == (0, 9_000, 1_000)
    capped = _distribute(_schedule(ceiling_fen=2_000), 10_000)
    assert capped.shares_fen == (7_000, 2_000, 1_000) and capped.clipped_fen == -4_000


def test_what_the_firm_received_before_counts_towards_its_recovery() -> None:
    schedule = _schedule(recovery=Recovery(100_000, (0, 10_000, 0)))
    assert _distribute(schedule, 60_000).shares_fen == (0, 60_000, 0)
    second = _distribute(schedule, 60_000, received_fen=60_000)
    assert (second.recovery_fen, second.recovery_slice_fen) == (40_000, 40_000)
    assert second.shares_fen == (6_000, 40_000 + 12_000, 2_000)
    assert _distribute(schedule, 60_000, received_fen=100_000).recovery_slice_fen == 0


@st.composite
def _schedules(draw: st.DrawFn) -> Schedule:
    def shares() -> tuple[int, ...]:
        one = draw(st.integers(0, 10_000))
        two = draw(st.integers(0, 10_000 - one))
        return one, two, 10_000 - one - two

    steps = tuple(
        Step(start, shares()) for start in (0, *sorted(draw(st.sets(st.integers(1, 9_999), max_size=3))))
    )
    floor = draw(st.integers(0, 10**6))
    fees = draw(st.lists(st.tuples(st.integers(0, 9_999), st.integers(0, 500)), max_size=2))
    return Schedule(
        PARTIES, "firm", "user", (Row(1, steps, draw(st.sampled_from(("marginal", "cliff")))),),
        Recovery(draw(st.integers(0, 10**9)), shares()) if draw(st.booleans()) else None,
        tuple(Fee("verifier", fen, bp) for fen, bp in fees),
        floor, draw(st.none() | st.integers(floor, 10**9)),
    )  # fmt: skip


@given(_schedules(), st.integers(0, 10**10), st.integers(0, 10**9), st.integers(0, 10**9))
def test_shares_and_fees_add_up_to_the_benefit_and_recovery_never_exceeds(
    schedule: Schedule, fen: int, saved: int, received: int
) -> None:
    found = distribute(
        schedule, fen, contract_year=1, saving_litres=saved, adjusted_litres=10**9, received_fen=received
    )
    assert sum(found.shares_fen) + sum(each for _, each in found.fees) == fen
    assert min(found.shares_fen) >= 0
    if schedule.recovery is not None:
        assert found.recovery_fen <= max(0, schedule.recovery.recoverable_fen - received)
    total = statement(schedule, found, NAMES)[-1]
    assert total.symbol == "Σ" and total.value == statement(schedule, found, NAMES)[0].value


def test_a_share_of_just_what_is_due_does_not_exceed_it() -> None:
    # of 101 the firm's exact half is 50.5, its share 50: all of it is still shared in the recovery phase
    assert recover(101, 50, (5_000, 5_000), 1) == (101, [51, 50])
    assert recover(103, 50, (5_000, 5_000), 1) == (100, [50, 50])


def test_a_ceiling_cuts_what_was_recovered_too() -> None:
    schedule = _schedule(recovery=Recovery(50_000, (0, 10_000, 0)), ceiling_fen=4_000)
    found = _distribute(schedule, 10_000)
    assert (found.of("firm"), found.recovery_fen) == (4_000, 4_000)


def test_random_recoveries_are_exact() -> None:
    chance = random.Random(11)
    for _ in range(3_000):
        check_recovery(*random_recovery(chance))


@given(st.lists(st.integers(0, 10**8), min_size=1, max_size=12), st.integers(1, 10**8))
def test_over_the_years_the_firm_recovers_exactly_what_is_recoverable_and_no_more(
    benefits: list[int], recoverable: int
) -> None:
    schedule = _schedule(recovery=Recovery(recoverable, (500, 9_000, 500)))
    received = recovered = 0
    for each in benefits:
        found = _distribute(schedule, each, received_fen=received)
        received += found.of("firm")
        recovered += found.recovery_fen
    assert recovered == min(recoverable, received)


@pytest.mark.parametrize(
    "change",
    [
        {"parties": ("user", "user", "firm")},
        {"firm": "nobody"},
        {"rows": ()},
        {"rows": (Row(2, (Step(0, (3_000, 6_000, 1_000)),)),)},
        {"rows": (Row(1, (Step(5, (3_000, 6_000, 1_000)),)),)},
        {"rows": (Row(1, (Step(0, (3_000, 6_000, 1_001)),)),)},
        {"rows": (Row(1, (Step(0, (3_000, 6_000, 1_000)),), "steep"),)},
        {"recovery": Recovery(-1, (3_000, 6_000, 1_000))},
        {"fees": (Fee("x", -1),)},
        {"floor_fen": 5, "ceiling_fen": 4},
    ],
)
def test_terms_that_are_none_are_refused(change: dict[str, object]) -> None:
    with pytest.raises(BadTerms):
        _schedule(**change)


def test_a_guarantee_is_owed_below_its_tolerance_until_its_cap() -> None:
    terms = Guarantee(1_000 * M3, 20_000, 50_000, (7_000, 3_000), factor_bp=15_000)
    assert guarantee_outcome(terms, 950 * M3, 50_000).shortfall_fen == 0
    assert guarantee_outcome(terms, 900 * M3, 50_000).shortfall_fen == 30_000
    capped = guarantee_outcome(terms, 500 * M3, 50_000)
    assert (capped.shortfall_fen, capped.cap_left_fen) == (50_000, 0)
    assert guarantee_outcome(terms, -100 * M3, 0).shortfall_fen == 0
    above = guarantee_outcome(terms, 1_101 * M3, 50_000)
    assert (above.surplus_fen, above.surplus_shares_fen) == (20_200, (14_140, 6_060))
    with pytest.raises(BadTerms):
        guarantee_outcome(terms, 0, 50_001)


@given(st.lists(st.integers(-(10**6), 2 * 10**6), max_size=20))
def test_all_shortfalls_together_stay_within_the_cap(savings: list[int]) -> None:
    terms = Guarantee(10**6, 30_000, 7_777, (10_000,))
    left, paid = terms.cap_fen, 0
    for each in savings:
        found = guarantee_outcome(terms, each, left)
        left, paid = found.cap_left_fen, paid + found.shortfall_fen
    assert paid + left == terms.cap_fen and left >= 0


def test_the_trusteeship_fee_follows_the_baseline_and_the_tariff() -> None:
    terms = Trusteeship(100_000, 1_000, 20_000)
    assert trusteeship_fee(terms, 1_000, 20_000) == 100_000
    assert trusteeship_fee(terms, 1_100, 22_000) == 121_000
    assert trusteeship_fee(Trusteeship(1, 2, 1), 5, 1) == 2, "two and a half goes to the even neighbour"


@given(*(st.integers(0, 10**9) for _ in range(5)))
def test_the_trust_account_pays_the_supplier_first_and_is_never_below_nil(
    before: int, fee: int, supplier: int, upkeep: int, keep: int
) -> None:
    found = waterfall(before, fee, supplier, upkeep, keep_fen=keep)
    assert before + fee + found.top_up_fen == supplier + upkeep + found.firm_fen + found.after_fen
    assert min(found.firm_fen, found.top_up_fen, found.after_fen) >= 0
    assert found.firm_fen == 0 or found.top_up_fen == 0
    assert found.supplier_fen == supplier


def test_a_shortfall_reduces_the_next_fee() -> None:
    assert reduced_fee(1_000, 300) == (700, 0)
    assert reduced_fee(1_000, 1_300) == (0, 300)


def test_a_public_body_pays_a_small_enterprise_in_30_days_and_a_large_one_in_60_not_below_the_prime_rate() -> (
    None
):
    day = dt.date(2025, 7, 1)
    assert due_on(day, "public_body", "small") == dt.date(2025, 7, 31)
    assert due_on(day, "public_body", "small", 90) == dt.date(2025, 8, 30)
    assert due_on(day, "large", "small") == dt.date(2025, 8, 30)
    assert due_on(day, "large", "small", 90) == dt.date(2025, 9, 29)
    assert due_on(day, "large", "large") == dt.date(2025, 7, 31)
    assert due_on(day, "other", "small", 90) == dt.date(2025, 9, 29)
    assert late_rate("large", "small", None, 30_000) == Rate(500)
    assert late_rate("large", "small", Rate(20_000, 365), 30_000) == Rate(30_000, 365)
    assert late_rate("large", "small", Rate(100), 30_000) == Rate(100)
    assert late_rate("other", "small", Rate(20_000, 365), 30_000) == Rate(20_000, 365)


def test_interest_runs_from_the_day_after_the_due_day() -> None:
    due = dt.date(2025, 7, 31)
    assert interest(1_000_000, Rate(500), due, due) == 0
    assert interest(1_000_000, Rate(500), due, due - dt.timedelta(3)) == 0
    assert interest(1_000_000, Rate(500), due, due + dt.timedelta(1)) == 500
    assert interest(1_000_000, Rate(30_000, 365), due, due + dt.timedelta(365)) == 30_000


@given(st.integers(-(10**12), 10**12), st.integers(0, 2_000))
def test_net_and_tax_add_up_to_the_gross(gross: int, vat: int) -> None:
    found = without_vat(gross, vat)
    assert found.net_fen + found.vat_fen == gross
    assert abs(found.net_fen * (10_000 + vat) - gross * 10_000) * 2 <= 10_000 + vat


@given(st.integers(-(10**9), 10**9), st.integers(1, 10**6))
def test_half_even_is_the_rounding_of_python_on_exact_halves(dividend: int, divisor: int) -> None:
    from fractions import Fraction

    assert half_even(dividend, divisor) == round(Fraction(dividend, divisor))


def test_the_statement_says_where_every_fen_went_in_both_languages() -> None:
    schedule = _schedule(
        recovery=Recovery(5_000, (1_000, 8_000, 1_000)), fees=(Fee("verifier", 100),), ceiling_fen=4_000
    )
    steps = statement(schedule, _distribute(schedule, 10_000), NAMES)
    assert [each.symbol for each in steps] == [
        "B", "F_verifier", "x", "R", "k", "s_user", "s_firm", "s_bank", "Σ",
    ]  # fmt: skip
    assert steps[0].value == steps[-1].value == "100.00"
    assert all(each.zh and each.en for each in steps)
    with pytest.raises(KeyError):
        statement(schedule, _distribute(schedule, 1), {})


def test_the_benefit_is_derived_line_by_line() -> None:
    steps = benefit_steps(benefit(180 * M3, 100 * M3, PriceBasis("floor", 60_000), TARIFF, extra_fen=600))
    assert [(each.symbol, each.value) for each in steps] == [
        ("bill(W_a)", "746.00"), ("bill(W_r)", "320.00"), ("S·p", "480.00"), ("C", "6.00"), ("B", "474.00"),
    ]  # fmt: skip
    assert steps[-1].formula == "max(bill(W_a) - bill(W_r), S·p) - C"
