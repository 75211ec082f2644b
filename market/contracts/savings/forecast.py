"""Before signing: what share of a saving will be credited, and what one more meter would gain. Pure; numpy; litres.

The baseline is asked what it would say of its own last year, some years on; the saving is a stated share of that.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import fmean, stdev

from market.contracts.savings.base import model_of, rows_of, unit_years
from market.contracts.savings.limits import interval, levels, t_offsets
from market.contracts.savings.mixture import Rows, predict
from market.contracts.savings.model import (
    TIER_A,
    TIER_C,
    BadInput,
    Baseline,
    Interval,
    Period,
    Reason,
    litres_of,
    meter_uncertainty,
)
from market.contracts.savings.rules import Rules
from market.contracts.savings.steps import m3

ONE_BP = 10_000


@dataclass(frozen=True, slots=True)
class Metering:
    """A way to measure: an accuracy class in millionths, over a part (basis points) of the boundary's use.

    A sub-meter whose boundary holds the whole project and `share_bp` of the use leaves the rest's scatter outside.
    """

    code: str
    class_e6: int
    share_bp: int = ONE_BP


@dataclass(frozen=True, slots=True)
class Forecast:
    """What one way to measure would credit of the expected saving.

    `water_bp` is the creditable lower bound over the saving, `gain_litres` what more that is than with the first way;
    `money_paid`: the point estimate would be paid at once.
    """

    metering: str
    saving_litres: int
    interval: Interval | None
    money_paid: bool
    water_litres: int
    water_bp: int
    gain_litres: int
    reasons: tuple[Reason, ...]


def forecast(
    base: Baseline, saving_bp: int, ways: tuple[Metering, ...], rules: Rules, *, years_on: int = 2
) -> tuple[Forecast, ...]:
    """One forecast for the meters as they are, then one a way. The saving is `saving_bp` of the adjusted baseline.

    Assumed for a sub-meter: all of the saving is within it, and the scatter there is the same share of use. At
    Tier C there are no limits: money only, by the parties' consent to one figure, however it is measured; the saving is
    of the last base year's use. Errors: BadInput.
    """
    if not 0 < saving_bp < ONE_BP:
        raise BadInput("the expected saving lies between nil and all of the use")
    if any(not 0 < each.share_bp <= ONE_BP or each.class_e6 < 0 for each in ways):
        raise BadInput("a meter measures a positive part of the use, and its class is not negative")
    if base.tier == TIER_C:
        return _one_figure(base, saving_bp, ways)
    expected, offsets = (_by_regression if base.tier == TIER_A else _by_unit)(base, rules, years_on)
    saving = expected * saving_bp / ONE_BP
    own = meter_uncertainty(base.base.meters, base.base.meter_litres)
    cases = [("as_is", own, 1.0)]
    cases += [(each.code, each.class_e6 / 1e6 / math.sqrt(3), each.share_bp / ONE_BP) for each in ways]
    result: list[Forecast] = []
    for code, meter, share in cases:
        limits = interval(saving, [share * each for each in offsets], meter * saving, rules)
        half = (limits.high68 - limits.low68) / 2
        water = max(0, limits.lower)
        reasons = base.reasons
        if water == 0:
            reasons = (*reasons, Reason("lower_bound_not_positive", (("litres", m3(limits.lower)),)))
        result.append(
            Forecast(
                code, litres_of(saving), limits, half <= rules.money_half_width_most * saving, water,
                litres_of(water / saving * ONE_BP), water - (result[0].water_litres if result else water), reasons,
            )
        )  # fmt: skip
    return tuple(result)


def _one_figure(base: Baseline, saving_bp: int, ways: tuple[Metering, ...]) -> tuple[Forecast, ...]:
    saving = litres_of(sum(each.litres for each in _last_year(base)) * saving_bp / ONE_BP)
    reasons = (*base.reasons, Reason("one_figure"), Reason("no_single_consent"), Reason("tier_c"))
    codes = ("as_is", *(each.code for each in ways))
    return tuple(Forecast(code, saving, None, False, 0, 0, 0, reasons) for code in codes)


def _last_year(base: Baseline) -> tuple[Period, ...]:
    last = max(map(base.base.year_of, base.base.periods))
    return tuple(each for each in base.base.periods if base.base.year_of(each) == last)


def _by_regression(base: Baseline, rules: Rules, years_on: int) -> tuple[float, list[float]]:
    """The model's use in a year like the last base year, and the offsets of its quantiles."""
    fitted = model_of(base.base, base.chosen)
    rows = rows_of(base.base, base.chosen, _last_year(base))
    found = predict(fitted, Rows(rows.x, rows.t + 12 * years_on, rows.year + years_on))
    return found.expected, [each - found.expected for each in found.quantiles(levels(rules))]


def _by_unit(base: Baseline, rules: Rules, _years_on: int) -> tuple[float, list[float]]:
    """The same by use per unit."""
    years = unit_years(base.base, base.base.season)
    q = [litres / units for litres, units in years.values()]
    units = years[max(years)][1]
    spread = stdev(q) * units * math.sqrt(1 + 1 / len(q))
    return fmean(q) * units, t_offsets(spread, len(q) - 1, rules)
