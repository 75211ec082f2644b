"""What water costs over a year: tiers, lines, periods and corrections, to the fen."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from market.billing import drafts, rules
from market.billing.credits import matched
from market.billing.drafts import Account, Place
from market.billing.rules import Item, Rate, Sum, Use
from market.billing.settling import Open
from market.county import parts
from tests.unit.county.water_fees import water_fee_fen

FARM = Rate(1_418, 300, ((0, 2_000_000), (500_000, 3_000_000)))
PLACE = Place("agriculture", "surface", "T1", "K1")


def test_the_household_of_manas_is_billed_244_78_yuan() -> None:
    """vectors/households.json (CCTV rural channel, 2014-12-17): 3 179 m3 at 0.077 yuan, within its right of 4 180."""
    found = rules.sums([Use(Rate(770, 170), 3_179_000)], 4_180_000)
    assert found == {Item(770, 170, 1_000_000, None): Sum(3_179_000, 24_478)}
    assert rules.for_end_canals(found) == 5_404  # 3 179 x 0.017 = 54.043


def test_the_household_of_zepu_is_billed_1754_42_yuan_and_double_above_its_quota() -> None:
    """county.json, tariffs (光明日报 2023-09-09): 12 372.5 m3 at 0.1418 yuan; rules.md line 52: above it double."""
    rate = Rate(1_418, 0, ((0, 2_000_000),))
    assert rules.total(rules.sums([Use(rate, 12_372_500)], 12_372_500)) == Sum(12_372_500, 175_442)
    over = rules.sums([Use(rate, 13_372_500)], 12_372_500)
    assert over[Item(1_418, 0, 2_000_000, 0)] == Sum(1_000_000, 28_360)


@pytest.mark.parametrize(
    ("used", "quota", "fen"),
    [  # the examples of tests/unit/county/test_pack.py: a quota of 1 000 m3, double, then three times from half above
        (0, 1_000_000, 0),
        (1_000_000, 1_000_000, 14_180),
        (1_500_000, 1_000_000, 28_360),
        (2_000_000, 1_000_000, 49_630),
        (2_000_000, None, 28_360),
        (0, 0, 0),
        (1_000, 0, 43),  # nothing is within a quota of nil: all of it three times
    ],
)
def test_tiers_begin_where_the_quota_says(used: int, quota: int | None, fen: int) -> None:
    assert rules.total(rules.sums([Use(FARM, used)], quota)).fen == fen


@given(st.integers(0, 10**9), st.integers(0, 10**6), st.integers(0, 3_000))
def test_the_sum_of_lines_is_the_fee_of_the_pack_but_for_their_roundings(
    use: int, quota_m3: int, price: int
) -> None:
    tiers = ((0, 2_000_000), (500_000, 3_000_000))
    tariff = parts.Tariff(
        "C", "agriculture", price, parts.DEMONSTRATION, tuple(parts.Tier(*each) for each in tiers)
    )
    found = rules.total(rules.sums([Use(Rate(price, 0, tiers), use)], quota_m3 * 1_000))
    assert found.litres == use
    assert abs(found.fen - water_fee_fen(use, tariff, quota_m3 * 1_000)) <= 2  # three roundings for one


uses = st.lists(
    st.tuples(st.sampled_from([FARM, Rate(770), Rate(2_000, 400)]), st.integers(0, 10**7)), max_size=5
)


@given(uses, uses, st.none() | st.integers(0, 10**7))
def test_periods_add_up_to_the_year_and_a_correction_to_the_truth(
    first: list[tuple[Rate, int]], then: list[tuple[Rate, int]], quota: int | None
) -> None:
    before = rules.sums([Use(*each) for each in first], quota)
    now = rules.sums([Use(*each) for each in then], quota)
    change = rules.less(now, before)
    for item in before.keys() | now.keys():
        old, moved, new = (each.get(item, rules.NOTHING) for each in (before, change, now))
        assert (old.litres + moved.litres, old.fen + moved.fen) == tuple(new)
    assert rules.less(now, now) == {}


@given(st.integers(0, 10**6), st.integers(0, 10**6), st.lists(st.integers(1, 10**5), max_size=8))
def test_partial_payments_leave_nothing_to_either_side(
    supplier: int, association: int, parts_: list[int]
) -> None:
    left = [supplier, association]
    for fen in [*parts_, 2 * 10**6]:
        paid = rules.split(min(fen, sum(left)), *left)
        assert sum(paid) == min(fen, sum(left)) and 0 <= paid[0] <= left[0] and 0 <= paid[1] <= left[1]
        left = [left[0] - paid[0], left[1] - paid[1]]
    assert left == [0, 0]


def test_a_part_lies_within_its_bill() -> None:
    assert [rules.part_within(*each) for each in ((5, 3), (-5, 3), (2, 3), (-5, -3), (5, -3))] == [
        3,
        0,
        2,
        -3,
        0,
    ]


# --- the bills of an account ----------------------------------------------------------------------------------------


def _account(before: int, now: int, **other: object) -> Account:
    found = Account(1, 2, 3, 4, PLACE, 1_000_000, 1_000_000 - now, 0)
    found.before, found.now, found.used_litres = [Use(FARM, before)], [Use(FARM, now)], now
    found.fees_before, found.fees_now = before * 1_418 // 100_000, now * 1_418 // 100_000
    for name, value in other.items():
        setattr(found, name, value)
    return found


IN_QUOTA = Item(1_418, 300, 1_000_000, None)


def test_a_second_period_bills_what_it_adds() -> None:
    [bill] = drafts.bills(_account(100_000, 300_000, billed={IN_QUOTA: Sum(100_000, 1_418)}), corrects=True)
    assert (bill.kind, bill.litres, bill.fen, bill.association_fen, bill.posted_fen) == (
        "bill",
        200_000,
        2_836,
        600,
        0,
    )


def test_what_changed_of_a_billed_period_is_a_correction_of_its_own() -> None:
    account = _account(90_000, 300_000, billed={IN_QUOTA: Sum(100_000, 1_418)})
    correction, bill = drafts.bills(account, corrects=True)
    assert (correction.kind, correction.litres, correction.fen) == ("correction", -10_000, -142)
    assert (bill.litres, bill.fen, bill.association_fen) == (210_000, 2_978, 630)
    assert correction.fen + bill.fen + 1_418 == rules.total(rules.sums(account.now, 1_000_000)).fen


def test_what_is_above_the_quota_is_posted_beyond_the_fees_of_the_readings() -> None:
    account = _account(0, 1_200_000, balance_litres=0, debt_litres=200_000, association_id=None)
    assert account.quota_litres == 1_000_000
    [bill] = drafts.bills(account, corrects=False)
    assert (bill.fen, bill.posted_fen, bill.association_fen) == (14_180 + 5_672, 2_836, 0)


def test_without_any_water_announced_there_is_no_quota_and_no_surcharge() -> None:
    account = _account(0, 50_000, credited_litres=0, balance_litres=0, debt_litres=50_000)
    assert account.quota_litres is None
    assert [each.fen for each in drafts.bills(account, corrects=False)] == [709]


def test_nothing_new_is_no_bill() -> None:
    assert (
        list(drafts.bills(_account(100_000, 100_000, billed={IN_QUOTA: Sum(100_000, 1_418)}), corrects=True))
        == []
    )


def test_a_credit_settles_each_side_s_own_part_of_the_oldest_bills() -> None:
    bills = [Open(1, 7, 1, 60, 0), Open(2, 7, 1, 50, 30), Open(3, 8, 2, 9, 9)]
    found = matched(bills, [Open(9, 7, 1, 100, 20), Open(10, 8, 2, 0, 4)])
    assert [(each.bill.bill_id, each.supplier_fen, each.association_fen) for each in found] == [
        (1, 60, 0), (2, 40, 20), (3, 0, 4),
    ]  # fmt: skip
