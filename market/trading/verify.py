"""The check of a clearing record without a solver: in integers, with no code of the clearing (AUCTION section 6).

`verify` recomputes what the record claims. It sees whether everybody was treated by the published rules and whether
the welfare can be far from the best; that the prices are those nearest the reference needs programs, and `replay`.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any

FORMAT = "karez-call-1"
SELL, BUY = 0, 1
TICK_LITRES_PER_FEN = 100_000
NANO = 10**9
NEVER_SELL = ("domestic", "ecology")
COLUMNS = ("side", "node", "limit", "volume", "minimum", "entry", "owner")
RELATIVE = 10**9
"""One part of this many of the bound is allowed for beside the litres of rounding."""


def verify(data: bytes) -> list[str]:
    """What is wrong with a record, each with the name of its check; nothing wrong is an empty list."""
    try:
        document = json.loads(data, parse_float=_refuse, parse_constant=_refuse)
        if not isinstance(document, dict) or document.get("format") != FORMAT:
            return ["format: this is no clearing record"]
        return _Check(document).all(data)
    except (ValueError, KeyError, TypeError, IndexError, AttributeError, RecursionError) as error:
        return [f"format: {type(error).__name__}: {error}"]


def _refuse(text: str) -> int:
    raise ValueError(f"{text[:40]} is no integer")


def _canonical(value: Any) -> bytes:
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return text.encode()


class _Check:
    """One record under check."""

    def __init__(self, document: dict[str, Any]) -> None:
        self.document = document
        self.wrong: list[str] = []
        orders = document["orders"]
        self.columns = {name: _integers(orders[name]) for name in COLUMNS}
        self.side, self.node = self.columns["side"], self.columns["node"]
        self.limit, self.volume = self.columns["limit"], self.columns["volume"]
        self.minimum, self.entry = self.columns["minimum"], self.columns["entry"]
        self.nodes: list[Any] = document["nodes"]
        self.arcs: list[Any] = document["arcs"]
        self.limits: list[Any] = document["limits"]
        result = document["result"]
        self.fills = _integers(result["fills"])
        self.prices = _integers(result["prices_e4"])
        self.entering, self.delivered = _integers(result["entering"]), _integers(result["delivered"])
        self.result = result
        self.dropped = {int(order) for order, _ in document["dropped"]}

    def all(self, data: bytes) -> list[str]:
        """Every check; a record of the wrong shape is not looked at further."""
        self.hash(data)
        self.shape()
        if not self.wrong:
            self.seed()
            self.owners()
            self.orders()
            self.flows()
            self.balances()
            self.priority()
            self.money()
            self.ticks()
            self.welfare()
        return self.wrong

    def say(self, check: str, what: str) -> None:
        """Notes the first finding of a check."""
        if not any(each.startswith(f"{check}:") for each in self.wrong):
            self.wrong.append(f"{check}: {what}")

    def hash(self, data: bytes) -> None:
        """The record is canonical, and its hash is of all the rest."""
        rest = {name: value for name, value in self.document.items() if name != "sha256"}
        if hashlib.sha256(_canonical(rest)).hexdigest() != self.document.get("sha256"):
            self.say("hash", "the record is not the one that was hashed")
        if _canonical(self.document) != data.strip():
            self.say("hash", "the record is not canonical")

    def shape(self) -> None:
        """Columns of one length, numbers in range, every node, arc and limit that is named is there."""
        count, nodes, arcs = len(self.side), len(self.nodes), len(self.arcs)
        lengths = {len(column) for column in self.columns.values()} | {
            len(self.fills),
            len(self.document["orders"]["ids"]),
        }
        if lengths != {count}:
            self.say("shape", "the orders' columns differ in length")
        if len(self.prices) != nodes or not len(self.entering) == len(self.delivered) == arcs:
            self.say("shape", "a price a node and a flow an arc are needed")
        if any(not 0 <= node < nodes for node in self.node) or any(
            side not in (SELL, BUY) for side in self.side
        ):
            self.say("shape", "an order stands at no node or on no side")
        if any(volume <= 0 for volume in self.volume) or any(limit < 0 for limit in self.limit):
            self.say("shape", "an order has no volume or a limit below zero")
        if any(not 0 <= least <= volume for least, volume in zip(self.minimum, self.volume, strict=False)):
            self.say("shape", "a minimum fill passes its order")
        if any(b <= a for a, b in zip(self.entry, self.entry[1:], strict=False)):
            self.say("shape", "the orders are not in entry order")
        traded = {node for node, filled in zip(self.node, self.fills, strict=False) if filled}
        if any(self.prices[node] < 0 for node in traded if 0 <= node < nodes):
            self.say("shape", "water trades at a price below zero")
        for kind, start, end, k, _ in self.arcs:
            self._arc(kind, start, end, k)
        for limit in self.limits:
            if not isinstance(limit["h"], int) or limit["h"] < 0:
                self.say("shape", f"the limit {limit['name']} is below zero")
            if any(not 0 <= arc < arcs for arc, _, _ in limit["terms"]):
                self.say("shape", f"the limit {limit['name']} names an arc that is not there")
        if any(
            self.nodes[n][1] in NEVER_SELL for n, s in zip(self.node, self.side, strict=False) if s == SELL
        ):
            self.say("shape", "domestic and ecology never sell")
        if any(not 0 <= order < count for order in self.dropped):
            self.say("shape", "an order was dropped that is not there")

    def _arc(self, kind: str, start: int, end: int, k: int) -> None:
        nodes = len(self.nodes)
        if not (
            0 <= start < nodes and 0 <= end < nodes and start != end and isinstance(k, int) and 1 <= k <= 1000
        ):
            self.say("shape", "an arc leads nowhere or delivers more than enters")
            return
        (zone, sector, _), (to_zone, to_sector, _) = self.nodes[start], self.nodes[end]
        if kind == "route":
            right = sector == to_sector and sector not in NEVER_SELL
        else:
            right = kind == "conversion" and zone == to_zone and k == 1000
            right = right and (sector, to_sector) == ("agriculture", "industry")
        if not right:
            self.say("shape", "an arc is neither a route within a sector nor a conversion within a zone")

    def seed(self) -> None:
        """The seed is that of the closed book with the number that was committed to."""
        committed = self.document["committed"]
        if committed is None:
            return
        book = [self.document[name] for name in ("orders", "nodes", "arcs", "limits")]
        digest = hashlib.sha256(_canonical(book)).hexdigest()
        if hashlib.sha256(f"{digest}/{committed}".encode()).hexdigest() != self.document["seed"]:
            self.say("seed", "the seed is not drawn from the book and the committed number")

    def owners(self) -> None:
        """Nobody bought from itself: of an owner on both sides, only the side it entered first is filled."""
        first: dict[int, int] = {}
        for order, owner in enumerate(self.columns["owner"]):
            side = first.setdefault(owner, self.side[order])
            if side != self.side[order] and self.fills[order]:
                self.say("owners", f"order {self.entry[order]} trades against its own owner's side")

    def orders(self) -> None:
        """0 ≤ x ≤ q, minimum fills, limits against prices, dropped orders empty."""
        for order, filled in enumerate(self.fills):
            if not filled:
                continue
            name = self.entry[order]
            if not 0 < filled <= self.volume[order]:
                self.say("volume", f"order {name} is filled beyond its volume")
            if filled < self.minimum[order]:
                self.say("minimum", f"order {name} is filled less than its minimum")
            price, limit = self.prices[self.node[order]], self.limit[order]
            if (price > limit) if self.side[order] == BUY else (price < limit):
                self.say("limit", f"order {name} trades past its limit")
            if order in self.dropped:
                self.say("dropped", f"order {name} was dropped and is filled")

    def flows(self) -> None:
        """The loss rule, closed arcs, bounds, limits, and the losses as stated."""
        closed = set(self.document["closed"])
        most = sum(volume for volume, side in zip(self.volume, self.side, strict=True) if side == SELL)
        for number, (enters, arrives) in enumerate(zip(self.entering, self.delivered, strict=True)):
            k = self.arcs[number][3]
            if not 0 <= enters <= most or arrives != enters * k // 1000 or enters != -(-1000 * arrives // k):
                self.say("loss", f"arc {number} does not lose what its route loses")
            if enters and number in closed:
                self.say("closed", f"arc {number} was closed and carries water")
        if self.result["losses"] != [f - d for f, d in zip(self.entering, self.delivered, strict=True)]:
            self.say("loss", "the losses are not what enters less what arrives")
        for limit in self.limits:
            used = sum(c * self.entering[arc] + d * self.delivered[arc] for arc, c, d in limit["terms"])
            if used > limit["h"]:
                self.say("limits", f"{limit['name']} is passed: {used} of {limit['h']} litres")

    def balances(self) -> None:
        """What a node sells and receives is what it buys and sends; no circle of flows."""
        rest = [0] * len(self.nodes)
        for number, (_, start, end, _, _) in enumerate(self.arcs):
            rest[start] -= self.entering[number]
            rest[end] += self.delivered[number]
        for order, filled in enumerate(self.fills):
            rest[self.node[order]] += filled if self.side[order] == SELL else -filled
        for node, litres in enumerate(rest):
            if litres:
                self.say("balance", f"node {node} is out by {litres} litres")
        left = {a for a, flow in enumerate(self.entering) if flow}
        while left:
            fed = {self.arcs[a][2] for a in left}
            free = {a for a in left if self.arcs[a][1] not in fed}
            if not free:
                self.say("circle", "water flows in a circle")
                return
            left -= free

    def priority(self) -> None:
        """Better-priced orders first; the level where the total runs out shared exactly, left-over litres drawn."""
        groups: dict[tuple[int, int], list[int]] = {}
        for order in range(len(self.fills)):
            if order not in self.dropped:
                groups.setdefault((self.node[order], self.side[order]), []).append(order)
        for (_, side), members in groups.items():
            left = sum(self.fills[order] for order in members)
            levels: dict[int, list[int]] = {}
            for order in members:
                levels.setdefault(self.limit[order], []).append(order)
            for limit in sorted(levels, reverse=side == BUY):
                level = levels[limit]
                total = sum(self.volume[order] for order in level)
                if left >= total:
                    right = [self.volume[order] for order in level]
                elif left:
                    right = self._shared(level, total, left)
                else:
                    right = [0] * len(level)
                if [self.fills[order] for order in level] != right:
                    self.say("priority", f"the orders at {limit} are not filled by price, share and draw")
                left = max(0, left - total)

    def _shared(self, level: list[int], whole: int, total: int) -> list[int]:
        parts = [divmod(self.volume[order] * total, whole) for order in level]
        found = [part for part, _ in parts]
        seed = self.document["seed"]
        ranked = sorted(
            range(len(level)),
            key=lambda i: (-parts[i][1], hashlib.sha256(f"{seed}/{self.entry[level[i]]}".encode()).digest()),
        )
        for index in ranked[: total - sum(found)]:
            found[index] += 1
        return found

    def money(self) -> None:
        """A buyer pays ceil, a seller receives floor; the rest is the fund's and never below zero."""
        paid = received = 0
        for order, filled in enumerate(self.fills):
            if filled:
                value = filled * self.prices[self.node[order]]
                if self.side[order] == BUY:
                    paid += -(-value // TICK_LITRES_PER_FEN)
                else:
                    received += value // TICK_LITRES_PER_FEN
        stated = (self.result["paid_fen"], self.result["received_fen"], self.result["fund_fen"])
        if stated != (paid, received, paid - received):
            self.say("money", "payments, receipts or the fund are not those of the fills")
        if paid < received:
            self.say("money", f"the sellers receive {received - paid} fen more than the buyers pay")

    def ticks(self) -> None:
        """A price is its exact value, or the tick next to it."""
        for node, (price, exact) in enumerate(
            zip(self.prices, self.document["witness"]["pi_e9"], strict=True)
        ):
            if abs(price * NANO - exact) >= NANO:
                self.say("ticks", f"the price of node {node} is a tick or more from its exact value")

    def welfare(self) -> None:
        """No allocation can be much better than this: the bound that any prices and multipliers give."""
        witness = self.document["witness"]
        pi, y = _integers(witness["pi_e9"]), _integers(witness["y_e9"])
        if any(value < 0 for value in y) or len(y) != len(self.limits) or len(pi) != len(self.nodes):
            self.say("welfare", "the witness is not one of a price a node and a multiplier a limit")
            return
        reached = sum(
            (self.limit[order] if self.side[order] == BUY else -self.limit[order]) * filled
            for order, filled in enumerate(self.fills)
        )
        if reached != self.result["welfare"]:
            self.say("welfare", "the welfare is not that of the fills")
        gap = self._bound(pi, y) - reached * NANO
        active = sum(1 for flow in self.entering if flow) + sum(1 for value in y if value > 0) + 1
        highest = max(self.limit, default=0)
        allowed = 2 * active * highest * NANO + (reached * NANO + max(gap, 0)) // RELATIVE
        if not 0 <= gap <= allowed:
            self.say(
                "welfare",
                f"the welfare may be {gap // NANO} tick-litres from the best; {allowed // NANO} are allowed",
            )

    def _bound(self, pi: list[int], y: list[int]) -> int:
        """The dual bound in 10^-9 tick-litres, rounded up; dropped orders and closed arcs are not in the market."""
        bound = 0
        for order, volume in enumerate(self.volume):
            if order not in self.dropped:
                gain = self.limit[order] * NANO - pi[self.node[order]]
                bound += volume * max(0, gain if self.side[order] == BUY else -gain)
        bound += sum(value * limit["h"] for value, limit in zip(y, self.limits, strict=True))
        source, target = [0] * len(self.arcs), [0] * len(self.arcs)
        for value, limit in zip(y, self.limits, strict=True):
            for arc, c, d in limit["terms"] if value else ():
                source[arc] += value * c
                target[arc] += value * d
        most = sum(
            volume
            for order, volume in enumerate(self.volume)
            if self.side[order] == SELL and order not in self.dropped
        )
        closed = set(self.document["closed"])
        for number, (_, start, end, k, _) in enumerate(self.arcs):
            if most and number not in closed:
                a, g = -pi[start] - source[number], pi[end] - target[number]
                bound += -(-most * max(0, 1000 * a + g * k) // 1000) + max(0, min(a, -g))
        return int(bound)


def _integers(values: Any) -> list[int]:
    """A list of integers. Errors: ValueError."""
    if not isinstance(values, list) or any(type(each) is not int for each in values):
        raise ValueError("a column holds something that is no integer")
    return values
