"""Figures of fee invoices: to the fen, whatever is charged and however it is taken back."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from market.fees import rules
from market.fees.rules import Split, in_words, split, take_back

RATES = st.sampled_from([0, 100, 300, 600, 900, 1_300]) | st.integers(0, 10_000)
FEN = st.integers(0, 10**13)


@pytest.mark.parametrize(
    ("gross", "net", "tax"),
    [
        (10_600, 10_000, 600),  # 106.00 with 6 % are 100.00 and 6.00
        (36, 34, 2),  # 33.96
        (1, 1, 0),
        (9, 8, 1),  # 8.49
        (0, 0, 0),
        (53, 50, 3),
    ],
)
def test_the_tax_is_taken_out_of_what_was_charged(gross: int, net: int, tax: int) -> None:
    assert split(gross, rules.VAT_E4) == Split(gross, net, tax)


@pytest.mark.parametrize(("gross", "net"), [(5, 2), (15, 8), (25, 12)])
def test_a_half_goes_to_the_even_neighbour(gross: int, net: int) -> None:
    """At 100 % the net amount of an odd sum is a half."""
    assert split(gross, 10_000).net_fen == net


@given(gross=FEN, rate=RATES)
def test_both_parts_sum_to_the_fen_and_the_net_one_is_the_nearest(gross: int, rate: int) -> None:
    found = split(gross, rate)
    assert found.net_fen + found.tax_fen == gross == found.gross_fen
    assert min(found) >= 0
    assert abs(Fraction(gross * 10_000, 10_000 + rate) - found.net_fen) <= Fraction(1, 2)


@given(fees=st.lists(st.integers(1, 10**9), min_size=1, max_size=20), rate=RATES, choose=st.randoms())
def test_a_line_and_its_credits_always_sum_to_the_split_of_what_is_left(
    fees: list[int], rate: int, choose: object
) -> None:
    whole = split(sum(fees), rate)
    choose.shuffle(fees)  # type: ignore[attr-defined]
    left, sums = whole.gross_fen, list(whole)
    for fee in fees:
        credit = take_back(left, fee, rate)
        assert credit.gross_fen == -fee == credit.net_fen + credit.tax_fen
        assert credit.net_fen <= 0 and credit.tax_fen <= 0
        left -= fee
        sums = [a + b for a, b in zip(sums, credit, strict=True)]
        assert tuple(sums) == split(left, rate)
    assert sums == [0, 0, 0]


def test_no_more_is_taken_back_than_stands_and_nothing_below_nil_is_split() -> None:
    for wrong in (lambda: take_back(10, 11, 600), lambda: take_back(10, 0, 600), lambda: split(-1, 600)):
        with pytest.raises(ValueError, match=r"taken back|negative"):
            wrong()


@pytest.mark.parametrize(
    ("fen", "said"),
    [
        (0, "零元整"),
        (1, "壹分"),
        (50, "伍角整"),
        (100, "壹元整"),
        (105, "壹元零伍分"),
        (12_345, "壹佰贰拾叁元肆角伍分"),
        (1_000_000, "壹万元整"),
        (1_000_500, "壹万零伍元整"),
        (100_000_000, "壹佰万元整"),
        (1_000_100_001_00, "壹拾亿零壹拾万零壹元整"),
        (123_456_789_012, "壹拾贰亿叁仟肆佰伍拾陆万柒仟捌佰玖拾元壹角贰分"),
        (-9_900, "负玖拾玖元整"),
        (2_005_006_070, "贰仟零伍万零陆拾元柒角整"),
    ],
)
def test_an_amount_is_written_out(fen: int, said: str) -> None:
    assert in_words(fen) == said


@given(fen=st.integers(0, 10**14 - 1))
def test_what_is_written_out_is_the_amount(fen: int) -> None:
    assert _read(in_words(fen)) == fen


_UNITS = {"仟": 1000, "佰": 100, "拾": 10}


def _read(said: str) -> int:
    """An amount out of its words, by another way."""
    yuan, _, rest = said.rpartition("元") if "元" in said else ("", "", said)
    total = group = digit = 0
    for sign in yuan:
        if sign in _UNITS:
            group, digit = group + digit * _UNITS[sign], 0
        elif sign in "万亿":
            total, group, digit = total + (group + digit) * {"万": 10**4, "亿": 10**8}[sign], 0, 0
        else:
            digit = "零壹贰叁肆伍陆柒捌玖".index(sign)
    fen = (total + group + digit) * 100
    for place, worth in (("角", 10), ("分", 1)):
        if place in rest:
            fen += "零壹贰叁肆伍陆柒捌玖".index(rest[rest.index(place) - 1]) * worth
    return fen


def test_an_amount_that_no_invoice_has_is_refused() -> None:
    with pytest.raises(ValueError, match="so large"):
        in_words(10**14)
