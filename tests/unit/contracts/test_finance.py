"""What a contract is worth to each party before it is signed (SAVINGS section 7)."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from market.contracts.finance import (
    CHANGES_BP,
    IRR_REASONS,
    Flow,
    Plan,
    compare,
    flows_of,
    internal_rate,
    level_loan,
    measures,
    payback_e4,
    sensitivity,
)
from market.contracts.sharing import MODES, BadTerms, Guarantee, Recovery, Row, Schedule, Step

M3 = 1000
SCHEDULE = Schedule(
    ("user", "firm"),
    "firm",
    "user",
    (Row(1, (Step(0, (5_000, 5_000)),)),),
    Recovery(1_000_000, (2_000, 8_000)),
)
PLAN = Plan(
    schedule=SCHEDULE, savings_litres=(2_000 * M3,) * 6, base_litres=6_000 * M3, price_e4=30_000,
    investment_fen=1_000_000, upkeep_fen=20_000, fee_fen=1_500_000,
    guarantee=Guarantee(2_000 * M3, 30_000, 500_000, (5_000, 5_000)), trust_bp=9_000, tax_bp=300,
    subsidy_fen=100_000, loan_fen=300_001, loan_rate_e6=40_000, loan_years=3,
)  # fmt: skip
RATES = {"user": 50_000, "firm": 80_000}


def test_payback_is_linear_within_the_year() -> None:
    assert payback_e4([-1_000, 400, 400, 400]) == 25_000
    assert payback_e4([-1_000, 400, 400]) is None
    assert payback_e4([100, 1]) == 0
    # back under water later: it has paid back only at the end
    assert payback_e4([-100, 150, -100, 100]) == 25_000


def test_there_is_no_internal_rate_unless_the_flows_change_sign_once() -> None:
    assert internal_rate([-100, 60, 60]) == (130_662, None)
    assert internal_rate([0, 5, 7]) == (None, "no_change")
    assert internal_rate([-5, 0, 10, -3]) == (None, "several_changes")
    assert all(zh and en for zh, en in IRR_REASONS.values())


def test_the_present_value_discounts_each_year_at_the_party_s_own_rate() -> None:
    flows = [Flow(0, investment_fen=100_000), Flow(1, receipts_fen=66_000), Flow(2, receipts_fen=60_500)]
    found = measures(flows, 100_000)
    assert found.npv_fen == 10_000
    assert found.payback_e4 == 15_620 and found.discounted_payback_e4 == 18_000
    with pytest.raises(BadTerms):
        measures(flows[1:], 100_000)


def test_every_part_of_a_flow_counts() -> None:
    flow = Flow(1, 100, 10, 20, 5, 7, 30, 40)
    assert flow.net_fen == 100 - 10 - 20 - 5 + 7 + 30 - 40


@given(st.integers(0, 10**10), st.integers(0, 300_000), st.integers(1, 30))
def test_a_loan_is_repaid_to_the_fen(principal: int, rate: int, years: int) -> None:
    rows = level_loan(principal, rate, years)
    assert sum(part for _, part in rows) == principal and len(rows) == years
    assert all(later <= earlier for (earlier, _), (later, _) in pairwise(rows))


@pytest.mark.parametrize("mode", MODES)
@given(st.lists(st.integers(0, 6_000 * M3), min_size=3, max_size=8))
def test_in_every_mode_the_parties_share_just_what_was_saved(mode: str, savings: list[int]) -> None:
    plan = replace(PLAN, savings_litres=tuple(savings))
    flows = flows_of(plan, mode)
    for year, saving in enumerate(savings, 1):
        together = sum(each[year].receipts_fen for each in flows.values())
        worth = saving * 30_000 // 100_000
        assert abs(together - worth) <= 1, "a fen of rounding between old and new bill"
    assert sum(each[0].receipts_fen for each in flows.values()) == 0


def test_the_firm_s_flows_hold_investment_upkeep_tax_loan_and_subsidy() -> None:
    first, second, *rest = flows_of(PLAN, "sharing")["firm"]
    assert first.net_fen == -1_000_000 + 100_000 + 300_001
    assert second.receipts_fen == 480_000
    assert (second.upkeep_fen, second.tax_fen, second.repaid_fen) == (20_000, 14_400, 12_000 + 100_001)
    assert rest[-1].repaid_fen == 0


def test_a_guarantee_moves_money_in_a_bad_year_until_its_cap() -> None:
    bad = replace(PLAN, savings_litres=(0,) * 3 + (2_000 * M3,) * 3)
    firm = [each.receipts_fen for each in flows_of(bad, "guaranteed")["firm"]]
    assert firm == [1_500_000, -500_000, 0, 0, 0, 0, 0]
    # in the trust account what is missing reduces the next fee
    firm = [each.receipts_fen for each in flows_of(bad, "trusteeship_guaranteed")["firm"]]
    plain = [each.receipts_fen for each in flows_of(bad, "trusteeship")["firm"]]
    assert [other - one for one, other in zip(firm, plain, strict=True)] == [0, 0, 500_000, 0, 0, 0, 0]


def test_what_is_missing_in_the_last_year_is_paid_and_not_lost() -> None:
    bad = replace(PLAN, savings_litres=(2_000 * M3,) * 2 + (0,))
    for party, sign in (("firm", -1), ("user", 1)):
        ends = [
            flows_of(bad, mode)[party][-1].receipts_fen for mode in ("trusteeship", "trusteeship_guaranteed")
        ]
        assert ends[1] - ends[0] == sign * 500_000


def test_sensitivity_is_a_grid_of_saving_and_price() -> None:
    cases = sensitivity(PLAN, "sharing", RATES)
    assert [(each.saving_bp, each.price_bp) for each in cases] == [
        (a, b) for a in CHANGES_BP for b in CHANGES_BP
    ]
    worth = {(each.saving_bp, each.price_bp): each.measures["firm"].npv_fen for each in cases}
    assert worth[8_000, 8_000] < worth[10_000, 8_000] < worth[10_000, 10_000] < worth[12_000, 12_000]
    middle = next(each for each in cases if (each.saving_bp, each.price_bp) == (10_000, 10_000))
    assert middle.measures == compare(PLAN, RATES)["sharing"]


def test_modes_are_compared_side_by_side_as_far_as_terms_were_given() -> None:
    assert tuple(compare(PLAN, RATES)) == MODES
    assert tuple(compare(replace(PLAN, guarantee=None), RATES)) == ("sharing", "trusteeship")
    with pytest.raises(BadTerms):
        flows_of(replace(PLAN, guarantee=None), "guaranteed")
    with pytest.raises(BadTerms):
        flows_of(PLAN, "magic")


@pytest.mark.parametrize(
    "change", [{"savings_litres": ()}, {"base_litres": 1}, {"loan_years": 7}, {"investment_fen": -1}]
)
def test_plans_that_are_none_are_refused(change: dict[str, object]) -> None:
    with pytest.raises(BadTerms):
        replace(PLAN, **change)  # type: ignore[arg-type]
