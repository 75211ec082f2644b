"""Matching: price-time priority among eligible counterparties, with routes that lose water and limits that bind. Pure.

The rules, exactly (DESIGN sections 4 and 6):

* A seller's litres are counted where they are given up (F), a buyer's where they are delivered (D); a route delivers
  k of 1 000 litres, so D costs F = ceil(1000·D / k).
* Two orders cross when the ask, seen at the buyer's place, is at most the bid: ask·1000 ≤ bid·k. A buyer ranks asks by
  ask·1000/k, a seller ranks bids by bid·k/1000; ties go to the older order.
* A fill is the largest D that both rests and every limit allow. Where rounding up F would make it dearer than the
  buyer's limit (F·ask > D·bid), D is cut to the next multiple of k/gcd(k, 1000), at which F is exact.
* The older order is the maker and sets the price: a maker's ask is paid on F, a maker's bid on D.
* The buyer pays round_half_even(value of its fills so far) − paid so far; its hold is always
  ceil((value so far + rest·limit) / 100 000) − paid, so that fills never pass it.
* Where a product has a guard, nothing trades that jumps too far from the last trade: matching stops before it; and
  once a trade is too far from the reference price, matching stops after it (trading.guards).
* A rest below the product's lot is cancelled after a fill, and so is the rest of a sell that its last route could not
  deliver as a litre. With lots of at least 1 000 litres every crossing pair can fill, whatever its route.
* An order that a limit kept from a counterparty is looked at again when the limit is freed: always the oldest of those
  that wait for a freed limit, against older orders only. What an order's own fills free never is what keeps itself.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable
from math import gcd
from operator import itemgetter
from typing import Any

from market.trading.book import Facing, Ladder, Order
from market.trading.fills import (
    REST_TOO_SMALL,
    Fill,
    Held,
    Terms,
    are_one,
    buy_hold,
    crosses,
    round_half_even,
    source_for,
)
from market.trading.guards import BREAKER, INTERRUPTION, Guard, at_source
from market.trading.memory import Memory
from market.trading.numbers import Numbers


class Matcher(Memory):
    """Matching, on the market's state in memory. `terms(seller_pool, buyer_pool)` gives Terms or None."""

    def __init__(self, terms: Callable[[Any, Any], Terms | None], numbers: Numbers) -> None:
        super().__init__(numbers)
        self.terms = terms

    # --- one pair ----------------------------------------------------------------------------------------------

    def fill_size(self, buy: Order, sell: Order, terms: Terms) -> tuple[int, int | None]:
        """The litres to deliver between two crossing orders, and the limit account that bound it, if one did."""
        k = terms.k
        delivered = buy.rest if k == 1000 and buy.rest < sell.rest else min(buy.rest, sell.rest * k // 1000)
        bound = None
        for limit, counts_source in terms.charges:
            room = self.balances[limit].free
            if counts_source:
                room = room * k // 1000
            if room < delivered:
                delivered, bound = max(room, 0), limit
        plan = buy.account.plan
        if plan and self.balances[plan].free < delivered:
            delivered, bound = max(self.balances[plan].free, 0), plan
        if bound is not None:
            self.binding.add(bound)
        if k != 1000 and source_for(delivered, k) * sell.price > delivered * buy.price:
            delivered -= delivered % (k // gcd(k, 1000))
        return delivered, bound

    def fill(
        self,
        buy: Order,
        sell: Order,
        terms: Terms,
        delivered: int,
        taker: Order,
        taker_held: bool,
        maker_held: bool = True,
    ) -> None:
        """Executes one match: rests, value, holds, limits, balances; writes it on the tape."""
        source = delivered if terms.k == 1000 else source_for(delivered, terms.k)
        buy_held = taker_held if taker is buy else maker_held
        sell_held = taker_held if taker is sell else maker_held
        # A side whose funds are fresh is new, or its amendment logged it: an undo forgets it or goes back beyond this.
        if buy_held:
            self.touch(buy)
        if sell_held:
            self.touch(sell)
        buyer, seller = buy.account, sell.account
        maker = buy if buy.priority < sell.priority else sell
        price = maker.price
        value = (delivered if maker is buy else source) * price
        amount = round_half_even(buy.value + value) - buy.paid
        fee = amount * terms.fee_e6 // 1_000_000
        review = terms.review_for(delivered) if terms.reviews else None
        beneficiaries = seller.beneficiaries
        payees = None if beneficiaries is None else beneficiaries.payees(amount - fee)
        fill = Fill(
            self.numbers.next(), buy, sell, maker.side, source, delivered, price, value, amount, fee, terms, review,
            buy_held, sell_held, payees,
        )  # fmt: skip
        self.tape.events.append(fill)
        buy.rest -= delivered
        sell.rest -= source
        buy.value += value
        buy.paid += amount
        for limit, by_source in terms.charges:
            self.change(limit, -source if by_source else -delivered)
        if buyer.plan:
            self.change(buyer.plan, -delivered)
        if buy_held:
            buy.held -= amount
        else:
            self.move(self.cash(buyer), -amount)
        if sell_held:
            sell.held -= source
        else:
            self.move(self.water(seller), -source)
        if review is None:
            self.move(self.water(buyer), delivered)
            if payees is None:
                self.move(self.cash(seller), amount - fee)
            else:
                for payee in payees:
                    self.change(payee.account, payee.fen)
            for limit in terms.frees:
                self.change(limit, source)
                self.freed[limit] = None
            if self.excesses:
                fill.absorbed = self._absorbed(terms.frees)
        self._after_fill(buy, buy_held, buy.rest < buyer.lot)
        self._after_fill(sell, sell_held, sell.rest < seller.lot or sell.rest * terms.k < 1000)

    def stop(self, product: int, kind: str, price: int) -> None:
        """Stops trading in a product because of this price; the exchange, which knows phases, says how."""
        raise NotImplementedError

    def note_price(self, product: int, price: int) -> None:
        """Remembers a trade's price (at the seller's place) as the last of a product's book."""
        guard = self.guard(product)
        if guard is not None:
            self.log.append((guard, guard.fields()))
            guard.last = price

    def _fill_guarded(
        self, guard: Guard, maker: Order, terms: Terms, delivered: int, taker: Order, held: bool
    ) -> bool:
        """Fills, unless the price jumps; False where trading in the product has stopped, before the fill or after."""
        product = taker.account.product
        price = at_source(maker.price, terms.k, by_buyer=maker.buying)
        if guard.jumps(price):
            self.stop(product, INTERRUPTION, price)
            return False
        buy, sell = (taker, maker) if taker.buying else (maker, taker)
        self.fill(buy, sell, terms, delivered, taker, held)
        self.note_price(product, price)
        if guard.breaks(price):
            self.stop(product, BREAKER, price)
            return False
        return True

    def _absorbed(self, freed: tuple[int, ...]) -> tuple[tuple[int, int, int, int], ...]:
        """Moves what is free under these limits on to the use that a cut left above them, as far as there is any."""
        moved = []
        for limit in freed:
            account, limit_id = self.excesses.get(limit, (0, 0))
            litres = min(-self.free(account), self.free(limit)) if account else 0
            if litres > 0:
                self.change(limit, -litres)
                self.change(account, litres)
                moved.append((limit, account, limit_id, litres))
        return tuple(moved)

    def _after_fill(self, order: Order, held: bool, ended: bool) -> None:
        """Releases what the order no longer needs to hold, and ends it if nothing of it can still be filled."""
        if held:
            needed = 0 if ended else buy_hold(order) if order.buying else order.rest
            if order.held > needed:
                self.release(order, order.held - needed)
        if ended:
            self.finish(
                order, "cancelled" if order.rest else "filled", REST_TOO_SMALL if order.rest else None
            )

    def release(self, order: Order, amount: int) -> None:
        """Gives back part of an order's hold."""
        order.held -= amount
        self.tape.events.append(Held(order, -amount))
        self.move(self.purse(order), amount)

    def finish(self, order: Order, status: str, reason: str | None) -> None:
        """Ends an order whose fields are logged and whose hold is nil; takes it out of its book if it is there."""
        self.home(order.account).drop(order, self.log)
        order.status = status
        order.reason = reason

    # --- one order against the book ----------------------------------------------------------------------------

    def forget_terms(self) -> None:
        """Other rules or routes hold from now on: what `terms` gave is asked anew."""
        for book in self.books.values():
            for ladders in (book.buys, book.sells):
                for ladder in ladders:
                    ladder.facing = {}

    def facing(self, ladder: Ladder, taker: Order) -> Facing | None:
        """A ladder as a taker faces it; None: the two cannot trade."""
        pool = taker.account.pool
        found = ladder.facing.get(pool)
        if found is None and pool not in ladder.facing:
            terms = self.terms(ladder.pool, pool) if taker.buying else self.terms(pool, ladder.pool)
            found = ladder.facing[pool] = None if terms is None else Facing(ladder, terms)
        return found

    def eligible(self, taker: Order) -> list[Facing] | None:
        """The ladders on the other side that have terms and whose best price would cross if no water were lost.

        None where there are none.
        """
        book = self.home(taker.account)
        buying, price = taker.buying, taker.price
        found: list[Facing] | None = None
        for ladder in book.sells if buying else book.buys:
            best = ladder.best
            if best is None or (best.price > price if buying else best.price < price):
                continue
            facing = self.facing(ladder, taker)
            if facing is None:
                continue
            if found is None:
                found = [facing]
            else:
                found.append(facing)
        return found

    def match(self, taker: Order, *, held: bool = False, older_only: bool = False) -> None:
        """Matches an order against the book until it is filled or nothing eligible crosses.

        `held`: its funds stand in its hold (a resting order looked at again), else they are fresh.
        """
        ladders = self.eligible(taker)
        if ladders is None:
            return
        buying = taker.buying
        guard = self.home(taker.account).guard
        while ladders and taker.rest and taker.status == "open":
            place = self._best(taker, ladders)
            if place < 0:
                return
            ladder, terms = ladders[place].ladder, ladders[place].terms
            assert ladder.best is not None and ladder.best.first is not None
            maker = ladder.best.first
            buy, sell = (taker, maker) if buying else (maker, taker)
            if (
                maker.account.owner == taker.account.owner
                or (older_only and maker.priority > taker.priority)
                or (sell.account.beneficiaries is not None and are_one(buy.account, sell.account))
            ):
                self._match_slowly(taker, ladders, held, older_only)
                return
            delivered, bound = self.fill_size(buy, sell, terms)
            if bound is not None:
                self.block(bound, taker)
            if delivered:
                if guard is None:
                    self.fill(buy, sell, terms, delivered, taker, held)
                elif not self._fill_guarded(guard, maker, terms, delivered, taker, held):
                    return
            elif bound is not None and bound != buy.account.plan:
                ladders = [
                    each for each in ladders if each.ladder is not ladder
                ]  # the limit closes the whole ladder
            else:
                self._match_slowly(taker, ladders, held, older_only)
                return

    @staticmethod
    def _best(taker: Order, ladders: list[Facing]) -> int:
        """The ladder whose first order is the best that crosses, by price at the taker's place, then by time; or -1."""
        found, best_rank, best_priority, better = -1, 0, 0, False
        price, buying = taker.price, taker.buying
        for place in range(len(ladders)):
            level, terms = ladders[place].ladder.best, ladders[place].terms
            if level is None:
                continue
            if buying:
                if level.price * 1000 > price * terms.k:
                    continue
                rank = level.price * terms.up
                better = rank < best_rank
            else:
                if price * 1000 > level.price * terms.k:
                    continue
                rank = level.price * terms.k
                better = rank > best_rank
            assert level.first is not None
            priority = level.first.priority
            if found < 0 or better or (rank == best_rank and priority < best_priority):
                found, best_rank, best_priority = place, rank, priority
        return found

    def _match_slowly(self, taker: Order, ladders: list[Facing], held: bool, older_only: bool) -> None:
        """The same walk when the best order cannot be filled: every crossing order in turn, skipping what cannot."""
        buying = taker.buying
        candidates: list[tuple[int, int, Order, Terms]] = []
        for facing in ladders:
            terms = facing.terms
            for order in facing.ladder.orders():
                if not (crosses(order.price, taker.price, terms.k) if buying
                        else crosses(taker.price, order.price, terms.k)):  # fmt: skip
                    break
                rank = order.price * terms.up if buying else -order.price * terms.k
                candidates.append((rank, order.priority, order, terms))
        candidates.sort(key=itemgetter(0, 1))
        guard = self.home(taker.account).guard
        closed: set[Any] = set()
        for _, _, maker, terms in candidates:
            if not taker.rest or taker.status != "open":
                return
            buy, sell = (taker, maker) if buying else (maker, taker)
            if (
                maker.account.pool in closed
                or are_one(buy.account, sell.account)
                or (older_only and maker.priority > taker.priority)
            ):
                continue
            while taker.rest and maker.rest and taker.status == "open" and maker.status == "open":
                delivered, bound = self.fill_size(buy, sell, terms)
                if bound is not None:
                    self.block(bound, taker)
                if not delivered:
                    if bound is not None and bound != buy.account.plan:
                        closed.add(maker.account.pool)
                    break
                if guard is None:
                    self.fill(buy, sell, terms, delivered, taker, held)
                elif not self._fill_guarded(guard, maker, terms, delivered, taker, held):
                    return

    def would_fill(self, order: Order) -> bool:
        """Whether an incoming order would fill at once with anything, or stop trading (for post-only)."""
        mark = self.mark()
        rest = order.rest
        self.touch(order)
        self.match(order)
        filled = order.rest < rest or order.account.product in self.paused
        self.back_to(mark)
        return filled

    def rematch(self, orders: Iterable[Order] = ()) -> None:
        """Looks again at these orders and at those whose limit has since been freed; it is always the oldest's turn.

        Where one's fills free more, those that waited for that take their places among the others by age.
        """
        waiting = sorted((order.priority, order) for order in orders)  # no two orders share a priority
        while self.freed or waiting:
            for limit in self.freed:
                if blocked := self.blocked.pop(limit, None):
                    self.log.append((self.blocked, limit, blocked))
                    for order in blocked.values():
                        heapq.heappush(waiting, (order.priority, order))
            self.freed = {}
            if waiting:
                order = heapq.heappop(waiting)[1]
                paused = order.account.product in self.paused  # all of it is looked at when it opens
                if order.status == "open" and order.level is not None and not paused:
                    self.match(order, held=True, older_only=True)
