"""The clearing record of a call (AUCTION section 7): canonical JSON with its hash; others check and repeat it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from typing import Any

import numpy as np

from market.trading.auction.model import Arc, Clearing, Limit, Market, Node, Orders
from market.trading.auction.solver import TOLERANCE, settings

FORMAT = "karez-call-1"
RULES = "AUCTION 1"


def canonical(value: Any) -> bytes:
    """JSON with sorted keys, no spaces, integers only."""
    return json.dumps(
        value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    ).encode()


def book_hash(orders: Orders, nodes: Sequence[Node], arcs: Sequence[Arc], limits: Sequence[Limit]) -> str:
    """SHA-256 over everything that was known when the book was closed."""
    return hashlib.sha256(
        canonical([_orders(orders), _nodes(nodes), _arcs(arcs), _limits(limits)])
    ).hexdigest()


def draw_seed(book: str, committed: str) -> str:
    """The seed of left-over litres: the hash of the closed book with a number that was committed to before the call."""
    return hashlib.sha256(f"{book}/{committed}".encode()).hexdigest()


def record(market: Market, clearing: Clearing) -> bytes:
    """The record of a clearing, canonical, with the SHA-256 of all the rest under `sha256`."""
    document = _document(market, clearing)
    document["sha256"] = hashlib.sha256(canonical(document)).hexdigest()
    return canonical(document)


def _document(market: Market, clearing: Clearing) -> dict[str, Any]:
    found = clearing.litres
    return {
        "format": FORMAT,
        "rules": RULES,
        "call": market.call,
        "product": market.product,
        "window": market.window,
        "seed": market.seed,
        "committed": market.committed,
        "nodes": _nodes(market.nodes),
        "arcs": _arcs(market.arcs),
        "limits": _limits(market.limits),
        "orders": _orders(market.orders),
        "solver": {
            "name": "HiGHS",
            "version": clearing.solver_version,
            "options": settings(clearing.options) | {"tolerance_e12": round(TOLERANCE * 1e12)},
        },
        "closed": list(clearing.closed),
        "dropped": [[each.order, each.reason] for each in clearing.dropped],
        "witness": {
            "pi_e9": list(clearing.witness.pi),
            "y_e9": list(clearing.witness.y),
            "flows_ml": list(clearing.witness.flows),
            "intervals_e3": [list(each) for each in clearing.witness.intervals],
        },
        "result": {
            "prices_e4": list(found.prices_e4),
            "entering": list(found.entering),
            "delivered": list(found.delivered),
            "fills": found.fills.tolist(),
            "paid_fen": found.paid_fen,
            "received_fen": found.received_fen,
            "fund_fen": found.fund_fen,
            "losses": list(found.losses),
            "welfare": found.welfare,
        },
    }


def _nodes(nodes: Sequence[Node]) -> list[list[Any]]:
    return [[each.zone, each.sector, each.reference_e4] for each in nodes]


def _arcs(arcs: Sequence[Arc]) -> list[list[Any]]:
    return [[each.kind, each.source, each.target, each.k, each.legal_source] for each in arcs]


def _limits(limits: Sequence[Limit]) -> list[dict[str, Any]]:
    return [
        {
            "kind": each.kind,
            "name": each.name,
            "h": each.h_litres,
            "terms": [list(term) for term in each.terms],
            "legal_source": each.legal_source,
            "state": dict(each.state),
        }
        for each in limits
    ]


def _orders(orders: Orders) -> dict[str, Any]:
    columns: dict[str, Any] = {name: column.tolist() for name, column in orders.columns().items()}
    return columns | {"ids": list(orders.ids)}


def market_of(document: dict[str, Any]) -> Market:
    """The market of a record. Errors: BadMarket, KeyError, TypeError, ValueError for what is no record."""
    orders = document["orders"]
    columns = {name: np.array(orders[name], np.int64) for name in orders if name != "ids"}
    return Market(
        call=document["call"],
        product=document["product"],
        seed=document["seed"],
        committed=document["committed"],
        window=document["window"],
        nodes=tuple(Node(*each) for each in document["nodes"]),
        arcs=tuple(Arc(*each) for each in document["arcs"]),
        limits=tuple(
            Limit(
                each["kind"], each["name"], each["h"], tuple((a, c, d) for a, c, d in each["terms"]),
                each["legal_source"], tuple(each["state"].items()),
            )
            for each in document["limits"]
        ),
        orders=Orders(**columns, ids=tuple(orders["ids"])),
    )  # fmt: skip
