"""Wash trades: water is followed from hand to hand until it is back where it was. Pure.

Each trade moves lots from the seller's stock to the buyer's: first water that came from the buyer (it goes home, a loop
is closed), then the latest other water (it goes on). Nobody can tell one litre from another, so a lot may be looked for
on both ways. At most LOTS lots are touched by a trade, each with a path of a few hands: proportional to the trades.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict, deque
from collections.abc import Iterator
from dataclasses import dataclass

from ledger.units import format_price_e4
from market.supervision.surveillance.alerts import alert, per_cent, per_mille
from market.supervision.surveillance.evidence import Alert, Trade
from market.supervision.surveillance.record import Record

LOTS = 100
"""How many lots one trade may be made of; a limit of effort, not of judgement."""
PIECE_PER_MILLE = 20
"""What is less of a trade than this is not followed further; it could not make out a loop."""

Place = tuple[str, int]
"""A party ("party", id) or a hand ("hand", id) that a lot came through."""


@dataclass(slots=True)
class _Lot:
    """Water that a hand was sold: its way so far, and how much of it may still go home or go on."""

    path: tuple[Trade, ...]
    homeward: int
    onward: int


@dataclass(frozen=True, slots=True)
class _Loop:
    trades: tuple[Trade, ...]
    litres: int


def wash_trades(record: Record) -> list[Alert]:
    """Loops of one product that are closed soon, whose volume is nearly all there was, and that look agreed."""
    found = []
    for product in sorted(record.by_product):
        clusters: dict[frozenset[int], list[list[_Loop]]] = defaultdict(list)
        for loop in _loops(record, record.by_product[product]):
            hands = frozenset(record.hands.of(trade.seller) for trade in loop.trades)
            runs = clusters[hands]
            if runs and loop.trades[0].at - runs[-1][-1].trades[-1].at <= _soon(record):
                runs[-1].append(loop)
            else:
                runs.append([loop])
        for run in (run for runs in clusters.values() for run in runs):
            whole = _judged(record, run)
            parts = [whole] if whole else [_judged(record, part) for part in _apart(run)]
            found += [one for one in parts if one]
    return found


def _apart(run: list[_Loop]) -> list[list[_Loop]]:
    """A run in pieces that have no trade in common: one that is no round trip does not cover another that is."""
    parts: list[list[_Loop]] = []
    seen: set[int] = set()
    for loop in run:
        numbers = {trade.id for trade in loop.trades}
        if not parts or not seen & numbers:
            parts.append([])
            seen = set()
        parts[-1].append(loop)
        seen |= numbers
    return parts


def _soon(record: Record) -> dt.timedelta:
    return dt.timedelta(hours=record.limits.wash_within_hours)


class _Stocks:
    """What each hand was sold lately, by time and by those through whom it came."""

    def __init__(self, record: Record) -> None:
        self.record = record
        self.of_hand: dict[int, deque[_Lot]] = defaultdict(deque)
        self.through: dict[tuple[int, Place], deque[_Lot]] = defaultdict(deque)

    def put(self, holder: int, lot: _Lot) -> None:
        self.of_hand[holder].append(lot)
        for place in {place for trade in lot.path for place in self.places(trade)}:
            self.through[holder, place].append(lot)

    def places(self, trade: Trade) -> tuple[Place, Place]:
        return ("party", trade.seller), ("hand", self.record.hands.of(trade.seller))

    def homeward(self, trade: Trade) -> Iterator[_Lot]:
        """Lots that the seller may give back to the buyer, the latest first."""
        hands = self.record.hands
        holder, home = hands.of(trade.seller), hands.of(trade.buyer)
        place: Place = ("party", trade.buyer) if holder == home else ("hand", home)
        yield from _latest(self.through[holder, place], "homeward")

    def onward(self, trade: Trade) -> Iterator[_Lot]:
        yield from _latest(self.of_hand[self.record.hands.of(trade.seller)], "onward")


def _latest(lots: deque[_Lot], what: str) -> Iterator[_Lot]:
    """The latest lots of which something is left; what is used up at the end is forgotten."""
    while lots and not getattr(lots[-1], what):
        lots.pop()
    for place in range(len(lots) - 1, max(-1, len(lots) - 1 - LOTS), -1):
        if getattr(lots[place], what):
            yield lots[place]


def _loops(record: Record, trades: list[Trade]) -> Iterator[_Loop]:
    stocks = _Stocks(record)
    for trade in trades:
        left = trade.litres
        for lot in stocks.homeward(trade):
            trail = _way_home(record, lot.path, trade)
            taken = min(left, lot.homeward) if trail else 0
            if taken:
                lot.homeward -= taken
                lot.onward = min(lot.onward, lot.homeward)
                left -= taken
                yield _Loop((*trail, trade), taken)
            if not left:
                break
        for litres, path in _sent_on(record, stocks, trade, left):
            stocks.put(record.hands.of(trade.buyer), _Lot((*path, trade), litres, litres))


def _way_home(record: Record, path: tuple[Trade, ...], trade: Trade) -> tuple[Trade, ...]:
    """The end of a path that begins with the buyer of `trade`, if that is not long ago."""
    hands = record.hands
    within = hands.same(trade.seller, trade.buyer)
    for place in range(len(path) - 1, -1, -1):
        start = path[place].seller
        home = start == trade.buyer if within else hands.same(start, trade.buyer)
        if home:
            return path[place:] if trade.at - path[place].at <= _soon(record) else ()
    return ()


def _sent_on(
    record: Record, stocks: _Stocks, trade: Trade, litres: int
) -> Iterator[tuple[int, tuple[Trade, ...]]]:
    """What a trade is made of besides what goes home: lots with their way until here, and the seller's own water."""
    longest = record.limits.wash_hands_most - 2
    least = trade.litres * PIECE_PER_MILLE // 1000
    pieces = []
    for lot in stocks.onward(trade):
        if litres <= least:
            break
        fresh = tuple(one for one in lot.path if trade.at - one.at <= _soon(record))
        taken = min(litres, lot.onward)
        if not fresh:
            break
        if longest and taken > least:
            lot.onward -= taken
            litres -= taken
            pieces.append((taken, fresh[-longest:]))
    if litres:
        yield litres, ()
    yield from reversed(pieces)


def _judged(record: Record, run: list[_Loop]) -> Alert | None:
    limits = record.limits
    looped: dict[int, int] = defaultdict(int)
    trades = {trade.id: trade for loop in run for trade in loop.trades}
    for loop in run:
        for trade in loop.trades:
            looped[trade.id] += loop.litres
    legs: dict[tuple[int, int], list[int]] = defaultdict(lambda: [0, 0, 0])
    mine: dict[int, int] = defaultdict(int)
    for trade in trades.values():
        litres = min(looped[trade.id], trade.litres)
        leg = legs[trade.seller, trade.buyer]
        leg[0] += litres
        leg[1] += trade.litres
        leg[2] += litres if record.looks_agreed(trade) else 0
        for hand in {record.hands.of(trade.seller), record.hands.of(trade.buyer)}:
            mine[hand] += litres
    back = min(per_mille(leg[0], leg[1]) for leg in legs.values())
    together = min(per_mille(leg[2], leg[0]) for leg in legs.values())
    if back < limits.wash_returned_per_mille or together < limits.wash_agreed_per_mille:
        return None
    engaged = min(
        per_mille(litres, _traded(record, hand, list(trades.values()))) for hand, litres in mine.items()
    )
    if engaged < limits.wash_engaged_per_mille:
        return None
    lasted = max(loop.trades[-1].at - loop.trades[0].at for loop in run)
    prices = [trade.price_e4 for trade in trades.values()]
    return alert(
        "wash_trade",
        parties={party for trade in trades.values() for party in (trade.seller, trade.buyer)},
        trades=trades.values(),
        orders={order for trade in trades.values() for order in (trade.sell_order, trade.buy_order) if order},
        figures=(
            ("returned_share", per_cent(back), per_cent(limits.wash_returned_per_mille)),
            ("hours_until_back", str(lasted // dt.timedelta(hours=1)), str(limits.wash_within_hours)),
            ("agreed_share", per_cent(together), per_cent(limits.wash_agreed_per_mille)),
            ("engaged_share", per_cent(engaged), per_cent(limits.wash_engaged_per_mille)),
            ("lowest_price", format_price_e4(min(prices)), ""),
            ("highest_price", format_price_e4(max(prices)), ""),
        ),
    )


def _traded(record: Record, hand: int, trades: list[Trade]) -> int:
    """All that a hand traded of the product from the first of some trades to the last."""
    times = [trade.at for trade in trades]
    return sum(record.traded(hand, trades[0].product, min(times), max(times)))
