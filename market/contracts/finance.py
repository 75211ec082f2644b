"""Before signing: cash flow of each party, payback, present value, internal rate, sensitivity, modes compared. Pure.

Fen and basis points; rates are millionths a year. Flows are integers; present values and internal rates are floats of
numpy-financial, rounded half-even once. Periods are years, the works in year 0.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy_financial as npf

from ledger.units import fen_half_even, split_exact, value_tick_litres
from market.contracts.sharing.exact import check, half_even
from market.contracts.sharing.modes import (
    GUARANTEED,
    MODES,
    SHARING,
    TRUSTEESHIP,
    TRUSTEESHIP_GUARANTEED,
    Guarantee,
    guarantee_outcome,
    reduced_fee,
    waterfall,
)
from market.contracts.sharing.schedule import Schedule, distribute

ONE_BP, ONE_E6 = 10_000, 1_000_000
CHANGES_BP = (8_000, 9_000, 10_000, 11_000, 12_000)
"""Saving and price at 80 to 120 per cent of what is expected."""


@dataclass(frozen=True, slots=True)
class Flow:
    """One year of one party, fen, every part as it is signed: nothing is negative but `receipts` and `net`."""

    year: int
    receipts_fen: int = 0
    investment_fen: int = 0
    upkeep_fen: int = 0
    tax_fen: int = 0
    subsidy_fen: int = 0
    borrowed_fen: int = 0
    repaid_fen: int = 0

    @property
    def net_fen(self) -> int:
        """receipts - investment - upkeep - tax + subsidy + loan - repayment."""
        return (
            self.receipts_fen - self.investment_fen - self.upkeep_fen - self.tax_fen
            + self.subsidy_fen + self.borrowed_fen - self.repaid_fen
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Measures:
    """What flows are worth. Paybacks in 1/10 000 year (None: not within the term); `irr_e6` None: see `irr_reason`."""

    npv_fen: int
    payback_e4: int | None
    discounted_payback_e4: int | None
    irr_e6: int | None
    irr_reason: str | None
    total_fen: int


IRR_REASONS = {
    "no_change": ("现金流不变号，没有内部收益率", "the flows never change sign: there is no internal rate"),
    "several_changes": (
        "现金流多次变号，内部收益率不唯一",
        "the flows change sign more than once: no single rate",
    ),
    "not_found": ("未求得内部收益率", "no internal rate was found"),
}
"""(中文, English) of why there is no internal rate."""


def payback_e4(nets: Sequence[float]) -> int | None:
    """When the sum of yearly nets first reaches nil, linear within the year, 1/10 000 year; None where it does not.

    A sum that is never below nil has paid back at once.
    """
    total = 0.0
    for year, net in enumerate(nets):
        before, total = total, total + net
        if total >= 0 and (before < 0 or year == 0):
            last = not any(sum(nets[: later + 1]) < -0.5 for later in range(year + 1, len(nets)))
            if last:
                return 0 if year == 0 else round(ONE_BP * (year - 1 + -before / net))
    return None


def measures(flows: Sequence[Flow], rate_e6: int) -> Measures:
    """Net present value at a party's own rate, paybacks, internal rate; years count from 0. Errors: BadTerms."""
    check([each.year for each in flows] == list(range(len(flows))), "a flow a year, from year 0")
    check(rate_e6 > -ONE_E6, "a rate is above -100 per cent")
    nets = [each.net_fen for each in flows]
    rate = rate_e6 / ONE_E6
    irr, reason = internal_rate(nets)
    return Measures(
        npv_fen=round(npf.npv(rate, nets).item()),
        payback_e4=payback_e4(nets),
        discounted_payback_e4=payback_e4([net / (1 + rate) ** year for year, net in enumerate(nets)]),
        irr_e6=irr,
        irr_reason=reason,
        total_fen=sum(nets),
    )


def internal_rate(nets: Sequence[int]) -> tuple[int | None, str | None]:
    """(IRR in millionths, None), or (None, reason) unless the flows change sign exactly once."""
    signs = [net > 0 for net in nets if net != 0]
    changes = sum(one != other for one, other in pairwise(signs))
    if changes != 1:
        return None, "several_changes" if changes else "no_change"
    found = float(npf.irr(nets))
    return (round(found * ONE_E6), None) if found == found else (None, "not_found")


def level_loan(principal_fen: int, rate_e6: int, years: int) -> tuple[tuple[int, int], ...]:
    """(interest, repayment) a year of a loan repaid in equal parts of the principal, exact to the fen."""
    check(principal_fen >= 0 and rate_e6 >= 0 and years >= 1, "a loan has a term, and nothing negative")
    left, rows = principal_fen, []
    for part in split_exact(principal_fen, [1] * years):
        rows.append((half_even(left * rate_e6, ONE_E6), part))
        left -= part
    return tuple(rows)


@dataclass(frozen=True, slots=True)
class Plan:
    """A project as it is weighed before signing; all a year unless said, prices 1/10 000 yuan per m3.

    `savings_litres`: expected, one a year of operation. `base_litres`: use without the project. `fee_fen`: what the
    user pays for a guaranteed saving, once, in year 0. `trust_bp`: the trusteeship fee as a part of the old bill.
    `tax_bp`: of the firm's receipts. Upkeep, loan and subsidy are the firm's.
    """

    schedule: Schedule
    savings_litres: tuple[int, ...]
    base_litres: int
    price_e4: int
    investment_fen: int
    upkeep_fen: int = 0
    fee_fen: int = 0
    guarantee: Guarantee | None = None
    trust_bp: int = ONE_BP
    tax_bp: int = 0
    subsidy_fen: int = 0
    loan_fen: int = 0
    loan_rate_e6: int = 0
    loan_years: int = 1

    def __post_init__(self) -> None:
        """Errors: BadTerms."""
        check(self.savings_litres, "a year of operation is the least")
        check(
            all(0 <= each <= self.base_litres for each in self.savings_litres), "no more is saved than used"
        )
        check(
            self.loan_years <= len(self.savings_litres) and self.loan_years >= 1, "a loan ends with the term"
        )
        amounts = (self.investment_fen, self.upkeep_fen, self.fee_fen, self.subsidy_fen, self.loan_fen)
        check(min(amounts) >= 0, "no amount is negative")


def flows_of(plan: Plan, mode: str) -> dict[str, tuple[Flow, ...]]:
    """Every party's flows in a mode, year 0 first. Errors: BadTerms where the mode needs terms that the plan lacks.

    Sharing: the firm invests, the benefit is shared by the schedule. Guaranteed: the user pays the fee and keeps the
    benefit, the firm owes what is missing. Trusteeship: the user pays a part of its old bill, out of which the
    supplier is paid, and the firm has the rest. The last: both; what is missing reduces the next
    fee, and is paid after the last year.
    """
    check(mode in MODES, f"the mode {mode} is unknown")
    receipts = {
        SHARING: _sharing,
        GUARANTEED: _guaranteed,
        TRUSTEESHIP: _trusteeship,
        TRUSTEESHIP_GUARANTEED: _trusteeship_guaranteed,
    }[mode](plan)
    return {party: _flows(plan, party, each) for party, each in receipts.items()}


def _flows(plan: Plan, party: str, receipts: Sequence[int]) -> tuple[Flow, ...]:
    if party != plan.schedule.firm:
        return tuple(Flow(year, each) for year, each in enumerate(receipts))
    loan = level_loan(plan.loan_fen, plan.loan_rate_e6, plan.loan_years)
    flows = [
        Flow(
            0, receipts[0], plan.investment_fen, subsidy_fen=plan.subsidy_fen, borrowed_fen=plan.loan_fen,
            tax_fen=half_even(max(0, receipts[0]) * plan.tax_bp, ONE_BP),
        )
    ]  # fmt: skip
    for year, each in enumerate(receipts[1:], 1):
        interest, part = loan[year - 1] if year <= len(loan) else (0, 0)
        tax = half_even(max(0, each) * plan.tax_bp, ONE_BP)
        flows.append(Flow(year, each, 0, plan.upkeep_fen, tax, repaid_fen=interest + part))
    return tuple(flows)


def _value(litres: int, price_e4: int) -> int:
    return fen_half_even(value_tick_litres(litres, price_e4))


def _sharing(plan: Plan) -> dict[str, list[int]]:
    schedule = plan.schedule
    receipts: dict[str, list[int]] = {party: [0] for party in schedule.parties}
    for year, saving in enumerate(plan.savings_litres, 1):
        shared = distribute(
            schedule, _value(saving, plan.price_e4), contract_year=year, saving_litres=saving,
            adjusted_litres=plan.base_litres, received_fen=sum(receipts[schedule.firm]),
        )  # fmt: skip
        for party, each in zip(shared.parties, shared.shares_fen, strict=True):
            receipts[party].append(each)
    return receipts


def _guaranteed(plan: Plan) -> dict[str, list[int]]:
    check(plan.guarantee is not None, "this mode needs a guarantee")
    assert plan.guarantee is not None
    schedule, cap = plan.schedule, plan.guarantee.cap_fen
    receipts: dict[str, list[int]] = {party: [0] for party in schedule.parties}
    receipts[schedule.firm], receipts[schedule.user] = [plan.fee_fen], [-plan.fee_fen]
    for saving in plan.savings_litres:
        found = guarantee_outcome(plan.guarantee, saving, cap)
        cap = found.cap_left_fen
        shares = dict(zip(schedule.parties, found.surplus_shares_fen, strict=True))
        kept = _value(saving, plan.price_e4) - found.surplus_fen
        for party in schedule.parties:
            owed = {schedule.firm: -found.shortfall_fen, schedule.user: kept + found.shortfall_fen}
            receipts[party].append(shares[party] + owed.get(party, 0))
    return receipts


def _trust_year(plan: Plan, saving: int, owed_fen: int) -> tuple[int, int, int]:
    """(the firm's receipt, the user's, what is still owed) of a year of the trust account, upkeep left out."""
    old = _value(plan.base_litres, plan.price_e4)
    fee, owed = reduced_fee(half_even(old * plan.trust_bp, ONE_BP), owed_fen)
    found = waterfall(0, fee, _value(plan.base_litres - saving, plan.price_e4), 0)
    return found.firm_fen - found.top_up_fen, old - fee, owed


def _trusteeship(plan: Plan) -> dict[str, list[int]]:
    receipts: dict[str, list[int]] = {party: [0] for party in plan.schedule.parties}
    for saving in plan.savings_litres:
        firm, user, _ = _trust_year(plan, saving, 0)
        for party in plan.schedule.parties:
            receipts[party].append({plan.schedule.firm: firm, plan.schedule.user: user}.get(party, 0))
    return receipts


def _trusteeship_guaranteed(plan: Plan) -> dict[str, list[int]]:
    check(plan.guarantee is not None, "this mode needs a guarantee")
    assert plan.guarantee is not None
    schedule, cap, owed = plan.schedule, plan.guarantee.cap_fen, 0
    receipts: dict[str, list[int]] = {party: [0] for party in schedule.parties}
    for year, saving in enumerate(plan.savings_litres, 1):
        firm, user, owed = _trust_year(plan, saving, owed)
        found = guarantee_outcome(plan.guarantee, saving, cap)
        cap, owed = found.cap_left_fen, owed + found.shortfall_fen
        if year == len(plan.savings_litres):
            firm, user, owed = firm - owed, user + owed, 0
        for party in schedule.parties:
            receipts[party].append({schedule.firm: firm, schedule.user: user}.get(party, 0))
    return receipts


@dataclass(frozen=True, slots=True)
class Case:
    """One cell of the sensitivity: saving and price in basis points of what is expected, and each party's measures."""

    saving_bp: int
    price_bp: int
    measures: dict[str, Measures]


def scaled(plan: Plan, saving_bp: int, price_bp: int) -> Plan:
    """The plan with another saving (at most all of the use) and price; what was signed stays."""
    savings = tuple(
        min(plan.base_litres, half_even(each * saving_bp, ONE_BP)) for each in plan.savings_litres
    )
    return replace(plan, savings_litres=savings, price_e4=half_even(plan.price_e4 * price_bp, ONE_BP))


def sensitivity(plan: Plan, mode: str, rates_e6: Mapping[str, int]) -> tuple[Case, ...]:
    """Saving and price each at 80, 90, 100, 110 and 120 per cent; `rates_e6` a party's own rate. Errors: BadTerms."""
    return tuple(
        Case(saving, price, measured(scaled(plan, saving, price), mode, rates_e6))
        for saving in CHANGES_BP
        for price in CHANGES_BP
    )


def measured(plan: Plan, mode: str, rates_e6: Mapping[str, int]) -> dict[str, Measures]:
    """Each party's measures in a mode."""
    return {party: measures(flows, rates_e6[party]) for party, flows in flows_of(plan, mode).items()}


def compare(plan: Plan, rates_e6: Mapping[str, int]) -> dict[str, dict[str, Measures]]:
    """All modes that the plan has terms for, side by side: mode, party, measures."""
    guaranteed = plan.guarantee is not None
    modes = [mode for mode in MODES if guaranteed or mode in (SHARING, TRUSTEESHIP)]
    return {mode: measured(plan, mode, rates_e6) for mode in modes}
