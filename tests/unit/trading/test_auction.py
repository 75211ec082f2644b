"""The call auction on random markets: as good as one variable an order, checked, repeated, the same by every way."""

from __future__ import annotations

import json
import random

import numpy as np
import pytest

from market.trading import verify
from market.trading.auction import clear, record
from market.trading.auction.clearing import circle
from market.trading.auction.model import Arc, Market, Node, Options, Orders
from market.trading.auction.replay import replay
from tests.unit.trading import auction_tampering as tampering
from tests.unit.trading.auction_markets import SHAPES, best_welfare, brute_welfare, random_market

WAYS = (Options(), Options(presolve="off", strategy=1), Options(solver="ipm"), Options(random_seed=4_711))
MARKETS = 240
LEAST = 1_000
"""Tick-litres (a hundredth of a fen): what two zeros may differ by."""


def test_random_markets_reach_the_greatest_welfare_and_pass_every_check() -> None:
    traded = 0
    for number in range(MARKETS):
        market = random_market(number)
        found = clear(market)
        data = record(market, found)
        assert verify.verify(data) == [], number
        playing = [True] * len(market.orders)
        for each in found.dropped:
            playing[each.order] = False
        best = best_welfare(market, playing, set(found.closed))
        bound = json.loads(data)["witness"]
        reached = found.litres.welfare
        assert reached <= best + max(LEAST, 1e-9 * abs(best)), number
        assert bound["pi_e9"], number
        traded += reached > 0
    assert traded > MARKETS // 3


def test_a_single_zone_is_what_counting_gives() -> None:
    for number in range(60):
        market = random_market(number, "one_zone")
        found = clear(market)
        playing = [True] * len(market.orders)
        for each in found.dropped:
            playing[each.order] = False
        assert found.litres.welfare == brute_welfare(market, playing), number


@pytest.mark.parametrize("shape", SHAPES)
def test_every_way_of_solving_gives_the_same_bytes(shape: str) -> None:
    for number in range(20):
        market = random_market(number, shape)
        results = [json.loads(record(market, clear(market, way)))["result"] for way in WAYS]
        assert results.count(results[0]) == len(WAYS), (shape, number)


def test_a_record_is_repeated_on_another_machine() -> None:
    for number in range(0, 60, 3):
        market = random_market(number)
        found = replay(record(market, clear(market)), WAYS[number % len(WAYS)])
        assert found.same, (number, found)


@pytest.mark.parametrize("kind", tampering.SEEN_BY_VERIFY, ids=lambda kind: kind.__name__)
def test_what_the_check_without_a_solver_refuses(kind: object) -> None:
    done = _tamper(kind, lambda data: bool(verify.verify(data)))
    assert done >= 5


@pytest.mark.parametrize("kind", tampering.SEEN_BY_REPLAY_ONLY, ids=lambda kind: kind.__name__)
def test_what_only_a_replay_refuses(kind: object) -> None:
    done = _tamper(kind, lambda data: not replay(data).same)
    assert done >= 3


def _tamper(kind: object, refused: object) -> int:
    """How many records were tampered with so; each must be refused."""
    chance = random.Random(1)
    done = 0
    for number in range(600):
        market = random_market(number, "one_zone" if "reference" in kind.__name__ else None)  # type: ignore[attr-defined]
        data = tampering.tampered(record(market, clear(market)), kind, chance)  # type: ignore[arg-type]
        if data is not None:
            assert refused(data), number  # type: ignore[operator]
            done += 1
        if done == 12:
            break
    return done


@pytest.mark.parametrize(
    "data", [b"", b"[]", b"{}", b'{"format":"karez-call-1"}', b'{"format":1e400}', b"\xff"]
)
def test_what_is_no_record_is_refused_and_nothing_else_happens(data: bytes) -> None:
    assert verify.verify(data)


def test_a_record_that_was_not_hashed_again_is_refused_at_once() -> None:
    market = random_market(3)
    data = record(market, clear(market))
    assert verify.verify(data.replace(b'"call":"3"', b'"call":"4"')) == [
        "hash: the record is not the one that was hashed"
    ]


def test_a_circle_is_opened_at_its_least_flow() -> None:
    nodes = tuple(Node(f"z{each}", "agriculture", 0) for each in range(4))
    arcs = tuple(Arc("route", *ends, 900) for ends in ((0, 1), (1, 2), (2, 0), (2, 3)))
    market = Market("1", "p", "s", nodes, arcs, (), Orders.of(side=[], node=[], limit=[], volume=[]))
    assert circle(market, [30, 20, 10, 5]) == 2
    assert circle(market, [30, 20, 0, 5]) is None


def test_an_empty_call_has_a_record_too() -> None:
    market = Market("1", "p", "s", (Node("z", "agriculture", 1_234),), (), (),
                    Orders.of(side=[], node=[], limit=[], volume=[]))  # fmt: skip
    found = clear(market)
    assert (found.litres.prices_e4, found.litres.fund_fen) == ((1_234,), 0)
    assert verify.verify(record(market, found)) == []


def test_ten_thousand_orders_go_by_segments_and_reach_what_a_level_each_reaches() -> None:
    chance = np.random.default_rng(5)
    count = 12_000
    market = Market(
        "1", "p", "s", tuple(Node(f"z{each}", "agriculture", 3_000) for each in range(3)),
        (Arc("route", 0, 1, 950), Arc("route", 1, 2, 930)), (),
        Orders.of(
            side=chance.integers(0, 2, count), node=chance.integers(0, 3, count),
            limit=chance.integers(1_000, 6_000, count), volume=chance.integers(1, 50, count) * 1_000,
        ),
    )  # fmt: skip
    found = clear(market)
    assert verify.verify(record(market, found)) == []
    best = best_welfare(market, [True] * count, set())
    assert abs(best - found.litres.welfare) < 5 * 6_000
