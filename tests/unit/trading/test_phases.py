"""Phases: where orders match, where they wait, where nothing moves; and what a call leaves behind."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from market.trading.batch import EngineUnavailable
from market.trading.commands import Accepted, Refused
from market.trading.exchange import Exchange
from market.trading.fills import Fill
from market.trading.intake import end_expired
from tests.unit.trading.market import (
    CAP,
    FARM,
    PARK,
    add_account,
    amend,
    cancel,
    make_exchange,
    place,
    snapshot,
)

FARMER, OTHER, FACTORY = 1, 2, 3


@pytest.fixture
def exchange() -> Exchange:
    found = make_exchange(k=1000)
    add_account(found, FARMER, FARM, water=1_000_000)
    add_account(found, OTHER, FARM, water=1_000_000)
    add_account(found, FACTORY, PARK, money=1_000_000)
    return found


def _accepted(outcome: Any) -> Accepted:
    assert isinstance(outcome, Accepted), outcome
    return outcome


def _code(outcome: Any) -> str:
    assert isinstance(outcome, Refused), outcome
    return outcome.code


@pytest.mark.parametrize("phase", ["pre_open", "auction"])
def test_orders_wait_until_the_book_opens_and_then_match_by_price_and_time(
    exchange: Exchange, phase: str
) -> None:
    exchange.set_phase(1, phase, "")
    place(exchange, FARMER, "sell", 500, 3_000)
    place(exchange, OTHER, "sell", 500, 2_900)
    bid = _accepted(place(exchange, FACTORY, "buy", 600, 3_100))
    assert (bid.status, bid.fills, bid.held) == ("open", (), 19)  # ceil(600 x 3 100 / 100 000)
    exchange.begin()
    exchange.set_phase(1, "open", "")
    fills = [
        (fill.sell.account.id, fill.delivered, fill.price)
        for fill in exchange.tape.events
        if isinstance(fill, Fill)
    ]
    assert fills == [(OTHER, 500, 2_900), (FARMER, 100, 3_000)]


@pytest.mark.parametrize(
    ("phase", "terms", "code"),
    [
        ("pre_open", {"tif": "IOC"}, "validity_not_in_phase"),
        ("pre_open", {"tif": "FOK"}, "validity_not_in_phase"),
        ("pre_open", {"min_fill": 1}, "validity_not_in_phase"),
        ("pre_open", {"post_only": True}, "validity_not_in_phase"),
        ("auction", {"post_only": True}, "validity_not_in_phase"),
        ("uncross", {}, "product_not_open"),
        ("halted", {}, "product_not_open"),
        ("closed", {}, "product_not_open"),
    ],
)
def test_what_a_phase_does_not_take(exchange: Exchange, phase: str, terms: dict[str, Any], code: str) -> None:
    exchange.set_phase(1, phase, "why")
    assert _code(place(exchange, FARMER, "sell", 500, 3_000, **terms)) == code


def test_what_is_for_one_call_ends_with_it(exchange: Exchange) -> None:
    exchange.set_phase(1, "auction", "")
    once = _accepted(place(exchange, FARMER, "sell", 500, 3_000, tif="IOC"))
    whole = _accepted(place(exchange, FARMER, "sell", 500, 3_000, tif="FOK"))
    least = _accepted(place(exchange, FARMER, "sell", 500, 3_000, min_fill=100))
    stays = _accepted(place(exchange, FARMER, "sell", 500, 3_000))
    exchange.set_phase(1, "uncross", "")
    assert len(exchange.books[1].orders) == 4
    exchange.set_phase(1, "open", "")
    assert list(exchange.books[1].orders) == [stays.order]
    ended = {each.id: each.reason for each in exchange.tape.touched}
    assert ended == dict.fromkeys((once.order, whole.order, least.order), "call_over")
    assert exchange.free(exchange.accounts[FARMER].ledger) == 999_500


def test_nothing_is_cancelled_while_a_call_is_cleared_and_everything_while_halted(exchange: Exchange) -> None:
    order = _accepted(place(exchange, FARMER, "sell", 500, 3_000)).order
    exchange.set_phase(1, "uncross", "")
    assert _code(cancel(exchange, FARMER, order)) == "product_not_open"
    assert _code(amend(exchange, FARMER, order, 400)) == "product_not_open"
    exchange.set_phase(1, "halted", "")
    assert _accepted(cancel(exchange, FARMER, order)).status == "cancelled"


def test_an_amendment_where_orders_wait_matches_nothing(exchange: Exchange) -> None:
    exchange.set_phase(1, "auction", "")
    ask = _accepted(place(exchange, FARMER, "sell", 500, 3_200)).order
    place(exchange, FACTORY, "buy", 600, 3_100)
    assert _accepted(amend(exchange, FARMER, ask, price=3_000)).fills == ()


def test_a_limit_that_grows_moves_nothing_in_a_product_that_is_halted(exchange: Exchange) -> None:
    place(exchange, FARMER, "sell", 500, 3_000)
    exchange.set_phase(1, "halted", "")
    exchange.freed[900] = None
    exchange.begin()
    exchange.rematch()
    exchange.rematch_all()
    assert exchange.tape.events == []


def test_a_change_of_phase_can_be_taken_back(exchange: Exchange) -> None:
    exchange.set_phase(1, "auction", "")
    place(exchange, FARMER, "sell", 500, 3_000, tif="IOC")
    place(exchange, FARMER, "sell", 500, 3_000)
    place(exchange, FACTORY, "buy", 600, 3_100)
    exchange.begin()
    before = snapshot(exchange)
    exchange.set_phase(1, "open", "")
    exchange.undo_batch()
    assert snapshot(exchange) == before
    assert (exchange.products[1].phase, list(exchange.paused)) == ("auction", [1])


def test_a_limit_that_an_opening_frees_lets_the_blocked_order_through_at_once(exchange: Exchange) -> None:
    exchange.learn(CAP, 100)
    ask = _accepted(place(exchange, FARMER, "sell", 1_000, 3_000))
    waits = _accepted(place(exchange, FACTORY, "buy", 500, 3_000))
    assert waits.rest == 400  # the cap is full
    add_account(exchange, 4, PARK, water=1_000, owner=FACTORY)
    add_account(exchange, 5, FARM, money=1_000_000)
    exchange.set_phase(1, "auction", "")
    place(exchange, 4, "sell", 250, 2_900)
    place(exchange, 5, "buy", 250, 2_900)
    exchange.set_phase(1, "open", "")  # park to farm frees 250 of the cap
    assert exchange.books[1].orders[waits.order].rest == 150
    assert exchange.books[1].orders[ask.order].rest == 650
    assert not exchange.freed


def test_an_expiry_of_an_order_that_was_taken_back_ends_no_other_of_its_number(exchange: Exchange) -> None:
    """As in a replay, whose numbers are given again where a batch is matched again."""
    exchange.numbers.jump(77, 78)
    exchange.begin()
    place(exchange, FARMER, "sell", 500, 3_000, tif="GTD", expires_at=2_000.0)
    exchange.undo_batch()
    exchange.numbers.jump(77, 78)
    place(exchange, OTHER, "sell", 500, 3_000)
    assert exchange.due(3_000.0) == []


def test_orders_whose_end_could_not_be_written_are_ended_later(exchange: Exchange) -> None:
    def unavailable(_: Any) -> None:
        raise EngineUnavailable

    order = _accepted(place(exchange, FARMER, "sell", 500, 3_000, tif="GTD", expires_at=2_000.0)).order
    engine: Any = SimpleNamespace(exchange=exchange, run=unavailable)
    with pytest.raises(EngineUnavailable):
        end_expired(engine)
    exchange.products.clear()
    assert [each.id for each in exchange.due(3_000.0)] == [order]
