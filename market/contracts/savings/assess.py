"""A saving from a frozen baseline and a report: W_a - W_r by regression, with limits, caveats and derivation. Pure."""

from __future__ import annotations

import math

from market.contracts.canonical import fingerprint
from market.contracts.savings.base import ladder, model_of, rows_of
from market.contracts.savings.drift import caveats, flags, outside_share
from market.contracts.savings.drivers import efficiency_saving
from market.contracts.savings.limits import adjustment_parts, gap_part, interval, levels, meter_parts
from market.contracts.savings.mixture import Fit, Prediction, Rows, predict
from market.contracts.savings.model import (
    REGRESSION,
    TIER_A,
    TIER_B,
    BadInput,
    Baseline,
    Interval,
    Line,
    Part,
    Reason,
    Report,
    Saving,
    Step,
    check_periods,
    litres_of,
    meter_uncertainty,
)
from market.contracts.savings.rules import Rules
from market.contracts.savings.steps import (
    GBT,
    UNCERTAINTY,
    interval_steps,
    m3,
    number,
    saving_steps,
    uncertainty_steps,
    volume,
)
from market.contracts.savings.unit import by_figure, by_unit


def assess(base: Baseline, report: Report, rules: Rules, *, lines: bool = True) -> Saving:
    """The saving of a report, on the highest rung of the ladder that holds; `lines` adds what a plot needs.

    Errors: BadInput.
    """
    if report.starts < base.base.works_start:
        raise BadInput("a report begins after the works did")
    check_periods(report.periods, report.starts, report.ends, len(base.base.drivers))
    tier, reasons = base.tier, base.reasons
    if not report.parallel:
        return by_figure(base, report, rules, (*reasons, Reason("replaced_without_parallel")))
    if tier == TIER_A:
        fitted = model_of(base.base, base.chosen)
        share = outside_share(base, fitted, report, rules)
        if share < rules.outside_share_most:
            return _by_regression(base, fitted, report, rules, lines)
        tier, more = ladder(base.base, rules)
        numbers = (("share", f"{share:.3f}"), ("most", f"{rules.outside_share_most:.2f}"))
        reasons = (Reason("outside_base_range", numbers), *more)
    if tier == TIER_B:
        return by_unit(base, report, rules, reasons)
    return by_figure(base, report, rules, reasons)


def _by_regression(base: Baseline, fitted: Fit, report: Report, rules: Rules, lines: bool) -> Saving:
    rows = rows_of(base.base, base.chosen, report.periods)
    found = predict(fitted, rows)
    entering = tuple(each for each in report.adjustments if each.enters)
    adjustment = sum(each.litres for each in entering)
    use = sum(each.litres for each in report.periods)
    adjusted = litres_of(found.expected) + adjustment
    saving = adjusted - use
    base_meter = 0.0 if report.same_meters else meter_uncertainty(base.base.meters, base.base.meter_litres)
    parts = (
        *meter_parts(found.expected, found.expected + adjustment - use, base_meter, report, use),
        *adjustment_parts(entering),
        *gap_part(report.periods),
        *_base_gap(base, found),
    )
    u_o = math.hypot(*(each.litres for each in parts))
    quantiles = found.quantiles(levels(rules))
    limits = interval(
        found.expected + adjustment - use, (each - found.expected for each in quantiles), u_o, rules
    )
    steps = (
        *_model_steps(base, found),
        *saving_steps(adjusted, use, found.expected, adjustment),
        *_spread_steps(fitted, quantiles, rules),
        *uncertainty_steps(parts),
        *interval_steps(limits, saving, rules),
    )
    return Saving(
        tier=TIER_A, method=REGRESSION, starts=report.starts, ends=report.ends, adjusted_litres=adjusted,
        use_litres=use, saving_litres=saving, interval=limits, parts=parts, reasons=(),
        caveats=caveats(base, fitted, report, rules),
        flags=(*flags(base, fitted, rows, report, rules), *_efficiency(report, limits)), steps=steps,
        inputs_sha256=fingerprint([base.inputs_sha256, report, rules]),
        lines=_lines(base, fitted, rows, report) if lines else (),
    )  # fmt: skip


def _efficiency(report: Report, limits: Interval) -> tuple[Reason, ...]:
    """The cross-check by the efficiency coefficients, where it does not lie in the interval: a flag, no more."""
    if report.efficiency is None:
        return ()
    saved = litres_of(efficiency_saving(*report.efficiency))
    if limits.low95 <= saved <= limits.high95:
        return ()
    numbers = (("balance", m3(saved)), ("low", m3(limits.low95)), ("high", m3(limits.high95)))
    return (Reason("efficiency_disagrees", numbers),)


def _base_gap(base: Baseline, found: Prediction) -> tuple[Part, ...]:
    """Filled or pro-rated base use, through what one litre of each base period changes in W_a."""
    u = math.hypot(
        *(
            weight * each.u_litres
            for weight, each in zip(found.influence.tolist(), base.base.periods, strict=True)
        )
    )
    return (Part("u_gb", "基准期补缺与分摊", "filled or pro-rated use of the base period", u),) if u else ()


def _model_steps(base: Baseline, found: Prediction) -> list[Step]:
    """W_a term by term: β times the sum of each driver, and what correlation with the last base periods adds."""
    names = [base.base.drivers[each] for each in base.chosen]
    words = [(each.code, each.zh, each.en, each.unit) for each in names]
    if base.intercept:
        words.insert(0, ("1", "固定用水", "fixed use", "1"))
    steps, products = [], []
    for (code, zh, en, unit), beta, total in zip(
        words, found.beta.tolist(), found.sums.tolist(), strict=True
    ):
        products.append(beta * total)
        steps += [
            Step(
                f"β_{code}", f"{zh}的系数", f"coefficient of {en}", number(beta), number(beta), f"L/{unit}", GBT
            ),
            Step(f"x_{code}", zh, en, number(total), number(total), unit, "report"),
            volume(
                f"w_{code}", f"{zh}的用水", f"use by {en}", f"{number(beta)} × {number(total)} / 1000",
                beta * total, GBT,
            ),
        ]  # fmt: skip
    steps.append(
        volume(
            "w_ρ", "基准期末残差的影响", "carried by correlation", "k'V⁻¹e", found.correlation, UNCERTAINTY
        )
    )
    sums = " + ".join(f"w_{code}" for code, *_ in words)
    steps.append(
        volume("W_f", "模型基准用水量", "model at reporting drivers", f"{sums} + w_ρ", found.expected, GBT)
    )
    return steps


def _spread_steps(fitted: Fit, quantiles: list[float], rules: Rules) -> list[Step]:
    rho, tau = fitted.mean_of(fitted.rho).item(), fitted.mean_of(fitted.tau).item()
    steps = [
        Step("ρ", "误差相关系数", "correlation of errors", number(rho), number(rho), "", UNCERTAINTY),
        Step("τ", "年度效应与误差之比", "year effect over error", number(tau), number(tau), "", UNCERTAINTY),
        Step("n-p", "自由度", "degrees of freedom", str(fitted.df), str(fitted.df), "", UNCERTAINTY),
    ]
    for level, quantile in zip(levels(rules), quantiles, strict=True):
        steps.append(
            volume(
                f"q_{level:.3g}",
                "基准用水量分位数",
                "quantile of the baseline",
                "Σ w·F((q-μ)/√v)",
                quantile,
                UNCERTAINTY,
            )
        )
    return steps


def _lines(base: Baseline, fitted: Fit, rows: Rows, report: Report) -> tuple[Line, ...]:
    """Base periods as fitted, reporting periods as predicted, each with its own 95 per cent limits."""
    known = fitted.y - fitted.plain.residuals
    lines = [
        Line(each.starts, each.ends, each.litres, litres_of(value))
        for each, value in zip(base.base.periods, known.tolist(), strict=True)
    ]
    for place, each in enumerate(report.periods):
        one = predict(
            fitted, Rows(rows.x[place : place + 1], rows.t[place : place + 1], rows.year[place : place + 1])
        )
        low, high = one.quantiles((0.025, 0.975))
        lines.append(
            Line(
                each.starts,
                each.ends,
                each.litres,
                litres_of(one.expected),
                litres_of(low),
                litres_of(high),
                reporting=True,
            )
        )
    return tuple(lines)
