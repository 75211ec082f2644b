"""Who may list, register and bid what: each refusal by its rule, and no bid of many at once is lost."""

from __future__ import annotations

import threading
from collections import Counter

import pytest
from sqlalchemy import select

from market.core import clock, db
from market.core.errors import Refusal
from market.trading.bidding_errors import (
    AlreadyLeading,
    AlreadyRegistered,
    BiddingNotOpen,
    BidTooHigh,
    BidTooLow,
    FirstBidMade,
    ListingState,
    ListingTerm,
    NotRegistered,
    OneOwnerOneBidder,
    RegistrationClosed,
)
from market.trading.bidding_models import Bid
from market.trading.errors import (
    AccountGate,
    InsufficientMoney,
    InsufficientWater,
    SameOwner,
)
from tests.model.world import ALLOCATED, MONEY, World
from tests.usecases.trading.bidding import DAY, LOT, SEALED, Bidding


def test_what_a_bid_must_be(world: World) -> None:
    lot = Bidding(world, reserve_price_e4=1_500, reserve_public=True)
    lot.register("b", "d")
    with pytest.raises(BiddingNotOpen):
        lot.bid("b", 1_500)
    with lot.running():
        with pytest.raises(BidTooLow) as refused:
            lot.bid("b", 1_499)
        assert (refused.value.limit, refused.value.available) == ("0.1500", "0.1499")
        lot.bid("b", 1_500)
        with pytest.raises(AlreadyLeading):
            lot.bid("b", 1_700)
        with pytest.raises(BidTooLow) as refused:
            lot.bid("d", 1_599)
        assert refused.value.limit == "0.1600"
        with pytest.raises(BidTooHigh):
            lot.bid("d", 10**9)
        with pytest.raises(RegistrationClosed):
            lot.withdraw("d")
        with pytest.raises(RegistrationClosed):
            lot.register("f")
        with pytest.raises(FirstBidMade):
            lot.end("cancel")
    lot.end("stop")
    assert set(lot.deposits().values()) == {"released"}


def test_a_sealed_price_is_in_no_record_before_the_close(world: World) -> None:
    lot = Bidding(world, **SEALED)
    lot.register("b")
    with lot.running():
        lot.bid("b", 1_777)
    found = world.looking.execute(
        "SELECT (SELECT count(*) FROM outbox WHERE payload LIKE '%%1777%%')"
        " + (SELECT count(*) FROM audit WHERE detail LIKE '%%1777%%')"
    ).fetchone()
    assert found == (0,)
    with lot.closed():
        lot.end("stop")


def test_who_may_register(world: World) -> None:
    lot = Bidding(world)
    with pytest.raises(SameOwner):
        lot.register("a")
    lot.register("b")
    with pytest.raises(AlreadyRegistered):
        lot.register("b")
    with pytest.raises(OneOwnerOneBidder):
        lot.register("c")
    lot.withdraw("b")
    assert lot.money("b") == MONEY
    with pytest.raises(NotRegistered):
        lot.withdraw("b")
    lot.register("c")
    lot.spend("d", 29)
    with pytest.raises(InsufficientMoney) as refused:
        lot.register("d")
    assert (refused.value.limit, refused.value.available) == ("0.30", "0.29")
    lot.end("cancel")
    with pytest.raises(ListingState):
        lot.register("f")


def test_what_may_be_listed(world: World) -> None:
    with pytest.raises(AccountGate) as gate:
        Bidding(world, seller="f")
    assert gate.value.legal_source
    with pytest.raises(InsufficientWater) as water:
        Bidding(world, volume_litres=ALLOCATED + LOT, deposit_fen=300)
    assert (water.value.limit, water.value.available) == ("201.000", "200.000")
    with pytest.raises(ListingTerm) as term:
        Bidding(world, deposit_fen=41)
    assert (term.value.rule, term.value.limit, term.value.available) == ("most_deposit", "0.40", "0.41")
    assert "586" in (term.value.legal_source or "")
    with pytest.raises(ListingTerm):
        Bidding(world, volume_litres=1_500)
    with pytest.raises(ListingTerm) as term:
        Bidding(world, closes_at=clock.now() + 21 * DAY)
    assert (term.value.rule, term.value.legal_source) == ("listing_time", "shule art. 3")


def test_no_bid_of_many_at_once_is_lost_and_none_goes_below_the_step(world: World) -> None:
    """32 threads bid in random turns for four bidders: what was taken is in order, each a step above the one before."""
    lot = Bidding(world, most_extensions=0, window_minutes=0, extension_minutes=0)
    lot.register("b", "d", "f", "g")
    outcomes: Counter[str] = Counter()

    def bid(name: str, price: int) -> None:
        try:
            lot.bid(name, price)
            outcomes["taken"] += 1
        except Refusal as refusal:
            outcomes[refusal.code] += 1

    with lot.running():
        threads = [
            threading.Thread(target=bid, args=("bdfg"[n % 4], 1_000 + 100 * (n * 7 % 16))) for n in range(32)
        ]
        for each in threads:
            each.start()
        for each in threads:
            each.join(60)
    with db.transaction(world.url) as session:
        found = session.scalars(select(Bid).where(Bid.listing_id == lot.id).order_by(Bid.id)).all()
    assert sum(outcomes.values()) == 32
    assert outcomes.keys() <= {"taken", "bid_too_low", "already_leading"}
    assert len(found) == outcomes["taken"] == lot.row().bids >= 1
    assert lot.row().best_price_e4 == max(each.price_e4 for each in found)
    with lot.closed():
        lot.end("stop")
