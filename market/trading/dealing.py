"""Deals struck elsewhere (bidding, negotiation, buy-back) on their way to the one tape. Pure.

Two orders stand for the sides and fill each other whole, at the agreed price, or the deal is refused by a named rule.
Everything that binds an order binds them: the product's phase, what each side may sell and buy, routes, limits, plans,
beneficial ownership, free water and free money; a review is needed where a trade of the same size would need one, or
where the mechanism's own rule asks for it, unless a reviewer has approved the deal before it was struck.
"""

from __future__ import annotations

import dataclasses
from typing import Protocol

import msgspec

from ledger.units import format_fen, format_litres
from market.trading.board import Account
from market.trading.book import BUY, SELL, Order
from market.trading.commands import Deal, Outcome, Refused
from market.trading.exchange import Exchange
from market.trading.fills import ReviewNeed, Terms, are_one, round_half_even, source_for
from market.trading.gates import HOLD_RULE, SERVICE_RULE, Phases

DEALING: Phases = frozenset({"pre_open", "open", "auction"})
"""Deals do not wait for the book to open; a halt stops them too."""
BUY_BACK, RESALE = "buy_back", "resale"
"""The mechanisms by which alone water comes into public storage, and leaves it for money."""
LEASE = "lease"
"""A year of a lease: its litres are the year's share to the litre, and its rent is of the day of the contract."""
OWNERS_RULE = "service rule of the exchange: nobody trades with itself"


class Reasons(Protocol):
    """Why the county's rules or a limit stand in the way: (rule, detail, legal source)."""

    def no_way(self, seller: Account, buyer: Account) -> tuple[str, str, str]:
        """Why water may not or cannot go from one account to the other."""
        ...

    def limit(self, account: int) -> tuple[str, str, str]:
        """What the limit with this ledger account is."""
        ...


class Dealer:
    """Strikes deals on an exchange; `reasons` words what the county refuses."""

    def __init__(self, reasons: Reasons) -> None:
        self._reasons = reasons

    def strike(self, exchange: Exchange, deal: Deal) -> Outcome:
        """The whole deal, or a refusal with nothing changed."""
        seller, buyer = (exchange.accounts.get(each) for each in (deal.seller_account, deal.buyer_account))
        if seller is None or buyer is None:
            return Refused("not_found", "there is no such water account", "/water_account_id")
        what, leased = (deal.product, deal.volume, deal.price, DEALING), deal.kind == LEASE
        refusal = (
            exchange.refuse_side(seller, SELL, *what, storing=deal.kind == RESALE, lots=not leased)
            or exchange.refuse_side(buyer, BUY, *what, storing=deal.kind == BUY_BACK, lots=not leased)
            or (None if leased else exchange.refuse_band(deal.price, deal.product, deal=True))
        )
        if refusal is not None:
            return refusal
        if are_one(buyer, seller):
            return Refused(
                "same_owner", "one beneficial owner stands on both sides", None, None, None, OWNERS_RULE
            )
        terms = exchange.terms(seller.pool, buyer.pool)
        if terms is None:
            rule, detail, source = self._reasons.no_way(seller, buyer)
            return Refused(rule, detail, None, None, None, source)
        terms = dataclasses.replace(terms, reviews=_reviews(deal, terms))
        delivered = deal.volume if deal.at == BUY else deal.volume * terms.k // 1000
        if delivered == 0:
            return Refused("volume_out_of_range", "the route would deliver less than a litre", "/volume", None, None,
                           SERVICE_RULE)  # fmt: skip
        return self._fill(exchange, deal, _orders(exchange, deal, seller, buyer, terms, delivered), terms)

    def _fill(self, exchange: Exchange, deal: Deal, orders: tuple[Order, Order], terms: Terms) -> Outcome:
        buy, sell = orders
        delivered, source = buy.rest, source_for(buy.rest, terms.k)
        refusal = _refuse_funds(exchange, deal, buy, sell, source)
        if refusal is not None:
            return refusal
        possible, bound = exchange.fill_size(buy, sell, terms)
        if possible < delivered:
            rule, detail, legal_source = self._reasons.limit(bound or 0)
            return Refused(
                rule, detail, "/volume", format_litres(delivered), format_litres(possible), legal_source
            )
        mark = len(exchange.tape.events)
        taker = sell if deal.at == BUY else buy
        exchange.fill(buy, sell, terms, delivered, taker, taker_held=False, maker_held=False)
        exchange.new_orders += (sell, buy)
        return msgspec.structs.replace(exchange.view(sell, exchange.fills_of(sell, mark)), counterpart=buy.id)


def _reviews(deal: Deal, terms: Terms) -> tuple[ReviewNeed, ...]:
    """The reviews that may still be asked for; the mechanism's own comes first."""
    if deal.reviewed:
        return ()
    own = (ReviewNeed(deal.review_rule, 0, deal.review_days),) if deal.review_rule else ()
    return own + terms.reviews


def _orders(
    exchange: Exchange, deal: Deal, seller: Account, buyer: Account, terms: Terms, delivered: int
) -> tuple[Order, Order]:
    """The buy and the sell. The side at whose place the deal is counted is the older one, and so the maker.

    The other side's limit is what the agreed price comes to at its own place.
    """
    source = source_for(delivered, terms.k)
    first, second = exchange.numbers.next(), exchange.numbers.next()
    if deal.at == BUY:
        prices = (deal.price, max(1, deal.price * delivered // source))
        numbers, sold = (first, second), source
    else:
        prices = (-(-deal.price * source // delivered), deal.price)
        numbers, sold = (second, first), deal.volume
    buy = Order(id=numbers[0], account=buyer, side=BUY, volume=delivered, price=prices[0], tif="FOK")
    sell = Order(id=numbers[1], account=seller, side=SELL, volume=sold, price=prices[1], tif="FOK")
    return buy, sell


def _refuse_funds(exchange: Exchange, deal: Deal, buy: Order, sell: Order, source: int) -> Refused | None:
    """Whether free water and free money cover the deal; to the litre and to the fen."""
    water, money = exchange.free(sell.account.ledger), exchange.free(buy.account.money)
    amount = round_half_even(deal.price * (buy.rest if deal.at == BUY else source))
    if source > water:
        return Refused("insufficient_water", "the water account does not hold that much free water", "/volume",
                       format_litres(source), format_litres(water), HOLD_RULE)  # fmt: skip
    if amount > money:
        return Refused("insufficient_money", "the money account does not cover the deal", "/volume",
                       format_fen(amount), format_fen(money), HOLD_RULE)  # fmt: skip
    return None
