"""Stored water serves domestic and ecological use first; what exceeds the need is resold by competition."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from sqlalchemy import select

from market import prove
from market.core import clock, db
from market.core.errors import Refusal
from market.registry import accounts
from market.supervision import year_ends
from market.trading import resales, storage
from market.trading.buy_back_models import BuyBack
from market.trading.intake import take_up
from market.trading.storage_models import ResaleBid, ResaleRound
from tests.model.world import C2, YEAR, World
from tests.usecases.trading.storing import LOT, answer, furnish_storage, publish, take

STORED = 40 * LOT


@pytest.fixture
def stored(world: World, storage: int) -> int:
    """The storage account with 40 m3 that were bought back at 0.2836 yuan."""
    offer = publish(world, budget_fen=40_000)
    take(world, offer, "a", STORED)
    answer(world, offer)
    return storage


def _need(world: World, litres: int) -> None:
    with db.transaction(world.url) as session:
        storage.state_need(
            session, actor=world.names.actor, water_account_id=world.names.water["store"], litres=litres,
            reason="the town's summer",
        )  # fmt: skip


def _open(world: World, litres: int = 20 * LOT, floor: int = 3_000, **other: Any) -> int:
    with db.transaction(world.url) as session:
        return resales.open_round(
            session, actor=world.names.actor, water_account_id=world.names.water["store"], litres=litres,
            floor_e4=floor, closes_at=clock.now() + dt.timedelta(hours=1), **other,
        ).id  # fmt: skip


def _bid(world: World, number: int, holder: str, litres: int, price: int) -> int:
    with db.transaction(world.url) as session:
        return resales.bid(
            session, actor=world.names.actor, round_id=number, water_account_id=world.names.water[holder],
            litres=litres, price_e4=price,
        ).id  # fmt: skip


def _close(world: World, number: int) -> ResaleRound:
    with db.transaction(world.url) as session:
        resales.close(session, actor=world.names.actor, round_id=number)
    take_up(world.engine)
    with db.transaction(world.url) as session:
        resales.settle_up(session)
        return session.get_one(ResaleRound, number)


def _bids(world: World, *numbers: int) -> list[tuple[str, int]]:
    with db.transaction(world.url) as session:
        found = [session.get_one(ResaleBid, number) for number in numbers]
        return [(each.status, each.award_litres) for each in found]


def _home(world: World, sector: str, place: tuple[str, str]) -> int:
    with db.transaction(world.url) as session:
        return accounts.open_account(
            session, actor=world.names.actor, participant_id=world.names.participant["store"], township=place[0],
            canal=place[1], sector=sector, source="surface", water_year=YEAR,
        ).id  # fmt: skip


def _assign(world: World, to: int, litres: int) -> tuple[int, int]:
    with db.transaction(world.url) as session:
        made = storage.assign(
            session, actor=world.names.actor, water_account_id=world.names.water["store"], to_water_account_id=to,
            litres=litres, reason="drinking water",
        )  # fmt: skip
        return made.source_litres, made.delivered_litres


def test_stored_water_is_assigned_to_the_town_with_the_loss_of_the_way(world: World, stored: int) -> None:
    town = _home(world, "domestic", C2)
    world.names.water["town"] = town
    assert _assign(world, town, 10 * LOT) == (10_000, 9_700)
    assert (world.free("store"), world.free("town")) == (STORED - 10_000, 9_700)


def test_nothing_is_assigned_to_who_has_no_such_need_nor_beyond_the_stock(world: World, stored: int) -> None:
    town = _home(world, "domestic", C2)
    for to, litres, code in (
        (world.names.water["d"], LOT, "not_a_need"),
        (town, STORED + LOT, "insufficient_water"),
        (10**9, LOT, "not_found"),
    ):
        with pytest.raises(Refusal) as refused:
            _assign(world, to, litres)
        assert (refused.value.code, world.free("store")) == (code, STORED)


def test_only_what_exceeds_the_stated_need_is_resold(world: World, stored: int) -> None:
    with pytest.raises(Refusal) as refused:
        _open(world, LOT)
    assert (refused.value.code, refused.value.available) == ("not_beyond_need", "0.000")
    _need(world, 30 * LOT)
    with pytest.raises(Refusal) as refused:
        _open(world, 11 * LOT)
    assert (refused.value.available, refused.value.rule) == ("10.000", "not_beyond_need")
    assert refused.value.legal_source
    town = _home(world, "domestic", C2)
    _assign(world, town, 5 * LOT)  # of the need 25 m3 are left, of the stock 35
    _open(world, 10 * LOT)
    with pytest.raises(Refusal):
        _open(world, LOT)  # the round holds what exceeds the need
    with pytest.raises(Refusal):
        _assign(world, town, 26 * LOT)


def test_the_highest_bids_win_and_all_pay_one_price(world: World, stored: int) -> None:
    _need(world, 0)
    number = _open(world)
    high, low = _bid(world, number, "f", 12 * LOT, 5_000), _bid(world, number, "g", 12 * LOT, 4_000)
    found = _close(world, number)
    assert (found.price_e4, found.awarded_litres) == (4_000, 20 * LOT)
    assert _bids(world, high, low) == [("traded", 12 * LOT), ("traded", 8 * LOT)]
    world.decide(0, approve=True)
    world.decide(0, approve=True)
    assert world.free("f") == 12 * LOT * 9 // 10


def test_a_rejected_review_gives_the_water_back_to_the_storage(world: World, stored: int) -> None:
    _need(world, 0)
    number = _open(world)
    _bid(world, number, "f", 10 * LOT, 5_000)
    _close(world, number)
    assert world.free("store") == STORED - 10 * LOT
    world.decide(0, approve=False)
    assert world.free("store") == STORED


def test_a_lost_and_a_withdrawn_bid_hold_nothing(world: World, stored: int) -> None:
    _need(world, 0)
    number = _open(world, 10 * LOT)
    back, won, lost = (
        _bid(world, number, "f", 10 * LOT, 9_000), 0, _bid(world, number, "g", 10 * LOT, 3_000),
    )  # fmt: skip
    with db.transaction(world.url) as session:
        resales.withdraw(session, actor=world.names.actor, bid_id=back)
    won = _bid(world, number, "f", 10 * LOT, 3_500)
    assert _close(world, number).price_e4 == 3_500
    assert _bids(world, back, won, lost) == [("withdrawn", 0), ("traded", 10 * LOT), ("lost", 0)]


def test_a_round_without_bids_gives_its_water_back(world: World, stored: int) -> None:
    _need(world, 0)
    number = _open(world)
    assert world.free("store") == STORED - 20 * LOT
    found = _close(world, number)
    assert (found.price_e4, found.awarded_litres, world.free("store")) == (None, 0, STORED)


def test_the_end_of_the_year_gives_rounds_bids_and_budgets_back(world: World, stored: int) -> None:
    _need(world, 0)
    number = _open(world)
    bid = _bid(world, number, "f", 10 * LOT, 9_000)
    year = clock.this_year()
    with clock.moved_to(dt.datetime(year + 1, 1, 5, tzinfo=dt.UTC)):
        with db.transaction(world.url) as session:
            year_ends.begin(session, actor=world.names.actor, water_year=year)
        take_up(world.engine)
        with db.transaction(world.url) as session:
            made = year_ends.close(session, actor=world.names.actor, water_year=year)
    assert _bids(world, bid) == [("lost", 0)]
    with db.transaction(world.url) as session:
        assert session.get_one(ResaleRound, number).awarded_litres == 0
        assert set(session.scalars(select(BuyBack.held_fen))) == {0}
    assert made.remained_litres > 0
    assert prove.run(world.url)["violations"] == 0


def test_a_round_closes_by_the_clock(world: World, stored: int) -> None:
    _need(world, 0)
    number = _open(world)
    with clock.moved_to(clock.now() + dt.timedelta(hours=2)), db.transaction(world.url) as session:
        assert resales.due(session) == [number]
        with pytest.raises(Refusal) as refused:
            resales.bid(
                session, actor=world.names.actor, round_id=number, water_account_id=world.names.water["f"],
                litres=LOT, price_e4=9_000,
            )  # fmt: skip
    assert refused.value.code == "round_not_open"


def test_less_than_was_paid_is_asked_only_with_a_reason(world: World, stored: int) -> None:
    _need(world, 0)
    with pytest.raises(Refusal) as refused:
        _open(world, floor=2_834)
    assert (refused.value.code, refused.value.limit) == ("floor_below_paid", "0.2835")
    _open(world, floor=2_000, waiver="the flood makes water cheap")


@pytest.mark.parametrize(
    ("holder", "litres", "price", "code"),
    [
        ("f", LOT, 2_999, "below_floor"),
        ("f", 21 * LOT, 3_000, "volume_out_of_range"),
        ("f", 1_500, 3_000, "not_whole_lots"),
        ("f", 20 * LOT, 99_999_999, "insufficient_money"),
        ("d", LOT, 3_000, "flow_not_allowed"),
        ("store", LOT, 3_000, "account_may_not_trade"),
    ],
)
def test_a_bid_is_refused_by_a_named_rule(
    world: World, stored: int, holder: str, litres: int, price: int, code: str
) -> None:
    _need(world, 0)
    number = _open(world)
    with pytest.raises(Refusal) as refused:
        _bid(world, number, holder, litres, price)
    assert refused.value.code == code
    assert refused.value.legal_source


def test_an_account_has_one_bid_in_a_round(world: World, stored: int) -> None:
    _need(world, 0)
    number = _open(world)
    _bid(world, number, "f", LOT, 3_000)
    with pytest.raises(Refusal) as refused:
        _bid(world, number, "f", LOT, 3_100)
    assert refused.value.code == "bid_state"


def test_a_storage_of_another_body_is_no_buyer_either(world: World, stored: int) -> None:
    furnish_storage(world, sector="domestic", name="second")
    _need(world, 0)
    with pytest.raises(Refusal):
        _bid(world, _open(world), "second", LOT, 3_000)
