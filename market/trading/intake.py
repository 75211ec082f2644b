"""What reaches the engine otherwise than as an order: its inbox, and the clock."""

from __future__ import annotations

import hashlib
from typing import Any

import msgspec
import structlog

from ledger.arrays import Bigints
from market.core import clock
from market.core.audit import Actor
from market.trading import statements as sql
from market.trading.batch import Batch, BatchFailed, answers
from market.trading.book import Order
from market.trading.commands import Accepted, Command, Deal, Outcome, Refused, encode
from market.trading.engine import Engine
from market.trading.rows import texts, words

log = structlog.get_logger("engine")


def take_up(engine: Engine) -> int:
    """Does what lies in the inbox, oldest first; returns how much that was."""
    rows = engine.connection.execute(sql.OPEN_INBOX_SQL).fetchall()
    engine.connection.commit()
    for item in rows:
        _take(engine, *item)
    return len(rows)


def _strike(engine: Engine, item: int, deal_ids: list[int], request: str) -> None:
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


def _deal_command(row: tuple[Any, ...], request: str) -> Command:
    deal = Deal(row[0], *row[3:10])
    body_hash = hashlib.sha256(encode(deal)).digest()
    return Command(row[1], row[2], None, f"{sql.DEAL_KEY}{row[0]}", 0, body_hash, deal, request)


def _execute_deals(engine: Engine, item: int, commands: list[Command]) -> None:
    def done(batch: Batch) -> list[tuple[str, tuple[Any, ...]]]:
        outcomes = [answer.outcome for answer in answers(batch)]
        return _deal_statements(commands, outcomes, batch.rows.batch_id, item)

    engine.run(lambda: Batch(commands, action="deals", detail={"inbox": item}, extra=done))


def _deal_statements(
    commands: list[Command], outcomes: list[Outcome], batch_id: int, item: int
) -> list[tuple[str, tuple[Any, ...]]]:
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


def _take(
    engine: Engine, item: int, kind: str, product: int | None, payload: str, user: int | None, request: str
) -> None:
    details: dict[str, Any] = msgspec.json.decode(payload)
    if kind == "deals":
        _strike(engine, item, details["deal_ids"], request)
        return
    products = [product] if product in engine.exchange.products else []

    def done(batch: Batch) -> list[tuple[str, tuple[Any, ...]]]:
        outcome = msgspec.json.encode(batch.result or {}).decode()
        statements: list[tuple[str, tuple[Any, ...]]] = [
            (sql.DONE_INBOX_SQL, (clock.now(), batch.rows.batch_id, outcome, item))
        ]
        if kind in _PHASES and products:
            statements.append((sql.SET_PHASE_SQL, (_PHASES[kind], details.get("reason", ""), product)))
        return statements

    def work() -> dict[str, Any]:
        if kind == "rematch":
            return {"matched": len(engine.exchange.tape.events)}
        if kind == "cancel_orders":
            ended = engine.exchange.cancel_where(
                _filter(details, product), "cancelled", details.get("reason", "by_bureau")
            )
            return {"cancelled": ended}
        if kind == "close":  # what is open ends with the product, as its time would end it
            ended = engine.exchange.cancel_where(
                _filter({}, product if products else NO_PRODUCT), "expired", details.get("reason", "expired")
            )
            return {"phase": _PHASES[kind], "expired": ended}
        if kind in _PHASES:
            return {"phase": _PHASES[kind]}
        return {"error": f"there is no command {kind}"}

    if kind == "rematch":
        engine.refresh_limits()
    try:
        engine.run(
            lambda: Batch(
                work=work, action=kind, actor=Actor(user_id=user, request_id=request), detail={"inbox": item},
                extra=done, products=products,
            )
        )  # fmt: skip
    except BatchFailed as failure:
        outcome = msgspec.json.encode({"error": repr(failure.__cause__)}).decode()
        engine.connection.execute(sql.DONE_INBOX_SQL, (clock.now(), None, outcome, item))
        engine.connection.commit()
        return
    if kind in _PHASES and product is not None and products:
        engine.exchange.set_phase(product, _PHASES[kind], details.get("reason", ""))


_PHASES = {"halt": "halted", "resume": "open", "close": "closed"}
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
    exchange, now = engine.exchange, clock.now().timestamp()
    over = [p for p in exchange.products.values() if p.closes_at <= now and p.phase != "closed"]
    due = exchange.due(now)
    if not due and not over:
        return 0

    def work() -> int:
        ended = [order for order in due if order.status == "open"]
        for order in ended:
            exchange.end(order, "expired", "expired")
        return len(ended)

    def close(_: Batch) -> list[tuple[str, tuple[Any, ...]]]:
        return [(sql.SET_PHASE_SQL, ("closed", "the water year is over", product.id)) for product in over]

    try:
        engine.run(lambda: Batch(work=work, action="expire", extra=close, products=[p.id for p in over]))
    except BatchFailed:
        for order in due:
            exchange.remember_expiry(order)
        return 0
    for product in over:
        exchange.set_phase(product.id, "closed", "the water year is over")
    return len(due) + len(over)
