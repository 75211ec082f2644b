"""From a product's book to the market that a call clears: places, ways between them, limits, orders. Pure.

A place is a township, a canal and a sector: what caps and routes see of an order. Routes lead between places of one
sector; farm water becomes industrial at its own canal (a conversion) and goes on by the route that the county lists
for farm water. What the county's rules forbid has no arc, so every way through the arcs is a way that is allowed:
`build` refuses a county whose rules do not have that property.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from market.county.pack import Pack
from market.registry import caps
from market.trading.auction import limits as terms_of
from market.trading.auction.accounts import TwoWayAccount, limits_of
from market.trading.auction.model import (
    AGRICULTURE,
    BUY,
    CONVERSION,
    FARM_FIRST,
    GENERAL,
    INDUSTRY,
    ROUTE,
    SELL,
    Arc,
    Limit,
    Market,
    Node,
    Orders,
)
from market.trading.auction.record import draw_seed
from market.trading.book import BUY as BUY_SIDE
from market.trading.book import Order
from market.trading.exchange import for_one_call
from market.trading.fills import TICK_LITRES_PER_FEN
from market.trading.ways import CALL_ONLY, NO_ROUTE, why_no_way

IN_A_CALL = frozenset({AGRICULTURE, INDUSTRY})
"""The sectors whose orders a call takes; others wait for the book to open."""


class NoCall(ValueError):
    """This county's rules cannot be put into a call; the message says why."""


@dataclass(frozen=True, slots=True)
class Where:
    """A place of a call; `source` and the codes are what the rules of ways ask for."""

    township_code: str
    canal_code: str
    sector: str
    source: str
    origin: str = "own"
    public_storage: bool = False

    @property
    def label(self) -> str:
        """What the record calls the zone."""
        return f"{self.township_code}/{self.canal_code}"


@dataclass(frozen=True, slots=True)
class Border:
    """The border of a zone with its two-way account; `waiting` litres out and in of calls that are held."""

    account: TwoWayAccount
    zone: str
    waiting: tuple[int, int] = (0, 0)


@dataclass(frozen=True, slots=True)
class Built:
    """A market with what leads back from it: the places by node, the orders by number, and what its limits are.

    First the county's limits, then two of each border, out and in.
    """

    market: Market
    places: tuple[Where, ...]
    orders: tuple[Order, ...]
    limits: tuple[caps.LimitNode, ...]
    borders: tuple[Border, ...] = ()


def build(
    *,
    call: str,
    product: str,
    committed: str,
    book: Iterable[Order],
    pack: Pack,
    limits: Sequence[caps.LimitNode],
    available: Mapping[int, int],
    place_of: Callable[[Where], caps.Place],
    reference_e4: int | None = None,
    borders: Sequence[Border] = (),
    window: str = GENERAL,
) -> Built:
    """The market of a call from the open orders of one product. Errors: NoCall.

    Taken are orders of agriculture and industry of accounts that act for themselves; in a farm-first window none of
    industry, and nothing is converted. A buy counts for what its plan and its hold cover. `reference_e4` (ticks) is the
    product's reference price, if it has one; else a place has its tariff.
    """
    orders = sorted((each for each in book if _admitted(each, window)), key=lambda each: each.priority)
    volumes = _volumes(orders, available)
    taken = [(order, volume) for order, volume in zip(orders, volumes, strict=True) if volume]
    places = _places([order for order, _ in taken], window)
    arcs = _arcs(pack, places)
    _check_ways(pack, places, arcs)
    zones = tuple(place_of(each) for each in places)
    chosen = [(limit, _limit(limit, places, zones, arcs, available)) for limit in limits]
    number = {place: node for node, place in enumerate(places)}
    nodes = tuple(
        Node(each.label, each.sector, _tariff_e4(pack, each) if reference_e4 is None else reference_e4)
        for each in places
    )
    crossed = [(border, made) for border in borders if (made := _border(pack, border, places, arcs))]
    ways = tuple(arcs)
    bounds = (
        *(made for _, made in chosen if made is not None),
        *(limit for _, made in crossed for limit in made),
    )
    columns = Orders.of(
        side=[BUY if order.side == BUY_SIDE else SELL for order, _ in taken],
        node=[number[_where(order)] for order, _ in taken],
        limit=[order.price for order, _ in taken],
        volume=[volume for _, volume in taken],
        minimum=[_minimum(order, volume) for order, volume in taken],
        entry=[order.priority for order, _ in taken],
        owner=[order.account.owner for order, _ in taken],
        ids=[str(order.id) for order, _ in taken],
    )
    market = Market(
        call, product, draw_seed(columns, committed), nodes, ways, bounds, columns, committed, window
    )
    kept = tuple(limit for limit, made in chosen if made is not None)
    taking = tuple(order for order, _ in taken)
    return Built(market, places, taking, kept, tuple(border for border, _ in crossed))


def _admitted(order: Order, window: str) -> bool:
    """Pools and pledged sales are paid by shares that a call does not know; they wait for the book."""
    sector = order.account.pool.key.sector
    return (
        sector in IN_A_CALL
        and order.account.beneficiaries is None
        and not (window == FARM_FIRST and sector == INDUSTRY)
    )


def _volumes(orders: Sequence[Order], available: Mapping[int, int]) -> list[int]:
    """Litres that each order brings: its rest, of a buy at most what its hold pays for and what its plan has left.

    Orders of one plan draw on it best price first, then oldest.
    """
    found = [order.rest for order in orders]
    plans: dict[int, int] = {}
    ranked = sorted(range(len(orders)), key=lambda each: (-orders[each].price, orders[each].priority))
    for index in ranked:
        order = orders[index]
        if order.side != BUY_SIDE:
            continue
        litres = min(order.rest, order.held * TICK_LITRES_PER_FEN // order.price)
        plan = order.account.plan
        if plan:
            left = plans.setdefault(plan, max(0, available[plan]))
            litres = min(litres, left)
            plans[plan] = left - litres
        found[index] = litres if litres >= _minimum(order, 0) else 0
    return found


def _minimum(order: Order, volume: int) -> int:
    """The least that the order wants of this call: all of a fill-or-kill, what it lacks of its minimum fill."""
    if order.tif == "FOK":
        return max(volume, order.rest)
    return max(0, order.min_fill - (order.volume - order.rest)) if for_one_call(order) else 0


def _where(order: Order) -> Where:
    key = order.account.pool.key
    return Where(key.township_code, key.canal_code, key.sector, key.source)


def _places(orders: Sequence[Order], window: str) -> tuple[Where, ...]:
    """Where there are orders, and the industrial side of every farm place if water may be converted."""
    found = {_where(order) for order in orders}
    if window == GENERAL and any(each.sector == INDUSTRY for each in found):
        found |= {
            Where(each.township_code, each.canal_code, INDUSTRY, each.source)
            for each in found
            if each.sector == AGRICULTURE
        }
    return tuple(sorted(found, key=lambda each: (each.township_code, each.canal_code, each.sector)))


def _arcs(pack: Pack, places: Sequence[Where]) -> list[Arc]:
    farms = {(each.township_code, each.canal_code) for each in places if each.sector == AGRICULTURE}
    arcs = []
    for u, start in enumerate(places):
        for v, end in enumerate(places):
            if u == v:
                continue
            if start.label == end.label and (start.sector, end.sector) == (AGRICULTURE, INDUSTRY):
                flow = pack.flow(AGRICULTURE, INDUSTRY, start.canal_code, end.canal_code)
                if flow.allowed:
                    arcs.append(Arc(CONVERSION, u, v, 1000, flow.legal_source))
            elif start.sector == end.sector:
                arc = _route(
                    pack, (u, start), (v, end), from_farms=(start.township_code, start.canal_code) in farms
                )
                if arc is not None:
                    arcs.append(arc)
    return arcs


def _route(pack: Pack, start: tuple[int, Where], end: tuple[int, Where], *, from_farms: bool) -> Arc | None:
    """The route between two places of one sector. Converted water goes as the farm water that it was."""
    (u, source), (v, target) = start, end
    canals = (source.canal_code, target.canal_code)
    flow = pack.flow(source.sector, target.sector, *canals)
    codes = (target.township_code, target.canal_code)
    if not flow.allowed or (source.source == "groundwater" and not pack.groundwater_allowed(codes)):
        return None
    route = pack.route(*canals, source.sector)
    if source.sector == INDUSTRY and from_farms:
        farm = pack.route(*canals, AGRICULTURE)
        if route is not None and farm is not None and route.k != farm.k:
            raise NoCall(f"from {canals[0]} to {canals[1]} farm and industrial water lose differently")
        route = farm if route is None else route
    return None if route is None else Arc(ROUTE, u, v, route.k, route.basis.source)


def _check_ways(pack: Pack, places: Sequence[Where], arcs: Sequence[Arc]) -> None:
    """Every place that water can reach over several arcs must be one that it may go to at once."""
    after: dict[int, list[int]] = {}
    for arc in arcs:
        after.setdefault(arc.source, []).append(arc.target)
    for start, source in enumerate(places):
        seen, stack = {start}, [start]
        while stack:
            for node in after.get(stack.pop(), ()):
                if node not in seen:
                    seen.add(node)
                    stack.append(node)
        for node in seen - {start}:
            target = places[node]
            if source.sector == AGRICULTURE or source.canal_code != target.canal_code:
                rule, detail, _ = _flow(pack, source, target)
                if rule:
                    raise NoCall(f"over several canals water could go where it may not: {detail}")


def _flow(pack: Pack, source: Where, target: Where) -> tuple[str, str, str]:
    """Why the county's rules forbid this way; a missing route the arcs make up for, a border's account limits them."""
    rule, detail, legal_source = why_no_way(pack, source, target)
    return ("", "", "") if rule in (NO_ROUTE, CALL_ONLY) else (rule, detail, legal_source)


def _limit(
    limit: caps.LimitNode,
    places: Sequence[Where],
    zones: Sequence[caps.Place],
    arcs: Sequence[Arc],
    available: Mapping[int, int],
) -> Limit | None:
    """A limit of the county as a limit of the call; None if nothing here crosses it."""
    inside = {node for node, zone in enumerate(zones) if caps.holds(limit, zone)}
    if limit.kind == caps.CAP:
        terms = terms_of.cap_terms(arcs, inside)
    else:
        terms = tuple(_counted(limit, places, zones, arcs))
    if not terms:
        return None
    kind = {"conversion": CONVERSION}.get(limit.kind, limit.kind)
    return Limit(kind, limit.code, max(0, available[limit.account_id]), terms, limit.legal_source)


def _counted(
    limit: caps.LimitNode, places: Sequence[Where], zones: Sequence[caps.Place], arcs: Sequence[Arc]
) -> Iterable[tuple[int, int, int]]:
    """(arc, c, d) of a limit on a border or a route, as a trade along that arc alone would count."""
    for number, arc in enumerate(arcs):
        crossed = caps.crossings(zones[arc.source], zones[arc.target], [limit])
        for _, measure in crossed.charges:
            yield (number, 1, 0) if measure is caps.Measure.SOURCE else (number, 0, 1)


def _border(pack: Pack, border: Border, places: Sequence[Where], arcs: Sequence[Arc]) -> tuple[Limit, ...]:
    """The two limits of a border, out and in; none where nothing here crosses it."""
    inside = {
        node
        for node, place in enumerate(places)
        if pack.lies_in(border.zone, (place.township_code, place.canal_code))
    }
    out, back = terms_of.export_terms(arcs, inside), terms_of.import_terms(arcs, inside)
    return limits_of(border.account, out, back, waiting=border.waiting) if out or back else ()


def _tariff_e4(pack: Pack, where: Where) -> int:
    """The county's tariff of the place and sector: what water costs there without a market."""
    tariff = pack.tariff(where.sector, where.canal_code, where.township_code)
    return tariff.price_e4 if tariff is not None else 0
