"""Whose the litres of a pool are, exact to the litre, whenever they came in. Pure.

A pool's shares are the litres of each at some moment. What is sold or used afterwards is taken of all in proportion
to these, so that the proportion stays what it was until somebody brings water in or takes some out; then the litres
of each are worked out once more and are the shares from there on. No share depends on how many trades there were.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ledger.units import split_exact


@dataclass(frozen=True, slots=True)
class Standing:
    """What is left of one share, and what was taken of it: litres sold, litres used, and the fee due (fen)."""

    litres: int
    sold_litres: int
    used_litres: int
    fee_fen: int


def standings(shares: Sequence[int], *, sold: int, used: int, fee_fen: int) -> list[Standing]:
    """What is left of each share once `sold` and then `used` litres are taken of all, by the largest remainder.

    The fee for use goes by the shares. Use and fee are negative where a corrected reading gave more back than was used
    since; nobody's shares take nothing. ValueError where more is taken than there is.
    """
    if not any(shares):
        return [Standing(0, 0, 0, 0) for _ in shares]
    if sold < 0 or sold + used > sum(shares):
        raise ValueError("more is taken from a pool than is in it")
    sold_of = split_exact(sold, shares)
    left = [share - taken for share, taken in zip(shares, sold_of, strict=True)]
    used_of = split_exact(used, left) if used >= 0 else _given(-used, shares)
    fee_of = split_exact(fee_fen, shares) if fee_fen >= 0 else _given(-fee_fen, shares)
    return [
        Standing(rest - taken, given, taken, fee)
        for rest, taken, given, fee in zip(left, used_of, sold_of, fee_of, strict=True)
    ]


def _given(total: int, shares: Sequence[int]) -> list[int]:
    return [-part for part in split_exact(total, shares)]
