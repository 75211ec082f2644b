"""Units: tables of what is read, written, refused, rounded and split."""

from __future__ import annotations

import decimal
import re
from collections.abc import Callable
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger import units

Reader = Callable[[object], int]

LITRES = [("0", 0), ("0.001", 1), ("1001.5", 1_001_500), ("1001.500", 1_001_500), ("1000000000000", 10**15)]
FEN = [("0", 0), ("0.01", 1), ("244.78", 24_478), ("300.6", 30_060), ("10000000000000", 10**15)]
PRICE = [("0", 0), ("0.0001", 1), ("0.3", 3_000), ("1.2345", 12_345), ("10000.0000", 10**8)]

READERS = [
    (units.parse_litres, units.LITRES_PATTERN, 3, units.MAX_LITRES),
    (units.parse_fen, units.FEN_PATTERN, 2, units.MAX_FEN),
    (units.parse_price_e4, units.PRICE_PATTERN, 4, units.MAX_PRICE_E4),
]


@pytest.mark.parametrize(("text", "litres"), LITRES)
def test_cubic_metres_are_read_as_litres(text: str, litres: int) -> None:
    assert units.parse_litres(text) == litres


@pytest.mark.parametrize(("text", "fen"), FEN)
def test_yuan_are_read_as_fen(text: str, fen: int) -> None:
    assert units.parse_fen(text) == fen


@pytest.mark.parametrize(("text", "price_e4"), PRICE)
def test_prices_are_read_in_ten_thousandths_of_a_yuan(text: str, price_e4: int) -> None:
    assert units.parse_price_e4(text) == price_e4


@pytest.mark.parametrize("value", [1, 1.5, 0, True, None, b"1", [], {}, decimal.Decimal("1.5")])
@pytest.mark.parametrize("read", [row[0] for row in READERS])
def test_what_is_not_a_string_is_refused(read: Reader, value: object) -> None:
    with pytest.raises(units.NotAString, match="must be a string"):
        read(value)


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "1 ",
        " 1",
        "1\n",
        "+1",
        "-1",
        "-0",
        "1e3",
        "1E3",
        "1.",
        ".5",
        ".",
        "1.2.3",
        "1,5",
        "1_000",
        "00",
        "01",
        "0x1",
        "nan",
        "inf",
        "Infinity",
        "１",
        "١",
        "1.٥",
        "1 000",
        "1\x00",
        "一",
    ],
)
@pytest.mark.parametrize("read", [row[0] for row in READERS])
def test_what_is_not_a_plain_decimal_is_refused(read: Reader, text: str) -> None:
    with pytest.raises(units.MalformedDecimal, match="plain decimal"):
        read(text)


@pytest.mark.parametrize(
    ("read", "text"),
    [
        (units.parse_litres, "0.0001"),
        (units.parse_litres, "1.5000"),
        (units.parse_fen, "1.005"),
        (units.parse_price_e4, "0.00001"),
    ],
)
def test_more_decimals_than_the_unit_has_are_refused_even_nils(read: Reader, text: str) -> None:
    with pytest.raises(units.OverPrecise, match="at most"):
        read(text)


@pytest.mark.parametrize(
    ("read", "text"),
    [
        (units.parse_litres, "1000000000000.001"),
        (units.parse_fen, "10000000000000.01"),
        (units.parse_price_e4, "10000.0001"),
        (units.parse_price_e4, "9" * 100000),
    ],
)
def test_more_than_the_limit_is_refused(read: Reader, text: str) -> None:
    with pytest.raises(units.OverLimit, match="at most"):
        read(text)


def test_every_refusal_of_a_unit_is_a_value_error_with_a_code() -> None:
    kinds = {units.NotAString, units.MalformedDecimal, units.OverPrecise, units.OverLimit, units.InexactSplit}
    assert all(issubclass(kind, ValueError) for kind in kinds)
    assert len({kind.code for kind in kinds}) == len(kinds)


@given(st.integers(0, units.MAX_LITRES))
def test_what_is_written_reads_back_the_same(value: int) -> None:
    assert units.parse_litres(units.format_litres(value)) == value
    assert units.parse_fen(units.format_fen(value)) == value
    price_e4 = value % (units.MAX_PRICE_E4 + 1)
    assert units.parse_price_e4(units.format_price_e4(price_e4)) == price_e4


@given(st.integers(-(10**16), 10**16))
def test_a_difference_is_written_exactly_with_its_sign(value: int) -> None:
    assert Fraction(units.format_litres(value)) == Fraction(value, 1_000)
    assert Fraction(units.format_fen(value)) == Fraction(value, 100)
    assert Fraction(units.format_price_e4(value)) == Fraction(value, 10_000)


def test_written_numbers_have_all_their_decimals() -> None:
    assert units.format_litres(1_001_500) == "1001.500"
    assert units.format_fen(24_478) == "244.78"
    assert units.format_price_e4(3_000) == "0.3000"
    assert units.format_litres(-1) == "-0.001"
    assert units.format_decimal(7, scale=0) == "7"


@given(st.text(alphabet="0123456789.-+e ", max_size=20))
def test_the_published_patterns_take_all_that_the_parsers_take(text: str) -> None:
    for read, pattern, _, _ in READERS:
        try:
            read(text)
        except (units.MalformedDecimal, units.OverPrecise):
            assert not re.fullmatch(pattern, text)
        except units.OverLimit:
            continue
        else:
            assert re.fullmatch(pattern, text)


@pytest.mark.parametrize(
    ("tick_litres", "floor", "half_even", "ceil"),
    [
        (0, 0, 0, 0),
        (1, 0, 0, 1),
        (50_000, 0, 0, 1),
        (50_001, 0, 1, 1),
        (100_000, 1, 1, 1),
        (149_999, 1, 1, 2),
        (150_000, 1, 2, 2),
        (250_000, 2, 2, 3),
        (350_000, 3, 4, 4),
        (-50_000, -1, 0, 0),
        (-150_000, -2, -2, -1),
    ],
)
def test_values_are_rounded_once_from_tick_litres(
    tick_litres: int, floor: int, half_even: int, ceil: int
) -> None:
    assert units.fen_floor(tick_litres) == floor
    assert units.fen_half_even(tick_litres) == half_even
    assert units.fen_ceil(tick_litres) == ceil


@given(st.integers(0, units.MAX_LITRES), st.integers(0, units.MAX_PRICE_E4))
def test_a_value_is_exact_and_its_rounding_is_that_of_decimal_arithmetic(litres: int, price_e4: int) -> None:
    yuan = Fraction(litres, 1_000) * Fraction(price_e4, 10_000)
    tick_litres = units.value_tick_litres(litres, price_e4)
    assert Fraction(tick_litres, 100_000) == yuan * 100
    with decimal.localcontext() as context:
        context.prec = 60
        exact = decimal.Decimal(tick_litres) / 100_000
        assert units.fen_half_even(tick_litres) == int(
            exact.quantize(decimal.Decimal(1), decimal.ROUND_HALF_EVEN)
        )
        assert units.fen_ceil(tick_litres) == int(exact.quantize(decimal.Decimal(1), decimal.ROUND_CEILING))
        assert units.fen_floor(tick_litres) == int(exact.quantize(decimal.Decimal(1), decimal.ROUND_FLOOR))


def test_the_published_household_pays_what_was_published() -> None:
    # 1 001.5 m3 at 0.3 yuan would be 300.45 yuan; a cent more or less is a rounding error
    tick_litres = units.value_tick_litres(units.parse_litres("1001.5"), units.parse_price_e4("0.3"))
    assert units.format_fen(units.fen_half_even(tick_litres)) == "300.45"


@pytest.mark.parametrize(
    ("total", "weights", "shares"),
    [
        (10, [1, 1, 1], [4, 3, 3]),
        (11, [1, 1, 1], [4, 4, 3]),
        (2, [1, 1, 1], [1, 1, 0]),
        (100, [0, 1, 0], [0, 100, 0]),
        (0, [3, 4], [0, 0]),
        (0, [0, 0], [0, 0]),
        (0, [], []),
        (1, [1, 2], [0, 1]),
        (7, [7], [7]),
        # seats by largest remainder, https://en.wikipedia.org/wiki/Quota_method (Hamilton, Hare quota)
        (10, [47_000, 16_000, 15_800, 12_000, 6_100, 3_100], [5, 2, 1, 1, 1, 0]),
    ],
)
def test_a_total_splits_by_the_largest_remainder(total: int, weights: list[int], shares: list[int]) -> None:
    assert units.split_exact(total, weights) == shares


@pytest.mark.parametrize(("total", "weights"), [(1, []), (1, [0]), (5, [0, 0]), (-1, [1]), (1, [2, -1])])
def test_what_cannot_be_split_is_refused(total: int, weights: list[int]) -> None:
    with pytest.raises(units.InexactSplit):
        units.split_exact(total, weights)


@given(st.integers(0, 10**15), st.lists(st.integers(0, 10**12), min_size=1, max_size=40).filter(any))
def test_shares_sum_to_the_total_and_each_is_its_quota_rounded_down_or_up(
    total: int, weights: list[int]
) -> None:
    shares = units.split_exact(total, weights)
    assert sum(shares) == total
    whole = sum(weights)
    for share, weight in zip(shares, weights, strict=True):
        assert 0 <= share - total * weight // whole <= (1 if total * weight % whole else 0)


@given(st.integers(0, 10**6), st.lists(st.integers(0, 100), min_size=2, max_size=10).filter(any))
def test_a_larger_weight_never_gets_less_and_of_equals_the_first_wins(total: int, weights: list[int]) -> None:
    shares = units.split_exact(total, weights)
    for i, (share, weight) in enumerate(zip(shares, weights, strict=True)):
        for later, other in zip(shares[i + 1 :], weights[i + 1 :], strict=True):
            if weight >= other:
                assert share >= later


@given(st.integers(-(10**20), 10**20), st.integers(1, 10**10))
def test_ceil_div_rounds_up(dividend: int, divisor: int) -> None:
    quotient = units.ceil_div(dividend, divisor)
    assert (quotient - 1) * divisor < dividend <= quotient * divisor
