"""The slow book: one sorted list, every rule in the words of DESIGN section 6, decisions 0001 and 0003; not clever.

An order holds what it needs while it is open. To match one, list whoever is eligible and crosses, best price at its own
place first, then the older; take the first that anything can be exchanged with; begin again, until there is none.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass
from fractions import Fraction
from math import ceil, floor, lcm

from tests.unit.trading.scene import (
    Amend,
    Cancel,
    Clock,
    Command,
    Fill,
    Phase,
    Picture,
    Place,
    Result,
    Scene,
    Way,
)

TICKS_A_FEN = 100_000
MOST_LITRES, HIGHEST_PRICE = 10**15, 10**8


@dataclass
class Order:
    """An order. `time` is its place in the queue; `owed` the exact worth of its fills, in ticks × litres."""

    key: str
    holder: str
    side: str
    volume: int
    price: int
    rest: int
    time: int
    post_only: bool
    expires_at: float | None
    owed: int = 0
    paid: int = 0
    held: int = 0


class Refused(Exception):
    """A rule forbids it; the argument is the rule's code."""


class NaiveBook:
    """Plays commands on a scene."""

    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        self.phase = "open"
        self.now = 0.0
        self.time = 0
        self.orders: list[Order] = []
        self.water = {name: holder.water for name, holder in scene.holders.items()}
        self.money = {name: holder.money for name, holder in scene.holders.items()}
        self.limits = dict(scene.limits)
        self.fills: list[Fill] = []

    def play(self, commands: list[Command]) -> list[Result]:
        """What comes of each command."""
        return [self.one(command) for command in commands]

    def one(self, command: Command) -> Result:
        """What comes of a command; one that is refused leaves everything as it was."""
        self.fills = []
        before = self._state()
        headroom = dict(self.limits)
        try:
            if isinstance(command, Place):
                self._place(command)
            elif isinstance(command, Amend):
                self._amend(command)
            elif isinstance(command, Cancel):
                self._leave(self._open(command.key))
            elif isinstance(command, Clock):
                self._clock(command.now)
            elif isinstance(command, Phase):
                self.phase = command.phase
        except Refused as refusal:
            self.orders, self.water, self.money, self.limits = before
            return str(refusal), []
        while any(self.limits[name] > headroom[name] for name in self.limits):
            headroom = dict(self.limits)
            self._look_again()
        return "ok", self.fills

    def _state(self) -> tuple[list[Order], dict[str, int], dict[str, int], dict[str, int]]:
        return (
            [copy.copy(order) for order in self.orders],
            dict(self.water),
            dict(self.money),
            dict(self.limits),
        )

    def picture(self) -> Picture:
        """What stands now."""
        in_time = sorted(self.orders, key=lambda order: order.time)
        return {
            "open": {order.key: (order.volume, order.rest, order.price, order.held) for order in in_time},
            "water": dict(self.water), "money": dict(self.money), "limits": dict(self.limits),
        }  # fmt: skip

    # --- commands ----------------------------------------------------------------------------------------------

    def _place(self, wish: Place) -> None:
        holder = self.scene.holders[wish.holder]
        self._check_open()
        self._check_amounts(wish.volume, wish.price)
        if wish.side == "sell" and not holder.may_sell:
            raise Refused("no_right_to_sell")
        if holder.behind and wish.price < holder.floor_price:
            raise Refused("below_agreed_price")
        if wish.min_fill > wish.volume:
            raise Refused("minimum_fill_above_volume")
        if wish.post_only and (wish.tif in ("IOC", "FOK") or wish.min_fill > 0):
            raise Refused("post_only_contradicted")
        if (wish.tif == "GTD") != (wish.expires_at is not None):
            raise Refused("expiry_and_validity")
        if wish.expires_at is not None and wish.expires_at <= self.now:
            raise Refused("expiry_past")
        self.time += 1
        order = Order(wish.key, wish.holder, wish.side, wish.volume, wish.price, wish.volume, self.time,
                      wish.post_only, wish.expires_at)  # fmt: skip
        self._enter(order)
        filled = order.volume - order.rest
        if wish.tif == "FOK" and filled < order.volume:
            raise Refused("fok_not_filled")
        if filled < wish.min_fill:
            raise Refused("minimum_fill_not_met")
        if wish.tif == "IOC" and order in self.orders:
            self._leave(order)

    def _amend(self, wish: Amend) -> None:
        order = self._open(wish.key)
        self._check_open()
        self._check_amounts(wish.volume, wish.price)
        holder = self.scene.holders[order.holder]
        if holder.behind and wish.price < holder.floor_price:
            raise Refused("below_agreed_price")
        filled = order.volume - order.rest
        if wish.volume - filled < self.scene.lot:
            raise Refused("amend_below_filled")
        keeps_its_place = wish.price == order.price and wish.volume <= order.volume
        if not keeps_its_place:
            self._leave(order)
        order.volume, order.rest, order.price = wish.volume, wish.volume - filled, wish.price
        if keeps_its_place:
            self._hold(order, self._need(order))
            return
        self.time += 1
        order.time = self.time
        self._enter(order)

    def _clock(self, now: float) -> None:
        self.now = now
        for order in list(self.orders):
            if now >= self.scene.closes_at or (order.expires_at is not None and now >= order.expires_at):
                self._leave(order)

    def _check_open(self) -> None:
        if self.now >= self.scene.closes_at:
            raise Refused("product_expired")
        if self.phase != "open":
            raise Refused("product_not_open")

    def _check_amounts(self, volume: int, price: int) -> None:
        if not 0 < volume <= MOST_LITRES:
            raise Refused("volume_out_of_range")
        if volume % self.scene.lot != 0:
            raise Refused("not_whole_lots")
        if not 0 < price <= HIGHEST_PRICE:
            raise Refused("price_out_of_range")

    # --- the list ----------------------------------------------------------------------------------------------

    def _open(self, key: str) -> Order:
        for order in self.orders:
            if order.key == key:
                return order
        raise Refused("order_not_open")

    def _enter(self, order: Order) -> None:
        """Into the list with all that it needs held, and matched."""
        free = self.money if order.side == "buy" else self.water
        if self._need(order) > free[order.holder]:
            raise Refused("insufficient_money" if order.side == "buy" else "insufficient_water")
        self._hold(order, self._need(order))
        self.orders.append(order)
        self._match(order)
        if order.post_only and self.fills:
            raise Refused("post_only_would_fill")

    def _leave(self, order: Order) -> None:
        """Out of the list; what it holds is free."""
        self._hold(order, 0)
        self.orders.remove(order)

    def _need(self, order: Order) -> int:
        """A sell needs its litres; a buy the fen for all that it asked for, rounded up, but for what it paid."""
        if order.side == "sell":
            return order.rest
        return ceil(Fraction(order.owed + order.rest * order.price, TICKS_A_FEN)) - order.paid

    def _hold(self, order: Order, amount: int) -> None:
        free = self.money if order.side == "buy" else self.water
        free[order.holder] -= amount - order.held
        order.held = amount

    # --- matching ----------------------------------------------------------------------------------------------

    def _match(self, taker: Order, *, older_only: bool = False) -> None:
        while taker in self.orders:
            for maker, way in self._counterparties(taker, older_only):
                buy, sell = (taker, maker) if taker.side == "buy" else (maker, taker)
                delivered = self._largest(buy, sell, way)
                if delivered > 0:
                    self._fill(buy, sell, way, delivered)
                    break
            else:
                return

    def _counterparties(self, taker: Order, older_only: bool) -> list[tuple[Order, Way]]:
        """Whoever is eligible and crosses, best first: by the price at the taker's own place, then by time."""
        found = []
        for other in self.orders:
            if other.side == taker.side or (older_only and other.time > taker.time):
                continue
            buy, sell = (taker, other) if taker.side == "buy" else (other, taker)
            seller, buyer = self.scene.holders[sell.holder], self.scene.holders[buy.holder]
            way = self.scene.ways.get((seller.place, buyer.place))
            if way is None or self._are_one(sell.holder, buy.holder):
                continue
            ask_at_buyer, bid_at_seller = (
                Fraction(sell.price * 1000, way.k),
                Fraction(buy.price * way.k, 1000),
            )
            if ask_at_buyer > buy.price:
                continue
            found.append((ask_at_buyer if taker is buy else -bid_at_seller, other.time, other, way))
        found.sort(key=lambda each: (each[0], each[1]))
        return [(other, way) for _, _, other, way in found]

    def _are_one(self, seller: str, buyer: str) -> bool:
        """Whether the buyer stands behind what is sold."""
        owner = self._owner(buyer)
        return owner == self._owner(seller) or owner in [
            self._owner(name) for name, _ in self.scene.holders[seller].behind
        ]

    def _owner(self, name: str) -> str:
        return self.scene.holders[name].owner or name

    def _largest(self, buy: Order, sell: Order, way: Way) -> int:
        """The most that both rests and every limit allow to be delivered, and never dearer than the buyer's limit."""
        delivered = min(buy.rest, floor(Fraction(sell.rest * way.k, 1000)))
        for limit, what_leaves in way.charges:
            room = self.limits[limit]
            delivered = min(delivered, floor(Fraction(room * way.k, 1000)) if what_leaves else room)
        plan = self.scene.holders[buy.holder].plan
        if plan is not None:
            delivered = min(delivered, self.limits[plan])
        if delivered > 0 and self._leaves(delivered, way) * sell.price > delivered * buy.price:
            exact = lcm(way.k, 1000) // 1000  # so many litres arrive of a whole number that leaves
            delivered -= delivered % exact
        return max(delivered, 0)

    @staticmethod
    def _leaves(delivered: int, way: Way) -> int:
        return ceil(Fraction(1000 * delivered, way.k))

    def _fill(self, buy: Order, sell: Order, way: Way, delivered: int) -> None:
        leaves = self._leaves(delivered, way)
        maker = buy if buy.time < sell.time else sell
        worth = maker.price * (delivered if maker is buy else leaves)
        amount = round(Fraction(buy.owed + worth, TICKS_A_FEN)) - buy.paid  # a Fraction rounds half to even
        fee = floor(Fraction(amount * way.fee_e6, 1_000_000))
        review = way.review_from is not None and delivered >= way.review_from
        self.fills.append((buy.key, sell.key, leaves, delivered, maker.price, amount, fee, review))
        buy.owed, buy.paid, buy.rest, buy.held = (
            buy.owed + worth, buy.paid + amount, buy.rest - delivered, buy.held - amount,
        )  # fmt: skip
        sell.rest, sell.held = sell.rest - leaves, sell.held - leaves
        for limit, what_leaves in way.charges:
            self.limits[limit] -= leaves if what_leaves else delivered
        plan = self.scene.holders[buy.holder].plan
        if plan is not None:
            self.limits[plan] -= delivered
        if not review:
            self.water[buy.holder] += delivered
            self._pay(sell.holder, amount - fee)
            for limit in way.frees:
                self.limits[limit] += leaves
        for order in (buy, sell):
            undeliverable = order is sell and order.rest * way.k < 1000
            if order.rest < self.scene.lot or undeliverable:
                self._leave(order)
            else:
                self._hold(order, self._need(order))

    def _pay(self, seller: str, fen: int) -> None:
        """To the seller, or to those behind it by weight: fen rounded down, what is left to the largest remainders."""
        behind = self.scene.holders[seller].behind
        if not behind:
            self.money[seller] += fen
            return
        total = sum(weight for _, weight in behind)
        exact = [Fraction(fen * weight, total) for _, weight in behind]
        shares = [floor(each) for each in exact]
        by_remainder = sorted(range(len(behind)), key=lambda place: (shares[place] - exact[place], place))
        for place in by_remainder[: fen - sum(shares)]:
            shares[place] += 1
        for (name, _), share in zip(behind, shares, strict=True):
            self.money[name] += share

    def _look_again(self) -> None:
        """Headroom was freed: resting orders are matched again, the oldest first, against older ones only.

        Where that frees more, it is again the oldest's turn: the caller begins anew.
        """
        for order in sorted(self.orders, key=lambda order: order.time):
            if order in self.orders:
                headroom = dict(self.limits)
                self._match(order, older_only=True)
                if any(self.limits[name] > headroom[name] for name in self.limits):
                    return
