"""Parts and sums of rights: volume, land and what was received are conserved to the litre, and nobody gets more."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from market.registry.shares import WHOLE_E6
from market.registry.succession import Carried, Received, Right, merge, split

litres = st.integers(1, 10**12)


@st.composite
def rights(draw: st.DrawFn) -> Right:
    volume = draw(litres)
    share = draw(st.integers(1, WHOLE_E6))
    # what an announcement of this share comes to, up to a litre of rounding
    got = min(volume, max(0, volume * share // WHOLE_E6 + draw(st.integers(0, 1))))
    received = {2026: Received(got, share)} if draw(st.booleans()) else {}
    return Right(volume, draw(st.none() | st.integers(0, 10**9)), received)


@given(rights(), st.data())
def test_a_split_conserves_everything_and_no_part_has_more_than_its_volume(
    right: Right, data: st.DataObject
) -> None:
    marks = data.draw(st.sets(st.integers(1, max(1, right.volume_litres - 1)), max_size=8))
    cuts = [0, *sorted(mark for mark in marks if mark < right.volume_litres), right.volume_litres]
    volumes = [after - before for before, after in pairwise(cuts)]
    made = split(right, volumes)
    assert [child.volume_litres for child in made.children] == volumes
    assert sum(link.litres for link in made.links) == right.volume_litres
    if right.land_mu_e2 is not None:
        assert sum(child.land_mu_e2 or 0 for child in made.children) == right.land_mu_e2
    for year, received in right.received.items():
        assert sum(child.received[year].litres for child in made.children) == received.litres
        for child in made.children:
            assert child.received[year].litres <= child.volume_litres
            assert child.received[year].share_e6 == received.share_e6


@given(st.lists(rights(), min_size=2, max_size=8))
def test_a_merger_conserves_everything_and_a_later_share_fits_into_the_room(merging: list[Right]) -> None:
    made = merge(merging)
    [child] = made.children
    assert child.volume_litres == sum(right.volume_litres for right in merging)
    got = child.received.get(2026, Received(0, 0))
    assert got.litres == sum(right.received.get(2026, Received(0, 0)).litres for right in merging)
    shares = [right.received.get(2026, Received(0, 0)).share_e6 for right in merging]
    # never above the largest: a class is not bound by its merged rights more than by the single ones before
    assert got.share_e6 <= max(shares)
    rest = child.volume_litres * (WHOLE_E6 - got.share_e6) // WHOLE_E6
    # each parent's announcement was rounded by a litre at most
    assert rest <= child.volume_litres - got.litres + len(merging)


def test_a_worked_merger() -> None:
    """100 m3 with half announced and 300 m3 with nothing: an eighth of 400 m3."""
    made = merge([Right(100_000, 500, {2026: Received(50_000, 500_000)}), Right(300_000, None, {})])
    assert made.children == (Right(400_000, 500, {2026: Received(50_000, 125_000)}),)
    assert made.carried == (Carried(0, 0, 2026, 50_000, 125_000),)


def test_parts_that_are_not_the_whole_are_refused() -> None:
    for parts in ([], [100], [50, 51], [0, 100], [-1, 101]):
        if parts == [100]:
            split(Right(100, None, {}), parts)
            continue
        with pytest.raises(ValueError, match="sum to the whole"):
            split(Right(100, None, {}), parts)
    with pytest.raises(ValueError, match="at least two"):
        merge([Right(100, None, {})])
