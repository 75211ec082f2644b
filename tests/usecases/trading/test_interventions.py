"""Halts and cancellations of many orders through the engine: what stands still, what ends, and what goes on."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from market.core import clock, db, ids
from market.core.errors import NotFound
from market.registry import queries
from market.supervision import cancelling, halting, register
from market.supervision.cancelling import Filter
from market.supervision.errors import (
    HaltLifted,
    HaltOver,
    HaltScope,
    NothingChosen,
    ReasonMissing,
    SelectionChanged,
    SelectionUnchecked,
    TooManyChosen,
)
from market.trading import calls, intake
from market.trading.commands import Accepted, Amend, Cancel, Command, Place, Refused
from market.trading.intake import take_up
from tests.model.world import ALLOCATED, World

LOT = 1_000
WHY = {"reason": "layering", "legal_source": "a law that allows it"}


def _halt(world: World, **wanted: Any) -> int:
    with db.transaction(world.url) as session:
        return halting.order(
            session, actor=world.names.actor, **({"scope": "participant", "orders": "stay"} | WHY | wanted)
        ).id


def _lift(world: World, number: int) -> None:
    with db.transaction(world.url) as session:
        halting.lift(session, actor=world.names.actor, halt_id=number, reason="explained")


def _cancel(world: World, wanted: Filter, **checked: Any) -> int:
    with db.transaction(world.url) as session:
        checked = checked or {"digest": cancelling.preview(session, wanted=wanted).digest}
        return cancelling.order(session, actor=world.names.actor, wanted=wanted, **WHY, **checked).id


def _refused(outcome: Any) -> Refused:
    assert isinstance(outcome, Refused), outcome
    return outcome


def _filled(outcome: Any) -> int:
    assert isinstance(outcome, Accepted), outcome
    return sum(fill.delivered for fill in outcome.fills)


def _states(world: World) -> dict[str, str]:
    return {key: order[4] for key, order in world.picture()["orders"].items()}


def _mine(world: World, who: str) -> list[register.Entry]:
    with db.transaction(world.url) as session:
        return register.listing(session, before=None, limit=9, participant_id=world.names.participant[who])


def test_a_halted_participants_orders_stay_unmatched_until_the_halt_is_lifted(world: World) -> None:
    world.place("mine", "b", "sell", 5 * LOT, 3_000)
    world.place("owners", "c", "sell", 5 * LOT, 2_000)
    world.place("dearer", "d", "sell", 5 * LOT, 3_500)
    number = _halt(world, participant_id=world.names.participant["b"], with_owners=True)
    for who in ("b", "c"):  # of one owner
        refused = _refused(world.place(f"new-{who}", who, "sell", LOT, 9_000))
        assert (refused.code, refused.legal_source) == ("halted", WHY["legal_source"])
        assert ids.public("hlt", number) in refused.detail and WHY["reason"] in refused.detail
    with db.transaction(world.url) as session:
        tradable = queries.tradable(session, water_account_id=world.names.water["b"])
        assert tradable.binding is not None and (tradable.litres, tradable.binding.name) == (0, "halted")
    assert _refused(world.send("b", Amend(world.orders["mine"], volume=LOT))).code == "halted"
    assert _filled(world.place("bid", "a", "buy", 7 * LOT, 4_000)) == 4_850, "the halted asks are cheaper"
    world.engine.reload()  # an engine that starts anew knows it too
    assert _filled(world.place("more", "a", "buy", LOT, 4_000)) == 0
    assert _states(world)["mine"] == "open" and world.free("b") == ALLOCATED - 5 * LOT
    assert isinstance(world.send("c", Cancel(world.orders["owners"])), Accepted), "an owner may always cancel"
    _lift(world, number)
    take_up(world.engine)  # what crosses now is matched, oldest first
    assert world.picture()["orders"]["bid"][4] == "filled"
    assert [(each.kind, each.state, each.halt_id) for each in _mine(world, "c")] == [
        ("halt", "lifted", number)
    ]
    assert not _mine(world, "d")
    with pytest.raises(HaltLifted):
        _lift(world, number)


@pytest.mark.parametrize(
    ("wanted", "stopped", "free"),
    [
        ({"scope": "zone", "zone": "KUSHAN-C1"}, "ab", "cd"),
        ({"scope": "zone", "zone": "653123"}, "abcd", ""),
        ({"scope": "product"}, "abcd", ""),
        ({"scope": "market"}, "abcd", ""),
    ],
)
def test_a_halt_holds_all_that_is_below_it(world: World, wanted: Any, stopped: str, free: str) -> None:
    world.place("ask", "a", "sell", 2 * LOT, 3_000)
    world.place("other", "d", "sell", 2 * LOT, 3_000)
    if wanted["scope"] == "product":
        wanted = wanted | {"product_id": world.names.product}
    until = clock.now() + dt.timedelta(hours=2)
    number = _halt(world, until=until, **wanted)
    for who in stopped:
        refused = _refused(world.place(f"new-{who}", who, "buy", LOT, 1))
        assert (refused.code, refused.available) == ("halted", until.astimezone(dt.UTC).isoformat())
    for who in free:
        assert isinstance(world.place(f"new-{who}", who, "buy", LOT, 1), Accepted)
    assert _states(world)["ask"] == "open"
    with db.transaction(world.url) as session:
        assert halting.due(session) == []
        with pytest.raises(HaltOver):
            halting.end(session, number, actor=world.names.actor)
        assert [
            (each.id, zone) for each, zone in halting.listing(session, before=None, limit=9, public=True)
        ] == [(number, wanted.get("zone"))]
    with clock.standing(until), db.transaction(world.url) as session:
        assert halting.due(session) == [number]
        halting.end(session, number, actor=world.names.actor)
        session.commit()
        take_up(world.engine)
        assert _filled(world.place("again", "b", "buy", LOT, 3_000)) == LOT


def test_a_halt_can_end_the_orders_that_it_is_about(world: World) -> None:
    for key, who in (("x", "a"), ("y", "b"), ("z", "d")):
        world.place(key, who, "sell", LOT, 9_000)
    _halt(world, scope="zone", zone="653123101", orders="cancel")
    take_up(world.engine)
    assert _states(world) == {"x": "cancelled", "y": "cancelled", "z": "open"}
    assert world.free("a") == ALLOCATED
    assert {each.kind for each in _mine(world, "a")} == {"halt", "cancellation"}


def test_a_call_leaves_out_what_stands_still_and_waits_where_its_product_does(world: World) -> None:
    actor, product = world.names.actor, world.names.product
    with db.transaction(world.url) as session:
        call = calls.open_call(session, actor=actor, product_id=product, reason="thin market").id
    take_up(world.engine)
    for key, who, side, price in (
        ("cheap", "a", "sell", 2_000),
        ("ask", "b", "sell", 3_000),
        ("bid", "d", "buy", 4_000),
    ):
        world.place(key, who, side, 10 * LOT, price)
    _halt(world, participant_id=world.names.participant["a"])
    everything = _halt(world, scope="market")
    with db.transaction(world.url) as session:
        calls.close_call(session, actor=actor, call_id=call)
    take_up(world.engine)
    with db.transaction(world.url) as session:
        assert calls.to_clear(session) == []
    _lift(world, everything)
    take_up(world.engine)
    with db.transaction(world.url) as session:
        assert calls.to_clear(session) == [call]
        calls.clear(session, actor=actor, call_id=call)
    take_up(world.engine)
    orders = world.picture()["orders"]
    assert (orders["cheap"][1], orders["ask"][1]) == (10 * LOT, 0), "only the dearer one was sold"
    assert orders["bid"][4] != "open" or orders["bid"][1] < 10 * LOT


def test_what_is_chosen_fills_no_more_once_the_command_is_answered_and_its_holds_come_back(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(intake, "MAX_BATCH", 3)
    for number in range(10):
        world.place(f"o{number}", "a", "sell", LOT, 3_000 + number)
    world.place("stays", "d", "sell", LOT, 2_000)
    wanted = Filter(zone="653123101", side="sell", price_from_e4=3_001, kind="household")
    with db.transaction(world.url) as session:
        seen = cancelling.preview(session, wanted=wanted)
    assert (seen.orders, seen.participants, seen.sell_litres, seen.held_fen) == (9, 1, 9 * LOT, 0)
    number = _cancel(world, wanted, digest=seen.digest)
    assert _filled(world.place("early", "b", "buy", 3 * LOT, 9_000)) == 1_970, "of o0 and of d's alone"
    between: list[int] = []

    def trade() -> None:
        key = f"between{len(between)}"
        between.append(_filled(world.place(key, "b", "buy", LOT, 9_000, tif="IOC")))

    take_up(world.engine, between=trade)
    assert between == [0, 0]
    states = _states(world)
    assert {states[f"o{each}"] for each in range(1, 10)} == {"cancelled"}
    assert world.free("a") == ALLOCATED - LOT, "only o0 was sold"
    with db.transaction(world.url) as session:
        done = cancelling.progress(session, [number])[number]
    assert (done.cancelled, done.ended_otherwise, done.left) == (9, 0, 0)
    reason = world.looking.execute(
        "SELECT DISTINCT reason FROM orders WHERE status = 'cancelled' AND side = 'sell'"
    )
    assert reason.fetchall() == [(f"intervention {ids.public('itv', number)}",)]
    (entry,) = _mine(world, "a")
    assert (entry.id, entry.kind, entry.state, entry.orders, entry.ended) == (
        number,
        "cancellation",
        "done",
        9,
        9,
    )


def test_thousands_end_while_others_trade_and_every_fen_and_litre_comes_back(world: World) -> None:
    names, before = world.names, world.picture()["free"]
    wanted = [("a", "sell", 9_000)] * 150 + [(who, "buy", 1) for who in "ab" for _ in range(1_925)]
    commands = [
        Command(
            names.participant[who], 0, None, f"many-{number}", 0, bytes(32),
            Place(names.water[who], names.product, side, LOT, price),
        )
        for number, (who, side, price) in enumerate(wanted)
    ]  # fmt: skip
    assert all(isinstance(each.outcome, Accepted) for each in world.engine.execute(commands))
    world.place("ask", "d", "sell", 100 * LOT, 3_000)
    number = _cancel(world, Filter(zone="653123101"), most=4_000)
    between: list[int] = []

    def trade() -> None:
        between.append(
            _filled(world.send("c", Place(names.water["c"], names.product, "buy", LOT, 4_000, "IOC")))
        )

    trade()
    take_up(world.engine, between=trade)
    assert between == [LOT, LOT]
    with db.transaction(world.url) as session:
        done = cancelling.progress(session, [number])[number]
    assert (done.cancelled, done.ended_otherwise, done.left) == (4_000, 0, 0)
    held = world.looking.execute(
        "SELECT coalesce(sum(a.debits_pending), 0) FROM accounts a WHERE a.id IN (SELECT account_id FROM water_accounts"
        " UNION SELECT account_id FROM money_accounts)"
    ).fetchone()
    assert held == (98 * LOT,), "what d still offers, and nothing else"
    assert world.free("a") == before["a"][0]


def test_an_owner_may_be_quicker_and_a_killed_engine_goes_on(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(intake, "MAX_BATCH", 3)
    for number in range(8):
        world.place(f"o{number}", "a", "sell", LOT, 9_000)
    number = _cancel(world, Filter(participant_id=world.names.participant["a"]), most=8)
    assert isinstance(world.send("a", Cancel(world.orders["o5"])), Accepted)
    assert _refused(world.send("a", Amend(world.orders["o6"], price=8_000))).code == "order_not_open"

    class Killed(Exception):
        pass

    def kill() -> None:
        raise Killed

    with pytest.raises(Killed):
        take_up(world.engine, between=kill)
    with db.transaction(world.url) as session:
        half = cancelling.progress(session, [number])[number]
    assert (half.cancelled, half.ended_otherwise, half.left) == (3, 1, 4)
    world.engine.reload()
    take_up(world.engine)
    with db.transaction(world.url) as session:
        done = cancelling.progress(session, [number])[number]
    assert (done.cancelled, done.ended_otherwise, done.left) == (7, 1, 0)
    assert world.free("a") == ALLOCATED


def test_what_cannot_be_ordered_is_refused_by_name(world: World) -> None:
    world.place("x", "a", "sell", LOT, 9_000)
    seller = Filter(side="sell")
    stale = Filter(order_ids=(1,))
    for wanted, checked, error in (
        (seller, {"digest": "0" * 64}, SelectionChanged),
        (seller, {"most": 0}, TooManyChosen),
        (seller, {"most": 1, "digest": "0" * 64}, SelectionUnchecked),
        (stale, {"most": 1}, NothingChosen),
        (Filter(water_account_id=world.names.water["b"]), {"most": 1}, NothingChosen),
        (Filter(placed_before=clock.now() - dt.timedelta(days=1)), {"most": 1}, NothingChosen),
        (Filter(owner_of=world.names.participant["b"]), {"most": 1}, NothingChosen),
    ):
        with pytest.raises(error):
            _cancel(world, wanted, **checked)
    participant = world.names.participant["a"]
    for wanted_halt, refusal in (
        ({"participant_id": participant, "reason": " "}, ReasonMissing),
        ({"participant_id": participant, "scope": "market"}, HaltScope),
        ({"scope": "market", "with_owners": True}, HaltScope),
        ({}, HaltScope),
        ({"participant_id": 10**9}, NotFound),
        ({"participant_id": participant, "until": clock.now()}, HaltOver),
    ):
        with pytest.raises(refusal):
            _halt(world, **wanted_halt)
    with pytest.raises(NotFound):
        _lift(world, 10**9)
    assert _states(world) == {"x": "open"}
