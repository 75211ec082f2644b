"""Limits of a saving from the baseline's quantiles and the other uncertainties (SAVINGS section 3). Pure."""

from __future__ import annotations

import math
from collections.abc import Iterable

from market.contracts.savings.model import (
    Adjustment,
    Interval,
    Part,
    Period,
    Report,
    litres_of,
    meter_uncertainty,
)
from market.contracts.savings.rules import Rules
from market.contracts.savings.student import normal_quantile, t_quantile


def levels(rules: Rules) -> tuple[float, ...]:
    """The levels at which the baseline's quantiles are needed: 2.5, 97.5, both of 68 per cent, one-sided for water."""
    half = rules.money_level / 2
    return (0.025, 0.975, 0.5 - half, 0.5 + half, 1 - rules.water_level)


def interval(saving: float, offsets: Iterable[float], u_o: float, rules: Rules) -> Interval:
    """S ∓ √((W_a - q)² + (z·u_o)²), litres. `offsets` are q - W_a at `levels`."""
    found = []
    for level, offset in zip(levels(rules), offsets, strict=True):
        width = math.hypot(offset, normal_quantile(level) * u_o)
        found.append(litres_of(saving + math.copysign(width, level - 0.5)))
    return Interval(*found)


def t_offsets(u: float, df: float, rules: Rules) -> list[float]:
    """q - W_a of a single scaled t."""
    return [t_quantile(level, df) * u for level in levels(rules)]


def normal_free_interval(saving: float, u: float, df: float, rules: Rules) -> Interval:
    """Limits where u holds everything: S ± t·u."""
    return interval(saving, t_offsets(u, df, rules), 0.0, rules)


def meter_parts(
    adjusted: float, saving: float, base_meter: float, report: Report, use: int
) -> tuple[Part, ...]:
    """The meters' uncertainty: of the saving where the same meters stand, else of both volumes."""
    own = meter_uncertainty(report.meters, report.meter_litres)
    if report.same_meters:
        return (Part("u_m", "计量不确定度", "meters", own * abs(saving)),)
    return (
        Part("u_mb", "基准期计量不确定度", "meters of the base period", base_meter * abs(adjusted)),
        Part("u_mr", "报告期计量不确定度", "meters of the reporting period", own * use),
    )


def adjustment_parts(entering: Iterable[Adjustment]) -> tuple[Part, ...]:
    """What each adjustment that enters adds."""
    return tuple(
        Part(f"u_A{place}", f"调整：{each.event}", f"adjustment: {each.event}", each.u_litres * 1.0)
        for place, each in enumerate(entering, 1)
    )


def gap_part(periods: Iterable[Period]) -> tuple[Part, ...]:
    """What filled or pro-rated use of the reporting period adds; errors of different periods are independent."""
    u = math.hypot(*(each.u_litres for each in periods))
    return (Part("u_g", "报告期补缺与分摊", "filled or pro-rated use", u),) if u else ()
