"""The rules of public bidding as tables: bounds of terms, least bids, extensions, winners."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from market.trading.bidding_rules import (
    Standing,
    Terms,
    broken,
    decide,
    extended,
    is_winners_fault,
    latest_close,
    least_bid_e4,
    most_bid_e4,
    start_value_fen,
    volume_in_lots,
)

NOW = dt.datetime(2026, 3, 2, 4, 0, tzinfo=dt.UTC)
MINUTE, HOUR, DAY = dt.timedelta(minutes=1), dt.timedelta(hours=1), dt.timedelta(days=1)
OPENS, CLOSES = NOW + 2 * DAY, NOW + 2 * DAY + HOUR


def terms(**other: Any) -> Terms:
    """1 000 m3 from 0.20 yuan: 200 yuan, so that the deposit is 2.00 to 40.00 yuan and the step at most 0.04."""
    usual: dict[str, Any] = {
        "volume_litres": 1_000_000, "mode": "open", "start_price_e4": 2_000, "reserve_price_e4": None,
        "reserve_public": False, "increment_e4": 100, "deposit_fen": 2_000, "registration_closes_at": OPENS,
        "opens_at": OPENS, "closes_at": CLOSES, "window_minutes": 5, "extension_minutes": 10, "most_extensions": 3,
        "confirm_days": 3,
    }  # fmt: skip
    return Terms(**(usual | other))


SEALED: dict[str, Any] = {"mode": "sealed", "window_minutes": 0, "extension_minutes": 0, "most_extensions": 0}


@pytest.mark.parametrize(
    "kept",
    [
        {},
        SEALED,
        SEALED | {"increment_e4": 0},
        {"deposit_fen": 200},
        {"deposit_fen": 4_000},
        {"increment_e4": 400},
        {"increment_e4": 1},
        {"reserve_price_e4": 2_000},
        {"opens_at": NOW + DAY, "registration_closes_at": NOW + HOUR},
        {"closes_at": OPENS + 10 * MINUTE},
        {"closes_at": NOW + 20 * DAY},
        {"most_extensions": 0, "window_minutes": 0, "extension_minutes": 0},
        {"confirm_days": 10},
        {"volume_litres": 1, "start_price_e4": 1, "increment_e4": 1, "deposit_fen": 1},
    ],
)
def test_terms_within_their_bounds(kept: dict[str, Any]) -> None:
    assert broken(terms(**kept), now=NOW, longest_days=20, listing_source="shule art. 3") is None


@pytest.mark.parametrize(
    ("other", "rule", "limit", "given_"),
    [
        ({"start_price_e4": 0}, "start_price", "10000.0000", "0.0000"),
        ({"start_price_e4": 10**8 + 1}, "start_price", "10000.0000", "10000.0001"),
        ({"reserve_price_e4": 1_999}, "reserve_not_below_start", "0.2000", "0.1999"),
        ({"increment_e4": 0}, "increment", "0.0400", "0.0000"),
        ({"increment_e4": 401}, "increment", "0.0400", "0.0401"),
        ({"deposit_fen": 199}, "least_deposit", "2.00", "1.99"),
        ({"deposit_fen": 4_001}, "most_deposit", "40.00", "40.01"),
        (
            {"opens_at": NOW + DAY - MINUTE},
            "publication",
            "2026-03-03T04:00:00+00:00",
            "2026-03-03T03:59:00+00:00",
        ),
        ({"registration_closes_at": OPENS + MINUTE}, "registration_before_opening", None, None),
        ({"registration_closes_at": NOW}, "registration_before_opening", None, None),
        ({"closes_at": OPENS + 9 * MINUTE}, "bidding_time", None, None),
        ({"closes_at": NOW + 20 * DAY + MINUTE}, "listing_time", None, None),
        ({"window_minutes": 31}, "window_minutes", "30", "31"),
        ({"window_minutes": 0}, "window_minutes", "30", "0"),
        ({"extension_minutes": 31}, "extension_minutes", "30", "31"),
        ({"most_extensions": 21}, "most_extensions", "20", "21"),
        (SEALED | {"window_minutes": 1}, "window_minutes", "0", "1"),
        (SEALED | {"most_extensions": 1, "window_minutes": 1}, "window_minutes", "0", "1"),
        ({"confirm_days": 0}, "confirm_days", "10", "0"),
        ({"confirm_days": 11}, "confirm_days", "10", "11"),
    ],
)
def test_terms_out_of_their_bounds_name_the_bound(
    other: dict[str, Any], rule: str, limit: str | None, given_: str | None
) -> None:
    found = broken(terms(**other), now=NOW, longest_days=20, listing_source="shule art. 3")
    assert found is not None
    assert found.rule == rule
    assert found.legal_source
    if limit is not None:
        assert (found.limit, found.given) == (limit, given_)


def test_a_public_reserve_is_the_measure_of_the_deposit() -> None:
    """At a public reserve of 0.30 yuan the lot costs 300 yuan at least, at a secret one 200."""
    shown = terms(reserve_price_e4=3_000, reserve_public=True)
    secret = terms(reserve_price_e4=3_000)
    assert (start_value_fen(shown), start_value_fen(secret)) == (30_000, 20_000)


@pytest.mark.parametrize(
    ("other", "best", "least"),
    [
        ({}, None, 2_000),
        ({}, 2_000, 2_100),
        ({}, 2_550, 2_650),
        ({"reserve_price_e4": 3_000}, None, 2_000),
        ({"reserve_price_e4": 3_000, "reserve_public": True}, None, 3_000),
        ({"reserve_price_e4": 3_000, "reserve_public": True}, 3_000, 3_100),
        (SEALED, None, 2_000),
        (SEALED, 9_000, 2_000),
    ],
)
def test_the_least_bid(other: dict[str, Any], best: int | None, least: int) -> None:
    assert least_bid_e4(terms(**other), best) == least


def test_the_highest_bid_is_what_the_market_can_settle() -> None:
    assert most_bid_e4(terms()) == 10**8
    assert most_bid_e4(terms(volume_litres=10**13)) == 10**7


@pytest.mark.parametrize(
    ("before_close", "extensions", "moved", "count"),
    [
        (6 * MINUTE, 0, 0, 0),
        (5 * MINUTE + dt.timedelta(microseconds=1), 0, 0, 0),
        (5 * MINUTE, 0, 10, 1),
        (dt.timedelta(microseconds=1), 2, 10, 3),
        (MINUTE, 3, 0, 3),
    ],
)
def test_a_late_bid_moves_the_close(
    before_close: dt.timedelta, extensions: int, moved: int, count: int
) -> None:
    found = extended(terms(), closes_at=CLOSES, extensions=extensions, at=CLOSES - before_close)
    assert found == (CLOSES + moved * MINUTE, count)


def test_the_latest_close_is_after_every_extension() -> None:
    assert latest_close(terms()) == CLOSES + 30 * MINUTE
    assert latest_close(terms(**SEALED)) == CLOSES


A, B, C = Standing(1, 3_000, 11), Standing(2, 2_500, 12), Standing(3, 3_000, 10)


@pytest.mark.parametrize(
    ("standings", "reserve", "winner", "second", "reason"),
    [
        ([], None, None, None, "nobody_bid"),
        ([A], None, A, None, ""),
        ([B, A], None, A, B, ""),
        ([A, C], None, C, A, ""),
        ([A, B, C], None, C, A, ""),
        ([A, B], 3_000, A, None, ""),
        ([A, B], 2_500, A, B, ""),
        ([A, B], 3_001, None, None, "reserve_not_met"),
    ],
)
def test_who_wins_and_who_is_second(
    standings: list[Standing],
    reserve: int | None,
    winner: Standing | None,
    second: Standing | None,
    reason: str,
) -> None:
    assert decide(standings, reserve) == (winner, second, reason)


@given(st.lists(st.integers(1, 50), max_size=12), st.one_of(st.none(), st.integers(1, 50)), st.randoms())
def test_the_winner_does_not_depend_on_the_order_in_which_bids_are_read(
    prices: list[int], reserve: int | None, random: Any
) -> None:
    standings = [Standing(number, price, number) for number, price in enumerate(prices)]
    found = decide(standings, reserve)
    random.shuffle(standings)
    assert decide(standings, reserve) == found
    if found.winner is not None:
        assert found.winner.price_e4 == max(prices) >= (reserve or 0)
        assert found.second is None or found.winner.price_e4 >= found.second.price_e4 >= (reserve or 0)


@pytest.mark.parametrize(
    ("code", "fault"),
    [
        ("insufficient_money", True),
        ("insufficient_water", False),
        ("cap_exceeded", False),
        ("plan_exceeded", False),
        ("product_not_open", False),
        ("entitlement_suspended", False),
        ("", False),
    ],
)
def test_whose_failure_a_refusal_is(code: str, fault: bool) -> None:
    assert is_winners_fault(code) is fault


@pytest.mark.parametrize(
    ("volume", "lot", "whole"), [(2_000, 1_000, True), (1_500, 1_000, False), (0, 1, False)]
)
def test_a_lot_is_a_whole_number_of_the_products_lots(volume: int, lot: int, whole: bool) -> None:
    assert (volume_in_lots(volume, lot) is None) is whole
