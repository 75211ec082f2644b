"""What a negotiated deal moves is what the engine will move; how long its water may be used."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from market.trading import lanes
from market.trading.lanes import Quantities

YEAR = (dt.date(2026, 1, 1), dt.date(2026, 12, 31))


@pytest.mark.parametrize(
    ("volume", "price", "at", "k", "found"),
    [
        (10_000, 3_333, "sell", 970, Quantities(10_000, 9_700, 333)),
        (10_000, 3_000, "buy", 970, Quantities(10_310, 10_000, 300)),
        (1, 3_000, "sell", 970, Quantities(0, 0, 0)),
        (1_001, 5_000, "sell", 900, Quantities(1_000, 900, 50)),
    ],
)
def test_quantities(volume: int, price: int, at: str, k: int, found: Quantities) -> None:
    assert lanes.quantities(volume, price, at, k) == found


@given(st.integers(1, 10**9), st.integers(1, 10**6), st.integers(1, 1000), st.sampled_from(("buy", "sell")))
def test_nothing_costs_more_than_is_held_for_it(volume: int, price: int, k: int, at: str) -> None:
    found = lanes.quantities(volume, price, at, k)
    assert found.amount_fen <= lanes.most_fen(volume, price)
    assert at == "buy" or found.source_litres <= volume


@pytest.mark.parametrize(
    ("today", "starts_on"), [(dt.date(2026, 5, 6), dt.date(2026, 5, 6)), (dt.date(2025, 11, 1), YEAR[0])]
)
def test_water_is_used_from_today_or_from_its_year_on(today: dt.date, starts_on: dt.date) -> None:
    assert lanes.term(today, *YEAR) == (starts_on, YEAR[1])
