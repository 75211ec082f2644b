"""Shares of a pool: exact whatever is sold and used in between."""

from __future__ import annotations

import random

import pytest

from market.registry.pools import standings
from market.settlement.clearing import BENEFICIARY, TRUSTEE, Beneficiaries, Payee


def test_sales_and_use_are_taken_of_all_in_proportion() -> None:
    found = standings([600, 300, 100], sold=100, used=90, fee_fen=10)
    assert [each.sold_litres for each in found] == [60, 30, 10]
    assert [each.used_litres for each in found] == [54, 27, 9]
    assert [each.litres for each in found] == [486, 243, 81]
    assert [each.fee_fen for each in found] == [6, 3, 1]


def test_the_odd_litre_goes_to_the_largest_remainder() -> None:
    """100 litres of three equal shares of 70: 33 1/3 each, the odd one from the first."""
    assert [each.litres for each in standings([70, 70, 70], sold=100, used=0, fee_fen=0)] == [36, 37, 37]


def test_no_more_is_taken_than_there_is() -> None:
    with pytest.raises(ValueError, match="more is taken"):
        standings([5, 5], sold=6, used=5, fee_fen=0)
    assert standings([], sold=0, used=0, fee_fen=0) == []


@pytest.mark.parametrize("seed", range(200))
def test_nothing_is_lost_and_no_share_is_overdrawn(seed: int) -> None:
    draw = random.Random(seed)
    shares = [
        draw.choice((0, 1, draw.randrange(10**6), draw.randrange(10**12))) for _ in range(draw.randint(1, 9))
    ]
    total = sum(shares)
    sold = draw.randint(0, total)
    used = draw.randint(0, total - sold)
    fee = draw.randrange(10**6) if total else 0
    found = standings(shares, sold=sold, used=used, fee_fen=fee)
    assert sum(each.litres for each in found) == total - sold - used
    assert (sum(each.sold_litres for each in found), sum(each.used_litres for each in found)) == (sold, used)
    assert sum(each.fee_fen for each in found) == fee
    for share, each in zip(shares, found, strict=True):
        assert each.litres == share - each.sold_litres - each.used_litres >= 0
        assert abs(each.sold_litres * total - sold * share) < max(total, 1)


def test_a_corrected_reading_gives_back_by_the_shares() -> None:
    found = standings([30, 10], sold=4, used=-8, fee_fen=-4)
    assert [(each.litres, each.used_litres, each.fee_fen) for each in found] == [(33, -6, -3), (11, -2, -1)]
    assert standings([0], sold=0, used=-5, fee_fen=-1)[0].litres == 0


def test_the_trustee_takes_its_fee_rounded_down_and_the_rest_is_shared_exactly() -> None:
    behind = Beneficiaries((11, 12, 13), (1, 1, 1), frozenset(), fee_account=9, fee_per_mille=20)
    assert behind.payees(101) == [
        Payee(11, 33, BENEFICIARY), Payee(12, 33, BENEFICIARY), Payee(13, 33, BENEFICIARY), Payee(9, 2, TRUSTEE),
    ]  # fmt: skip
    assert behind.payees(0) == []
    assert sum(each.fen for each in behind.payees(99_999)) == 99_999
