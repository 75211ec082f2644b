"""The terms of a lease: what a short year gives, when the turn comes, which part of a right a lease goes with."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from market.registry import lease_terms
from market.registry.lease_terms import LESSEE_FIRST, PRO_RATA, Claim, dues

CLAIMS = st.lists(
    st.builds(Claim, st.integers(1, 10**6), st.sampled_from((PRO_RATA, LESSEE_FIRST))), max_size=6
)


@given(CLAIMS, st.integers(0, 10**6), st.integers(0, 10**6))
def test_nobody_is_given_more_than_its_lease_nor_all_more_than_was_received(
    claims: list[Claim], spare: int, short: int
) -> None:
    right = sum(each.litres for each in claims) + spare
    received = max(0, right - short)
    given_litres = dues(received, right, claims)
    assert all(0 <= litres <= claim.litres for litres, claim in zip(given_litres, claims, strict=True))
    assert sum(given_litres) <= received


@given(CLAIMS, st.integers(0, 10**6))
def test_a_full_year_gives_every_lease_whole(claims: list[Claim], spare: int) -> None:
    right = sum(each.litres for each in claims) + spare
    assert dues(right, right, claims) == [each.litres for each in claims]


@given(st.integers(1, 10**6), st.integers(0, 10**6), st.integers(0, 10**6), st.integers(1, 10**6))
def test_pro_rata_is_the_share_rounded_down_and_grows_with_the_year(
    litres: int, spare: int, received: int, more: int
) -> None:
    right = litres + spare
    received = min(received, right)
    [first] = dues(received, right, [Claim(litres, PRO_RATA)])
    [second] = dues(min(right, received + more), right, [Claim(litres, PRO_RATA)])
    assert first == litres * received // right <= second


@pytest.mark.parametrize(("received", "right"), [(11, 10), (-1, 10), (5, 4)])
def test_what_a_right_is_not_is_not_given(received: int, right: int) -> None:
    with pytest.raises(ValueError, match="neither receives nor leases"):
        dues(received, right, [Claim(5, PRO_RATA)])


@pytest.mark.parametrize(
    ("starts_on", "month", "day"),
    [
        (dt.date(2026, 1, 1), 1, dt.date(2026, 1, 1)),
        (dt.date(2026, 1, 1), 4, dt.date(2026, 4, 1)),
        (dt.date(2026, 10, 15), 10, dt.date(2026, 10, 15)),
        (dt.date(2026, 10, 15), 11, dt.date(2026, 11, 1)),
        (dt.date(2026, 10, 15), 3, dt.date(2027, 3, 1)),
    ],
)
def test_the_turn_comes_on_the_first_of_its_month_within_the_year(
    starts_on: dt.date, month: int, day: dt.date
) -> None:
    assert lease_terms.turn_day(starts_on, month) == day


def test_a_lease_ends_with_the_last_day_of_its_last_year() -> None:
    assert lease_terms.last_day(dt.date(2026, 12, 31), 1) == dt.date(2026, 12, 31)
    assert lease_terms.last_day(dt.date(2026, 12, 31), 20) == dt.date(2045, 12, 31)
    assert lease_terms.last_day(dt.date(2028, 2, 29), 2) == dt.date(2029, 2, 28)


@pytest.mark.parametrize(
    ("parts", "leased", "first", "found"),
    [
        ([100, 300], [40], 0, [0]),
        ([100, 300], [40], 1, [1]),
        ([100, 300], [200, 80, 120], 0, [1, 0, None]),
        ([100, 300], [301], 0, None),
        ([400], [100, 300], 0, [0, 0]),
        ([100, 300], [], 0, []),
    ],
)
def test_a_lease_goes_whole_with_the_first_part_that_has_room(
    parts: list[int], leased: list[int], first: int, found: list[int | None] | None
) -> None:
    expected = None if found is not None and None in found else found
    assert lease_terms.places_of(parts, leased, first) == expected


def test_what_is_pledged_or_let_leaves_the_rest() -> None:
    assert (lease_terms.room(400, 100, 250), lease_terms.room(400, 300, 250)) == (50, 0)
