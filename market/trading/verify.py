"""Checks the record of a call auction in integers, without a solver. Standard library only. Pure.

Shares no code with the clearing. A record that passes is feasible, exactly shared, paid for, and within a few litres of
the most welfare there is: prices and multipliers of the record bound what any allocation can reach. What it cannot
see is which of several equally good outcomes the rules choose: `replay` works that out.
"""

from __future__ import annotations

import hashlib
import json
from itertools import compress, islice
from operator import itemgetter, le, lt, mul
from typing import Any

FORMAT, RULES = "karez-auction-record", 1
NANO, PICO = 10**9, 10**12
TICK_LITRES_A_FEN = 100_000
SELL, BUY = 0, 1
CROSSES, MINIMUM = "would cross itself", "rejected for minimum fill"
COLUMNS = ("side", "node", "limit", "volume", "minimum", "entry", "owner")
Record = dict[str, Any]


class Malformed(Exception):
    """The text is no JSON object, or not of the form of a record."""


def parse(text: bytes) -> Record:
    """The record in a file. Errors: Malformed."""
    try:
        found = json.loads(text, object_pairs_hook=_once, parse_float=_no_float, parse_constant=_no_float)
    except (ValueError, RecursionError) as error:
        raise Malformed(f"not a record: {error}") from error
    if not isinstance(found, dict):
        raise Malformed("not a record: no JSON object")
    return found


def _once(pairs: list[tuple[str, Any]]) -> Record:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name stands twice")
    return found


def _no_float(text: str) -> Any:
    raise ValueError(f"{text} is no integer")


def verify(record: Record) -> list[str]:
    """The names of the checks that fail, in order; none for a good record. Never raises for a bad one.

    hash, form, seed, window, orders, owners, dropped, fills, minimum fill, limit price, loss rule, losses, closed arcs,
    circle, balance, limits, bounds, volume, priority, pro rata, price, money, fund, bound, gap.
    """
    try:
        if not _hash_holds(record):
            return ["hash"]
        if record["format"] != FORMAT or record["rules"] != RULES or not _formed(record):
            return ["form"]
        checks = _Checks(record)
        return checks.run()
    except (KeyError, TypeError, ValueError, IndexError, AttributeError, OverflowError, RecursionError):
        return ["form"]


def _text(value: Any) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def _hash_holds(record: Record) -> bool:
    rest = {name: value for name, value in record.items() if name != "sha256"}
    return bool(record["sha256"] == hashlib.sha256(_text(rest)).hexdigest())


def _integers(values: list[Any], length: int) -> bool:
    return isinstance(values, list) and len(values) == length and set(map(type, values)) <= {int}


def _formed(record: Record) -> bool:
    """Whether every number is an integer and every column as long as it must be."""
    orders, result, witness = record["orders"], record["result"], record["witness"]
    nodes, arcs, limits = record["nodes"], record["arcs"], record["limits"]
    count = len(orders["id"])
    return (
        all(_integers(orders[name], count) for name in COLUMNS)
        and _integers(result["fills"], count)
        and all(
            _integers(result[name], len(arcs)) and min(result[name], default=0) >= 0
            for name in ("entering", "delivered", "losses")
        )
        and _integers(result["prices"], len(nodes))
        and _integers([result["paid"], result["received"], result["fund"], record["bound"], record["gap"]], 5)
        and _integers(witness["pi"], len(nodes))
        and _integers(witness["y"], len(limits))
        and _integers(witness["flows"], len(arcs))
        and min(witness["y"], default=0) >= 0
        and min(witness["flows"], default=0) >= 0
        and len(witness["intervals"]) == len(nodes)
        and _integers(record["closed"], len(set(record["closed"])))
        and all(0 <= arc < len(arcs) for arc in record["closed"])
        and all(_arc_formed(arc, nodes) for arc in arcs)
        and all(_limit_formed(limit, len(arcs)) for limit in limits)
    )


def _arc_formed(arc: Record, nodes: list[Record]) -> bool:
    start, end, k = arc["source"], arc["target"], arc["k"]
    if not _integers([start, end, k], 3) or not (0 <= start < len(nodes) and 0 <= end < len(nodes)):
        return False
    one, other = nodes[start], nodes[end]
    if arc["kind"] == "route":
        return start != end and 1 <= k <= 1000 and bool(one["sector"] == other["sector"])
    ways = (one["zone"] == other["zone"], one["sector"], other["sector"], k, arc["kind"])
    return ways == (True, "agriculture", "industry", 1000, "conversion")


def _limit_formed(limit: Record, arcs: int) -> bool:
    terms = limit["terms"]
    return (
        all(_integers(term, 3) and 0 <= term[0] < arcs for term in terms)
        and len({term[0] for term in terms}) == len(terms)
        and type(limit["h"]) is int
        and limit["h"] >= 0
    )


def _ceil(value: int, divisor: int) -> int:
    return -(-value // divisor)


def _picked(column: list[int], numbers: list[int]) -> list[int]:
    """The values of a column at these places."""
    return list(itemgetter(*numbers)(column)) if len(numbers) > 1 else [column[numbers[0]]]


def _passes(lower: int | None, upper: int | None, *, strictly: bool = False) -> bool:
    """Whether lower ≤ upper (or <); true where one is missing."""
    return lower is None or upper is None or (lower < upper if strictly else lower <= upper)


class _Checks:
    """One record under check; `failed` gathers names."""

    def __init__(self, record: Record) -> None:
        self.record, self.failed = record, list[str]()
        self.nodes, self.arcs, self.limits = record["nodes"], record["arcs"], record["limits"]
        self.orders, self.result, self.witness = record["orders"], record["result"], record["witness"]
        self.fills: list[int] = self.result["fills"]
        self.prices: list[int] = self.result["prices"]
        self.dropped = dict(record["dropped"])
        self.closed = set(record["closed"])
        self.highest = self.sold = self.welfare = self.surplus = 0
        self.paid = self.received = 0

    def check(self, name: str, good: bool) -> None:
        """Notes a check that fails, once."""
        if not good and name not in self.failed:
            self.failed.append(name)

    def run(self) -> list[str]:
        """Every check in turn."""
        self._seed()
        self._window()
        self._orders()
        self._dropped()
        if "orders" in self.failed or "dropped" in self.failed:
            return self.failed
        needs = self._network()
        groups = self._groups()
        for node in range(len(self.nodes)):
            sold, most_sold = self._group(groups[2 * node], node, SELL)
            bought, most_bought = self._group(groups[2 * node + 1], node, BUY)
            self.check("balance", sold == bought + needs[node])
            self.check("price", not bought or self.prices[node] >= 0)
            self.check("volume", bought == min(most_bought, most_sold - needs[node]))
        self._money()
        self._prices(needs)
        self._gap()
        return self.failed

    def _seed(self) -> None:
        committed = self.record["committed"]
        if committed is not None:
            book = hashlib.sha256(_text(self.orders)).hexdigest()
            drawn = hashlib.sha256(f"{book}/{committed}".encode()).hexdigest()
            self.check("seed", self.record["seed"] == drawn)

    def _window(self) -> None:
        """In a farm-first window industry has no orders; then balances let nothing convert."""
        window = self.record["window"]
        industry = {n for n, node in enumerate(self.nodes) if node["sector"] == "industry"}
        shut = window == "farm_first" and not industry.isdisjoint(self.orders["node"])
        self.check("window", window in ("general", "farm_first") and not shut)

    def _orders(self) -> None:
        orders = self.orders
        entries = orders["entry"]
        dry = {n for n, node in enumerate(self.nodes) if node["sector"] in ("domestic", "ecology")}
        good = (
            set(orders["side"]) <= {SELL, BUY}
            and all(0 <= node < len(self.nodes) for node in set(orders["node"]))
            and min(orders["limit"], default=0) >= 0
            and min(orders["volume"], default=1) > 0
            and all(map(lt, entries, islice(entries, 1, None)))
            and min(orders["minimum"], default=0) >= 0
            and all(map(le, orders["minimum"], orders["volume"]))
        )
        if good and dry:
            good = not any(
                node in dry for node, side in zip(orders["node"], orders["side"], strict=True) if not side
            )
        self.check("orders", good)
        self.check("fills", all(map(le, self.fills, orders["volume"])) and min(self.fills, default=0) >= 0)
        least = orders["minimum"]
        partly = any(least) and any(0 < x < m for m, x in zip(least, self.fills, strict=True))
        self.check("minimum fill", not partly)

    def _dropped(self) -> None:
        count, minimum = len(self.fills), self.orders["minimum"]
        good = len(self.dropped) == len(self.record["dropped"])
        for number, reason in self.dropped.items():
            good = good and type(number) is int and 0 <= number < count and reason in (CROSSES, MINIMUM)
            good = good and self.fills[number] == 0 and (reason == CROSSES or minimum[number] > 0)
        self.check("dropped", good)
        crossing = {number for number, reason in self.dropped.items() if reason == CROSSES}
        self.check("owners", crossing == self._crossing())

    def _crossing(self) -> set[int]:
        """The orders that cross an older order of their owner which stays."""
        sides, limits, owners = self.orders["side"], self.orders["limit"], self.orders["owner"]
        if len(set(owners)) == len(owners):
            return set()
        asks: dict[int, int] = {}
        bids: dict[int, int] = {}
        crossing = set()
        for number, (side, limit, owner) in enumerate(zip(sides, limits, owners, strict=True)):
            if side == BUY:
                if owner in asks and limit >= asks[owner]:
                    crossing.add(number)
                else:
                    bids[owner] = max(limit, bids.get(owner, limit))
            elif owner in bids and limit <= bids[owner]:
                crossing.add(number)
            else:
                asks[owner] = min(limit, asks.get(owner, limit))
        return crossing

    def _network(self) -> list[int]:
        """Checks arcs and limits; what each node's arcs need: litres entering less litres delivered."""
        needs = [0] * len(self.nodes)
        entering, delivered = self.result["entering"], self.result["delivered"]
        for number, arc in enumerate(self.arcs):
            enters, arrives, k = entering[number], delivered[number], arc["k"]
            self.check("loss rule", enters == _ceil(1000 * arrives, k) and arrives == enters * k // 1000)
            self.check("losses", self.result["losses"][number] == enters - arrives)
            self.check("closed arcs", number not in self.closed or enters == 0)
            needs[arc["source"]] += enters
            needs[arc["target"]] -= arrives
        for limit in self.limits:
            load = sum(c * entering[a] + d * delivered[a] for a, c, d in limit["terms"])
            self.check("limits", load <= limit["h"])
        self.check("circle", not self._circles())
        return needs

    def _circles(self) -> bool:
        """Whether water goes round: nodes that no water enters are taken away until none is left to take."""
        used = [arc for arc, enters in zip(self.arcs, self.result["entering"], strict=True) if enters]
        while used:
            entered = {arc["target"] for arc in used}
            left = [arc for arc in used if arc["source"] in entered]
            if len(left) == len(used):
                return True
            used = left
        return False

    def _groups(self) -> list[list[int]]:
        """The numbers of the orders that took part, by node and side."""
        groups: list[list[int]] = [[] for _ in range(2 * len(self.nodes))]
        add = [group.append for group in groups]
        pairs = zip(self.orders["node"], self.orders["side"], strict=True)
        for number, (node, side) in enumerate(pairs):
            if number not in self.dropped:
                add[2 * node + side](number)
        return groups

    def _group(self, numbers: list[int], node: int, side: int) -> tuple[int, int]:
        """Checks one node and side; the litres it trades, and those with a limit at or better than the price."""
        if not numbers:
            return 0, 0
        limits, volumes, fills = (
            _picked(column, numbers) for column in (self.orders["limit"], self.orders["volume"], self.fills)
        )
        price, pi = self.prices[node], self.witness["pi"][node]
        self.highest = max(self.highest, max(limits))
        traded, litres = list(compress(limits, fills)), list(filter(None, fills))
        left = compress(limits, map(lt, fills, volumes))
        value = sum(map(mul, traded, litres))
        if side == SELL:
            self.sold += sum(volumes)
            last, first_left = max(traded, default=None), min(left, default=None)
            edge = pi // NANO
            good, mixed = _passes(last, price), _passes(first_left, last, strictly=True)
            self.received += sum([fill * price // TICK_LITRES_A_FEN for fill in litres])
            self.welfare -= value
        else:
            last, first_left = min(traded, default=None), max(left, default=None)
            edge = _ceil(pi, NANO)
            good, mixed = _passes(price, last), _passes(last, first_left, strictly=True)
            self.paid -= sum([-fill * price // TICK_LITRES_A_FEN for fill in litres])
            self.welfare += value
        self.check("limit price", good)
        self.check("priority", last is None or first_left is None or not mixed)
        if last is not None and last == first_left:
            self._pro_rata([each for each, limit in zip(numbers, limits, strict=True) if limit == last])
        better = [limit <= edge for limit in limits] if side == SELL else [limit >= edge for limit in limits]
        eligible = sum(compress(volumes, better))
        gain = pi * eligible - NANO * sum(map(mul, compress(limits, better), compress(volumes, better)))
        self.surplus += gain if side == SELL else -gain
        if price != edge:
            eligible = sum(
                volume
                for limit, volume in zip(limits, volumes, strict=True)
                if (limit <= price if side == SELL else limit >= price)
            )
        return sum(litres), eligible

    def _pro_rata(self, numbers: list[int]) -> None:
        """The level where the total runs out is shared exactly: largest remainders, equal ones by the seed."""
        volumes, fills, entries = (
            _picked(column, numbers) for column in (self.orders["volume"], self.fills, self.orders["entry"])
        )
        total, whole, seed = sum(fills), sum(volumes), self.record["seed"]
        shares = [volume * total // whole for volume in volumes]
        left = total - sum(shares)
        rests = [volume * total % whole for volume in volumes]
        if left:
            edge = sorted(rests)[-left]
            over = [i for i, rest in enumerate(rests) if rest > edge]
            equal = [i for i, rest in enumerate(rests) if rest == edge]
            if len(equal) > left - len(over):
                equal.sort(key=lambda i: hashlib.sha256(f"{seed}/{entries[i]}".encode()).digest())
            for i in over + equal[: left - len(over)]:
                shares[i] += 1
        self.check("pro rata", shares == fills)

    def _money(self) -> None:
        result = self.result
        self.check("money", (result["paid"], result["received"]) == (self.paid, self.received))
        self.check("money", result["fund"] == self.paid - self.received)
        self.check("fund", self.paid >= self.received)

    def _prices(self, needs: list[int]) -> None:
        """Each price is the witness's, or a neighbouring tick: up where the node takes in water, else down."""
        came = [0] * len(needs)
        for arc, flow in zip(self.arcs, self.witness["flows"], strict=True):
            came[arc["source"]] -= 1000 * flow
            came[arc["target"]] += arc["k"] * flow
        for price, pi, net in zip(self.prices, self.witness["pi"], came, strict=True):
            self.check("price", abs(price * NANO - pi) < NANO)
            self.check("price", price == (_ceil(pi, NANO) if net > 0 else pi // NANO))

    def _gap(self) -> None:
        """No allocation can be worth more than the bound, and this one is worth as much but for a few litres."""
        y = self.witness["y"]
        bound = 1000 * (self.surplus + sum(w * limit["h"] for w, limit in zip(y, self.limits, strict=True)))
        charges = [[0, 0] for _ in self.arcs]
        rooms = [self.sold] * len(self.arcs)
        for worth, limit in zip(y, self.limits, strict=True):
            relief = any(c < 0 or d < 0 for _, c, d in limit["terms"])
            for a, c, d in limit["terms"]:
                charges[a][0] += worth * c
                charges[a][1] += worth * d
                if not relief and c:
                    rooms[a] = min(rooms[a], limit["h"] // c)
                if not relief and d:
                    rooms[a] = min(rooms[a], _ceil(1000 * (limit["h"] // d), self.arcs[a]["k"]))
        for number, arc in enumerate(self.arcs):
            room = 0 if number in self.closed else rooms[number]
            self.check("bounds", self.result["entering"][number] <= room)
            if room > 0:
                enters = -self.witness["pi"][arc["source"]] - charges[number][0]
                arrives = self.witness["pi"][arc["target"]] - charges[number][1]
                bound += room * max(0, 1000 * enters + arrives * arc["k"])
                bound += 1000 * max(0, min(enters, -arrives))
        gap = bound - self.welfare * PICO
        self.check("bound", (self.record["bound"], self.record["gap"]) == (bound, gap))
        used = sum(1 for enters in self.result["entering"] if enters)
        litres = 2 * (used + sum(1 for worth in y if worth > 0) + 1)
        self.check("gap", 0 <= gap <= litres * self.highest * PICO + bound // NANO)
