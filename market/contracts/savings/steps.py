"""The lines of a derivation, and how it is printed: number by number, in Chinese and English. Pure."""

from __future__ import annotations

import math

from ledger.units import format_litres
from market.contracts.savings.model import Interval, Part, Saving, Step, litres_of
from market.contracts.savings.rules import Rules
from market.contracts.savings.words import text_of

GBT = "GB/T 34148, from memory; SAVINGS section 2"
UNCERTAINTY = "SAVINGS section 3"
M3 = "m³"


def m3(litres: float) -> str:
    """Litres as cubic metres with three decimals; rounded half to even."""
    return format_litres(litres_of(litres))


def number(value: float) -> str:
    """A coefficient or driver with seven significant digits."""
    return f"{value:.7g}"


def volume(symbol: str, zh: str, en: str, formula: str, litres: float, source: str) -> Step:
    """A step whose value is a volume."""
    return Step(symbol, zh, en, formula, m3(litres), M3, source)


def saving_steps(adjusted: int, use: int, model: float, adjustment: int) -> list[Step]:
    """W_a with its agreed adjustments, W_r, and S."""
    return [
        volume("A_m", "非常规调整量", "agreed adjustments", m3(adjustment), adjustment, GBT),
        volume(
            "W_a", "调整后基准用水量", "adjusted baseline", f"{m3(model)} + {m3(adjustment)}", adjusted, GBT
        ),
        volume("W_r", "报告期用水量", "use in the reporting period", m3(use), use, "meters"),
        volume("S", "节水量", "saving", f"W_a - W_r = {m3(adjusted)} - {m3(use)}", adjusted - use, GBT),
    ]


def uncertainty_steps(parts: tuple[Part, ...], *, whole: bool = False) -> list[Step]:
    """Every standard uncertainty and their root sum of squares: u of the `whole`, or u_o beside the baseline's."""
    symbol, zh, en = (
        ("u", "合成标准不确定度", "combined standard uncertainty")
        if whole
        else ("u_o", "其他标准不确定度", "other standard uncertainty")
    )
    steps = [
        volume(each.symbol, each.zh, each.en, m3(each.litres), each.litres, UNCERTAINTY) for each in parts
    ]
    u_o = math.hypot(*(each.litres for each in parts)) if parts else 0.0
    formula = "√(" + " + ".join(f"{m3(each.litres)}²" for each in parts) + ")" if parts else "0"
    return [
        *steps,
        volume(symbol, zh, en, formula, u_o, UNCERTAINTY),
    ]


def interval_steps(interval: Interval, saving: int, rules: Rules) -> list[Step]:
    """The limits, what the money rule compares, and the lower bound that water is credited by."""
    half = (interval.high68 - interval.low68) / 2
    return [
        volume("S_2.5", "95% 下限", "95 per cent, lower limit", m3(interval.low95), interval.low95, UNCERTAINTY),
        volume("S_97.5", "95% 上限", "95 per cent, upper limit", m3(interval.high95), interval.high95, UNCERTAINTY),
        volume(
            "h_68", "68% 半宽", "68 per cent half-width",
            f"({m3(interval.high68)} - {m3(interval.low68)}) / 2", half, UNCERTAINTY,
        ),
        volume(
            "h_max", "允许半宽", "most half-width for money",
            f"{number(rules.money_half_width_most)} × {m3(saving)}", rules.money_half_width_most * saving,
            "after ASHRAE guideline 14, from memory",
        ),
        volume(
            "L", f"单侧 {rules.water_level:.0%} 下限", f"one-sided {rules.water_level:.0%} lower bound",
            m3(interval.lower), interval.lower, UNCERTAINTY,
        ),
    ]  # fmt: skip


def derivation(saving: Saving, language: str) -> list[str]:
    """The printed derivation of a saving in "zh" or "en": its steps, then reasons, caveats, flags. Errors: KeyError."""
    lines = []
    for each in saving.steps:
        formula = "" if each.formula == each.value else f" {each.formula} ="
        unit = f" {each.unit}" if each.unit else ""
        name = {"zh": each.zh, "en": each.en}[language]
        lines.append(f"{each.symbol} ({name}) ={formula} {each.value}{unit} [{each.source}]")
    marked = (*saving.reasons, *saving.caveats, *saving.flags)
    return lines + [text_of(each, language) for each in marked]
