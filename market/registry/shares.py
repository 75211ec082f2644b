"""A share of a class, exact to the litre. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from ledger.units import split_exact

WHOLE_E6 = 1_000_000


def announced_total(volumes_litres: Sequence[int], share_e6: int) -> int:
    """What a share (millionths) of a class of yearly volumes comes to, whole litres, rounded down."""
    return sum(volumes_litres) * share_e6 // WHOLE_E6


def split_within(total: int, weights: Sequence[int], rooms: Sequence[int]) -> list[int]:
    """`total` litres in proportion to `weights` by the largest remainder, none above its room.

    What roundings of earlier shares leave no room for goes to the first of those with room. The sum is
    `total`, or the sum of the rooms where that is less.
    """
    shares = split_exact(total, weights)
    spilled = 0
    for index, (share, room) in enumerate(zip(shares, rooms, strict=True)):
        if share > room:
            spilled += share - max(0, room)
            shares[index] = max(0, room)
    for index, room in enumerate(rooms):
        if not spilled:
            break
        taken = min(spilled, max(0, room - shares[index]))
        shares[index] += taken
        spilled -= taken
    return shares


def share_text(share_e6: int) -> str:
    """A share in millionths as a decimal: 350000 -> "0.350000"."""
    return f"{share_e6 // WHOLE_E6}.{share_e6 % WHOLE_E6:06d}"
