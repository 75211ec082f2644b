"""Phases through the engine's inbox: kept, survived by a restart, and a halt stays until somebody resumes."""

from __future__ import annotations

from typing import Any

import msgspec

from market.core import db, inbox
from market.trading.commands import Accepted
from market.trading.intake import take_up
from tests.model.world import World

LOT = 1_000


def _command(world: World, kind: str, **payload: Any) -> dict[str, Any]:
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


def _phase(world: World) -> str:
    row = world.looking.execute("SELECT phase FROM products WHERE id = %s", (world.names.product,)).fetchone()
    assert row is not None
    return str(row[0])


def test_orders_wait_through_a_restart_and_trade_when_the_book_opens(world: World) -> None:
    assert _command(world, "phase", phase="pre_open", reason="night") == {"phase": "pre_open"}
    world.place("ask", "a", "sell", 5 * LOT, 3_000)
    world.engine.reload()
    bid = world.place("bid", "b", "buy", 5 * LOT, 3_100)
    assert isinstance(bid, Accepted)
    assert bid.fills == ()
    assert world.picture()["trades"] == []
    _command(world, "phase", phase="open", reason="morning")
    (trade,) = world.picture()["trades"]
    assert trade[:6] == ("bid", "ask", 5 * LOT, 5 * LOT, 3_000, 150)
    assert _phase(world) == "open"


def test_a_halt_stays_whatever_the_calendar_says(world: World) -> None:
    _command(world, "halt", reason="drought")
    assert _command(world, "phase", phase="open") == {"phase": "halted", "ignored": "open"}
    assert _phase(world) == "halted"
    assert _command(world, "resume", reason="rain") == {"phase": "open"}


def test_a_phase_that_is_none_is_no_command(world: World) -> None:
    assert "error" in _command(world, "phase", phase="nonsense")
    assert _phase(world) == "open"
