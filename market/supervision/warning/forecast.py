"""What a year's use will come to, from what was read so far. Pure, in whole litres.

A water year is a row of months, the first the month of its first day. What was read up to an instant (`elapsed_e6`, the
share of the year that is over, in millionths) goes on in one of three ways, the first that its data allow:

seasonal   two past years or more had used at least 5 per cent of theirs by this time: the use so far divided by the
           share that they had used together. The band is from the largest to the smallest share of one of them.
past_mean  there are two past years or more, but by this time they had used less: their mean; the band is from the least
           to the most of them. It is never below the use so far.
linear     less is known: the rate so far goes on. The band is twice the standard error of a sum of further months as
           the months so far vary; with fewer than two whole months, from nothing more to twice the rate.

Before a twelfth of the year has passed a linear forecast says nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import isqrt

SEASONAL, PAST_MEAN, LINEAR = METHODS = ("seasonal", "past_mean", "linear")
ONE = 1_000_000
LEAST_SHARE_E6 = 50_000
LEAST_YEARS = 2
A_MONTH_E6 = ONE // 12


@dataclass(frozen=True, slots=True)
class Forecast:
    """Litres at the year's end, how they were found, and the band that they are within as the method says."""

    litres: int
    low_litres: int
    high_litres: int
    method: str


def forecast(
    *, used_litres: int, months: Sequence[int], elapsed_e6: int, past: Sequence[Sequence[int]] = ()
) -> Forecast | None:
    """The use at the year's end; None where it is too early to say.

    `months` are this year's litres by month up to now, `past` those of earlier whole years. ValueError: `elapsed_e6`
    is no share, or the use is negative.
    """
    if not 0 <= elapsed_e6 <= ONE or used_litres < 0:
        raise ValueError("a share of the year and a use that is not negative")
    if elapsed_e6 == ONE:
        return Forecast(used_litres, used_litres, used_litres, LINEAR)
    known = [each for each in past if sum(each) > 0]
    if len(known) >= LEAST_YEARS:
        return _by_years(used_litres, elapsed_e6, known)
    if elapsed_e6 < A_MONTH_E6:
        return None
    return _linear(used_litres, months, elapsed_e6)


def until(months: Sequence[int], elapsed_e6: int) -> int:
    """What a whole year's months had come to after this share of it; within a month evenly."""
    whole, rest = divmod(elapsed_e6 * len(months), ONE)
    part = months[whole] * rest // ONE if whole < len(months) else 0
    return sum(months[:whole]) + part


def _by_years(used: int, elapsed_e6: int, past: Sequence[Sequence[int]]) -> Forecast:
    so_far = [until(each, elapsed_e6) for each in past]
    totals = [sum(each) for each in past]
    shares = [part * ONE // whole for part, whole in zip(so_far, totals, strict=True)]
    if min(shares) < LEAST_SHARE_E6:
        found = (sum(totals) // len(totals), min(totals), max(totals))
        mean, low, high = (max(used, each) for each in found)
        return Forecast(mean, low, high, PAST_MEAN)
    point = _divided(used * sum(totals), sum(so_far))
    return Forecast(
        max(used, point), max(used, _divided(used * ONE, max(shares))), _divided(used * ONE, min(shares)), SEASONAL
    )  # fmt: skip


def _linear(used: int, months: Sequence[int], elapsed_e6: int) -> Forecast:
    point = _divided(used * ONE, elapsed_e6)
    more = point - used
    whole = elapsed_e6 * 12 // ONE
    seen = list(months[:whole])
    half = more if len(seen) < LEAST_YEARS else _half_width(seen, elapsed_e6)
    return Forecast(point, max(used, point - half), point + half, LINEAR)


def _half_width(seen: Sequence[int], elapsed_e6: int) -> int:
    """Twice the standard error of the months to come: they vary as those seen do, about a mean that n of them gave.

    variance = s² · (r + r²/n), r the months to come (in twelfths of a year, millionths), n those seen.
    """
    n, total = len(seen), sum(seen)
    squares = sum((n * each - total) ** 2 for each in seen)  # n² times the sum of squared deviations
    r = 12 * (ONE - elapsed_e6)
    spread = squares * (r * n * ONE + r * r)
    return 2 * isqrt(spread // (n * n * (n - 1) * n * ONE * ONE))


def _divided(number: int, by: int) -> int:
    """Rounded half up: a forecast is not booked."""
    return (2 * number + by) // (2 * by)
