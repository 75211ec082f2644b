"""The product's book behind the same few words as the naive one."""

from __future__ import annotations

from functools import reduce
from math import lcm

from market.settlement.clearing import Beneficiaries
from market.trading import commands
from market.trading.board import Account, Product
from market.trading.exchange import Exchange
from market.trading.fills import Fill as TapeFill
from market.trading.fills import ReviewNeed, Terms
from market.trading.numbers import Numbers
from tests.unit.trading.scene import (
    Amend,
    Cancel,
    Clock,
    Command,
    Fill,
    Holder,
    Phase,
    Picture,
    Place,
    Result,
    Scene,
)

PRODUCT = 1
FORBIDDEN = ("no_right_to_sell", "the account does not sell", "test")


class FastBook:
    """Plays commands on a scene."""

    def __init__(self, scene: Scene) -> None:
        self.limit = {name: 100 + place for place, name in enumerate(scene.limits)}
        self.number = {name: 1 + place for place, name in enumerate(scene.holders)}
        self.keys: dict[int, str] = {}
        self.orders: dict[str, tuple[int, int]] = {}
        terms = self._terms(scene)
        self.exchange = Exchange(lambda s, b: terms.get((s, b)), Numbers())
        self.exchange.bring(Product(PRODUCT, "test", "open", scene.lot, scene.closes_at))
        for name, headroom in scene.limits.items():
            self.exchange.learn(self.limit[name], headroom)
        for name, holder in scene.holders.items():
            account = self._account(scene, name, holder)
            self.exchange.accounts[account.id] = account
            self.exchange.learn(account.ledger, holder.water)
            self.exchange.learn(account.money, holder.money)

    def _terms(self, scene: Scene) -> dict[tuple[str, str], Terms]:
        ranks = reduce(lcm, (way.k for way in scene.ways.values()), 1000)
        return {
            pair: Terms(
                way.k,
                ranks // way.k,
                tuple((self.limit[name], what_leaves) for name, what_leaves in way.charges),
                tuple(self.limit[name] for name in way.frees),
                way.fee_e6,
                () if way.review_from is None else (ReviewNeed("test", way.review_from, 20),),
            )
            for pair, way in scene.ways.items()
        }

    def _owner(self, scene: Scene, name: str) -> int:
        return self.number[scene.holders[name].owner or name]

    def _account(self, scene: Scene, name: str, holder: Holder) -> Account:
        number = self.number[name]
        behind = None
        if holder.behind:
            behind = Beneficiaries(
                tuple(2_000 + self.number[each] for each, _ in holder.behind),
                tuple(weight for _, weight in holder.behind),
                frozenset(self._owner(scene, each) for each, _ in holder.behind),
                floor_price_e4=holder.floor_price,
            )
        return Account(
            number, number, self._owner(scene, name), 1_000 + number, 2_000 + number,
            self.limit[holder.plan] if holder.plan is not None else 0, PRODUCT, holder.place, scene.lot,
            None if holder.may_sell else FORBIDDEN, None, behind,
        )  # fmt: skip

    def play(self, commands: list[Command], *, twice: bool = False) -> list[Result]:
        """What comes of each command; `twice`: all is taken back and done again, as the engine does when it must."""
        self.exchange.begin()
        if twice:
            now, phase, expiries = (
                self.exchange.moment,
                self.exchange.products[PRODUCT].phase,
                list(self.exchange.expiries),
            )
            for command in commands:
                self.one(command)
            self.exchange.undo_batch()
            self.exchange.moment, self.exchange.products[PRODUCT].phase, self.exchange.expiries = (
                now,
                phase,
                expiries,
            )
        return [self.one(command) for command in commands]

    def one(self, command: Command) -> Result:
        """What comes of a command."""
        exchange, mark = self.exchange, len(self.exchange.tape.events)
        code = "ok"
        if isinstance(command, Clock):
            exchange.moment = command.now
            for order in exchange.due(command.now):
                exchange.end(order, "expired", "expired")
        elif isinstance(command, Phase):
            exchange.set_phase(PRODUCT, command.phase, "test")
        else:
            code = self._apply(command)
        return code, [
            self._seen(event) for event in exchange.tape.events[mark:] if isinstance(event, TapeFill)
        ]

    def _apply(self, command: Place | Cancel | Amend) -> str:
        if isinstance(command, Place):
            participant = self.number[command.holder]
            outcome = self.exchange.apply(
                participant,
                commands.Place(
                    participant, PRODUCT, command.side, command.volume, command.price, command.tif,
                    command.post_only, command.min_fill, command.expires_at, command.key,
                ),
            )  # fmt: skip
            if isinstance(outcome, commands.Accepted):
                self.orders[command.key] = (participant, outcome.order)
        else:
            participant, order = self.orders.get(command.key, (0, 0))
            outcome = self.exchange.apply(
                participant,
                commands.Cancel(order)
                if isinstance(command, Cancel)
                else commands.Amend(order, command.volume, command.price),
            )
        return "ok" if isinstance(outcome, commands.Accepted) else outcome.code

    @staticmethod
    def _seen(fill: TapeFill) -> Fill:
        buy, sell = fill.buy.client_order_id, fill.sell.client_order_id
        assert buy is not None and sell is not None
        return (
            buy, sell, fill.source, fill.delivered, fill.price, fill.amount, fill.fee, fill.review is not None,
        )  # fmt: skip

    def picture(self) -> Picture:
        """What stands now."""
        exchange = self.exchange
        in_time = sorted(exchange.books[PRODUCT].orders.values(), key=lambda order: order.priority)
        return {
            "open": {o.client_order_id: (o.volume, o.rest, o.price, o.held) for o in in_time},
            "water": {name: exchange.free(1_000 + number) for name, number in self.number.items()},
            "money": {name: exchange.free(2_000 + number) for name, number in self.number.items()},
            "limits": {name: exchange.free(account) for name, account in self.limit.items()},
        }
