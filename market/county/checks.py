"""Checks of a whole pack: references, cycles, duplicates, caps that do not fit into those above them. Pure."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping

from market.county import map_rows, retention_rows, review_rows, saving_rows, supervision_rows, watch_rows
from market.county.document import Item
from market.county.pack import Pack
from market.county.parts import (
    ADMIN,
    COUNTY,
    ENTITLEMENT,
    FILING,
    PUBLICATION,
    RIVER,
    LimitSpec,
    Tariff,
    Zone,
)

Lines = Mapping[tuple[str, int], Item]
"""Where each row of a section stands."""

LEVELS = {
    ADMIN: {COUNTY: 0, "township": 1, "village": 2},
    RIVER: {"river": 0, "network": 0, "district": 1, "canal": 2, "gate": 3},
}
"""The levels of each tree; a zone lies under one of a lesser number."""
OBJECTION_CLOCK = "publication_objection"
CAP, ROUTE, CONVERSION = "cap", "route", "conversion"


def check(pack: Pack, lines: Lines) -> None:
    """Refuses a pack that contradicts itself. Errors: PackError with the line."""
    _check_duplicates(pack, lines)
    _check_zones(pack, lines)
    _check_references(pack, lines)
    _check_flows(pack, lines)
    _check_routes(pack, lines)
    _check_limits(pack, lines)
    _check_caps(pack, lines)
    _check_kinds(pack, lines)
    _check_lanes(pack, lines)
    _check_sessions(pack, lines)
    _check_first_prices(pack, lines)
    saving_rows.check(pack.savings, lines)
    retention_rows.check(pack.retention, lines)
    watch_rows.check(pack.surveillance, pack.credit, lines)
    known = ({each.code for each in pack.zones}, {each.code for each in pack.sectors})
    supervision_rows.check(pack.warnings, pack.intensities, known, lines)
    map_rows.check(pack.map, known[0], lines)


def _check_duplicates(pack: Pack, lines: Lines) -> None:
    """What names a row may name no other; what two rows say of one thing would contradict, or be said twice."""
    keys: list[tuple[str, str, Iterable[object]]] = [
        ("sources", "code", (each.code for each in pack.sources)),
        ("zones", "code", (each.code for each in pack.zones)),
        ("water_sources", "", pack.water_sources),
        ("sectors", "code", (each.code for each in pack.sectors)),
        ("water_years", "year", (each.year for each in pack.water_years)),
        ("products", "code", (each.code for each in pack.products)),
        (
            "products",
            "source_of_water",
            (f"{each.source} {each.water_year} {each.tenure}" for each in pack.products),
        ),
        ("limits", "code", (f"{each.code} of {each.water_year}" for each in pack.limits)),
        ("limits", "kind", (_node(each) for each in pack.limits)),
        ("flows", "to_sector", (f"{each.from_sector} to {each.to_sector}" for each in pack.flows)),
        ("routes", "to_zone", (f"{each.from_zone} to {each.to_zone}" for each in pack.routes)),
        ("fees", "zone", (each.zone for each in pack.fees)),
        ("reviews", "code", (review_rows.key(each) for each in pack.reviews)),
        ("desks", "code", (each.code for each in pack.desks)),
        ("desks", "mark", (each.mark for each in pack.desks)),
        ("tariffs", "sector", (_price(each) for each in pack.tariffs)),
        ("thresholds", "name", (each.name for each in pack.thresholds)),
        ("clocks", "name", (each.name for each in pack.clocks)),
        ("kinds", "kind", (each.kind for each in pack.kinds)),
        ("carry_overs", "source_of_water", (each.source for each in pack.carry_overs)),
        ("canal_months", "zone", (each.zone for each in pack.canal_months)),
        ("negotiated", "code", (each.code for each in pack.negotiated)),
        ("bands", "product", (each.product for each in pack.bands)),
        ("first_prices", "source_of_water", (each.source for each in pack.first_prices)),
        ("two_way_accounts", "code", (each.code for each in pack.two_way_accounts)),
        ("two_way_accounts", "zone", (each.zone for each in pack.two_way_accounts)),
        ("duties", "code", (each.code for each in pack.duties)),
        ("plan", "code", (each.code for each in pack.plan)),
    ]
    for section, key, names in keys:
        seen: dict[object, int] = {}
        for index, name in enumerate(names):
            item = lines[section, index].at(key) if key else lines[section, index]
            if name in seen:
                raise item.wrong(f"{name} stands twice, first in line {seen[name]}")
            seen[name] = item.line


def _price(tariff: Tariff) -> str:
    since = "" if tariff.from_on == dt.date.min else f"from {tariff.from_on}"
    return " ".join(part for part in (tariff.zone, tariff.sector, tariff.water, since) if part)


def _node(limit: LimitSpec) -> str:
    parts = (limit.zone, limit.to_zone, limit.source, limit.sector, str(limit.water_year))
    return f"the {limit.kind} of {' '.join(part for part in parts if part)}"


def _check_zones(pack: Pack, lines: Lines) -> None:
    by_code = {zone.code: zone for zone in pack.zones}
    for index, zone in enumerate(pack.zones):
        at = lines["zones", index].at("parent")
        above = _parent(zone, by_code, at)
        seen: set[str] = set()
        while above is not None and above.code not in seen:
            if above.code == zone.code:
                raise at.wrong(f"{zone.code} is above itself")
            seen.add(above.code)
            above = _parent(above, by_code, at)
    for index, zone in enumerate(pack.zones):
        _check_level(pack, zone, by_code, lines["zones", index])


def _parent(zone: Zone, by_code: Mapping[str, Zone], at: Item) -> Zone | None:
    if zone.parent is None:
        return None
    if zone.parent not in by_code:
        raise at.wrong(f"there is no zone {zone.parent}")
    return by_code[zone.parent]


def _check_level(pack: Pack, zone: Zone, by_code: Mapping[str, Zone], at: Item) -> None:
    above = by_code[zone.parent] if zone.parent is not None else None
    if above is None:
        if zone.tree == ADMIN and zone.code != pack.county:
            raise at.wrong(f"{zone.code} lies outside the county {pack.county}: it needs a parent")
        if LEVELS[zone.tree][zone.level] != 0:
            raise at.wrong(f"a {zone.level} needs a parent")
    elif above.tree != zone.tree:
        raise at.at("parent").wrong(f"{zone.code} and {above.code} are of different trees")
    elif LEVELS[zone.tree][zone.level] <= LEVELS[above.tree][above.level]:
        raise at.at("level").wrong(f"a {zone.level} does not lie under a {above.level}")


def _check_references(pack: Pack, lines: Lines) -> None:
    known: dict[str, set[object]] = {
        "zone": {each.code for each in pack.zones},
        "river node": {each.code for each in pack.zones if each.tree == RIVER},
        "source of water": set(pack.water_sources),
        "sector": {each.code for each in pack.sectors},
        "water year": {each.year for each in pack.water_years},
        "product": {each.code for each in pack.products},
    }
    for section, index, key, kind, name in _references(pack):
        if name is not None and name not in known[kind]:
            raise lines[section, index].at(key).wrong(f"there is no {kind} {name}")


def _references(pack: Pack) -> Iterator[tuple[str, int, str, str, object]]:
    """Everything that a row names of another section: section, row, key, kind, name."""
    for index, product in enumerate(pack.products):
        yield "products", index, "source_of_water", "source of water", product.source
        yield "products", index, "water_year", "water year", product.water_year
    for index, limit in enumerate(pack.limits):
        yield "limits", index, "water_year", "water year", limit.water_year
        yield "limits", index, "zone", "zone", limit.zone
        yield "limits", index, "to_zone", "zone", limit.to_zone
        yield "limits", index, "source_of_water", "source of water", limit.source
        yield "limits", index, "sector", "sector", limit.sector
    for index, flow in enumerate(pack.flows):
        yield "flows", index, "from_sector", "sector", flow.from_sector
        yield "flows", index, "to_sector", "sector", flow.to_sector
    for index, route in enumerate(pack.routes):
        yield "routes", index, "from_zone", "river node", route.from_zone
        yield "routes", index, "to_zone", "river node", route.to_zone
        for sector in route.sectors:
            yield "routes", index, "sectors", "sector", sector
    for index, months in enumerate(pack.canal_months):
        yield "canal_months", index, "zone", "river node", months.zone
    for index, session in enumerate(pack.sessions):
        yield "sessions", index, "product", "product", session.product
    for index, band in enumerate(pack.bands):
        yield "bands", index, "product", "product", band.product
    for index, first in enumerate(pack.first_prices):
        yield "first_prices", index, "source_of_water", "source of water", first.source
        yield "first_prices", index, "sector", "sector", first.sector
    for index, border in enumerate(pack.two_way_accounts):
        yield "two_way_accounts", index, "zone", "zone", border.zone
    for index, fee in enumerate(pack.fees):
        yield "fees", index, "zone", "zone", fee.zone
    for index, rule in enumerate(pack.reviews):
        yield "reviews", index, "from_sector", "sector", rule.from_sector
        yield "reviews", index, "to_sector", "sector", rule.to_sector
    for index, lane in enumerate(pack.negotiated):
        yield "negotiated", index, "from_sector", "sector", lane.from_sector
        yield "negotiated", index, "to_sector", "sector", lane.to_sector
    for index, carried in enumerate(pack.carry_overs):
        yield "carry_overs", index, "source_of_water", "source of water", carried.source
    for index, tariff in enumerate(pack.tariffs):
        yield "tariffs", index, "zone", "zone", tariff.zone
        yield "tariffs", index, "sector", "sector", tariff.sector
        if tariff.water is not None:
            yield "tariffs", index, "source_of_water", "source of water", tariff.water


def _check_flows(pack: Pack, lines: Lines) -> None:
    may_sell = {each.code for each in pack.sectors if each.may_sell}
    may_buy = {each.code for each in pack.sectors if each.may_buy}
    for index, flow in enumerate(pack.flows):
        if flow.from_sector not in may_sell:
            raise lines["flows", index].at("from_sector").wrong(f"{flow.from_sector} may not sell")
        if flow.to_sector not in may_buy:
            raise lines["flows", index].at("to_sector").wrong(f"{flow.to_sector} may not buy")


def _check_routes(pack: Pack, lines: Lines) -> None:
    for index, route in enumerate(pack.routes):
        if route.from_zone == route.to_zone:
            raise lines["routes", index].at("to_zone").wrong("a route leads from one zone to another")


def _check_limits(pack: Pack, lines: Lines) -> None:
    for index, limit in enumerate(pack.limits):
        at = lines["limits", index]
        if (limit.kind == ROUTE) != (limit.to_zone is not None):
            raise at.at("to_zone").wrong("a route, and only a route, names the zone it leads to")
        if limit.kind not in (CAP, CONVERSION) and limit.zone is None:
            raise at.wrong(f"a limit of the kind {limit.kind} names a zone")
        if limit.kind == ROUTE and limit.zone == limit.to_zone:
            raise at.at("to_zone").wrong("a route leads from one zone to another")


def _check_caps(pack: Pack, lines: Lines) -> None:
    """A cap holds each cap within it, and the sum of those next below it in a tree, of the same source and sector."""
    caps = {_key(cap): (index, cap) for index, cap in enumerate(pack.limits) if cap.kind == CAP}

    def line(index: int) -> Item:
        return lines["limits", index].at("volume")

    below: dict[tuple[int, str], int] = defaultdict(int)
    for index, cap in caps.values():
        for found in filter(None, map(caps.get, _around(pack, cap))):
            if cap.litres > found[1].litres:
                held = f"{cap.code} of line {line(index).line}"
                raise line(found[0]).wrong(f"the cap {found[1].code} is below {held}, which it holds")
        above = next(filter(None, map(caps.get, _above(pack, cap))), None)
        if above is not None and cap.zone is not None:
            below[above[0], pack.zone(cap.zone).tree] += cap.litres
    for (index, tree), litres in below.items():
        if litres > pack.limits[index].litres:
            code = pack.limits[index].code
            raise line(index).wrong(f"the cap {code} is below the sum of its children in the {tree} tree")


def _check_kinds(pack: Pack, lines: Lines) -> None:
    """What is published for objection needs to know for how long."""
    timed = OBJECTION_CLOCK in {each.name for each in pack.clocks}
    for index, rule in enumerate(pack.kinds):
        if rule.publication and not timed:
            raise lines["kinds", index].at("publication").wrong(f"the clock {OBJECTION_CLOCK} is missing")


def _check_lanes(pack: Pack, lines: Lines) -> None:
    """Each lane has the times that it needs and no others; what is only filed has a longest term."""
    for index, rule in enumerate(pack.negotiated):
        at = lines["negotiated", index]
        if (rule.lane == PUBLICATION) != bool(rule.publication_days):
            raise at.at("lane").wrong("the lane publication, and only it, names publication_days")
        if (rule.lane == FILING) == bool(rule.working_days):
            raise at.at("lane").wrong("a lane that ends in a decision, and only such, names working_days")
        if rule.lane == FILING and rule.tenure == ENTITLEMENT:
            raise at.at("lane").wrong("a right passes by a decision of the registry, not by filing")
        if rule.lane == FILING and rule.longest_years is None:
            raise at.at("lane").wrong("what is only filed names longest_years")


def _check_sessions(pack: Pack, lines: Lines) -> None:
    """No two rules say what one product does on one day of the week."""
    seen: dict[tuple[str | None, int], int] = {}
    for index, session in enumerate(pack.sessions):
        at = lines["sessions", index]
        for day in session.days:
            first = seen.setdefault((session.product, day), at.line)
            if first != at.line:
                raise at.at("days").wrong(f"day {day} stands in line {first} too")


def _check_first_prices(pack: Pack, lines: Lines) -> None:
    for index, first in enumerate(pack.first_prices):
        if not pack.first_price_e4(first.source):
            raise (
                lines["first_prices", index].at("sector").wrong(f"the county has no tariff of {first.sector}")
            )


_Key = tuple[int, str | None, str | None, str | None]


def _key(cap: LimitSpec) -> _Key:
    return cap.water_year, cap.zone, cap.source, cap.sector


def _zones_above(pack: Pack, cap: LimitSpec) -> tuple[str | None, ...]:
    """Every zone that holds a cap's, its own first, and last the whole."""
    return (*pack.ancestors(cap.zone), None) if cap.zone is not None else (None,)


def _above(pack: Pack, cap: LimitSpec) -> Iterator[_Key]:
    """The nodes above a cap's of the same source and sector, the nearest first."""
    for zone in _zones_above(pack, cap)[1:]:
        yield cap.water_year, zone, cap.source, cap.sector


def _around(pack: Pack, cap: LimitSpec) -> Iterator[_Key]:
    """Every node that holds a cap's: of a zone above it or its own, of its source and sector or of all."""
    for zone in _zones_above(pack, cap):
        for source in dict.fromkeys((cap.source, None)):
            for sector in dict.fromkeys((cap.sector, None)):
                yield cap.water_year, zone, source, sector
