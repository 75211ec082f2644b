"""The exchange floor: applies commands to the books, one by one. Pure; the engine feeds it and writes what it did.

Every command either is refused by a named rule, with nothing changed, or has its whole effect: hold, match, rest.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ledger.units import format_fen, format_litres, format_price_e4
from market.settlement.clearing import Beneficiaries
from market.trading.book import BUY, Book, Order
from market.trading.commands import Accepted, Amend, Cancel, Deal, FillView, Outcome, Place, Refused, Request
from market.trading.fills import Fill, Terms, buy_hold
from market.trading.matching import Matcher

SERVICE_RULE = "service rule of the exchange"
HOLD_RULE = "service rule of the exchange: an order holds what it needs before it is matched"
TRUST_RULE = "民法典 arts 919, 922: an agent acts as the principal has instructed"
Phases = frozenset[str]
TRADING: Phases = frozenset({"open"})
MAX_LITRES = 10**15
MAX_PRICE_E4 = 10**8
MAX_HOLD_FEN = 10**15


@dataclass(slots=True)
class Account:
    """What the exchange knows of a water account: whose, where, its ledger accounts, and its two gates.

    `owner` is the beneficial owner's group; `pool` whatever makes accounts alike to matching; a gate is None or
    (rule, detail, legal source); `beneficiaries` those who are paid for what it sells (None: its participant);
    `stores`: public storage, whose gates only its own mechanisms pass.
    """

    id: int
    participant: int
    owner: int
    ledger: int
    money: int
    plan: int
    product: int
    pool: Any
    lot: int = 1
    sell_gate: tuple[str, str, str] | None = None
    buy_gate: tuple[str, str, str] | None = None
    beneficiaries: Beneficiaries | None = None
    stores: bool = False


@dataclass(slots=True)
class Product:
    """One order book's rules now. `closes_at` is a UNIX time."""

    id: int
    code: str
    phase: str
    lot: int
    closes_at: float
    version: int = 0
    phase_reason: str = ""


class Exchange(Matcher):
    """Books, products and accounts; `place`, `amend`, `cancel` and the commands of the second door."""

    def __init__(
        self, terms: Callable[[Any, Any], Terms | None], new_id: Callable[[], int], now: Callable[[], float]
    ) -> None:
        super().__init__(terms, new_id)
        self.now = now
        self.products: dict[int, Product] = {}
        self.accounts: dict[int, Account] = {}
        self.expiries: list[tuple[float, int, int]] = []
        self.new_orders: dict[int, Order] = {}
        self._freed_before: dict[int, None] = {}
        self.strike: Callable[[Exchange, Deal], Outcome] | None = None

    def begin(self) -> None:
        """Starts a batch: what was done before can no longer be taken back."""
        super().begin()
        self.new_orders = {}
        self._freed_before = dict(self.freed)

    def undo_batch(self) -> None:
        """Takes back everything since `begin`."""
        self.back_to((0, 0))
        self.new_orders = {}
        self.freed = dict(self._freed_before)

    def restore(self, order: Order) -> None:
        """Puts an order that the database holds open into its book; in order of priority."""
        self.book_of(order.account.product).add(order, [])
        self.remember_expiry(order)

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
        account = self.accounts.get(request.water_account)
        if account is None or account.participant != participant:
            return Refused("not_found", "there is no such water account", "/water_account_id")
        refusal = self._refuse_place(account, request)
        if refusal is not None:
            return refusal
        order = Order(
            id=self.new_id(),
            account=account,
            side=request.side,
            volume=request.volume,
            price=request.price,
            tif=request.tif,
            post_only=request.post_only,
            min_fill=request.min_fill,
            expires_at=request.expires_at,
            client_order_id=request.client_order_id,
        )
        refusal = self._refuse_funds(order)
        if refusal is not None:
            return refusal
        mark = self.mark()
        if order.post_only and self.would_fill(order):
            return Refused(
                "post_only_would_fill", "the order would fill at once", "/post_only", None, None, SERVICE_RULE
            )
        self.match(order)
        filled = order.volume - order.rest
        needed = order.volume if order.tif == "FOK" else order.min_fill
        if filled < needed:
            self.back_to(mark)
            code = "fok_not_filled" if order.tif == "FOK" else "minimum_fill_not_met"
            return Refused(
                code, "not enough could be filled at once", "/volume", format_litres(needed), format_litres(filled),
                SERVICE_RULE,
            )  # fmt: skip
        self._rest_or_end(order)
        self.new_orders[order.id] = order
        return self.view(order, mark[1])

    def _rest_or_end(self, order: Order) -> None:
        """The rest of an order whose funds are fresh: into the book with a hold, or ended."""
        if order.status != "open":
            return
        if order.tif == "IOC":
            order.status, order.reason = "cancelled", "ioc_rest"
            return
        needed = buy_hold(order) if order.side == BUY else order.rest
        order.held = needed
        if needed:
            self.tape.events.append(("hold", order, needed))
            self.change(order.account.money if order.side == BUY else order.account.ledger, -needed)
        self.books[order.account.product].add(order, self.log)
        self.remember_expiry(order)

    def _refuse_place(self, account: Account, request: Place) -> Refused | None:
        refusal = self.refuse_side(account, request.side, request.product, request.volume, request.price)
        return refusal if refusal is not None else self._refuse_terms(request)

    def refuse_side(
        self, account: Account, side: str, product_id: int, volume: int, price: int, phases: Phases = TRADING,
        storing: bool = False,
    ) -> Refused | None:  # fmt: skip
        """What forbids this account to buy or sell that much at that price, whatever it has free."""
        product = self.products.get(account.product)
        if product is None or product_id != product.id:
            return Refused("product_mismatch", "the water account holds another source or water year than the product",
                           "/product_id", None, None, SERVICE_RULE)  # fmt: skip
        refusal = self._refuse_phase(product, phases) or self._refuse_amounts(volume, price, product)
        if refusal is not None:
            return refusal
        gate = account.buy_gate if side == BUY else account.sell_gate
        if gate is not None and not (storing and account.stores):
            return Refused(gate[0], gate[1], "/water_account_id", None, None, gate[2])
        if account.beneficiaries is not None:
            return self._refuse_entrusted(account.beneficiaries, price)
        return None

    def _refuse_entrusted(self, terms: Beneficiaries, price: int) -> Refused | None:
        """What those whose water it is have agreed with who sells it."""
        if terms.ends_at and self.now() >= terms.ends_at:
            return Refused("trust_ended", "the agreement under which this account sells is over",
                           "/water_account_id", None, None, TRUST_RULE)  # fmt: skip
        if price < terms.floor_price_e4:
            return Refused("below_agreed_price", "the price is below the least that the owners of the water agreed to",
                           "/price", format_price_e4(terms.floor_price_e4), format_price_e4(price),
                           TRUST_RULE)  # fmt: skip
        return None

    def _refuse_terms(self, request: Place) -> Refused | None:
        if request.min_fill > request.volume:
            return Refused("minimum_fill_above_volume", "the minimum fill is above the volume", "/minimum_fill",
                           format_litres(request.volume), None, SERVICE_RULE)  # fmt: skip
        if request.post_only and (request.tif in ("IOC", "FOK") or request.min_fill):
            return Refused("post_only_contradicted", "post-only never fills at once", "/post_only", None, None,
                           SERVICE_RULE)  # fmt: skip
        if (request.tif == "GTD") != (request.expires_at is not None):
            return Refused("expiry_and_validity", "GTD, and only GTD, names an expiry", "/expires_at", None, None,
                           SERVICE_RULE)  # fmt: skip
        if request.expires_at is not None and request.expires_at <= self.now():
            return Refused("expiry_past", "the expiry is past", "/expires_at", None, None, SERVICE_RULE)
        return None

    def _refuse_phase(self, product: Product, phases: Phases = TRADING) -> Refused | None:
        if product.closes_at <= self.now():
            return Refused("product_expired", "the product's water year is over", "/product_id", None, None,
                           "service rule of the exchange: orders end with the water year")  # fmt: skip
        if product.phase not in phases:
            detail = f"trading in {product.code} is {product.phase}"
            return Refused("product_not_open", f"{detail}: {product.phase_reason}".rstrip(": "), "/product_id",
                           None, None, SERVICE_RULE)  # fmt: skip
        return None

    @staticmethod
    def _refuse_amounts(volume: int, price: int, product: Product) -> Refused | None:
        if not 0 < volume <= MAX_LITRES:
            return Refused("volume_out_of_range", "the volume is not between one litre and the most the market takes",
                           "/volume", format_litres(MAX_LITRES), None, SERVICE_RULE)  # fmt: skip
        if volume % product.lot:
            return Refused("not_whole_lots", "the volume is not a multiple of the smallest lot", "/volume",
                           format_litres(product.lot), None, SERVICE_RULE)  # fmt: skip
        if not 0 < price <= MAX_PRICE_E4:
            return Refused("price_out_of_range", "the price is not above zero and within the most the market takes",
                           "/price", format_price_e4(MAX_PRICE_E4), None, SERVICE_RULE)  # fmt: skip
        if volume * price // 100_000 > MAX_HOLD_FEN:
            return Refused("value_out_of_range", "volume times price is more than the market takes", "/volume",
                           format_fen(MAX_HOLD_FEN), None, SERVICE_RULE)  # fmt: skip
        return None

    def _refuse_funds(self, order: Order) -> Refused | None:
        """Whether what is available covers the rest of an order that holds nothing yet."""
        account = order.account
        if order.side == BUY:
            needed, available = buy_hold(order), self.available[account.money]
            if needed > available:
                return Refused("insufficient_money", "the money account does not cover the order", "/volume",
                               format_fen(needed), format_fen(available), HOLD_RULE)  # fmt: skip
            return None
        available = self.available[account.ledger]
        if order.rest > available:
            return Refused("insufficient_water", "the water account does not hold that much free water", "/volume",
                           format_litres(order.rest), format_litres(available), HOLD_RULE)  # fmt: skip
        return None

    # --- amend, cancel -----------------------------------------------------------------------------------------

    def _own_open(self, participant: int, order_id: int) -> Order | None:
        for book in self.books.values():
            order = book.orders.get(order_id)
            if order is not None:
                return order if order.account.participant == participant else None
        return None

    def cancel(self, participant: int, request: Cancel) -> Outcome:
        """Takes the rest out of the book and frees its hold. Allowed in every phase but closed."""
        order = self._own_open(participant, request.order)
        if order is None:
            return Refused("order_not_open", "there is no such open order", None, None, None, SERVICE_RULE)
        mark = len(self.tape.events)
        self.end(order, "cancelled", "by_owner")
        return self.view(order, mark)

    def end(self, order: Order, status: str, reason: str) -> None:
        """Ends a resting order and releases its hold."""
        self.touch(order)
        if order.held:
            self.release(order, order.held)
        self.finish(order, status, reason)

    def amend(self, participant: int, request: Amend) -> Outcome:
        """A smaller volume at the same price keeps priority; anything else goes to the end and may fill at once."""
        order = self._own_open(participant, request.order)
        if order is None:
            return Refused("order_not_open", "there is no such open order", None, None, None, SERVICE_RULE)
        product = self.products[order.account.product]
        volume = order.volume if request.volume is None else request.volume
        price = order.price if request.price is None else request.price
        refusal = self._refuse_phase(product) or self._refuse_amounts(volume, price, product)
        if refusal is not None:
            return refusal
        if order.account.beneficiaries is not None:
            refusal = self._refuse_entrusted(order.account.beneficiaries, price)
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
            excess = order.held - (buy_hold(order) if order.side == BUY else order.rest)
            if excess:
                self.release(order, excess)
            return self.view(order, mark[1])
        return self._replace(order, volume, volume - filled, price, mark)

    def _replace(self, order: Order, volume: int, rest: int, price: int, mark: tuple[int, int]) -> Outcome:
        """An amendment that loses priority: out of the book, funds fresh, matched and rested as if new."""
        self.books[order.account.product].remove(order, self.log)
        if order.held:
            self.release(order, order.held)
        order.volume, order.rest, order.price, order.priority = volume, rest, price, self.new_id()
        refusal = self._refuse_funds(order)
        if refusal is None and order.post_only and self.would_fill(order):
            refusal = Refused(
                "post_only_would_fill", "the order would fill at once", "/price", None, None, SERVICE_RULE
            )
        if refusal is not None:
            self.back_to(mark)
            return refusal
        self.match(order)
        self._rest_or_end(order)
        return self.view(order, mark[1])

    # --- the second door ---------------------------------------------------------------------------------------

    def set_phase(self, product_id: int, phase: str, reason: str) -> None:
        """Halts, resumes or closes a product."""
        product = self.products[product_id]
        product.phase, product.phase_reason = phase, reason

    def cancel_where(self, matches: Callable[[Order], bool], status: str, reason: str) -> int:
        """Ends every open order that matches; returns how many."""
        chosen = [order for book in self.books.values() for order in book.orders.values() if matches(order)]
        for order in sorted(chosen, key=lambda each: each.id):
            self.end(order, status, reason)
        return len(chosen)

    def due(self, now: float) -> list[Order]:
        """The open orders whose expiry has come, and those of products that are over; oldest first."""
        found: dict[int, Order] = {}
        while self.expiries and self.expiries[0][0] <= now:
            _, order_id, product_id = heapq.heappop(self.expiries)
            order = self.books[product_id].orders.get(order_id)
            if order is not None:
                found[order_id] = order
        for product in self.products.values():
            if product.closes_at <= now and product.id in self.books:
                found.update(self.books[product.id].orders)
        return [found[order_id] for order_id in sorted(found)]

    def rematch_all(self) -> None:
        """Looks at every resting order again, oldest first: after a reload, when it is unknown what was blocked."""
        for book in self.books.values():
            for order in sorted(book.orders.values(), key=lambda each: each.priority):
                if order.status == "open" and order.level is not None:
                    self.match(order, held=True, older_only=True)
        self.rematch()

    def book_of(self, product_id: int) -> Book:
        """The book of a product, made on first use."""
        book = self.books.get(product_id)
        if book is None:
            book = self.books[product_id] = Book(product_id)
        return book

    # --- outcome -----------------------------------------------------------------------------------------------

    def view(self, order: Order, since: int) -> Accepted:
        """The order as the sender sees it, with the fills since that point of the tape."""
        fills = tuple(
            FillView(event.trade_id, event.source, event.delivered, event.price, event.maker, event.amount, event.fee,
                     "settled" if event.review is None else "awaiting_review", event.terms.k)
            for event in self.tape.events[since:]
            if type(event) is Fill and (event.buy is order or event.sell is order)
        )  # fmt: skip
        return Accepted(
            order.id, order.status, order.volume, order.rest, order.price, order.held, order.priority, order.reason,
            fills,
        )  # fmt: skip
