"""The gates of the exchange: what forbids an order before it is matched, whoever sends it. Pure.

A gate answers with a named refusal or with None; it changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from ledger.units import format_fen, format_litres, format_price_e4
from market.settlement.clearing import Beneficiaries
from market.trading.board import Account, Product
from market.trading.book import BUY, Order
from market.trading.commands import Refused
from market.trading.fills import Terms, buy_hold
from market.trading.guards import Guard
from market.trading.matching import Matcher
from market.trading.numbers import Numbers

if TYPE_CHECKING:
    from market.registry.halts import Halt

SERVICE_RULE: Final = "service rule of the exchange"
HOLD_RULE: Final = "service rule of the exchange: an order holds what it needs before it is matched"
TRUST_RULE: Final = "民法典 arts 919, 922: an agent acts as the principal has instructed"
Phases = frozenset[str]
TRADING: Final[Phases] = frozenset({"open"})
"""Orders match as they come."""
COLLECTING: Final[Phases] = frozenset({"pre_open", "auction"})
"""Orders are held and wait: for the book to open, or for the call."""
ENTERING: Final[Phases] = TRADING | COLLECTING
CHANGING: Final[Phases] = ENTERING | {"halted", "closed"}
"""Where an order may be cancelled: always but while a call is being cleared."""
MAX_LITRES: Final = 1_000_000_000_000_000
MAX_PRICE_E4: Final = 100_000_000
MAX_HOLD_FEN: Final = 1_000_000_000_000_000


@dataclass(frozen=True, slots=True)
class Switch:
    """A kill switch that is on: nothing of this participant (None: of anybody) in this product (None: in any)."""

    participant: int | None
    product: int | None
    reason: str
    legal_source: str


class Gates(Matcher):
    """Products and accounts beside the books, and the rules that an order must pass before it is matched.

    `moment` is the UNIX time of what is decided now; whoever begins a batch sets it.
    """

    def __init__(
        self, terms: Callable[[Any, Any], Terms | None], numbers: Numbers, moment: float = 0.0
    ) -> None:
        super().__init__(terms, numbers)
        self.moment = moment
        self.products: dict[int, Product] = {}
        self.accounts: dict[int, Account] = {}
        self.switches: tuple[Switch, ...] = ()
        self.halts: tuple[Halt, ...] = ()

    def bring(self, product: Product) -> None:
        """Takes up a product, or its rules as they are from now on."""
        self.products[product.id] = product
        self.book_of(product.id).product = product

    def listed(self, account: Account) -> Product:
        """The product that an account's orders are of. KeyError: there is none."""
        product = self.home(account).product
        if product is None:
            raise KeyError(account.product)
        return product

    def refuse_place(self, participant: int, order: Order, product: int) -> Refused | None:
        """What forbids a participant's new order in a product, whatever its account has free."""
        account = order.account
        if account.participant != participant:
            return Refused("not_found", "there is no such water account", "/water_account_id")
        refusal = self.refuse_side(account, order.side, product, order.volume, order.price, ENTERING)
        if refusal is None:
            refusal = self._refuse_price(order.price, self.home(account).guard)
        if refusal is None and not order.plain():
            refusal = self._refuse_terms(order) or self._refuse_waiting(order, self.listed(account).phase)
        return refusal

    @staticmethod
    def _refuse_waiting(order: Order, phase: str) -> Refused | None:
        """What cannot be promised where orders wait: a call knows minimum fills and one-time orders, an opening not."""
        if phase in TRADING:
            return None
        once = order.tif in ("IOC", "FOK") or order.min_fill > 0
        if order.post_only or (once and phase != "auction"):
            detail = f"the order would wait: in the phase {phase} this validity says nothing"
            return Refused("validity_not_in_phase", detail, "/time_in_force", None, None, SERVICE_RULE)
        return None

    def refuse_side(
        self, account: Account, side: str, product_id: int, volume: int, price: int, phases: Phases = TRADING,
        storing: bool = False, lots: bool = True,
    ) -> Refused | None:  # fmt: skip
        """What forbids this account to buy or sell that much at that price, whatever it has free."""
        book = account.book or self.books.get(account.product)
        product = None if book is None else book.product
        if product is None or product_id != product.id:
            return Refused("product_mismatch", "the water account holds another source or water year than the product",
                           "/product_id", None, None, SERVICE_RULE)  # fmt: skip
        refusal = (
            self.refuse_stopped(account, product)
            or self.refuse_phase(product, phases)
            or self.refuse_amounts(volume, price, product, lots=lots)
        )
        if refusal is not None:
            return refusal
        gate = account.buy_gate if side == BUY else account.sell_gate
        if gate is not None and not (storing and account.stores):
            return Refused(gate[0], gate[1], "/water_account_id", None, None, gate[2])
        if account.beneficiaries is not None:
            return self.refuse_entrusted(account.beneficiaries, price)
        return None

    def refuse_entrusted(self, terms: Beneficiaries, price: int) -> Refused | None:
        """What those whose water it is have agreed with who sells it."""
        if terms.ends_at and self.moment >= terms.ends_at:
            return Refused("trust_ended", "the agreement under which this account sells is over",
                           "/water_account_id", None, None, TRUST_RULE)  # fmt: skip
        if price < terms.floor_price_e4:
            return Refused("below_agreed_price", "the price is below the least that the owners of the water agreed to",
                           "/price", format_price_e4(terms.floor_price_e4), format_price_e4(price),
                           TRUST_RULE)  # fmt: skip
        return None

    def _refuse_terms(self, order: Order) -> Refused | None:
        if order.min_fill > order.volume:
            return Refused("minimum_fill_above_volume", "the minimum fill is above the volume", "/minimum_fill",
                           format_litres(order.volume), None, SERVICE_RULE)  # fmt: skip
        if order.post_only and (order.tif in ("IOC", "FOK") or order.min_fill):
            return Refused("post_only_contradicted", "post-only never fills at once", "/post_only", None, None,
                           SERVICE_RULE)  # fmt: skip
        if (order.tif == "GTD") != (order.expires_at is not None):
            return Refused("expiry_and_validity", "GTD, and only GTD, names an expiry", "/expires_at", None, None,
                           SERVICE_RULE)  # fmt: skip
        if order.expires_at is not None and order.expires_at <= self.moment:
            return Refused("expiry_past", "the expiry is past", "/expires_at", None, None, SERVICE_RULE)
        return None

    def refuse_phase(self, product: Product, phases: Phases = TRADING) -> Refused | None:
        """Whether the product's phase allows it."""
        if product.closes_at <= self.moment:
            return Refused("product_expired", "the product's water year is over", "/product_id", None, None,
                           "service rule of the exchange: orders end with the water year")  # fmt: skip
        if product.phase not in phases:
            detail = f"trading in {product.code} is {product.phase}"
            if product.phase_reason:
                detail = f"trading in {product.code} is {product.phase}: {product.phase_reason}"
            return Refused("product_not_open", detail, "/product_id", None, None, SERVICE_RULE)
        return None

    def refuse_stopped(self, account: Account, product: Product) -> Refused | None:
        """Whether a kill switch is on for this participant, or for all, in this product, or a halt stands."""
        halt = product.halt or account.halt
        if halt is not None:
            return Refused("halted", halt.detail, "/product_id", None, halt.until or None, halt.legal_source)
        for each in self.switches:
            if each.participant in (None, account.participant) and each.product in (None, product.id):
                whose = "everybody" if each.participant is None else "this participant"
                detail = f"a kill switch stops the orders of {whose}: {each.reason}"
                return Refused("kill_switch", detail, "/product_id", None, None, each.legal_source)
        return None

    def refuse_band(self, price: int, product: int, *, deal: bool = False) -> Refused | None:
        """Whether a limit (1/10 000 yuan per m3, at the order's own place) is within the product's price band."""
        guard = self.guard(product)
        if guard is not None and deal and guard.deals_exempt:
            return None
        return self._refuse_price(price, guard)

    @staticmethod
    def _refuse_price(price: int, guard: Guard | None) -> Refused | None:
        if guard is None or guard.admits(price):
            return None
        low, high, reference = map(format_price_e4, (guard.low, guard.high, guard.reference))
        detail = f"the price is outside the band from {low} to {high} around the reference price {reference}"
        return Refused("price_outside_band", detail, "/price", low if price < guard.low else high,
                       format_price_e4(price), guard.legal_source)  # fmt: skip

    @staticmethod
    def refuse_amounts(volume: int, price: int, product: Product, *, lots: bool = True) -> Refused | None:
        """Whether volume (litres; `lots`: whole ones) and price (1/10 000 yuan per m3) are such as the market takes."""
        if not 0 < volume <= MAX_LITRES:
            return Refused("volume_out_of_range", "the volume is not between one litre and the most the market takes",
                           "/volume", format_litres(MAX_LITRES), None, SERVICE_RULE)  # fmt: skip
        if lots and volume % product.lot:
            return Refused("not_whole_lots", "the volume is not a multiple of the smallest lot", "/volume",
                           format_litres(product.lot), None, SERVICE_RULE)  # fmt: skip
        if not 0 < price <= MAX_PRICE_E4:
            return Refused("price_out_of_range", "the price is not above zero and within the most the market takes",
                           "/price", format_price_e4(MAX_PRICE_E4), None, SERVICE_RULE)  # fmt: skip
        if volume * price // 100_000 > MAX_HOLD_FEN:
            return Refused("value_out_of_range", "volume times price is more than the market takes", "/volume",
                           format_fen(MAX_HOLD_FEN), None, SERVICE_RULE)  # fmt: skip
        return None

    def refuse_funds(self, order: Order) -> Refused | None:
        """Whether what is available covers the rest of an order that holds nothing yet."""
        purse = self.purse(order)
        if purse is None:
            raise LookupError("an order's account has no balance here")
        if order.buying:
            needed = buy_hold(order)
            if needed > purse.free:
                return Refused("insufficient_money", "the money account does not cover the order", "/volume",
                               format_fen(needed), format_fen(purse.free), HOLD_RULE)  # fmt: skip
        elif order.rest > purse.free:
            return Refused("insufficient_water", "the water account does not hold that much free water", "/volume",
                           format_litres(order.rest), format_litres(purse.free), HOLD_RULE)  # fmt: skip
        return None
