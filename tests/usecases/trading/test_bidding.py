"""A lot is sold once, to who bids most, for what it bid; who wins and does not pay loses its deposit, nobody else."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from sqlalchemy import select

from market import jobs
from market.core import audit, clock, db
from market.core.errors import Refusal
from market.supervision import halting
from market.trading import bidding as bids
from market.trading import products
from market.trading.bidding_errors import (
    AlreadyBid,
    BiddingNotOpen,
    ListingState,
    NotRegistered,
    NotYourTurn,
)
from market.trading.commands import Accepted
from market.trading.deal_models import StruckDeal
from market.trading.errors import (
    InsufficientMoney,
    ProductNotOpen,
)
from market.trading.intake import take_up
from tests.model.world import ALLOCATED, MONEY, World
from tests.usecases.trading.bidding import LOT, MINUTE, SEALED, Bidding


def _deal(world: World, listing: int) -> StruckDeal:
    with db.transaction(world.url) as session:
        return session.scalars(select(StruckDeal).where(StruckDeal.reference == listing)).one()


def test_a_listing_holds_its_water_until_it_is_sold(world: World) -> None:
    lot = Bidding(world)
    assert world.free("a") == ALLOCATED - 20 * LOT
    assert not isinstance(world.place("rest", "a", "sell", ALLOCATED, 9_000), Accepted)
    lot.end("cancel")
    assert (lot.status, world.free("a")) == ("cancelled", ALLOCATED)


def test_the_winner_of_an_open_bidding_pays_its_bid_and_the_others_are_free(world: World) -> None:
    lot = Bidding(world)
    lot.register("b", "d", "f")
    assert [lot.money(each) for each in "bdf"] == [MONEY - 30] * 3
    with lot.running():
        lot.bid("b", 1_000)
        lot.bid("d", 1_200)
        lot.bid("b", 1_300)
    with lot.closed():
        assert lot.status == "awarded"
        assert lot.deposits() == {"b": "registered", "d": "registered", "f": "released"}
        lot.take("confirm", "b")
        assert (lot.status, world.free("a")) == ("struck", ALLOCATED)
        lot.job()
    assert lot.status == "sold"
    assert set(lot.deposits().values()) == {"released"}
    assert world.trade(_deal(world, lot.id).trade_id) == ("sell", 20 * LOT, 20 * LOT, 1_300, 260)
    assert world.free("b") == ALLOCATED + 20 * LOT
    assert (lot.money("b"), lot.money("d"), lot.money("f")) == (MONEY - 260, MONEY, MONEY)


def test_a_lot_that_goes_over_a_route_is_counted_at_the_seller(world: World) -> None:
    lot = Bidding(world)
    lot.register("f")
    with lot.running():
        lot.bid("f", 1_500)
    with lot.closed():
        lot.take("confirm", "f")
        lot.job()
        assert lot.status == "sold"
        world.decide(0, approve=True)
    assert world.trade(_deal(world, lot.id).trade_id) == ("sell", 20 * LOT, 18 * LOT, 1_500, 300)


def test_a_winner_that_does_not_confirm_in_time_is_bound_all_the_same(world: World) -> None:
    lot = Bidding(world)
    lot.register("b")
    with lot.running():
        lot.bid("b", 1_000)
    with lot.closed():
        assert lot.status == "awarded"
    with lot.overdue():
        assert lot.status == "sold"
    assert lot.money("b") == MONEY - 200


def test_a_winner_without_money_forfeits_to_the_seller_and_the_second_bidder_may_take_the_lot(
    world: World,
) -> None:
    lot = Bidding(world)
    lot.register("b", "d")
    with lot.running():
        lot.bid("d", 1_000)
        lot.bid("b", 2_000)
    with lot.closed():
        lot.spend("b", 399)
        with pytest.raises(InsufficientMoney) as refused:
            lot.take("confirm", "b")
        assert (refused.value.limit, refused.value.available) == ("4.00", "3.99")
    with lot.overdue():
        assert lot.status == "offered"
        assert lot.deposits() == {"b": "forfeited", "d": "registered"}
        assert (lot.money("a"), lot.money("b")) == (MONEY + 30, 399)
        assert world.free("a") == ALLOCATED - 20 * LOT
        with pytest.raises(NotRegistered):
            lot.take("accept", "b")
        lot.take("accept", "d")
        lot.job()
        assert (lot.status, lot.deposits()["d"]) == ("sold", "released")
    assert world.trade(_deal(world, lot.id).trade_id) == ("sell", 20 * LOT, 19_400, 1_000, 200)


def test_a_second_bidder_that_declines_or_says_nothing_loses_nothing(world: World) -> None:
    for says in ("decline", ""):
        lot = Bidding(world)
        lot.register("b", "d")
        with lot.running():
            lot.bid("d", 1_000)
            lot.bid("b", 2_000)
        with lot.closed():
            with pytest.raises((NotYourTurn, ListingState)):
                lot.take("accept", "d")
            lot.take("decline", "b")
            assert lot.status == "offered"
            if says:
                lot.take(says, "d")
        if not says:
            with lot.overdue():
                pass
        assert (lot.status, lot.deposits()) == ("unsold", {"b": "forfeited", "d": "released"})
        assert (world.free("a"), lot.money("d")) == (ALLOCATED, MONEY)


def test_an_engine_that_finds_too_little_money_is_the_winners_failure(world: World) -> None:
    """The money goes between the confirmation and the engine's turn; the second bidder is next, water held again."""
    lot = Bidding(world)
    lot.register("b", "d")
    with lot.running():
        lot.bid("d", 1_000)
        lot.bid("b", 2_000)
    with lot.closed():
        lot.take("confirm", "b")
        lot.spend("b", 100)
        lot.job()
        assert (lot.status, lot.deposits()["b"]) == ("offered", "forfeited")
        assert world.free("a") == ALLOCATED - 20 * LOT
        lot.end("stop")
    assert (lot.status, world.free("a"), lot.money("d")) == ("stopped", ALLOCATED, MONEY)


def test_a_deal_that_is_refused_for_a_cap_costs_nobody_anything(world: World) -> None:
    lot = Bidding(world, volume_litres=50 * LOT)
    lot.register("d", "f")
    with lot.running():
        lot.bid("f", 1_000)
        lot.bid("d", 1_100)
    with lot.closed():
        lot.take("confirm", "d")
        lot.job()
    assert (lot.status, lot.row().reason) == ("unsold", "cap_exceeded")
    assert set(lot.deposits().values()) == {"released"}
    assert (world.free("a"), lot.money("d"), lot.money("f")) == (ALLOCATED, MONEY, MONEY)


def test_water_that_the_seller_sold_meanwhile_is_not_the_winners_failure(world: World) -> None:
    """An order of the seller takes the water before the engine's turn: the lot is unsold, and nothing forfeits."""
    lot = Bidding(world)
    lot.register("b")
    with lot.running():
        lot.bid("b", 1_000)
    with lot.closed():
        lot.take("confirm", "b")
        assert isinstance(world.place("all", "a", "sell", ALLOCATED, 9_000), Accepted)
        lot.job()
    assert (lot.status, lot.row().reason) == ("unsold", "insufficient_water")
    assert lot.money("b") == MONEY


def test_a_halt_gives_whoever_must_take_the_lot_its_days_once_more(world: World) -> None:
    lot = Bidding(world)
    lot.register("b")
    with lot.running():
        lot.bid("b", 1_000)
    with lot.closed():
        with db.transaction(world.url) as session:
            products.halt(session, actor=lot.actor, product_id=world.names.product, reason="tests")
        take_up(world.engine)
        with pytest.raises(ProductNotOpen):
            lot.take("confirm", "b")
    first_due = lot.row().due_at
    with lot.overdue():
        assert lot.status == "awarded"
        due = lot.row().due_at
        assert first_due is not None and due is not None and due > first_due
        with db.transaction(world.url) as session:
            products.resume(session, actor=lot.actor, product_id=world.names.product, reason="tests")
        take_up(world.engine)
        lot.take("confirm", "b")
        lot.job()
        assert lot.status == "sold"


@pytest.mark.parametrize("who", ["a", "b", None])
def test_an_order_of_the_bureau_that_halts_a_side_or_the_product_does_the_same(
    world: World, who: str | None
) -> None:
    lot = Bidding(world)
    lot.register("b")
    with lot.running():
        lot.bid("b", 1_000)
    wanted: dict[str, Any] = {"scope": "product", "product_id": world.names.product}
    if who is not None:
        wanted = {"scope": "participant", "participant_id": world.names.participant[who]}
    with lot.closed(), db.transaction(world.url) as session:
        order = halting.order(
            session, actor=lot.actor, orders="stay", reason="tests", legal_source="tests", **wanted
        ).id
    with lot.overdue():
        assert lot.status == "awarded"
        with pytest.raises(Refusal) as refused:
            lot.take("confirm", "b")
        assert refused.value.code == "halted"
        with db.transaction(world.url) as session:
            halting.lift(session, actor=lot.actor, halt_id=order, reason="tests")
        lot.take("confirm", "b")
        lot.job()
        assert lot.status == "sold"


def test_a_late_bid_extends_the_bidding_as_often_as_was_published(world: World) -> None:
    lot = Bidding(world)
    lot.register("b", "d", "f", "g")
    closes = lot.terms.closes_at
    price = 1_000
    for name, late, extra in (("b", 4, 1), ("d", 3, 2), ("f", 1, 2)):
        with clock.moved_to(lot.row().closes_at - late * MINUTE):
            lot.bid(name, price)
        price += 100
        assert lot.row().closes_at == closes + extra * 5 * MINUTE
    with clock.moved_to(lot.row().closes_at + dt.timedelta(seconds=1)), pytest.raises(BiddingNotOpen):
        lot.bid("g", 5_000)


def test_a_reserve_that_is_not_met_leaves_the_lot_unsold(world: World) -> None:
    lot = Bidding(world, reserve_price_e4=1_500)
    lot.register("b")
    with lot.running():
        lot.bid("b", 1_499)
    with lot.closed():
        assert (lot.status, lot.deposits()) == ("unsold", {"b": "released"})
    assert (world.free("a"), lot.money("b")) == (ALLOCATED, MONEY)


def test_of_sealed_bids_the_highest_wins_and_of_equal_ones_the_earlier(world: World) -> None:
    lot = Bidding(world, **SEALED)
    lot.register("b", "d", "f")
    with lot.running():
        for name, price in (("d", 1_700), ("b", 1_700), ("f", 1_000)):
            lot.bid(name, price)
        with pytest.raises(AlreadyBid):
            lot.bid("d", 1_800)
        assert (lot.row().best_price_e4, lot.row().bids) == (None, 3)
    with lot.closed():
        row = lot.row()
        assert (row.awarded_to_id, row.second_id) == (lot.bidder["d"], lot.bidder["b"])
        assert row.best_price_e4 == 1_700
        lot.take("confirm", "d")
        lot.job()
        assert lot.status == "sold"


def test_the_clock_answers_for_nothing_and_the_last_bid_does(world: World) -> None:
    lot = Bidding(world)
    lot.register("b")
    with lot.running():
        lot.bid("b", 1_000)
        assert jobs.run(world.url, jobs.named("bidding")) == 0
    with lot.closed():
        pass
    with lot.overdue():
        assert _deal(world, lot.id).struck_by == lot.actor.user_id
    actions = world.looking.execute(
        "SELECT action FROM audit WHERE subject_type = 'listing' AND actor_user_id IS NULL ORDER BY seq"
    ).fetchall()
    assert [row[0] for row in actions] == ["listing.awarded", "listing.struck_when_due", "listing.sold"]
    assert isinstance(lot.actor, audit.Actor)
    with pytest.raises(ListingState), db.transaction(world.url) as session:
        bids.close(session, actor=lot.actor, listing_id=lot.id)
