"""Student's t, its quantiles, and those of a mixture of scaled ones. Pure; numpy.

For whole degrees of freedom the distribution is a finite sum (Abramowitz and Stegun 26.7.3 and 26.7.4); for others the
incomplete beta function by its continued fraction (26.5.8, in Lentz's form). The two check each other in the tests.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from statistics import NormalDist

import numpy as np
import numpy.typing as npt

Reals = npt.NDArray[np.float64]

HALVINGS = 64
"""Of a bracket: its ends are then as close as doubles of that size can be."""
WIDEST = 1e6
"""A quantile lies within so many standard deviations (any level between 0.001 and 0.999, from one degree on)."""


def normal_quantile(level: float) -> float:
    """z with Φ(z) = level."""
    return NormalDist().inv_cdf(level)


def t_cdf_whole(x: Reals, df: int) -> Reals:
    """P(T ≤ x) for whole degrees of freedom, one or more; any shape."""
    theta = np.arctan(x / math.sqrt(df))
    cosine_squared = np.cos(theta) ** 2
    term = np.ones_like(theta)
    total = np.zeros_like(theta)
    if df % 2:
        # odd: 2/π·(θ + sin θ·(cos θ + 2/3·cos³ θ + …)), the last with cos^(ν-2)
        term = np.cos(theta)
        for power in range(1, df - 1, 2):
            total = total + term
            term = term * cosine_squared * (power + 1) / (power + 2)
        between = 2 / math.pi * (theta + np.sin(theta) * total)
    else:
        # even: sin θ·(1 + 1/2·cos² θ + 1·3/(2·4)·cos⁴ θ + …), the last with cos^(ν-2)
        for power in range(0, df - 1, 2):
            total = total + term
            term = term * cosine_squared * (power + 1) / (power + 2)
        between = np.sin(theta) * total
    found: Reals = 0.5 + between / 2
    return found


def _continued_fraction(a: float, b: float, x: float) -> float:
    tiny = 1e-300
    c, d = 1.0, 1.0 - (a + b) * x / (a + 1)
    d = 1 / (d if abs(d) > tiny else tiny)
    value = d
    for m in range(1, 500):
        for factor in (
            m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m)),
            -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1)),
        ):
            d = 1 + factor * d
            d = 1 / (d if abs(d) > tiny else tiny)
            c = 1 + factor / c
            c = c if abs(c) > tiny else tiny
            change = c * d
            value *= change
        if abs(change - 1) < 1e-15:
            break
    return value


def _incomplete_beta(a: float, b: float, x: float) -> float:
    """I_x(a, b), 0 ≤ x ≤ 1."""
    if x <= 0 or x >= 1:
        return 0.0 if x <= 0 else 1.0
    log_front = math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(x) + b * math.log1p(-x)
    front = math.exp(log_front)
    if x < (a + 1) / (a + b + 2):
        return front * _continued_fraction(a, b, x) / a
    return 1 - front * _continued_fraction(b, a, 1 - x) / b


def t_cdf(x: float, df: float) -> float:
    """P(T ≤ x) for any positive degrees of freedom; near the middle from there, further out from the tail."""
    if x * x < df:
        between = _incomplete_beta(0.5, df / 2, x * x / (df + x * x))
        return 0.5 + math.copysign(between / 2, x)
    tail = _incomplete_beta(df / 2, 0.5, df / (df + x * x)) / 2
    return tail if x < 0 else 1 - tail


def t_quantile(level: float, df: float) -> float:
    """x with P(T ≤ x) = level, by bisection."""
    if level < 0.5:
        return -t_quantile(1 - level, df)
    return _bisect(lambda x: t_cdf(x, df) < level, 0.0, WIDEST)


def _bisect(below: Callable[[float], bool], low: float, high: float) -> float:
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        if below(middle):
            low = middle
        else:
            high = middle
    return (low + high) / 2


def mixture_quantiles(weights: Reals, means: Reals, sds: Reals, df: int, levels: Reals) -> Reals:
    """Quantiles, one a level, of the mixture Σ w·(mean + sd·t_df), by bisection of all levels at once.

    `weights` add up to 1; the arrays are of one length, `df` is whole.
    """
    reach = np.abs(normal_quantile(0.999)) * 400 if df < 3 else 60.0
    low = np.full(len(levels), (means - reach * sds).min())
    high = np.full(len(levels), (means + reach * sds).max())
    scales = np.maximum(sds, 1e-12)
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        below = t_cdf_whole((middle[:, None] - means) / scales, df) @ weights < levels
        low = np.where(below, middle, low)
        high = np.where(below, high, middle)
    found: Reals = (low + high) / 2
    return found
