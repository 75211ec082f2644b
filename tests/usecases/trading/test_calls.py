"""A call on a real database: gathered, cleared, verified, held, settled or rejected; cleared again when it moved."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from market import jobs
from market.core import clock, db, inbox
from market.due import CLOCK
from market.supervision import year_ends
from market.trading import auction, call_queries, call_settling, calls, reference_prices, verify
from market.trading.auction.replay import replay
from market.trading.call_models import Call
from market.trading.commands import Accepted, Refused
from market.trading.errors import CallNeedsReview, CallRunning, CallState
from market.trading.intake import take_up
from tests.model.world import ALLOCATED, CAP_C2, MONEY, YEAR, World

LOT = 1_000


def _open(world: World, **terms: Any) -> int:
    with db.transaction(world.url) as session:
        found = calls.open_call(
            session, actor=world.names.actor, product_id=world.names.product, reason="thin market", **terms
        ).id
    take_up(world.engine)
    return found


def _clear(world: World, call_id: int) -> Call:
    """Closes and clears, and has the engine hold what was found."""
    with db.transaction(world.url) as session:
        calls.close_call(session, actor=world.names.actor, call_id=call_id)
    take_up(world.engine)
    with db.transaction(world.url) as session:
        assert calls.to_clear(session) == [call_id]
        calls.clear(session, actor=CLOCK, call_id=call_id)
    take_up(world.engine)
    return _call(world, call_id)


def _call(world: World, call_id: int) -> Call:
    with db.transaction(world.url) as session:
        return call_queries.one(session, call_id)


def _settle(world: World, call_id: int, **terms: Any) -> None:
    with db.transaction(world.url) as session:
        call_settling.settle(session, actor=world.names.actor, call_id=call_id, **terms)
    take_up(world.engine)


def _place(world: World, key: str, holder: str, side: str, lots: int, price: int, **terms: Any) -> Accepted:
    found = world.place(key, holder, side, lots * LOT, price, **terms)
    assert isinstance(found, Accepted), found
    assert found.fills == ()
    return found


def test_a_call_among_farmers_settles_at_one_price_a_place_and_loses_on_the_way(world: World) -> None:
    """Canal 1 sells 20 m3 at 0.30; canal 2 buys 10 m3 at 0.40, 970 of 1 000 arrive: 10 000 litres cost 10 310."""
    call = _open(world)
    _place(world, "ask", "a", "sell", 20, 3_000)
    _place(world, "bid", "d", "buy", 10, 4_000)
    found = _clear(world, call)
    assert (found.status, found.review_rule) == ("held", None)
    with db.transaction(world.url) as session:
        prices = {(each.canal, each.sector): each.price_e4 for each in call_queries.prices(session, call)}
    assert prices["KUSHAN-C1", "agriculture"] == 3_000  # the seller is marginal
    at_the_buyer = prices["KUSHAN-C2", "agriculture"]
    assert at_the_buyer in (3_092, 3_093)  # 0.30 / 0.97, to the tick
    with db.transaction(world.url) as session:
        assert call_settling.due(session) == [call]
    _settle(world, call)
    assert world.free("a") == ALLOCATED - 20 * LOT  # the rest of the order still holds
    assert world.free("d") == ALLOCATED + 10 * LOT
    picture = world.picture()
    assert picture["orders"]["ask"][1] == 20 * LOT - 10_310
    assert picture["orders"]["bid"][4] == "filled"
    done = _call(world, call)
    assert (done.sold_litres, done.bought_litres) == (10_310, 10_000)
    assert done.received_fen == 10_310 * 3_000 // 100_000
    assert picture["free"]["d"][1] == MONEY - done.paid_fen
    fund = world.fund()
    assert fund == done.paid_fen - done.received_fen >= 0


def test_of_prices_that_would_all_do_the_one_nearest_the_products_reference_price_is_taken(
    world: World,
) -> None:
    """10 m3 at 0.30 against 10 m3 at 0.40 leave [0.30, 0.40] open: the tariff is below it, the bureau's 0.36 within."""
    found = []
    for reference in (None, 3_600):
        if reference is not None:
            with db.transaction(world.url) as session:
                reference_prices.set_by_bureau(
                    session, actor=world.names.actor, product_id=world.names.product, price_e4=reference,
                    reason="an appraised base", legal_source="service rule",
                )  # fmt: skip
        call = _open(world)
        _place(world, f"ask {reference}", "a", "sell", 10, 3_000)
        _place(world, f"bid {reference}", "b", "buy", 10, 4_000)
        _clear(world, call)
        _settle(world, call)
        with db.transaction(world.url) as session:
            (price,) = [each for each in call_queries.prices(session, call) if each.bought_litres]
            found.append(price.price_e4)
    assert found == [3_001, 3_600]  # a tick beside the ask, which is somebody's limit


def test_the_record_of_a_call_checks_and_repeats(world: World) -> None:
    call = _open(world)
    _place(world, "ask", "a", "sell", 20, 3_000)
    _place(world, "ask too", "b", "sell", 20, 3_000)
    _place(world, "bid", "d", "buy", 10, 4_000)
    found = _clear(world, call)
    assert found.record is not None
    document = verify.parse(found.record.encode())
    assert verify.verify(document) == []
    assert replay(document).same
    assert document["committed"] == found.committed
    assert found.record_sha256 == document["sha256"]
    _settle(world, call)


def test_farm_water_that_becomes_industrial_waits_for_a_reviewer_and_then_moves_whole(world: World) -> None:
    call = _open(world)
    _place(world, "ask", "a", "sell", 20, 3_000)
    _place(world, "bid", "f", "buy", 9, 4_000)
    found = _clear(world, call)
    assert (found.status, found.review_rule) == ("held", "farm-to-industry")
    assert found.review_due_on is not None
    with pytest.raises(CallNeedsReview):
        _settle(world, call)
    assert world.free("f") == 0
    _settle(world, call, reviewed=True, reason="plan and route checked")
    assert world.free("f") == 9 * LOT
    assert _call(world, call).status == "settled"


def test_a_rejected_call_gives_everything_back_and_revives_no_order(world: World) -> None:
    before = world.picture()["limits"]
    call = _open(world)
    _place(world, "ask", "a", "sell", 20, 3_000)
    _place(world, "bid", "f", "buy", 9, 4_000)
    _clear(world, call)
    assert world.picture()["limits"] != before
    with db.transaction(world.url) as session:
        call_settling.reject(session, actor=world.names.actor, call_id=call, reason="no use plan")
    take_up(world.engine)
    picture = world.picture()
    assert picture["limits"] == before
    assert picture["free"]["f"] == (0, MONEY)
    assert picture["orders"]["bid"][4] == "filled"
    assert world.free("a") == ALLOCATED - (20 * LOT - 10 * LOT)  # what was not filled is still on offer


def test_a_cap_that_binds_stands_in_the_result_with_its_worth(world: World) -> None:
    """Canal 2's township has room for 35 m3: the call brings in 35, and one more m3 would be worth what it is worth."""
    call = _open(world)
    _place(world, "ask", "a", "sell", 60, 3_000)
    _place(world, "bid", "d", "buy", 50, 4_000)
    found = _clear(world, call)
    assert found.bought_litres == 35 * LOT
    with db.transaction(world.url) as session:
        limits = call_queries.limits(db.raw(session), call)
    (cap,) = [each for each in limits if each[1] == CAP_C2]
    assert cap[2] == 35 * LOT
    assert cap[3] > 0
    _settle(world, call)
    assert world.picture()["limits"][CAP_C2] == 0


def test_the_phases_of_a_call_and_what_they_refuse(world: World) -> None:
    call = _open(world)
    with pytest.raises(CallRunning):
        _open(world)
    order = _place(world, "ask", "a", "sell", 20, 3_000, tif="IOC").order
    with db.transaction(world.url) as session:
        calls.close_call(session, actor=world.names.actor, call_id=call)
    take_up(world.engine)
    refused = world.place("late", "b", "sell", LOT, 3_000)
    assert isinstance(refused, Refused)
    assert refused.code == "product_not_open"
    with db.transaction(world.url) as session, pytest.raises(CallState):
        calls.close_call(session, actor=world.names.actor, call_id=call)
    with db.transaction(world.url) as session:
        calls.cancel(session, actor=world.names.actor, call_id=call, reason="a storm")
    take_up(world.engine)
    assert world.status(order) == "cancelled"  # it was for that call alone
    assert _call(world, call).status == "void"


def test_in_a_farm_first_window_industry_waits(world: World) -> None:
    call = _open(world, window="farm_first")
    _place(world, "ask", "a", "sell", 20, 3_000)
    _place(world, "factory", "f", "buy", 9, 9_000)
    _place(world, "farm", "b", "buy", 5, 3_200)
    found = _clear(world, call)
    assert (found.bought_litres, found.review_rule) == (5 * LOT, None)
    _settle(world, call)
    assert world.free("b") == ALLOCATED + 5 * LOT
    (then,) = world.picture()["trades"]  # the book opens for the factory after the farms have had theirs
    assert then[:2] == ("factory", "ask")


def test_a_book_that_moved_under_the_clearing_is_cleared_again(world: World) -> None:
    call = _open(world)
    _place(world, "ask", "a", "sell", 60, 3_000)
    _place(world, "bid", "d", "buy", 50, 4_000)
    with db.transaction(world.url) as session:
        calls.close_call(session, actor=world.names.actor, call_id=call)
    take_up(world.engine)
    with db.transaction(world.url) as session:
        calls.clear(session, actor=CLOCK, call_id=call)
    world.announce("KUSHAN-C2", 20_000)  # takes room under the cap before the engine holds it
    take_up(world.engine)
    again = _call(world, call)
    assert (again.status, again.tries) == ("clearing", 1)
    with db.transaction(world.url) as session:
        calls.clear(session, actor=CLOCK, call_id=call)
    take_up(world.engine)
    found = _call(world, call)
    assert (found.status, found.tries) == ("held", 2)
    assert found.bought_litres < 35 * LOT
    _settle(world, call)


def test_a_call_without_a_trade_settles_to_nothing_and_the_book_opens(world: World) -> None:
    call = _open(world)
    _place(world, "ask", "a", "sell", 20, 3_000)
    found = _clear(world, call)
    assert (found.status, found.sold_litres) == ("held", 0)
    _settle(world, call)
    assert _call(world, call).status == "settled"
    bought = world.place("now", "b", "buy", 5 * LOT, 3_100)
    assert isinstance(bought, Accepted)
    assert len(bought.fills) == 1


def test_a_product_that_gathers_by_its_calendar_gets_its_call_and_is_cleared_when_it_stands_still(
    world: World,
) -> None:
    def phase(wanted: str) -> None:
        with db.transaction(world.url) as session:
            payload = {"phase": wanted, "reason": "by the calendar"}
            inbox.put(
                db.raw(session), kind="phase", actor=CLOCK, product_id=world.names.product, payload=payload
            )
        take_up(world.engine)

    job = jobs.named("calls")
    phase("auction")
    jobs.run(world.url, job)
    with db.transaction(world.url) as session:
        (call,) = call_queries.listed(session, product_id=world.names.product, before=None, limit=9)
        assert (call.status, call.opened_by) == ("gathering", None)
    _place(world, "ask", "a", "sell", 20, 3_000)
    _place(world, "bid", "d", "buy", 10, 4_000)
    phase("uncross")
    jobs.run(world.url, job)
    take_up(world.engine)
    jobs.run(world.url, job)
    take_up(world.engine)
    assert _call(world, call.id).status == "settled"
    assert world.free("d") == ALLOCATED + 10 * LOT
    phase("auction")
    jobs.run(world.url, job)
    phase("open")  # without an uncross nothing is cleared, and the call is nobody's
    with clock.moved_to(clock.now() + dt.timedelta(minutes=1)):
        jobs.run(world.url, job)
    with db.transaction(world.url) as session:
        newest, *_ = call_queries.listed(session, product_id=world.names.product, before=None, limit=9)
        assert newest.status == "void"


def test_a_clearing_that_halts_halts_the_call_and_the_product(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def halted(_: object) -> None:
        raise auction.ClearingHalted("the ties could not be settled")

    monkeypatch.setattr(auction, "clear", halted)
    call = _open(world)
    _place(world, "ask", "a", "sell", 20, 3_000)
    with db.transaction(world.url) as session:
        calls.close_call(session, actor=world.names.actor, call_id=call)
    take_up(world.engine)
    with db.transaction(world.url) as session:
        calls.clear(session, actor=CLOCK, call_id=call)
    take_up(world.engine)
    found = _call(world, call)
    assert (found.status, found.reason) == ("halted", "the ties could not be settled")
    assert world.looking.execute(
        "SELECT phase FROM products WHERE id = %s", (world.names.product,)
    ).fetchone() == ("halted",)


def test_the_end_of_the_year_rejects_a_held_call_and_voids_one_that_was_not_cleared(world: World) -> None:
    held = _open(world)
    _place(world, "ask", "a", "sell", 20, 3_000)
    _place(world, "bid", "f", "buy", 9, 4_000)
    assert _clear(world, held).status == "held"
    late = _open(world)
    with db.transaction(world.url) as session:
        calls.close_call(session, actor=world.names.actor, call_id=late)
    take_up(world.engine)
    with clock.moved_to(dt.datetime(YEAR + 1, 1, 5, tzinfo=dt.UTC)):
        with db.transaction(world.url) as session:
            year_ends.begin(session, actor=world.names.actor, water_year=YEAR)
        take_up(world.engine)
        with db.transaction(world.url) as session:
            assert calls.overtaken(session) == [late]
            calls.follow(session, actor=CLOCK, call_id=late)
            year_ends.close(session, actor=world.names.actor, water_year=YEAR)
        take_up(world.engine)
    assert [_call(world, each).status for each in (held, late)] == ["rejected", "void"]
    assert world.free("f") == 0
