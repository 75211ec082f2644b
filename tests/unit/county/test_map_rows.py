"""The map of a county pack: GeoJSON outlines of its zones, kept exactly, and how a wrong one is refused."""

from __future__ import annotations

import pytest

from market.county.errors import PackError
from market.county.loader import load
from market.county.pack import Pack
from market.county.shipped import text_of
from tests.unit.county.small import SMALL

TOP = "\nmap:\n  type: FeatureCollection\n  features:\n"
ROW = (
    "    - {type: Feature, properties: {zone: T1, demonstration: true},"
    " geometry: {type: Polygon, coordinates: [[[75.123456, 38], [76, 38.5], [-1, 40], [75.123456, 38]]]}}\n"
)


def test_an_outline_is_kept_to_the_millionth() -> None:
    pack = load(SMALL + TOP + ROW)
    assert Pack.from_json(pack.to_json()) == pack
    assert pack.map[0].positions[:3] == (
        (75_123_456, 38_000_000),
        (76_000_000, 38_500_000),
        (-1_000_000, 40_000_000),
    )
    assert pack.map[0].ring[0] == pack.map[0].ring[-1] == [75.123456, 38.0]


def test_the_shipped_map_draws_every_township_and_says_that_it_is_made_up() -> None:
    pack = load(text_of())
    drawn = {each.zone for each in pack.map}
    assert {each.code for each in pack.zones if each.level == "township"} <= drawn
    assert all(each.basis.demonstration for each in pack.map)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("zone: T1", "zone: NOWHERE", "there is no zone NOWHERE"),
        ("Feature, p", "Point, p", "must be one of Feature"),
        ("Polygon", "LineString", "must be one of Polygon"),
        ("[76, 38.5], ", "", "must have 4 to"),
        (", [75.123456, 38]]", ", [75, 38]]", "must end where it begins"),
        ("[76, 38.5], [-1, 40]", "[75.123456, 39], [75.123456, 40]", "encloses nothing"),
        ("[76, 38.5]", "[76, 38.5, 7]", "must be two numbers"),
        ("[76, 38.5]", '["76", 3850e-2]', "must be a number"),
        ("]]]", "]], [[0, 0], [1, 0], [1, 1], [0, 0]]]", "must be one ring"),
        (", demonstration: true", "", "a figure needs a source"),
    ],
)
def test_a_wrong_outline_is_refused_with_its_line(old: str, new: str, said: str) -> None:
    assert ROW.count(old) >= 1
    with pytest.raises(PackError, match=said) as refused:
        load(SMALL + TOP + ROW.replace(old, new, 1))
    assert refused.value.line == (SMALL + TOP).count("\n") + 1


def test_a_zone_is_drawn_once() -> None:
    with pytest.raises(PackError, match="T1 is drawn twice"):
        load(SMALL + TOP + ROW + ROW)
