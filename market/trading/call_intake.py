"""A cleared call reaches the engine: everything that it moves is held in one batch, or it is cleared again."""

from __future__ import annotations

from typing import Any

import structlog

from ledger.arrays import Bigints
from market.core import clock
from market.core.audit import Actor
from market.trading import calling, guarding, sessions, timetable
from market.trading import statements as sql
from market.trading.batch import Batch, BatchFailed
from market.trading.commands import encode
from market.trading.engine import Engine

log = structlog.get_logger("engine")


def hold(engine: Engine, item: int, call_id: int, actor: Actor) -> None:
    """Applies a cleared call to the book; Moved, or a refusal of the database, sends it back to be cleared again."""
    call = _load(engine, call_id)
    if call is None:
        _answer(engine, item, {"error": "there is no such cleared call"})
        return

    def done(batch: Batch) -> list[tuple[str, Any]]:
        ids, held = batch.ids, batch.rows.call_holds
        orders = [(order, ids[~handle]) for order, _, handle in held if order]
        limits = [(account, ids[~handle]) for order, account, handle in held if not order]
        parameters = (
            Bigints(order for order, _ in orders), Bigints(hold_id for _, hold_id in orders), call_id,
            Bigints(account for account, _ in limits), Bigints(hold_id for _, hold_id in limits), call_id,
            batch.rows.batch_id, call_id,
        )  # fmt: skip
        outcome = encode({"held": batch.result}).decode()
        return [
            (sql.CALL_HELD_SQL, parameters),
            (guarding.SET_PHASE_SQL, _moved(engine, call.product)),
            (sql.DONE_INBOX_SQL, (clock.now(), batch.rows.batch_id, outcome, item)),
        ]

    def work() -> int:
        filled = calling.apply(engine.exchange, call)
        code = engine.exchange.products[call.product].code
        then = sessions.after_call(timetable.calendar(engine.reference.pack), code, clock.now())
        engine.exchange.set_phase(call.product, then, "")
        return filled

    try:
        engine.run(
            lambda: Batch(
                work=work, action="call", actor=actor,
                detail={"call": call_id, "inbox": item}, extra=done, products=[call.product],
            )
        )  # fmt: skip
    except BatchFailed as failure:
        reason = str(failure.__cause__) if isinstance(failure.__cause__, calling.Moved) else "engine_refused"
        log.warning("engine.call_again", call=call_id, reason=reason)
        engine.connection.execute(sql.CALL_AGAIN_SQL, (reason, call_id))
        _answer(engine, item, {"error": reason})


def _moved(engine: Engine, number: int) -> dict[str, Any]:
    product = engine.exchange.products[number]
    return guarding.moved(product.id, product.phase, product.phase_reason, clock.now())


def _load(engine: Engine, call_id: int) -> calling.ClearedCall | None:
    connection = engine.connection
    row = connection.execute(sql.CALL_SQL, (call_id,)).fetchone()
    if row is None:
        connection.commit()
        return None
    fills = [
        calling.CallFill(*each) for each in connection.execute(sql.CALL_FILLS_SQL, (call_id,)).fetchall()
    ]
    charges = connection.execute(sql.CALL_CHARGES_SQL, (call_id,)).fetchall()
    connection.commit()
    return calling.ClearedCall(call_id, row[0], fills, charges, row[1])


def _answer(engine: Engine, item: int, outcome: dict[str, Any]) -> None:
    engine.connection.execute(sql.DONE_INBOX_SQL, (clock.now(), None, encode(outcome).decode(), item))
    engine.connection.commit()
