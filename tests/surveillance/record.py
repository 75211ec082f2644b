"""The record of a finished story: numbered as it came, with closes, references and what the tape adds to rights."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable
from dataclasses import replace

from market.supervision.surveillance.evidence import Close, OrderEvent, Right, Trade

BOOKS = ("book", "call")
FIRST_TRADE = 1000
FIRST_ORDER = 5000


def numbers(trades: Iterable[Trade], events: Iterable[OrderEvent]) -> tuple[dict[int, int], dict[int, int]]:
    """Handle to id of trades and of orders, both in the order of time; 0, no order, stays 0."""
    trade_id = {one.id: FIRST_TRADE + place for place, one in enumerate(trades)}
    order_id = {0: 0}
    for event in events:
        order_id.setdefault(event.order, FIRST_ORDER + len(order_id))
    return trade_id, order_id


def closes(
    trades: list[Trade], ends: Iterable[dt.datetime], first: dict[str, int], unpriced: set[str]
) -> list[Close]:
    """The last price of the book of each day; the day before's where nothing traded. Unpriced: none before a trade."""
    found = []
    last = dict(first)
    traded: set[str] = set()
    for end in ends:
        for product in first:
            today = [
                one.price_e4
                for one in trades
                if one.product == product
                and one.mechanism in BOOKS
                and one.at.date() == end.date()
                and one.at <= end
            ]
            if today:
                last[product] = today[-1]
                traded.add(product)
            if product not in unpriced or product in traded:
                found.append(Close(end, product, last[product]))
    return found


def referencer(
    known: list[Close], first: dict[str, int], unpriced: set[str]
) -> Callable[[Trade], int | None]:
    """The last close before a trade; the county's first price on the first day, unless it has set none."""

    def reference(trade: Trade) -> int | None:
        before = [one.price_e4 for one in known if one.product == trade.product and one.at < trade.at]
        if before:
            return before[-1]
        return None if trade.product in unpriced else first[trade.product]

    return reference


def with_tape(rights: list[Right], trades: list[Trade], year: int) -> list[Right]:
    """The rights with what the tape adds: nobody has sold or bought less in this year than it shows."""
    told = list(rights)
    for party in {one.party for one in rights}:
        places = [place for place, one in enumerate(told) if one.party == party and one.year == year]
        if not places:
            continue
        sold = sum(one.litres for one in trades if one.seller == party)
        bought = sum(one.litres for one in trades if one.buyer == party)
        first = told[places[0]]
        told[places[0]] = replace(
            first,
            sold=first.sold + max(0, sold - sum(told[place].sold for place in places)),
            bought=first.bought + max(0, bought - sum(told[place].bought for place in places)),
        )
    return told
