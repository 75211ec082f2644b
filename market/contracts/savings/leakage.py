"""Saving of leakage control by minimum night flow, with its uncertainty (SAVINGS sections 2 and 3). Pure; numpy.

l = Q_mnf - LNU is a night's leakage rate; l/(P/P_ref)^N1 is it at one pressure; H = Σ_24h (P_h/P_mnf)^N1 makes a day of
it; S = H·[mean_base·Σ_d (P_d/P_ref)^N1 - Σ_d l_d]. Flows are litres an hour, pressures any unit, volumes litres.
"""

from __future__ import annotations

import datetime as dt
import math
from dataclasses import dataclass, replace

import numpy as np

from market.contracts.canonical import fingerprint
from market.contracts.savings.limits import adjustment_parts, interval, t_offsets
from market.contracts.savings.model import (
    LEAKAGE,
    TIER_A,
    TIER_C,
    Adjustment,
    BadInput,
    Line,
    Meter,
    Part,
    Reason,
    Saving,
    Step,
    litres_of,
    meter_uncertainty,
)
from market.contracts.savings.rules import Rules
from market.contracts.savings.steps import (
    UNCERTAINTY,
    interval_steps,
    m3,
    number,
    uncertainty_steps,
    volume,
)
from market.contracts.savings.student import Reals

FAVAD = "night flow and pressure exponent: water-loss practice, from memory; SAVINGS section 2"
NUDGE = 0.01
"""Half the step in N1 by which its sensitivity is found."""
MOST_CORRELATION = 0.95


@dataclass(frozen=True, slots=True)
class Night:
    """The least flow between 02:00 and 04:00, and the zone's pressure then.

    Where the project itself lowers the pressure, a reporting night has the pressure that would have been without it.
    """

    day: dt.date
    litres_an_hour: float
    pressure: float


@dataclass(frozen=True, slots=True)
class Balance:
    """Inflow and billed use, litres, of the base nights' days and of the reporting ones: a second way to the saving."""

    base_inflow: int
    base_billed: int
    base_days: int
    report_inflow: int
    report_billed: int
    report_days: int


@dataclass(frozen=True, slots=True)
class LeakageInput:
    """A zone's nights before and after. `night_use`: legitimate night use LNU, litres an hour of the whole zone.

    `hourly_pressure`: the pressure of 24 hours over that of the night hours. `exponent` None: the rules' N1.
    `base_meters`: those of the base nights, where others measured the report.
    """

    base: tuple[Night, ...]
    report: tuple[Night, ...]
    night_use: float
    reference_pressure: float
    hourly_pressure: tuple[float, ...]
    meters: tuple[Meter, ...]
    meter_litres: tuple[int, ...] = ()
    exponent: float | None = None
    balance: Balance | None = None
    single_consent: bool = False
    base_meters: tuple[Meter, ...] = ()
    base_meter_litres: tuple[int, ...] = ()
    adjustments: tuple[Adjustment, ...] = ()

    def __post_init__(self) -> None:
        """Errors: BadInput."""
        nights = (*self.base, *self.report)
        if len(self.base) < 2 or not self.report:
            raise BadInput("two base nights and a reporting one are the least")
        good = [math.isfinite(each.litres_an_hour) and each.litres_an_hour >= 0 for each in nights]
        if not all(good) or not all(0 < each.pressure < math.inf for each in nights):
            raise BadInput("a night's flow may not be negative, and its pressure must be positive")
        if len(self.hourly_pressure) != 24 or min(self.hourly_pressure) <= 0 or self.reference_pressure <= 0:
            raise BadInput("24 hourly pressure ratios and a reference pressure are needed, all positive")
        if max(each.day for each in self.base) >= min(each.day for each in self.report):
            raise BadInput("the base nights come before the reporting ones")


@dataclass(frozen=True, slots=True, eq=False)
class Zone:
    """What one N1, LNU and change of LNU give: H, the base nights' leakage and pressure factors, and the report's."""

    hours: float
    before: Reals
    base_factors: Reals
    factors: Reals
    after: Reals

    @property
    def base(self) -> Reals:
        """Leakage of the base nights at the reference pressure, litres an hour."""
        return self.before / self.base_factors

    @property
    def baseline(self) -> float:
        """What would have leaked in the report, litres."""
        return self.hours * np.mean(self.base).item() * np.sum(self.factors).item()

    @property
    def leaked(self) -> float:
        """What leaked in the report, litres."""
        return self.hours * np.sum(self.after).item()

    @property
    def saving(self) -> float:
        """The one less the other."""
        return self.baseline - self.leaked


def zone_of(given: LeakageInput, exponent: float) -> Zone:
    """The district at its own legitimate night use."""
    return _zone(given, exponent, given.night_use)


def _zone(given: LeakageInput, exponent: float, night_use: float, change: float = 0.0) -> Zone:
    factor = np.array([each.pressure for each in given.base]) / given.reference_pressure
    flows = np.array([each.litres_an_hour for each in given.base])
    return Zone(
        np.sum(np.array(given.hourly_pressure) ** exponent).item(),
        flows - night_use,
        factor**exponent,
        (np.array([each.pressure for each in given.report]) / given.reference_pressure) ** exponent,
        np.array([each.litres_an_hour for each in given.report]) - night_use - change,
    )


@dataclass(frozen=True, slots=True)
class Correlation:
    """ρ = (n·r₁+1)/(n-4) within [0, 0.95], F = 1+2Σ(1-k/n)ρ^k, and n_e = n/F nights that count as independent."""

    rho: float
    factor: float
    nights: float


def correlation(values: Reals) -> Correlation:
    """Of nights in order. With up to four of them ρ is taken at its most, as nothing is known of it."""
    n, e = len(values), values - values.mean()
    square = (e**2).sum().item()
    rho = 0.0
    if n <= 4:
        rho = MOST_CORRELATION
    elif square > 0:
        first = (e[1:] * e[:-1]).sum().item() / square
        rho = min(max((n * first + 1) / (n - 4), 0.0), MOST_CORRELATION)
    factor = 1 + 2 * sum((1 - k / n) * rho**k for k in range(1, n))
    return Correlation(rho, factor, n / factor)


def leakage_saving(given: LeakageInput, rules: Rules) -> Saving:
    """Tier A from thirty base nights on and where the water balance agrees; else Tier C. A static baseline: avoided
    growth of leaks earns nothing. Errors: BadInput.
    """
    exponent = rules.leak_exponent if given.exponent is None else given.exponent
    zone = _zone(given, exponent, given.night_use)
    found = correlation(zone.base)
    entering = tuple(each for each in given.adjustments if each.enters)
    adjustment = sum(each.litres for each in entering)
    parts = (*_parts(given, zone, exponent, found, rules), *adjustment_parts(entering))
    u = math.hypot(*(each.litres for each in parts))
    base = parts[0].litres
    df = u**4 * max(found.nights - 1, 0.5) / base**4 if base > 0 else 1e6
    limits = interval(zone.saving + adjustment, t_offsets(u, min(df, 1e6), rules), 0.0, rules)
    model, use = litres_of(zone.baseline), litres_of(zone.leaked)
    adjusted = model + adjustment
    saving = adjusted - use
    reasons, balance_steps = _refusals(given, limits.low95, limits.high95, rules)
    steps = (
        *_steps(given, zone, exponent, found),
        *_adjusted_steps(zone, model, adjustment),
        volume("W_r", "报告期漏损量", "leakage reported", "H·Σl_d", zone.leaked, FAVAD),
        volume("S", "节水量", "saving", f"{m3(adjusted)} - {m3(use)}", saving, FAVAD),
        *uncertainty_steps(parts, whole=True),
        Step("df", "自由度", "degrees of freedom", "u⁴(n_e-1)/u_b⁴", number(df), "", UNCERTAINTY),
        *interval_steps(limits, saving, rules),
        *balance_steps,
    )
    result = Saving(
        tier=TIER_A, method=LEAKAGE, starts=given.report[0].day, ends=given.report[-1].day + dt.timedelta(1),
        adjusted_litres=adjusted, use_litres=use, saving_litres=saving, interval=limits, parts=parts,
        reasons=(), caveats=(), flags=(), steps=steps, inputs_sha256=fingerprint([given, rules]),
        lines=_lines(zone, given),
    )  # fmt: skip
    if not reasons:
        return result
    if not given.single_consent:
        reasons.append(Reason("no_single_consent"))
    return replace(result, tier=TIER_C, interval=None, reasons=tuple(reasons))


def _parts(
    given: LeakageInput, zone: Zone, exponent: float, found: Correlation, rules: Rules
) -> tuple[Part, ...]:
    n, saving = len(given.base), zone.saving
    e = zone.base - zone.base.mean()
    spread = (e**2).sum().item() / (n - min(found.factor, n - 1))
    base = math.sqrt(found.factor / n * spread) * zone.hours * zone.factors.sum().item()
    noise = rules.night_use_noise * given.night_use * math.sqrt(len(given.report)) * zone.hours
    up, down = (_zone(given, exponent + each, given.night_use).saving for each in (NUDGE, -NUDGE))
    of_exponent = abs(up - down) / (2 * NUDGE) * rules.leak_exponent_u
    use = given.night_use
    of_use = abs(_zone(given, exponent, use * (1 + rules.night_use_share_u)).saving - saving)
    of_change = abs(_zone(given, exponent, use, use * rules.night_use_change_u).saving - saving)
    own = meter_uncertainty(given.meters, given.meter_litres)
    if given.base_meters:
        before = meter_uncertainty(given.base_meters, given.base_meter_litres) * zone.baseline
        meter = math.hypot(before, own * zone.leaked)
    else:
        meter = own * abs(saving)
    return (
        Part("u_b", "基准期漏损均值", "mean of base leakage", base),
        Part("u_n", "夜间用水波动", "noise of night use", noise),
        Part("u_N1", "压力指数", "pressure exponent", of_exponent),
        Part("u_L", "合法夜间用水", "legitimate night use", of_use),
        Part("u_dL", "合法夜间用水的变化", "change of legitimate night use", of_change),
        Part("u_m", "计量不确定度", "meters", meter),
    )


def _adjusted_steps(zone: Zone, model: int, adjustment: int) -> list[Step]:
    """W_a, and where something was adjusted, what it is the sum of."""
    name = ("W_a", "调整后基准漏损量", "adjusted baseline leakage")
    if not adjustment:
        return [volume(*name, "H·l_b·ΣF", zone.baseline, FAVAD)]
    return [
        volume("W_f", "模型基准漏损量", "baseline leakage", "H·l_b·ΣF", zone.baseline, FAVAD),
        volume("A_m", "非常规调整量", "agreed adjustments", m3(adjustment), adjustment, FAVAD),
        volume(*name, f"{m3(model)} + {m3(adjustment)}", model + adjustment, FAVAD),
    ]


def _steps(given: LeakageInput, zone: Zone, exponent: float, found: Correlation) -> list[Step]:
    mean, factors = zone.base.mean().item(), zone.factors.sum().item()
    rows = (
        ("N1", "压力指数", "pressure exponent", "", exponent, ""),
        ("LNU", "合法夜间用水", "legitimate night use", "", given.night_use / 1000, "m³/h"),
        ("H", "日换算系数", "day factor", "Σ (P_h/P_mnf)^N1", zone.hours, "h"),
        ("l_b", "基准期标准化漏损", "normalised base leakage", f"mean of {len(given.base)} nights of "
         "(Q-LNU)/(P/P_ref)^N1", mean / 1000, "m³/h"),
        ("ΣF", "压力修正系数之和", "sum of pressure factors", "Σ (P_d/P_ref)^N1", factors, ""),
        ("ρ", "夜间相关系数", "correlation of nights", "(n·r₁+1)/(n-4)", found.rho, ""),
        ("n_e", "有效夜间数", "effective nights", f"{len(given.base)} / {number(found.factor)}", found.nights, ""),
    )  # fmt: skip
    return [
        Step(symbol, zh, en, formula or number(value), number(value), unit, FAVAD)
        for symbol, zh, en, formula, value, unit in rows
    ]


def _refusals(given: LeakageInput, low: int, high: int, rules: Rules) -> tuple[list[Reason], list[Step]]:
    """Too few nights, and a water balance (inflow less billed use, by the day) outside of the interval."""
    reasons, steps = [], []
    if len(given.base) < rules.nights_least:
        nights = (("nights", str(len(given.base))), ("least", str(rules.nights_least)))
        reasons.append(Reason("too_few_nights", nights))
    if given.balance is not None:
        each = given.balance
        before = (each.base_inflow - each.base_billed) / each.base_days
        after = (each.report_inflow - each.report_billed) / each.report_days
        saved = (before - after) * len(given.report)
        steps.append(
            volume(
                "S_wb", "水量平衡校核", "by water balance",
                f"({m3(before)} - {m3(after)}) × {len(given.report)}", saved, "SAVINGS section 2",
            )
        )  # fmt: skip
        if not low <= saved <= high:
            numbers = (("balance", m3(saved)), ("low", m3(low)), ("high", m3(high)))
            reasons.append(Reason("balance_disagrees", numbers))
    return reasons, steps


def _lines(zone: Zone, given: LeakageInput) -> tuple[Line, ...]:
    """Leakage a day, and what the baseline says of it."""
    mean, hours, day = zone.base.mean().item(), zone.hours, dt.timedelta(1)
    nights = [
        *zip(given.base, zone.before.tolist(), zone.base_factors.tolist(), strict=True),
        *zip(given.report, zone.after.tolist(), zone.factors.tolist(), strict=True),
    ]
    return tuple(
        Line(
            night.day, night.day + day, litres_of(hours * leak), litres_of(hours * mean * factor),
            reporting=place >= len(given.base),
        )
        for place, (night, leak, factor) in enumerate(nights)
    )  # fmt: skip
