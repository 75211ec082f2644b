"""The record of a call: everything needed to check it, and to work it out once more, as canonical JSON. Pure.

Canonical: sorted keys, no spaces, integers only, UTF-8. `sha256` is the SHA-256 of the record without it.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any

import numpy as np

from market.trading.auction.levels import Levels, gather
from market.trading.auction.model import (
    SELL,
    Arc,
    BadMarket,
    Clearing,
    Limit,
    Market,
    Node,
    Options,
    Orders,
    Witness,
)
from market.trading.auction.solver import settings

FORMAT = "karez-auction-record"
RULES = 1
NANO = 10**9
PICO = 10**12
"""Bound and gap are in 10^-12 tick-litres: prices have 9 decimals, arcs another 3."""
Record = dict[str, Any]


def canonical(value: Any) -> bytes:
    """The canonical JSON of a value of dicts, lists, texts, integers and None."""
    return json.dumps(
        value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    ).encode()


def book_hash(orders: Orders) -> str:
    """SHA-256 of the order book, in hexadecimal: the canonical JSON of the record's `orders`."""
    return hashlib.sha256(canonical(_orders(orders))).hexdigest()


def draw_seed(orders: Orders, committed: str) -> str:
    """The seed of a call: SHA-256 of the order book's hash "/" the number committed to before the call."""
    return hashlib.sha256(f"{book_hash(orders)}/{committed}".encode()).hexdigest()


def record(market: Market, clearing: Clearing) -> Record:
    """The record of a clearing, with its hash."""
    found = body(market, clearing)
    return sealed(found)


def sealed(found: Record) -> Record:
    """The record with the hash of what it says."""
    rest = {name: value for name, value in found.items() if name != "sha256"}
    return rest | {"sha256": hashlib.sha256(canonical(rest)).hexdigest()}


def body(market: Market, clearing: Clearing) -> Record:
    """The record without its hash."""
    litres, witness = clearing.litres, clearing.witness
    dropped = {each.order for each in clearing.dropped}
    bound = dual_bound(market, dropped, frozenset(clearing.closed), witness)
    return {
        "format": FORMAT,
        "rules": RULES,
        "call": market.call,
        "product": market.product,
        "window": market.window,
        "seed": market.seed,
        "committed": market.committed,
        "nodes": [{"zone": n.zone, "sector": n.sector, "reference": n.reference_e4} for n in market.nodes],
        "arcs": [
            {"kind": a.kind, "source": a.source, "target": a.target, "k": a.k, "legal_source": a.legal_source}
            for a in market.arcs
        ],
        "limits": [
            {"kind": j.kind, "name": j.name, "h": j.h_litres, "terms": [list(term) for term in j.terms],
             "legal_source": j.legal_source, "state": [list(each) for each in j.state]}
            for j in market.limits
        ],
        "orders": _orders(market.orders),
        "solver": {
            "name": "HiGHS",
            "version": clearing.solver_version,
            "options": settings(clearing.options) | {"tolerance_e12": 1000},
        },
        "closed": list(clearing.closed),
        "dropped": [[each.order, each.reason] for each in clearing.dropped],
        "witness": {
            "pi": list(witness.pi),
            "y": list(witness.y),
            "flows": list(witness.flows),
            "intervals": [list(each) for each in witness.intervals],
        },
        "result": {
            "prices": list(litres.prices_e4),
            "entering": list(litres.entering),
            "delivered": list(litres.delivered),
            "losses": list(litres.losses),
            "fills": litres.fills.tolist(),
            "paid": litres.paid_fen,
            "received": litres.received_fen,
            "fund": litres.fund_fen,
        },
        "bound": bound,
        "gap": bound - litres.welfare * PICO,
    }  # fmt: skip


def _orders(orders: Orders) -> dict[str, list[Any]]:
    return {name: column.tolist() for name, column in orders.columns().items()} | {"id": list(orders.ids)}


def dual_bound(market: Market, dropped: set[int], closed: frozenset[int], witness: Witness) -> int:
    """What no allocation of whole litres can surpass, by the witness's prices and multipliers (10^-12 tick-litres)."""
    playing = np.ones(len(market.orders), np.bool_)
    playing[list(dropped)] = False
    levels = gather(market.orders, len(market.nodes), playing)
    bound = _surplus(levels, witness.pi) * 1000
    for limit, y in zip(market.limits, witness.y, strict=True):
        bound += y * limit.h_litres * 1000
    sold = int(levels.group_volume()[SELL::2].sum())
    for number, arc in enumerate(market.arcs):
        room = 0 if number in closed else bound_of(number, arc.k, market.limits, sold)
        if room:
            bound += _of_arc(market, number, arc, room, witness)
    return bound


def bound_of(number: int, k: int, limits: tuple[Limit, ...], total_sold: int) -> int:
    """The most litres that can enter an arc: all that is offered, or what a limit without relief (no negative
    coefficient) leaves.
    """
    bound = total_sold
    for limit in limits:
        if any(c < 0 or d < 0 for _, c, d in limit.terms):
            continue
        for arc, c, d in limit.terms:
            if arc == number and c:
                bound = min(bound, limit.h_litres // c)
            if arc == number and d:
                bound = min(bound, -(-1000 * (limit.h_litres // d) // k))
    return bound


def _of_arc(market: Market, number: int, arc: Arc, room: int, witness: Witness) -> int:
    """What an arc can add at most: its reduced cost if positive, and one litre of rounding down."""
    enters, arrives = -witness.pi[arc.source], witness.pi[arc.target]
    for limit, y in zip(market.limits, witness.y, strict=True):
        for a, c, d in limit.terms:
            if a == number:
                enters, arrives = enters - y * c, arrives - y * d
    return room * max(0, 1000 * enters + arrives * arc.k) + 1000 * max(0, min(enters, -arrives))


def _surplus(levels: Levels, pi: tuple[int, ...]) -> int:
    """Sum of volume × what the limit is better than the price, 10^-9 tick-litres."""
    total = 0
    whole = np.array([price // NANO for price in pi], np.int64)
    sells = levels.first_worse(whole)  # sells at or below the price
    buys = levels.first_worse(np.array([-(-price // NANO) for price in pi], np.int64))
    wide = int(levels.cumulative[-1]) * int(levels.limit.max(initial=0)) >= 2**62
    worth = (levels.volume.astype(object) if wide else levels.volume) * levels.limit
    for group, start in enumerate(levels.starts[:-1].tolist()):
        end = int((sells if group & 1 == SELL else buys)[group])
        if end == start:
            continue
        litres = int(levels.cumulative[end] - levels.cumulative[start])
        gain = int(worth[start:end].sum()) * NANO - litres * pi[group >> 1]
        total += -gain if group & 1 == SELL else gain
    return total


def read(found: Record) -> tuple[Market, Options]:
    """The market that a record describes, and the solver's options. Errors: BadMarket."""
    try:
        orders = {name: column for name, column in found["orders"].items() if name != "id"}
        market = Market(
            call=found["call"],
            product=found["product"],
            seed=found["seed"],
            nodes=tuple(Node(n["zone"], n["sector"], n["reference"]) for n in found["nodes"]),
            arcs=tuple(
                Arc(a["kind"], a["source"], a["target"], a["k"], a["legal_source"]) for a in found["arcs"]
            ),
            limits=tuple(
                Limit(j["kind"], j["name"], j["h"], tuple((a, c, d) for a, c, d in j["terms"]), j["legal_source"],
                      tuple((name, value) for name, value in j["state"]))
                for j in found["limits"]
            ),
            orders=Orders.of(**orders, ids=found["orders"]["id"]),
            committed=found["committed"],
            window=found["window"],
        )  # fmt: skip
        asked = found["solver"]["options"]
        options = Options(asked["solver"], asked["presolve"], asked["simplex_strategy"], asked["random_seed"])
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        raise BadMarket(f"the record describes no market: {error}") from error
    return market, options


def read_witness(found: Record) -> Witness:
    """The witness of a record. Errors: BadMarket."""
    try:
        witness = found["witness"]
        return Witness(
            pi=tuple(witness["pi"]),
            y=tuple(witness["y"]),
            flows=tuple(witness["flows"]),
            intervals=tuple((a, b) for a, b in witness["intervals"]),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise BadMarket(f"the record has no witness: {error}") from error
