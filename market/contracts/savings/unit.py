"""Tiers B and C: the unit method S = (q_b - q_r)·N_r, and one base figure (SAVINGS section 2). Pure."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from statistics import fmean, stdev

from market.contracts.canonical import fingerprint
from market.contracts.savings.base import unit_years
from market.contracts.savings.drift import common_caveats
from market.contracts.savings.limits import adjustment_parts, gap_part, interval, meter_parts, t_offsets
from market.contracts.savings.model import (
    SINGLE,
    TIER_B,
    TIER_C,
    UNIT,
    BadInput,
    Baseline,
    Line,
    Part,
    Period,
    Reason,
    Report,
    Saving,
    Step,
    litres_of,
    meter_uncertainty,
)
from market.contracts.savings.rules import Rules
from market.contracts.savings.steps import (
    GBT,
    interval_steps,
    number,
    saving_steps,
    uncertainty_steps,
    volume,
)


def by_unit(base: Baseline, report: Report, rules: Rules, reasons: tuple[Reason, ...]) -> Saving:
    """Tier B: use per unit in the base years, over the same calendar months as reported.

    u = sd(q_b)·N_r·√(1 + 1/n), t with n - 1. Fewer than two comparable years in these months: Tier C.
    """
    unit = base.base.unit
    years = unit_years(base.base, tuple(each.starts.month for each in report.periods))
    if unit is None or len(years) < rules.unit_years_least:
        numbers = (("years", str(len(years))), ("least", str(rules.unit_years_least)))
        return by_figure(base, report, rules, (*reasons, Reason("too_few_years", numbers)))
    q = [litres / units for litres, units in years.values()]
    n, driver = len(q), base.base.drivers[unit]
    units = sum(each.drivers[unit] for each in report.periods)
    spread = stdev(q) * units * math.sqrt(1 + 1 / n)
    first = fmean(q) * units
    base_meter = 0.0 if report.same_meters else meter_uncertainty(base.base.meters, base.base.meter_litres)
    steps = [
        *(
            Step(
                f"q_{place}", f"基准年{place}单位用水量", f"use per unit, base year {place}",
                f"{number(litres)} / {number(each)}", number(litres / each), f"L/{driver.unit}", GBT,
            )
            for place, (litres, each) in enumerate(years.values(), 1)
        ),
        Step("q_b", "基准单位用水量", "base use per unit", f"mean of {n}", number(fmean(q)), f"L/{driver.unit}", GBT),
        Step("N_r", driver.zh, driver.en, number(units), number(units), driver.unit, "report"),
        volume(
            "W_f", "单位法基准用水量", "base use at N_r", f"{number(fmean(q))} × {number(units)} / 1000",
            first, GBT,
        ),
        volume(
            "u_q", "单位用水量的不确定度", "uncertainty of use per unit",
            f"{number(stdev(q))} × {number(units)} × √(1 + 1/{n}) / 1000", spread, "SAVINGS section 2",
        ),
        Step("n-1", "自由度", "degrees of freedom", str(n - 1), str(n - 1), "", "SAVINGS section 2"),
    ]  # fmt: skip
    months = {each.starts.month for each in report.periods}
    gap = (
        math.hypot(*(each.u_litres for each in base.base.periods if each.starts.month in months))
        * units
        / sum(each for _, each in years.values())
    )
    more = (
        (Part("u_gb", "基准期补缺与分摊", "filled or pro-rated use of the base period", gap),) if gap else ()
    )
    found = finish(
        report=report, rules=rules, model=first, offsets=t_offsets(spread, n - 1, rules), more=more,
        base_meter=base_meter, method=UNIT, tier=TIER_B, reasons=reasons, steps=steps,
        caveats=common_caveats(base, report, rules), inputs=[base.inputs_sha256, report, rules],
    )  # fmt: skip
    return replace(found, lines=_lines(base, report, lambda each: fmean(q) * each.drivers[unit]))


def _lines(base: Baseline, report: Report, fitted: Callable[[Period], float]) -> tuple[Line, ...]:
    """Every period with what the base figure says of it; limits hold for the whole span only."""
    return tuple(
        Line(each.starts, each.ends, each.litres, litres_of(fitted(each)), reporting=reporting)
        for periods, reporting in ((base.base.periods, False), (report.periods, True))
        for each in periods
    )


def finish(
    *, report: Report, rules: Rules, model: float, offsets: list[float], more: tuple[Part, ...],
    base_meter: float, method: str, tier: str, reasons: tuple[Reason, ...], steps: list[Step],
    caveats: tuple[Reason, ...], inputs: list[object],
) -> Saving:  # fmt: skip
    """The saving of a Tier B method from its base use (`model`, litres) and the baseline's offsets q - W_a."""
    entering = tuple(each for each in report.adjustments if each.enters)
    adjustment = sum(each.litres for each in entering)
    use = sum(each.litres for each in report.periods)
    adjusted = litres_of(model) + adjustment
    exact = model + adjustment - use
    parts = (
        *meter_parts(model, exact, base_meter, report, use), *adjustment_parts(entering),
        *gap_part(report.periods), *more,
    )  # fmt: skip
    limits = interval(exact, offsets, math.hypot(*(each.litres for each in parts)), rules)
    steps = [
        *steps, *saving_steps(adjusted, use, model, adjustment), *uncertainty_steps(parts),
        *interval_steps(limits, adjusted - use, rules),
    ]  # fmt: skip
    return Saving(
        tier=tier, method=method, starts=report.starts, ends=report.ends, adjusted_litres=adjusted,
        use_litres=use, saving_litres=adjusted - use, interval=limits, parts=parts, reasons=reasons,
        caveats=caveats, flags=(), steps=tuple(steps), inputs_sha256=fingerprint(inputs),
    )  # fmt: skip


def by_figure(base: Baseline, report: Report, rules: Rules, reasons: tuple[Reason, ...]) -> Saving:
    """Tier C from a base period: its mean use in the reported months, per unit where there is one. Errors: BadInput."""
    months = tuple(each.starts.month for each in report.periods)
    periods = [each for each in base.base.periods if each.starts.month in months]
    if not periods:
        raise BadInput("the base period has none of the reported months")
    unit = base.base.unit
    litres = sum(each.litres for each in periods)
    if unit is not None and sum(each.drivers[unit] for each in periods) > 0:
        units = sum(each.drivers[unit] for each in periods)
        reported = sum(each.drivers[unit] for each in report.periods)
        words = base.base.drivers[unit]
        figure = Step(
            "q_b", "基准单位用水量", "base use per unit", f"{number(litres)} / {number(units)}",
            number(litres / units), f"L/{words.unit}", GBT,
        )  # fmt: skip
        per_unit = litres / units
        value, formula = per_unit * reported, f"{number(per_unit)} × {number(reported)} / 1000"
        lines = _lines(base, report, lambda each: per_unit * each.drivers[unit])
        steps = [figure, volume("W_f", "单一基准", "one base figure", formula, value, GBT)]
    else:
        days = sum((each.ends - each.starts).days * each.measured for each in periods)
        reported = sum((each.ends - each.starts).days * each.measured for each in report.periods)
        formula = f"{number(litres)} × {number(reported)} / {number(days)} / 1000"
        per_day = litres / days
        value = per_day * reported
        lines = _lines(base, report, lambda each: per_day * (each.ends - each.starts).days * each.measured)
        steps = [volume("W_f", "单一基准（按天）", "one base figure, by days", formula, value, GBT)]
    found = one_figure(
        value, report, reasons, steps, common_caveats(base, report, rules),
        [base.inputs_sha256, report, rules],
    )  # fmt: skip
    return replace(found, lines=lines)


def one_figure(
    value: float, report: Report, reasons: tuple[Reason, ...], steps: list[Step], caveats: tuple[Reason, ...],
    inputs: list[object],
) -> Saving:  # fmt: skip
    """Tier C: S = W_b - W_r without limits; for money, by the parties' explicit consent, and never tradable."""
    entering = tuple(each for each in report.adjustments if each.enters)
    adjustment = sum(each.litres for each in entering)
    use = sum(each.litres for each in report.periods)
    adjusted = litres_of(value) + adjustment
    why = [*reasons, Reason("one_figure")]
    if not report.single_consent:
        why.append(Reason("no_single_consent"))
    return Saving(
        tier=TIER_C, method=SINGLE, starts=report.starts, ends=report.ends, adjusted_litres=adjusted,
        use_litres=use, saving_litres=adjusted - use, interval=None, parts=(), reasons=tuple(why),
        caveats=caveats, flags=(), steps=(*steps, *saving_steps(adjusted, use, value, adjustment)),
        inputs_sha256=fingerprint(inputs),
    )  # fmt: skip


def published(base_litres: int, report: Report, source: str) -> Saving:
    """Tier C from one published or agreed figure of base use (litres a reporting span)."""
    step = volume("W_b", "公布的基准用水量", "published base use", number(base_litres), base_litres, source)
    return one_figure(base_litres * 1.0, report, (), [step], (), [base_litres, report, source])
