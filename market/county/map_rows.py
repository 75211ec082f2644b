"""The map of a county pack: outlines of zones as a GeoJSON FeatureCollection, each with its source or schematic. Pure.

Positions are as the pack gives them: longitude and latitude of a survey, or a plane of its own where the map is a
demonstration. They are kept as whole millionths, so that a pack is the same after it was stored.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from itertools import pairwise

import msgspec
import yaml

from market.county.document import Item
from market.county.parts import Basis

BasisOf = Callable[[Item, dict[str, Item]], Basis]
BASIS = ("source", "status", "demonstration")
ONE_E6 = 1_000_000
FEWEST, MOST = 4, 2_000
"""Positions of a ring, of which the last is the first again."""
_POSITION = re.compile(r"(-?)(\d{1,4})(?:\.(\d{1,6}))?")
Position = tuple[int, int]


class Shape(msgspec.Struct, frozen=True):
    """The outline of a zone: one closed ring of positions, in millionths."""

    zone: str
    positions: tuple[Position, ...]
    basis: Basis

    @property
    def ring(self) -> list[list[float]]:
        """The positions as GeoJSON writes them."""
        return [[x / ONE_E6, y / ONE_E6] for x, y in self.positions]


def features(item: Item) -> list[Item]:
    """The features of the collection. Errors: PackError."""
    found = item.table(("type", "features"))
    found["type"].one_of(("FeatureCollection",))
    return list(found["features"].items())


def shape(item: Item, basis_of: BasisOf) -> Shape:
    """A feature: a zone in its properties, a polygon of one ring. Errors: PackError."""
    found = item.table(("type", "properties", "geometry"))
    found["type"].one_of(("Feature",))
    named = found["properties"].table(("zone",), BASIS)
    geometry = found["geometry"].table(("type", "coordinates"))
    geometry["type"].one_of(("Polygon",))
    rings = list(geometry["coordinates"].items())
    if len(rings) != 1:
        raise geometry["coordinates"].wrong("must be one ring: a zone has no holes and no islands here")
    return Shape(named["zone"].code(), _ring(rings[0]), basis_of(found["properties"], named))


def _ring(item: Item) -> tuple[Position, ...]:
    positions = tuple(_position(each) for each in item.items())
    if not FEWEST <= len(positions) <= MOST:
        raise item.wrong(f"must have {FEWEST} to {MOST} positions")
    if positions[0] != positions[-1]:
        raise item.wrong("must end where it begins")
    if not _doubled_area(positions):
        raise item.wrong("encloses nothing")
    return positions


def _position(item: Item) -> Position:
    numbers = list(item.items())
    if len(numbers) != 2:
        raise item.wrong("must be two numbers")
    return _number(numbers[0]), _number(numbers[1])


def _number(item: Item) -> int:
    """A plain number, as GeoJSON has it, in millionths: it is read as text, so that nothing is rounded."""
    found = _POSITION.fullmatch(item.node.value) if isinstance(item.node, yaml.ScalarNode) else None
    if found is None:
        raise item.wrong("must be a number with at most six decimals")
    sign, whole, part = found.groups()
    millionths = int(whole) * ONE_E6 + int((part or "").ljust(6, "0"))
    return -millionths if sign else millionths


def _doubled_area(ring: Sequence[Position]) -> int:
    return sum(a[0] * b[1] - b[0] * a[1] for a, b in pairwise(ring))


def check(rows: Sequence[Shape], zones: Collection[str], lines: Mapping[tuple[str, int], Item]) -> None:
    """Every outline is of a zone that there is, and a zone has one. Errors: PackError with the line."""
    seen: set[str] = set()
    for place, each in enumerate(rows):
        at = lines["map", place].at("properties")
        if each.zone not in zones:
            raise at.wrong(f"there is no zone {each.zone}")
        if each.zone in seen:
            raise at.wrong(f"{each.zone} is drawn twice")
        seen.add(each.zone)
