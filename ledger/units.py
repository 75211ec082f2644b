"""Exact units: decimal strings to integers and back, values, roundings, exact splits. Pure; integers only.

Water and headroom are integer litres (on the wire cubic metres, 3 decimals), money is integer fen (yuan,
2 decimals), a price is an integer of 1/10 000 yuan per cubic metre (4 decimals). The value of L litres at P
price_e4 is L x P *tick-litres*: one is 1e-5 fen, so values add up exactly and are rounded once, at the end.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

LITRES_SCALE = 3
FEN_SCALE = 2
PRICE_SCALE = 4

MAX_LITRES = 10**15
MAX_FEN = 10**15
MAX_PRICE_E4 = 10**8

TICK_LITRES_A_FEN = 100_000

# The same shapes as regular expressions, for a schema of the wire; limits are checked by the parsers.
LITRES_PATTERN = r"^(0|[1-9][0-9]{0,12})(\.[0-9]{1,3})?$"
FEN_PATTERN = r"^(0|[1-9][0-9]{0,13})(\.[0-9]{1,2})?$"
PRICE_PATTERN = r"^(0|[1-9][0-9]{0,4})(\.[0-9]{1,4})?$"

_DECIMAL = re.compile(r"(0|[1-9][0-9]*)(?:\.([0-9]+))?")


class UnitError(ValueError):
    """Base of everything this module refuses; the message says what was wrong, for people."""

    code = "unit"


class NotAString(UnitError):
    """The value is not a string: numbers of JSON (or floats) lose digits on their way and are refused."""

    code = "not_a_string"


class MalformedDecimal(UnitError):
    """The string is not a plain decimal: digits, perhaps one point with digits on both sides."""

    code = "malformed_decimal"


class OverPrecise(UnitError):
    """The string has more decimals than the unit."""

    code = "over_precise"


class OverLimit(UnitError):
    """The amount is larger than the unit allows."""

    code = "over_limit"


class InexactSplit(UnitError):
    """A total cannot be split: it or a weight is negative, or there is no positive weight to carry it."""

    code = "inexact_split"


def parse_decimal(text: object, *, scale: int, limit: int) -> int:
    """A plain decimal string as an integer of 10**-scale; at most `limit` of these.

    Errors: NotAString, MalformedDecimal (sign, exponent, spaces, leading zeros, other digits than 0-9),
    OverPrecise, OverLimit.
    """
    if not isinstance(text, str):
        raise NotAString(f"must be a string with a decimal number, not {type(text).__name__}")
    found = _DECIMAL.fullmatch(text)
    if found is None:
        raise MalformedDecimal(
            "must be a plain decimal number such as 0 or 12.5: no sign, exponent, space or leading zero"
        )
    whole, fraction = found[1], found[2] or ""
    if len(fraction) > scale:
        raise OverPrecise(f"must have at most {scale} decimals, not {len(fraction)}")
    largest = format_decimal(limit, scale=scale)
    if len(whole) > len(str(limit)):  # int() of a very long string would cost time, or refuse in other words
        raise OverLimit(f"must be at most {largest}")
    value = int(whole + fraction.ljust(scale, "0"))
    if value > limit:
        raise OverLimit(f"must be at most {largest}")
    return value


def format_decimal(value: int, *, scale: int) -> str:
    """An integer of 10**-scale as a decimal string with exactly `scale` decimals; may be negative."""
    whole, fraction = divmod(abs(value), 10**scale)
    sign = "-" if value < 0 else ""
    return f"{sign}{whole}.{fraction:0{scale}d}" if scale else f"{sign}{whole}"


def parse_litres(text: object) -> int:
    """Cubic metres as a string ("1001.5") in litres (1001500). Errors: as `parse_decimal`."""
    return parse_decimal(text, scale=LITRES_SCALE, limit=MAX_LITRES)


def parse_fen(text: object) -> int:
    """Yuan as a string ("244.78") in fen (24478). Errors: as `parse_decimal`."""
    return parse_decimal(text, scale=FEN_SCALE, limit=MAX_FEN)


def parse_price_e4(text: object) -> int:
    """Yuan per cubic metre as a string ("0.3") in 1/10 000 yuan (3000). Errors: as `parse_decimal`."""
    return parse_decimal(text, scale=PRICE_SCALE, limit=MAX_PRICE_E4)


def format_litres(litres: int) -> str:
    """Litres as cubic metres with 3 decimals: 1001500 -> "1001.500"."""
    return format_decimal(litres, scale=LITRES_SCALE)


def format_fen(fen: int) -> str:
    """Fen as yuan with 2 decimals: 24478 -> "244.78"."""
    return format_decimal(fen, scale=FEN_SCALE)


def format_price_e4(price_e4: int) -> str:
    """1/10 000 yuan per cubic metre as yuan with 4 decimals: 3000 -> "0.3000"."""
    return format_decimal(price_e4, scale=PRICE_SCALE)


def value_tick_litres(litres: int, price_e4: int) -> int:
    """The exact value of some water at a price, in tick-litres (1e-5 fen)."""
    return litres * price_e4


def ceil_div(dividend: int, divisor: int) -> int:
    """dividend / divisor, rounded up; the divisor is positive."""
    return -(-dividend // divisor)


def fen_ceil(tick_litres: int) -> int:
    """A value in fen, rounded up: what a hold takes."""
    return ceil_div(tick_litres, TICK_LITRES_A_FEN)


def fen_floor(tick_litres: int) -> int:
    """A value in fen, rounded down."""
    return tick_litres // TICK_LITRES_A_FEN


def fen_half_even(tick_litres: int) -> int:
    """A value in fen, rounded to the nearest, halves to the even neighbour: what is paid."""
    fen, rest = divmod(tick_litres, TICK_LITRES_A_FEN)
    twice = 2 * rest
    if twice > TICK_LITRES_A_FEN or (twice == TICK_LITRES_A_FEN and fen % 2 == 1):
        return fen + 1
    return fen


def split_exact(total: int, weights: Sequence[int]) -> list[int]:
    """Integer shares of `total` in proportion to `weights`, summing to it exactly, by the largest remainder.

    Each share is its exact quota rounded down or up (Hamilton's method); of equal remainders the first
    wins, a weight of nil gets nothing. A total of nil splits into nils, whatever the weights.
    Errors: InexactSplit when the total or a weight is negative, or there is a total but no positive weight.
    """
    if total < 0 or any(weight < 0 for weight in weights):
        raise InexactSplit("a split needs a total and weights that are not negative")
    if total == 0:
        return [0] * len(weights)
    whole = sum(weights)
    if whole == 0:
        raise InexactSplit("a split needs a positive weight")
    shares: list[int] = []
    remainders: list[int] = []
    for weight in weights:
        share, remainder = divmod(total * weight, whole)
        shares.append(share)
        remainders.append(remainder)
    left = total - sum(shares)
    if left:
        # a stable sort: of equal remainders the first wins
        for index in sorted(range(len(shares)), key=lambda i: -remainders[i])[:left]:
            shares[index] += 1
    return shares
