"""The water year's arithmetic as tables."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from market.registry import season

LITRES = st.integers(0, 10**15)


@pytest.mark.parametrize(
    ("remained", "owed", "most", "evaporation_e6", "what"),
    [
        # Victoria (vectors/markets.json): 100 per cent kept, 5 per cent off
        (100_000, 0, 100_000, 50_000, season.Carried(0, 95_000, 5_000, 0)),
        (150_000, 0, 100_000, 50_000, season.Carried(0, 95_000, 5_000, 50_000)),
        (1, 0, 100, 50_000, season.Carried(0, 0, 1, 0)),  # the deduction is rounded up
        (30, 50, 100, 50_000, season.Carried(30, 0, 0, 0)),  # what is owed comes first
        (80, 50, 0, 0, season.Carried(50, 0, 0, 30)),
        (80, 0, -5, 0, season.Carried(0, 0, 0, 80)),
    ],
)
def test_what_becomes_of_what_is_left(
    remained: int, owed: int, most: int, evaporation_e6: int, what: season.Carried
) -> None:
    assert season.carry(remained, owed, most, evaporation_e6=evaporation_e6) == what


@given(remained=LITRES, owed=LITRES, most=LITRES, evaporation_e6=st.integers(0, 1_000_000))
def test_nothing_is_lost_and_nothing_made(remained: int, owed: int, most: int, evaporation_e6: int) -> None:
    what = season.carry(remained, owed, most, evaporation_e6=evaporation_e6)
    parts = (what.repaid_litres, what.carried_litres, what.evaporated_litres, what.expired_litres)
    assert sum(parts) == remained
    assert min(parts) >= 0
    assert what.carried_litres + what.evaporated_litres <= most


@pytest.mark.parametrize(
    ("carried", "allocated", "right", "spillable"),
    [
        (38, 80, 100, 18),
        (38, 0, 100, 0),
        (38, 62, 100, 0),
        (38, 63, 100, 1),
        (38, 500, 100, 38),
        (38, 0, 0, 38),
    ],
)
def test_what_passes_the_right_may_spill(carried: int, allocated: int, right: int, spillable: int) -> None:
    assert season.spillable(carried, allocated, right) == spillable


def test_a_cut_that_nothing_can_meet_is_missing() -> None:
    found = season.curtail([(1, 50)], [season.Reachable(7, 1, 30, frozenset({1}))])
    assert (found.taken, found.missing) == ({7: 30}, {1: 20})


@given(
    litres=st.lists(st.tuples(st.integers(0, 10**12), st.integers(1, 9)), max_size=12),
    needed=st.integers(0, 10**13),
)
def test_the_last_class_gives_first_and_nobody_more_than_it_has(
    litres: list[tuple[int, int]], needed: int
) -> None:
    holders = [
        season.Reachable(n, priority, each, frozenset({1})) for n, (each, priority) in enumerate(litres)
    ]
    found = season.curtail([(1, needed)], holders)
    assert sum(found.taken.values()) + found.missing[1] == needed
    left = {each.account_id: each.litres - found.taken.get(each.account_id, 0) for each in holders}
    assert all(each >= 0 for each in left.values())
    cut = [each.priority for each in holders if found.taken.get(each.account_id)]
    for each in holders:
        if cut and each.priority > min(cut):
            assert left[each.account_id] == 0
