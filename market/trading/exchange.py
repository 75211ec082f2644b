"""The exchange floor: applies commands to the books, one by one. Pure; the engine feeds it and writes what it did.

Every command either is refused by a named rule, with nothing changed, or has its whole effect: hold, match, rest.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Sequence
from itertools import islice
from typing import Any, Final

from msgspec.structs import astuple

from ledger.units import format_litres, format_price_e4
from market.trading.board import Product
from market.trading.book import Order
from market.trading.commands import Accepted, Amend, Cancel, Deal, FillView, Outcome, Place, Refused, Request
from market.trading.fills import Fill, Held, Terms, buy_hold
from market.trading.gates import CHANGING, ENTERING, SERVICE_RULE, TRADING, Gates
from market.trading.guards import BREAKER, PHASE_OF, Ended, Stop
from market.trading.numbers import Numbers

_Placed = tuple[int, int, str, int, int, str, bool, int, float | None, str | None]
"""The fields of a `Place`, in their order."""
CALL: Final = frozenset({"auction", "uncross"})
"""Orders are gathered for a call, and the call is cleared: nothing is entered or cancelled meanwhile."""


def for_one_call(order: Order) -> bool:
    """Whether an order that waits is for the next call alone."""
    return order.tif in ("IOC", "FOK") or order.volume - order.rest < order.min_fill


class Exchange(Gates):
    """Books, products and accounts; `place`, `amend`, `cancel` and the commands of the second door."""

    def __init__(
        self, terms: Callable[[Any, Any], Terms | None], numbers: Numbers, moment: float = 0.0
    ) -> None:
        super().__init__(terms, numbers, moment)
        self.expiries: list[tuple[float, int, int]] = []
        self.new_orders: list[Order] = []
        self._freed_before: dict[int, None] = {}
        self.strike: Callable[[Exchange, Deal], Outcome] | None = None
        self.doomed: dict[int, int] = {}
        """Orders that the bureau cancels, and by which of its cancellations: none of them is matched any more."""

    def begin(self) -> None:
        """Starts a batch: what was done before can no longer be taken back."""
        super().begin()
        self.new_orders = []
        self._freed_before = dict(self.freed)

    def undo_batch(self) -> None:
        """Takes back everything since `begin`."""
        self.back_to((0, 0))
        self.new_orders = []
        self.freed = self._freed_before | self.freed  # what others freed meanwhile too

    def restore(self, order: Order) -> None:
        """Puts an order that the database holds open into its book; in order of priority."""
        book = self.book_of(order.account.product)
        if self.stands_still(order):
            book.orders[order.id] = order
        else:
            book.add(order, [])
        self.remember_expiry(order)

    @property
    def stops(self) -> bool:
        """Whether any order may have to stand still."""
        return bool(self.halts or self.doomed)

    def stands_still(self, order: Order) -> bool:
        """Whether an order stays as it is, unmatched: its account is halted, or the bureau cancels it."""
        return order.account.halt is not None or order.id in self.doomed

    def still(self) -> bool:
        """Takes what stands still from now on out of the ladders; between batches, as the reference changes.

        False where something that stood still does so no longer: its place is lost, and the books are loaded anew.
        """
        for book in self.books.values():
            for order in list(book.orders.values()):
                if self.stands_still(order):
                    if order.level is not None:
                        book.shelve(order)
                elif order.level is None:
                    return False
        return True

    def remember_expiry(self, order: Order) -> None:
        """Has the clock end a GTD order in time."""
        if order.expires_at is not None:
            heapq.heappush(self.expiries, (order.expires_at, order.id, order.account.product))

    def apply(self, participant: int, request: Request) -> Outcome:
        """Applies one command of a participant and looks again at what it unblocked."""
        if type(request) is Place:
            outcome = self.place(participant, request)
        elif type(request) is Cancel:
            outcome = self.cancel(participant, request)
        elif type(request) is Amend:
            outcome = self.amend(participant, request)
        elif type(request) is Deal and self.strike is not None:
            outcome = self.strike(self, request)
        else:
            raise TypeError(f"not a command: {request!r}")
        if self.freed:
            self.rematch()
        return outcome

    # --- place -------------------------------------------------------------------------------------------------

    def place(self, participant: int, request: Place) -> Outcome:
        """Hold, match, rest; FOK and minimum fill are all or nothing at once."""
        what: _Placed = astuple(request)
        number, product, side, volume, price, tif, post_only, min_fill, expires_at, client_order_id = what
        account = self.accounts.get(number)
        if account is None:
            return Refused("not_found", "there is no such water account", "/water_account_id")
        order = Order(0, account, side, volume, price, tif, post_only, min_fill, expires_at, client_order_id)
        done = self.enter(participant, order, product)
        return done if isinstance(done, Refused) else self.view(order, done)

    def enter(self, participant: int, order: Order, product: int) -> Sequence[Fill] | Refused:
        """A new order, which has no number yet, comes into a product's book; returns its fills."""
        refusal = self.refuse_place(participant, order, product)
        if refusal is not None:
            return refusal
        order.id = order.priority = self.numbers.next()
        refusal = self.refuse_funds(order)
        if refusal is not None:
            return refusal
        if self.paused and product in self.paused:  # held, and into the book whatever its validity
            self._rest(order)
            self.new_orders.append(order)
            return ()
        if order.post_only and self.would_fill(order):
            return Refused(
                "post_only_would_fill", "the order would fill at once", "/post_only", None, None, SERVICE_RULE
            )
        needed = order.volume if order.tif == "FOK" else order.min_fill
        logged, told = self.mark() if needed else (0, len(self.tape.events))
        self.match(order)
        filled = order.volume - order.rest
        if filled < needed:
            self.back_to((logged, told))
            code = "fok_not_filled" if order.tif == "FOK" else "minimum_fill_not_met"
            return Refused(
                code, "not enough could be filled at once", "/volume", format_litres(needed), format_litres(filled),
                SERVICE_RULE,
            )  # fmt: skip
        self._rest_or_end(order)
        self.new_orders.append(order)
        return self.fills_of(order, told) if filled else ()

    def _rest_or_end(self, order: Order) -> None:
        """The rest of an order whose funds are fresh: into the book with a hold, or ended."""
        if order.status != "open":
            return
        if order.tif == "IOC":
            order.status, order.reason = "cancelled", "ioc_rest"
            return
        self._rest(order)

    def _rest(self, order: Order) -> None:
        needed = buy_hold(order) if order.buying else order.rest
        order.held = needed
        if needed:
            self.tape.events.append(Held(order, needed))
            self.move(self.purse(order), -needed)
        self.home(order.account).add(order, self.log)
        self.remember_expiry(order)

    # --- amend, cancel -----------------------------------------------------------------------------------------

    def _own_open(self, participant: int, order_id: int) -> Order | None:
        order = self.open_order(order_id)
        return order if order is not None and order.account.participant == participant else None

    def cancel(self, participant: int, request: Cancel) -> Outcome:
        """`withdraw`, with the order as its sender sees it."""
        done = self.withdraw(participant, request.order)
        return done if isinstance(done, Refused) else self.view(done, ())

    def withdraw(self, participant: int, order_id: int) -> Order | Refused:
        """Takes the rest out of the book and frees its hold. Allowed in every phase but while a call is cleared."""
        order = self._own_open(participant, order_id)
        if order is None:
            return Refused("order_not_open", "there is no such open order", None, None, None, SERVICE_RULE)
        product = self.listed(order.account)
        if product.phase not in CHANGING:
            return Refused("product_not_open", f"a call in {product.code} is being cleared", None, None, None,
                           SERVICE_RULE)  # fmt: skip
        self.end(order, "cancelled", "by_owner")
        return order

    def end(self, order: Order, status: str, reason: str) -> None:
        """Ends a resting order and releases its hold."""
        self.touch(order)
        if order.held:
            self.release(order, order.held)
        self.finish(order, status, reason)

    def amend(self, participant: int, request: Amend) -> Outcome:
        """A smaller volume at the same price keeps priority; anything else goes to the end and may fill at once."""
        order = self._own_open(participant, request.order)
        if order is None or order.id in self.doomed:
            return Refused("order_not_open", "there is no such open order", None, None, None, SERVICE_RULE)
        product = self.listed(order.account)
        volume = order.volume if request.volume is None else request.volume
        price = order.price if request.price is None else request.price
        refusal = (
            self.refuse_stopped(order.account, product)
            or self.refuse_phase(product, ENTERING)
            or self.refuse_amounts(volume, price, product)
            or (self.refuse_band(price, product.id) if price != order.price else None)
        )
        if refusal is not None:
            return refusal
        if order.account.beneficiaries is not None:
            refusal = self.refuse_entrusted(order.account.beneficiaries, price)
            if refusal is not None:
                return refusal
        filled = order.volume - order.rest
        if volume - filled < product.lot:
            return Refused("amend_below_filled", "less than a lot would be left beyond what is filled", "/volume",
                           format_litres(volume), format_litres(filled), SERVICE_RULE)  # fmt: skip
        mark = self.mark()
        self.touch(order)
        if price == order.price and volume <= order.volume:
            order.volume, order.rest = volume, volume - filled
            excess = order.held - (buy_hold(order) if order.buying else order.rest)
            if excess:
                self.release(order, excess)
            return self.view(order, self.fills_of(order, mark[1]))
        return self._replace(order, volume, volume - filled, price, mark)

    def _replace(self, order: Order, volume: int, rest: int, price: int, mark: tuple[int, int]) -> Outcome:
        """An amendment that loses priority: out of the book, funds fresh, matched and rested as if new."""
        self.home(order.account).remove(order, self.log)
        if order.held:
            self.release(order, order.held)
        order.volume, order.rest, order.price, order.priority = volume, rest, price, self.numbers.next()
        refusal = self.refuse_funds(order)
        if refusal is None and order.account.product in self.paused:
            self._rest(order)
            return self.view(order, self.fills_of(order, mark[1]))
        if refusal is None and order.post_only and self.would_fill(order):
            refusal = Refused(
                "post_only_would_fill", "the order would fill at once", "/price", None, None, SERVICE_RULE
            )
        if refusal is not None:
            self.back_to(mark)
            return refusal
        self.match(order)
        self._rest_or_end(order)
        return self.view(order, self.fills_of(order, mark[1]))

    # --- the second door ---------------------------------------------------------------------------------------

    def set_phase(self, product_id: int, phase: str, reason: str) -> None:
        """Moves a product to a phase; where orders match in it, every resting one is looked at, oldest first.

        Once a call is over, what was for that call alone ends: one-time orders, and minimum fills that were not met.
        """
        product = self.products[product_id]
        if product.phase in CALL and phase not in CALL:
            self.cancel_where(lambda order: order.account.product == product_id and for_one_call(order),
                              "cancelled", "call_over")  # fmt: skip
        self.log.append((product, product.fields()))
        if product.stop:
            self._end_stop(product)
        product.phase, product.phase_reason = phase, reason
        self.log.append((self.paused, product_id, self.paused.get(product_id)))
        if phase not in TRADING or product.halt is not None:
            self.paused[product_id] = product_id
        elif self.paused.pop(product_id, None) is not None:
            self.rematch(self.book_of(product_id).orders.values())

    def stop(self, product_id: int, kind: str, price: int) -> None:
        """Stops matching in a product because of this price: into an auction, or (the breaker) halted."""
        product, guard = self.products[product_id], self.guard(product_id)
        assert guard is not None
        broke = kind == BREAKER
        base = guard.reference if broke else guard.last
        number = self.numbers.next()
        reason = f"{kind}: {format_price_e4(price)} against {format_price_e4(base)}"
        self.set_phase(product_id, PHASE_OF[kind], reason)
        product.stop = number  # its fields are logged by now
        if broke:  # once for each reference price: else the next trade after it would stop again
            self.log.append((guard, guard.fields()))
            guard.breaker_e6 = 0
        minutes = guard.breaker_minutes if broke else guard.interruption_minutes
        self.tape.events.append(Stop(number, product_id, kind, price, base, minutes))

    def _end_stop(self, product: Product) -> None:
        """What stopped a product is over; its next trade is held against none before it."""
        self.tape.events.append(Ended(product.stop, product.id))
        product.stop = 0
        guard = self.guard(product.id)
        if guard is not None:
            self.log.append((guard, guard.fields()))
            guard.last = 0

    def cancel_where(self, matches: Callable[[Order], bool], status: str, reason: str) -> int:
        """Ends every open order that matches; returns how many."""
        chosen = self.those(matches)
        for order in chosen:
            self.end(order, status, reason)
        return len(chosen)

    def those(self, matches: Callable[[Order], bool]) -> list[Order]:
        """Every open order that matches, oldest first."""
        found = [order for book in self.books.values() for order in book.orders.values() if matches(order)]
        return sorted(found, key=lambda each: each.id)

    def doomed_by(self, cancellation: int, most: int) -> list[Order]:
        """The first of the orders, oldest first, that a cancellation of the bureau has still to end."""
        found = (self.open_order(number) for number, by in self.doomed.items() if by == cancellation)
        return list(islice((order for order in found if order is not None), most))

    def open_order(self, order_id: int) -> Order | None:
        """An open order by its id."""
        for book in self.books.values():
            order = book.orders.get(order_id)
            if order is not None:
                return order
        return None

    def due(self, now: float) -> list[Order]:
        """The open orders whose expiry has come, and those of products that are over; oldest first."""
        found: dict[int, Order] = {}
        while self.expiries and self.expiries[0][0] <= now:
            at, order_id, product_id = heapq.heappop(self.expiries)
            order = self.books[product_id].orders.get(order_id)
            if order is not None and order.expires_at == at:  # a replay gives a number that was undone again
                found[order_id] = order
        for product in self.products.values():
            if product.closes_at <= now and product.id in self.books:
                found.update(self.books[product.id].orders)
        return [found[order_id] for order_id in sorted(found)]

    def rematch_all(self) -> None:
        """Looks at every resting order again, oldest first: after a reload, when it is unknown what was blocked."""
        self.rematch(order for book in self.books.values() for order in book.orders.values())

    # --- outcome -----------------------------------------------------------------------------------------------

    def fills_of(self, order: Order, since: int) -> Sequence[Fill]:
        """An order's fills since that point of the tape."""
        found: list[Fill] = []
        events = self.tape.events
        for place in range(since, len(events)):
            event = events[place]
            if isinstance(event, Fill) and (event.buy is order or event.sell is order):
                found.append(event)
        return found

    def view(self, order: Order, fills: Sequence[Fill]) -> Accepted:
        """The order as the sender sees it, with these of its fills."""
        return Accepted(
            order.id, order.status, order.volume, order.rest, order.price, order.held, order.priority, order.reason,
            tuple([
                FillView(each.trade_id, each.source, each.delivered, each.price, each.maker, each.amount, each.fee,
                         "settled" if each.review is None else "awaiting_review", each.terms.k)
                for each in fills
            ]) if fills else (),
        )  # fmt: skip
