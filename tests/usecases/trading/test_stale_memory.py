"""What the engine remembers of limits, plans and keys while others change them: no match is late, none is refused."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from market.core import db
from market.registry import accounts, limits
from market.registry.models import Limit
from market.supervision import reviews
from market.trading.commands import Accepted, Command, Place, Refused
from market.trading.intake import take_up
from tests.model.world import ROUTE, YEAR, World

LOT = 1_000


def _place(world: World, holder: str, side: str, lots: int, price: int, **terms: object) -> Place:
    return Place(world.names.water[holder], world.names.product, side, lots * LOT, price, **terms)  # type: ignore[arg-type]


def _command(world: World, holder: str, request: Place, key: str) -> Command:
    return Command(world.names.participant[holder], world.names.clerk, None, key, 0, bytes(32), request)


def _full_route(world: World) -> None:
    """All that the route lets through is held for a trade under review; a second purchase waits for it."""
    assert isinstance(world.place("ask", "a", "sell", 190 * LOT, 3_000), Accepted)
    first = world.place("first", "f", "buy", 81 * LOT, 3_400)  # 90 m3 enter the route, 81 arrive
    assert isinstance(first, Accepted)
    assert first.status == "filled"
    second = world.place("second", "g", "buy", 9 * LOT, 3_400)
    assert isinstance(second, Accepted)
    assert second.fills == ()


def _reject(world: World) -> None:
    """A reviewer rejects the oldest trade under review; the engine has not been told yet."""
    row = world.looking.execute(
        "SELECT min(id) FROM instructions WHERE status = 'awaiting_review'"
    ).fetchone()
    assert row is not None
    with db.transaction(world.url) as session:
        reviews.reject(session, actor=world.names.actor, instruction_id=row[0], reason="no plan")


def test_an_order_that_waits_for_a_limit_is_filled_though_others_were_executed_before_the_inbox(
    world: World,
) -> None:
    _full_route(world)
    with db.transaction(world.url) as session:  # the engine has not been told yet
        limit = session.scalars(select(Limit).where(Limit.code == ROUTE, Limit.water_year == YEAR)).one()
        limits.change(
            session, actor=world.names.actor, limit_id=limit.id, limit_litres=200 * LOT, reason="dredged",
            legal_source="model",
        )  # fmt: skip
    (answer,) = world.engine.execute([_command(world, "b", _place(world, "b", "sell", 1, 9_000), "other")])
    assert isinstance(answer.outcome, Accepted)
    take_up(world.engine)
    assert world.status(world.orders["second"]) == "filled"


def test_all_or_nothing_is_not_refused_for_a_limit_that_was_freed_before(world: World) -> None:
    _full_route(world)
    _reject(world)
    outcome = world.place("whole", "g", "buy", 9 * LOT, 3_500, tif="FOK")
    assert isinstance(outcome, Accepted), outcome
    take_up(world.engine)
    assert world.status(world.orders["second"]) == "filled"


def test_a_use_plan_that_a_rejection_freed_can_be_used_at_once(world: World) -> None:
    with db.transaction(world.url) as session:
        accounts.record_use_plan(
            session, actor=world.names.actor, water_account_id=world.names.water["f"], litres=9 * LOT,
            legal_source="model",
        )  # fmt: skip
    world.place("ask", "a", "sell", 100 * LOT, 3_000)
    world.place("first", "f", "buy", 9 * LOT, 3_400)  # the whole plan
    world.decide(0, approve=False)
    again = world.place("again", "f", "buy", 9 * LOT, 3_400)
    assert isinstance(again, Accepted)
    assert sum(fill.delivered for fill in again.fills) == 9 * LOT


@pytest.mark.parametrize("again", ["key", "client_order_id"])
def test_a_command_that_was_sent_before_keeps_no_neighbour_from_being_executed(
    world: World, again: str
) -> None:
    """In memory the repeated one takes what its neighbour takes in truth, and that touches another account."""
    bid = _place(world, "d", "buy", 5, 3_400, tif="IOC", client_order_id="mine")
    before = _command(world, "d", bid, "key")
    world.engine.execute([before])  # nothing is for sale yet
    world.engine.execute([_command(world, "a", _place(world, "a", "sell", 5, 3_000), "ask")])
    repeated = before if again == "key" else _command(world, "d", bid, "another")
    first, second = world.engine.execute(
        [repeated, _command(world, "b", _place(world, "b", "buy", 5, 3_000), "neighbour")]
    )
    assert first.replayed if again == "key" else isinstance(first.outcome, Refused)
    assert isinstance(second.outcome, Accepted)
    assert second.outcome.status == "filled"
