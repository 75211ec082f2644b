"""What a call sold flows as what a trade sold does: ordered by the clock, dispatched, confirmed, made good."""

from __future__ import annotations

import pytest

from market import jobs
from market.core import db
from market.settlement import deliveries, delivery_queries, refunds
from market.settlement.delivery_models import Delivery
from market.settlement.errors import DeliveryState
from tests.model.world import World
from tests.usecases.trading.calling import call_of, held_call
from tests.usecases.trading.ruling import install_rules

LOT = 1_000


def _listed(world: World) -> list[Delivery]:
    with db.transaction(world.url) as session:
        return delivery_queries.listed(session, party=None)


def test_each_water_account_that_bought_in_a_call_has_one_delivery(world: World) -> None:
    """d buys by two orders, b by one; the job orders one delivery each, and none of a call that waits."""
    install_rules(world, canal_months=())  # canals lead water on every day of the year
    call = call_of(
        world,
        [("a", "sell", 30 * LOT, 3_000), ("d", "buy", 4 * LOT, 4_000), ("d", "buy", 3 * LOT, 3_900),
         ("b", "buy", 2 * LOT, 3_500)],
    )  # fmt: skip
    held_call(world, [("f", "buy", 5 * LOT, 4_000)])
    assert jobs.run(world.url, jobs.named("deliveries")) == 2
    assert jobs.run(world.url, jobs.named("deliveries")) == 0
    who = {world.names.participant[name]: name for name in "bd"}
    found = _listed(world)
    assert {who[each.buyer_id]: each.litres for each in found} == {"d": 7 * LOT, "b": 2 * LOT}
    assert {(each.call_id, each.instruction_id, each.seller_id) for each in found} == {(call.id, None, None)}


def test_what_a_call_delivers_short_is_made_good_and_not_refunded(world: World) -> None:
    install_rules(world, canal_months=())
    call_of(world, [("a", "sell", 30 * LOT, 3_000), ("d", "buy", 4 * LOT, 4_000)])
    jobs.run(world.url, jobs.named("deliveries"))
    (first,) = _listed(world)
    actor = world.names.actor
    with db.transaction(world.url) as session:
        deliveries.dispatch(session, actor=actor, delivery_id=first.id, keeper_id=None)
        deliveries.confirm(session, actor=actor, delivery_id=first.id, litres=3 * LOT)
        deliveries.close_short(session, actor=actor, delivery_id=first.id, reason="a breach")
    with db.transaction(world.url) as session, pytest.raises(DeliveryState):
        refunds.propose(session, actor=actor, delivery_id=first.id, reason="a breach")
    with db.transaction(world.url) as session:
        further = deliveries.make_good(session, actor=actor, delivery_id=first.id)
        assert (further.litres, further.call_id, further.makes_good_id) == (LOT, first.call_id, first.id)
        assert (further.canal_zone_id, further.water_account_id) == (
            first.canal_zone_id,
            world.names.water["d"],
        )
    assert jobs.run(world.url, jobs.named("deliveries")) == 0
