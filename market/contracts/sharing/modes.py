"""The other modes: guaranteed saving, fee trusteeship with its trust account, and both (SAVINGS section 1). Pure.

Fen, litres, prices in 1/10 000 yuan per m3, shares in basis points.
"""

from __future__ import annotations

from dataclasses import dataclass

from ledger.units import TICK_LITRES_A_FEN, fen_half_even, split_exact, value_tick_litres
from market.contracts.sharing.exact import check, half_even

ONE_BP = 10_000
SHARING, GUARANTEED, TRUSTEESHIP, TRUSTEESHIP_GUARANTEED = MODES = (
    "sharing", "guaranteed", "trusteeship", "trusteeship_guaranteed",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Guarantee:
    """The firm guarantees G litres a period at price p: below (1 - δ)·G it owes P = min((G - S)·p·k, cap left).

    `tolerance_bp` is δ, `factor_bp` k; what is saved above G is worth p and shared by `surplus_bp`, one a party.
    """

    litres: int
    price_e4: int
    cap_fen: int
    surplus_bp: tuple[int, ...]
    tolerance_bp: int = 500
    factor_bp: int = ONE_BP

    def __post_init__(self) -> None:
        """Errors: BadTerms."""
        check(min(self.litres, self.price_e4, self.cap_fen, self.factor_bp) >= 0, "no term is negative")
        check(0 <= self.tolerance_bp <= ONE_BP, "the tolerance lies between nil and all")
        check(
            sum(self.surplus_bp) == ONE_BP and min(self.surplus_bp) >= 0,
            "the surplus shares add up to 10 000 basis points",
        )


@dataclass(frozen=True, slots=True)
class GuaranteeOutcome:
    """What the firm owes, what is left of its cap, and how the surplus is shared, fen."""

    shortfall_fen: int
    cap_left_fen: int
    surplus_fen: int
    surplus_shares_fen: tuple[int, ...]


def guarantee_outcome(terms: Guarantee, saving_litres: int, cap_left_fen: int) -> GuaranteeOutcome:
    """A period under a guarantee; `cap_left_fen` is what earlier periods left of the cap. Errors: BadTerms."""
    check(0 <= cap_left_fen <= terms.cap_fen, "what is left of the cap lies between nil and the cap")
    shortfall = surplus = 0
    if saving_litres * ONE_BP < (ONE_BP - terms.tolerance_bp) * terms.litres:
        missing = value_tick_litres(terms.litres - saving_litres, terms.price_e4) * terms.factor_bp
        shortfall = min(half_even(missing, ONE_BP * TICK_LITRES_A_FEN), cap_left_fen)
    elif saving_litres > terms.litres:
        surplus = fen_half_even(value_tick_litres(saving_litres - terms.litres, terms.price_e4))
    shares = split_exact(surplus, terms.surplus_bp)
    return GuaranteeOutcome(shortfall, cap_left_fen - shortfall, surplus, tuple(shares))


@dataclass(frozen=True, slots=True)
class Trusteeship:
    """The first fee T0 for the base use W_b0 at a mean price `tariff0_e4`."""

    fee_fen: int
    base_litres: int
    tariff_e4: int

    def __post_init__(self) -> None:
        """Errors: BadTerms."""
        check(
            self.fee_fen >= 0 and self.base_litres > 0 and self.tariff_e4 > 0,
            "fee, base and price are positive",
        )


def trusteeship_fee(terms: Trusteeship, adjusted_litres: int, tariff_e4: int) -> int:
    """T = T0·(W_a/W_b0)·(tariff/tariff0), fen, rounded half-even once. Errors: BadTerms."""
    check(adjusted_litres >= 0 and tariff_e4 >= 0, "use and price are not negative")
    return half_even(terms.fee_fen * adjusted_litres * tariff_e4, terms.base_litres * terms.tariff_e4)


@dataclass(frozen=True, slots=True)
class Waterfall:
    """A period of the trust account, fen: what came in, who was paid in which order, what the firm topped up.

    before + fee + top_up = supplier + upkeep + firm + after.
    """

    before_fen: int
    fee_fen: int
    top_up_fen: int
    supplier_fen: int
    upkeep_fen: int
    firm_fen: int
    after_fen: int


def waterfall(
    before_fen: int, fee_fen: int, supplier_bill_fen: int, upkeep_fen: int, *, keep_fen: int = 0
) -> Waterfall:
    """The supplier's bill leaves first, then operation and upkeep, the rest to the firm, which tops up a deficit.

    `keep_fen` stays in the account where the contract says so. The balance is never negative. Errors: BadTerms.
    """
    check(min(before_fen, fee_fen, supplier_bill_fen, upkeep_fen, keep_fen) >= 0, "no amount is negative")
    left = before_fen + fee_fen - supplier_bill_fen - upkeep_fen
    top_up = max(0, -left)
    left = max(0, left)
    after = min(left, keep_fen)
    return Waterfall(before_fen, fee_fen, top_up, supplier_bill_fen, upkeep_fen, left - after, after)


@dataclass(frozen=True, slots=True)
class FeeCall:
    """A period's fee, fen: T, what a shortfall of before takes off it, what was paid in advance, and what is due now.

    full = set_off + advance + due. `owed_fen` is what the firm owes of shortfalls after it, for the next fee.
    """

    full_fen: int
    set_off_fen: int
    advance_fen: int
    due_fen: int
    owed_fen: int

    @property
    def fee_fen(self) -> int:
        """What comes into the trust account for the period."""
        return self.advance_fen + self.due_fen


def fee_call(full_fen: int, *, owed_fen: int, advance_fen: int, shortfall_fen: int) -> FeeCall:
    """T less what the firm owed before; then what the user has paid in advance counts. `shortfall_fen` is this
    period's P, which reduces the next T. Errors: BadTerms.
    """
    check(min(advance_fen, shortfall_fen) >= 0, "no amount is negative")
    fee, owed = reduced_fee(full_fen, owed_fen)
    used = min(fee, advance_fen)
    return FeeCall(full_fen, full_fen - fee, used, fee - used, owed + shortfall_fen)


def reduced_fee(fee_fen: int, owed_fen: int) -> tuple[int, int]:
    """(the fee that is paid, what of P is still owed): a shortfall P reduces the next T, as far as that goes."""
    check(min(fee_fen, owed_fen) >= 0, "no amount is negative")
    set_off = min(fee_fen, owed_fen)
    return fee_fen - set_off, owed_fen - set_off
