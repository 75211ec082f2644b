"""Use, over-use and fee of a reading, with published figures."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ledger.units import parse_litres, parse_price_e4
from market.metering.usage import difference, fee, split


def test_the_manas_household_pays_244_78_yuan() -> None:
    """vectors/households.json: 3 179 m3 at 0.077 yuan."""
    assert fee(0, 0, parse_litres("3179"), parse_price_e4("0.077")) == 24_478


def test_the_zepu_household_pays_1754_42_yuan() -> None:
    """county.json, tariffs, Zepu 2023: 12 372.5 m3 at 0.1418 yuan."""
    assert fee(0, 0, parse_litres("12372.5"), parse_price_e4("0.1418")) == 175_442


def test_a_counter_that_went_back_has_no_use() -> None:
    assert difference(100, 250) == 150
    assert difference(100, 100) == 0
    assert difference(100, 99) is None


def test_what_the_account_lacks_is_over_use() -> None:
    assert split(100, 60) == (60, 40)
    assert split(60, 100) == (60, 0)
    assert split(5, -3) == (0, 5)


@given(st.lists(st.tuples(st.integers(0, 10**12), st.integers(0, 10**5)), max_size=30))
def test_many_small_readings_cost_to_the_fen_what_one_would(readings: list[tuple[int, int]]) -> None:
    value = charged = 0
    for use, price_e4 in readings:
        due = fee(value, charged, use, price_e4)
        assert due >= 0
        value, charged = value + use * price_e4, charged + due
    assert charged == fee(0, 0, value, 1)
