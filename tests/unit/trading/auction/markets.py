"""Random markets for the tests of the call auction: few places, every kind of limit, many ties."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from market.trading.auction import BUY, SELL, Arc, Limit, Market, Node, Orders, draw_seed
from market.trading.auction.limits import (
    cap_terms,
    conversion_terms,
    export_terms,
    import_terms,
    route_terms,
)

FARM, PARK = "agriculture", "industry"
SHARES = (1000, 950, 900, 930, 847, 700, 999)


def market_of(
    orders: list[tuple[int, int, int, int]],
    *,
    references: tuple[int, ...] = (0,),
    arcs: tuple[Arc, ...] = (),
    limits: tuple[Limit, ...] = (),
    sectors: tuple[str, ...] = (),
    seed: str = "county-7",
    **columns: Any,
) -> Market:
    """A small market: orders as (side, node, limit ticks, litres); nodes in zones of their own, or by sector in one."""
    nodes = tuple(
        Node("zone" if sectors else f"zone-{n}", sectors[n] if sectors else FARM, reference)
        for n, reference in enumerate(references)
    )
    side, node, limit, volume = ([each[i] for each in orders] for i in range(4))
    book = Orders.of(side=side, node=node, limit=limit, volume=volume, **columns)
    return Market("call-1", "surface-2026", seed, nodes, arcs, limits, book)


def random_market(number: int) -> Market:
    """A market of its number: up to 5 zones, one or two sectors, up to 60 orders; in a tenth water
    can run in circles, in a twentieth it could take a longer way for nothing.
    """
    rng = np.random.default_rng(number)
    special = rng.random()
    if special < 0.15:
        return circling_market(rng) if special < 0.1 else detour_market(rng)
    zones, both = int(rng.integers(1, 6)), rng.random() < 0.6
    sectors = (FARM, PARK) if both else (FARM,)
    nodes = tuple(Node(f"z{z}", s, int(rng.integers(1000, 6000))) for z in range(zones) for s in sectors)
    arcs, routes = _arcs(rng, nodes, zones, sectors)
    scale = int(rng.choice([30_000, 300_000, 3_000_000]))
    limits = _limits(rng, nodes, arcs, routes, zones, scale)
    market = Market(
        "call-1", "surface-2026", f"seed-{number}", nodes, arcs, limits, _orders(rng, nodes, scale)
    )
    if rng.random() < 0.5:
        market = replace(market, seed=draw_seed(market.orders, "4711"), committed="4711")
    return market


def _arcs(
    rng: np.random.Generator, nodes: tuple[Node, ...], zones: int, sectors: tuple[str, ...]
) -> tuple[tuple[Arc, ...], list[list[int]]]:
    place = {(node.zone, node.sector): n for n, node in enumerate(nodes)}
    arcs: list[Arc] = []
    routes = []
    for u in range(zones):
        for v in range(zones):
            if u == v or rng.random() < 0.5:
                continue
            k = int(rng.choice(SHARES))
            routes.append(list(range(len(arcs), len(arcs) + len(sectors))))
            arcs += [Arc("route", place[f"z{u}", s], place[f"z{v}", s], k, "law") for s in sectors]
    if len(sectors) == 2:
        for z in range(zones):
            if rng.random() < 0.8:
                arcs.append(Arc("conversion", place[f"z{z}", FARM], place[f"z{z}", PARK], 1000, "law"))
    return tuple(arcs), routes


def _limits(
    rng: np.random.Generator, nodes: tuple[Node, ...], arcs: tuple[Arc, ...], routes: list[list[int]], zones: int,
    scale: int,
) -> tuple[Limit, ...]:  # fmt: skip
    def room() -> int:
        return int(rng.choice([0, rng.integers(0, scale), rng.integers(0, 3 * scale)], p=[0.15, 0.5, 0.35]))

    def within(*names: str) -> set[int]:
        return {n for n, node in enumerate(nodes) if node.zone in names}

    found = [Limit("route", f"r{r}", room(), route_terms(r), "law") for r in routes if rng.random() < 0.5]
    for z in range(zones):
        for kind, terms in (("cap", cap_terms), ("import", import_terms), ("export", export_terms)):
            if rng.random() < 0.3:
                found.append(Limit(kind, f"{kind}-{z}", room(), terms(arcs, within(f"z{z}")), "law"))
    if zones > 2 and rng.random() < 0.5:
        found.append(Limit("cap", "upper", room(), cap_terms(arcs, within("z0", "z1")), "law"))
    if any(node.sector == PARK for node in nodes) and rng.random() < 0.5:
        parks = {n for n, node in enumerate(nodes) if node.sector == PARK}
        everywhere = range(len(nodes))
        found.append(Limit("conversion", "all", room(), conversion_terms(arcs, everywhere), "law"))
        found.append(Limit("cap", "parks", room(), cap_terms(arcs, parks), "law"))
    return tuple(found)


def _orders(rng: np.random.Generator, nodes: tuple[Node, ...], scale: int) -> Orders:
    count = int(rng.integers(0, 60))
    ties = rng.random()
    step = 1 if ties < 0.4 else 100 if ties < 0.7 else 1000
    low, high = (1000, 6000) if ties < 0.9 else (3000, 3000)
    volume = rng.integers(1, scale // 3, count)
    minimum = None
    if rng.random() < 0.3:
        share = np.where(rng.random(count) < 0.15, rng.choice([0.3, 0.7, 1.0], count), 0.0)
        minimum = (volume * share).astype(np.int64)
    return Orders.of(
        side=rng.integers(0, 2, count),
        node=rng.integers(0, len(nodes), count),
        limit=rng.integers(low // step, high // step + 1, count) * step,
        volume=volume,
        minimum=minimum,
        owner=rng.integers(0, 3 * count + 1, count) if rng.random() < 0.5 else None,
    )


def circling_market(rng: np.random.Generator | None = None) -> Market:
    """A lossy way there and back frees headroom under a cap that a third place would pay for."""
    k, price = (900, 900), 1000
    if rng is not None:
        k, price = (int(rng.choice(SHARES)), int(rng.choice(SHARES))), int(rng.integers(500, 3000))
    inside = {0, 3}
    arcs = (Arc("route", 0, 1, k[0]), Arc("route", 1, 0, k[1]), Arc("route", 2, 3, 950))
    limits = (Limit("cap", "K", 0, cap_terms(arcs, inside), "law"),)
    orders = [
        (SELL, 0, price, 100_000),
        (SELL, 2, 1000, 100_000),
        (BUY, 3, 10_000, 50_000),
        (BUY, 1, 900, 5_000),
    ]
    return market_of(orders, references=(1500, 1500, 1500, 1500), arcs=arcs, limits=limits)


def detour_market(rng: np.random.Generator) -> Market:
    """From one place to another directly, or over a third, without loss either way."""
    arcs = (Arc("route", 0, 1, 1000), Arc("route", 0, 2, 1000), Arc("route", 2, 1, 1000))
    orders = [
        (SELL, 0, int(rng.integers(1000, 2000)), int(rng.integers(3_000, 90_000))),
        (BUY, 1, int(rng.integers(3000, 4000)), int(rng.integers(3_000, 90_000))),
        (BUY, 2, int(rng.integers(3000, 4000)), int(rng.integers(3_000, 90_000))),
    ]
    return market_of(orders, references=(2500, 2500, 2500), arcs=arcs, seed=f"detour-{rng.integers(10**6)}")


def one_zone(number: int) -> Market:
    """One zone with up to six tiny orders, so that every allocation can be tried."""
    rng = np.random.default_rng(number)
    count = int(rng.integers(2, 7))
    return market_of(
        [
            (int(rng.integers(0, 2)), 0, int(rng.integers(1, 6)) * 1000, int(rng.integers(1, 5)))
            for _ in range(count)
        ],
        references=(int(rng.integers(1000, 6000)),),
        seed=f"zone-{number}",
    )
