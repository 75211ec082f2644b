"""The rules of the call auction, as sentences, and on random markets."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import numpy as np
import pytest

from market.bench.auction import county
from market.trading.auction import BUY, SELL, Arc, BadMarket, canonical, clear, draw_seed, record, words
from market.trading.auction.accounts import TwoWayAccount, after, room
from market.trading.auction.litres import entering, whole
from market.trading.auction.model import FARM_FIRST, LIMIT_KINDS, WOULD_CROSS_ITSELF
from market.trading.auction.record import sealed
from market.trading.auction.replay import (
    CLOSED,
    DROPPED,
    FLOWS,
    INTERVALS,
    MULTIPLIERS,
    ONLY_REPLAY_SEES,
    PRICES,
    SHARES,
    WITNESS,
    replay,
)
from market.trading.auction.shares import pro_rata
from market.trading.verify import Malformed, parse, verify
from tests.unit.trading.auction.checks import (
    GAP,
    check_market,
    check_tampering,
    good_record,
    relative_gap,
)
from tests.unit.trading.auction.markets import FARM, PARK, circling_market, market_of, one_zone
from tests.unit.trading.auction.peer import try_everything
from tests.unit.trading.auction.tampering import (
    ONLY_REPLAY_REFUSES,
    VERIFY_REFUSES,
    Forgery,
    a_detour,
    a_flow_lowered,
    a_multiplier_raised,
    a_way_shut,
    an_interval_widened,
    an_order_passed_over,
    another_price_that_would_do,
    another_rounding,
)

MARKETS, TAMPERED = 300, 324


@pytest.mark.parametrize("first", range(0, MARKETS, 50))
def test_random_markets_are_as_good_as_one_variable_an_order_by_every_path(first: int) -> None:
    outcomes = [check_market(number, segments=number % 2 == 1) for number in range(first, first + 50)]
    assert [each for each in outcomes if each.failed] == []
    assert [each for each in outcomes if each.gap > GAP] == []
    assert [each for each in outcomes if each.paths] == []


def test_tampered_records_are_refused_though_hashed_anew() -> None:
    answers = [check_tampering(number) for number in range(TAMPERED)]
    assert [each for each in answers if each[1] != "refused"] == []
    kinds = {each.__name__ for each in VERIFY_REFUSES + ONLY_REPLAY_REFUSES}
    assert {kind for kind, _ in answers} == kinds


ONLY_REPLAY = [
    (another_price_that_would_do, PRICES), (an_interval_widened, INTERVALS), (a_multiplier_raised, MULTIPLIERS),
    (a_flow_lowered, SHARES), (another_rounding, WITNESS), (an_order_passed_over, DROPPED), (a_way_shut, CLOSED),
    (a_detour, FLOWS),
]  # fmt: skip


@pytest.mark.parametrize(("forgery", "name"), ONLY_REPLAY, ids=[name for _, name in ONLY_REPLAY])
def test_what_passes_every_integer_check_is_refused_by_replay_by_name(forgery: Forgery, name: str) -> None:
    seen = 0
    for number in range(600):
        found = forgery(good_record(number), Random(number))
        if found is None or verify(found) or found == good_record(number):
            continue
        report = replay(found)
        assert report.refused or report.same  # the same record after all
        seen += name in report.refused
        if seen == 2:
            break
    assert seen == 2
    assert {each for _, each in ONLY_REPLAY} == set(ONLY_REPLAY_SEES)


@pytest.mark.parametrize("first", range(0, 200, 50))
def test_in_one_zone_nothing_that_can_be_tried_is_better(first: int) -> None:
    for number in range(first, first + 50):
        market = one_zone(number)
        litres = clear(market).litres
        bought = int(litres.fills[market.orders.side == BUY].sum())
        assert (litres.welfare, bought) == try_everything(market), number


def test_a_large_book_is_cleared_by_segments_as_well_as_by_orders() -> None:
    market = county(12_000)
    clearing = clear(market)
    assert verify(record(market, clearing)) == []
    assert relative_gap(market, clearing) <= GAP


def test_when_all_are_tied_every_litre_is_still_shared_exactly() -> None:
    """15 000 sellers of 1 m3 at one price for a buyer of 10 000.001 m3: 666 or 667 l each, drawn by the seed."""
    market = market_of([(SELL, 0, 2000, 1_000)] * 15_000 + [(BUY, 0, 3000, 10_000_001)], references=(2500,))
    clearing = clear(market)
    sold = clearing.litres.fills[:-1]
    assert (int(sold.min()), int(sold.max()), int(sold.sum())) == (666, 667, 10_000_001)
    assert verify(record(market, clearing)) == []


def test_a_lossy_circle_is_closed_and_named() -> None:
    market = circling_market()
    clearing = clear(market)
    assert clearing.closed == (
        1,
        0,
    )  # the way round, then the way on which buyers would be paid to take water
    assert verify(record(market, clearing)) == []
    assert not any(clearing.litres.entering)  # no headroom was made for the third place
    assert replay(record(market, clearing)).same


def test_an_owner_does_not_cross_itself_and_the_newer_order_goes() -> None:
    market = market_of(
        [(SELL, 0, 2000, 10_000), (BUY, 0, 3000, 10_000), (BUY, 0, 1900, 10_000), (BUY, 0, 2500, 10_000)],
        references=(2200,),
        owner=[1, 1, 1, 2],
    )
    clearing = clear(market)
    assert [(each.order, each.reason) for each in clearing.dropped] == [(1, WOULD_CROSS_ITSELF)]
    assert clearing.litres.fills.tolist() == [10_000, 0, 0, 10_000]
    found = record(market, clearing)
    assert verify(found) == []
    found["dropped"] = []
    assert "hash" in verify(found)


def test_fair_shares_reach_across_nodes() -> None:
    """20 m3 at a for two places that would both take all at the same price: ten each, not twenty and none."""
    market = market_of(
        [(SELL, 0, 1000, 20_000), (BUY, 1, 3000, 20_000), (BUY, 2, 3000, 20_000)],
        references=(2000, 2000, 2000),
        arcs=(Arc("route", 0, 1, 1000), Arc("route", 0, 2, 1000)),
    )
    assert clear(market).litres.fills.tolist() == [20_000, 10_000, 10_000]


def test_an_exact_loss_rule_holds_for_every_k() -> None:
    random = Random(1)
    for _ in range(2_000):
        k, delivered = random.randint(1, 1000), random.randint(0, 10**9)
        litres = entering(delivered, k)
        assert litres * k // 1000 == delivered
        assert litres == 0 or (litres - 1) * k // 1000 < delivered


def test_a_flow_a_hair_below_a_whole_litre_is_that_litre() -> None:
    assert whole(67_222_223, 900, snap=True) == 60_500
    assert whole(67_222_200, 900, snap=True) == 60_499 + 1
    assert whole(67_222_100, 900, snap=True) == 60_499
    assert whole(67_222_223, 900, snap=False) == 60_499


def test_pro_rata_is_exact_and_largest_remainders_go_first() -> None:
    shares = pro_rata(np.array([3, 3, 4]), 5, np.array([7, 8, 9]), "s")
    assert shares.sum() == 5
    assert shares.tolist() in ([2, 1, 2], [1, 2, 2])
    large = pro_rata(np.array([10**15, 10**15 - 1]), 10**15, np.array([0, 1]), "s")
    assert large.tolist() == [500_000_000_000_000, 500_000_000_000_000]


def test_a_two_way_account_nets_and_switches_between_calls() -> None:
    account = TwoWayAccount("valley", 90, 100, 85, 15)
    assert room(account) == (10, 90)
    full = after(account, out_litres=10, in_litres=0)
    assert (full.out_open, room(full)) == (False, (0, 100))
    less = after(full, out_litres=0, in_litres=10)
    assert (less.balance_litres, less.out_open) == (90, False)
    back = after(less, out_litres=0, in_litres=5)
    assert (back.out_open, room(back)) == (True, (15, 85))
    empty = after(back, out_litres=0, in_litres=85)
    assert (empty.in_open, room(empty)) == (False, (100, 0))
    some = after(empty, out_litres=14, in_litres=0)
    assert not some.in_open
    assert after(some, out_litres=1, in_litres=0).in_open
    with pytest.raises(BadMarket, match="no room"):
        after(full, out_litres=1, in_litres=0)


def test_binding_limits_are_told_in_both_languages() -> None:
    zh, en = words.binding("cap", "包尔海", 3000 * 10**9)
    assert zh == "包尔海（总量控制指标）已用满：此处每多一立方米，值 0.3000 元。"
    assert en == "包尔海 (cap) is used up: one more m³ here would be worth 0.3000 yuan."
    assert "0.000050" in words.binding("route", "K1", 5 * 10**8)[1]
    assert set(words.KINDS) == set(LIMIT_KINDS)


def test_in_a_farm_first_window_industry_has_no_orders() -> None:
    market = market_of([(SELL, 0, 1000, 10), (BUY, 1, 2000, 10)], references=(1, 1), sectors=(FARM, PARK))
    with pytest.raises(BadMarket, match="industry has no orders"):
        replace(market, window=FARM_FIRST)
    with pytest.raises(BadMarket, match="no window"):
        replace(market, window="night")
    found = record(market, clear(market))
    assert verify(sealed(found | {"window": FARM_FIRST})) == ["window"]


def test_a_seed_comes_from_the_book_and_a_number_committed_to() -> None:
    one, other = market_of([(SELL, 0, 1, 1)]), market_of([(SELL, 0, 1, 2)])
    assert draw_seed(one.orders, "1") != draw_seed(other.orders, "1")
    assert draw_seed(one.orders, "1") != draw_seed(one.orders, "2")


@pytest.mark.parametrize(
    ("arc", "message"),
    [
        (Arc("route", 0, 0, 1000), "from one node to another"),
        (Arc("route", 0, 1, 0), "delivers 0"),
        (Arc("conversion", 0, 1, 1000), "within one zone"),
        (Arc("pipe", 0, 1, 1000), "unknown kind"),
    ],
)
def test_what_is_no_market_is_refused_in_words(arc: Arc, message: str) -> None:
    with pytest.raises(BadMarket, match=message):
        market_of([(SELL, 0, 1, 1)], references=(1, 1), arcs=(arc,))


def test_domestic_users_never_sell() -> None:
    with pytest.raises(BadMarket, match="never sell"):
        market_of([(SELL, 0, 1, 1)], references=(1,), sectors=("domestic",))


def test_a_call_without_orders_is_a_call() -> None:
    market = market_of([], references=(1500,))
    clearing = clear(market)
    assert clearing.litres.prices_e4 == (1500,)
    assert verify(record(market, clearing)) == []


@pytest.mark.parametrize("text", [b"", b"[]", b"{", b'{"a":1,"a":1}', b'{"a":1.5}', b'{"a":NaN}', b"\xff"])
def test_what_is_no_record_is_malformed(text: bytes) -> None:
    with pytest.raises(Malformed):
        parse(text)


def test_a_record_survives_its_canonical_text() -> None:
    market = market_of([(SELL, 0, 2000, 10_000), (BUY, 0, 3000, 10_000)], references=(2500,))
    found = record(market, clear(market))
    assert parse(canonical(found)) == found
    for name in found:
        rest = {key: value for key, value in found.items() if key != name}
        assert verify(rest) in (["hash"], ["form"])
