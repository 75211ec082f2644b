"""What water costs over a year: tiers above the quota, lines, what is new since the last bill. Pure.

Source: Water Law art. 49 (by volume, with a progressive surcharge above the quota). Litres, fen, prices in 1/10 000
yuan per m3, multiples and shares in millionths. Every sum is of the year so far and rounded once, half to even; a line
is that sum less what was billed of it, so that neither periods nor corrections lose or make a fen.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from ledger.units import fen_half_even, split_exact

ONE_E6 = 1_000_000
_LITRE_VALUES_A_FEN = 100_000 * ONE_E6  # litres x 1/10 000 yuan per m3 x millionths


class Rate(NamedTuple):
    """What a litre costs: a price, of it what is for the end canals, and the tiers (above, multiple) over the quota."""

    price_e4: int
    end_canal_e4: int = 0
    tiers: tuple[tuple[int, int], ...] = ()


class Use(NamedTuple):
    """Litres at one rate; the uses of a year come in the order in which their rates began."""

    rate: Rate
    litres: int


class Item(NamedTuple):
    """What a line is of: a price times a multiple, which holds above a share of the quota (None: within it)."""

    price_e4: int
    end_canal_e4: int
    multiple_e6: int
    above_e6: int | None


class Sum(NamedTuple):
    """Litres and what they cost, of a year so far or as the difference between two such sums."""

    litres: int
    fen: int


NOTHING = Sum(0, 0)


def starts(quota_litres: int | None, tiers: Iterable[tuple[int, int]]) -> list[tuple[int, int, int | None]]:
    """(first litre, multiple, above) of every tier. One begins with the first whole litre above its share of the
    quota; without a quota there is none above it.
    """
    found: list[tuple[int, int, int | None]] = [(0, ONE_E6, None)]
    if quota_litres is not None:
        found += [
            (-(-quota_litres * (ONE_E6 + above) // ONE_E6), multiple, above) for above, multiple in tiers
        ]
    return found


def sums(uses: Iterable[Use], quota_litres: int | None) -> dict[Item, Sum]:
    """What a year's use so far costs, item by item; the quota counts it all, whatever its rate."""
    litres: dict[Item, int] = {}
    used = 0
    for rate, amount in uses:
        ends = used + amount
        steps = starts(quota_litres, rate.tiers)
        for (first, multiple, above), following in zip(
            steps, [*(each[0] for each in steps[1:]), ends], strict=True
        ):
            within = min(ends, following) - max(used, first)
            if within > 0:
                item = Item(rate.price_e4, rate.end_canal_e4, multiple, above)
                litres[item] = litres.get(item, 0) + within
        used = ends
    return {item: Sum(amount, _fen(amount, item)) for item, amount in litres.items()}


def _fen(litres: int, item: Item) -> int:
    whole, rest = divmod(litres * item.price_e4 * item.multiple_e6, _LITRE_VALUES_A_FEN)
    twice = 2 * rest
    return whole + (twice > _LITRE_VALUES_A_FEN or (twice == _LITRE_VALUES_A_FEN and whole % 2 == 1))


def less(now: Mapping[Item, Sum], before: Mapping[Item, Sum]) -> dict[Item, Sum]:
    """The lines that make the one of the other; what did not change has none. In the order of tiers, then prices."""
    found = {}
    for item in sorted(now.keys() | before.keys(), key=_order):
        new, old = now.get(item, NOTHING), before.get(item, NOTHING)
        if new != old:
            found[item] = Sum(new.litres - old.litres, new.fen - old.fen)
    return found


def _order(item: Item) -> tuple[int, int, int, int]:
    return (
        (-1 if item.above_e6 is None else item.above_e6),
        item.price_e4,
        item.end_canal_e4,
        item.multiple_e6,
    )


def total(items: Mapping[Item, Sum]) -> Sum:
    """All of it."""
    return Sum(sum(each.litres for each in items.values()), sum(each.fen for each in items.values()))


def for_end_canals(items: Mapping[Item, Sum]) -> int:
    """What of a year so far is for the end canals: their price for every litre, and no surcharge. Fen."""
    return fen_half_even(sum(each.litres * item.end_canal_e4 for item, each in items.items()))


def part_within(fen: int, bill_fen: int) -> int:
    """A part of a bill lies between nil and the bill; what would not fit stays with the supplier."""
    return max(0, min(fen, bill_fen)) if bill_fen >= 0 else min(0, max(fen, bill_fen))


def split(fen: int, supplier_left: int, association_left: int) -> tuple[int, int]:
    """What of a payment goes to whom: by what is owed to each still, exact by the largest remainder; so the last
    payment of a bill leaves nothing to either. At most what is owed.
    """
    if fen == 0:
        return 0, 0
    supplier, association = split_exact(fen, (supplier_left, association_left))
    return supplier, association
