"""What a programme takes of each seller: all, or pro rata to the lot, and never beyond either side's word."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from market.trading.allotment import allot


@pytest.mark.parametrize(
    ("litres", "minimum", "maximum", "lot", "taken"),
    [
        ([3_000, 2_000], 5_000, 9_000, 1_000, [3_000, 2_000]),
        ([3_000, 1_999], 5_000, 9_000, 1, None),
        ([], 1, 9_000, 1, None),
        ([6_000, 3_000], 5_000, 6_000, 1_000, [4_000, 2_000]),
        ([5_000, 5_000, 5_000], 1_000, 10_000, 1_000, [4_000, 3_000, 3_000]),
        ([9_000, 1_000], 1_000, 1_000, 1_000, [1_000, 0]),
        ([7, 7, 7], 1, 10, 1, [4, 3, 3]),
    ],
)
def test_shares(litres: list[int], minimum: int, maximum: int, lot: int, taken: list[int] | None) -> None:
    assert allot(litres, minimum, maximum, lot) == taken


@given(
    lots=st.lists(st.integers(1, 10**6), min_size=1, max_size=60),
    maximum=st.integers(1, 10**7),
    lot=st.sampled_from((1, 10, 1_000)),
)
def test_the_maximum_is_filled_and_nobody_gives_more_than_was_subscribed(
    lots: list[int], maximum: int, lot: int
) -> None:
    litres = [each * lot for each in lots]
    taken = allot(litres, lot, maximum * lot, lot)
    assert taken is not None
    assert sum(taken) == min(sum(litres), maximum * lot)
    assert all(part % lot == 0 and part <= most for part, most in zip(taken, litres, strict=True))
