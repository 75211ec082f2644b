"""A whole call on the small county: gathered, cleared, held, and settled where nobody must review it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from market.core import db
from market.due import CLOCK
from market.trading import call_queries, call_settling, calls
from market.trading.call_models import Call
from market.trading.commands import Accepted
from market.trading.intake import take_up
from tests.model.world import World


def held_call(world: World, orders: Sequence[tuple[str, str, int, int]], **terms: Any) -> int:
    """A call of these orders (holder, side, litres, limit in ticks) beside what rests, held; its id."""
    with db.transaction(world.url) as session:
        call = calls.open_call(
            session, actor=world.names.actor, product_id=world.names.product, reason="thin market"
        ).id
    take_up(world.engine)
    for number, (holder, side, litres, price) in enumerate(orders):
        placed = world.place(f"call {call} {number}", holder, side, litres, price, **terms)
        assert isinstance(placed, Accepted), placed
    with db.transaction(world.url) as session:
        calls.close_call(session, actor=world.names.actor, call_id=call)
    take_up(world.engine)
    with db.transaction(world.url) as session:
        calls.clear(session, actor=CLOCK, call_id=call)
    take_up(world.engine)
    return call


def call_of(world: World, orders: Sequence[tuple[str, str, int, int]], **terms: Any) -> Call:
    """The same, settled by the clock unless it waits for a reviewer."""
    call = held_call(world, orders, **terms)
    with db.transaction(world.url) as session:
        if call in call_settling.due(session):
            call_settling.settle(session, actor=CLOCK, call_id=call)
    take_up(world.engine)
    with db.transaction(world.url) as session:
        return call_queries.one(session, call)
