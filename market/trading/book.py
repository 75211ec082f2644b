"""The order book in memory: pure, integers only, every change undoable.

A book is one product. Orders of one side that are alike to matching (same place, sector, kind of right) stand in one
*pool*; a pool's ladder holds price levels, a level its orders by time, each linked to its neighbours. Changes are
written to an undo log, so that a batch, or one command of it, can be taken back as if it had not been: newest first, so
that whoever goes back between two neighbours finds them as they were when it left.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

from mypy_extensions import mypyc_attr

from market.trading.board import Account, Balance, Product
from market.trading.guards import Guard

if TYPE_CHECKING:
    from market.trading.fills import Terms

BUY: Final = "buy"
SELL: Final = "sell"


class Order:
    """An order as matching sees it. Litres at its own place; `held` is litres for a sell, fen for a buy."""

    __slots__ = (
        "id", "account", "side", "buying", "volume", "rest", "price", "tif", "post_only", "min_fill", "expires_at",
        "client_order_id", "priority", "held", "hold_id", "value", "paid", "status", "reason", "created_at", "level",
        "before", "after", "saved_in", "touched_in",
    )  # fmt: skip

    def __init__(
        self,
        id: int,
        account: Account,
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
        # What a fill or a cancel reads comes first, so that it lies close together where this is compiled.
        self.level: Level | None = None
        self.before: Order | None = None
        self.after: Order | None = None
        self.account = account
        self.id: Any = id  # kept as the object that is its key, not made anew at each look
        self.saved_in = 0
        self.touched_in = 0
        self.buying = side == BUY
        self.post_only = post_only
        self.rest = volume
        self.held = 0
        self.status = "open"
        self.reason: str | None = None
        self.volume = volume
        self.price = price
        self.priority = priority or id
        self.hold_id = 0
        self.value = 0
        self.paid = 0
        self.side = side
        self.tif = tif
        self.min_fill = min_fill
        self.expires_at = expires_at
        self.client_order_id = client_order_id
        self.created_at = created_at

    def plain(self) -> bool:
        """Whether it rests until it is filled or cancelled, whatever comes, and asks nothing special."""
        return self.tif == "GTC" and not self.post_only and not self.min_fill and self.expires_at is None


@mypyc_attr(acyclic=True)
class Saved:
    """An order's fields as they were, beside its place: what an undo must bring back."""

    __slots__ = (
        "order", "volume", "rest", "price", "priority", "held", "hold_id", "value", "paid", "status", "reason",
    )  # fmt: skip

    def __init__(self, order: Order) -> None:
        self.order = order
        self.volume = order.volume
        self.rest = order.rest
        self.price = order.price
        self.priority = order.priority
        self.held = order.held
        self.hold_id = order.hold_id
        self.value = order.value
        self.paid = order.paid
        self.status = order.status
        self.reason = order.reason

    def restore(self) -> None:
        """Gives the order its fields back."""
        order = self.order
        order.volume, order.rest = self.volume, self.rest
        order.price, order.priority = self.price, self.priority
        order.held, order.hold_id = self.held, self.hold_id
        order.value, order.paid = self.value, self.paid
        order.status, order.reason = self.status, self.reason


@mypyc_attr(acyclic=True)
class Removed:
    """An order's place, which an undo must give back to it."""

    __slots__ = ("order", "level", "before", "after")

    def __init__(self, order: Order, level: Level) -> None:
        self.order = order
        self.level = level
        self.before = order.before
        self.after = order.after


class Level:
    """The orders of one price, linked from the oldest to the youngest."""

    __slots__ = ("ladder", "price", "first", "last")

    def __init__(self, ladder: Ladder, price: int) -> None:
        self.ladder = ladder
        self.price = price
        self.first: Order | None = None
        self.last: Order | None = None

    def link(self, order: Order) -> None:
        """Puts an order between the two that it names as its neighbours."""
        before, after = order.before, order.after
        if before is None:
            self.first = order
        else:
            before.after = order
        if after is None:
            self.last = order
        else:
            after.before = order

    def unlink(self, order: Order) -> None:
        """Takes an order out from between its neighbours."""
        before, after = order.before, order.after
        if before is None:
            self.first = after
        else:
            before.after = after
        if after is None:
            self.last = before
        else:
            after.before = before


class Ladder:
    """The levels of one side of one pool. `keys` is sorted with the best price last (asks are kept negated).

    `facing` remembers which pools of the other side can trade with it, and on what terms.
    """

    __slots__ = ("book", "pool", "bids", "levels", "keys", "best", "facing")

    def __init__(self, book: Book, side: str, pool: Any) -> None:
        self.book = book
        self.pool = pool
        self.bids = side == BUY
        self.levels: dict[int, Level] = {}
        self.keys: list[int] = []
        self.best: Level | None = None
        self.facing: dict[Any, Facing | None] = {}

    def put(self, level: Level) -> None:
        """A level that has its first order."""
        price, best = level.price, self.best
        self.levels[price] = level
        key = price if self.bids else -price
        if best is None or (price > best.price if self.bids else price < best.price):
            self.keys.append(key)
            self.best = level
        else:
            insort(self.keys, key)

    def drop(self, level: Level) -> None:
        """A level that has lost its last order."""
        price, keys = level.price, self.keys
        del self.levels[price]
        if level is self.best:
            keys.pop()
            self.best = self.levels[abs(keys[-1])] if keys else None
        else:
            del keys[bisect_left(keys, price if self.bids else -price)]

    def best_price(self) -> int | None:
        """The price of the best level, None when the ladder is empty."""
        return None if self.best is None else self.best.price

    def orders(self) -> Iterator[Order]:
        """Every open order, best price first and oldest first within a price."""
        for key in reversed(self.keys):
            order = self.levels[abs(key)].first
            while order is not None:
                yield order
                order = order.after


class Facing:
    """A ladder as a pool of the other side faces it: on what terms the two can trade."""

    __slots__ = ("ladder", "terms")

    def __init__(self, ladder: Ladder, terms: Terms) -> None:
        self.ladder = ladder
        self.terms = terms


class Book:
    """Both sides of one product, a ladder for each pool; `guard` keeps its prices together, if anything does."""

    __slots__ = ("product_id", "product", "guard", "buys", "sells", "orders")

    def __init__(self, product_id: int) -> None:
        self.product_id = product_id
        self.product: Product | None = None
        self.guard: Guard | None = None
        self.buys: list[Ladder] = []
        self.sells: list[Ladder] = []
        self.orders: dict[int, Order] = {}

    def add(self, order: Order, log: list[Any]) -> None:
        """Puts an open order at the end of its level."""
        ladder = self.ladder_of(order)
        level = ladder.levels.get(order.price)
        if level is None:
            level = Level(ladder, order.price)
            ladder.put(level)
        last = level.last
        if last is None:
            level.first = order
        else:
            last.after = order
        level.last = order
        order.level, order.before, order.after = level, last, None
        self.orders[order.id] = order
        log.append(order)

    def ladder_of(self, order: Order) -> Ladder:
        """Where an order belongs, made on first use."""
        account = order.account
        ladder = account.bids if order.buying else account.asks
        if ladder is None:
            ladders = self.buys if order.buying else self.sells
            known = [each for each in ladders if each.pool == account.pool]
            ladder = known[0] if known else Ladder(self, order.side, account.pool)
            if not known:
                ladders.append(ladder)
            if order.buying:
                account.bids = ladder
            else:
                account.asks = ladder
        return ladder

    def remove(self, order: Order, log: list[Any]) -> None:
        """Takes an order out of its level. Its fields must have been logged by the caller already."""
        assert order.level is not None
        log.append(Removed(order, order.level))
        self.take_out(order)
        order.before = order.after = None

    def take_out(self, order: Order) -> None:
        """Takes an order out from between its neighbours, which it goes on to know."""
        level = order.level
        assert level is not None
        level.unlink(order)
        order.level = None
        del self.orders[order.id]
        if level.first is None:
            level.ladder.drop(level)

    def put_back(self, order: Order, level: Level) -> None:
        """Puts an order into a level, between the neighbours that it knows."""
        if level.first is None:
            level.ladder.put(level)
        order.level = level
        level.link(order)
        self.orders[order.id] = order

    def shelve(self, order: Order) -> None:
        """Takes an order that stands still out of its ladder, between batches: it stays open and is never matched."""
        self.take_out(order)
        order.before = order.after = None
        self.orders[order.id] = order

    def drop(self, order: Order, log: list[Any]) -> None:
        """Forgets an order that ends, in its ladder or shelved; one that never stood here is none of it."""
        level = order.level
        if level is not None:
            log.append(order)
            log.append(level)
            self.take_out(order)  # it never comes back but by an undo, between the same neighbours
        elif order.id in self.orders:
            log.append((self.orders, order.id, order))
            del self.orders[order.id]


def undo(log: list[Any], mark: int = 0) -> None:
    """Takes back everything logged since `mark`, newest first.

    A log holds, for what was done: an order that was added; a level above an order that ended in it; `Removed`;
    `Saved`; a balance above what it was before; (container, key, what was there); (thing, what its `restore` takes).
    """
    while len(log) > mark:
        record = log.pop()
        if isinstance(record, Balance):
            record.free = log.pop()
        elif isinstance(record, Order):
            assert record.level is not None
            record.level.ladder.book.take_out(record)
            record.before = record.after = None
        elif isinstance(record, Level):
            record.ladder.book.put_back(log.pop(), record)
        elif isinstance(record, Saved):
            record.restore()
        elif isinstance(record, Removed):
            order, level = record.order, record.level
            order.before, order.after = record.before, record.after
            level.ladder.book.put_back(order, level)
        elif len(record) == 2:
            record[0].restore(record[1])
        else:
            _undo_item(*record)


def _undo_item(container: dict[Any, Any], key: Any, old: Any) -> None:
    if old is None:
        container.pop(key, None)
    else:
        container[key] = old
