"""The order book in memory: pure, integers only, every change undoable.

A book is one product. Orders of one side that are alike to matching (same place, sector, kind of right) stand in one
*pool*; a pool's ladder holds price levels, a level its orders by time. Changes are written to an undo log, so that a
batch, or one command of it, can be taken back as if it had not been.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import deque
from collections.abc import Iterator
from operator import attrgetter
from typing import Any

BUY = "buy"
SELL = "sell"

UNDO_FIELDS = 0
UNDO_ITEM = 1
UNDO_POP_FRONT = 2
UNDO_LEVEL_GONE = 3
UNDO_LEVEL_NEW = 4
UNDO_APPEND = 5
UNDO_ENTRY_GONE = 6


class Order:
    """An order as matching sees it. Litres at its own place; `held` is litres for a sell, fen for a buy."""

    __slots__ = (
        "id", "account", "side", "volume", "rest", "price", "tif", "post_only", "min_fill", "expires_at",
        "client_order_id", "priority", "held", "hold_id", "value", "paid", "status", "reason", "created_at", "level",
        "entry",
    )  # fmt: skip

    def __init__(
        self,
        *,
        id: int,
        account: Any,
        side: str,
        volume: int,
        price: int,
        tif: str = "GTC",
        post_only: bool = False,
        min_fill: int = 0,
        expires_at: float | None = None,
        client_order_id: str | None = None,
        priority: int = 0,
        created_at: Any = None,
    ) -> None:
        self.id = id
        self.account = account
        self.side = side
        self.volume = volume
        self.rest = volume
        self.price = price
        self.tif = tif
        self.post_only = post_only
        self.min_fill = min_fill
        self.expires_at = expires_at
        self.client_order_id = client_order_id
        self.priority = priority or id
        self.held = 0
        self.hold_id = 0
        self.value = 0
        self.paid = 0
        self.status = "open"
        self.reason: str | None = None
        self.created_at = created_at
        self.level: Level | None = None
        self.entry: list[Any] | None = None

    def restore(self, fields: tuple[Any, ...]) -> None:
        """The reverse of `fields_of`."""
        (
            self.volume, self.rest, self.price, self.priority, self.held, self.hold_id, self.value, self.paid,
            self.status, self.reason, self.level, self.entry,
        ) = fields  # fmt: skip


fields_of = attrgetter(
    "volume",
    "rest",
    "price",
    "priority",
    "held",
    "hold_id",
    "value",
    "paid",
    "status",
    "reason",
    "level",
    "entry",
)
"""What an undo must bring back of an order."""


class Level:
    """The orders of one price, oldest first. An entry is [order]; a cancelled one is emptied to [None] and skipped."""

    __slots__ = ("ladder", "price", "entries", "live")

    def __init__(self, ladder: Ladder, price: int) -> None:
        self.ladder = ladder
        self.price = price
        self.entries: deque[list[Any]] = deque()
        self.live = 0


class Ladder:
    """The levels of one side of one pool. `keys` is sorted with the best price last (asks are kept negated)."""

    __slots__ = ("side", "pool", "levels", "keys", "sign")

    def __init__(self, side: str, pool: Any) -> None:
        self.side = side
        self.pool = pool
        self.levels: dict[int, Level] = {}
        self.keys: list[int] = []
        self.sign = 1 if side == BUY else -1

    def best_price(self) -> int | None:
        """The price of the best level, None when the ladder is empty."""
        return self.keys[-1] * self.sign if self.keys else None

    def orders(self) -> Iterator[Order]:
        """Every open order, best price first and oldest first within a price."""
        for key in reversed(self.keys):
            for entry in self.levels[key * self.sign].entries:
                if entry[0] is not None:
                    yield entry[0]


class Book:
    """Both sides of one product, pool by pool, with the undo log of the batch under way."""

    def __init__(self, product_id: int) -> None:
        self.product_id = product_id
        self.buys: dict[Any, Ladder] = {}
        self.sells: dict[Any, Ladder] = {}
        self.orders: dict[int, Order] = {}

    def side(self, side: str) -> dict[Any, Ladder]:
        """The ladders of one side by pool."""
        return self.buys if side == BUY else self.sells

    def add(self, order: Order, log: list[Any]) -> None:
        """Puts an open order at the end of its level."""
        ladders = self.buys if order.side == BUY else self.sells
        pool = order.account.pool
        ladder = ladders.get(pool)
        if ladder is None:
            ladder = ladders[pool] = Ladder(order.side, pool)
        level = ladder.levels.get(order.price)
        if level is None:
            level = ladder.levels[order.price] = Level(ladder, order.price)
            insort(ladder.keys, order.price * ladder.sign)
            log.append((UNDO_LEVEL_NEW, ladder, order.price))
        entry = [order]
        log.append((UNDO_APPEND, level, order, self.orders))
        level.entries.append(entry)
        level.live += 1
        order.level = level
        order.entry = entry
        self.orders[order.id] = order

    def remove(self, order: Order, log: list[Any]) -> None:
        """Takes an order out of its level. Its fields must have been logged by the caller already."""
        level, entry = order.level, order.entry
        assert level is not None and entry is not None
        log.append((UNDO_ENTRY_GONE, level, entry, order, self.orders))
        entry[0] = None
        level.live -= 1
        order.level = order.entry = None
        del self.orders[order.id]
        if level.live == 0:
            ladder = level.ladder
            del ladder.levels[level.price]
            del ladder.keys[bisect_left(ladder.keys, level.price * ladder.sign)]
            log.append((UNDO_LEVEL_GONE, ladder, level))
            return
        entries = level.entries
        while entries[0][0] is None:
            log.append((UNDO_POP_FRONT, level, entries.popleft()))
        if len(entries) > 2 * level.live + 64:
            self._compact(level, log)

    def shelve(self, order: Order) -> None:
        """Takes an order that stands still out of its ladder, between batches: it stays open and is never matched."""
        self.remove(order, [])
        self.orders[order.id] = order

    def drop(self, order: Order, log: list[Any]) -> None:
        """Forgets an order that ends, in its ladder or shelved; one that never stood here is none of it."""
        if order.level is not None:
            self.remove(order, log)
        elif order.id in self.orders:
            log.append((UNDO_ITEM, self.orders, order.id, order))
            del self.orders[order.id]

    @staticmethod
    def _compact(level: Level, log: list[Any]) -> None:
        """Drops emptied entries from the middle of a level, so that cancels cannot make a level slow."""
        log.append((UNDO_ITEM, level, None, level.entries))
        level.entries = deque(entry for entry in level.entries if entry[0] is not None)


def undo(log: list[Any], mark: int = 0) -> None:
    """Takes back everything logged since `mark`, newest first."""
    while len(log) > mark:
        record = log.pop()
        kind = record[0]
        if kind == UNDO_FIELDS:
            record[1].restore(record[2])
        elif kind == UNDO_ITEM:
            _undo_item(record)
        elif kind == UNDO_APPEND:
            level, order, orders = record[1:]
            level.entries.pop()
            level.live -= 1
            del orders[order.id]
        elif kind == UNDO_POP_FRONT:
            record[1].entries.appendleft(record[2])
        elif kind == UNDO_LEVEL_NEW:
            ladder, price = record[1], record[2]
            del ladder.levels[price]
            del ladder.keys[bisect_left(ladder.keys, price * ladder.sign)]
        elif kind == UNDO_LEVEL_GONE:
            ladder, level = record[1], record[2]
            ladder.levels[level.price] = level
            insort(ladder.keys, level.price * ladder.sign)
        elif kind == UNDO_ENTRY_GONE:
            level, entry, order, orders = record[1:]
            entry[0] = order
            level.live += 1
            orders[order.id] = order


def _undo_item(record: tuple[Any, ...]) -> None:
    _, container, key, old = record
    if isinstance(container, Level):
        container.entries = old
    elif old is None:
        container.pop(key, None)
    else:
        container[key] = old
