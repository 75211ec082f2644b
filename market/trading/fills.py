"""Fills and their arithmetic: what a match moves, on what terms, and what a batch of matches leaves behind. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from mypy_extensions import mypyc_attr

from market.settlement.clearing import Payee
from market.trading.book import Order

TICK_LITRES_PER_FEN: Final = 100_000
REST_TOO_SMALL: Final = "rest_too_small"


@dataclass(frozen=True, slots=True)
class ReviewNeed:
    """A county rule that puts a trade from `from_litres` (delivered) up under review."""

    rule: str
    from_litres: int
    working_days: int


@dataclass(frozen=True, slots=True)
class Terms:
    """How one pool of sellers can deliver to one pool of buyers; no Terms: not at all.

    `charges`: (limit account, True where the source volume counts, False where the delivered one does);
    `frees`: limit accounts that a settled trade frees by the source volume; `fee_e6`: the seller's fee in millionths
    of the amount, rounded down; `reviews`: the rules that may ask for a review, first match decides.
    """

    k: int
    up: int
    charges: tuple[tuple[int, bool], ...] = ()
    frees: tuple[int, ...] = ()
    fee_e6: int = 0
    reviews: tuple[ReviewNeed, ...] = ()

    def review_for(self, delivered: int) -> ReviewNeed | None:
        """The first rule that asks for a review of a trade of this size."""
        for need in self.reviews:
            if delivered >= need.from_litres:
                return need
        return None


@mypyc_attr(acyclic=True)
class Fill:
    """One match. `buy_held`/`sell_held`: whether that side's funds stand in its order's hold (else they are fresh).

    `payees` are who is paid instead of the seller where its account has beneficiaries, frozen here; `absorbed`: what
    of the freed litres goes on to a cap's excess, as (limit account, excess account, limit id, litres).
    """

    __slots__ = (
        "trade_id", "buy", "sell", "maker", "source", "delivered", "price", "value", "amount", "fee", "terms", "review",
        "buy_held", "sell_held", "payees", "absorbed",
    )  # fmt: skip

    def __init__(
        self, trade_id: int, buy: Order, sell: Order, maker: str, source: int, delivered: int, price: int, value: int,
        amount: int, fee: int, terms: Terms, review: ReviewNeed | None, buy_held: bool, sell_held: bool,
        payees: list[Payee] | None,
    ) -> None:  # fmt: skip
        self.trade_id = trade_id
        self.buy = buy
        self.sell = sell
        self.maker = maker
        self.source = source
        self.delivered = delivered
        self.price = price
        self.value = value
        self.amount = amount
        self.fee = fee
        self.terms = terms
        self.review = review
        self.buy_held = buy_held
        self.sell_held = sell_held
        self.payees = payees
        self.absorbed: tuple[tuple[int, int, int, int], ...] = ()

    def charges(self) -> list[tuple[int, int]]:
        """The limits and the use plan that it charges, each with its litres."""
        found = [
            (limit, self.source if by_source else self.delivered) for limit, by_source in self.terms.charges
        ]
        if self.buy.account.plan:
            found.append((self.buy.account.plan, self.delivered))
        return found


@mypyc_attr(acyclic=True)
class Held:
    """An order's hold has grown by an amount (litres of a sell, fen of a buy), or, below zero, was freed of it."""

    __slots__ = ("order", "amount")

    def __init__(self, order: Order, amount: int) -> None:
        self.order = order
        self.amount = amount


class Tape:
    """What a batch did, in order: fills and changes of holds; the engine turns it into rows.

    `events` holds `Fill` and `Held`, and what stops and calls add; `touched` every order that may have changed, once.
    """

    __slots__ = ("events", "touched")

    def __init__(self) -> None:
        self.events: list[Any] = []
        self.touched: list[Order] = []


def source_for(delivered: int, k: int) -> int:
    """The least litres that must enter a route of k per mille so that `delivered` arrive."""
    return -(-1000 * delivered // k)


def buy_hold(order: Order) -> int:
    """The fen that a buy must hold for its rest."""
    return -(-(order.value + order.rest * order.price) // TICK_LITRES_PER_FEN) - order.paid


def round_half_even(value: int) -> int:
    """Tick-litres to fen, half to even."""
    fen = value // TICK_LITRES_PER_FEN
    twice = 2 * (value - fen * TICK_LITRES_PER_FEN)
    if twice > TICK_LITRES_PER_FEN or (twice == TICK_LITRES_PER_FEN and fen & 1):
        return fen + 1
    return fen


def crosses(ask: int, bid: int, k: int) -> bool:
    """Whether an ask at the seller's place is at most a bid at the buyer's."""
    return ask * 1000 <= bid * k


def are_one(buyer: Any, seller: Any) -> bool:
    """Whether the buyer is a beneficial owner of what the seller's account sells: the two never trade."""
    owners = seller.beneficiaries.owners if seller.beneficiaries is not None else ()
    return bool(buyer.owner == seller.owner or buyer.owner in owners)
