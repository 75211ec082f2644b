"""The state machine: the same commands to the product and to the model; after each, both must look alike."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule

from market import prove
from market.trading.commands import Accepted, Amend, Cancel, Refused
from tests.model.model import LOT, Fill
from tests.model.world import C1, C2, CAP_C1, CAP_C2, FACTORIES, FARMERS, World

volumes = st.integers(1, 40).map(lambda lots: lots * LOT)
edges = st.integers(-500, 300)
"""How much better than the middle an order is priced for its counterparty, in 1/10 000 yuan."""
MIDDLE = {"buy": 3_400, "sell": 3_000}
"""At these prices orders cross on every way, whatever it loses."""
# Farmers sell more than they buy; a factory that sells is refused.
TRADERS = [
    *(2 * [(name, "sell") for name in FARMERS]),
    *((name, "buy") for name in FARMERS),
    *(3 * [(name, "buy") for name in FACTORIES]),
    ("f", "sell"),
]


def price_of(side: str, edge: int) -> int:
    """A price so much better than the middle for whoever trades against it."""
    return MIDDLE[side] + (edge if side == "buy" else -edge)


PROVE_EVERY = 5
"""Every so many examples all invariants are proved at the end, too."""


class Machine(RuleBasedStateMachine):
    """One example: a fresh world and its model. `open_world` is set by whoever runs it."""

    open_world: Callable[[ExitStack], World]
    steps = 0
    examples = 0
    filled = 0

    def __init__(self) -> None:
        super().__init__()
        self._stack = ExitStack()
        self.world = type(self).open_world(self._stack)
        self.model = self.world.model()
        self.fills: list[Fill] = []
        self.placed = self.announced = self.read = 0

    def _same(self, expected: tuple[str, list[Fill]], outcome: Accepted | Refused) -> None:
        Machine.steps += 1
        code, fills = expected
        assert code == ("ok" if isinstance(outcome, Accepted) else outcome.code)
        self.fills += fills
        self._look()

    def _look(self) -> None:
        picture, state = self.world.picture(), self.model.state
        assert picture["trades"] == self.fills
        assert picture["orders"] == {
            each.key: (each.volume, each.rest, each.price, each.held, each.status)
            for each in state.orders.values()
        }
        assert picture["free"] == {each.name: (each.water, each.money) for each in state.holders.values()}
        assert picture["limits"] == state.limits

    @rule(trader=st.sampled_from(TRADERS), volume=volumes, edge=edges)
    def offer(self, trader: tuple[str, str], volume: int, edge: int) -> None:
        """A new order of the plain kind."""
        self._place(trader, volume, edge)

    @rule(
        trader=st.sampled_from(TRADERS),
        volume=volumes,
        edge=edges,
        tif=st.sampled_from(["GTC", "IOC", "FOK"]),
        post_only=st.sampled_from([False, False, True]),
        min_fill=st.sampled_from([0, 0, 5 * LOT]),
    )
    def place(
        self, trader: tuple[str, str], volume: int, edge: int, tif: str, post_only: bool, min_fill: int
    ) -> None:
        """A new order of any validity."""
        self._place(trader, volume, edge, tif=tif, post_only=post_only, min_fill=min_fill)

    def _place(self, trader: tuple[str, str], volume: int, edge: int, **terms: Any) -> None:
        self.placed += 1
        key, price = f"o{self.placed}", price_of(trader[1], edge)
        expected = self.model.place(key, *trader, volume, price, **terms)
        self._same(expected, self.world.place(key, *trader, volume, price, **terms))

    @precondition(lambda self: self.model.state.orders)
    @rule(data=st.data())
    def cancel(self, data: st.DataObject) -> None:
        """A cancel of any order, open or ended."""
        key = data.draw(st.sampled_from(sorted(self.model.state.orders)))
        holder = self.model.state.orders[key].holder
        self._same(self.model.cancel(key), self.world.send(holder, Cancel(self.world.orders[key])))

    @precondition(lambda self: self.model.state.orders)
    @rule(data=st.data(), volume=volumes, edge=edges, same_price=st.booleans())
    def amend(self, data: st.DataObject, volume: int, edge: int, same_price: bool) -> None:
        """An amendment of any order, to more, less or another price."""
        key = data.draw(st.sampled_from(sorted(self.model.state.orders)))
        order = self.model.state.orders[key]
        price = order.price if same_price else price_of(order.side, edge)
        self._same(
            self.model.amend(key, volume, price),
            self.world.send(order.holder, Amend(self.world.orders[key], volume, price)),
        )

    @precondition(lambda self: self.model.state.deals)
    @rule(data=st.data(), approve=st.booleans())
    def decide(self, data: st.DataObject, approve: bool) -> None:
        """An approval or a rejection of any trade under review."""
        Machine.steps += 1
        index = data.draw(st.integers(0, len(self.model.state.deals) - 1))
        self.fills += self.model.approve(index) if approve else self.model.reject(index)
        self.world.decide(index, approve=approve)
        self._look()

    @precondition(lambda self: self.placed > 2 * self.read)
    @rule(farmer=st.sampled_from(sorted(FARMERS)), lots=st.integers(1, 25))
    def read_meter(self, farmer: str, lots: int) -> None:
        """A meter reading, in the end also beyond what is free; rarer than orders."""
        Machine.steps += 1
        self.read += 1
        self.model.use(farmer, lots * LOT)
        self.world.use(farmer, lots * LOT)
        self._look()

    @precondition(lambda self: self.placed > 3 * self.announced)
    @rule(first=st.booleans(), share_e6=st.integers(1_000, 40_000))
    def announce(self, first: bool, share_e6: int) -> None:
        """A further share for one canal, within the cap of its township or beyond it; rarer than orders."""
        Machine.steps += 1
        self.announced += 1
        place, cap = (C1, CAP_C1) if first else (C2, CAP_C2)
        farmers = [name for name, where in FARMERS.items() if where == place]
        assert self.model.announce(farmers, cap, share_e6) == self.world.announce(place[1], share_e6)
        self._look()

    def teardown(self) -> None:
        """Proves every invariant, now and then, and drops the world."""
        Machine.examples += 1
        Machine.filled += len(self.fills)
        try:
            if Machine.examples % PROVE_EVERY == 0:
                report = prove.run(self.world.url)
                assert report["violations"] == 0, report
        finally:
            self._stack.close()
