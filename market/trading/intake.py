"""What reaches the engine otherwise than as an order: its inbox, and the clock."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

import msgspec
import structlog

from ledger.arrays import Bigints
from market.core import clock
from market.core.audit import Actor
from market.trading import call_intake
from market.trading import statements as sql
from market.trading.batch import Batch, BatchFailed, EngineUnavailable, answers
from market.trading.book import Order
from market.trading.commands import Accepted, Command, Deal, Outcome, Refused, encode
from market.trading.engine import MAX_BATCH, Engine
from market.trading.guarding import SET_PHASE_SQL, moved
from market.trading.rows import texts, words

log = structlog.get_logger("engine")


def take_up(engine: Engine, *, between: Callable[[], None] | None = None) -> int:
    """Does what lies in the inbox, oldest first; returns how much that was.

    `between` is called after each part of something long, so that orders need not wait for the whole of it.
    """
    rows = engine.connection.execute(sql.OPEN_INBOX_SQL).fetchall()
    engine.connection.commit()
    for item in rows:
        while take(engine, *item):
            if between is not None:
                between()
    return len(rows)


def _strike(engine: Engine, item: int, deal_ids: list[int], request: str | None) -> None:
    """Deals struck elsewhere, in one batch; where the database refuses that, each by itself."""
    rows = engine.connection.execute(sql.OPEN_DEALS_SQL, (Bigints(deal_ids),)).fetchall()
    engine.connection.commit()
    commands = [_deal_command(row, request) for row in rows]
    try:
        _execute_deals(engine, item, commands)
    except BatchFailed as failure:
        if len(commands) > 1:
            for deal_id in deal_ids:
                _strike(engine, item, [deal_id], request)
            return
        reason = Refused("engine_refused", "the deal could not be executed; nothing changed")
        log.error("engine.deal_refused", error=repr(failure.__cause__))
        for statement, parameters in _deal_statements(commands, [reason], 0, item):
            engine.connection.execute(statement, parameters)
        engine.connection.commit()


def _deal_command(row: tuple[Any, ...], request: str | None) -> Command:
    deal = Deal(row[0], *row[3:13])
    body_hash = hashlib.sha256(encode(deal)).digest()
    return Command(row[1], row[2], None, f"{sql.DEAL_KEY}{row[0]}", 0, body_hash, deal, request or "")


def _execute_deals(engine: Engine, item: int, commands: list[Command]) -> None:
    def done(batch: Batch) -> list[tuple[str, Any]]:
        outcomes = [answer.outcome for answer in answers(batch)]
        return _deal_statements(commands, outcomes, batch.rows.batch_id, item)

    engine.run(lambda: Batch(commands, action="deals", detail={"inbox": item}, extra=done))


def _deal_statements(
    commands: list[Command], outcomes: list[Outcome], batch_id: int, item: int
) -> list[tuple[str, Any]]:
    """What becomes of each deal, told to whoever struck it, and of the item of the inbox."""
    numbers = Bigints([command.request.deal for command in commands if type(command.request) is Deal])
    trades = [each.fills[0].trade if isinstance(each, Accepted) else 0 for each in outcomes]
    states = words(["traded" if trade else "refused" for trade in trades])
    refusals = texts([None if isinstance(each, Accepted) else encode(each).decode() for each in outcomes])
    now = clock.now()
    counts = encode(
        {"traded": sum(map(bool, trades)), "refused": len(trades) - sum(map(bool, trades))}
    ).decode()
    return [
        (sql.RESOLVE_DEALS_SQL, (numbers, states, now, numbers, states, Bigints(trades), refusals)),
        (sql.DONE_INBOX_SQL, (now, batch_id or None, counts, item)),
    ]


def take(
    engine: Engine,
    item: int,
    kind: str,
    product: int | None,
    payload: str,
    user: int | None,
    request: str | None,
) -> bool:
    """Does one thing that lies in the inbox (its row), in one batch; says whether it needs another."""
    details: dict[str, Any] = msgspec.json.decode(payload)
    if kind == "deals":
        _strike(engine, item, details["deal_ids"], request)
        return False
    if kind == "call":
        call_intake.hold(engine, item, details["call_id"], Actor(user_id=user, request_id=request))
        return False
    products = [product] if product in engine.exchange.products else []

    def done(batch: Batch) -> list[tuple[str, Any]]:
        outcome = msgspec.json.encode(batch.result or {}).decode()
        statements: list[tuple[str, Any]] = [
            (sql.DONE_INBOX_SQL, (clock.now(), batch.rows.batch_id, outcome, item))
        ]
        if products and phase_of(kind, details):
            one = engine.exchange.products[products[0]]
            change = moved(one.id, one.phase, one.phase_reason, clock.now())
            statements.append((SET_PHASE_SQL, change))
        return statements

    def work() -> dict[str, Any]:
        if kind == "rematch":
            return {"matched": len(engine.exchange.tape.events)}
        if kind == "close":  # what is open ends with the product, as its time would end it
            ended = engine.exchange.cancel_where(
                _filter({}, product if products else NO_PRODUCT), "expired", details.get("reason", "expired")
            )
            _move(engine, products, kind, details)
            return {"phase": "closed", "expired": ended}
        if phase_of(kind, details):
            return _move(engine, products, kind, details)
        return {"error": f"there is no command {kind}"}

    if kind == "rematch":
        engine.refresh_limits()
    actor = Actor(user_id=user, request_id=request)
    try:
        if kind == "cancel_orders":
            return _cancel(engine, item, details, product, actor)
        engine.run(
            lambda: Batch(
                work=work, action=kind, actor=actor, detail={"inbox": item}, extra=done, products=products,
            )
        )  # fmt: skip
    except BatchFailed as failure:
        outcome = msgspec.json.encode({"error": repr(failure.__cause__)}).decode()
        engine.connection.execute(sql.DONE_INBOX_SQL, (clock.now(), None, outcome, item))
        engine.connection.commit()
    return False


def _cancel(engine: Engine, item: int, details: dict[str, Any], product: int | None, actor: Actor) -> bool:
    """Ends as many of the orders meant as go into a batch, oldest first; says whether there are more of them.

    The item is done with the last of them: an engine that was killed in between goes on with what is left.
    """
    matches, reason = _filter(details, product), details.get("reason", "by_bureau")
    cancellation = details.get("cancellation_id")

    def work() -> tuple[list[Order], bool]:
        exchange = engine.exchange
        chosen = (
            exchange.those(matches)
            if cancellation is None
            else exchange.doomed_by(cancellation, MAX_BATCH + 1)
        )
        for order in chosen[:MAX_BATCH]:
            exchange.end(order, "cancelled", reason)
        return chosen[:MAX_BATCH], len(chosen) > MAX_BATCH

    def done(batch: Batch) -> list[tuple[str, Any]]:
        ended, more = batch.result
        when = None if more else clock.now()
        return [(sql.CANCELLED_INBOX_SQL, (when, batch.rows.batch_id, len(ended), item))]

    batch = engine.run(
        lambda: Batch(work=work, action="cancel_orders", actor=actor, detail={"inbox": item}, extra=done)
    )
    ended, more = batch.result
    for order in ended:
        engine.exchange.doomed.pop(order.id, None)
    return bool(more)


_PHASES = {"halt": "halted", "close": "closed"}
SCHEDULED = frozenset({"pre_open", "open", "auction", "uncross"})


def phase_of(kind: str, details: dict[str, Any]) -> str | None:
    """The phase that a command moves a product to; None if it is no such command."""
    if kind in ("phase", "resume"):
        wanted = details.get("phase", "open")
        return wanted if wanted in SCHEDULED else None
    return _PHASES.get(kind)


def _move(engine: Engine, products: list[int], kind: str, details: dict[str, Any]) -> dict[str, Any]:
    """Moves a product to another phase. A closed one stays closed; a halted one opens by `resume` alone.

    One that its guard has stopped is moved by whatever names that stop (`stop`), by a halt or by a `resume`, not by
    the calendar; what names a stop that is over comes too late.
    """
    wanted = phase_of(kind, details)
    if not products or wanted is None:
        return {"error": "there is no such product"}
    product = engine.exchange.products[products[0]]
    now, stop = product.phase, details.get("stop", 0)
    late = stop != product.stop if stop else kind == "phase" and product.stop != 0
    if now == "closed" or (now == "halted" and kind == "phase") or late:
        return {"phase": now, "ignored": wanted}
    engine.exchange.set_phase(products[0], wanted, details.get("reason", ""))
    return {"phase": product.phase}  # its guard may have stopped it at once


NO_PRODUCT = -1
"""No order is of it: what names an unknown product ends nothing."""


def _filter(details: dict[str, Any], product: int | None) -> Any:
    participant, account = details.get("participant_id"), details.get("water_account_id")
    chosen = set(details["order_ids"]) if "order_ids" in details else None

    def matches(order: Order) -> bool:
        return (
            (product is None or order.account.product == product)
            and (participant is None or order.account.participant == participant)
            and (account is None or order.account.id == account)
            and (chosen is None or order.id in chosen)
        )

    return matches


def end_expired(engine: Engine) -> int:
    """Ends the orders whose time is over and closes the products whose water year is; returns how many."""
    with clock.standing():
        return _end_expired(engine)


def _end_expired(engine: Engine) -> int:
    exchange, now = engine.exchange, clock.now().timestamp()
    over = [p for p in exchange.products.values() if p.closes_at <= now and p.phase != "closed"]
    due = exchange.due(now)
    if not due and not over:
        return 0

    def work() -> int:
        ended = [order for order in due if order.status == "open"]
        for order in ended:
            exchange.end(order, "expired", "expired")
        for product in over:
            exchange.set_phase(product.id, "closed", "the water year is over")
        return len(ended)

    def close(_: Batch) -> list[tuple[str, Any]]:
        now = clock.now()
        return [(SET_PHASE_SQL, moved(each.id, "closed", "the water year is over", now)) for each in over]

    try:
        engine.run(lambda: Batch(work=work, action="expire", extra=close, products=[p.id for p in over]))
    except (BatchFailed, EngineUnavailable) as failure:
        for order in due:
            exchange.remember_expiry(order)
        if isinstance(failure, EngineUnavailable):
            raise
        return 0
    return len(due) + len(over)
