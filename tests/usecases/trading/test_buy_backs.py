"""Government buy-back: a budget that is never used twice, takes that the engine answers, offers that end."""

from __future__ import annotations

import datetime as dt
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from sqlalchemy import select

from market.core import clock, db
from market.core.errors import Refusal
from market.participants.models import MoneyAccount
from market.payments import transfers
from market.trading import buy_backs
from market.trading.buy_back_errors import BuyBackBudgetShort, BuyBackNotOpen
from market.trading.commands import Accepted, Refused
from tests.model.world import ALLOCATED, C1, World
from tests.usecases.trading.storing import (
    LOT,
    MONEY,
    PRICE,
    answer,
    budget,
    publish,
    take,
    taken,
    terms,
)

TEN = 10 * LOT
TEN_FEN = 284
"""10 m3 at 0.2836 yuan, half to even."""


def test_a_farmer_takes_with_one_call_and_is_paid_from_the_budget(world: World, storage: int) -> None:
    offer = publish(world)
    number = take(world, offer, "a", TEN)
    assert budget(world, offer) == (10_000 - TEN_FEN, TEN_FEN, 0, 0)
    answer(world, offer)
    assert budget(world, offer) == (10_000 - TEN_FEN, 0, TEN_FEN, 0)
    found = taken(world, number)
    assert (found.status, found.tariff_e4, found.price_e4, found.part_fen) == (
        "traded",
        1_418,
        PRICE,
        TEN_FEN,
    )
    assert (world.free("a"), world.free("store")) == (ALLOCATED - TEN, TEN)


def test_all_that_may_be_sold_is_what_the_account_and_the_budget_allow(world: World, storage: int) -> None:
    offer = publish(world, budget_fen=1_000)
    number = take(world, offer, "a", None)
    assert taken(world, number).volume_litres == 35 * LOT  # 9.93 yuan of 10.00
    answer(world, offer)
    offer = publish(world, budget_fen=20_000)
    assert taken(world, take(world, offer, "a", None)).volume_litres == ALLOCATED - 35 * LOT
    answer(world, offer)
    assert world.free("a") == 0


def test_a_refused_deal_gives_its_part_back_to_the_budget(world: World, storage: int) -> None:
    offer = publish(world)
    number = take(world, offer, "a", ALLOCATED)
    assert isinstance(
        world.place("sale", "a", "sell", TEN, 9_000), Accepted
    )  # the engine is told of this first
    answer(world, offer)
    assert taken(world, number).status == "refused"
    assert budget(world, offer) == (10_000, 0, 0, 0)


def test_what_a_refused_deal_cannot_give_back_because_the_body_spent_it_is_freed(
    world: World, storage: int
) -> None:
    offer = publish(world, budget_fen=MONEY)
    part = taken(world, take(world, offer, "a", ALLOCATED)).part_fen
    with db.transaction(world.url) as session:
        money = session.scalars(
            select(MoneyAccount.id).where(MoneyAccount.participant_id == world.names.participant["store"])
        ).one()
        transfers.record_payout(
            session, actor=world.names.actor, money_account_id=money, amount_fen=100, bank_reference="out",
            value_date=clock.today(), note="",
        )  # fmt: skip
    answer(world, offer)  # the part that was paid out is short, and the engine refuses the deal
    assert budget(world, offer) == (MONEY - 100, 0, 0, 100)
    assert part > 100


def test_thirty_two_takers_of_the_last_fen_and_one_has_it(world: World, storage: int) -> None:
    offer = publish(world, budget_fen=TEN_FEN)

    def attempt(number: int) -> str:
        try:
            take(world, offer, "ab"[number % 2], TEN)
        except Refusal as refusal:
            return refusal.code
        return "taken"

    with ThreadPoolExecutor(8) as pool:
        answers = sorted(pool.map(attempt, range(32)))
    assert answers == ["buy_back_budget_short"] * 31 + ["taken"]
    assert budget(world, offer) == (0, TEN_FEN, 0, 0)
    assert answer(world, offer) == "used_up"
    assert budget(world, offer) == (0, 0, TEN_FEN, 0)


def test_a_budget_whose_rest_pays_no_lot_is_used_up(world: World, storage: int) -> None:
    offer = publish(world, budget_fen=TEN_FEN + 5)
    take(world, offer, "a", TEN)
    assert answer(world, offer) == "used_up"
    assert budget(world, offer) == (0, 0, TEN_FEN, 5)


def test_a_closed_offer_frees_its_rest_and_what_is_refused_later(world: World, storage: int) -> None:
    offer = publish(world)
    take(world, offer, "a", ALLOCATED)
    part = budget(world, offer)[1]
    world.place("sale", "a", "sell", TEN, 9_000)
    with db.transaction(world.url) as session:
        buy_backs.close(session, actor=world.names.actor, buy_back_id=offer, reason="enough")
    assert budget(world, offer) in ((0, part, 0, 10_000 - part), (0, 0, 0, 10_000))
    answer(world, offer)
    assert budget(world, offer) == (0, 0, 0, 10_000)
    with pytest.raises(BuyBackNotOpen):
        take(world, offer, "b", TEN)


def test_an_offer_whose_time_is_over_ends_by_the_clock(world: World, storage: int) -> None:
    offer = publish(world)
    with clock.moved_to(clock.now() + dt.timedelta(days=11)):
        with db.transaction(world.url) as session:
            assert buy_backs.due(session) == [offer]
        with pytest.raises(BuyBackNotOpen):
            take(world, offer, "a", TEN)
        assert answer(world, offer) == "over"
    assert budget(world, offer) == (0, 0, 0, 10_000)


@pytest.mark.parametrize(
    ("holder", "litres", "code"),
    [
        ("c", TEN, "outside_buy_back"),
        ("a", 1_500, "not_whole_lots"),
        ("a", ALLOCATED + LOT, "insufficient_water"),
        ("f", TEN, "outside_buy_back"),
    ],
)
def test_a_take_is_refused_by_a_named_rule(
    world: World, storage: int, holder: str, litres: int, code: str
) -> None:
    offer = publish(world, budget_fen=40_000)
    with pytest.raises(Refusal) as refused:
        take(world, offer, holder, litres)
    assert refused.value.code == code
    assert refused.value.legal_source
    assert budget(world, offer) == (40_000, 0, 0, 0)


def test_a_holder_sells_no_more_than_its_share_of_its_allocation(world: World, storage: int) -> None:
    offer = publish(world, ceiling_e6=100_000)
    take(world, offer, "a", ALLOCATED // 10 - LOT)
    with pytest.raises(Refusal) as refused:
        take(world, offer, "a", 2 * LOT)
    assert (refused.value.code, refused.value.available) == ("buy_back_ceiling", "1.000")
    assert taken(world, take(world, offer, "a", None)).volume_litres == LOT
    with pytest.raises(Refusal, match="smallest lot"):
        take(world, offer, "a", None)
    answer(world, offer)


def test_what_the_budget_does_not_pay_is_refused_with_what_is_left(world: World, storage: int) -> None:
    offer = publish(world, budget_fen=100)
    with pytest.raises(BuyBackBudgetShort) as refused:
        take(world, offer, "a", TEN)
    assert (refused.value.limit, refused.value.available) == ("1.00", "2.84")


@pytest.mark.parametrize(
    ("other", "code"),
    [
        ({"multiple_e3": 1_999}, "multiple_out_of_range"),
        ({"multiple_e3": 10_001}, "multiple_out_of_range"),
        ({"zone": "653123"}, "not_a_buy_back_zone"),
        ({"zone": C1[1]}, "not_a_buy_back_zone"),
        ({"zone": "nowhere"}, "unknown_zone"),
        ({"budget_fen": MONEY + 1}, "insufficient_money"),
        ({"ends_on": dt.date(2020, 1, 1)}, "buy_back_dates"),
        ({"ends_on": dt.date(2030, 1, 1)}, "buy_back_dates"),
    ],
)
def test_an_offer_that_breaks_a_rule_is_refused(
    world: World, storage: int, other: dict[str, Any], code: str
) -> None:
    with pytest.raises(Refusal) as refused, db.transaction(world.url) as session:
        buy_backs.publish(session, actor=world.names.actor, **terms(world, **other))
    assert refused.value.code == code


def test_only_public_storage_buys_back(world: World, storage: int) -> None:
    with pytest.raises(Refusal) as refused, db.transaction(world.url) as session:
        buy_backs.publish(
            session, actor=world.names.actor, **terms(world, water_account_id=world.names.water["d"])
        )
    assert refused.value.code == "not_public_storage"


def test_storage_is_shut_to_the_book_on_both_sides(world: World, storage: int) -> None:
    offer = publish(world)
    take(world, offer, "a", TEN)
    answer(world, offer)
    bought = world.place("bid", "store", "buy", LOT, 9_000)
    sold = world.place("ask", "store", "sell", LOT, 1)
    assert isinstance(bought, Refused) and bought.code == "sector_may_not_buy"
    assert isinstance(sold, Refused) and sold.code == "sector_may_not_sell"


def test_an_offer_for_a_district_takes_from_all_its_canals_with_the_loss_of_the_way(
    world: World, storage: int
) -> None:
    offer = publish(world, zone="KUSHAN-ID")
    take(world, offer, "d", TEN)
    answer(world, offer)
    assert world.free("store") == 9_700
