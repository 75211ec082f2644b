"""The kill switch through the engine: open orders end, new ones are refused, and lifting revives none."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from market.core import db
from market.core.errors import NotFound
from market.supervision import kill_switches
from market.supervision.errors import ReasonMissing, SwitchLifted
from market.trading import deals, intake
from market.trading.commands import Accepted, Refused
from market.trading.intake import take_up
from market.trading.session_models import KillSwitch
from tests.model.world import ALLOCATED, World

LOT = 1_000
LAW = "a law that allows it"


def _throw(world: World, who: str | None = None, product: int | None = None) -> int:
    with db.transaction(world.url) as session:
        return kill_switches.throw(
            session, actor=world.names.actor, participant_id=None if who is None else world.names.participant[who],
            product_id=product, reason="wash trades", legal_source=LAW,
        ).id  # fmt: skip


def _lift(world: World, number: int) -> None:
    with db.transaction(world.url) as session:
        kill_switches.lift(session, actor=world.names.actor, kill_switch_id=number, reason="explained")


def _told(world: World, topic: str) -> list[tuple[Any, ...]]:
    return world.looking.execute(
        "SELECT subject_type, subject_id FROM outbox WHERE topic = %s ORDER BY id", (topic,)
    ).fetchall()


def _refused(outcome: Any) -> Refused:
    assert isinstance(outcome, Refused), outcome
    return outcome


def _place_some(world: World) -> None:
    for number, who in enumerate(("a", "a", "d")):
        assert isinstance(world.place(f"{who}{number}", who, "sell", LOT, 9_000), Accepted)


def test_one_participants_orders_end_and_new_ones_are_refused_by_name(world: World) -> None:
    _place_some(world)
    number = _throw(world, "a")
    refused = _refused(
        world.place("at once", "a", "sell", LOT, 9_000)
    )  # before the engine looks at its inbox
    assert (refused.code, refused.legal_source) == ("kill_switch", LAW)
    assert "wash trades" in refused.detail
    take_up(world.engine)
    orders = world.picture()["orders"]
    assert [orders[key][4] for key in ("a0", "a1", "d2")] == ["cancelled", "cancelled", "open"]
    assert world.free("a") == ALLOCATED
    assert isinstance(world.place("other", "d", "sell", LOT, 9_000), Accepted)
    world.engine.reload()
    assert _refused(world.place("after", "a", "buy", LOT, 1)).code == "kill_switch"
    _lift(world, number)
    assert isinstance(world.place("again", "a", "sell", LOT, 9_000), Accepted)
    assert [world.picture()["orders"][key][4] for key in ("a0", "a1")] == ["cancelled", "cancelled"]
    switch, participant = ("kill_switch", number), ("participant", world.names.participant["a"])
    assert _told(world, "supervision.kill_switch.thrown") == [switch, participant]
    assert _told(world, "supervision.kill_switch.lifted") == [switch, participant]


def test_everybodys_orders_end_and_whoever_had_one_is_told(world: World) -> None:
    _place_some(world)
    number = _throw(world)
    take_up(world.engine)
    assert {order[4] for order in world.picture()["orders"].values()} == {"cancelled"}
    assert _refused(world.place("x", "d", "sell", LOT, 9_000)).code == "kill_switch"
    told = _told(world, "supervision.kill_switch.thrown")
    assert told == [
        ("kill_switch", number), *(("participant", world.names.participant[who]) for who in ("a", "d")),
    ]  # fmt: skip


def test_a_switch_of_another_product_leaves_this_one_alone(world: World) -> None:
    _place_some(world)
    row = world.looking.execute(
        "SELECT id FROM products WHERE id <> %s LIMIT 1", (world.names.product,)
    ).fetchone()
    assert row is not None
    _throw(world, "a", row[0])
    take_up(world.engine)
    assert {order[4] for order in world.picture()["orders"].values()} == {"open"}


def test_deals_of_who_is_stopped_are_refused(world: World) -> None:
    _throw(world, "b")
    wanted = deals.NewDeal(
        7, world.names.product, world.names.water["a"], world.names.water["b"], "sell", LOT, 3_000
    )
    assert world.names.actor.user_id is not None
    with db.transaction(world.url) as session:
        deals.strike(
            session, actor=world.names.actor, kind="negotiated", wanted=[wanted], user_id=world.names.actor.user_id
        )  # fmt: skip
    take_up(world.engine)
    row = world.looking.execute("SELECT refusal FROM deals").fetchone()
    assert row is not None
    assert msgspec.json.decode(row[0])["code"] == "kill_switch"


def test_many_orders_end_in_batches_of_the_engines_size(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(intake, "MAX_BATCH", 3)
    for number in range(10):
        world.place(f"o{number}", "a", "sell", LOT, 9_000)
    before = world.engine.batches
    number = _throw(world, "a")
    take_up(world.engine)
    assert {order[4] for order in world.picture()["orders"].values()} == {"cancelled"}
    assert world.engine.batches - before == 4
    with db.transaction(world.url) as session:
        found = session.get_one(KillSwitch, number)
        assert kill_switches.orders_ended(db.raw(session), [found]) == {number: 10}


def test_an_engine_that_was_killed_in_between_goes_on_with_what_is_left(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(intake, "MAX_BATCH", 3)
    for number in range(10):
        world.place(f"o{number}", "a", "sell", LOT, 9_000)
    number = _throw(world, "a")
    run, batches = world.engine.run, []

    def twice(make: Any) -> Any:
        if len(batches) == 2:
            raise KeyboardInterrupt
        batches.append(make)
        return run(make)

    with monkeypatch.context() as patched:
        patched.setattr(world.engine, "run", twice)
        with pytest.raises(KeyboardInterrupt):
            take_up(world.engine)
    assert sum(order[4] == "open" for order in world.picture()["orders"].values()) == 4
    world.engine.reload()
    take_up(world.engine)
    assert {order[4] for order in world.picture()["orders"].values()} == {"cancelled"}
    with db.transaction(world.url) as session:
        found = session.get_one(KillSwitch, number)
        assert kill_switches.orders_ended(db.raw(session), [found]) == {number: 10}


def test_a_switch_needs_its_reason_and_source_and_is_lifted_once(world: World) -> None:
    with db.transaction(world.url) as session:
        for reason, source in ((" ", LAW), ("why", " ")):
            with pytest.raises(ReasonMissing):
                kill_switches.throw(
                    session, actor=world.names.actor, participant_id=None, product_id=None, reason=reason,
                    legal_source=source,
                )  # fmt: skip
        with pytest.raises(NotFound):
            kill_switches.throw(
                session, actor=world.names.actor, participant_id=10**9, product_id=None, reason="why", legal_source=LAW
            )  # fmt: skip
        with pytest.raises(NotFound):
            kill_switches.lift(session, actor=world.names.actor, kill_switch_id=10**9, reason="why")
    number = _throw(world, "a")
    with db.transaction(world.url) as session, pytest.raises(ReasonMissing):
        kill_switches.lift(session, actor=world.names.actor, kill_switch_id=number, reason=" ")
    _lift(world, number)
    with pytest.raises(SwitchLifted):
        _lift(world, number)


def test_two_switches_are_lifted_one_by_one(world: World) -> None:
    first, second = _throw(world, "a"), _throw(world)
    _lift(world, first)
    assert _refused(world.place("x", "a", "sell", LOT, 9_000)).code == "kill_switch"
    _lift(world, second)
    assert isinstance(world.place("y", "a", "sell", LOT, 9_000), Accepted)
    take_up(world.engine)
