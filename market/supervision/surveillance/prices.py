"""Prices that say something: away from the market between related parties or strangers, or nothing at all. Pure.

What the market's price is, is told by what others paid just before and just after. A trade is away from it only where
it is away from both, the same way: so a move of the whole market explains itself. Where nobody has traded since, twice
the distance is asked, and that none of the nearest went half of the way. A bounded number of trades is looked at around
each: time is proportional to the trades.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from statistics import median_low

from ledger.units import format_litres, format_price_e4
from market.supervision.surveillance.alerts import Figure, alert, per_cent
from market.supervision.surveillance.evidence import Alert, Trade
from market.supervision.surveillance.record import BOOKS, Record, legal_day

PRICED = ("book", "call", "negotiated")
"""Ways of dealing whose prices are a market's; a buy-back has a tariff, a public bidding its own competition."""
CHOSEN = ("book", "negotiated")
"""Ways in which two parties make the price of their trade."""
SALE = "sale"
LOOKED_AT_TIMES = 4
"""How many more trades than wanted are looked at; a limit of effort where most are between the same two."""

Group = tuple[int, int, str]
"""Seller, buyer, product."""


@dataclass(frozen=True, slots=True)
class _Market:
    """What others paid before and after; None where there is no such price. `spread` among them in per mille.

    `nearest`: prices of the few trades next to it, which tell of a move where only one side is known.
    """

    before: int | None
    after: int | None
    spread_per_mille: int
    others: int
    nearest: tuple[int, ...]

    def away(self, price_e4: int) -> tuple[int, bool]:
        """How far a price is away, signed, in per mille, and whether it was seen from one side alone."""
        sides = [
            abs(price_e4 - level) * 1000 // level * (1 if price_e4 > level else -1)
            for level in (self.before, self.after)
            if level
        ]
        if len(sides) == 2 and (sides[0] > 0) != (sides[1] > 0):
            return 0, False
        if len(sides) == 1 and any(self._half_way(price_e4, one) for one in self.nearest):
            return 0, True
        return min(sides, key=abs, default=0), len(sides) < 2

    def _half_way(self, price_e4: int, other: int) -> bool:
        """Whether another's price lies half way to this one, or farther."""
        level = self.before or self.after or 0
        sign = 1 if price_e4 > level else -1
        return 2 * sign * other >= sign * (level + price_e4)


def _market(record: Record, trades: list[Trade], place: int) -> _Market:
    limits = record.limits
    trade = trades[place]
    earlier = list(_others(record, trade, (trades[at] for at in range(place - 1, -1, -1))))
    later = list(_others(record, trade, (trades[at] for at in range(place + 1, len(trades)))))
    enough = limits.market_side_least
    before = median_low(earlier) if len(earlier) >= enough else trade.reference_e4
    after = median_low(later) if len(later) >= enough else None
    off = [
        abs(price - level) * 1000 // level
        for prices, level in ((earlier, before), (later, after))
        if level
        for price in prices
    ]
    nearest = (*earlier[:enough], *later[:enough])
    return _Market(before, after, median_low(off) if off else 0, len(earlier) + len(later), nearest)


def _others(record: Record, trade: Trade, near: Iterator[Trade]) -> Iterator[int]:
    """Prices of strangers, other pairs than this one, from the nearest on."""
    limits, hands = record.limits, record.hands
    pair = {hands.of(trade.seller), hands.of(trade.buyer)}
    found = 0
    for looked, one in enumerate(near):
        far = abs(one.at - trade.at) > dt.timedelta(days=limits.market_days)
        if far or found == limits.market_trades or looked == LOOKED_AT_TIMES * limits.market_trades:
            return
        two = {hands.of(one.seller), hands.of(one.buyer)}
        if (
            len(two) == 2
            and two != pair
            and one.price_e4
            and one.mechanism in PRICED
            and one.transfer_kind == SALE
        ):
            found += 1
            yield one.price_e4


def away_from_the_market(record: Record) -> list[Alert]:
    """Both detectors of prices that are away: `related_parties` in one hand, `price_outlier` between strangers."""
    limits = record.limits
    groups: dict[tuple[str, Group], list[tuple[Trade, _Market, int]]] = defaultdict(list)
    for product in sorted(record.by_product):
        trades = record.by_product[product]
        for place, trade in enumerate(trades):
            if trade.mechanism not in CHOSEN or trade.transfer_kind != SALE:
                continue
            related = record.hands.same(trade.seller, trade.buyer)
            if not related and not trade.price_e4:
                continue
            market = _market(record, trades, place)
            if not related and market.others < limits.market_others_least:
                continue
            far, one_sided = market.away(trade.price_e4)
            least = _distance(record, related, market) * (limits.one_sided_times if one_sided else 1)
            if abs(far) >= least:
                detector = "related_parties" if related else "price_outlier"
                groups[detector, (trade.seller, trade.buyer, product)].append((trade, market, least))
    return [_alert_of(record, detector, some) for (detector, _), some in groups.items()]


def _distance(record: Record, related: bool, market: _Market) -> int:
    """From which distance on a price is away: a fixed one, or more where the market itself is wide."""
    limits = record.limits
    if related:
        return max(limits.related_away_per_mille, limits.related_spreads * market.spread_per_mille)
    return max(limits.outlier_away_per_mille, limits.outlier_spreads * market.spread_per_mille)


def _alert_of(record: Record, detector: str, some: list[tuple[Trade, _Market, int]]) -> Alert:
    """One alert of a pair's trades, with the figures of the farthest."""
    trade, market, least = max(some, key=lambda one: (abs(one[1].away(one[0].price_e4)[0]), -one[0].id))
    far, _ = market.away(trade.price_e4)
    figures: list[Figure] = [
        ("price", format_price_e4(trade.price_e4), ""),
        *((name, format_price_e4(level), "") for name, level in _levels(market)),
        ("away_from_market", per_cent(far), per_cent(least)),
        ("market_spread", per_cent(market.spread_per_mille), ""),
        ("litres_away", format_litres(sum(one.litres for one, _, _ in some)), ""),
    ]
    if detector == "related_parties":
        how = "declared" if record.hands.declared(trade.seller, trade.buyer) else "marks"
        figures.insert(0, ("relation", how, ""))
    return alert(
        detector,
        parties=(trade.seller, trade.buyer),
        trades=[one for one, _, _ in some],
        orders=[order for one, _, _ in some for order in (one.sell_order, one.buy_order) if order],
        figures=figures,
    )


def _levels(market: _Market) -> list[tuple[str, int]]:
    known = (("market_before", market.before), ("market_after", market.after))
    return [(name, level) for name, level in known if level is not None]


# ---- nothing, or next to nothing ------------------------------------------------------------------------------------


def zero_prices(record: Record) -> list[Alert]:
    """Water for nothing or a token without a ground, and gifts so often, or beside sales, that they are a trade."""
    bare: dict[Group, list[Trade]] = defaultdict(list)
    gifts: dict[tuple[int, int], list[Trade]] = defaultdict(list)
    paid: set[tuple[int, int]] = set()
    hands = record.hands
    for trade in record.trades:
        pair = hands.of(trade.seller), hands.of(trade.buyer)
        if trade.price_e4 <= _token(record, trade):
            if trade.transfer_kind == SALE or trade.mechanism in BOOKS:
                bare[trade.seller, trade.buyer, trade.product].append(trade)
            elif trade.transfer_kind == "gift" and pair[0] != pair[1]:
                gifts[pair].append(trade)
        elif trade.transfer_kind == SALE:
            paid.add(pair)
    found = [_nothing_paid(record, some) for some in bare.values()]
    return found + [one for pair, some in gifts.items() for one in _gifts(record, some, pair in paid)]


def _token(record: Record, trade: Trade) -> int:
    """The highest price that is next to nothing: a part of the reference, or a number where there is none."""
    limits = record.limits
    if trade.reference_e4:
        return trade.reference_e4 * limits.token_per_mille // 1000
    return limits.token_price_e4


def _nothing_paid(record: Record, some: list[Trade]) -> Alert:
    trade = max(some, key=lambda one: (one.price_e4, -one.id))
    figures = [("price", format_price_e4(trade.price_e4), format_price_e4(_token(record, trade)))]
    if trade.reference_e4:
        figures.append(("reference_price", format_price_e4(trade.reference_e4), ""))
    return _given_away(some, figures)


def _gifts(record: Record, some: list[Trade], paid: bool) -> Iterator[Alert]:
    """Gifts of two strangers on so many days; fewer are asked where the same two also trade for money."""
    limits = record.limits
    days = len({legal_day(trade.at) for trade in some})
    least = limits.gift_days_beside_sales_least if paid else limits.gift_days_least
    if days >= least:
        beside = "yes" if paid else "no"
        yield _given_away(some, [("gift_days", str(days), str(least)), ("sales_beside_gifts", beside, "")])


def _given_away(some: list[Trade], figures: list[Figure]) -> Alert:
    volume = format_litres(sum(trade.litres for trade in some))
    return alert(
        "zero_price",
        parties={party for trade in some for party in (trade.seller, trade.buyer)},
        trades=some,
        orders=[order for trade in some for order in (trade.sell_order, trade.buy_order) if order],
        figures=[*figures, ("litres_given", volume, "")],
    )
