"""Orders over HTTP: placed, amended, cancelled, one by one or in batches. The engine executes them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
from flask import Response, g
from flask import request as flask_request

from ledger.units import format_fen, format_litres
from market.api import order_wire
from market.api.http import actor, blueprint, exchange, own_only, page, paging, session, settings
from market.api.idempotency import body_hash, required_key
from market.api.ownership import remember_order
from market.api.schemas import trading as shapes
from market.api.submitted import SUBMITTED
from market.api.whose import through
from market.core.db import raw
from market.core.errors import NotFound
from market.trading import errors, orders, queries
from market.trading.commands import Accepted, Answer, Cancel, Place, Refused, Request

_encode = msgspec.json.Encoder().encode
blp = blueprint("orders", "Orders: hold first, match second, settle or await review third")


def _submit(requests: Sequence[Request]) -> list[Answer]:
    who = actor()
    if who.participant_id is None:
        raise NotFound("only a participant has orders")
    answers: list[Answer] | Exception | None = flask_request.environ.get(SUBMITTED)
    if isinstance(answers, Exception):
        raise answers
    if answers is None:
        answers = exchange().submit(
            orders.commands(
                requests, participant=who.participant_id, user=who.user_id, mandate=who.mandate_id,
                key=required_key(), body_hash=body_hash(), request_id=who.request_id, origin=who.origin,
            )
        )  # fmt: skip
    if answers and answers[0].replayed:
        g.replayed = True
    for request, answer in zip(requests, answers, strict=True):
        if isinstance(request, Place) and isinstance(answer.outcome, Accepted):
            remember_order(settings().url(), answer.outcome.order, who.participant_id)
    return answers


def _one(request: Request, status: int = 200) -> Response:
    (answer,) = _submit([request])
    if isinstance(answer.outcome, Refused):
        raise errors.of(answer.outcome)
    return _written(order_wire.result(answer.outcome), status)


def _written(value: Any, status: int) -> Response:
    return Response(_encode(value), status, content_type="application/json")


@blp.route("/orders", methods=["POST"])
@blp.arguments(shapes.OrderIn, plain=order_wire.order)
@blp.response(201, shapes.OrderResult)
def place(body: dict[str, Any]) -> Response:
    """Places an order: water or money is held, then it is matched, then its rest waits in the book."""
    return _one(orders.place_request(body), 201)


@blp.route("/orders/batch", methods=["POST"])
@blp.arguments(shapes.BatchIn, plain=order_wire.batch)
@blp.response(200, shapes.BatchOut)
def place_batch(body: dict[str, Any]) -> Response:
    """Up to 500 orders, amendments and cancels. One refused by a rule spoils none of its neighbours."""
    members = [_member(answer) for answer in _submit(orders.batch_requests(body["commands"]))]
    return _written({"data": members}, 200)


def _member(answer: Answer) -> dict[str, Any]:
    outcome = answer.outcome
    if isinstance(outcome, Accepted):
        return {"order": order_wire.result(outcome), "refusal": None}
    return {"order": None, "refusal": order_wire.refusal(outcome)}


@blp.route("/orders/<ord:order_id>/amend", methods=["POST"])
@blp.arguments(shapes.AmendIn)
@blp.response(200, shapes.OrderResult)
def amend(body: dict[str, Any], order_id: int) -> Response:
    """A smaller volume at the same price keeps the order's place in the queue; anything else loses it."""
    return _one(orders.amend_request(order_id, body))


@blp.route("/orders/<ord:order_id>/cancel", methods=["POST"])
@blp.response(200, shapes.OrderResult)
def cancel(order_id: int) -> Response:
    """Takes the rest out of the book and frees what it holds."""
    return _one(Cancel(order_id))


def order_view(row: tuple[Any, ...]) -> dict[str, Any]:
    """A row of ORDER_COLUMNS on the wire."""
    held = format_fen(row[13]) if row[4] == "buy" else format_litres(row[13])
    return {
        "id": row[0], "product_id": row[1], "participant_id": row[2], "water_account_id": row[3], "side": row[4],
        "volume": row[5], "filled": row[5] - row[6], "rest": row[6], "price": row[7], "time_in_force": row[8],
        "post_only": row[9], "minimum_fill": row[10], "expires_at": row[11], "client_order_id": row[12], "held": held,
        "paid": row[14], "status": row[15], "reason": row[16], "created_at": row[17], "updated_at": row[18],
    }  # fmt: skip


@blp.route("/orders", methods=["GET"])
@blp.arguments(shapes.OrdersQuery, location="query")
@blp.response(200, shapes.OrderPage)
def list_orders(query: dict[str, Any]) -> dict[str, Any]:
    """One's own orders (the bureau: all), newest first."""
    wanted = paging("ord")
    rows = queries.orders(
        raw(session()), participant=own_only(), before=wanted.after or queries.NEWEST, limit=wanted.limit + 1,
        status=query.get("status"), product=query.get("product_id"),
    )  # fmt: skip
    return page([order_view(row) for row in rows], wanted.limit)


@blp.route("/orders/<ord:order_id>", methods=["GET"])
@blp.response(200, shapes.OrderOut)
def get(order_id: int) -> dict[str, Any]:
    """One order."""
    row = queries.order(raw(session()), order_id)
    if row is None:
        raise NotFound("there is no such order")
    return order_view(row)


@blp.route("/orders/<ord:order_id>/commands", methods=["GET"])
@blp.response(200, shapes.OrderCommandPage)
def list_commands(order_id: int) -> dict[str, Any]:
    """Who placed, amended and cancelled an order, and through which sign-in or key, oldest first."""
    where = paging("cmd")
    rows = queries.order_commands(raw(session()), order_id, after=where.after or 0, limit=where.limit + 1)
    return page([_command_view(row) for row in rows], where.limit)


def _command_view(row: tuple[Any, ...]) -> dict[str, Any]:
    return {
        "id": row[0], "command": row[1], "outcome": row[2], "code": row[3], "user_id": row[4], "mandate_id": row[5],
        **through(row[6]), "at": row[7],
    }  # fmt: skip
