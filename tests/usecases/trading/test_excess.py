"""Use above a cap that was cut: whatever is freed under it goes there first, so that nothing new is charged."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from market.core import db
from market.metering import corrections
from market.registry import limits
from market.registry.models import Limit
from market.settlement.models import Instruction
from market.supervision import curtailments, reviews
from market.trading.commands import Accepted
from market.trading.intake import take_up
from tests.model.world import ALLOCATED, CAP_C1, YEAR, World

LOT = 1_000
UNDER_REVIEW, EXCESS = 20 * LOT, 30 * LOT
SOURCE = 10_310  # what 10 lots at canal 2 take of canal 1: ceil(10 000 / 0.97)


def _cut(world: World, code: str, litres: int) -> None:
    with db.transaction(world.url) as session:
        limit = session.scalars(select(Limit.id).where(Limit.code == code, Limit.water_year == YEAR)).one()
        found = curtailments.order(
            session, actor=world.names.actor, water_year=YEAR, cuts=[(limit, litres)], reason="drought",
            legal_source="art. 41",
        ).id  # fmt: skip
    status = ""
    while status != "done":
        take_up(world.engine)
        with db.transaction(world.url) as session:
            status = curtailments.advance(session, actor=world.names.actor, curtailment_id=found).status


def _open_excess(world: World) -> int:
    with db.connect(world.url) as connection:
        row = connection.execute(
            "SELECT coalesce(sum(a.debits_posted - a.credits_posted), 0)::bigint FROM cap_excesses x"
            " JOIN accounts a ON a.id = x.account_id"
        ).fetchone()
    assert row is not None
    return int(row[0])


@pytest.fixture
def exceeded(world: World) -> World:
    """All water of canal 1 is used and its cap is cut below that; a part of the use was misread, and two sales of it
    are under review.
    """
    misread = world.use("a", ALLOCATED)
    world.use("b", ALLOCATED)
    _cut(world, CAP_C1, 2 * ALLOCATED - EXCESS)
    with db.transaction(world.url) as session:
        corrections.correct(
            session, actor=world.names.actor, reading_id=misread, counter_litres=ALLOCATED - 2 * UNDER_REVIEW,
            reason="misread",
        )  # fmt: skip
    take_up(world.engine)
    for number in range(2):
        world.place(f"sale {number}", "a", "sell", UNDER_REVIEW, 3_000)
        bought = world.place(f"bought {number}", "f", "buy", 18 * LOT, 3_400)
        assert isinstance(bought, Accepted)
        assert bought.fills[0].source == UNDER_REVIEW
    assert (_open_excess(world), world.picture()["limits"][CAP_C1]) == (EXCESS, 0)
    return world


def test_what_an_approved_trade_frees_is_absorbed(exceeded: World) -> None:
    exceeded.decide(0, approve=True)
    assert _open_excess(exceeded) == EXCESS - UNDER_REVIEW
    assert exceeded.picture()["limits"][CAP_C1] == 0


def test_what_the_engine_frees_is_absorbed_and_nothing_is_charged_meanwhile(exceeded: World) -> None:
    exceeded.decide(0, approve=False)  # the seller has its water back, and canal 1 uses as much as before
    assert _open_excess(exceeded) == EXCESS
    exceeded.place("out", "a", "sell", 11 * LOT, 3_000)
    exceeded.place("to canal 2", "d", "buy", 10 * LOT, 3_400)
    assert exceeded.picture()["trades"][-1][:4] == ("to canal 2", "out", SOURCE, 10 * LOT)
    assert (_open_excess(exceeded), exceeded.picture()["limits"][CAP_C1]) == (EXCESS - SOURCE, 0)
    exceeded.place("back", "d", "sell", 5 * LOT, 3_000)
    wanted = exceeded.place("nothing is free", "b", "buy", 5 * LOT, 3_400)
    assert isinstance(wanted, Accepted)
    assert wanted.fills == ()


def test_what_is_freed_beyond_the_excess_can_be_charged(exceeded: World) -> None:
    exceeded.decide(0, approve=False)
    _raise(exceeded, CAP_C1, 2 * ALLOCATED - 4 * LOT)
    assert _open_excess(exceeded) == 4 * LOT
    exceeded.place("out", "a", "sell", 11 * LOT, 3_000)
    exceeded.place("to canal 2", "d", "buy", 10 * LOT, 3_400)
    assert (_open_excess(exceeded), exceeded.picture()["limits"][CAP_C1]) == (0, SOURCE - 4 * LOT)
    exceeded.place("back", "d", "sell", 20 * LOT, 3_000)
    wanted = exceeded.place("as much as is free", "b", "buy", 15 * LOT, 3_400)
    assert isinstance(wanted, Accepted)
    assert [fill.delivered for fill in wanted.fills] == [SOURCE - 4 * LOT]


def test_an_engine_that_believed_in_more_excess_than_there_is_matches_again(exceeded: World) -> None:
    exceeded.decide(1, approve=False)
    exceeded.place("out", "a", "sell", UNDER_REVIEW, 3_000)
    with db.transaction(exceeded.url) as session:  # nobody tells the engine
        (waiting,) = session.scalars(select(Instruction.id).where(Instruction.status == "awaiting_review"))
        reviews.approve(session, actor=exceeded.names.actor, instruction_id=waiting, reason="model")
    assert (_open_excess(exceeded), _believed(exceeded)) == (EXCESS - UNDER_REVIEW, EXCESS)
    exceeded.place("to canal 2", "d", "buy", 10 * LOT, 3_400)
    assert exceeded.picture()["trades"][-1][2] == SOURCE
    assert (_open_excess(exceeded), _believed(exceeded)) == (0, 0)
    assert exceeded.picture()["limits"][CAP_C1] == UNDER_REVIEW + SOURCE - EXCESS


def _believed(world: World) -> int:
    exchange = world.engine.exchange
    return sum(-exchange.free(account) for account, _ in exchange.excesses.values())


def _raise(world: World, code: str, litres: int) -> None:
    with db.transaction(world.url) as session:
        limit = session.scalars(select(Limit.id).where(Limit.code == code, Limit.water_year == YEAR)).one()
        limits.change(
            session, actor=world.names.actor, limit_id=limit, limit_litres=litres, reason="rain",
            legal_source="notice",
        )  # fmt: skip
    take_up(world.engine)
