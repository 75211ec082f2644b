"""What paying out to households refuses: one class a rule."""

from __future__ import annotations

from market.core.errors import Conflict, Refusal

RESOLUTION = "the members' resolution, a part of the contract; 民法典 arts 85, 278 (by analogy, to confirm)"


class NoHouseholds(Refusal):
    """Only a contract that was signed with a members' resolution has households to pay."""

    code = "no_households"
    title_en = "The contract names no households"
    title_zh = "合同未列明农户"
    legal = RESOLUTION


class NothingToPayOut(Refusal):
    """The district has no share of this period."""

    code = "nothing_to_pay_out"
    title_en = "The district's share of this period is nil"
    title_zh = "本期灌区应得为零"
    legal = RESOLUTION


class PaidOutBefore(Conflict):
    """What a district has is paid out to its households once."""

    code = "paid_out_before"
    title_en = "This was paid out to the households before"
    title_zh = "该款项已向农户发放"
    legal = RESOLUTION


class PayoutNotCovered(Refusal):
    """Households are paid whole, all in one posting, from the district's free money."""

    code = "payout_not_covered"
    title_en = "The district's money does not cover the payout"
    title_zh = "灌区资金不足以发放"
    legal = RESOLUTION
