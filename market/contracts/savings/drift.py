"""Whether a report lies within what the base period knew, and whether something else went on. Pure; numpy.

Caveats and flags change no litre; the share outside decides between Tier A and B (SAVINGS section 3).
"""

from __future__ import annotations

import datetime as dt
import math

import numpy as np

from market.contracts.savings.base import rows_of
from market.contracts.savings.mixture import Fit, Rows, scales
from market.contracts.savings.model import Baseline, Period, Reason, Report
from market.contracts.savings.rules import Rules
from market.contracts.savings.student import Reals


def _ranges(base: Baseline) -> list[tuple[int, float, float]]:
    """(driver, least, most) of each chosen driver in the base period, of whole periods."""
    found = []
    for driver in base.chosen:
        values = [each.drivers[driver] / each.measured for each in base.base.periods]
        found.append((driver, min(values), max(values)))
    return found


def _outside(base: Baseline, period: Period, rules: Rules) -> list[Reason]:
    """Drivers more than a tenth of the base range outside of it, and a month that the base period does not have."""
    found = []
    for driver, low, high in _ranges(base):
        value = period.drivers[driver] / period.measured
        margin = rules.outside_range * (high - low)
        if not low - margin <= value <= high + margin:
            numbers = (("driver", base.base.drivers[driver].code), ("value", f"{value:.6g}"))
            limits = (("low", f"{low:.6g}"), ("high", f"{high:.6g}"), ("starts", period.starts.isoformat()))
            found.append(Reason("driver_outside", numbers + limits))
    if period.starts.month not in {each.starts.month for each in base.base.periods}:
        found.append(Reason("month_outside", (("month", str(period.starts.month)),)))
    return found


def outside_share(base: Baseline, fitted: Fit, report: Report, rules: Rules) -> float:
    """The share of the modelled use that falls in periods outside of the base range, 0 to 1."""
    rows = rows_of(base.base, base.chosen, report.periods)
    expected = np.maximum(rows.x @ fitted.plain.beta, 0.0)
    outside = np.array([bool(_outside(base, each, rules)) for each in report.periods])
    total = expected.sum().item()
    return expected[outside].sum().item() / total if total > 0 else 1.0 * bool(outside.any())


def caveats(base: Baseline, fitted: Fit, report: Report, rules: Rules) -> tuple[Reason, ...]:
    """Drivers or months outside, leverage above the base maximum, adjustments that do not enter, a base too old."""
    found = [reason for each in report.periods for reason in _outside(base, each, rules)]
    rows = rows_of(base.base, base.chosen, report.periods)
    m = scales(rows.x @ fitted.plain.beta, fitted.y.mean().item(), fitted.proportional)
    most = _leverage(fitted, fitted.rows.x, fitted.plain.scale).max().item()
    for period, value in zip(report.periods, _leverage(fitted, rows.x, m).tolist(), strict=True):
        if value > most:
            numbers = (("value", f"{value:.3f}"), ("most", f"{most:.3f}"))
            found.append(Reason("leverage_outside", (*numbers, ("starts", period.starts.isoformat()))))
    return (*found, *common_caveats(base, report, rules))


def common_caveats(base: Baseline, report: Report, rules: Rules) -> tuple[Reason, ...]:
    """Those of every tier."""
    found = [
        Reason("adjustment_not_accepted", (("event", each.event),))
        for each in report.adjustments
        if not each.enters
    ]
    if report.starts >= base.base.ends + dt.timedelta(days=366 * rules.rebase_after_years):
        found.append(Reason("rebase_due", (("years", str(rules.rebase_after_years)),)))
    return tuple(found)


def _leverage(fitted: Fit, x: Reals, m: Reals) -> Reals:
    """x'(X̃'X̃)⁻¹x / m² of each row."""
    found: Reals = np.einsum("ij,jk,ik->i", x, fitted.plain.inverse, x) / m**2
    return found


def flags(base: Baseline, fitted: Fit, rows: Rows, report: Report, rules: Rules) -> tuple[Reason, ...]:
    """Three residuals running beyond 2s on one side: of the base period, and of the report about its own saving."""
    s = math.sqrt(((fitted.plain.residuals / fitted.plain.scale) ** 2).sum().item() / fitted.df)
    starts = [each.starts for each in base.base.periods]
    found = _running(fitted.plain.residuals / fitted.plain.scale, starts, s, rules)
    expected = rows.x @ fitted.plain.beta
    use = np.array([each.litres for each in report.periods], np.float64)
    if len(use) and expected.sum() > 0:
        m = scales(expected, fitted.y.mean().item(), fitted.proportional)
        rest = (use - expected * (use.sum() / expected.sum())) / m
        found += _running(rest, [each.starts for each in report.periods], s, rules)
    return tuple(found)


def _running(scaled: Reals, starts: list[dt.date], s: float, rules: Rules) -> list[Reason]:
    found, run, side = [], 0, 0
    for place, each in enumerate(scaled.tolist()):
        beyond = int(math.copysign(1, each)) if abs(each) > rules.residual_sds * s else 0
        run = run + 1 if beyond and beyond == side else abs(beyond)
        side = beyond
        if run == rules.residuals_running:
            first = starts[place - run + 1].isoformat()
            numbers = (("count", str(run)), ("sds", f"{rules.residual_sds:g}"), ("starts", first))
            found.append(Reason("residuals_running", numbers))
    return found
