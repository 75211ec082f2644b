"""What was measured for a saving, line by line, in two languages: the numbers that its derivation begins with. Pure.

They are those of the inputs whose fingerprint the saving names.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from market.contracts.savings.leakage import Night
from market.contracts.savings.model import BaseInput, Driver, Period, Report
from market.contracts.savings.nights import Balanced, LeakageBase, LeakageReport
from market.contracts.savings.steps import m3, number

DAY = dt.timedelta(days=1)
WORDS = {
    "zh": {
        "use": "{first} 至 {last} 用水量", "part": "计量 {share:.1%}", "u": "标准不确定度 {u} m³", "night": "{day} 夜",
        "flow": "最小流量", "pressure": "压力", "balance": "进水 {inflow} m³，计费用水 {billed} m³，共 {days} 天",
        "base": "基准期水量平衡", "report": "报告期水量平衡",
    },
    "en": {
        "use": "use from {first} to {last}", "part": "{share:.1%} measured", "u": "standard uncertainty {u} m³",
        "night": "night of {day}", "flow": "least flow", "pressure": "pressure",
        "balance": "inflow {inflow} m³, billed use {billed} m³, {days} days", "base": "water balance of the base",
        "report": "water balance of the report",
    },
}  # fmt: skip


def measured(base: BaseInput | LeakageBase, report: Report | LeakageReport, language: str) -> list[str]:
    """Every period, or every night, of the base and of the report; `language` "zh" or "en". Errors: KeyError."""
    words = WORDS[language]
    if isinstance(base, LeakageBase):
        assert isinstance(report, LeakageReport)
        return [
            *_nights("b", base.nights, words),
            *_balance(base.balance, words, "base"),
            *_nights("r", report.nights, words),
            *_balance(report.balance, words, "report"),
        ]
    assert isinstance(report, Report)
    place = ("zh", "en").index(language)
    return [
        *_periods("b", base.periods, base.drivers, words, place),
        *_periods("r", report.periods, base.drivers, words, place),
    ]


def _periods(
    side: str, periods: Iterable[Period], drivers: tuple[Driver, ...], words: dict[str, str], place: int
) -> list[str]:
    lines = []
    for index, each in enumerate(periods, 1):
        name = words["use"].format(first=each.starts, last=each.ends - DAY)
        told = [f"W_{side}{index} ({name}) = {m3(each.litres)} m³"]
        if each.u_litres:
            told.append(words["u"].format(u=m3(each.u_litres)))
        if each.measured < 1:
            told.append(words["part"].format(share=each.measured))
        told += [
            f"{(driver.zh, driver.en)[place]} {number(value)} {driver.unit}"
            for driver, value in zip(drivers, each.drivers, strict=True)
        ]
        lines.append("; ".join(told))
    return lines


def _nights(side: str, nights: Iterable[Night], words: dict[str, str]) -> list[str]:
    return [
        f"Q_{side}{index} ({words['night'].format(day=each.day)}): {words['flow']} {m3(each.litres_an_hour)} m³/h;"
        f" {words['pressure']} {number(each.pressure)}"
        for index, each in enumerate(nights, 1)
    ]


def _balance(found: Balanced | None, words: dict[str, str], side: str) -> list[str]:
    if found is None:
        return []
    told = words["balance"].format(inflow=m3(found.inflow), billed=m3(found.billed), days=found.days)
    return [f"{words[side]}: {told} [SHA-256 {found.evidence}]"]
