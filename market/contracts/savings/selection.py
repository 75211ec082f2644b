"""Which of the signed drivers a baseline keeps: of all subsets the lowest BIC wins (SAVINGS section 2). Pure."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from market.contracts.savings.mixture import Weighted, weighted
from market.contracts.savings.model import KINDS, BaseInput, Gates, Reason
from market.contracts.savings.rules import Rules
from market.contracts.savings.student import Reals

TIE = 1e-9
LEAST_ERROR = 1e-24


@dataclass(frozen=True, slots=True, eq=False)
class Chosen:
    """The selected model: driver numbers, its fit, its BIC, and how many subsets were tried."""

    drivers: tuple[int, ...]
    fit: Weighted
    bic: float
    candidates: int


def matrix(
    base: BaseInput, chosen: tuple[int, ...], rows: tuple[tuple[float, ...], ...], measured: Reals
) -> Reals:
    """The columns of a model: where it has an intercept, the measured part of each period; then the chosen drivers."""
    columns = [np.array([row[each] for row in rows], dtype=np.float64) for each in chosen]
    if KINDS[base.kind].intercept:
        columns.insert(0, measured)
    return np.column_stack(columns)


def columns_of(base: BaseInput, chosen: tuple[int, ...]) -> tuple[Reals, Reals]:
    """(X, y) of the base period."""
    rows = tuple(each.drivers for each in base.periods)
    measured = np.array([each.measured for each in base.periods])
    return matrix(base, chosen, rows, measured), np.array([each.litres for each in base.periods], np.float64)


def select(base: BaseInput, rules: Rules) -> Chosen | None:
    """The admissible subset of lowest BIC; of equal ones that with fewer drivers, then of lower numbers. None: none is.

    Admissible: signs as signed, every |t| at least two, at most one parameter a sixth of the periods. The intercept
    is tested for neither; without drivers there is a model only where the kind has an intercept.
    """
    intercept = int(KINDS[base.kind].intercept)
    n, best, tried = len(base.periods), None, 0
    for size in range(len(base.drivers) + 1):
        p = size + intercept
        if p == 0 or p * rules.periods_a_parameter > n or p >= n:
            continue
        for drivers in combinations(range(len(base.drivers)), size):
            tried += 1
            x, y = columns_of(base, drivers)
            try:
                found = weighted(x, y, KINDS[base.kind].proportional)
            except np.linalg.LinAlgError:
                continue
            if not _admissible(base, drivers, found, n - p, rules):
                continue
            bic = _bic(found, n, p)
            if best is None or bic < best[0] - TIE:
                best = (bic, drivers, found)
    return None if best is None else Chosen(best[1], best[2], best[0], tried)


def _scaled_error(found: Weighted) -> float:
    error: float = ((found.residuals / found.scale) ** 2).sum().item()
    return max(error, LEAST_ERROR)


def _admissible(base: BaseInput, drivers: tuple[int, ...], found: Weighted, df: int, rules: Rules) -> bool:
    offset = int(KINDS[base.kind].intercept)
    variance = _scaled_error(found) / df
    for place, driver in enumerate(drivers):
        beta = found.beta[offset + place].item()
        error = math.sqrt(max(variance * found.inverse[offset + place, offset + place].item(), 0.0))
        if base.drivers[driver].sign * beta < 0 or not abs(beta) >= rules.t_least * error:
            return False
    return bool(np.isfinite(found.beta).all())


def _bic(found: Weighted, n: int, p: int) -> float:
    """-2 ln L + p ln n of normal errors with the scale m: n ln(Σ(e/m)²/n) + 2 Σ ln m + p ln n (constants left out)."""
    error = _scaled_error(found) / n
    logarithms: float = np.log(found.scale).sum().item()
    return n * math.log(error) + 2 * logarithms + p * math.log(n)


def gates(chosen: Chosen, y: Reals, rules: Rules) -> Gates:
    """CV(RMSE), NMBE and R² of the fit, and which gates it fails (SAVINGS section 2)."""
    n, p = len(y), len(chosen.fit.beta)
    mean, e = y.mean().item(), chosen.fit.residuals
    error = (e**2).sum().item()
    spread = ((y - mean) ** 2).sum().item()
    cv = math.sqrt(error / (n - p)) / mean if mean > 0 else math.inf
    nmbe = e.sum().item() / (n - p) / mean if mean > 0 else math.inf
    r2 = 1 - error / spread if spread > 0 else 1.0
    failed = []
    if not cv <= rules.cv_most:
        failed.append(Reason("cv_too_large", (("cv", f"{cv:.4f}"), ("most", f"{rules.cv_most:.2f}"))))
    if not abs(nmbe) <= rules.nmbe_most:
        failed.append(Reason("bias_too_large", (("nmbe", f"{nmbe:.4f}"), ("most", f"{rules.nmbe_most:.2f}"))))
    if n - p < rules.df_least:
        failed.append(Reason("too_few_periods", (("df", str(n - p)), ("least", str(rules.df_least)))))
    if r2 < rules.r2_least and cv > rules.r2_waived_below_cv:
        failed.append(Reason("r2_too_small", (("r2", f"{r2:.4f}"), ("least", f"{rules.r2_least:.2f}"))))
    return Gates(cv, nmbe, r2, n - p, tuple(failed))
