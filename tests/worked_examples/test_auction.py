"""Ten call auctions worked by hand. Prices yuan/m3 and volumes m3 in the comments; ticks and litres in the code."""

from __future__ import annotations

from dataclasses import replace

import pytest

from market.trading.auction import BUY, SELL, Arc, Limit, Market, clear, record
from market.trading.auction.accounts import TwoWayAccount, after, limits_of
from market.trading.auction.limits import cap_terms, conversion_terms, route_terms
from market.trading.auction.model import FARM_FIRST, MINIMUM_FILL, Clearing
from market.trading.auction.replay import replay
from market.trading.verify import verify
from tests.unit.trading.auction.markets import FARM, PARK, market_of

YUAN = 10_000
"""Ticks."""


def cleared(market: Market) -> Clearing:
    """The clearing of a market whose record passes every check, and comes out the same again."""
    clearing = clear(market)
    found = record(market, clearing)
    assert verify(found) == []
    assert replay(found).same
    return clearing


def fills(clearing: Clearing) -> list[int]:
    """Litres of each order."""
    return clearing.litres.fills.tolist()


def money(clearing: Clearing) -> tuple[int, int, int]:
    """Fen paid, received, and left for the fund."""
    return clearing.litres.paid_fen, clearing.litres.received_fen, clearing.litres.fund_fen


def test_1_one_zone_takes_the_price_beside_the_unserved_bid() -> None:
    market = market_of(
        [(SELL, 0, 2000, 100_000), (SELL, 0, 3000, 100_000), (BUY, 0, 4000, 100_000), (BUY, 0, 2500, 60_000)],
        references=(2400,),
    )
    clearing = cleared(market)
    assert clearing.witness.intervals == ((2_500_000, 3_000_000),)
    assert clearing.litres.prices_e4 == (2501,)
    assert fills(clearing) == [100_000, 0, 100_000, 0]
    assert money(clearing) == (2501, 2501, 0)
    assert clearing.litres.welfare == 20 * YUAN * 1000


def test_2_a_loss_lies_between_two_prices() -> None:
    market = market_of(
        [(SELL, 0, 1800, 100_000), (BUY, 1, 3000, 60_500)],
        references=(2400, 2400),
        arcs=(Arc("route", 0, 1, 900),),
    )
    clearing = cleared(market)
    assert clearing.litres.prices_e4 == (1800, 2000)
    assert (clearing.litres.delivered, clearing.litres.entering) == ((60_500,), (67_223,))
    assert clearing.litres.losses == (6_723,)
    assert money(clearing) == (1210, 1210, 0)


def test_3_the_rent_of_a_cap_goes_to_the_fund() -> None:
    arcs = (Arc("route", 0, 1, 1000),)
    market = market_of(
        [(SELL, 0, 2000, 100_000), (SELL, 1, 4000, 20_000), (BUY, 1, 5000, 80_000)],
        references=(2400, 2400),
        arcs=arcs,
        limits=(Limit("cap", "b", 30_000, cap_terms(arcs, {1})),),
    )
    clearing = cleared(market)
    assert clearing.litres.prices_e4 == (2000, 5000)
    assert fills(clearing) == [30_000, 20_000, 50_000]
    assert clearing.binding == ((0, 3000 * 10**9),)
    assert money(clearing) == (2500, 1600, 900)
    assert clearing.litres.welfare == 11 * YUAN * 1000


def test_4_a_full_route_with_loss() -> None:
    market = market_of(
        [(SELL, 0, 2000, 100_000), (SELL, 0, 2800, 50_000), (BUY, 0, 3000, 70_000), (BUY, 1, 6000, 30_000),
         (BUY, 1, 4000, 50_000)],
        references=(2400, 2400),
        arcs=(Arc("route", 0, 1, 950),),
        limits=(Limit("route", "canal", 40_000, route_terms([0])),),
    )  # fmt: skip
    clearing = cleared(market)
    assert (clearing.litres.entering, clearing.litres.delivered) == ((40_000,), (38_000,))
    assert clearing.litres.prices_e4 == (2800, 4000)
    assert fills(clearing) == [100_000, 10_000, 70_000, 30_000, 8_000]
    assert clearing.binding == ((0, 1000 * 10**9),)
    assert money(clearing) == (3480, 3080, 400)
    assert clearing.litres.welfare == 194 * YUAN * 100


def test_5_farm_water_goes_to_industry_up_to_the_limit() -> None:
    arcs = (Arc("conversion", 0, 1, 1000),)
    market = market_of(
        [(SELL, 0, 1000, 100_000), (BUY, 0, 2500, 30_000), (SELL, 1, 7000, 10_000), (BUY, 1, 9000, 50_000)],
        references=(2400, 2400),
        sectors=(FARM, PARK),
        arcs=arcs,
        limits=(Limit("conversion", "district", 20_000, conversion_terms(arcs, {0, 1})),),
    )
    clearing = cleared(market)
    assert clearing.litres.prices_e4 == (1000, 9000)
    assert fills(clearing) == [50_000, 30_000, 10_000, 30_000]
    assert clearing.binding == ((0, 8000 * 10**9),)
    assert money(clearing) == (3000, 1400, 1600)
    assert clearing.litres.welfare == 225 * YUAN * 100


def test_6_the_left_over_litre_is_drawn() -> None:
    market = market_of([(SELL, 0, 2000, 10_000)] * 3 + [(BUY, 0, 3000, 10_000)], references=(2500,))
    clearing = cleared(market)
    assert clearing.litres.prices_e4 == (2000,)
    assert fills(clearing) == [3_334, 3_333, 3_333, 10_000]
    assert money(clearing) == (200, 198, 2)


def test_7_without_a_cross_nothing_trades_and_the_price_is_indicative() -> None:
    market = market_of([(SELL, 0, 3000, 10_000), (BUY, 0, 2500, 10_000)], references=(2800,))
    clearing = cleared(market)
    assert clearing.witness.intervals == ((2_500_000, 3_000_000),)
    assert clearing.litres.prices_e4 == (2800,)
    assert fills(clearing) == [0, 0]
    assert money(clearing) == (0, 0, 0)


@pytest.mark.parametrize(
    ("out_open", "sent", "prices", "fund"), [(True, 10_000, (1000, 3000), 200), (False, 0, (1500, 2500), 0)]
)
def test_8_a_two_way_account_that_is_closed_out_lets_nothing_out(
    out_open: bool, sent: int, prices: tuple[int, int], fund: int
) -> None:
    """Balance 90 of 100. Sell 50 at a at 0.10, buy 50 at b at 0.30; a farm at a bids 0.15, one at b asks 0.25.

    Open: 10 go out, sellers at a and buyers at b are marginal: without the two farms 0.10 and 0.30, and the fund has
    10·0.20 = 2.00. Closed since it was full, for it has not come back to 85: each side trades at home, a at its
    farm's 0.15, b at its farm's 0.25, and nothing is left for the fund.
    """
    account = TwoWayAccount("a-b", 90_000, 100_000, 85_000, 15_000, out_open=out_open)
    orders = [(SELL, 0, 1000, 50_000), (BUY, 1, 3000, 50_000)]
    if not out_open:
        orders += [(BUY, 0, 1500, 60_000), (SELL, 1, 2500, 60_000)]
    market = market_of(
        orders,
        references=(1500, 2500),
        arcs=(Arc("route", 0, 1, 1000), Arc("route", 1, 0, 1000)),
        limits=limits_of(account, route_terms([0]), route_terms([1])),
    )
    clearing = cleared(market)
    assert clearing.litres.entering == (sent, 0)
    assert clearing.litres.prices_e4 == prices
    assert clearing.litres.fund_fen == fund
    left = after(account, out_litres=sent, in_litres=0)
    assert left.balance_litres == 90_000 + sent
    assert not left.out_open  # full now, or still not back at 85


def test_9_farms_buy_first_and_the_general_call_starts_from_what_is_left() -> None:
    """Farms sell 100 at 0.10; a farm bids 40 at 0.20, a factory 80 at 0.90; reference 0.15 and 0.60.

    Window: only the farm buys, 40; the seller is marginal, 0.10. In 4.00, out 4.00. General call: 60 are left and all
    go to the factory, which is marginal; one price along the conversion without a limit: 0.90, in 54.00, out 54.00.
    """
    arcs = (Arc("conversion", 0, 1, 1000),)

    def county(*orders: tuple[int, int, int, int]) -> Market:
        return market_of(list(orders), references=(1500, 6000), sectors=(FARM, PARK), arcs=arcs)

    window = county((SELL, 0, 1000, 100_000), (BUY, 0, 2000, 40_000))
    first = cleared(replace(window, window=FARM_FIRST))
    assert fills(first) == [40_000, 40_000]
    assert first.litres.entering == (0,)
    assert first.litres.prices_e4[0] == 1000
    assert money(first) == (400, 400, 0)
    left = 100_000 - fills(first)[0]
    second = cleared(county((SELL, 0, 1000, left), (BUY, 1, 9000, 80_000)))
    assert fills(second) == [60_000, 60_000]
    assert second.litres.prices_e4 == (9000, 9000)
    assert money(second) == (5400, 5400, 0)


def test_10_the_newest_order_below_its_minimum_goes_and_the_rest_clears_again() -> None:
    """Sell 30 at 0.20. Three bids of 20 at 0.40, the last two all or nothing, reference 0.30.

    All share 30 at the one price 0.40: 10 each, less than 20 for orders 2 and 3. Order 3, the newest, goes; orders 1
    and 2 have 15 each, so order 2 goes too. Order 1 has its 20, the seller is marginal: 0.20.
    """
    market = market_of(
        [(SELL, 0, 2000, 30_000), (BUY, 0, 4000, 20_000), (BUY, 0, 4000, 20_000), (BUY, 0, 4000, 20_000)],
        references=(3000,),
        minimum=[0, 0, 20_000, 20_000],
    )
    clearing = cleared(market)
    assert [(each.order, each.reason) for each in clearing.dropped] == [(3, MINIMUM_FILL), (2, MINIMUM_FILL)]
    assert fills(clearing) == [20_000, 20_000, 0, 0]
    assert clearing.litres.prices_e4 == (2000,)
    assert money(clearing) == (400, 400, 0)
