"""Ways to tamper with a clearing record, hashed again afterwards; and which of the two checks sees each."""

from __future__ import annotations

import hashlib
import json
import random
from collections.abc import Callable
from typing import Any

from market.trading.auction.record import canonical

Document = dict[str, Any]


def sealed(document: Document) -> bytes:
    """The record with the hash that it would have had."""
    rest = {name: value for name, value in document.items() if name != "sha256"}
    return canonical(rest | {"sha256": hashlib.sha256(canonical(rest)).hexdigest()})


def _filled(document: Document, side: int | None = None) -> list[int]:
    sides = document["orders"]["side"]
    fills = document["result"]["fills"]
    return [i for i, filled in enumerate(fills) if filled and (side is None or sides[i] == side)]


def _flowing(document: Document) -> list[int]:
    return [a for a, litres in enumerate(document["result"]["entering"]) if litres]


def more_for_one(document: Document, chance: random.Random) -> bool:
    """A litre more for one order."""
    orders = _filled(document)
    if orders:
        document["result"]["fills"][chance.choice(orders)] += 1
    return bool(orders)


def moved_between(document: Document, chance: random.Random) -> bool:
    """A litre moved from one order to another of the same node and side."""
    sides, nodes, fills = document["orders"]["side"], document["orders"]["node"], document["result"]["fills"]
    pairs = [
        (i, j)
        for i in _filled(document)
        for j in range(len(fills))
        if i != j and sides[i] == sides[j] and nodes[i] == nodes[j]
    ]
    if pairs:
        giver, taker = chance.choice(pairs)
        fills[giver] -= 1
        fills[taker] += 1
    return bool(pairs)


def dearer(document: Document, chance: random.Random) -> bool:
    """A price some ticks off, where something traded, and the money made to fit."""
    orders = _filled(document)
    if not orders:
        return False
    node = document["orders"]["node"][chance.choice(orders)]
    document["result"]["prices_e4"][node] += chance.choice((-7, -2, 2, 9))
    _money(document)
    return True


def _money(document: Document) -> None:
    result, orders = document["result"], document["orders"]
    paid = received = 0
    for i in _filled(document):
        value = result["fills"][i] * result["prices_e4"][orders["node"][i]]
        if orders["side"][i] == 1:
            paid += -(-value // 100_000)
        else:
            received += value // 100_000
    result["paid_fen"], result["received_fen"], result["fund_fen"] = paid, received, paid - received


def fund_robbed(document: Document, _: random.Random) -> bool:
    """A fen out of the fund."""
    document["result"]["fund_fen"] -= 1
    return True


def lost_less(document: Document, chance: random.Random) -> bool:
    """An arc that delivers a litre more than its route lets through."""
    arcs = _flowing(document)
    if arcs:
        arc = chance.choice(arcs)
        document["result"]["delivered"][arc] += 1
        document["result"]["losses"][arc] -= 1
    return bool(arcs)


def limit_shrunk(document: Document, chance: random.Random) -> bool:
    """A limit below what crosses it."""
    result = document["result"]
    used = [
        (number, sum(c * result["entering"][a] + d * result["delivered"][a] for a, c, d in limit["terms"]))
        for number, limit in enumerate(document["limits"])
    ]
    passable = [(number, litres) for number, litres in used if litres > 0]
    if passable:
        number, litres = chance.choice(passable)
        document["limits"][number]["h"] = litres - 1
    return bool(passable)


def past_the_limit(document: Document, chance: random.Random) -> bool:
    """An order that was filled, with a limit that its price passes."""
    orders = _filled(document)
    if orders:
        order = chance.choice(orders)
        price = document["result"]["prices_e4"][document["orders"]["node"][order]]
        if document["orders"]["side"][order] == 0:
            document["orders"]["limit"][order] = price + 1
        elif price > 0:
            document["orders"]["limit"][order] = price - 1
        else:
            return False
    return bool(orders)


def left_out(document: Document, chance: random.Random) -> bool:
    """An order that was filled, dropped."""
    orders = _filled(document)
    if orders:
        document["dropped"].append([chance.choice(orders), "rejected for minimum fill"])
    return bool(orders)


def nothing_traded(document: Document, _: random.Random) -> bool:
    """A call in which nothing trades although much could."""
    if document["result"]["welfare"] < 10**6:  # else the allowance for litres may hide it
        return False
    result = document["result"]
    result["fills"] = [0] * len(result["fills"])
    for name in ("entering", "delivered", "losses"):
        result[name] = [0] * len(result[name])
    result["paid_fen"] = result["received_fen"] = result["fund_fen"] = result["welfare"] = 0
    return True


def witness_bent(document: Document, chance: random.Random) -> bool:
    """An exact price some ticks from the one that is published."""
    node = chance.randrange(len(document["nodes"]))
    document["witness"]["pi_e9"][node] += 5 * 10**9
    return True


def minimum_raised(document: Document, chance: random.Random) -> bool:
    """A minimum fill that was not met."""
    orders = [
        i for i in _filled(document) if document["result"]["fills"][i] < document["orders"]["volume"][i]
    ]
    if orders:
        order = chance.choice(orders)
        document["orders"]["minimum"][order] = document["result"]["fills"][order] + 1
    return bool(orders)


def turned_owner(document: Document, _: random.Random) -> bool:
    """One owner behind a buyer and a seller who trade."""
    sells, buys = _filled(document, 0), _filled(document, 1)
    if sells and buys:
        document["orders"]["owner"][buys[0]] = document["orders"]["owner"][sells[0]]
    return bool(sells and buys)


def no_integer(document: Document, _: random.Random) -> bool:
    """A volume that is no integer."""
    document["orders"]["volume"][0] += 0.5
    return True


SEEN_BY_VERIFY: tuple[Callable[[Document, random.Random], bool], ...] = (
    more_for_one, moved_between, dearer, fund_robbed, lost_less, limit_shrunk, past_the_limit, left_out,
    nothing_traded, witness_bent, minimum_raised, turned_owner, no_integer,
)  # fmt: skip


def farther_from_the_reference(document: Document, _: random.Random) -> bool:
    """Another tick of a node's interval than the one nearest its reference, with the money made to fit.

    Where nothing but that node's own orders depends on it, only a program can tell.
    """
    result, witness = document["result"], document["witness"]
    alone = set(range(len(document["nodes"]))) - {n for arc in document["arcs"] for n in arc[1:3]}
    for node in sorted(alone):
        low, high = witness["intervals_e3"][node]
        for price in (result["prices_e4"][node] - 1, result["prices_e4"][node] + 1):
            inside = low is not None and high is not None and low <= price * 1000 <= high
            if inside and price not in _limits_of(document, node):
                result["prices_e4"][node], witness["pi_e9"][node] = price, price * 10**9
                _money(document)
                return True
    return False


def _limits_of(document: Document, node: int) -> set[int]:
    orders = document["orders"]
    return {limit for limit, at in zip(orders["limit"], orders["node"], strict=True) if at == node}


def dropped_for_nothing(document: Document, chance: random.Random) -> bool:
    """An order that got nothing anyway, said to be left out."""
    idle = [
        i
        for i, filled in enumerate(document["result"]["fills"])
        if not filled and i not in {order for order, _ in document["dropped"]}
    ]
    if idle:
        document["dropped"].append([chance.choice(idle), "rejected for minimum fill"])
    return bool(idle)


def closed_for_nothing(document: Document, chance: random.Random) -> bool:
    """An arc that carried nothing, said to be closed against a circle."""
    idle = [
        a
        for a in range(len(document["arcs"]))
        if not document["result"]["entering"][a] and a not in document["closed"]
    ]
    if idle:
        document["closed"].append(chance.choice(idle))
    return bool(idle)


def interval_bent(document: Document, chance: random.Random) -> bool:
    """Another flow in the witness than the one that the result was made from."""
    arcs = _flowing(document)
    if arcs:
        document["witness"]["flows_ml"][chance.choice(arcs)] += 5_000_000
    return bool(arcs)


SEEN_BY_REPLAY_ONLY: tuple[Callable[[Document, random.Random], bool], ...] = (
    farther_from_the_reference, dropped_for_nothing, closed_for_nothing, interval_bent,
)  # fmt: skip


def tampered(
    data: bytes, kind: Callable[[Document, random.Random], bool], chance: random.Random
) -> bytes | None:
    """The record with that tampering, sealed again; None where it offers no place for it, or nothing changed."""
    document: Document = json.loads(data)
    if not kind(document, chance):
        return None
    found = sealed(document)
    return None if found == data else found
