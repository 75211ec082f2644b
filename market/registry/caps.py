"""Caps and other limits: which hold a place, what a trade between two places charges and frees. Pure.

A place is where a water account is: a township, a canal, a sector, a source, a water year. A limit is
charged what crosses its border (DESIGN section 4; AUCTION section 1): a cap that holds only the buyer
is charged what is delivered, one that holds only the seller is freed what is given up, one that holds
both is untouched, so that a loss on the way stays counted as use. Volumes are litres: `SOURCE` litres
leave the seller, `DELIVERED` litres reach the buyer.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

CAP = "cap"
ROUTE = "route"
IMPORT = "import"
EXPORT = "export"
CONVERSION = "conversion"

AGRICULTURE = "agriculture"
INDUSTRY = "industry"


class Measure(StrEnum):
    """Which of a trade's two volumes a limit counts."""

    SOURCE = "source"
    DELIVERED = "delivered"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a water account is. `zones` are the ids of its township, its canal and all that are above
    them.
    """

    zones: frozenset[int]
    sector: str
    source: str
    water_year: int


@dataclass(frozen=True, slots=True)
class LimitNode:
    """A limit as the rules see it; None in `zone_id`, `source` or `sector` means every one.

    `account_id` is its ledger account: what is available there is its headroom (litres).
    """

    id: int
    account_id: int
    code: str
    kind: str
    water_year: int
    zone_id: int | None
    to_zone_id: int | None
    source: str | None
    sector: str | None
    limit_litres: int
    legal_source: str


@dataclass(frozen=True, slots=True)
class Crossings:
    """The limits that one trade crosses, in the order of their ids, and the volume each counts."""

    charges: tuple[tuple[LimitNode, Measure], ...]
    frees: tuple[tuple[LimitNode, Measure], ...]

    def charged(self, *, source_litres: int, delivered_litres: int) -> list[tuple[int, int]]:
        """(ledger account, litres) of every limit that the trade charges."""
        return _amounts(self.charges, source_litres, delivered_litres)

    def freed(self, *, source_litres: int, delivered_litres: int) -> list[tuple[int, int]]:
        """(ledger account, litres) of every cap that the trade frees."""
        return _amounts(self.frees, source_litres, delivered_litres)


def _amounts(
    crossed: tuple[tuple[LimitNode, Measure], ...], source_litres: int, delivered_litres: int
) -> list[tuple[int, int]]:
    return [
        (limit.account_id, source_litres if measure is Measure.SOURCE else delivered_litres)
        for limit, measure in crossed
    ]


def lineages(parents: Mapping[int, int | None]) -> dict[int, frozenset[int]]:
    """For each zone id the zone itself and every zone above it. ValueError for a cycle or an unknown
    parent.
    """
    found: dict[int, frozenset[int]] = {}
    for zone_id in parents:
        line: list[int] = []
        step: int | None = zone_id
        while step is not None:
            if step in line:
                raise ValueError(f"zone {zone_id} is above itself")
            if step not in parents:
                raise ValueError(f"zone {step} is not in the tree")
            line.append(step)
            step = parents[step]
        found[zone_id] = frozenset(line)
    return found


def place(
    lineage: Mapping[int, frozenset[int]],
    *,
    township_zone_id: int,
    canal_zone_id: int,
    sector: str,
    source: str,
    water_year: int,
) -> Place:
    """The place of a water account; `lineage` is what `lineages` gave. KeyError for an unknown zone."""
    zones = lineage[township_zone_id] | lineage[canal_zone_id]
    return Place(zones=zones, sector=sector, source=source, water_year=water_year)


def _same_water(limit: LimitNode, at: Place) -> bool:
    return limit.water_year == at.water_year and limit.source in (None, at.source)


def _within(zone_id: int | None, at: Place) -> bool:
    return zone_id is None or zone_id in at.zones


def holds(limit: LimitNode, at: Place) -> bool:
    """Whether the place lies inside the limit's zone, source, sector and year (whatever the limit's kind)."""
    return _same_water(limit, at) and _within(limit.zone_id, at) and limit.sector in (None, at.sector)


def caps_over(at: Place, limits: Iterable[LimitNode]) -> list[LimitNode]:
    """Every cap that holds the place: what an announcement there charges."""
    return [limit for limit in limits if limit.kind == CAP and holds(limit, at)]


def _takes_route(limit: LimitNode, seller: Place, buyer: Place) -> bool:
    if limit.zone_id not in seller.zones or limit.to_zone_id not in buyer.zones:
        return False
    # where one end lies inside the other, a trade that stays inside both ends does not take the route
    inside_both = limit.to_zone_id in seller.zones and limit.zone_id in buyer.zones
    return not inside_both and limit.sector in (None, seller.sector)


def _charged_measure(limit: LimitNode, seller: Place, buyer: Place) -> Measure | None:
    """What the limit counts of a trade that it is charged for, else None."""
    if not _same_water(limit, seller):
        return None
    if limit.kind in (CAP, IMPORT):
        crosses = holds(limit, buyer) and not (
            holds(limit, seller) if limit.kind == CAP else _within(limit.zone_id, seller)
        )
        return Measure.DELIVERED if crosses else None
    if limit.kind == EXPORT:
        crosses = holds(limit, seller) and not _within(limit.zone_id, buyer)
    elif limit.kind == ROUTE:
        crosses = _takes_route(limit, seller, buyer)
    elif limit.kind == CONVERSION:
        crosses = _within(limit.zone_id, seller) and (seller.sector, buyer.sector) == (AGRICULTURE, INDUSTRY)
    else:
        raise ValueError(f"there is no limit of the kind {limit.kind}")
    return Measure.SOURCE if crosses else None


def crossings(seller: Place, buyer: Place, limits: Iterable[LimitNode]) -> Crossings:
    """What a trade from one place to another charges and frees.

    cap: charged delivered litres when it holds only the buyer, freed source litres when it holds only
    the seller. import: delivered, when its zone holds only the buyer. export: source, when its zone
    holds only the seller. route: source, from its zone to its other zone. conversion: source,
    agriculture to industry, when its zone holds the seller. An import or export limit of a sector
    counts that sector at its own end; a route's at the seller's. The use plan of the buyer's own
    account is not a limit of a place; whoever settles charges it as well. Both places are of one source
    and water year (they trade one product), else ValueError.
    """
    if (seller.source, seller.water_year) != (buyer.source, buyer.water_year):
        raise ValueError("two places trade water of one source and one water year")
    charges: list[tuple[LimitNode, Measure]] = []
    frees: list[tuple[LimitNode, Measure]] = []
    for limit in sorted(limits, key=lambda each: each.id):
        measure = _charged_measure(limit, seller, buyer)
        if measure is not None:
            charges.append((limit, measure))
        elif limit.kind == CAP and holds(limit, seller) and not holds(limit, buyer):
            frees.append((limit, Measure.SOURCE))
    return Crossings(charges=tuple(charges), frees=tuple(frees))


def may_be_crossed(limit: LimitNode, roots: frozenset[int]) -> bool:
    """Whether any trade inside the county can cross a cap: one on the whole county in every sector cannot.

    `roots` are the zones without a parent.
    """
    return limit.sector is not None or (limit.zone_id is not None and limit.zone_id not in roots)


def borders_out(seller: Place, limits: Iterable[LimitNode]) -> list[tuple[LimitNode, str]]:
    """The limits that some sale from here would be charged, and which sales: out of a zone, on a route,
    to industry.

    A cap is never charged for what leaves it.
    """
    found: list[tuple[LimitNode, str]] = []
    for limit in limits:
        if not _same_water(limit, seller) or not _within(limit.zone_id, seller):
            continue
        if limit.kind == EXPORT and limit.sector in (None, seller.sector):
            found.append((limit, "out_of"))
        elif limit.kind == ROUTE and limit.sector in (None, seller.sector):
            found.append((limit, "to"))
        elif limit.kind == CONVERSION and seller.sector == AGRICULTURE:
            found.append((limit, "to_industry"))
    return found


def borders_in(
    buyer: Place, limits: Iterable[LimitNode], roots: frozenset[int]
) -> list[tuple[LimitNode, str]]:
    """The limits that some purchase into here would be charged, and which purchases: from outside, from
    farming.
    """
    found: list[tuple[LimitNode, str]] = []
    for limit in limits:
        if not _same_water(limit, buyer):
            continue
        if (limit.kind == CAP and may_be_crossed(limit, roots)) or limit.kind == IMPORT:
            if holds(limit, buyer):
                found.append((limit, "from_outside"))
        elif limit.kind == ROUTE and limit.to_zone_id in buyer.zones:
            found.append((limit, "by_route_to"))
        elif limit.kind == CONVERSION and limit.zone_id is None and buyer.sector == INDUSTRY:
            found.append((limit, "from_agriculture"))
    return found
