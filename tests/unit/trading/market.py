"""A small market in memory for the tests of the pure parts: three places, one lossy route, one cap."""

from __future__ import annotations

from typing import Any

from market.trading.board import Account, Product
from market.trading.book import Level, Order
from market.trading.commands import Amend, Cancel, Outcome, Place
from market.trading.exchange import Exchange
from market.trading.fills import ReviewNeed, Terms
from market.trading.numbers import Numbers

CAP = 900
PLAN = 901
FARM, PARK, FAR = "farm", "park", "far"


def make_exchange(
    *, cap: int = 10**12, k: int = 930, reviews: tuple[ReviewNeed, ...] = (), fee_e6: int = 0
) -> Exchange:
    """Farm and park in one market: farm → farm without loss, farm → park at k under a cap, nothing to or from far."""
    table: dict[tuple[Any, Any], Terms] = {
        (FARM, FARM): Terms(1000, k, (), (), fee_e6),
        (PARK, PARK): Terms(1000, k, (), (), fee_e6),
        (FARM, PARK): Terms(k, 1000, ((CAP, False),), (), fee_e6, reviews),
        (PARK, FARM): Terms(1000, k, (), (CAP,), fee_e6),
    }
    exchange = Exchange(lambda s, b: table.get((s, b)), Numbers(), 1_000.0)
    exchange.bring(Product(1, "surface-2026", "open", 1, 10_000.0))
    exchange.learn(CAP, cap)
    return exchange


def add_account(
    exchange: Exchange,
    number: int,
    pool: str,
    *,
    water: int = 0,
    money: int = 0,
    owner: int | None = None,
    plan: int = 0,
) -> Account:
    """A participant `number` with one water and one money account."""
    account = Account(number, number, owner or number, 1_000_000 + number, 2_000_000 + number, plan, 1, pool)
    exchange.accounts[number] = account
    exchange.learn(account.ledger, water)
    exchange.learn(account.money, money)
    return account


def place(exchange: Exchange, number: int, side: str, volume: int, price: int, **terms: Any) -> Outcome:
    """Places an order of participant `number`."""
    return exchange.apply(number, Place(number, 1, side, volume, price, **terms))


def cancel(exchange: Exchange, number: int, order: int) -> Outcome:
    """Cancels an order of participant `number`."""
    return exchange.apply(number, Cancel(order))


def amend(
    exchange: Exchange, number: int, order: int, volume: int | None = None, price: int | None = None
) -> Outcome:
    """Amends an order of participant `number`."""
    return exchange.apply(number, Amend(order, volume, price))


def in_line(level: Level) -> list[int]:
    """The ids of a level's orders from its first; they must stand there from its last, too."""
    forth: list[Order] = []
    order = level.first
    while order is not None:
        forth.append(order)
        order = order.after
    back: list[Order] = []
    order = level.last
    while order is not None:
        back.append(order)
        order = order.before
    assert forth == back[::-1] and all(each.level is level for each in forth)
    return [each.id for each in forth]


def kept(order: Order) -> tuple[Any, ...]:
    """What an undo must bring back of an order."""
    return (
        order.volume, order.rest, order.price, order.priority, order.held, order.hold_id, order.value, order.paid,
        order.status, order.reason,
    )  # fmt: skip


def snapshot(exchange: Exchange) -> Any:
    """Everything that an undo must bring back."""
    books = {
        product: [
            (side, ladder.pool, price, in_line(level))
            for side, ladders in (("buy", book.buys), ("sell", book.sells))
            for ladder in ladders
            for price, level in sorted(ladder.levels.items())
        ]
        for product, book in exchange.books.items()
    }
    keys = {
        (product, side, ladder.pool): list(ladder.keys)
        for product, book in exchange.books.items()
        for side, ladders in (("buy", book.buys), ("sell", book.sells))
        for ladder in ladders
        if ladder.keys
    }
    orders = {order.id: kept(order) for book in exchange.books.values() for order in book.orders.values()}
    return (
        books,
        keys,
        orders,
        {account: each.free for account, each in exchange.balances.items()},
        {k: sorted(v) for k, v in exchange.blocked.items() if v},
    )
