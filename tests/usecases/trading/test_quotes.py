"""A quote says what the engine then does: routes that lose water, prices here and there, fees, reviews, refusals."""

from __future__ import annotations

import pytest

from ledger.units import parse_litres, parse_price_e4
from market.core import db
from market.core.errors import NotFound
from market.trading import quotes
from market.trading.commands import Accepted, Refused
from market.trading.quotes import Quote
from tests.model.world import World

PRICE = parse_price_e4("0.3003")


def quoted(world: World, who: str, side: str, volume: int, price: int, **terms: object) -> Quote:
    with db.connect(world.url) as connection:
        return quotes.quote(
            connection, water_account_id=world.names.water[who], side=side, volume_litres=volume, price_e4=price,
            **terms,  # type: ignore[arg-type]
        )  # fmt: skip


def same(world: World, quote: Quote, done: Accepted | Refused) -> None:
    """What was said of the order at once is what the engine made of it, to the litre and the fen."""
    now = quote.at_once
    if isinstance(done, Refused):
        assert now.refusal == done
        return
    assert now.refusal is None
    assert (now.status, now.rest_litres, now.held_litres + now.held_fen) == (
        done.status,
        done.rest,
        done.held,
    )
    said = [
        (each.source_litres, each.delivered_litres, each.price_e4, each.price_at, each.amount_fen, each.fee_fen,
         "settled" if each.review_rule is None else "awaiting_review")
        for each in now.fills
    ]  # fmt: skip
    assert said == [
        (each.source, each.delivered, each.price, each.maker, each.amount, each.fee, each.status)
        for each in done.fills
    ]


def test_a_sale_over_a_lossy_route_is_quoted_as_it_then_fills_and_as_it_waits(world: World) -> None:
    litres = parse_litres("20")
    world.place("bid", "f", "buy", parse_litres("9"), parse_price_e4("0.4001"))
    quote = quoted(world, "a", "sell", litres, PRICE)
    assert quote.fee_due_fen == 0 and quote.most_fen == 601
    (park,) = [each for each in quote.options if each.canal == "PARK"]
    assert (park.arrives_per_mille, park.source_litres, park.delivered_litres) == (900, 20_000, 18_000)
    assert park.loss_litres == 2_000 and park.waiting_litres == 9_000
    assert (park.best_price_e4, park.price_here_e4) == (
        4_001,
        3_600,
    )  # 0.4001 · 0.9, never rounded up for a seller
    assert park.amount_fen == 601 and park.net_fen == park.amount_fen - park.fee_fen  # 20 m3 · 0.3003 = 6.006
    assert park.review_rule is not None and park.review_source and park.review_due_on is not None
    done = world.place("ask", "a", "sell", litres, PRICE)
    assert isinstance(done, Accepted) and len(done.fills) == 1
    same(world, quote, done)
    now = quote.at_once
    assert (now.source_litres, now.delivered_litres, now.amount_fen) == (10_000, 9_000, 360)  # 9 m3 · 0.4001
    assert now.rest_litres == now.held_litres == 10_000 and now.fills[0].review_rule == park.review_rule
    assert now.net_fen == 360 - now.fee_fen
    assert (quote.value_fen, now.rest_net_fen) == (
        601,
        300,
    )  # 6.006 and 3.003 at its own price; the pack asks no fee


def test_a_purchase_is_quoted_with_the_money_that_it_holds(world: World) -> None:
    world.place("ask", "a", "sell", parse_litres("10"), PRICE)
    wanted, limit = parse_litres("12"), parse_price_e4("0.5")
    quote = quoted(world, "f", "buy", wanted, limit)
    (place,) = quote.options
    assert place.price_here_e4 == 3_337  # 0.3003 / 0.9 = 0.33366…, never rounded down for a buyer
    assert (place.source_litres, place.delivered_litres, place.loss_litres) == (13_334, 12_000, 1_334)
    assert quote.most_fen == 600
    done = world.place("bid", "f", "buy", wanted, limit)
    same(world, quote, done)
    assert (quote.at_once.amount_fen, quote.at_once.held_fen) == (300, 151)  # 3.003 and 1.50: held up to 4.51
    assert quote.at_once.fills[0].sector == "agriculture"


def test_neighbours_trade_without_loss_or_review_and_limits_cut_what_fills(world: World) -> None:
    world.place("bid", "b", "buy", parse_litres("60"), PRICE)
    quote = quoted(world, "a", "sell", parse_litres("12"), PRICE)
    (near,) = quote.options
    assert near.loss_litres == 0 and near.review_rule is None and near.price_here_e4 == PRICE
    same(world, quote, world.place("ask", "a", "sell", parse_litres("12"), PRICE))
    assert quote.at_once.status == "filled" and quote.at_once.held_litres == 0
    ask = parse_price_e4("0.29")  # 0.3003 · 0.97 at the place of d
    far = quoted(world, "d", "sell", parse_litres("60"), ask)
    same(world, far, world.place("far", "d", "sell", parse_litres("60"), ask))
    assert far.at_once.delivered_litres == parse_litres("25")  # 48 more are wanted; the township's cap has 25


def test_a_refusal_is_told_before_the_order_is_placed_and_holds_nothing(world: World) -> None:
    world.place("bid", "f", "buy", parse_litres("9"), parse_price_e4("0.4"))
    for terms, volume in (({}, "900"), ({"tif": "FOK"}, "30"), ({"post_only": True}, "20")):
        litres = parse_litres(volume)
        quote = quoted(world, "a", "sell", litres, PRICE, **terms)
        assert quote.at_once.refusal is not None and not quote.at_once.fills
        same(world, quote, world.place("no", "a", "sell", litres, PRICE, **terms))
    poor = quoted(world, "f", "buy", parse_litres("100000"), parse_price_e4("1"))
    assert poor.at_once.refusal is not None and poor.at_once.refusal.code == "insufficient_money"
    with pytest.raises(NotFound), db.connect(world.url) as connection:
        quotes.quote(connection, water_account_id=10**9, side="sell", volume_litres=1_000, price_e4=1)


def test_validity_is_part_of_the_quote(world: World) -> None:
    world.place("bid", "f", "buy", parse_litres("9"), parse_price_e4("0.4"))
    terms = {"tif": "IOC", "min_fill_litres": 0}
    quote = quoted(world, "a", "sell", parse_litres("20"), PRICE, **terms)
    done = world.place("ask", "a", "sell", parse_litres("20"), PRICE, tif="IOC")
    same(world, quote, done)
    assert quote.at_once.status == "cancelled" and quote.at_once.held_litres == 0
