"""Which limits hold a place, and what a trade between two places charges and frees."""

from __future__ import annotations

import pytest

from market.registry.caps import (
    LimitNode,
    Measure,
    Place,
    borders_in,
    borders_out,
    caps_over,
    crossings,
    lineages,
    may_be_crossed,
    place,
)

# county 1 -> township 2, 3 (4 is the park); river 10 -> districts 11, 12 -> canals 111, 121
LINEAGE = lineages({1: None, 2: 1, 3: 1, 4: 1, 10: None, 11: 10, 12: 10, 111: 11, 121: 12})


def at(township: int, canal: int, sector: str = "agriculture", source: str = "surface") -> Place:
    return place(
        LINEAGE,
        township_zone_id=township,
        canal_zone_id=canal,
        sector=sector,
        source=source,
        water_year=2026,
    )


def limit(number: int, kind: str = "cap", **node: object) -> LimitNode:
    values: dict[str, object] = {
        "zone_id": None,
        "to_zone_id": None,
        "source": None,
        "sector": None,
        "water_year": 2026,
        **node,
    }
    return LimitNode(
        id=number,
        account_id=100 + number,
        code=f"L{number}",
        kind=kind,
        limit_litres=1000,
        legal_source="test",
        **values,  # type: ignore[arg-type]
    )


FARM = at(2, 111)
FAR_FARM = at(3, 121)
FACTORY = at(4, 121, "industry")
NEAR_FACTORY = at(2, 111, "industry")

CROSSINGS = [
    # a cap that holds only the buyer is charged what arrives
    ("cap on the buyer's zone", limit(1, zone_id=12), FARM, FACTORY, Measure.DELIVERED, False),
    ("cap on the buyer's sector", limit(1, sector="industry"), FARM, FACTORY, Measure.DELIVERED, False),
    # one that holds only the seller is freed what is given up
    ("cap on the seller's zone", limit(1, zone_id=2), FARM, FACTORY, None, True),
    ("cap on the seller's sector", limit(1, sector="agriculture"), FARM, FACTORY, None, True),
    # one that holds both, or neither, is untouched
    ("cap on the county", limit(1, zone_id=1), FARM, FACTORY, None, False),
    ("cap on everything", limit(1), FARM, FACTORY, None, False),
    ("cap elsewhere", limit(1, zone_id=3), FARM, FACTORY, None, False),
    ("cap of another source", limit(1, zone_id=12, source="groundwater"), FARM, FACTORY, None, False),
    ("cap of another year", limit(1, zone_id=12, water_year=2027), FARM, FACTORY, None, False),
    (
        "cap on zone and sector",
        limit(1, zone_id=12, sector="industry"),
        FARM,
        FACTORY,
        Measure.DELIVERED,
        False,
    ),
    ("cap on zone, other sector", limit(1, zone_id=12, sector="domestic"), FARM, FACTORY, None, False),
    ("export of the seller's zone", limit(1, "export", zone_id=11), FARM, FACTORY, Measure.SOURCE, False),
    ("export of a zone with both", limit(1, "export", zone_id=10), FARM, FACTORY, None, False),
    ("export of the buyer's zone", limit(1, "export", zone_id=12), FARM, FACTORY, None, False),
    ("export of a sector", limit(1, "export", zone_id=11, sector="industry"), FARM, FACTORY, None, False),
    ("import of the buyer's zone", limit(1, "import", zone_id=12), FARM, FACTORY, Measure.DELIVERED, False),
    ("import of a zone with both", limit(1, "import", zone_id=1), FARM, FACTORY, None, False),
    # a sector's import counts what crosses the zone, not who changes sector inside it
    ("import inside", limit(1, "import", zone_id=11, sector="industry"), FARM, NEAR_FACTORY, None, False),
    ("route", limit(1, "route", zone_id=11, to_zone_id=12), FARM, FAR_FARM, Measure.SOURCE, False),
    ("route backwards", limit(1, "route", zone_id=12, to_zone_id=11), FARM, FAR_FARM, None, False),
    (
        "route from a zone with both",
        limit(1, "route", zone_id=10, to_zone_id=12),
        FARM,
        FAR_FARM,
        Measure.SOURCE,
        False,
    ),
    ("route not taken", limit(1, "route", zone_id=10, to_zone_id=12), FAR_FARM, FACTORY, None, False),
    ("conversion everywhere", limit(1, "conversion"), FARM, FACTORY, Measure.SOURCE, False),
    (
        "conversion of the seller's zone",
        limit(1, "conversion", zone_id=11),
        FARM,
        FACTORY,
        Measure.SOURCE,
        False,
    ),
    ("conversion elsewhere", limit(1, "conversion", zone_id=12), FARM, FACTORY, None, False),
    ("no conversion among farms", limit(1, "conversion"), FARM, FAR_FARM, None, False),
]


@pytest.mark.parametrize(
    ("node", "seller", "buyer", "charged", "freed"),
    [case[1:] for case in CROSSINGS],
    ids=[case[0] for case in CROSSINGS],
)
def test_a_trade_charges_and_frees_what_its_borders_say(
    node: LimitNode, seller: Place, buyer: Place, charged: Measure | None, freed: bool
) -> None:
    found = crossings(seller, buyer, [node])
    assert found.charges == (() if charged is None else ((node, charged),))
    assert found.frees == (((node, Measure.SOURCE),) if freed else ())


def test_charges_count_delivered_and_frees_count_source_litres_in_the_order_of_the_limits() -> None:
    nodes = [limit(3, sector="industry"), limit(2, "export", zone_id=11), limit(1, sector="agriculture")]
    found = crossings(FARM, FACTORY, nodes)
    assert found.charged(source_litres=100, delivered_litres=87) == [(102, 100), (103, 87)]
    assert found.freed(source_litres=100, delivered_litres=87) == [(101, 100)]


def test_places_of_two_products_do_not_trade() -> None:
    with pytest.raises(ValueError, match="one source"):
        crossings(FARM, at(2, 111, source="groundwater"), [])


def test_an_announcement_charges_every_cap_above_an_account_and_no_other_limit() -> None:
    nodes = [
        limit(1),
        limit(2, zone_id=1),
        limit(3, zone_id=2),
        limit(4, zone_id=11, source="surface", sector="agriculture"),
        limit(5, zone_id=3),
        limit(6, sector="industry"),
        limit(7, "export", zone_id=11),
    ]
    assert [each.id for each in caps_over(FARM, nodes)] == [1, 2, 3, 4]


def test_borders_say_which_trades_a_limit_binds() -> None:
    nodes = [
        limit(1, zone_id=12),
        limit(2, "export", zone_id=11),
        limit(3, "route", zone_id=11, to_zone_id=12),
        limit(4, "conversion"),
        limit(5, zone_id=1),
        limit(6, "import", zone_id=12),
    ]
    assert [(each.id, scope) for each, scope in borders_out(FARM, nodes)] == [
        (2, "out_of"), (3, "to"), (4, "to_industry"),
    ]  # fmt: skip
    assert [(each.id, scope) for each, scope in borders_in(FACTORY, nodes, frozenset({1, 10}))] == [
        (1, "from_outside"), (3, "by_route_to"), (4, "from_agriculture"), (6, "from_outside"),
    ]  # fmt: skip


def test_a_cap_on_the_whole_county_in_every_sector_is_never_crossed() -> None:
    roots = frozenset({1, 10})
    assert not may_be_crossed(limit(1), roots)
    assert not may_be_crossed(limit(1, zone_id=1), roots)
    assert may_be_crossed(limit(1, zone_id=1, sector="industry"), roots)
    assert may_be_crossed(limit(1, zone_id=2), roots)


@pytest.mark.parametrize("parents", [{1: 2, 2: 1}, {1: 1}, {1: 7}])
def test_a_tree_with_a_cycle_or_an_unknown_parent_is_no_tree(parents: dict[int, int | None]) -> None:
    with pytest.raises(ValueError, match=r"above itself|not in the tree"):
        lineages(parents)
