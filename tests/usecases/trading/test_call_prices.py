"""What calls count in: candles, volume-weighted prices, the index and the reference price."""

from __future__ import annotations

import datetime as dt

from market.core import clock, db
from market.due import CLOCK
from market.trading import call_queries, call_settling, market_data, reference_prices
from market.trading.market_data import BUYER, SELLER, Asked
from tests.model.world import World
from tests.usecases.trading.calling import call_of, held_call

LOT = 1_000
LOSSY = [("a", "sell", 20 * LOT, 3_000), ("d", "buy", 10 * LOT, 4_000)]
"""Canal 1 sells at its limit; of 10 310 litres 10 000 arrive at canal 2."""


def _asked(at: str = SELLER, **more: str) -> Asked:
    today = clock.today()
    return Asked(first=today, last=today, at=at, **more)  # type: ignore[arg-type]


def test_a_call_is_in_the_candles_of_both_places_at_the_price_of_each(world: World) -> None:
    world.place("before", "a", "sell", 2 * LOT, 2_900)
    world.place("takes", "b", "buy", 2 * LOT, 2_900)
    call = call_of(world, LOSSY)
    with db.transaction(world.url) as session:
        connection = db.raw(session)
        (sold,) = market_data.candles(connection, _asked(), interval="day")
        (bought,) = market_data.candles(connection, _asked(BUYER), interval="day")
        prices = {each.canal: each.price_e4 for each in call_queries.prices(session, call.id)}
        assert (sold.open_e4, sold.close_e4, sold.litres, sold.trades) == (2_900, 3_000, 2 * LOT + 10_310, 2)
        assert sold.value_tick_litres == 2 * LOT * 2_900 + 10_310 * 3_000
        assert (bought.close_e4, bought.litres) == (prices["KUSHAN-C2"], 2 * LOT + 10_000)
        (at_c2,) = market_data.candles(connection, _asked(BUYER, zone="KUSHAN-C2"), interval="day")
        assert at_c2.trades == 1
        assert market_data.candles(connection, _asked(zone="KUSHAN-C2"), interval="day") == []


def test_volume_weighted_prices_and_the_index_know_calls_as_a_kind_of_their_own(world: World) -> None:
    call_of(
        world, [("a", "sell", 10 * LOT, 3_000), ("b", "sell", 10 * LOT, 3_000), ("d", "buy", 10 * LOT, 4_000)]
    )
    with db.transaction(world.url) as session:
        connection = db.raw(session)
        (price,) = market_data.prices(connection, _asked(), period="day", level="canal", limit=9)
        assert (price.zone, price.sector, price.litres, price.trades) == (
            "KUSHAN-C1",
            "agriculture",
            10_310,
            2,
        )
        assert price.value_tick_litres == 10_310 * 3_000
        samples = market_data.samples(connection, _asked(), period="day", level="canal")
        (sample,) = samples["KUSHAN-C1", "agriculture"].values()
        ((item, _),) = sample.items.items()
        assert item.endswith("/call")
        assert (sample.trades, sample.pairs, sample.thin) == (2, 2, True)  # two sellers, one call


def test_a_call_counts_in_no_market_data_until_it_is_settled(world: World) -> None:
    call = held_call(world, [("a", "sell", 20 * LOT, 3_000), ("f", "buy", 9 * LOT, 4_000)])
    with db.transaction(world.url) as session:
        assert market_data.candles(db.raw(session), _asked(), interval="day") == []
    with db.transaction(world.url) as session:
        call_settling.reject(session, actor=world.names.actor, call_id=call, reason="no use plan")
    with db.transaction(world.url) as session:
        assert market_data.candles(db.raw(session), _asked(), interval="day") == []


def test_the_reference_price_of_the_next_day_is_what_sellers_got_in_book_and_calls(world: World) -> None:
    with db.transaction(world.url) as session:
        reference_prices.set_by_bureau(
            session, actor=world.names.actor, product_id=world.names.product, price_e4=2_000, reason="appraised",
            legal_source="tests",
        )  # fmt: skip
    world.place("before", "a", "sell", 10 * LOT, 2_000)
    world.place("takes", "b", "buy", 10 * LOT, 2_000)
    call_of(world, LOSSY)
    with (
        clock.moved_to(clock.now() + dt.timedelta(days=1)),
        db.transaction(world.url) as session,
    ):
        found = reference_prices.settle(session, actor=CLOCK, product_id=world.names.product)
        assert found is not None
        weighted = (10 * LOT * 2_000 + 10_310 * 3_000) / (10 * LOT + 10_310)
        assert (found.basis, found.volume_litres) == ("traded", 10 * LOT + 10_310)
        assert abs(found.price_e4 - weighted) <= 0.5
