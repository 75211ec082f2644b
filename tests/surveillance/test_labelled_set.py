"""The labelled set of market surveillance is whole, consistent in itself, and says who must be named."""

from __future__ import annotations

from collections import Counter, defaultdict
from itertools import pairwise

import pytest

from market.supervision.surveillance.evidence import BUY, DETECTORS, SELL, OrderEvent
from tests.surveillance.building import Expected, Scenario
from tests.surveillance.scenarios import SCENARIOS, unpublished_announcement, wash_trade

ZERO_PRICED = ("gift", "succession", "reorganisation")
each_case = pytest.mark.parametrize("case", SCENARIOS, ids=[one.id for one in SCENARIOS])


def labels(case: Scenario) -> tuple[Expected, ...]:
    return case.expected + case.tolerated


def test_there_are_eight_cases_of_each_detector_and_half_are_innocent() -> None:
    assert len(SCENARIOS) == 88
    assert len({one.id for one in SCENARIOS}) == 88
    guilty = Counter(one.about for one in SCENARIOS if one.expected)
    innocent = Counter(one.about for one in SCENARIOS if not one.expected)
    assert guilty == innocent == dict.fromkeys(DETECTORS, 4)


def test_a_case_is_the_same_whenever_it_is_built() -> None:
    assert wash_trade.there_and_back() == wash_trade.SCENARIOS[0]
    assert unpublished_announcement.before_and_after() == unpublished_announcement.SCENARIOS[-1]


@each_case
def test_a_case_says_what_it_is_and_why(case: Scenario) -> None:
    assert case.title and case.why.endswith(".")
    assert not case.expected or case.about in {one.detector for one in case.expected}
    assert all(one.detector in DETECTORS and one.parties for one in labels(case))


@each_case
def test_everything_is_in_the_order_of_time(case: Scenario) -> None:
    for kind in (case.evidence.orders, case.evidence.trades, case.evidence.closes):
        times = [one.at for one in kind]
        assert times == sorted(times)
    assert all(one.at.tzinfo for one in (*case.evidence.orders, *case.evidence.trades))
    decided = [one.decided_at for one in case.evidence.announcements]
    assert decided == sorted(decided)
    assert all(one.decided_at < one.published_at for one in case.evidence.announcements)


@each_case
def test_whoever_and_whatever_is_named_exists(case: Scenario) -> None:
    seen = case.evidence
    parties = {one.id for one in seen.parties}
    trades = {one.id for one in seen.trades}
    orders = {one.order for one in seen.orders}
    assert len(parties) == len(seen.parties) and len(trades) == len(seen.trades)
    for one in labels(case):
        assert one.parties <= parties and one.trades <= trades and one.orders <= orders
    assert {party for one in seen.trades for party in (one.seller, one.buyer)} <= parties
    assert {one.party for one in seen.orders} | {one.party for one in seen.rights} <= parties
    assert {one.owner for one in seen.parties} <= parties
    assert {party for one in seen.announcements for party in one.insiders} <= parties


@each_case
def test_what_is_named_was_done_by_those_who_are_named(case: Scenario) -> None:
    owner_of = {one.order: one.party for one in case.evidence.orders}
    trades = {one.id: one for one in case.evidence.trades}
    for one in labels(case):
        assert all(owner_of[order] in one.parties for order in one.orders)
        assert all({trades[trade].seller, trades[trade].buyer} & one.parties for trade in one.trades)


@each_case
def test_volumes_and_prices_are_possible(case: Scenario) -> None:
    named = {trade for one in labels(case) if one.detector == "zero_price" for trade in one.trades}
    for trade in case.evidence.trades:
        assert trade.litres > 0 and trade.seller != trade.buyer
        ordinary = 1000 <= trade.price_e4 <= 15_000
        assert ordinary or trade.id in named or (trade.price_e4 == 0 and trade.transfer_kind in ZERO_PRICED)
        assert trade.reference_e4 is None or trade.reference_e4 > 0
    assert all(one.price_e4 > 0 for one in case.evidence.closes)
    assert all(one.litres > 0 and 0 <= one.rest <= one.litres for one in case.evidence.orders)


@each_case
def test_an_order_lives_from_its_placing_and_its_fills_are_its_trades(case: Scenario) -> None:
    lives: dict[int, list[OrderEvent]] = defaultdict(list)
    for event in case.evidence.orders:
        lives[event.order].append(event)
    traded: Counter[int] = Counter()
    for trade in case.evidence.trades:
        for number, party, side in (
            (trade.sell_order, trade.seller, SELL),
            (trade.buy_order, trade.buyer, BUY),
        ):
            if number:
                traded[number] += trade.litres
                first = lives[number][0]
                assert (first.party, first.side, first.product) == (party, side, trade.product)
                assert any(one.at == trade.at and one.action == "filled" for one in lives[number])
    for number, life in lives.items():
        assert [one.action for one in life].count("placed") == 1 and life[0].action == "placed"
        filled = 0
        for before, after in pairwise(life):
            assert before.rest > 0
            filled += before.rest - after.rest if after.action == "filled" else 0
            assert after.rest == 0 or after.action in ("filled", "amended")
        assert filled == traded[number]


@each_case
def test_a_fill_is_within_the_limits_of_its_orders(case: Scenario) -> None:
    limit = {(one.order, one.at): one.price_e4 for one in case.evidence.orders if one.action == "filled"}
    for trade in case.evidence.trades:
        assert not trade.sell_order or limit[trade.sell_order, trade.at] <= trade.price_e4
        assert not trade.buy_order or limit[trade.buy_order, trade.at] >= trade.price_e4


@each_case
def test_rights_are_within_themselves_and_know_what_the_tape_knows(case: Scenario) -> None:
    sold: Counter[int] = Counter()
    bought: Counter[int] = Counter()
    for trade in case.evidence.trades:
        sold[trade.seller] += trade.litres
        bought[trade.buyer] += trade.litres
    told = [one for one in case.evidence.rights if one.year == 2026]
    for right in case.evidence.rights:
        assert right.used + right.sold <= right.allocated + right.bought
    for party in {one.party for one in told}:
        assert sum(one.sold for one in told if one.party == party) >= sold[party]
        assert sum(one.bought for one in told if one.party == party) >= bought[party]
    keys = [(one.right, one.year) for one in case.evidence.rights]
    assert len(keys) == len(set(keys))


@each_case
def test_there_is_an_ordinary_market_around_the_case(case: Scenario) -> None:
    named = {trade for one in labels(case) for trade in one.trades}
    actors = {one.party for one in case.evidence.orders} - {
        party for one in labels(case) for party in one.parties
    }
    assert 5 <= len(actors) <= 25
    assert len({one.at.date() for one in case.evidence.trades}) >= 4
    assert len([one for one in case.evidence.trades if one.id not in named]) >= 8
    assert len({one.product for one in case.evidence.orders}) >= 2
