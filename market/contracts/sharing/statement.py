"""The statement of a distribution: how each party's fen came about, number by number, in Chinese and English. Pure."""

from __future__ import annotations

from ledger.units import format_fen, format_litres, format_price_e4
from market.contracts.savings.model import Step
from market.contracts.sharing.modes import FeeCall, Guarantee, GuaranteeOutcome, Trusteeship
from market.contracts.sharing.schedule import Distribution, Schedule
from market.contracts.sharing.tariff import Benefit

SOURCE = "SAVINGS section 5; contract"
CNY = "CNY"


def _money(symbol: str, zh: str, en: str, formula: str, fen: int) -> Step:
    return Step(symbol, zh, en, formula, format_fen(fen), CNY, SOURCE)


def benefit_steps(found: Benefit) -> tuple[Step, ...]:
    """How the benefit of a period was reckoned."""
    steps = []
    for symbol, zh, en, each in (
        ("bill(W_a)", "基准用水应付水费", "bill of the adjusted baseline", found.bill_adjusted),
        ("bill(W_r)", "实际用水应付水费", "bill of the use", found.bill_use),
    ):
        if each is not None:
            lines = " + ".join(format_fen(line) for line in (each.water_fen, each.tax_fen, each.sewage_fen))
            steps.append(_money(symbol, zh, en, lines, each.total_fen))
    if found.at_price_fen is not None:
        steps.append(
            _money("S·p", "按约定价格的节水效益", "saving at the signed price", "S × p", found.at_price_fen)
        )
    steps.append(_money("C", "约定的额外费用", "agreed extra costs", "-C", found.extra_fen))
    values = []
    if found.bill_adjusted is not None:
        values.append("bill(W_a) - bill(W_r)")
    if found.at_price_fen is not None:
        values.append("S·p")
    whole = values[0] if len(values) == 1 else f"max({', '.join(values)})"
    steps.append(_money("B", "节水效益", "benefit", f"{whole} - C", found.benefit_fen))
    return tuple(steps)


def statement(schedule: Schedule, found: Distribution, names: dict[str, tuple[str, str]]) -> tuple[Step, ...]:
    """Fees, the recovery phase, what was clipped, every share, and their sum.

    `names`: (中文, English) of every party and payee. Errors: KeyError.
    """
    steps = [_money("B", "本期节水效益", "benefit of the period", "B", found.benefit_fen)]
    for payee, fen in found.fees:
        zh, en = names[payee]
        steps.append(_money(f"F_{payee}", f"费用：{zh}", f"fee: {en}", "F", fen))
    if found.recovery_slice_fen:
        shares = " : ".join(str(each) for each in schedule.recovery.shares_bp) if schedule.recovery else ""
        steps += [
            _money(
                "x", "回收期内分配的部分", "shared in the recovery phase", shares, found.recovery_slice_fen
            ),
            _money("R", "其中服务企业回收", "recovered by the firm", "min(R, x·bp)", found.recovery_fen),
        ]
    if found.clipped_fen:
        steps.append(
            _money("k", "保底与封顶调整", "moved by floor or ceiling", "user → firm", found.clipped_fen)
        )
    for party, fen in zip(found.parties, found.shares_fen, strict=True):
        zh, en = names[party]
        steps.append(_money(f"s_{party}", f"{zh}应得", f"share of {en}", "s", fen))
    total = sum(fen for _, fen in found.fees) + sum(found.shares_fen)
    parts = [format_fen(fen) for _, fen in found.fees] + [format_fen(fen) for fen in found.shares_fen]
    steps.append(_money("Σ", "合计", "together", " + ".join(parts), total))
    return tuple(steps)


def carried_steps(before_fen: int, shared_fen: int, after_fen: int) -> tuple[Step, ...]:
    """A loss of before that this period makes good, and one that it leaves."""
    steps = []
    if before_fen:
        steps.append(_money("C_0", "上期结转亏损", "loss carried from before", "C_0", before_fen))
    if before_fen or after_fen:
        steps += [
            _money("B*", "本期可分配效益", "benefit that is shared", "max(0, B + C_0)", shared_fen),
            _money("C_1", "结转下期亏损", "loss carried on", "min(0, B + C_0)", after_fen),
        ]
    return tuple(steps)


def guarantee_steps(terms: Guarantee, found: GuaranteeOutcome, saving_litres: int) -> tuple[Step, ...]:
    """What was guaranteed and saved, and what is owed or shared of the difference."""
    cubic = "m³"
    return (
        Step("G", "保证节水量", "guaranteed saving", "G", format_litres(terms.litres), cubic, SOURCE),
        Step("S", "计费节水量", "saving that is credited", "S", format_litres(saving_litres), cubic, SOURCE),
        _money(
            "P", "未达保证应付", "owed for what is missing",
            f"min((G - S) × {format_price_e4(terms.price_e4)} × k, cap)", found.shortfall_fen,
        ),
        _money("U", "超额效益", "worth of what was saved above it", "(S - G) × p", found.surplus_fen),
    )  # fmt: skip


def fee_steps(terms: Trusteeship, found: FeeCall, adjusted_litres: int, price_e4: int) -> tuple[Step, ...]:
    """How a fee of trusteeship came about."""
    return (
        Step(
            "W_a", "调整后基准用水量", "adjusted baseline", "W_a", format_litres(adjusted_litres), "m³", SOURCE
        ),
        _money(
            "T", "本期托管费", "fee of the period",
            f"{format_fen(terms.fee_fen)} × (W_a / {format_litres(terms.base_litres)})"
            f" × ({format_price_e4(price_e4)} / {format_price_e4(terms.tariff_e4)})",
            found.full_fen,
        ),
        _money("P_0", "抵扣前期未达保证", "set off against a missed guarantee", "min(T, P)", found.set_off_fen),
        _money("A", "预缴抵用", "paid in advance", "min(T - P_0, A)", found.advance_fen),
        _money("D", "本期应缴", "due now", "T - P_0 - A", found.due_fen),
    )  # fmt: skip
