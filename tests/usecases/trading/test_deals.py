"""Deals struck elsewhere reach the one tape whole, or are refused by a named rule with nothing changed."""

from __future__ import annotations

import msgspec
import pytest

from market.core import db
from market.trading import deals
from market.trading.commands import Accepted
from market.trading.deal_models import StruckDeal
from market.trading.intake import take_up
from tests.model.world import ALLOCATED, CAP_C2, World

LOT = 1_000


def _new(world: World, seller: str, buyer: str, volume: int, price: int, at: str = "sell") -> deals.NewDeal:
    return deals.NewDeal(
        7, world.names.product, world.names.water[seller], world.names.water[buyer], at, volume, price
    )


def _strike(world: World, *wanted: deals.NewDeal) -> list[StruckDeal]:
    actor = world.names.actor
    assert actor.user_id is not None
    with db.transaction(world.url) as session:
        deals.strike(session, actor=actor, kind="negotiated", wanted=wanted, user_id=actor.user_id)
    take_up(world.engine)
    with db.transaction(world.url) as session:
        return deals.of(session, kind="negotiated", references=[7])[7]


def test_a_deal_counted_at_the_seller_loses_water_on_the_way_and_is_paid_to_the_fen(world: World) -> None:
    """10 m3 leave canal 1 for canal 2 (970 of 1 000 arrive) at 0.3333 yuan: 9 700 litres, 3.33 yuan."""
    (deal,) = _strike(world, _new(world, "a", "d", 10 * LOT, 3_333))
    assert (deal.status, deal.refusal) == ("traded", None)
    assert world.trade(deal.trade_id) == ("sell", 10 * LOT, 9_700, 3_333, 333)
    assert world.free("a") == ALLOCATED - 10 * LOT
    assert world.free("d") == ALLOCATED + 9_700


def test_a_deal_counted_at_the_buyer_takes_the_least_that_delivers_it(world: World) -> None:
    (deal,) = _strike(world, _new(world, "a", "d", 10 * LOT, 3_000, at="buy"))
    assert world.trade(deal.trade_id) == ("buy", 10_310, 10 * LOT, 3_000, 300)


def test_a_deal_that_needs_a_review_waits_for_it(world: World) -> None:
    (deal,) = _strike(world, _new(world, "a", "f", 20 * LOT, 3_000))
    assert deal.status == "traded"
    world.decide(0, approve=True)
    assert world.trade(deal.trade_id) == ("sell", 20 * LOT, 18 * LOT, 3_000, 600)


def test_each_of_several_is_traded_or_refused_by_itself(world: World) -> None:
    found = _strike(
        world,
        _new(world, "a", "d", ALLOCATED + LOT, 3_000),
        _new(world, "a", "b", 5 * LOT, 3_000),
        _new(world, "b", "c", 5 * LOT, 3_000),
    )
    assert [each.status for each in found] == ["refused", "traded", "refused"]
    assert [msgspec.json.decode(each.refusal)["code"] for each in found if each.refusal] == [
        "insufficient_water",
        "same_owner",
    ]


@pytest.mark.parametrize(
    ("seller", "buyer", "volume", "code"),
    [
        ("f", "a", LOT, "no_right_to_sell"),
        ("a", "d", 50 * LOT, "cap_exceeded"),
        ("a", "d", 1_500, "not_whole_lots"),
    ],
)
def test_a_refusal_names_its_rule_and_its_legal_source(
    world: World, seller: str, buyer: str, volume: int, code: str
) -> None:
    before = world.picture()
    (deal,) = _strike(world, _new(world, seller, buyer, volume, 3_000))
    assert deal.refusal is not None
    said = msgspec.json.decode(deal.refusal)
    assert said["legal_source"]
    assert said["code"] == code
    assert world.picture() == before


def test_a_limit_that_binds_says_what_it_has_left(world: World) -> None:
    left = world.picture()["limits"][CAP_C2]
    (deal,) = _strike(world, _new(world, "a", "d", 50 * LOT, 3_000))
    assert deal.refusal is not None
    said = msgspec.json.decode(deal.refusal)
    assert said["available"] == f"{left // 1000}.{left % 1000:03d}"
    assert CAP_C2 in said["detail"]


def test_a_deal_takes_no_water_that_an_order_holds(world: World) -> None:
    assert isinstance(world.place("all", "a", "sell", ALLOCATED, 9_000), Accepted)
    (deal,) = _strike(world, _new(world, "a", "b", LOT, 3_000))
    assert deal.refusal is not None
    assert msgspec.json.decode(deal.refusal)["code"] == "insufficient_water"


def test_an_engine_that_takes_the_same_deals_up_again_makes_no_second_trade(world: World) -> None:
    (deal,) = _strike(world, _new(world, "a", "b", LOT, 3_000))
    with db.connect(world.url) as connection:
        connection.execute("UPDATE inbox SET done_at = NULL WHERE kind = 'deals'")
        connection.commit()
    take_up(world.engine)
    with db.connect(world.url) as connection:
        row = connection.execute("SELECT count(*), max(id) FROM trades").fetchone()
    assert row == (1, deal.trade_id)
