"""The model of uncertainty (SAVINGS section 3): correlated errors and an effect of each year, over a grid. Pure; numpy.

y_i = x_i'β + m_i(ε_i + η_year), corr(ε) = ρ^|Δt|, sd(η) = τ·sd(ε); m is 1, or the fitted use where errors are in
proportion to it. For every ρ and τ of the grid generalised least squares gives a prediction with its variance, and the
grid is weighed by the likelihood and a prior on ρ and τ. Rows are periods, columns drivers, t counts months.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from market.contracts.savings.student import Reals, mixture_quantiles

RHOS = tuple(each / 10 for each in range(10))
TAUS = (0.0, 0.25, 0.5, 0.75, 1.0, 1.5, 2.0)
REWEIGHTINGS = 3
LEAST_SCALE = 0.1
"""An error in proportion to use is at least that of a tenth of the mean use."""
LEAST_VARIANCE = 1e-24
"""Of scaled residuals: a perfect fit has a logarithm too."""
NEGLIGIBLE = 1e-12
"""Grid points of less weight change no litre and are left out of the quantiles."""


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """Periods as arrays: `x` (n, p) drivers, `t` months, `year` numbers that are equal within a base year."""

    x: Reals
    t: Reals
    year: Reals


@dataclass(frozen=True, slots=True, eq=False)
class Weighted:
    """Least squares with the scale m: β, residuals y - Xβ (unscaled) and the covariance of β over s²."""

    beta: Reals
    scale: Reals
    residuals: Reals
    inverse: Reals


def scales(fitted: Reals, mean: float, proportional: bool) -> Reals:
    """m of each row: 1, or the fitted value and at least a tenth of the mean."""
    return np.maximum(fitted, LEAST_SCALE * mean) if proportional else np.ones_like(fitted)


def weighted(x: Reals, y: Reals, proportional: bool) -> Weighted:
    """Ordinary least squares, reweighted three times where errors are in proportion. Errors: LinAlgError."""
    units = np.sqrt((x**2).mean(axis=0))
    if (units == 0).any():
        raise np.linalg.LinAlgError("a driver is nil throughout")
    columns = x / units
    mean = np.mean(y).item()
    m = np.ones_like(y)
    for step in range(1 + REWEIGHTINGS * proportional):
        scaled = columns / m[:, None]
        inverse = np.linalg.inv(scaled.T @ scaled)
        beta = inverse @ scaled.T @ (y / m)
        if step < REWEIGHTINGS:
            m = scales(columns @ beta, mean, proportional)
    m = scales(columns @ beta, mean, proportional)
    return Weighted(beta / units, m, y - columns @ beta, inverse / np.outer(units, units))


@dataclass(frozen=True, slots=True, eq=False)
class Fit:
    """The model fitted on the base period at every point of the grid (first axis). `df` is n - p."""

    rows: Rows
    plain: Weighted
    y: Reals
    proportional: bool
    df: int
    rho: Reals
    tau: Reals
    weight: Reals
    v_inverse: Reals
    a: Reals
    beta: Reals
    e: Reals
    variance: Reals

    def mean_of(self, values: Reals) -> Any:
        """The mean of a quantity over the grid, by weight."""
        return np.tensordot(self.weight, values, axes=1)


def _same(one: Reals, other: Reals) -> Reals:
    return np.equal.outer(one, other).astype(np.float64)


def _powers(gaps: Reals) -> Reals:
    """ρ^|Δt| at every point of the grid; nil to the power of nil is one."""
    return np.repeat(np.power(np.array(RHOS)[:, None, None], gaps[None]), len(TAUS), axis=0)


def fit(rows: Rows, y: Reals, proportional: bool, years: int) -> Fit:
    """The grid fitted on `y` (litres, or any unit) over `years` base years. Errors: LinAlgError; n > p is needed."""
    plain = weighted(rows.x, y, proportional)
    n, p = rows.x.shape
    grid = np.array([(rho, tau) for rho in RHOS for tau in TAUS])
    rho, tau = grid[:, 0], grid[:, 1]
    v = _powers(np.abs(np.subtract.outer(rows.t, rows.t)))
    v = v + tau[:, None, None] ** 2 * _same(rows.year, rows.year)
    units = np.sqrt((rows.x**2).mean(axis=0))
    x = rows.x / units / plain.scale[:, None]
    scaled = y / plain.scale
    v_inverse = np.linalg.inv(v).astype(np.float64)
    information = x.T @ v_inverse @ x
    a = np.linalg.inv(information)
    beta = (a @ (x.T @ (v_inverse @ scaled)[..., None]))[..., 0]
    e = scaled - beta @ x.T
    variance = np.maximum(
        np.einsum("gi,gi->g", e, (v_inverse @ e[..., None])[..., 0]) / (n - p), LEAST_VARIANCE
    )
    logarithm = (
        -np.linalg.slogdet(v)[1] / 2 - np.linalg.slogdet(information)[1] / 2
        - (n - p) / 2 * np.log(variance) + np.log(1 - rho) - 3 * tau / years
    )  # fmt: skip
    weight = np.exp(logarithm - logarithm.max())
    return Fit(
        rows=rows, plain=plain, y=y, proportional=proportional, df=n - p, rho=rho, tau=tau,
        weight=weight / weight.sum(), v_inverse=v_inverse, a=a / np.outer(units, units), beta=beta / units,
        e=e, variance=variance,
    )  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False)
class Prediction:
    """What the base model says of the sum over some reporting rows, at every point of the grid.

    `beta` and `correlation` are means over the grid: mean = Σ β·g + correlation. `influence` is what one unit more in
    each base period would change in the mean.
    """

    weight: Reals
    mean: Reals
    sd: Reals
    df: int
    expected: float
    beta: Reals
    sums: Reals
    correlation: float
    influence: Reals

    def quantiles(self, levels: tuple[float, ...]) -> list[float]:
        """Quantiles of the mixture, one a level."""
        kept = self.weight > NEGLIGIBLE
        share = self.weight[kept] / self.weight[kept].sum()
        found = mixture_quantiles(share, self.mean[kept], self.sd[kept], self.df, np.array(levels))
        return [each.item() for each in found]


def predict(fitted: Fit, rows: Rows) -> Prediction:
    """The sum of the reporting rows: μ = g'β + k'V⁻¹e and its variance v, SAVINGS section 3."""
    base = fitted.rows
    m = scales(rows.x @ fitted.plain.beta, fitted.y.mean().item(), fitted.proportional)
    x = base.x / fitted.plain.scale[:, None]
    g = rows.x.sum(axis=0)
    k = (m[:, None] * _powers(np.abs(np.subtract.outer(rows.t, base.t)))).sum(axis=1)
    vk = (fitted.v_inverse @ k[..., None])[..., 0]
    h = g - vk @ x
    correlation = np.einsum("gi,gi->g", vk, fitted.e)
    mean = fitted.beta @ g + correlation
    own = _powers(np.abs(np.subtract.outer(rows.t, rows.t)))
    own = own + fitted.tau[:, None, None] ** 2 * _same(rows.year, rows.year)
    ah = (fitted.a @ h[..., None])[..., 0]
    v = fitted.variance * (
        ((own @ m) @ m) - np.einsum("gi,gi->g", vk, k)
        + np.einsum("gi,gi->g", h, ah)
    )  # fmt: skip
    # d mean / d y = (V⁻¹X̃Ah + V⁻¹k) / m
    influence = ((fitted.v_inverse @ x) @ ah[..., None])[..., 0] + vk
    return Prediction(
        weight=fitted.weight, mean=mean, sd=np.sqrt(np.maximum(v, 0.0)), df=fitted.df,
        expected=(fitted.weight @ mean).item(), beta=fitted.weight @ fitted.beta, sums=g,
        correlation=(fitted.weight @ correlation).item(),
        influence=(fitted.weight @ influence) / fitted.plain.scale,
    )  # fmt: skip
