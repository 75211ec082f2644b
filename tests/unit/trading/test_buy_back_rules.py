"""The arithmetic of the buy-back: price, part, what a budget pays, how a short one is shared."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from market.trading.buy_back_rules import clear, most_litres, part_fen, price_e4, share_out


@pytest.mark.parametrize(
    ("tariff", "multiple", "price"),
    [
        (1_418, 2_000, 2_836),  # Zepu's 0.1418 yuan, twice
        (770, 10_000, 7_700),  # Manas's 0.077 yuan, ten times
        (1_418, 2_500, 3_545),
        (1, 2_500, 2),  # 2.5: half, to the even neighbour
        (3, 2_500, 8),  # 7.5
        (1, 2_501, 3),
        (1, 1, 1),  # never nothing
    ],
)
def test_the_price_is_the_water_price_times_the_multiple_rounded_half_to_even(
    tariff: int, multiple: int, price: int
) -> None:
    assert price_e4(tariff, multiple) == price


@pytest.mark.parametrize(
    ("fen", "price", "litres"),
    [(0, 2_836, 0), (28, 2_836, 1_000), (27, 2_836, 0), (1_000, 2_836, 35_000), (283, 2_836, 9_000)],
)
def test_a_budget_pays_whole_lots(fen: int, price: int, litres: int) -> None:
    assert most_litres(fen, price, 1_000) == litres


@pytest.mark.parametrize(
    ("fen", "asked", "shares"),
    [
        (1_000, [(10_000, 2_836), (5_000, 2_836)], [10_000, 5_000]),  # it suffices
        (284, [(10_000, 2_836), (10_000, 2_836)], [5_000, 5_000]),
        (255, [(10_000, 2_836), (10_000, 2_836)], [5_000, 4_000]),  # of equal remainders the first
        (100, [(30_000, 1_000), (10_000, 1_000)], [8_000, 2_000]),  # 7.5 and 2.5 lots
        (100, [(10_000, 1_000), (10_000, 3_000)], [3_000, 2_000]),  # by volume, whatever the price
        (5, [(10_000, 2_836), (10_000, 2_836)], [0, 0]),
    ],
)
def test_a_short_budget_is_shared_in_proportion_to_the_lot(
    fen: int, asked: list[tuple[int, int]], shares: list[int]
) -> None:
    assert share_out(fen, asked, 1_000) == shares


@given(st.integers(0, 10**9), st.integers(1, 10**6), st.integers(1, 10**4))
def test_what_a_budget_pays_is_the_most_that_it_pays(fen: int, price: int, lot: int) -> None:
    litres = most_litres(fen, price, lot)
    assert part_fen(litres, price) <= fen
    assert part_fen(litres + lot, price) > fen


@given(
    st.integers(0, 10**6),
    st.lists(
        st.tuples(st.integers(1, 10**4).map(lambda lots: lots * 1_000), st.integers(1, 10**5)), min_size=1
    ),
)
def test_a_share_is_never_more_than_was_asked_for_nor_than_the_budget(
    fen: int, asked: list[tuple[int, int]]
) -> None:
    shares = share_out(fen, asked, 1_000)
    assert all(0 <= share <= litres for share, (litres, _) in zip(shares, asked, strict=True))
    assert sum(part_fen(share, price) for share, (_, price) in zip(shares, asked, strict=True)) <= fen


@pytest.mark.parametrize(
    ("offered", "bids", "price", "awards"),
    [
        (10, [], None, []),
        (10, [(4, 30), (4, 50)], 30, [4, 4]),  # more than is wanted: the lowest bid that won
        (10, [(8, 50), (8, 40)], 40, [8, 2]),
        (8, [(8, 50), (8, 40)], 50, [8, 0]),  # the second won nothing, and sets no price
        (10, [(8, 50), (6, 40), (2, 40)], 40, [8, 2, 0]),  # 1.5 and 0.5: of equal remainders the first
        (10, [(20, 40), (10, 40), (5, 60)], 40, [3, 2, 5]),
    ],
)
def test_a_resale_goes_to_the_highest_bids_at_one_price(
    offered: int, bids: list[tuple[int, int]], price: int | None, awards: list[int]
) -> None:
    assert clear(offered, bids) == (price, awards)


@given(st.integers(0, 100), st.lists(st.tuples(st.integers(1, 50), st.integers(1, 9))))
def test_a_resale_awards_what_it_can_and_nobody_pays_more_than_it_bid(
    offered: int, bids: list[tuple[int, int]]
) -> None:
    price, awards = clear(offered, bids)
    assert sum(awards) == min(offered, sum(lots for lots, _ in bids))
    for (lots, bid), award in zip(bids, awards, strict=True):
        assert 0 <= award <= lots
        assert not award or (price is not None and bid >= price)
        assert award == lots or price is None or bid <= price or offered == 0
