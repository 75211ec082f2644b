"""The statement of a distribution: how each party's fen came about, number by number, in Chinese and English. Pure."""

from __future__ import annotations

from ledger.units import format_fen
from market.contracts.savings.model import Step
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
