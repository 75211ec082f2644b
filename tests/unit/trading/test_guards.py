"""Price bands, interruptions and the breaker in the books: what they stop, and that all of it can be taken back."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest

from market.trading.commands import Accepted, Deal, Refused
from market.trading.dealing import Dealer
from market.trading.exchange import Exchange
from market.trading.fills import Fill
from market.trading.gates import Switch
from market.trading.guards import Ended, Guard, Stop, at_source, band
from tests.unit.trading.market import FARM, PARK, add_account, amend, make_exchange, place, snapshot

FARMER, OTHER, FACTORY, BUYER = 1, 2, 3, 4


@pytest.fixture
def exchange() -> Exchange:
    found = make_exchange(k=1000)
    add_account(found, FARMER, FARM, water=1_000_000)
    add_account(found, OTHER, FARM, water=1_000_000)
    add_account(found, FACTORY, PARK, money=1_000_000)
    add_account(found, BUYER, FARM, money=1_000_000)
    return found


def _guard(exchange: Exchange, **fields: Any) -> Guard:
    low, high = band(fields.get("reference", 0), fields.pop("static_e6", 0))
    exchange.books[1].guard = Guard(low=low, high=high, legal_source="a rule", **fields)
    return exchange.books[1].guard


def _accepted(outcome: Any) -> Accepted:
    assert isinstance(outcome, Accepted), outcome
    return outcome


def _fills(exchange: Exchange) -> list[int]:
    return [event.price for event in exchange.tape.events if type(event) is Fill]


def _stops(exchange: Exchange) -> list[tuple[str, int, int]]:
    return [(each.kind, each.price, each.base) for each in exchange.tape.events if type(each) is Stop]


@pytest.mark.parametrize(
    ("reference", "share", "low", "high"),
    [(3_000, 100_000, 2_700, 3_300), (1_418, 100_000, 1_277, 1_559), (5, 100_000, 5, 5), (2, 2_000_000, 1, 6),
     (0, 100_000, 0, 0), (3_000, 0, 0, 0)],
)  # fmt: skip
def test_a_band_is_exactly_what_is_within_the_share(reference: int, share: int, low: int, high: int) -> None:
    assert band(reference, share) == (low, high)
    for price in (low, high) if low else ():
        assert price == 1 or abs(price - reference) * 1_000_000 <= share * reference


def test_a_buyers_price_is_worth_less_at_the_sellers_place() -> None:
    assert at_source(3_333, 900, by_buyer=True) == 2_999
    assert at_source(3_333, 900, by_buyer=False) == 3_333


@pytest.mark.parametrize(("price", "limit"), [(2_699, "0.2700"), (3_301, "0.3300")])
def test_a_limit_outside_the_band_is_refused_with_the_bound_it_passes(
    exchange: Exchange, price: int, limit: str
) -> None:
    _guard(exchange, reference=3_000, static_e6=100_000)
    refused = place(exchange, FARMER, "sell", 500, price)
    assert isinstance(refused, Refused)
    assert (refused.code, refused.limit, refused.available) == (
        "price_outside_band", limit, f"0.{price}",
    )  # fmt: skip
    assert refused.legal_source == "a rule"
    assert exchange.books[1].orders == {}


def test_the_bounds_themselves_are_within_the_band_also_for_an_amendment(exchange: Exchange) -> None:
    _guard(exchange, reference=3_000, static_e6=100_000)
    order = _accepted(place(exchange, FARMER, "sell", 500, 3_300)).order
    _accepted(amend(exchange, FARMER, order, price=2_700))
    refused = amend(exchange, FARMER, order, price=2_600)
    assert isinstance(refused, Refused)
    assert refused.code == "price_outside_band"


def test_an_order_that_the_band_has_left_may_still_be_made_smaller(exchange: Exchange) -> None:
    order = _accepted(place(exchange, FARMER, "sell", 500, 9_000)).order
    _guard(exchange, reference=3_000, static_e6=100_000)
    assert _accepted(amend(exchange, FARMER, order, volume=400)).volume == 400


@pytest.mark.parametrize(("exempt", "code"), [(False, "price_outside_band"), (True, None)])
def test_a_deal_keeps_to_the_band_unless_the_county_exempts_it(
    exchange: Exchange, exempt: bool, code: str | None
) -> None:
    class Reasons:
        def no_way(self, *_: Any) -> tuple[str, str, str]:
            raise AssertionError

        def limit(self, *_: Any) -> tuple[str, str, str]:
            raise AssertionError

    exchange.strike = Dealer(Reasons()).strike
    _guard(exchange, reference=3_000, static_e6=100_000, deals_exempt=exempt)
    outcome = exchange.apply(FARMER, Deal(1, FARMER, FACTORY, 1, 500, 9_000))
    assert (outcome.code if isinstance(outcome, Refused) else None) == code


def _interruptible(exchange: Exchange) -> None:
    _guard(exchange, dynamic_e6=100_000, interruption_minutes=5, last=3_000)


def test_matching_stops_before_a_trade_that_jumps_and_the_order_rests(exchange: Exchange) -> None:
    _interruptible(exchange)
    place(exchange, FARMER, "sell", 500, 3_300)
    place(exchange, OTHER, "sell", 500, 3_700)
    bid = _accepted(place(exchange, FACTORY, "buy", 1_000, 3_700))
    assert _fills(exchange) == [3_300]
    assert _stops(exchange) == [("interruption", 3_700, 3_300)]
    assert (bid.status, bid.rest) == ("open", 500)
    assert (exchange.products[1].phase, list(exchange.paused)) == ("auction", [1])
    assert len(exchange.books[1].orders) == 2  # the two that did not trade: they wait for the end


def test_orders_wait_in_an_interruption_and_its_end_trades_them(exchange: Exchange) -> None:
    _interruptible(exchange)
    place(exchange, FARMER, "sell", 500, 3_700)
    place(exchange, FACTORY, "buy", 500, 3_700)
    assert _accepted(place(exchange, OTHER, "sell", 100, 3_600)).fills == ()
    stop = exchange.products[1].stop
    exchange.begin()
    exchange.set_phase(1, "open", "")
    assert exchange.tape.events[0] == Ended(stop, 1)
    assert sorted(_fills(exchange)) == [3_700]  # the first price after it is held against none before it
    assert (exchange.products[1].phase, exchange.products[1].stop) == ("open", 0)
    assert exchange.books[1].guard.last == 3_700


def test_a_route_loss_is_no_jump_of_the_price() -> None:
    exchange = make_exchange(k=900)
    add_account(exchange, FARMER, FARM, water=1_000_000)
    add_account(exchange, FACTORY, PARK, money=1_000_000)
    _guard(exchange, dynamic_e6=50_000, interruption_minutes=5)
    place(exchange, FACTORY, "buy", 90, 3_333)
    place(exchange, FARMER, "sell", 100, 2_900)  # at the buyer's 0.3333, 0.2999 at the seller's
    place(exchange, FARMER, "sell", 100, 3_000)
    place(exchange, FACTORY, "buy", 90, 3_400)  # at the seller's 0.3000
    assert (_fills(exchange), _stops(exchange)) == ([3_333, 3_000], [])


def test_the_breaker_halts_after_a_trade_too_far_from_the_reference_once(exchange: Exchange) -> None:
    _guard(exchange, reference=3_000, breaker_e6=100_000, breaker_minutes=0)
    place(exchange, FARMER, "sell", 500, 3_400)
    place(exchange, OTHER, "sell", 500, 3_450)
    bid = _accepted(place(exchange, FACTORY, "buy", 1_000, 3_500))
    assert (_fills(exchange), _stops(exchange)) == ([3_400], [("breaker", 3_400, 3_000)])
    assert (bid.rest, exchange.products[1].phase) == (500, "halted")
    exchange.begin()
    exchange.set_phase(1, "open", "")
    assert (_fills(exchange), _stops(exchange)) == ([3_450], [])


@pytest.mark.parametrize(
    ("terms", "code"),
    [({"tif": "FOK"}, "fok_not_filled"), ({"min_fill": 600}, "minimum_fill_not_met"),
     ({"post_only": True}, "post_only_would_fill")],
)  # fmt: skip
def test_an_order_that_is_refused_stops_nothing(exchange: Exchange, terms: dict[str, Any], code: str) -> None:
    _interruptible(exchange)
    place(exchange, FARMER, "sell", 500, 3_700)
    exchange.begin()
    before = snapshot(exchange)
    refused = place(exchange, FACTORY, "buy", 1_000, 3_700, **terms)
    assert isinstance(refused, Refused)
    assert (refused.code, snapshot(exchange)) == (code, before)
    assert (exchange.products[1].phase, exchange.paused, exchange.tape.events) == ("open", {}, [])
    assert exchange.books[1].guard.fields() == (3_000, 0)


@pytest.mark.parametrize("guard", [
    {"dynamic_e6": 100_000, "interruption_minutes": 5, "last": 3_000},
    {"reference": 3_000, "breaker_e6": 50_000, "breaker_minutes": 5},
])  # fmt: skip
def test_a_batch_that_stopped_a_product_can_be_taken_back(exchange: Exchange, guard: dict[str, Any]) -> None:
    _guard(exchange, **guard)
    place(exchange, OTHER, "sell", 500, 3_200)
    place(exchange, FARMER, "sell", 500, 3_700)
    exchange.begin()
    before, fields = snapshot(exchange), exchange.books[1].guard.fields()
    place(exchange, FACTORY, "buy", 1_000, 3_700)
    assert _stops(exchange) != []
    place(exchange, OTHER, "sell", 500, 3_200)
    exchange.undo_batch()
    assert (snapshot(exchange), exchange.books[1].guard.fields()) == (before, fields)
    assert (exchange.products[1].fields(), exchange.paused) == (("open", "", 0), {})


def test_the_end_of_a_stop_can_be_taken_back(exchange: Exchange) -> None:
    _interruptible(exchange)
    place(exchange, FARMER, "sell", 500, 3_700)
    place(exchange, FACTORY, "buy", 500, 3_700)
    exchange.begin()
    before, stop = snapshot(exchange), exchange.products[1].stop
    exchange.set_phase(1, "open", "")
    exchange.undo_batch()
    assert (snapshot(exchange), exchange.products[1].stop) == (before, stop)
    assert (exchange.products[1].phase, exchange.books[1].guard.last) == ("auction", 3_000)


def test_opening_a_book_may_stop_it_again(exchange: Exchange) -> None:
    _interruptible(exchange)
    exchange.set_phase(1, "pre_open", "")
    place(exchange, FARMER, "sell", 500, 3_200)
    place(exchange, OTHER, "sell", 500, 3_900)
    place(exchange, FACTORY, "buy", 1_000, 3_900)
    exchange.begin()
    exchange.set_phase(1, "open", "")
    assert (_fills(exchange), exchange.products[1].phase) == ([3_200], "auction")


@pytest.mark.parametrize("seed", range(20))
def test_any_batch_of_a_guarded_book_can_be_taken_back_and_done_again(exchange: Exchange, seed: int) -> None:
    """Random orders around a price that moves, in batches; each is undone, compared, and done again."""
    random = Random(seed)
    guard = _guard(exchange, reference=3_000, static_e6=300_000, dynamic_e6=30_000, interruption_minutes=5,
                   breaker_e6=150_000, breaker_minutes=5)  # fmt: skip
    stops = 0
    for _ in range(30):
        commands = [
            (random.choice((FARMER, OTHER)), "sell") if random.random() < 0.5 else (FACTORY, "buy")
            for _ in range(random.randint(1, 6))
        ]
        prices = [random.randint(2_400, 3_600) for _ in commands]
        tifs = [random.choice(("GTC", "GTC", "IOC", "FOK")) for _ in commands]

        def play() -> None:
            for (number, side), price, tif in zip(commands, prices, tifs, strict=True):  # noqa: B023
                place(exchange, number, side, 100, price, tif=tif)

        exchange.begin()
        before = (snapshot(exchange), guard.fields(), exchange.products[1].fields(), dict(exchange.paused))
        play()
        done = [type(each).__name__ for each in exchange.tape.events]
        exchange.undo_batch()
        assert (snapshot(exchange), guard.fields(), exchange.products[1].fields(), exchange.paused) == before
        play()
        assert [type(each).__name__ for each in exchange.tape.events] == done
        stops += done.count("Stop")
        if exchange.products[1].stop and random.random() < 0.5:
            exchange.begin()
            exchange.set_phase(1, "open", "")
            stops += len(_stops(exchange))
    assert stops > 0


@pytest.mark.parametrize("switch", [
    Switch(FARMER, None, "why", "law"), Switch(None, None, "why", "law"), Switch(FARMER, 1, "why", "law"),
])  # fmt: skip
def test_a_kill_switch_refuses_what_it_names(exchange: Exchange, switch: Switch) -> None:
    order = _accepted(place(exchange, FARMER, "sell", 500, 3_000)).order
    exchange.switches = (switch,)
    for refused in (place(exchange, FARMER, "sell", 500, 3_000), amend(exchange, FARMER, order, 400)):
        assert isinstance(refused, Refused)
        assert (refused.code, refused.legal_source) == ("kill_switch", "law")
        assert "why" in refused.detail


@pytest.mark.parametrize("switch", [Switch(OTHER, None, "why", "law"), Switch(FARMER, 2, "why", "law")])
def test_a_kill_switch_leaves_others_alone(exchange: Exchange, switch: Switch) -> None:
    exchange.switches = (switch,)
    _accepted(place(exchange, FARMER, "sell", 500, 3_000))
