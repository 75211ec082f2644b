"""What ends a listing from outside: a curtailment that needs its water, and the end of the water year."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import select

from market.core import clock, db
from market.due import CLOCK
from market.registry.models import Limit
from market.supervision import curtailments, year_ends
from market.trading.intake import take_up
from tests.model.world import ALLOCATED, CAP_C1, MONEY, YEAR, World
from tests.usecases.trading.bidding import LOT, Bidding


def _curtail(world: World, litres: int) -> list[str]:
    """Cuts the cap of canal 1 so that these litres are taken from its holders; the states it went through."""
    with db.transaction(world.url) as session:
        limit = session.scalars(select(Limit).where(Limit.code == CAP_C1, Limit.water_year == YEAR)).one()
        free = world.picture()["limits"][CAP_C1]
        found = curtailments.order(
            session, actor=world.names.actor, water_year=YEAR,
            cuts=[(limit.id, limit.limit_litres - free - litres)], reason="drought", legal_source="art. 41",
        ).id  # fmt: skip
    states: list[str] = []
    while not states or states[-1] != "done":
        take_up(world.engine)
        with db.transaction(world.url) as session:
            states.append(curtailments.advance(session, actor=CLOCK, curtailment_id=found).status)
    return states


def test_a_curtailment_that_needs_what_is_listed_stops_the_listing_and_nobody_forfeits(world: World) -> None:
    lot = Bidding(world)
    lot.register("d", "f")
    with lot.running():
        lot.bid("d", 1_000)
    world.use("a", ALLOCATED - 20 * LOT)
    world.use("b", ALLOCATED)
    assert _curtail(world, 5 * LOT) == ["cancelling", "resuming", "done"]
    assert (lot.status, lot.row().reason) == ("stopped", "curtailment: drought")
    assert (lot.money("d"), lot.money("f")) == (MONEY, MONEY)
    assert world.free("a") == 15 * LOT


def test_a_curtailment_that_does_not_reach_what_is_listed_leaves_it(world: World) -> None:
    lot = Bidding(world)
    assert _curtail(world, 5 * LOT) == ["resuming", "done"]
    assert lot.status == "published"
    lot.end("cancel")


def test_a_listing_ends_with_its_water_year(world: World) -> None:
    lot = Bidding(world)
    lot.register("d")
    after = clock.end_of_legal_day(dt.date(YEAR, 12, 31)) + dt.timedelta(hours=1)
    with clock.moved_to(after):
        with db.transaction(world.url) as session:
            year_ends.begin(session, actor=lot.actor, water_year=YEAR)
        take_up(world.engine)
        with db.transaction(world.url) as session:
            year_ends.preview(session, actor=lot.actor, water_year=YEAR)
        assert lot.status == "published"
        with db.transaction(world.url) as session:
            year_ends.close(session, actor=lot.actor, water_year=YEAR)
    assert lot.status == "stopped"
    assert lot.money("d") == MONEY
