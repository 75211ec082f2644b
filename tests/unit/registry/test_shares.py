"""A share of a class is exact to the litre and never more than an entitlement has room for."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from market.registry.shares import announced_total, split_within


def test_the_total_is_the_share_of_the_sum_rounded_down() -> None:
    assert announced_total([3, 3], 500_000) == 3
    assert announced_total([4_180_000, 1], 333_333) == 1_393_332


def test_the_litre_left_over_goes_to_the_largest_remainder() -> None:
    assert split_within(10, [1, 1, 2], [9, 9, 9]) == [3, 2, 5]


def test_two_halves_of_three_litres_are_never_four() -> None:
    first = split_within(3, [3, 3], [3, 3])
    second = split_within(3, [3, 3], [3 - each for each in first])
    assert [a + b for a, b in zip(first, second, strict=True)] == [3, 3]


@given(
    st.lists(st.tuples(st.integers(1, 10**12), st.integers(0, 10**6)), min_size=1, max_size=20),
    st.integers(0, 10**6),
)
def test_a_split_sums_to_the_total_and_respects_every_room(
    rights: list[tuple[int, int]], share_e6: int
) -> None:
    volumes = [volume for volume, _ in rights]
    rooms = [volume * left // 10**6 for volume, left in rights]
    total = announced_total(volumes, share_e6)
    parts = split_within(total, volumes, rooms)
    assert sum(parts) == min(total, sum(rooms))
    assert all(0 <= part <= room for part, room in zip(parts, rooms, strict=True))
