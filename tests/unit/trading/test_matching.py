"""The rules of matching, as sentences."""

from __future__ import annotations

import random

import pytest

from market.trading.commands import Accepted, Refused
from market.trading.fills import ReviewNeed, buy_hold, round_half_even, source_for
from tests.unit.trading.market import (
    CAP,
    FAR,
    FARM,
    PARK,
    add_account,
    amend,
    cancel,
    make_exchange,
    place,
    snapshot,
)


def test_price_then_time_decides_and_the_older_order_sets_the_price() -> None:
    x = make_exchange()
    for number in (1, 2, 3):
        add_account(x, number, FARM, water=1_000)
    add_account(x, 9, FARM, money=10**9)
    place(x, 1, "sell", 1_000, 3_000)
    place(x, 2, "sell", 1_000, 2_900)
    place(x, 3, "sell", 1_000, 2_900)
    outcome = place(x, 9, "buy", 2_500, 3_100)
    assert isinstance(outcome, Accepted)
    assert [(fill.source, fill.price, fill.maker) for fill in outcome.fills] == [
        (1_000, 2_900, "sell"), (1_000, 2_900, "sell"), (500, 3_000, "sell"),
    ]  # fmt: skip
    assert outcome.status == "filled"


def test_a_lossy_route_costs_the_least_source_litres_that_deliver() -> None:
    assert source_for(930, 930) == 1_000
    assert source_for(931, 930) == 1_002
    x = make_exchange()
    add_account(x, 1, FARM, water=10_000)
    add_account(x, 9, PARK, money=10**9)
    place(x, 1, "sell", 10_000, 3_000)
    outcome = place(x, 9, "buy", 931, 4_000)
    assert isinstance(outcome, Accepted)
    (fill,) = outcome.fills
    assert (fill.delivered, fill.source, fill.amount) == (931, 1_002, round_half_even(1_002 * 3_000))


def test_rounding_up_the_source_never_passes_the_buyers_limit() -> None:
    x = make_exchange(k=930)
    add_account(x, 1, FARM, water=10_000)
    add_account(x, 9, PARK, money=10**9)
    place(x, 1, "sell", 10_000, 9_300)
    outcome = place(
        x, 9, "buy", 500, 10_000
    )  # exactly the ask at the buyer's place: only whole 93rds are exact
    assert isinstance(outcome, Accepted)
    assert sum(fill.delivered for fill in outcome.fills) == 465
    assert (outcome.status, outcome.rest) == ("open", 35)


def test_a_rest_below_the_lot_is_cancelled_after_a_fill() -> None:
    x = make_exchange()
    seller = add_account(x, 1, FARM, water=10_000)
    add_account(x, 9, FARM, money=10**9)
    seller.lot = 100
    placed = place(x, 1, "sell", 1_000, 2_000)
    assert isinstance(placed, Accepted)
    place(x, 9, "buy", 950, 2_000)
    assert placed.order not in x.books[1].orders
    assert x.free(seller.ledger) == 9_050


def test_buyers_rank_asks_by_the_price_at_their_own_place() -> None:
    x = make_exchange(k=900)
    add_account(x, 1, FARM, water=10_000)
    add_account(x, 2, PARK, water=10_000)
    add_account(x, 9, PARK, money=10**9)
    place(x, 1, "sell", 1_000, 2_800)  # 3111 at the park
    place(x, 2, "sell", 1_000, 3_000)  # 3000 at the park
    outcome = place(x, 9, "buy", 1_500, 4_000)
    assert isinstance(outcome, Accepted)
    assert [fill.price for fill in outcome.fills] == [3_000, 2_800]


def test_no_terms_means_no_match_and_both_orders_rest() -> None:
    x = make_exchange()
    add_account(x, 1, FAR, water=10_000)
    add_account(x, 9, PARK, money=10**9)
    place(x, 1, "sell", 1_000, 100)
    outcome = place(x, 9, "buy", 1_000, 9_000)
    assert isinstance(outcome, Accepted)
    assert not outcome.fills
    assert outcome.status == "open"


def test_one_beneficial_owner_never_trades_with_himself_but_with_the_next() -> None:
    x = make_exchange()
    add_account(x, 1, FARM, water=1_000, owner=7)
    add_account(x, 2, FARM, water=1_000)
    add_account(x, 9, FARM, money=10**9, owner=7)
    place(x, 1, "sell", 1_000, 2_000)
    place(x, 2, "sell", 1_000, 2_500)
    outcome = place(x, 9, "buy", 1_500, 3_000)
    assert isinstance(outcome, Accepted)
    assert [fill.price for fill in outcome.fills] == [2_500]
    assert outcome.rest == 500


def test_a_cap_binds_and_a_trade_out_of_it_lets_the_blocked_order_through() -> None:
    x = make_exchange(cap=400, k=1_000)
    add_account(x, 1, FARM, water=10_000)
    add_account(x, 2, PARK, water=10_000, owner=9)
    add_account(x, 8, FARM, money=10**9)
    buyer = add_account(x, 9, PARK, money=10**9)
    place(x, 1, "sell", 5_000, 3_000)
    outcome = place(x, 9, "buy", 1_000, 3_000)
    assert isinstance(outcome, Accepted)
    assert (sum(f.delivered for f in outcome.fills), outcome.rest) == (400, 600)
    place(x, 2, "sell", 250, 2_900)
    place(x, 8, "buy", 250, 2_900)  # park → farm frees 250 of the cap; the blocked buyer takes it at once
    assert x.books[1].orders[outcome.order].rest == 350
    assert x.free(CAP) == 0
    assert x.free(buyer.ledger) == 650


@pytest.mark.parametrize(("tif", "left"), [("IOC", "cancelled"), ("GTC", "open")])
def test_what_an_order_leaves_over(tif: str, left: str) -> None:
    x = make_exchange()
    add_account(x, 1, FARM, water=300)
    add_account(x, 9, FARM, money=10**9)
    place(x, 1, "sell", 300, 2_000)
    outcome = place(x, 9, "buy", 1_000, 2_000, tif=tif)
    assert isinstance(outcome, Accepted)
    assert (outcome.status, outcome.rest) == (left, 700)


@pytest.mark.parametrize(
    ("terms", "code"),
    [({"tif": "FOK"}, "fok_not_filled"), ({"min_fill": 500}, "minimum_fill_not_met")],
)
def test_all_or_nothing_orders_change_nothing_when_they_fail(terms: dict[str, object], code: str) -> None:
    x = make_exchange()
    add_account(x, 1, FARM, water=300)
    add_account(x, 9, FARM, money=10**9)
    place(x, 1, "sell", 300, 2_000)
    before = snapshot(x)
    outcome = place(x, 9, "buy", 1_000, 2_000, **terms)
    assert isinstance(outcome, Refused)
    assert outcome.code == code
    assert snapshot(x) == before


def test_post_only_is_refused_where_it_would_fill_and_rests_where_not() -> None:
    x = make_exchange()
    add_account(x, 1, FARM, water=300)
    add_account(x, 9, FARM, money=10**9)
    place(x, 1, "sell", 300, 2_000)
    before = snapshot(x)
    refused = place(x, 9, "buy", 100, 2_000, post_only=True)
    assert isinstance(refused, Refused)
    assert snapshot(x) == before
    assert isinstance(place(x, 9, "buy", 100, 1_999, post_only=True), Accepted)


def test_amending_down_keeps_the_place_in_the_queue_and_anything_else_loses_it() -> None:
    x = make_exchange()
    first = add_account(x, 1, FARM, water=1_000)
    add_account(x, 2, FARM, water=1_000)
    add_account(x, 9, FARM, money=10**9)
    one, two = place(x, 1, "sell", 1_000, 2_000), place(x, 2, "sell", 1_000, 2_000)
    assert isinstance(one, Accepted) and isinstance(two, Accepted)
    amend(x, 1, one.order, volume=600)
    assert x.free(first.ledger) == 400
    filled = place(x, 9, "buy", 600, 2_000)
    assert isinstance(filled, Accepted)
    assert x.books[1].orders.keys() == {two.order}
    again = place(x, 1, "sell", 400, 2_000)
    assert isinstance(again, Accepted)
    amend(x, 2, two.order, volume=1_000, price=2_100)
    amend(x, 2, two.order, price=2_000)
    taken = place(x, 9, "buy", 400, 2_000)
    assert isinstance(taken, Accepted)
    assert x.books[1].orders.keys() == {two.order}


def test_a_buy_hold_covers_every_rounding_and_nothing_is_left_at_the_end() -> None:
    x = make_exchange()
    seller = add_account(x, 1, FARM, water=10_000)
    buyer = add_account(x, 9, FARM, money=1_000)
    placed = place(x, 9, "buy", 1_001, 3_003)
    assert isinstance(placed, Accepted)
    order = x.books[1].orders[placed.order]
    while order.rest:
        assert order.held == buy_hold(order)
        place(x, 1, "sell", min(7, order.rest), 3_003)
    assert order.paid == round_half_even(1_001 * 3_003)
    assert order.held == 0
    assert x.free(buyer.money) + x.free(seller.money) == 1_000


def test_a_trade_under_review_moves_nothing_to_either_side_yet() -> None:
    x = make_exchange(reviews=(ReviewNeed("park", 100, 20),))
    seller = add_account(x, 1, FARM, water=10_000)
    buyer = add_account(x, 9, PARK, money=10**6)
    place(x, 1, "sell", 10_000, 3_000)
    outcome = place(x, 9, "buy", 930, 4_000)
    assert isinstance(outcome, Accepted)
    assert [fill.status for fill in outcome.fills] == ["awaiting_review"]
    assert x.free(seller.money) == 0
    assert x.free(buyer.ledger) == 0
    assert x.free(buyer.money) == 10**6 - outcome.fills[0].amount


def test_the_seller_pays_the_fee_out_of_the_proceeds() -> None:
    x = make_exchange(fee_e6=5_000)
    seller = add_account(x, 1, FARM, water=10_000)
    add_account(x, 9, FARM, money=10**6)
    place(x, 1, "sell", 10_000, 30_000)
    outcome = place(x, 9, "buy", 10_000, 30_000)
    assert isinstance(outcome, Accepted)
    (fill,) = outcome.fills
    assert (fill.amount, fill.fee) == (3_000, 15)
    assert x.free(seller.money) == 2_985


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"volume": 0}, "volume_out_of_range"),
        ({"price": 0}, "price_out_of_range"),
        ({"volume": 5_000}, "insufficient_water"),
        ({"min_fill": 200}, "minimum_fill_above_volume"),
        ({"post_only": True, "tif": "IOC"}, "post_only_contradicted"),
        ({"tif": "GTD"}, "expiry_and_validity"),
        ({"tif": "GTD", "expires_at": 999.0}, "expiry_past"),
        ({"product": 2}, "product_mismatch"),
        ({"water_account": 77}, "not_found"),
    ],
)
def test_a_refusal_names_its_rule_and_changes_nothing(change: dict[str, object], code: str) -> None:
    from market.trading.commands import Place

    x = make_exchange()
    add_account(x, 1, FARM, water=1_000)
    before = snapshot(x)
    terms = {"water_account": 1, "product": 1, "side": "sell", "volume": 100, "price": 1_000} | change
    outcome = x.apply(1, Place(**terms))  # type: ignore[arg-type]
    assert isinstance(outcome, Refused)
    assert outcome.code == code
    assert snapshot(x) == before


@pytest.mark.parametrize("seed", range(12))
def test_any_batch_can_be_taken_back_as_if_it_had_not_been(seed: int) -> None:
    chance = random.Random(seed)
    x = make_exchange(cap=3_000, reviews=(ReviewNeed("park", 400, 20),), fee_e6=3_000)
    for number in range(1, 9):
        pool = chance.choice((FARM, FARM, PARK))
        add_account(x, number, pool, water=20_000, money=20_000, owner=number % 5 + 1)
    start = sum(each.free for key, each in x.balances.items() if key > 2_000_000)
    for _ in range(60):
        x.begin()
        before = snapshot(x)
        _random_commands(x, random.Random(chance.random()))
        if chance.random() < 0.5:
            x.undo_batch()
            assert snapshot(x) == before
    money = sum(each.free for key, each in x.balances.items() if key > 2_000_000)
    held = sum(order.held for order in x.books[1].orders.values() if order.side == "buy")
    assert money + held <= start


def _random_commands(x: object, chance: random.Random) -> None:
    for _ in range(chance.randint(1, 25)):
        number, choice = chance.randint(1, 8), chance.random()
        open_orders = [order.id for order in x.books[1].orders.values()]  # type: ignore[attr-defined]
        if choice < 0.7 or not open_orders:
            tif = chance.choice(("GTC", "GTC", "GTC", "IOC", "FOK"))
            place(
                x,
                number,
                chance.choice(("buy", "sell")),
                chance.randint(1, 900),
                chance.randint(900, 1_100),
                tif=tif,
            )  # type: ignore[arg-type]
            continue
        order = chance.choice(open_orders)
        owner = x.books[1].orders[order].account.participant  # type: ignore[attr-defined]
        if choice < 0.85:
            cancel(x, owner, order)  # type: ignore[arg-type]
        else:
            amend(x, owner, order, chance.randint(1, 900), chance.choice((None, chance.randint(900, 1_100))))  # type: ignore[arg-type]


def test_an_order_that_ended_keeps_its_neighbours_for_an_undo_and_no_longer() -> None:
    """Else each would hold the next for good, where something still knows the first."""
    x = make_exchange()
    add_account(x, 1, FARM, water=10_000)
    first, second, third = (place(x, 1, "sell", 1_000, 3_000) for _ in range(3))
    assert isinstance(first, Accepted) and isinstance(second, Accepted) and isinstance(third, Accepted)
    x.begin()
    orders = dict(x.books[1].orders)
    before = snapshot(x)
    cancel(x, 1, second.order)
    gone = orders[second.order]
    assert (gone.before, gone.after) == (orders[first.order], orders[third.order])
    x.undo_batch()
    assert snapshot(x) == before
    cancel(x, 1, second.order)
    x.begin()
    assert (gone.before, gone.after) == (None, None)
