"""Rounding of exact fractions. Pure; integers only."""

from __future__ import annotations


def half_even(dividend: int, divisor: int) -> int:
    """dividend / divisor to the nearest whole, halves to the even neighbour; the divisor is positive."""
    whole, rest = divmod(dividend, divisor)
    twice = 2 * rest
    return whole + (twice > divisor or (twice == divisor and whole % 2 == 1))


class BadTerms(ValueError):
    """Terms of a contract that the rules do not describe; the message says what is wrong, for people."""


def check(good: object, message: str) -> None:
    """Errors: BadTerms with the message where it is not good."""
    if not good:
        raise BadTerms(message)
