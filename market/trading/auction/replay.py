"""The clearing of a record once more, on any machine: from its witness without a solver, then solved afresh. Pure."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from market.trading.auction import litres
from market.trading.auction.clearing import bought_net, clear
from market.trading.auction.levels import gather
from market.trading.auction.model import Clearing, Litres, Market, Options
from market.trading.auction.prices import TOLERANCE
from market.trading.auction.record import canonical, market_of, record

NANO = 10**9
FLOW_TOLERANCE_ML = 1_000
"""A litre: the last digits of flows may differ between machines."""


@dataclass(slots=True)
class Replayed:
    """`repeats`: the result follows from its witness to the byte; `differs`: what a fresh solve finds otherwise."""

    repeats: bool
    differs: list[str] = field(default_factory=list)

    @property
    def same(self) -> bool:
        """Whether both came to what the record says."""
        return self.repeats and not self.differs


def replay(data: bytes, options: Options | None = None) -> Replayed:
    """Repeats a record's clearing. Errors: BadMarket, ClearingHalted, KeyError, TypeError, ValueError for no record."""
    document = json.loads(data)
    market = market_of(document)
    again = canonical(document | {"result": _result(_from_witness(market, document))})
    found = Replayed(repeats=again == canonical(document))
    clearing = clear(market, options)
    fresh = json.loads(record(market, clearing))
    found.differs = _differences(document, fresh, clearing)
    return found


def _from_witness(market: Market, document: dict[str, Any]) -> Litres:
    witness = document["witness"]
    playing = np.ones(len(market.orders), bool)
    playing[[order for order, _ in document["dropped"]]] = False
    levels = gather(market.orders, len(market.nodes), playing)
    flows = witness["flows_ml"]
    exact = [value / NANO for value in witness["pi_e9"]]
    ticks = litres.tick_prices(market, exact, bought_net(market, flows))
    return litres.whole(market, levels, flows, ticks)


def _result(found: Litres) -> dict[str, Any]:
    return {
        "prices_e4": list(found.prices_e4),
        "entering": list(found.entering),
        "delivered": list(found.delivered),
        "fills": found.fills.tolist(),
        "paid_fen": found.paid_fen,
        "received_fen": found.received_fen,
        "fund_fen": found.fund_fen,
        "losses": list(found.losses),
        "welfare": found.welfare,
    }


def _differences(document: dict[str, Any], fresh: dict[str, Any], clearing: Clearing) -> list[str]:
    """What the rules give and the record has otherwise, in words."""
    found = []
    for name, what in (("dropped", "the orders left out"), ("closed", "the arcs closed against circles")):
        if document[name] != fresh[name]:
            found.append(f"{name}: {what} are {document[name]}, a fresh clearing has {fresh[name]}")
    for node, (price, again) in enumerate(
        zip(document["result"]["prices_e4"], fresh["result"]["prices_e4"], strict=True)
    ):
        if price != again:
            low, high = clearing.witness.intervals[node]
            found.append(
                f"reference: node {node} has {price}, nearest its reference is {again} (within {low} to {high})"
            )
            break
    for name, what in (("entering", "flows"), ("fills", "fills")):
        if document["result"][name] != fresh["result"][name]:
            found.append(f"{name}: the {what} are not those that volume, fair shares and least flow give")
    for node, (exact, again) in enumerate(
        zip(document["witness"]["pi_e9"], fresh["witness"]["pi_e9"], strict=True)
    ):
        if abs(exact - again) > TOLERANCE * NANO:
            found.append(f"witness: the exact price of node {node} is {exact}, a fresh clearing has {again}")
            break
    for arc, (flow, again) in enumerate(
        zip(document["witness"]["flows_ml"], fresh["witness"]["flows_ml"], strict=True)
    ):
        if abs(flow - again) > FLOW_TOLERANCE_ML:
            found.append(f"witness: arc {arc} carries {flow} ml, in a fresh clearing {again}")
            break
    return found
