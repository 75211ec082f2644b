"""Periods of the legal calendar and prices of many trades as one."""

from __future__ import annotations

import datetime as dt

import pytest

from market.trading.candles import Candle, count, divided, next_start, start_of, starts, unit_price, whole


@pytest.mark.parametrize(
    ("dividend", "divisor", "nearest"),
    [(10, 4, 2), (11, 4, 3), (14, 4, 4), (6, 4, 2), (9, 4, 2), (5, 2, 2), (7, 2, 4), (0, 3, 0)],
)
def test_a_quotient_is_rounded_to_the_nearest_and_halves_to_even(
    dividend: int, divisor: int, nearest: int
) -> None:
    assert divided(dividend, divisor) == nearest


def test_a_volume_weighted_price_is_value_over_litres_and_no_average_of_prices() -> None:
    # 1 m3 at 0.3000 and 3 m3 at 0.5000: (0.3 + 1.5) / 4 = 0.4500, not 0.4000
    assert unit_price(1_000 * 3_000 + 3_000 * 5_000, 4_000) == 4_500


def test_a_candle_knows_its_volume_weighted_price() -> None:
    opens_at = dt.datetime(2026, 5, 1, tzinfo=dt.UTC)
    # 2 m3 at 0.3001 and 1 m3 at 0.3000: 0.30006666... -> 0.3001
    candle = Candle(opens_at, 3_001, 3_001, 3_000, 3_000, 3_000, 2_000 * 3_001 + 1_000 * 3_000, 2)
    assert candle.average_e4 == 3_001


@pytest.mark.parametrize(
    ("period", "start", "following"),
    [
        ("day", (2026, 8, 6), (2026, 8, 7)),
        ("week", (2026, 8, 3), (2026, 8, 10)),
        ("month", (2026, 8, 1), (2026, 9, 1)),
        ("quarter", (2026, 7, 1), (2026, 10, 1)),
        ("year", (2026, 1, 1), (2027, 1, 1)),
    ],
)
def test_periods_begin_where_the_calendar_says(
    period: str, start: tuple[int, int, int], following: tuple[int, int, int]
) -> None:
    found = start_of(dt.date(2026, 8, 6), period)
    assert (found, next_start(found, period)) == (dt.date(*start), dt.date(*following))


def test_december_is_followed_by_january() -> None:
    assert next_start(dt.date(2026, 12, 1), "month") == dt.date(2027, 1, 1)
    assert next_start(dt.date(2026, 10, 1), "quarter") == dt.date(2027, 1, 1)


@pytest.mark.parametrize("period", ["day", "week", "month", "quarter", "year"])
def test_there_are_never_more_periods_than_were_counted(period: str) -> None:
    first = dt.date(2025, 11, 15)
    for days in range(0, 900, 7):
        last = first + dt.timedelta(days=days)
        assert len(list(starts(first, last, period))) <= count(first, last, period)


def test_minutes_and_hours_are_counted_by_the_day() -> None:
    day = dt.date(2026, 8, 6)
    assert (count(day, day, "minute"), count(day, day, "hour")) == (1_440, 24)
    assert count(day, day - dt.timedelta(days=1), "minute") == 0


@pytest.mark.parametrize(
    ("interval", "days"),
    [
        ("hour", ((8, 6), (9, 1))),
        ("day", ((8, 6), (9, 1))),
        ("week", ((8, 3), (9, 6))),
        ("month", ((8, 1), (9, 30))),
        ("quarter", ((7, 1), (9, 30))),
    ],
)
def test_no_interval_is_shown_in_part(interval: str, days: tuple[tuple[int, int], tuple[int, int]]) -> None:
    first, last = (dt.date(2026, *day) for day in days)
    assert whole(dt.date(2026, 8, 6), dt.date(2026, 9, 1), interval) == (first, last)
