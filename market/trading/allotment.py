"""What a purchase programme takes of each subscription. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from ledger.units import split_exact


def allot(litres: Sequence[int], minimum: int, maximum: int, lot: int) -> list[int] | None:
    """Litres taken of each subscription (whole lots, in their order); None: together they miss the minimum.

    More than the maximum is taken pro rata, exactly, by the largest remainder, lot by lot; the maximum is filled to
    its last whole lot, and nobody gives more than was subscribed.
    """
    total = sum(litres)
    if total < minimum:
        return None
    if total <= maximum:
        return list(litres)
    return [lots * lot for lots in split_exact(maximum // lot, [each // lot for each in litres])]
