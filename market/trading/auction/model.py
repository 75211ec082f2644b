"""What a call auction clears: places, arcs, limits and orders, as plain values. Pure.

Volumes are integer litres, prices integer ticks (1/10 000 yuan a cubic metre, `_e4`). Litres entering an arc are F,
litres delivered are D: D = floor(F·k / 1000) and F = ceil(1000·D / k), the least that delivers D.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from ledger.units import MAX_LITRES, MAX_PRICE_E4

Ints = npt.NDArray[np.int64]
Reals = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

SELL, BUY = 0, 1
ROUTE, CONVERSION = "route", "conversion"
LIMIT_KINDS = ("cap", "conversion", "export", "import", "route")
AGRICULTURE, INDUSTRY = "agriculture", "industry"
NEVER_SELL = ("domestic", "ecology")
GENERAL, FARM_FIRST = "general", "farm_first"
MOST_LITRES = 2**53
"""All volumes of a call add up to less, so that sums of them are exact as floats too."""
LARGEST_COEFFICIENT = 1000


class BadMarket(ValueError):
    """The market is not one that the rules describe; the message says what is wrong, for people."""


@dataclass(frozen=True, slots=True)
class Node:
    """A place: one zone and sector of the product. The reference price decides among prices that would all do."""

    zone: str
    sector: str
    reference_e4: int


@dataclass(frozen=True, slots=True)
class Arc:
    """A way for water from one node to another, by their numbers: k of 1000 litres arrive, 1 ≤ k ≤ 1000.

    `kind` is "route" (within one sector, between zones) or "conversion" (within one zone, agriculture to industry,
    without loss).
    """

    kind: str
    source: int
    target: int
    k: int
    legal_source: str = ""


@dataclass(frozen=True, slots=True)
class Limit:
    """sum over `terms` (arc, c, d) of c·F + d·D ≤ `h_litres`. `state` is published with it: a two-way account's flags.

    `kind` is one of LIMIT_KINDS; `name` is what people call it.
    """

    kind: str
    name: str
    h_litres: int
    terms: tuple[tuple[int, int, int], ...]
    legal_source: str = ""
    state: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Orders:
    """Orders as columns of equal length, in entry order.

    `side` SELL or BUY; `node` by number; `limit` in ticks; `volume` and `minimum` (0: none; all of it: fill or kill)
    in litres, a buyer's as delivered, a seller's as given up; `entry` unique and rising; `owner` the beneficial
    owner; `ids` as the public knows them.
    """

    side: Ints
    node: Ints
    limit: Ints
    volume: Ints
    minimum: Ints
    entry: Ints
    owner: Ints
    ids: tuple[str, ...]

    @classmethod
    def of(
        cls,
        *,
        side: Sequence[int] | Ints,
        node: Sequence[int] | Ints,
        limit: Sequence[int] | Ints,
        volume: Sequence[int] | Ints,
        minimum: Sequence[int] | Ints | None = None,
        entry: Sequence[int] | Ints | None = None,
        owner: Sequence[int] | Ints | None = None,
        ids: Sequence[str] | None = None,
    ) -> Orders:
        """Columns from any sequences; entries count from 0 and every order has an owner of its own unless given."""
        count = len(side)
        numbers = np.arange(count, dtype=np.int64)
        entries = numbers if entry is None else np.asarray(entry, np.int64)
        return cls(
            side=np.asarray(side, np.int64),
            node=np.asarray(node, np.int64),
            limit=np.asarray(limit, np.int64),
            volume=np.asarray(volume, np.int64),
            minimum=np.zeros(count, np.int64) if minimum is None else np.asarray(minimum, np.int64),
            entry=entries,
            owner=numbers if owner is None else np.asarray(owner, np.int64),
            ids=tuple(map(str, entries.tolist())) if ids is None else tuple(ids),
        )

    def __len__(self) -> int:
        return len(self.side)

    def columns(self) -> dict[str, Ints]:
        """The numeric columns by name."""
        names = ("side", "node", "limit", "volume", "minimum", "entry", "owner")
        return {name: getattr(self, name) for name in names}

    def chosen(self, mask: Flags, volume: Ints | None = None) -> Orders:
        """The orders where the mask is true, with other volumes (of all orders) if given."""
        columns = self.columns() | ({} if volume is None else {"volume": volume})
        ids = tuple(self.ids[i] for i in np.flatnonzero(mask).tolist())
        return Orders(**{name: column[mask] for name, column in columns.items()}, ids=ids)


@dataclass(frozen=True, slots=True, eq=False)
class Market:
    """One call: who offers what, the ways between the places and the limits on them.

    `seed` draws left-over litres; where it was made from a number committed to before the call, `committed` is that
    number (see `record.draw_seed`). `window` is GENERAL or FARM_FIRST: then industry
    has no orders, so that nothing converts.
    """

    call: str
    product: str
    seed: str
    nodes: tuple[Node, ...]
    arcs: tuple[Arc, ...]
    limits: tuple[Limit, ...]
    orders: Orders
    committed: str | None = None
    window: str = GENERAL

    def __post_init__(self) -> None:
        """Refuses what the rules do not describe. Errors: BadMarket."""
        _check(self.window in (GENERAL, FARM_FIRST), f"there is no window {self.window}")
        for node in self.nodes:
            good = type(node.reference_e4) is int and 0 <= node.reference_e4 <= MAX_PRICE_E4
            _check(good, f"the reference price of {node.zone}, {node.sector} is out of range")
        for number, arc in enumerate(self.arcs):
            _check_arc(number, arc, self.nodes)
        for limit in self.limits:
            _check_limit(limit, len(self.arcs))
        _check_orders(self.orders, self.nodes)
        if self.window == FARM_FIRST and len(self.orders):
            industry = np.array([node.sector == INDUSTRY for node in self.nodes])
            _check(not industry[self.orders.node].any(), "in a farm-first window industry has no orders")


def _check(good: Any, message: str) -> None:
    if not good:
        raise BadMarket(message)


def _check_arc(number: int, arc: Arc, nodes: tuple[Node, ...]) -> None:
    ends = 0 <= arc.source < len(nodes) and 0 <= arc.target < len(nodes) and arc.source != arc.target
    _check(ends, f"arc {number} must lead from one node to another")
    start, end = nodes[arc.source], nodes[arc.target]
    _check(1 <= arc.k <= 1000, f"arc {number} delivers {arc.k} of 1000 litres")
    if arc.kind == ROUTE:
        _check(start.sector == end.sector, f"arc {number} is a route and changes the sector")
        _check(start.sector not in NEVER_SELL, f"arc {number}: no route leads from {start.sector}")
    else:
        _check(arc.kind == CONVERSION, f"arc {number} has the unknown kind {arc.kind}")
        _check(
            start.zone == end.zone
            and arc.k == 1000
            and (start.sector, end.sector) == (AGRICULTURE, INDUSTRY),
            f"arc {number} is a conversion: within one zone, agriculture to industry, without loss",
        )


def _check_limit(limit: Limit, arcs: int) -> None:
    _check(limit.kind in LIMIT_KINDS, f"the limit {limit.name} has the unknown kind {limit.kind}")
    _check(
        0 <= limit.h_litres <= MOST_LITRES, f"the limit {limit.name} must be from 0 to {MOST_LITRES} litres"
    )
    numbers = [arc for arc, _, _ in limit.terms]
    _check(all(0 <= arc < arcs for arc in numbers), f"the limit {limit.name} names an arc that is not there")
    _check(len(set(numbers)) == len(numbers), f"the limit {limit.name} names an arc twice")
    small = all(max(abs(c), abs(d)) <= LARGEST_COEFFICIENT for _, c, d in limit.terms)
    _check(small, f"the limit {limit.name} has a coefficient above {LARGEST_COEFFICIENT}")


def _check_orders(orders: Orders, nodes: tuple[Node, ...]) -> None:
    columns = orders.columns()
    same = all(len(column) == len(orders) for column in columns.values()) and len(orders.ids) == len(orders)
    _check(same, "the columns of the orders differ in length")
    if not len(orders):
        return
    _check(((orders.side == SELL) | (orders.side == BUY)).all(), "an order is neither a sell nor a buy")
    _check(orders.node.min() >= 0 and orders.node.max() < len(nodes), "an order stands at no node")
    _check(orders.limit.min() >= 0 and orders.limit.max() <= MAX_PRICE_E4, "an order's limit is out of range")
    _check(
        orders.volume.min() >= 1 and orders.volume.max() <= MAX_LITRES, "an order's volume is out of range"
    )
    _check(
        ((orders.minimum >= 0) & (orders.minimum <= orders.volume)).all(), "a minimum fill passes its order"
    )
    _check(len(orders) < 2 or np.diff(orders.entry).min() > 0, "the orders are not in entry order")
    _check(
        np.sum(orders.volume, dtype=np.float64) < MOST_LITRES, "the volumes of the call add up to too much"
    )
    dry = np.array([node.sector in NEVER_SELL for node in nodes])
    _check(not (dry[orders.node] & (orders.side == SELL)).any(), "domestic and ecology never sell")


@dataclass(frozen=True, slots=True)
class Options:
    """How HiGHS is asked. Results do not depend on it; what was used stands in the record."""

    solver: str = "simplex"
    presolve: str = "choose"
    strategy: int = 1
    random_seed: int = 0

    def __post_init__(self) -> None:
        """Errors: BadMarket for what HiGHS does not know."""
        _check(self.solver in ("choose", "simplex", "ipm"), f"there is no solver {self.solver}")
        _check(self.presolve in ("choose", "on", "off"), f"there is no presolve {self.presolve}")
        numbers = type(self.strategy) is int and type(self.random_seed) is int
        _check(numbers and 0 <= self.strategy <= 4, "the simplex strategies are 0 to 4")
        _check(0 <= self.random_seed < 2**31, "a random seed is from 0 to 2^31 - 1")


@dataclass(frozen=True, slots=True, eq=False)
class Dropped:
    """An order that took no part in the final clearing, by its number in entry order, and why."""

    order: int
    reason: str


WOULD_CROSS_ITSELF = "would cross itself"
MINIMUM_FILL = "rejected for minimum fill"


@dataclass(frozen=True, slots=True, eq=False)
class Witness:
    """What the solver found, as integers: everything after it is integer arithmetic.

    `pi` and `y` in 10^-9 ticks, `flows` in millilitres entering each arc, `intervals` per node in 10^-3 ticks the
    prices that would still have done when its turn came (None: no bound).
    """

    pi: tuple[int, ...]
    y: tuple[int, ...]
    flows: tuple[int, ...]
    intervals: tuple[tuple[int | None, int | None], ...]


@dataclass(frozen=True, slots=True, eq=False)
class Litres:
    """Whole litres: prices in ticks a node, F and D litres an arc, fills in litres an order, money in fen."""

    prices_e4: tuple[int, ...]
    entering: tuple[int, ...]
    delivered: tuple[int, ...]
    fills: Ints
    paid_fen: int
    received_fen: int
    welfare: int

    @property
    def fund_fen(self) -> int:
        """What the public fund receives."""
        return self.paid_fen - self.received_fen

    @property
    def losses(self) -> tuple[int, ...]:
        """Litres that go to the loss account, an arc."""
        return tuple(f - d for f, d in zip(self.entering, self.delivered, strict=True))


@dataclass(frozen=True, slots=True, eq=False)
class Clearing:
    """The outcome of a call. `seconds` are measured by whoever passes a timer; they are not part of the record."""

    witness: Witness
    litres: Litres
    dropped: tuple[Dropped, ...]
    closed: tuple[int, ...]
    options: Options
    solver_version: str
    seconds: dict[str, float] = field(default_factory=dict)

    @property
    def binding(self) -> tuple[tuple[int, int], ...]:
        """The limits that bind, by number, and what one more cubic metre there would be worth (10^-9 ticks)."""
        return tuple((j, y) for j, y in enumerate(self.witness.y) if y > 0)
