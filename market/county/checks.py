"""Checks of a whole pack: references, cycles, duplicates, caps that do not fit into those above them. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from market.county.document import Item
from market.county.pack import LimitSpec, Pack

Lines = dict[tuple[str, int], Item]


def check(pack: Pack, lines: Lines) -> None:
    """Refuses a pack that contradicts itself. Errors: PackError with the line."""
    zones = _zones(pack, lines)
    sectors = _unique("sectors", (each.code for each in pack.sectors), lines)
    years = _unique("water_years", (each.year for each in pack.water_years), lines)
    waters = set(pack.water_sources)
    _unique("products", (each.code for each in pack.products), lines)
    _unique("limits", ((each.code, each.water_year) for each in pack.limits), lines)
    _unique("thresholds", (each.name for each in pack.thresholds), lines)
    _unique("routes", ((each.from_zone, each.to_zone) for each in pack.routes), lines)
    for index, product in enumerate(pack.products):
        _known(lines["products", index], "source of water", product.source, waters)
        _known(lines["products", index], "water year", product.water_year, years)
    for index, limit in enumerate(pack.limits):
        at = lines["limits", index]
        _known(at, "water year", limit.water_year, years)
        _known(at, "zone", limit.zone, zones)
        _known(at, "zone", limit.to_zone, zones)
        _known(at, "source of water", limit.source, waters)
        _known(at, "sector", limit.sector, sectors)
    for index, flow in enumerate(pack.flows):
        for sector in (flow.from_sector, flow.to_sector):
            _known(lines["flows", index], "sector", sector, sectors)
    for index, route in enumerate(pack.routes):
        at = lines["routes", index]
        for zone in (route.from_zone, route.to_zone):
            _known(at, "zone", zone, zones)
        for sector in route.sectors:
            _known(at, "sector", sector, sectors)
    for index, fee in enumerate(pack.fees):
        _known(lines["fees", index], "zone", fee.zone, zones)
    for index, rule in enumerate(pack.reviews):
        for side in (rule.from_sector, rule.to_sector):
            _known(lines["reviews", index], "sector", side, sectors)
    for index, tariff in enumerate(pack.tariffs):
        _known(lines["tariffs", index], "zone", tariff.zone, zones)
        _known(lines["tariffs", index], "sector", tariff.sector, sectors)
    _caps(pack, lines)


def _known(item: Item, kind: str, name: object, names: Iterable[object]) -> None:
    if name is not None and name not in names:
        raise item.wrong(f"there is no {kind} {name}")


def _unique(section: str, names: Iterable[object], lines: Lines) -> set[object]:
    seen: set[object] = set()
    for index, name in enumerate(names):
        if name in seen:
            raise lines[section, index].wrong(f"{name} stands twice")
        seen.add(name)
    return seen


def _zones(pack: Pack, lines: Lines) -> set[object]:
    codes = _unique("zones", (zone.code for zone in pack.zones), lines)
    by_code = {zone.code: zone for zone in pack.zones}
    for index, zone in enumerate(pack.zones):
        at = lines["zones", index]
        _known(at, "zone", zone.parent, codes)
        seen = {zone.code}
        step = zone.parent
        while step is not None:
            if step in seen:
                raise at.wrong(f"{zone.code} is above itself")
            if by_code[step].tree != zone.tree:
                raise at.wrong(f"{zone.code} and {step} are of different trees")
            seen.add(step)
            step = by_code[step].parent
    return codes


def _caps(pack: Pack, lines: Lines) -> None:
    """A cap is not below the sum of its children, nor below one on the same node with a narrower source or sector."""
    caps = [(index, limit) for index, limit in enumerate(pack.limits) if limit.kind == "cap"]
    for index, cap in caps:
        at = lines["limits", index]
        children: dict[str, int] = defaultdict(int)
        for _, other in caps:
            if other is cap or other.water_year != cap.water_year:
                continue
            if _narrower(cap, other) and other.litres > cap.litres:
                raise at.wrong(f"the cap {cap.code} is below {other.code}, which it holds")
            tree = _child_tree(pack, cap, other)
            if tree is not None:
                children[tree] += other.litres
        for tree, total in children.items():
            if total > cap.litres:
                raise at.wrong(f"the cap {cap.code} is below the sum of its children in the {tree} tree")


def _narrower(cap: LimitSpec, other: LimitSpec) -> bool:
    """Whether the other cap lies on the same zone and names more of source and sector."""
    return (
        cap.zone == other.zone
        and cap.source in (None, other.source)
        and cap.sector in (None, other.sector)
        and (cap.source, cap.sector) != (other.source, other.sector)
    )


def _child_tree(pack: Pack, cap: LimitSpec, other: LimitSpec) -> str | None:
    """The tree in which the other cap's zone lies right below this one's, of the same source and sector; else None."""
    if (cap.source, cap.sector) != (other.source, other.sector) or other.zone is None or other.zone == cap.zone:
        return None
    zone = pack.zone(other.zone)
    if cap.zone is None:
        return zone.tree if zone.parent is None else None
    return zone.tree if zone.parent == cap.zone else None
