"""A curtailment reaches sales that wait for a review: after orders, and the newest first."""

from __future__ import annotations

from sqlalchemy import select

from market.core import db
from market.jobs import CLOCK
from market.registry.models import Limit
from market.settlement.models import Instruction
from market.supervision import curtailments
from market.supervision.models import ReviewDecision
from market.trading.commands import Accepted
from market.trading.intake import take_up
from tests.model.world import ALLOCATED, CAP_C1, YEAR, World

LOT = 1_000
SOLD = 20 * LOT


def _under_review(world: World, number: int) -> None:
    world.place(f"sale {number}", "a", "sell", SOLD, 3_000)
    bought = world.place(f"bought {number}", "f", "buy", 18 * LOT, 3_400)
    assert isinstance(bought, Accepted)
    assert (bought.fills[0].source, bought.fills[0].status) == (SOLD, "awaiting_review")


def test_open_sales_are_ended_first_and_then_as_many_reviews_as_are_needed(world: World) -> None:
    """Both holders of canal 1 have used their water but for 3 sales of 20 lots under review and 5 lots on offer; a
    cut by 30 lots takes the 5, and of the sales the 2 newest: 15 lots of them are free afterwards.
    """
    for number in range(3):
        _under_review(world, number)
    world.place("rest", "a", "sell", 5 * LOT, 9_000)
    world.use("a", ALLOCATED - 3 * SOLD - 5 * LOT)
    world.use("b", ALLOCATED)
    with db.transaction(world.url) as session:
        limit = session.scalars(select(Limit).where(Limit.code == CAP_C1, Limit.water_year == YEAR)).one()
        free = world.picture()["limits"][CAP_C1]
        after = limit.limit_litres - free - 30 * LOT
        preview = curtailments.preview(session, water_year=YEAR, cuts=[(limit.id, after)])
        assert [tuple(each.parts) for each in preview.takings] == [(0, 0, 5 * LOT, 0, 25 * LOT)]
        found = curtailments.order(
            session, actor=world.names.actor, water_year=YEAR, cuts=[(limit.id, after)], reason="drought",
            legal_source="art. 41",
        ).id  # fmt: skip
    states = []
    while not states or states[-1] != "done":
        take_up(world.engine)
        with db.transaction(world.url) as session:
            states.append(curtailments.advance(session, actor=CLOCK, curtailment_id=found).status)
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
