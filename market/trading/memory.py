"""The market's state in memory while a batch is under way, every change of it undoable. Pure."""

from __future__ import annotations

from typing import Any

from market.trading.board import Account, Balance
from market.trading.book import Book, Order, Saved, undo
from market.trading.fills import Tape
from market.trading.guards import Guard
from market.trading.numbers import Numbers


class Memory:
    """Books, balances and blocked orders, with the tape of a batch and one undo log.

    `balances` maps ledger accounts to what may still be debited, for every account that a decision needs; `excesses`
    limit accounts to the account of the use above them (its litres negative in `balances`) and the limit's id; in
    `paused` products nothing matches; `binding` are the limits that kept litres back in this batch, even where that
    was taken back. A `stretch` of the log is what lies between two points to which one can return: in each of them
    whatever changes is logged once.
    """

    def __init__(self, numbers: Numbers) -> None:
        self.numbers = numbers
        self.books: dict[int, Book] = {}
        self.balances: dict[int, Balance] = {}
        self.blocked: dict[int, dict[int, Order]] = {}
        self.freed: dict[int, None] = {}
        self.paused: dict[int, int] = {}
        self.excesses: dict[int, tuple[int, int]] = {}
        self.log: list[Any] = []
        self.tape = Tape()
        self.batch = self.stretch = 1
        self.binding: set[int] = set()

    def mark(self) -> tuple[int, int]:
        """A point to which `back_to` can return. What changes after it is logged anew, once."""
        self.stretch += 1
        return len(self.log), len(self.tape.events)

    def back_to(self, mark: tuple[int, int]) -> None:
        """Takes back everything since the mark."""
        undo(self.log, mark[0])
        del self.tape.events[mark[1] :]
        self.stretch += 1

    def begin(self) -> None:
        """Starts a batch: what was done before can no longer be taken back."""
        for order in self.tape.touched:
            if order.level is None:  # no undo needs its neighbours any more
                order.before = order.after = None
        self.log.clear()
        self.stretch += 1
        self.batch += 1
        self.tape = Tape()
        self.binding = set()

    def learn(self, account: int, free: int) -> None:
        """Takes over what may be debited on a ledger account, from whoever has asked the ledger."""
        balance = self.balances.get(account)
        if balance is None:
            self.balances[account] = Balance(free)
        else:
            balance.free = free

    def free(self, account: int) -> int:
        """What may still be debited on a ledger account. KeyError: no decision needed it so far."""
        return self.balances[account].free

    def move(self, balance: Balance | None, amount: int) -> None:
        """Adds to a balance; None stands for an account that no decision needs."""
        if balance is not None:
            if balance.saved_in != self.stretch:
                balance.saved_in = self.stretch
                self.log.append(balance.free)
                self.log.append(balance)
            balance.free += amount

    def change(self, account: int, amount: int) -> None:
        """Adds to what is available on an account that the cache knows; others need no cache."""
        self.move(self.balances.get(account), amount)

    def water(self, account: Account) -> Balance | None:
        """The balance of a water account, if it is known."""
        balance = account.water
        if balance is None:
            balance = account.water = self.balances.get(account.ledger)
        return balance

    def cash(self, account: Account) -> Balance | None:
        """The balance of a water account's money account, if it is known."""
        balance = account.cash
        if balance is None:
            balance = account.cash = self.balances.get(account.money)
        return balance

    def home(self, account: Account) -> Book:
        """The book in which an account's orders stand. KeyError: its product has none."""
        book = account.book
        if book is None:
            book = account.book = self.books[account.product]
        return book

    def book_of(self, product_id: int) -> Book:
        """The book of a product, made on first use."""
        book = self.books.get(product_id)
        if book is None:
            book = self.books[product_id] = Book(product_id)
        return book

    def guard(self, product: int) -> Guard | None:
        """What keeps a product's prices together, if anything does."""
        book = self.books.get(product)
        return None if book is None else book.guard

    def touch(self, order: Order) -> None:
        """Logs an order's fields before they change."""
        if order.saved_in != self.stretch:
            order.saved_in = self.stretch
            self.log.append(Saved(order))
        if order.touched_in != self.batch:
            order.touched_in = self.batch
            self.tape.touched.append(order)

    def block(self, limit: int, order: Order) -> None:
        """Remembers that only this limit kept the order from a counterparty it crosses."""
        orders = self.blocked.setdefault(limit, {})
        if order.id not in orders:
            self.log.append((orders, order.id, None))
            orders[order.id] = order

    def purse(self, order: Order) -> Balance | None:
        """What an order's hold is taken from: the buyer's money, the seller's water."""
        return self.cash(order.account) if order.buying else self.water(order.account)
