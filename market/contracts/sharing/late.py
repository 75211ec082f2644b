"""Late payment and value-added tax of shares (SAVINGS section 5). Pure; fen.

Ordinance on payments to small and medium enterprises (保障中小企业款项支付条例, State Council order 802, in force from
2025-06-01) arts 9 and 17. "small" here is small or medium; sizes are those of the day of signing (art. 3).
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from market.contracts.sharing.exact import check, half_even

ONE_BP, ONE_E6 = 10_000, 1_000_000
PUBLIC_BODY, LARGE, SMALL, OTHER = SIZES = ("public_body", "large", "small", "other")
PUBLIC_DAYS, LARGE_DAYS, LONGEST_PUBLIC_DAYS = 30, 60, 60
DAYS_A_YEAR = 365


@dataclass(frozen=True, slots=True)
class Rate:
    """Interest of `e6` millionths every `days` days: 0.05 per cent a day is (500, 1), 3 a year (30 000, 365)."""

    e6: int
    days: int = 1

    def __post_init__(self) -> None:
        """Errors: BadTerms."""
        check(self.e6 >= 0 and self.days >= 1, "a rate is not negative")


STATUTORY = Rate(500)
"""0.05 per cent a day where no rate was agreed (art. 17)."""


def protected(payer: str, payee: str) -> bool:
    """Whether the ordinance holds: a public body or large enterprise pays a small one. Errors: BadTerms."""
    check(payer in SIZES and payee in SIZES, "a payer or payee is of no known size")
    return payer in (PUBLIC_BODY, LARGE) and payee == SMALL


def due_on(delivered: dt.date, payer: str, payee: str, agreed_days: int | None = None) -> dt.date:
    """The last day to pay (art. 9): a public body 30 days after delivery, or as agreed and at most 60; a large
    enterprise 60, or as agreed, which must be usual in its trade. Outside of the ordinance: as agreed, else 30.
    """
    check(agreed_days is None or agreed_days >= 0, "a time to pay is not negative")
    large = protected(payer, payee) and payer == LARGE
    days = (LARGE_DAYS if large else PUBLIC_DAYS) if agreed_days is None else agreed_days
    if protected(payer, payee) and payer == PUBLIC_BODY:
        days = min(days, LONGEST_PUBLIC_DAYS)
    return delivered + dt.timedelta(days=days)


def late_rate(payer: str, payee: str, agreed: Rate | None, lpr_e6: int) -> Rate:
    """The rate of late interest: as agreed, where the ordinance holds at least the one-year LPR of signing (art. 17).

    `lpr_e6`: millionths a year. Without an agreement 0.05 per cent a day; outside the ordinance the contract's template
    says the same, so that silence means one thing.
    """
    if agreed is None:
        return STATUTORY
    if protected(payer, payee) and agreed.e6 * DAYS_A_YEAR < lpr_e6 * agreed.days:
        return Rate(lpr_e6, DAYS_A_YEAR)
    return agreed


def interest(due_fen: int, rate: Rate, due: dt.date, paid: dt.date) -> int:
    """Simple interest from the day after the due day to the day of payment, half-even to the fen."""
    check(due_fen >= 0, "what is due is not negative")
    days = max(0, (paid - due).days)
    return half_even(due_fen * rate.e6 * days, ONE_E6 * rate.days)


ORDINANCE = "保障中小企业款项支付条例 (order 802, 2025-06-01) arts 9, 17"
AGREEMENT = "the contract; 民法典 art. 585"


@dataclass(frozen=True, slots=True)
class LateRule:
    """What holds for a due: by when it is paid and what a late day costs, and why. `floor`: the least rate, where the
    ordinance holds; `longest_days`: the most that may be agreed of a public body.
    """

    protected: bool
    days: int
    longest_days: int | None
    rate: Rate
    floor: Rate | None
    source: str


def late_rule(payer: str, payee: str, agreed_days: int | None, agreed: Rate | None, lpr_e6: int) -> LateRule:
    """The rule between two parties of these sizes. Errors: BadTerms."""
    holds = protected(payer, payee)
    day = dt.date(2025, 6, 1)
    return LateRule(
        protected=holds,
        days=(due_on(day, payer, payee, agreed_days) - day).days,
        longest_days=LONGEST_PUBLIC_DAYS if holds and payer == PUBLIC_BODY else None,
        rate=late_rate(payer, payee, agreed, lpr_e6),
        floor=Rate(lpr_e6, DAYS_A_YEAR) if holds and agreed is not None else None,
        source=ORDINANCE if holds else AGREEMENT,
    )


@dataclass(frozen=True, slots=True)
class Taxed:
    """A gross amount as net and value-added tax, fen."""

    net_fen: int
    vat_fen: int


def without_vat(gross_fen: int, vat_bp: int) -> Taxed:
    """net = gross·10 000 / (10 000 + vat), half-even; the tax is the rest."""
    check(vat_bp >= 0, "a tax rate is not negative")
    net = half_even(gross_fen * ONE_BP, ONE_BP + vat_bp)
    return Taxed(net, gross_fen - net)
