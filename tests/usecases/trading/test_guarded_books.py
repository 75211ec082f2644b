"""Bands, interruptions and the breaker through the engine: written with the batch, survived by a restart, ended in
their time; reference prices by the written rule.
"""

from __future__ import annotations

import datetime as dt
import itertools
from typing import Any

import msgspec
import pytest
from sqlalchemy import select

from market import due
from market.core import clock, db, inbox
from market.county import parts
from market.registry import limits
from market.registry.models import Limit
from market.supervision import curtailments
from market.trading import deals, reference_prices
from market.trading.commands import Accepted, Place, Refused
from market.trading.intake import take_up
from market.trading.session_models import ReferencePrice
from tests.model.world import CAP_C1, CAP_C2, YEAR, World
from tests.usecases.trading.calling import call_of
from tests.usecases.trading.ruling import install_rules

LOT = 1_000
BAND = parts.BandRule(
    static_e6=0, dynamic_e6=0, interruption_minutes=0, interruption_then="open", breaker_e6=0, breaker_minutes=0,
    deals_exempt=False, basis=parts.DEMONSTRATION,
)  # fmt: skip
DYNAMIC = msgspec.structs.replace(BAND, dynamic_e6=100_000, interruption_minutes=5)
BREAKER = msgspec.structs.replace(BAND, breaker_e6=100_000, breaker_minutes=15)
NEXT_DAY = dt.timedelta(days=1)
_numbers = itertools.count()


def _reference(world: World, price: int) -> ReferencePrice:
    with db.transaction(world.url) as session:
        return reference_prices.set_by_bureau(
            session, actor=world.names.actor, product_id=world.names.product, price_e4=price, reason="appraised",
            legal_source="tests",
        )  # fmt: skip


def _product(world: World) -> tuple[str, str]:
    row = world.looking.execute(
        "SELECT phase, phase_reason FROM products WHERE id = %s", (world.names.product,)
    ).fetchone()
    assert row is not None
    return tuple(row)


def _stops(world: World) -> list[tuple[Any, ...]]:
    return world.looking.execute(
        "SELECT kind, price_e4, base_e4, until - started_at, ended_at IS NOT NULL FROM price_stops ORDER BY id"
    ).fetchall()


def _accepted(outcome: Any) -> Accepted:
    assert isinstance(outcome, Accepted), outcome
    return outcome


def _tell(world: World, kind: str, **payload: Any) -> dict[str, Any]:
    with db.transaction(world.url) as session:
        item = inbox.put(
            db.raw(session),
            kind=kind,
            actor=world.names.actor,
            product_id=world.names.product,
            payload=payload,
        )
    take_up(world.engine)
    row = world.looking.execute("SELECT outcome FROM inbox WHERE id = %s", (item,)).fetchone()
    assert row is not None
    found: dict[str, Any] = msgspec.json.decode(row[0])
    return found


def _jump(world: World) -> Accepted:
    """A trade at 0.30 and then an order that would trade at 0.35."""
    world.place("a1", "a", "sell", LOT, 3_000)
    world.place("b1", "b", "buy", LOT, 3_000)
    world.place("a2", "a", "sell", LOT, 3_500)
    return _accepted(world.place("b2", "b", "buy", LOT, 3_600))


def _trade(world: World, price: int) -> None:
    number = next(_numbers)
    world.place(f"s{number}", "a", "sell", LOT, price)
    _accepted(world.place(f"t{number}", "b", "buy", LOT, price))


def test_a_limit_outside_the_band_is_refused_by_name(world: World) -> None:
    install_rules(world, bands=(msgspec.structs.replace(BAND, static_e6=200_000),))
    _accepted(world.place("before", "a", "sell", LOT, 9_000))  # no reference price, no band
    _reference(world, 3_000)
    refused = world.place("after", "a", "sell", LOT, 9_000)
    assert isinstance(refused, Refused)
    assert (refused.code, refused.limit, refused.available) == ("price_outside_band", "0.3600", "0.9000")
    assert refused.legal_source == "demonstration: price bands of the county pack"
    _accepted(world.place("within", "a", "sell", LOT, 3_600))


def test_a_deal_outside_the_band_is_refused_too(world: World) -> None:
    install_rules(world, bands=(msgspec.structs.replace(BAND, static_e6=200_000),))
    _reference(world, 3_000)
    wanted = deals.NewDeal(
        7, world.names.product, world.names.water["a"], world.names.water["b"], "sell", LOT, 9_000
    )
    assert world.names.actor.user_id is not None
    with db.transaction(world.url) as session:
        deals.strike(
            session, actor=world.names.actor, kind="negotiated", wanted=[wanted], user_id=world.names.actor.user_id
        )  # fmt: skip
    take_up(world.engine)
    row = world.looking.execute("SELECT refusal FROM deals").fetchone()
    assert row is not None
    assert msgspec.json.decode(row[0])["code"] == "price_outside_band"


def test_a_jump_interrupts_the_book_and_the_clock_ends_it(world: World) -> None:
    install_rules(world, bands=(DYNAMIC,))
    assert _jump(world).fills == ()
    assert _product(world) == ("auction", "interruption: 0.3500 against 0.3000")
    assert _stops(world) == [("interruption", 3_500, 3_000, dt.timedelta(minutes=5), False)]
    world.engine.reload()  # as a restart would
    assert _accepted(world.place("b3", "d", "buy", LOT, 3_600)).fills == ()
    assert len(world.picture()["trades"]) == 1
    assert due.keep_sessions(world.url) == 0
    with clock.moved_to(clock.now() + dt.timedelta(minutes=5)):
        assert due.keep_sessions(world.url) == 1
        assert due.keep_sessions(world.url) == 0  # it is told already
        take_up(world.engine)
        assert due.keep_sessions(world.url) == 0
    assert _product(world)[0] == "open"
    assert [each[4] for each in _stops(world)] == [True]
    assert [trade[4] for trade in world.picture()["trades"]] == [3_000, 3_500]


def test_a_limit_that_grows_may_interrupt_the_book_too(world: World) -> None:
    """An order that a full cap kept from a dearer seller is looked at again: no command names the product then."""
    install_rules(world, bands=(DYNAMIC,))
    world.place("fills the cap", "a", "sell", 37 * LOT, 3_000)
    _accepted(world.place("b1", "d", "buy", 35 * LOT, 3_200))
    world.place("dear", "a", "sell", 5 * LOT, 3_500)
    assert _accepted(world.place("waits", "d", "buy", LOT, 4_000)).fills == ()
    assert _product(world)[0] == "open"
    with db.transaction(world.url) as session:
        cap = session.scalars(select(Limit).where(Limit.code == CAP_C2, Limit.water_year == YEAR)).one()
        limits.change(
            session, actor=world.names.actor, limit_id=cap.id, limit_litres=cap.limit_litres + 50 * LOT,
            reason="tests", legal_source="tests",
        )  # fmt: skip
    take_up(world.engine)
    assert (_product(world)[0], len(world.picture()["trades"])) == ("auction", 1)
    world.engine.reload()
    assert world.engine.exchange.products[world.names.product].phase == "auction"


def test_an_interruption_may_end_in_a_call(world: World) -> None:
    install_rules(world, bands=(msgspec.structs.replace(DYNAMIC, interruption_then="uncross"),))
    _jump(world)
    with clock.moved_to(clock.now() + dt.timedelta(minutes=5)):
        assert due.keep_sessions(world.url) == 1
        take_up(world.engine)
    assert _product(world)[0] == "uncross"


def test_the_calendar_leaves_a_book_alone_that_is_interrupted(world: World) -> None:
    install_rules(world, bands=(DYNAMIC,))
    _jump(world)
    assert _tell(world, "phase", phase="pre_open") == {"phase": "auction", "ignored": "pre_open"}
    assert _product(world)[0] == "auction"


def test_what_ends_a_stop_that_is_over_already_comes_too_late(world: World) -> None:
    install_rules(world, bands=(BREAKER,))
    _reference(world, 2_500)
    _trade(world, 3_000)
    assert _product(world)[0] == "halted"
    row = world.looking.execute("SELECT id FROM price_stops").fetchone()
    assert row is not None
    _tell(world, "halt", reason="the bureau looks into it")  # now it is the bureau's halt
    assert _tell(world, "resume", phase="open", stop=row[0]) == {"phase": "halted", "ignored": "open"}
    assert _tell(world, "resume", phase="open") == {"phase": "open"}


def test_the_breaker_halts_for_its_minutes_and_once_a_reference_price(world: World) -> None:
    install_rules(world, bands=(BREAKER,))
    _reference(world, 2_500)
    world.place("a1", "a", "sell", LOT, 3_000)
    _accepted(world.place("b1", "b", "buy", LOT, 3_000))
    assert _product(world) == ("halted", "breaker: 0.3000 against 0.2500")
    refused = world.place("b2", "b", "buy", LOT, 3_000)
    assert isinstance(refused, Refused)
    assert refused.code == "product_not_open"
    with clock.moved_to(clock.now() + dt.timedelta(minutes=15)):
        assert due.keep_sessions(world.url) == 1
        take_up(world.engine)
    assert _product(world)[0] == "open"
    world.engine.reload()
    world.place("a3", "a", "sell", LOT, 3_000)
    _accepted(world.place("b3", "b", "buy", LOT, 3_000))
    assert (_product(world)[0], len(_stops(world))) == ("open", 1)
    _reference(world, 2_500)
    world.place("a4", "a", "sell", LOT, 3_000)
    _accepted(world.place("b4", "b", "buy", LOT, 3_000))
    assert (_product(world)[0], len(_stops(world))) == ("halted", 2)


def test_a_halt_without_minutes_lasts_until_somebody_resumes(world: World) -> None:
    install_rules(world, bands=(msgspec.structs.replace(BREAKER, breaker_minutes=0),))
    _reference(world, 2_500)
    _trade(world, 3_000)
    with clock.moved_to(clock.now() + NEXT_DAY):
        assert due.keep_sessions(world.url) == 0
    assert _stops(world)[0][3] is None
    _tell(world, "resume", phase="open", reason="looked into")
    assert _product(world)[0] == "open"


def test_the_clock_does_not_resume_what_a_curtailment_has_halted(world: World) -> None:
    install_rules(world, bands=(BREAKER,))
    _reference(world, 2_500)
    _trade(world, 3_000)
    assert _product(world)[0] == "halted"
    with db.transaction(world.url) as session:
        cap = session.scalars(select(Limit).where(Limit.code == CAP_C1, Limit.water_year == YEAR)).one()
        found = curtailments.order(
            session, actor=world.names.actor, water_year=YEAR, cuts=[(cap.id, cap.limit_litres - 60 * LOT)],
            reason="drought", legal_source="art. 41",
        ).id  # fmt: skip
    take_up(world.engine)
    assert [each[4] for each in _stops(world)] == [True]
    with clock.moved_to(clock.now() + dt.timedelta(minutes=15)):
        assert due.keep_sessions(world.url) == 0
    for _ in range(4):
        with db.transaction(world.url) as session:
            state = curtailments.advance(session, actor=due.CLOCK, curtailment_id=found).status
        take_up(world.engine)
    assert (state, _product(world)[0]) == ("done", "open")


def test_a_batch_that_the_database_refuses_stops_nothing(world: World) -> None:
    """The poison command is found by halves; the stop is of the batch that was committed in the end, once."""
    install_rules(world, bands=(DYNAMIC,))
    world.place("a1", "a", "sell", LOT, 3_000)
    world.place("b1", "b", "buy", LOT, 3_000)
    world.place("a2", "a", "sell", LOT, 3_500)
    world.looking.execute(
        "CREATE FUNCTION no_stop() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'planted'; END $$"
    )
    world.looking.execute(
        "CREATE TRIGGER no_stop BEFORE INSERT ON price_stops FOR EACH ROW EXECUTE FUNCTION no_stop()"
    )
    refused = world.place("b2", "b", "buy", LOT, 3_600)
    assert isinstance(refused, Refused)
    assert (refused.code, _product(world)[0], _stops(world)) == ("engine_refused", "open", [])
    product = world.engine.exchange.products[world.names.product]
    assert (product.phase, product.stop, world.engine.exchange.paused) == ("open", 0, {})
    world.looking.execute("DROP TRIGGER no_stop ON price_stops")
    assert _accepted(world.place("b3", "b", "buy", LOT, 3_600)).fills == ()
    assert (_product(world)[0], len(_stops(world))) == ("auction", 1)


def test_a_deal_is_no_price_of_the_book(world: World) -> None:
    install_rules(world, bands=(DYNAMIC,))
    world.place("a1", "a", "sell", LOT, 3_000)
    world.place("b1", "b", "buy", LOT, 3_000)
    wanted = deals.NewDeal(
        7, world.names.product, world.names.water["a"], world.names.water["b"], "sell", LOT, 9_000
    )
    assert world.names.actor.user_id is not None
    with db.transaction(world.url) as session:
        deals.strike(
            session, actor=world.names.actor, kind="negotiated", wanted=[wanted], user_id=world.names.actor.user_id
        )  # fmt: skip
    take_up(world.engine)
    guard = world.engine.exchange.books[world.names.product].guard
    assert guard.last == 3_000
    world.engine.reload()
    assert world.engine.exchange.books[world.names.product].guard.last == 3_000


def test_what_sellers_got_in_a_call_is_the_last_price_of_the_book(world: World) -> None:
    """Sold at 0.30 before; the call clears at 0.36. The book then trades at 0.36 without an interruption."""
    install_rules(world, bands=(DYNAMIC,))
    world.place("a1", "a", "sell", LOT, 3_000)
    world.place("b1", "b", "buy", LOT, 3_000)
    call = call_of(world, [("a", "sell", 10 * LOT, 3_600), ("b", "buy", 5 * LOT, 3_700)])
    assert call.status == "settled"
    for _ in range(2):
        assert world.engine.exchange.books[world.names.product].guard.last == 3_600
        world.engine.reload()
    assert len(_accepted(world.place("b2", "b", "buy", LOT, 3_600)).fills) == 1
    assert _product(world)[0] == "open"


# --- reference prices ----------------------------------------------------------------------------------------------


def _prices(world: World) -> list[tuple[Any, ...]]:
    return world.looking.execute(
        "SELECT basis, price_e4, volume_litres FROM reference_prices WHERE product_id = %s ORDER BY id",
        (world.names.product,),
    ).fetchall()


FIRST = parts.FirstPrice("surface", "agriculture", 1_500_000, parts.DEMONSTRATION)


def test_the_first_reference_price_is_the_tariff_times_the_published_multiple(world: World) -> None:
    install_rules(world, first_prices=(FIRST,))
    due.set_reference_prices(world.url)
    assert _prices(world) == [("tariff", 2_127, 0)]  # 0.1418 x 1.5
    assert due.set_reference_prices(world.url) == 0


def test_without_a_rule_there_is_no_reference_price_until_the_bureau_sets_one(world: World) -> None:
    install_rules(world, first_prices=())
    assert due.set_reference_prices(world.url) == 0
    _reference(world, 2_000)
    with clock.moved_to(clock.now() + NEXT_DAY):
        assert due.set_reference_prices(world.url) == 1
        assert due.set_reference_prices(world.url) == 0
    assert _prices(world) == [("bureau", 2_000, 0), ("carried", 2_000, 0)]


def test_a_day_with_trades_makes_the_next_days_price_by_volume(world: World) -> None:
    """2 m3 at 0.30 and 1 m3 at 0.36 give 0.32; a route's loss is no discount: 3 m3 of canal 1 for canal 2 at 0.32."""
    install_rules(world, first_prices=(FIRST,))
    _reference(world, 2_500)
    for number, (volume, price) in enumerate([(2 * LOT, 3_000), (LOT, 3_600)]):
        world.place(f"s{number}", "a", "sell", volume, price)
        _accepted(world.place(f"b{number}", "b", "buy", volume, price))
    with clock.moved_to(clock.now() + 3 * NEXT_DAY):  # the worker was away: the last day with trades counts
        due.set_reference_prices(world.url)
    assert _prices(world)[1:] == [("traded", 3_200, 3 * LOT)]


def test_rejected_trades_and_what_one_owner_sold_itself_make_no_price(world: World) -> None:
    install_rules(world, first_prices=(FIRST,))
    _reference(world, 2_500)
    world.place("s1", "a", "sell", 20 * LOT, 9_000)
    _accepted(world.place("b1", "f", "buy", 18 * LOT, 10_000))
    world.decide(0, approve=False)
    world.place("s2", "a", "sell", 2 * LOT, 4_000)
    _accepted(world.place("b2", "d", "buy", LOT, 5_000))
    with db.connect(world.url) as connection:  # found out later
        connection.execute(
            "UPDATE participants SET owner_group_id = %s WHERE id = %s",
            (world.names.participant["a"], world.names.participant["d"]),
        )
    with clock.moved_to(clock.now() + NEXT_DAY):
        due.set_reference_prices(world.url)
    with db.connect(world.url) as connection:  # as it was: the tape is proved afterwards
        connection.execute(
            "UPDATE participants SET owner_group_id = id WHERE id = %s", (world.names.participant["d"],)
        )
    assert _prices(world)[1:] == [("carried", 2_500, 0)]


@pytest.mark.parametrize(
    ("value", "litres", "price"), [(10, 4, 2), (14, 4, 4), (11, 4, 3), (6, 4, 2), (9_600_000, 3_000, 3_200)]
)
def test_a_weighted_price_is_rounded_half_to_even(value: int, litres: int, price: int) -> None:
    assert reference_prices.weighted(value, litres) == price


def test_reference_prices_move_the_band_of_the_next_order(world: World) -> None:
    install_rules(world, bands=(msgspec.structs.replace(BAND, static_e6=100_000),))
    _reference(world, 3_000)
    assert isinstance(world.place("x", "a", "sell", LOT, 4_000), Refused)
    _reference(world, 4_000)
    _accepted(world.send("a", Place(world.names.water["a"], world.names.product, "sell", LOT, 4_000)))
