"""How one right becomes several, or several one: volume, land and what was announced, exact to the litre. Pure.

What a right has received in a water year stays on its water account; its successors carry the figure, so that none of
them is announced more than the rest. Litres are shared by volume with the largest remainder. The share of the year
that was announced goes to every part of a split as it is; a merged right has the mean of its parts' shares by volume,
rounded up, so that a later announcement never comes to more than the room which is left.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from ledger.units import ceil_div, split_exact
from market.registry.shares import split_within


class Received(NamedTuple):
    """What a right was credited in a water year: litres, and the sum of the announced shares (millionths)."""

    litres: int
    share_e6: int


@dataclass(frozen=True, slots=True)
class Right:
    """A right as far as succession goes: litres a year, land in 1/100 mu (None: none), received by water year."""

    volume_litres: int
    land_mu_e2: int | None
    received: Mapping[int, Received]


class Link(NamedTuple):
    """Litres a year that went from one right to another: positions in the parents and in the children."""

    parent: int
    child: int
    litres: int


class Carried(NamedTuple):
    """What a child counts as received in a water year because of a parent."""

    parent: int
    child: int
    water_year: int
    litres: int
    share_e6: int


@dataclass(frozen=True, slots=True)
class Succession:
    """The children, and what came from whom."""

    children: tuple[Right, ...]
    links: tuple[Link, ...]
    carried: tuple[Carried, ...]


def split(right: Right, volumes_litres: Sequence[int]) -> Succession:
    """One right into parts of these volumes. ValueError unless they are positive and sum to the right's."""
    if min(volumes_litres, default=0) <= 0 or sum(volumes_litres) != right.volume_litres:
        raise ValueError("the parts are positive and sum to the whole")
    land: Sequence[int | None] = [None] * len(volumes_litres)
    if right.land_mu_e2 is not None:
        land = split_exact(right.land_mu_e2, volumes_litres)
    carried = [
        Carried(0, child, year, litres, received.share_e6)
        for year, received in sorted(right.received.items())
        for child, litres in enumerate(split_within(received.litres, volumes_litres, volumes_litres))
    ]
    links = [Link(0, child, volume) for child, volume in enumerate(volumes_litres)]
    return _made(list(zip(volumes_litres, land, strict=True)), links, carried)


def merge(rights: Sequence[Right]) -> Succession:
    """Several rights into one. ValueError for fewer than two."""
    if len(rights) < 2:
        raise ValueError("at least two rights are merged")
    volume = sum(right.volume_litres for right in rights)
    land = [right.land_mu_e2 for right in rights if right.land_mu_e2 is not None]
    carried = [
        each for year in sorted({year for right in rights for year in right.received})
        for each in _merged(rights, year, volume)
    ]  # fmt: skip
    links = [Link(parent, 0, right.volume_litres) for parent, right in enumerate(rights)]
    return _made([(volume, sum(land) if land else None)], links, carried)


def _merged(rights: Sequence[Right], year: int, volume: int) -> list[Carried]:
    received = [right.received.get(year, Received(0, 0)) for right in rights]
    weights = [each.share_e6 * right.volume_litres for each, right in zip(received, rights, strict=True)]
    if not any(weights):
        return []
    shares = split_exact(ceil_div(sum(weights), volume), weights)
    return [
        Carried(parent, 0, year, each.litres, share)
        for parent, (each, share) in enumerate(zip(received, shares, strict=True))
        if each.share_e6
    ]


def _made(
    children: Sequence[tuple[int, int | None]], links: Sequence[Link], carried: Sequence[Carried]
) -> Succession:
    received: list[dict[int, Received]] = [{} for _ in children]
    for each in carried:
        before = received[each.child].get(each.water_year, Received(0, 0))
        received[each.child][each.water_year] = Received(
            before.litres + each.litres, before.share_e6 + each.share_e6
        )
    made = (Right(volume, land, got) for (volume, land), got in zip(children, received, strict=True))
    return Succession(tuple(made), tuple(links), tuple(carried))
