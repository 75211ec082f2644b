"""A curtailment reaches sales that wait for a review, held calls, and deals that are not struck: after orders."""

from __future__ import annotations

from sqlalchemy import select

from market.core import db
from market.due import CLOCK
from market.registry.models import Limit
from market.settlement.models import Instruction
from market.supervision import curtailments
from market.supervision.models import ReviewDecision
from market.trading import call_queries
from market.trading.commands import Accepted
from market.trading.intake import take_up
from tests.model.world import ALLOCATED, CAP_C1, YEAR, World
from tests.usecases.trading.calling import held_call
from tests.usecases.trading.test_negotiated import Talk
from tests.usecases.trading.test_programmes import Plan

LOT = 1_000
SOLD = 20 * LOT


def _under_review(world: World, number: int) -> None:
    world.place(f"sale {number}", "a", "sell", SOLD, 3_000)
    bought = world.place(f"bought {number}", "f", "buy", 18 * LOT, 3_400)
    assert isinstance(bought, Accepted)
    assert (bought.fills[0].source, bought.fills[0].status) == (SOLD, "awaiting_review")


def _cut(world: World, litres: int, expected: dict[str, tuple[int, ...]]) -> list[str]:
    """Cuts the cap of canal 1's township by so much below its use; the states passed. `expected`: parts by holder."""
    who = {account: name for name, account in world.names.water.items()}
    with db.transaction(world.url) as session:
        limit = session.scalars(select(Limit).where(Limit.code == CAP_C1, Limit.water_year == YEAR)).one()
        after = limit.limit_litres - world.picture()["limits"][CAP_C1] - litres
        preview = curtailments.preview(session, water_year=YEAR, cuts=[(limit.id, after)])
        assert {who[each.holder.water_account_id]: tuple(each.parts) for each in preview.takings} == expected
        found = curtailments.order(
            session, actor=world.names.actor, water_year=YEAR, cuts=[(limit.id, after)], reason="drought",
            legal_source="art. 41",
        ).id  # fmt: skip
    states: list[str] = []
    while not states or states[-1] != "done":
        take_up(world.engine)
        with db.transaction(world.url) as session:
            states.append(curtailments.advance(session, actor=CLOCK, curtailment_id=found).status)
    return states


def test_a_call_that_waits_for_a_review_is_given_back_whole_after_the_reviews(world: World) -> None:
    """Canal 1's holders have used all but what is sold and waits: a's 20 lots under review, both's in one held call.

    A cut by all of that rejects both.
    """
    _under_review(world, 1)
    call = held_call(
        world, [("a", "sell", 20 * LOT, 1_000), ("b", "sell", 10 * LOT, 1_000), ("f", "buy", 27 * LOT, 3_400)]
    )
    world.use("a", world.free("a"))
    world.use("b", world.free("b"))
    with db.transaction(world.url) as session:
        assert call_queries.one(session, call).status == "held"
        sold = {
            each.water_account_id: each.litres
            for each in call_queries.fills(session, call, participant=None, after=None, limit=9)
            if each.side == "sell"
        }
    reach = SOLD + sum(sold.values())
    states = _cut(world, reach, {
        "a": (0, 0, 0, 0, SOLD + sold[world.names.water["a"]]), "b": (0, 0, 0, 0, sold[world.names.water["b"]]),
    })  # fmt: skip
    assert states == ["halting", "resuming", "done"]
    with db.transaction(world.url) as session:
        found = call_queries.one(session, call)
        assert (found.status, found.decided_by) == ("rejected", world.names.actor.user_id)
        assert session.scalars(select(Instruction.status)).all() == ["rejected"]
    assert (world.free("a"), world.free("b")) == (0, 0)


def test_a_call_stands_where_the_reviews_give_enough(world: World) -> None:
    _under_review(world, 1)
    call = held_call(world, [("a", "sell", 20 * LOT, 1_000), ("f", "buy", 9 * LOT, 3_400)])
    world.use("a", world.free("a"))
    world.use("b", world.free("b"))
    _cut(world, 15 * LOT, {"a": (0, 0, 10 * LOT, 0, 5 * LOT)})  # 10 lots of the call's order rest in the book
    with db.transaction(world.url) as session:
        assert call_queries.one(session, call).status == "held"
        assert session.scalars(select(Instruction.status)).all() == ["rejected"]


def test_what_is_promised_to_deals_that_are_not_struck_is_an_open_sale(world: World) -> None:
    """a has promised 20 lots to a published deal, b 6 to a programme that gathers at least 5; all else is used."""
    talk = Talk(world, "a", "f", volume=20 * LOT).concluded()
    plan = Plan(world)
    plan.subscribe(b=6 * LOT, d=6 * LOT)
    world.use("a", world.free("a"))
    world.use("b", world.free("b"))
    states = _cut(world, 26 * LOT, {"a": (0, 0, 20 * LOT, 0, 0), "b": (0, 0, 6 * LOT, 0, 0)})
    assert "cancelling" in states
    assert talk.view().negotiation.status == "cancelled"
    assert plan.states() == {"b": "freed", "d": "subscribed"}
    plan.close()
    assert plan.view().programme.status == "under_review"  # d's six are enough
    assert (world.free("a"), world.free("b")) == (0, 0)


def test_a_programme_under_review_that_loses_its_minimum_is_cancelled(world: World) -> None:
    plan = Plan(world, minimum=10 * LOT)
    plan.subscribe(b=6 * LOT, d=6 * LOT)
    plan.close()
    for holder in "ab":
        world.use(holder, world.free(holder))
    _cut(world, 6 * LOT, {"b": (0, 0, 6 * LOT, 0, 0)})
    assert plan.view().programme.status == "cancelled"
    assert world.free("d") == ALLOCATED


def test_open_sales_are_ended_first_and_then_as_many_reviews_as_are_needed(world: World) -> None:
    """Both holders of canal 1 have used their water but for 3 sales of 20 lots under review and 5 lots on offer; a
    cut by 30 lots takes the 5, and of the sales the 2 newest: 15 lots of them are free afterwards.
    """
    for number in range(3):
        _under_review(world, number)
    world.place("rest", "a", "sell", 5 * LOT, 9_000)
    world.use("a", ALLOCATED - 3 * SOLD - 5 * LOT)
    world.use("b", ALLOCATED)
    states = _cut(world, 30 * LOT, {"a": (0, 0, 5 * LOT, 0, 25 * LOT)})
    assert states == ["cancelling", "cancelling", "resuming", "done"]
    with db.transaction(world.url) as session:
        statuses = session.scalars(select(Instruction.status).order_by(Instruction.id)).all()
        assert statuses == ["awaiting_review", "rejected", "rejected"]
        decision = session.scalars(select(ReviewDecision).order_by(ReviewDecision.instruction_id)).first()
        assert decision is not None
        assert (decision.reason, decision.legal_source) == ("curtailment: drought", "art. 41")
        assert decision.decided_by == world.names.actor.user_id
    picture = world.picture()
    assert picture["limits"][CAP_C1] == 0
    assert picture["free"]["a"][0] == 15 * LOT
