"""Random markets for the call auction, the same for the same number; their worth with a variable an order."""

from __future__ import annotations

import random

import numpy as np

from market.trading.auction import BUY, SELL, Arc, Limit, Market, Node, Orders
from market.trading.auction import limits as terms_of
from market.trading.auction.model import AGRICULTURE, CONVERSION, INDUSTRY, ROUTE, Options
from market.trading.auction.solver import INFINITY, Program

SHAPES = ("mixed", "tight", "tied", "one_zone", "minimums")


def random_market(number: int, shape: str | None = None) -> Market:
    """A market of up to four zones, two sectors and some thirty orders."""
    chance = random.Random(number)
    shape = shape or SHAPES[number % len(SHAPES)]
    zones = 1 if shape == "one_zone" else chance.randint(1, 4)
    sectors = [AGRICULTURE] if shape == "one_zone" else [AGRICULTURE, INDUSTRY]
    nodes = tuple(
        Node(f"z{zone}", sector, chance.randint(1_500, 6_000)) for zone in range(zones) for sector in sectors
    )
    arcs = _arcs(chance, nodes, zones, len(sectors))
    return Market(
        call=str(number), product="surface-2026", seed=f"seed-{number}", nodes=nodes, arcs=arcs,
        limits=_limits(chance, nodes, arcs, tight=shape == "tight"), orders=_orders(chance, nodes, shape),
    )  # fmt: skip


def _arcs(chance: random.Random, nodes: tuple[Node, ...], zones: int, sectors: int) -> tuple[Arc, ...]:
    arcs = []
    for start in range(zones):
        for end in range(zones):
            if start != end and chance.random() < 0.6:
                k = chance.choice((1000, 970, 950, 930, 900, 873, chance.randint(500, 1000)))
                arcs += [
                    Arc(ROUTE, start * sectors + each, end * sectors + each, k) for each in range(sectors)
                ]
        if sectors == 2 and chance.random() < 0.8:
            arcs.append(Arc(CONVERSION, start * 2, start * 2 + 1, 1000))
    return tuple(arcs)


def _limits(
    chance: random.Random, nodes: tuple[Node, ...], arcs: tuple[Arc, ...], *, tight: bool
) -> tuple[Limit, ...]:
    made = []
    most = 60_000 if tight else 400_000
    for kind in ("cap", "cap", "import", "export", "route", "conversion"):
        if chance.random() < (0.9 if tight else 0.4):
            inside = {node for node in range(len(nodes)) if chance.random() < 0.5}
            if kind == "cap":
                terms = terms_of.cap_terms(arcs, inside)
            elif kind == "import":
                terms = terms_of.import_terms(arcs, inside)
            elif kind == "export":
                terms = terms_of.export_terms(arcs, inside)
            elif kind == "conversion":
                terms = terms_of.conversion_terms(arcs, inside)
            else:
                terms = terms_of.route_terms(a for a in range(len(arcs)) if chance.random() < 0.3)
            if terms:
                h = 0 if chance.random() < 0.1 else chance.randint(0, most)
                made.append(Limit(kind, f"{kind}-{len(made)}", h, terms))
    return tuple(made)


def _orders(chance: random.Random, nodes: tuple[Node, ...], shape: str) -> Orders:
    count = chance.randint(2, 36)
    prices = [chance.randint(1_000, 8_000) for _ in range(2 if shape == "tied" else 200)]
    side = [chance.choice((SELL, BUY)) for _ in range(count)]
    volume = [chance.choice((chance.randint(1, 50_000), chance.randint(1, 50) * 1000)) for _ in range(count)]
    minimum = [
        chance.choice((0, chance.randint(1, each), each))
        if shape == "minimums" and chance.random() < 0.4
        else 0
        for each in volume
    ]
    return Orders.of(
        side=side,
        node=[chance.randrange(len(nodes)) for _ in range(count)],
        limit=[chance.choice(prices) for _ in range(count)],
        volume=volume,
        minimum=minimum,
        owner=[chance.randrange(2 * count) for _ in range(count)],
    )


def best_welfare(market: Market, playing: list[bool], closed: set[int]) -> float:
    """The greatest welfare (tick-litres) with one variable an order: the plain program, in cubic metres."""
    orders = market.orders
    chosen = [order for order, plays in enumerate(playing) if plays]
    arcs = [arc for arc in range(len(market.arcs)) if arc not in closed]
    nodes = len(market.nodes)
    most = sum(int(orders.volume[order]) for order in chosen if orders.side[order] == SELL) / 1000
    rows, columns, values = [], [], []
    for column, order in enumerate(chosen):
        rows.append(int(orders.node[order]))
        columns.append(column)
        values.append(1.0 if orders.side[order] == SELL else -1.0)
    for place, arc in enumerate(arcs):
        each = market.arcs[arc]
        for row, value in ((each.source, -1.0), (each.target, each.k / 1000)):
            rows.append(row)
            columns.append(len(chosen) + place)
            values.append(value)
    for number, limit in enumerate(market.limits):
        for arc, c, d in limit.terms:
            if arc in arcs:
                rows.append(nodes + number)
                columns.append(len(chosen) + arcs.index(arc))
                values.append(c + d * market.arcs[arc].k / 1000)
    worth = [float(orders.limit[order]) * (1 if orders.side[order] == SELL else -1) for order in chosen]
    program = Program(
        cost=np.array(worth + [0.0] * len(arcs)),
        lower=np.zeros(len(chosen) + len(arcs)),
        upper=np.array([int(orders.volume[order]) / 1000 for order in chosen] + [most] * len(arcs)),
        row_lower=np.array([0.0] * nodes + [-INFINITY] * len(market.limits)),
        row_upper=np.array([0.0] * nodes + [limit.h_litres / 1000 for limit in market.limits]),
        triples=(np.array(rows, np.int64), np.array(columns, np.int64), np.array(values)),
        options=Options(),
    )
    return -program.solve().value * 1000


def brute_welfare(market: Market, playing: list[bool]) -> int:
    """One zone, litre by litre as good as: the volume at which the next seller asks more than the next buyer bids."""
    orders = market.orders
    chosen = [order for order, plays in enumerate(playing) if plays]
    sells = sorted((int(orders.limit[i]), int(orders.volume[i])) for i in chosen if orders.side[i] == SELL)
    buys = sorted(
        ((int(orders.limit[i]), int(orders.volume[i])) for i in chosen if orders.side[i] == BUY), reverse=True
    )
    welfare = 0
    while sells and buys and sells[0][0] < buys[0][0]:
        litres = min(sells[0][1], buys[0][1])
        welfare += litres * (buys[0][0] - sells[0][0])
        for book in (sells, buys):
            limit, volume = book.pop(0)
            if volume > litres:
                book.insert(0, (limit, volume - litres))
    return welfare
