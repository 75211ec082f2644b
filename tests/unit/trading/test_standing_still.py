"""What the bureau has standing still in the books: it is open and unmatched, and all of it can be taken back."""

from __future__ import annotations

from typing import Any

import pytest

from market.registry.halts import Halt, over
from market.trading.commands import Accepted, Refused
from market.trading.exchange import Exchange
from tests.unit.trading.market import FARM, add_account, amend, cancel, make_exchange, place, snapshot

SELLER, OTHER, BUYER = 1, 2, 3
HALT = Halt(7, "hlt_7", 0, 0, SELLER, 0, "2026-05-01T00:00:00+00:00", "layering", "a law")


@pytest.fixture
def exchange() -> Exchange:
    found = make_exchange(k=1000)
    add_account(found, SELLER, FARM, water=1_000)
    add_account(found, OTHER, FARM, water=1_000)
    add_account(found, BUYER, FARM, money=1_000_000)
    return found


def _order(outcome: Any) -> int:
    assert isinstance(outcome, Accepted), outcome
    return outcome.order


def _halt(exchange: Exchange) -> None:
    exchange.begin()
    exchange.halts, exchange.accounts[SELLER].halt = (HALT,), HALT
    assert exchange.still()
    exchange.begin()


def test_what_stands_still_is_passed_over_and_may_be_cancelled(exchange: Exchange) -> None:
    cheap = _order(place(exchange, SELLER, "sell", 100, 3_000))
    dear = _order(place(exchange, OTHER, "sell", 100, 4_000))
    _halt(exchange)
    refused = place(exchange, SELLER, "sell", 1, 3_000)
    assert isinstance(refused, Refused)
    assert (refused.code, refused.available, refused.legal_source) == ("halted", HALT.until, "a law")
    assert "hlt_7" in refused.detail and "layering" in refused.detail
    assert isinstance(amend(exchange, SELLER, cheap, volume=50), Refused)
    bought = place(exchange, BUYER, "buy", 150, 5_000)
    assert isinstance(bought, Accepted)
    assert [fill.delivered for fill in bought.fills] == [100] and bought.rest == 50
    assert exchange.open_order(dear) is None and exchange.open_order(cheap) is not None
    exchange.rematch_all()
    assert exchange.free(1_000_000 + SELLER) == 900
    assert isinstance(cancel(exchange, SELLER, cheap), Accepted)
    assert exchange.free(1_000_000 + SELLER) == 1_000 and exchange.open_order(cheap) is None


def test_ending_what_stands_still_can_be_taken_back(exchange: Exchange) -> None:
    numbers = [_order(place(exchange, SELLER, "sell", 10, 3_000 + each)) for each in range(3)]
    exchange.begin()
    exchange.doomed = dict.fromkeys(numbers, 5)
    assert exchange.still()
    exchange.begin()
    before = snapshot(exchange)
    assert [order.id for order in exchange.doomed_by(5, 2)] == numbers[:2]
    for order in exchange.doomed_by(5, 9):
        exchange.end(order, "cancelled", "intervention")
    assert exchange.doomed_by(5, 9) == [] and exchange.free(1_000_000 + SELLER) == 1_000
    exchange.undo_batch()
    assert snapshot(exchange) == before
    assert exchange.doomed_by(4, 9) == []


def test_what_stands_still_no_longer_asks_for_its_place_back(exchange: Exchange) -> None:
    _order(place(exchange, SELLER, "sell", 100, 3_000))
    _halt(exchange)
    exchange.halts, exchange.accounts[SELLER].halt = (), None
    assert not exchange.still()


def test_a_halted_product_matches_nothing_whatever_its_phase(exchange: Exchange) -> None:
    product = exchange.products[1]
    product.halt, exchange.paused[1] = HALT, 1
    assert isinstance(place(exchange, BUYER, "buy", 10, 3_000), Refused)
    for phase in ("halted", "open"):
        exchange.set_phase(1, phase, "by its calendar")
        assert 1 in exchange.paused
    product.halt = None
    exchange.set_phase(1, "open", "")
    assert 1 not in exchange.paused


@pytest.mark.parametrize(
    ("halt", "stops"),
    [
        (Halt(1, "h", 0, 0, 0, 0, "", "", ""), True),
        (Halt(1, "h", 4, 0, 0, 0, "", "", "", "surface", 2026), True),
        (Halt(1, "h", 4, 0, 0, 0, "", "", "", "surface", 2027), False),
        (Halt(1, "h", 4, 0, 0, 0, "", "", "", "groundwater", 2026), False),
        (Halt(1, "h", 0, 11, 0, 0, "", "", ""), True),
        (Halt(1, "h", 0, 13, 0, 0, "", "", ""), False),
        (Halt(1, "h", 0, 0, 21, 0, "", "", ""), True),
        (Halt(1, "h", 0, 0, 22, 0, "", "", ""), False),
        (Halt(1, "h", 0, 0, 22, 30, "", "", ""), True),
        (Halt(1, "h", 0, 0, 22, 31, "", "", ""), False),
    ],
)
def test_a_halt_holds_what_it_names_and_nothing_else(halt: Halt, stops: bool) -> None:
    account: dict[str, Any] = {
        "participant": 21, "owner": 30, "zones": frozenset({11, 12}), "source": "surface", "water_year": 2026,
    }  # fmt: skip
    assert (over([halt], **account) is halt) == stops
