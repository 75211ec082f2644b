"""The baseline: is the base period one, which model, and on which rung of the ladder (SAVINGS section 2). Pure.

A: a regression that passes its gates. B: the unit method, from two base years on. C: one figure, for money only.
"""

from __future__ import annotations

import datetime as dt

import numpy as np

from market.contracts.canonical import fingerprint
from market.contracts.savings.mixture import Fit, Rows, fit
from market.contracts.savings.model import (
    KINDS,
    ROUND,
    TIER_A,
    TIER_B,
    TIER_C,
    BadInput,
    BaseInput,
    Baseline,
    LeftOut,
    Period,
    Reason,
)
from market.contracts.savings.rules import Rules
from market.contracts.savings.selection import columns_of, gates, matrix, select

LONGEST_WAIT = dt.timedelta(days=366)
SIGNATURES = 2


def baseline(base: BaseInput, rules: Rules) -> Baseline:
    """The baseline of an input, the same one every time.

    Errors: BadInput where the base period breaks a rule and no departure from it is signed by both sides.
    """
    departed = {each.what for each in base.departures if _is_signed(each)}
    broken = [each for each in departures_needed(base, rules) if each.code not in departed]
    if broken:
        raise BadInput(f"the base period: {', '.join(each.code for each in broken)}")
    chosen = select(base, rules)
    found = None
    reasons: tuple[Reason, ...] = ()
    rho = tau = 0.0
    if chosen is None:
        reasons = (Reason("no_model"),)
    else:
        found = gates(chosen, columns_of(base, chosen.drivers)[1], rules)
        reasons = found.failed
        model = model_of(base, chosen.drivers)
        rho, tau = model.mean_of(model.rho).item(), model.mean_of(model.tau).item()
    tier = TIER_A
    if reasons:
        tier, more = ladder(base, rules)
        reasons = reasons + more
    return Baseline(
        base=base,
        intercept=KINDS[base.kind].intercept,
        chosen=() if chosen is None else chosen.drivers,
        beta=() if chosen is None else tuple(round(each, ROUND) for each in chosen.fit.beta.tolist()),
        bic=0.0 if chosen is None else round(chosen.bic, ROUND),
        candidates=0 if chosen is None else chosen.candidates,
        gates=found,
        tier=tier,
        reasons=reasons,
        rho=round(rho, ROUND),
        tau=round(tau, ROUND),
        inputs_sha256=fingerprint([base, rules]),
    )


def _is_signed(departure: LeftOut) -> bool:
    return bool(departure.reason) and len(set(departure.signed_by)) >= SIGNATURES


def departures_needed(base: BaseInput, rules: Rules) -> tuple[Reason, ...]:
    """What the base period is not that it should be: whole years, one to three, the latest before works, complete.

    Each is excused by a departure of the same name, with its reason and both signatures.
    """
    found = []
    whole = (base.starts.month, base.starts.day) == (base.ends.month, base.ends.day)
    if not whole or not rules.base_years_least <= base.years <= rules.base_years_most:
        found.append(Reason("base_not_whole_years", (("years", str(base.years)),)))
    if base.works_start - base.ends > LONGEST_WAIT:
        found.append(Reason("base_not_latest", (("ends", base.ends.isoformat()),)))
    share = completeness(base)
    if share < rules.complete_least:
        found.append(
            Reason("base_incomplete", (("share", f"{share:.3f}"), ("least", f"{rules.complete_least:.2f}")))
        )
    if any(each.starts.month not in base.season for each in base.periods):
        found.append(Reason("base_outside_season"))
    return tuple(found)


def completeness(base: BaseInput) -> float:
    """The part of the season's days in the base period that was measured."""
    days = (base.starts + dt.timedelta(days=each) for each in range((base.ends - base.starts).days))
    due = sum(day.month in base.season for day in days)
    measured = sum((each.ends - each.starts).days * each.measured for each in base.periods)
    return min(1.0, measured / due) if due else 0.0


def ladder(base: BaseInput, rules: Rules) -> tuple[str, tuple[Reason, ...]]:
    """The rung below a regression: B with a unit and two whole years, else C, with why."""
    if base.unit is None:
        return TIER_C, (Reason("no_unit"),)
    whole = unit_years(base, tuple(each.starts.month for each in base.periods))
    if len(whole) < rules.unit_years_least:
        return TIER_C, (
            Reason("too_few_years", (("years", str(len(whole))), ("least", str(rules.unit_years_least)))),
        )
    return TIER_B, ()


def unit_years(base: BaseInput, months: tuple[int, ...]) -> dict[int, tuple[int, float]]:
    """(litres, units) of each base year, over its periods in these months; years without units are left out."""
    if base.unit is None:
        return {}
    sums: dict[int, tuple[int, float]] = {}
    for each in base.periods:
        if each.starts.month in months:
            litres, units = sums.get(base.year_of(each), (0, 0.0))
            sums[base.year_of(each)] = (litres + each.litres, units + each.drivers[base.unit])
    return {year: each for year, each in sorted(sums.items()) if each[1] > 0}


def rows_of(base: BaseInput, chosen: tuple[int, ...], periods: tuple[Period, ...]) -> Rows:
    """Periods as the arrays of a model, time and year counted as in the base period."""
    return Rows(
        matrix(
            base,
            chosen,
            tuple(each.drivers for each in periods),
            np.array([each.measured for each in periods]),
        ),
        np.array([each.month for each in periods]),
        np.array([base.year_of(each) for each in periods], np.float64),
    )


def model_of(base: BaseInput, chosen: tuple[int, ...]) -> Fit:
    """The mixture model of a selection, fitted on the base period. Deterministic: it need not be stored."""
    _, y = columns_of(base, chosen)
    years = len({base.year_of(each) for each in base.periods})
    return fit(rows_of(base, chosen, base.periods), y, KINDS[base.kind].proportional, max(1, years))
