"""An independent model of the exchange: plain dictionaries and brute force, written from the rules, sharing no code.

Rules: older order is the maker and sets the price, at its own place; a maker's ask is paid on what leaves (F), a
maker's bid on what arrives (D); F = ceil(1000·D / k). Eligible pairs: a way exists and the owners differ. A buyer ranks
asks by ask·1000/k, a seller bids by bid·k; ties go to the older order. What an order needs is held from the start;
every limit is charged at the match. A rest below a lot ends. When a limit gets headroom, resting orders are looked at
again, the oldest first, against older ones only.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass, field
from fractions import Fraction
from math import ceil, floor, gcd

LOT = 1_000
TICKS = 100_000


@dataclass
class Way:
    """How water goes from one place to another: litres of 1 000 that arrive, charges (limit, by source?), frees."""

    k: int
    charges: list[tuple[str, bool]]
    frees: list[str]
    review: bool
    fee_e6: int = 3_000


@dataclass
class Holder:
    """Somebody with one water account. `water` and `money` are what is free now."""

    name: str
    owner: str
    place: str
    water: int
    money: int
    may_sell: bool
    plan: str | None = None


@dataclass
class Order:
    """An order; `number` is its place in time."""

    key: str
    holder: str
    side: str
    volume: int
    price: int
    rest: int
    number: int
    post_only: bool = False
    value: int = 0
    paid: int = 0
    held: int = 0
    status: str = "open"


@dataclass
class Deal:
    """A match that awaits its review."""

    buyer: str
    seller: str
    source: int
    delivered: int
    amount: int
    fee: int
    charges: list[tuple[str, int]]
    frees: list[str]


@dataclass
class State:
    """Everything that changes."""

    holders: dict[str, Holder]
    limits: dict[str, int]
    announced: dict[str, int]
    orders: dict[str, Order] = field(default_factory=dict)
    deals: list[Deal] = field(default_factory=list)
    clock: int = 0

    def copied(self) -> State:
        """A state to go back to. Orders that have ended and deals never change any more: both share them."""
        return State(
            {name: copy.copy(each) for name, each in self.holders.items()},
            dict(self.limits),
            dict(self.announced),
            {key: copy.copy(each) if each.status == "open" else each for key, each in self.orders.items()},
            list(self.deals),
            self.clock,
        )


Fill = tuple[str, str, int, int, int, int, int]
"""buy key, sell key, source, delivered, price, amount, fee"""


class Model:
    """The exchange as the rules have it. A command returns ("ok" or the refusal's code, its fills)."""

    def __init__(
        self,
        holders: dict[str, Holder],
        limits: dict[str, int],
        ways: dict[tuple[str, str], Way],
        *,
        right: int,
        announced: dict[str, int],
    ) -> None:
        self.state = State(holders, limits, announced)
        self.right = right
        self.ways = ways

    # --- commands ----------------------------------------------------------------------------------------------

    def place(
        self, key: str, holder: str, side: str, volume: int, price: int, tif: str = "GTC", *, post_only: bool = False,
        min_fill: int = 0,
    ) -> tuple[str, list[Fill]]:  # fmt: skip
        """A new order."""
        before = self.state.copied()
        code, fills = self._place(key, holder, side, volume, price, tif, post_only, min_fill)
        if code != "ok":
            self.state = before
            return code, []
        fills += self._look_again(before.limits)
        return "ok", fills

    def _place(
        self,
        key: str,
        holder: str,
        side: str,
        volume: int,
        price: int,
        tif: str,
        post_only: bool,
        min_fill: int,
    ) -> tuple[str, list[Fill]]:
        who = self.state.holders[holder]
        if volume % LOT:
            return "not_whole_lots", []
        if side == "sell" and not who.may_sell:
            return "no_right_to_sell", []
        if min_fill > volume:
            return "minimum_fill_above_volume", []
        if post_only and (tif in ("IOC", "FOK") or min_fill):
            return "post_only_contradicted", []
        order = Order(key, holder, side, volume, price, volume, self._next(), post_only)
        if self._needs(order) > self._free(order):
            return "insufficient_money" if side == "buy" else "insufficient_water", []
        self.state.orders[key] = order
        self._hold(order, self._needs(order))
        fills = self._match(order)
        if post_only and fills:
            return "post_only_would_fill", []
        if tif == "FOK" and order.rest:
            return "fok_not_filled", []
        if volume - order.rest < min_fill:
            return "minimum_fill_not_met", []
        if tif == "IOC" and order.status == "open":
            self._end(order, "cancelled")
        return "ok", fills

    def cancel(self, key: str) -> tuple[str, list[Fill]]:
        """Ends an open order."""
        order = self.state.orders[key]
        if order.status != "open":
            return "order_not_open", []
        self._end(order, "cancelled")
        return "ok", []

    def amend(self, key: str, volume: int, price: int) -> tuple[str, list[Fill]]:
        """A new total volume and price; only less at the same price keeps the place in the queue."""
        before = self.state.copied()
        order = self.state.orders[key]
        if order.status != "open":
            return "order_not_open", []
        if volume % LOT:
            return "not_whole_lots", []
        filled = order.volume - order.rest
        if volume - filled < LOT:
            return "amend_below_filled", []
        keeps = price == order.price and volume <= order.volume
        self._hold(order, 0)
        order.volume, order.rest, order.price = volume, volume - filled, price
        if self._needs(order) > self._free(order):
            self.state = before
            return "insufficient_money" if order.side == "buy" else "insufficient_water", []
        self._hold(order, self._needs(order))
        if keeps:
            return "ok", []
        order.number = self._next()
        fills = self._match(order)
        if order.post_only and fills:
            self.state = before
            return "post_only_would_fill", []
        return "ok", fills + self._look_again(before.limits)

    def approve(self, index: int) -> list[Fill]:
        """Settles a deal under review."""
        before = dict(self.state.limits)
        self._settle(self.state.deals.pop(index))
        return self._look_again(before)

    def reject(self, index: int) -> list[Fill]:
        """Gives everything back; the orders are not revived."""
        before = dict(self.state.limits)
        deal = self.state.deals.pop(index)
        self.state.holders[deal.buyer].money += deal.amount
        self.state.holders[deal.seller].water += deal.source
        for limit, litres in deal.charges:
            self.state.limits[limit] += litres
        return self._look_again(before)

    def announce(self, farmers: list[str], cap: str, share_e6: int) -> str:
        """A share of these farmers' equal rights, split to the litre, the remainder to the first; or the refusal."""
        if self.state.announced[cap] + share_e6 > 1_000_000:
            return "share_over_entitlement"
        total = floor(Fraction(len(farmers) * self.right * share_e6, 1_000_000))
        if total > self.state.limits[cap]:
            return "cap_exceeded"
        self.state.announced[cap] += share_e6
        self.state.limits[cap] -= total
        for place, name in enumerate(farmers):
            self.state.holders[name].water += total // len(farmers) + (place < total % len(farmers))
        return "ok"

    def use(self, holder: str, litres: int) -> None:
        """A meter reading: what is free pays for it, the rest is over-use."""
        who = self.state.holders[holder]
        who.water -= min(who.water, litres)

    # --- the rules ---------------------------------------------------------------------------------------------

    def _next(self) -> int:
        self.state.clock += 1
        return self.state.clock

    def _needs(self, order: Order) -> int:
        if order.side == "sell":
            return order.rest
        return ceil(Fraction(order.value + order.rest * order.price, TICKS)) - order.paid

    def _free(self, order: Order) -> int:
        who = self.state.holders[order.holder]
        return who.money if order.side == "buy" else who.water

    def _hold(self, order: Order, amount: int) -> None:
        """Makes an order hold exactly so much of what its holder has."""
        who = self.state.holders[order.holder]
        if order.side == "buy":
            who.money -= amount - order.held
        else:
            who.water -= amount - order.held
        order.held = amount

    def _end(self, order: Order, status: str) -> None:
        self._hold(order, 0)
        order.status = status

    def _candidates(self, taker: Order, *, older_only: bool) -> list[tuple[Order, Way]]:
        found = []
        for other in self.state.orders.values():
            if (
                other.status != "open"
                or other.side == taker.side
                or (older_only and other.number > taker.number)
            ):
                continue
            buy, sell = (taker, other) if taker.side == "buy" else (other, taker)
            buyer, seller = self.state.holders[buy.holder], self.state.holders[sell.holder]
            way = self.ways.get((seller.place, buyer.place))
            if way is None or buyer.owner == seller.owner or sell.price * 1000 > buy.price * way.k:
                continue
            rank = Fraction(sell.price * 1000, way.k) if taker.side == "buy" else Fraction(-buy.price * way.k)
            found.append((rank, other.number, other, way))
        return [(each[2], each[3]) for each in sorted(found, key=lambda each: each[:2])]

    def _match(self, taker: Order, *, older_only: bool = False) -> list[Fill]:
        fills: list[Fill] = []
        again = True
        while again and taker.status == "open":
            again = False
            for other, way in self._candidates(taker, older_only=older_only):
                buy, sell = (taker, other) if taker.side == "buy" else (other, taker)
                delivered = self._size(buy, sell, way)
                if delivered:
                    fills.append(self._fill(buy, sell, way, delivered))
                    again = True
                    break
        return fills

    def _size(self, buy: Order, sell: Order, way: Way) -> int:
        sizes = [buy.rest, floor(Fraction(sell.rest * way.k, 1000))]
        for limit, by_source in way.charges:
            room = max(self.state.limits[limit], 0)
            sizes.append(floor(Fraction(room * way.k, 1000)) if by_source else room)
        plan = self.state.holders[buy.holder].plan
        if plan is not None:
            sizes.append(max(self.state.limits[plan], 0))
        size = min(sizes)
        if self._source(size, way) * sell.price > size * buy.price:
            size -= size % (way.k // gcd(way.k, 1000))
        return size

    @staticmethod
    def _source(delivered: int, way: Way) -> int:
        return ceil(Fraction(1000 * delivered, way.k))

    def _fill(self, buy: Order, sell: Order, way: Way, delivered: int) -> Fill:
        source = self._source(delivered, way)
        maker = min(buy, sell, key=lambda order: order.number)
        value = maker.price * (delivered if maker is buy else source)
        amount = round(Fraction(buy.value + value, TICKS)) - buy.paid  # a Fraction rounds half to even
        fee = floor(Fraction(amount * way.fee_e6, 1_000_000))
        charges = [(limit, source if by_source else delivered) for limit, by_source in way.charges]
        plan = self.state.holders[buy.holder].plan
        if plan is not None:
            charges.append((plan, delivered))
        for limit, litres in charges:
            self.state.limits[limit] -= litres
        buy.rest, buy.value, buy.paid, buy.held = (
            buy.rest - delivered,
            buy.value + value,
            buy.paid + amount,
            buy.held - amount,
        )
        sell.rest, sell.held = sell.rest - source, sell.held - source
        for order, short in ((buy, buy.rest < LOT), (sell, sell.rest < LOT)):
            if short:
                self._end(order, "cancelled" if order.rest else "filled")
            else:
                self._hold(order, self._needs(order))
        deal = Deal(buy.holder, sell.holder, source, delivered, amount, fee, charges, way.frees)
        if way.review:
            self.state.deals.append(deal)
        else:
            self._settle(deal)
        return buy.key, sell.key, source, delivered, maker.price, amount, fee

    def _settle(self, deal: Deal) -> None:
        self.state.holders[deal.buyer].water += deal.delivered
        self.state.holders[deal.seller].money += deal.amount - deal.fee
        for limit in deal.frees:
            self.state.limits[limit] += deal.source

    def _look_again(self, before: dict[str, int]) -> list[Fill]:
        """Where a limit has more headroom than it had, resting orders are matched again, the oldest first.

        Whenever one's fills free more, it is the oldest's turn again.
        """
        fills: list[Fill] = []
        while self._more_than(before):
            before = dict(self.state.limits)
            for order in sorted(self.state.orders.values(), key=lambda each: each.number):
                if order.status == "open":
                    headroom = dict(self.state.limits)
                    fills += self._match(order, older_only=True)
                    if self._more_than(headroom):
                        break
        return fills

    def _more_than(self, before: dict[str, int]) -> bool:
        return any(self.state.limits[name] > litres for name, litres in before.items())
