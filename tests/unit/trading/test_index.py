"""The price index by hand: docs/market-data.md works the same figures."""

from __future__ import annotations

import datetime as dt
from collections.abc import Hashable
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from market.trading.index import (
    BASE_PERIOD,
    CARRIED,
    LINKED,
    RELINKED,
    Item,
    Point,
    Sample,
    chained,
    root_e18,
    squared_link,
)

MONTHS = [dt.date(2026, month, 1) for month in range(3, 9)]


def _sample(items: dict[Hashable, tuple[int, int]], trades: int = 3, pairs: int = 2) -> Sample:
    """Items by (price in 1/10 000 yuan, m3)."""
    made = {name: Item(price * m3 * 1_000, m3 * 1_000) for name, (price, m3) in items.items()}
    return Sample(made, trades, pairs)


def _index(*samples: Sample | None) -> list[Point]:
    periods = MONTHS[: len(samples)]
    return chained({start: each for start, each in zip(periods, samples, strict=True) if each}, periods)


def _shown(points: list[Point]) -> list[tuple[int, str]]:
    return [(point.value_e2, point.state) for point in points]


MARCH = _sample({"farm": (2_000, 100), "park": (4_000, 50)})
APRIL = _sample({"farm": (2_200, 80), "park": (5_000, 70)})


def test_fisher_is_the_mean_of_laspeyres_and_paasche() -> None:
    # Laspeyres (0.22*100 + 0.50*50) / (0.20*100 + 0.40*50) = 47/40; Paasche (17.6 + 35) / (16 + 28) = 263/220
    assert squared_link(MARCH, APRIL, ["farm", "park"]) == Fraction(47, 40) * Fraction(263, 220)
    # sqrt(1.40465909...) = 1.18518314...
    assert _shown(_index(MARCH, APRIL)) == [(100_000, BASE_PERIOD), (118_518, LINKED)]


def test_a_price_that_doubles_doubles_the_index_whatever_the_volumes() -> None:
    doubled = _sample({"farm": (4_000, 7), "park": (8_000, 900)})
    assert _shown(_index(MARCH, doubled))[1] == (200_000, LINKED)


def test_another_mix_at_the_same_prices_moves_nothing() -> None:
    # the volume-weighted price rises from 0.2667 to 0.3800; prices did not
    assert _shown(_index(MARCH, _sample({"farm": (2_000, 10), "park": (4_000, 90)})))[1] == (100_000, LINKED)


def test_there_and_back_ends_where_it_began() -> None:
    assert _shown(_index(MARCH, APRIL, MARCH))[2] == (100_000, LINKED)


def test_a_thin_or_empty_period_carries_the_last_value_and_is_passed_over() -> None:
    thin = _sample({"farm": (90_000, 1)}, trades=2)
    one_pair = _sample({"farm": (90_000, 1)}, trades=9, pairs=1)
    assert _shown(_index(MARCH, thin, one_pair, None, APRIL)) == [
        (100_000, BASE_PERIOD), (100_000, CARRIED), (100_000, CARRIED), (100_000, CARRIED), (118_518, LINKED),
    ]  # fmt: skip


def test_the_base_is_the_first_period_that_is_not_thin() -> None:
    points = _index(_sample({"farm": (1, 1)}, trades=1), None, MARCH, APRIL)
    assert [(point.start.month, point.state) for point in points] == [(5, BASE_PERIOD), (6, LINKED)]


def test_new_items_join_at_the_next_link_and_what_was_not_traded_counts_nothing() -> None:
    may = _sample({"park": (6_000, 70), "town": (9_000, 30)})  # park alone links: 0.60 / 0.50
    june = _sample({"town": (9_900, 10)})  # town alone: 0.99 / 0.90
    points = _index(MARCH, APRIL, may, june)
    # 1185.18314... * 1.2 = 1422.21977...; * 1.1 = 1564.44174...
    assert [point.value_e2 for point in points] == [100_000, 118_518, 142_222, 156_444]
    assert points[2].matched_e4 == 6_087  # 42 of 69 yuan


def test_a_period_without_a_common_item_carries_the_value_and_later_ones_are_linked_to_it() -> None:
    other = _sample({"town": (9_000, 10)})
    later = _sample({"town": (9_900, 10)})
    assert _shown(_index(MARCH, other, later)) == [
        (100_000, BASE_PERIOD), (100_000, RELINKED), (110_000, LINKED),
    ]  # fmt: skip


@given(st.fractions(min_value=Fraction(1, 10**9), max_value=10**9))
def test_a_root_is_the_nearest(square: Fraction) -> None:
    root, scaled = root_e18(square), square * 10**36
    assert (root - Fraction(1, 2)) ** 2 <= scaled <= (root + Fraction(1, 2)) ** 2


def test_the_root_of_a_square_is_exact() -> None:
    assert root_e18(Fraction(9, 4)) == 15 * 10**17
