"""The engine on a real database: batches, keys, the clock, the second door, and what happens when it is not alone."""

from __future__ import annotations

import datetime as dt
import gc
import weakref

import psycopg
import pytest

from market.core import audit, clock, db, inbox
from market.trading import statements
from market.trading.commands import Accepted, Amend, Answer, Cancel, Command, Place, Refused
from market.trading.engine import Engine
from market.trading.intake import end_expired, take_up
from market.trading.process import sweep
from tests.model.world import World

LOT = 1_000


def _command(
    world: World, holder: str, request: Place | Amend | Cancel, key: str, **other: object
) -> Command:
    made = Command(world.names.participant[holder], world.names.clerk, None, key, 0, bytes(32), request)
    return _with(made, **other) if other else made


def _with(command: Command, **other: object) -> Command:
    """A command with other fields."""
    fields = {name: getattr(command, name) for name in command.__struct_fields__} | other
    return Command(**fields)


def _sell(world: World, holder: str, lots: int, price: int = 3_000, **terms: object) -> Place:
    return Place(world.names.water[holder], world.names.product, "sell", lots * LOT, price, **terms)  # type: ignore[arg-type]


def _buy(world: World, holder: str, lots: int, price: int = 3_400, **terms: object) -> Place:
    return Place(world.names.water[holder], world.names.product, "buy", lots * LOT, price, **terms)  # type: ignore[arg-type]


def _accepted(answer: Answer) -> Accepted:
    assert isinstance(answer.outcome, Accepted), answer
    return answer.outcome


def _refused(answer: Answer) -> str:
    assert isinstance(answer.outcome, Refused), answer
    return answer.outcome.code


def test_one_refusal_in_a_batch_spoils_no_neighbour(world: World) -> None:
    answers = world.engine.execute([
        _command(world, "a", _sell(world, "a", 10), "1"),
        _command(world, "a", _sell(world, "a", 100_000), "2"),
        _command(world, "d", _buy(world, "d", 5), "3"),
        _command(world, "a", Cancel(1), "4"),
    ])  # fmt: skip
    assert _accepted(answers[0]).rest == 10 * LOT  # as it was when its own command ended
    assert [_refused(answers[1]), _refused(answers[3])] == ["insufficient_water", "order_not_open"]
    assert len(_accepted(answers[2]).fills) == 1


def test_a_key_has_one_effect_within_a_batch_and_across_batches(world: World) -> None:
    first = _command(world, "a", _sell(world, "a", 3), "same")
    other = _with(first, body_hash=b"x" * 32)
    within = world.engine.execute([first, first, other])
    across = world.engine.execute([first, other])
    assert [each.replayed for each in within] == [False, True, False]
    assert _accepted(within[0]) == _accepted(within[1]) == _accepted(across[0])
    assert across[0].replayed
    assert _refused(within[2]) == _refused(across[1]) == "idempotency_key_reused"
    assert world.count() == 1


def test_a_refusal_by_rule_replays_too(world: World) -> None:
    command = _command(world, "a", _sell(world, "a", 100_000), "much")
    (first,) = world.engine.execute([command])
    world.use("a", 0)
    (again,) = world.engine.execute([command])
    assert (again.outcome, again.replayed) == (first.outcome, True)


def test_a_new_engine_knows_the_book_and_every_key(world: World) -> None:
    command = _command(world, "a", _sell(world, "a", 10), "rests")
    (placed,) = world.engine.execute([command])
    later = Engine(lambda: db.connect(world.url))
    try:
        (again,) = later.execute([command])
        assert again.replayed
        (filled,) = later.execute([_command(world, "d", _buy(world, "d", 5), "takes")])
        assert [fill.maker for fill in _accepted(filled).fills] == ["sell"]
        # the first engine finds another ahead of it, reloads, and goes on with what is true
        (rest,) = world.engine.execute([_command(world, "a", Cancel(_accepted(placed).order), "rest")])
        assert _accepted(rest).status == "cancelled"
        assert _accepted(rest).rest < 10 * LOT
    finally:
        later.connection.close()


def test_a_balance_that_changed_outside_is_seen_under_the_locks(world: World) -> None:
    world.engine.execute([_command(world, "a", _sell(world, "a", 1), "known")])
    world.use("a", 150 * LOT)  # 200 m3 were allocated, 1 is held
    (answer,) = world.engine.execute([_command(world, "a", _sell(world, "a", 60), "too much")])
    assert isinstance(answer.outcome, Refused)
    assert (answer.outcome.code, answer.outcome.available) == ("insufficient_water", "49.000")


def test_orders_end_at_their_time_and_give_back_what_they_held(world: World) -> None:
    soon = clock.now() + dt.timedelta(minutes=5)
    (placed,) = world.engine.execute(
        [_command(world, "a", _sell(world, "a", 10, tif="GTD", expires_at=soon.timestamp()), "gtd")]
    )
    free = world.free("a")
    assert end_expired(world.engine) == 0
    with clock.moved_to(soon + dt.timedelta(seconds=1)):
        assert end_expired(world.engine) == 1
    assert world.status(_accepted(placed).order) == "expired"
    assert world.free("a") == free + 10 * LOT


def test_a_water_year_that_is_over_closes_its_product_and_ends_its_orders(world: World) -> None:
    (placed,) = world.engine.execute([_command(world, "a", _sell(world, "a", 10), "rests")])
    with clock.moved_to(dt.datetime(clock.this_year() + 1, 2, 1, tzinfo=dt.UTC)):
        assert end_expired(world.engine) > 0
        assert end_expired(world.engine) == 0
        (late,) = world.engine.execute([_command(world, "b", _sell(world, "b", 1), "late")])
    assert world.status(_accepted(placed).order) == "expired"
    assert _refused(late) == "product_expired"


def _put(world: World, kind: str, **payload: object) -> None:
    with db.connect(world.url) as connection:
        inbox.put(
            connection, kind=kind, actor=audit.Actor(user_id=world.names.clerk), product_id=world.names.product,
            payload=payload,
        )  # fmt: skip
    take_up(world.engine)


def test_a_halt_refuses_orders_but_lets_owners_cancel_until_it_ends(world: World) -> None:
    (placed,) = world.engine.execute([_command(world, "a", _sell(world, "a", 10), "rests")])
    _put(world, "halt", reason="pump failure")
    refused, cancelled = world.engine.execute([
        _command(world, "d", _buy(world, "d", 5), "halted"),
        _command(world, "a", Cancel(_accepted(placed).order), "cancel"),
    ])  # fmt: skip
    assert isinstance(refused.outcome, Refused)
    assert refused.outcome.code == "product_not_open"
    assert "pump failure" in refused.outcome.detail
    assert _accepted(cancelled).status == "cancelled"
    _put(world, "resume")
    (open_again,) = world.engine.execute([_command(world, "d", _buy(world, "d", 5), "open")])
    assert _accepted(open_again).status == "open"


def test_cancel_orders_of_one_participant_leaves_the_others(world: World) -> None:
    answers = world.engine.execute(
        [_command(world, name, _sell(world, name, 5), f"rests-{name}") for name in ("a", "b", "c")]
    )
    _put(world, "cancel_orders", participant_id=world.names.participant["b"], reason="suspended")
    assert [world.status(_accepted(each).order) for each in answers] == ["open", "cancelled", "open"]


def test_two_orders_of_one_beneficial_owner_never_meet(world: World) -> None:
    world.engine.execute([_command(world, "b", _sell(world, "b", 5), "mine")])
    (own,) = world.engine.execute([_command(world, "c", _buy(world, "c", 5), "mine too")])
    assert _accepted(own).fills == ()
    (other,) = world.engine.execute([_command(world, "d", _buy(world, "d", 5), "somebody's")])
    assert len(_accepted(other).fills) == 1


def test_an_amendment_down_keeps_its_place_and_any_other_loses_it(world: World) -> None:
    first, second = world.engine.execute([
        _command(world, "a", _sell(world, "a", 10), "first"), _command(world, "b", _sell(world, "b", 10), "second"),
    ])  # fmt: skip
    world.engine.execute([_command(world, "a", Amend(_accepted(first).order, volume=6 * LOT), "down")])
    (taken,) = world.engine.execute([_command(world, "d", _buy(world, "d", 1), "takes")])
    assert world.rest(_accepted(first).order) < 6 * LOT
    world.engine.execute([_command(world, "a", Amend(_accepted(first).order, volume=9 * LOT), "up")])
    world.engine.execute([_command(world, "d", _buy(world, "d", 1), "takes again")])
    assert world.rest(_accepted(second).order) < 10 * LOT
    assert len(_accepted(taken).fills) == 1


def test_a_poison_command_is_refused_alone(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    real = world.engine.exchange.apply

    def poisoned(participant: int, request: Place | Amend | Cancel) -> Accepted | Refused:
        if isinstance(request, Place) and request.price == 666:
            raise ArithmeticError("poison")
        return real(participant, request)

    monkeypatch.setattr(type(world.engine.exchange), "apply", lambda _self, *given: poisoned(*given))
    answers = world.engine.execute([
        _command(world, "a", _sell(world, "a", 1), "good"),
        _command(world, "a", _sell(world, "a", 1, 666), "poison"),
        _command(world, "b", _sell(world, "b", 1), "good too"),
    ])  # fmt: skip
    assert [isinstance(each.outcome, Accepted) for each in answers] == [True, False, True]
    assert _refused(answers[1]) == "engine_refused"


def test_a_lost_connection_is_made_anew_and_the_batch_goes_on(world: World) -> None:
    world.engine.execute([_command(world, "a", _sell(world, "a", 1), "before")])
    pid = world.engine.connection.info.backend_pid
    with db.connect(world.url, autocommit=True) as other:
        other.execute("SELECT pg_terminate_backend(%s)", (pid,))
    (after,) = world.engine.execute([_command(world, "a", _sell(world, "a", 1), "after")])
    assert _accepted(after).status == "open"


def test_the_database_itself_refuses_a_second_row_for_a_key(world: World) -> None:
    world.engine.execute([_command(world, "a", _sell(world, "a", 1), "once")])
    with db.connect(world.url) as connection, pytest.raises(psycopg.errors.UniqueViolation):
        connection.execute(
            "INSERT INTO commands SELECT id + 1, batch_id, participant_id, key, position, body_hash, actor_user_id,"
            " mandate_id, request, outcome, created_at FROM commands"
        )


def test_the_engine_s_statements_find_their_rows_by_index(world: World) -> None:
    with db.connect(world.url) as connection:
        connection.execute(statements.SESSION_SQL)
        plan = connection.execute("EXPLAIN " + statements.FIND_KEYS_SQL, ([1], ["a"], [0])).fetchall()
    assert "Seq Scan on commands" not in "\n".join(row[0] for row in plan)


class _Marker:
    """Something whose end can be seen."""


def test_the_books_of_before_are_freed_after_the_next_sweep(world: World) -> None:
    """Neighbours in a book know each other, and a sweep looks at nothing that an earlier one has seen."""
    world.place("one", "a", "sell", LOT, 9_000)
    world.place("two", "a", "sell", LOT, 9_000)
    marker = _Marker()
    seen = weakref.ref(marker)
    first = world.engine.exchange.open_order(world.orders["one"])
    assert first is not None
    first.created_at = marker
    try:
        sweep()
        world.engine.reload()
        del first, marker
        assert seen() is not None
        sweep()
        assert seen() is None
    finally:
        gc.unfreeze()
        gc.enable()
