"""Trades and instructions over HTTP."""

from __future__ import annotations

from typing import Any

from market.api.http import blueprint, own_only, page, paging, session
from market.api.schemas import trading as shapes
from market.core.db import raw
from market.core.errors import NotFound
from market.trading import queries

blp = blueprint("trades", "Trades and the instructions that settle them")


def trade_view(row: tuple[Any, ...]) -> dict[str, Any]:
    """A row of TRADE_COLUMNS on the wire."""
    return {
        "id": row[0], "product_id": row[1], "buy_order_id": row[2], "sell_order_id": row[3], "price_at": row[4],
        "buyer_id": row[5], "seller_id": row[6], "source_volume": row[7], "delivered_volume": row[8],
        "loss": row[7] - row[8], "price": row[10], "amount": row[11], "fee": row[12],
        "seller_receives": row[11] - row[12], "instruction_id": row[13], "status": row[14], "traded_at": row[15],
    }  # fmt: skip


def instruction_view(row: tuple[Any, ...]) -> dict[str, Any]:
    """A row of INSTRUCTION_COLUMNS on the wire."""
    return {
        "id": row[0], "kind": row[1], "trade_id": row[2], "product_id": row[3], "seller_id": row[4],
        "buyer_id": row[5], "source_volume": row[6], "delivered_volume": row[7], "amount": row[8], "status": row[9],
        "review_rule": row[10], "review_due_on": row[11], "instructed_at": row[12], "resolved_at": row[13],
    }  # fmt: skip


@blp.route("/trades", methods=["GET"])
@blp.arguments(shapes.TradesQuery, location="query")
@blp.response(200, shapes.TradePage)
def list_trades(query: dict[str, Any]) -> dict[str, Any]:
    """The trades one is a party to (the bureau: all), newest first."""
    wanted = paging("trd")
    rows = queries.trades(
        raw(session()), participant=own_only(), before=wanted.after or queries.NEWEST, limit=wanted.limit + 1,
        order=query.get("order_id"),
    )  # fmt: skip
    return page([trade_view(row) for row in rows], wanted.limit)


@blp.route("/trades/<trd:trade_id>", methods=["GET"])
@blp.response(200, shapes.TradeOut)
def get(trade_id: int) -> dict[str, Any]:
    """One trade."""
    rows = queries.trades(raw(session()), participant=None, before=queries.NEWEST, limit=1, trade=trade_id)
    if not rows:
        raise NotFound("there is no such trade")
    return trade_view(rows[0])


@blp.route("/instructions", methods=["GET"])
@blp.arguments(shapes.StatusQuery, location="query")
@blp.response(200, shapes.InstructionPage)
def list_instructions(query: dict[str, Any]) -> dict[str, Any]:
    """The instructions one is a party to (the bureau: all), newest first."""
    wanted = paging("ins")
    rows = queries.instructions(
        raw(session()), participant=own_only(), before=wanted.after or queries.NEWEST, limit=wanted.limit + 1,
        status=query.get("status"),
    )  # fmt: skip
    return page([instruction_view(row) for row in rows], wanted.limit)


@blp.route("/instructions/<ins:instruction_id>", methods=["GET"])
@blp.response(200, shapes.InstructionOut)
def get_instruction(instruction_id: int) -> dict[str, Any]:
    """One instruction: what is delivered against what, and where it stands until when."""
    rows = queries.instructions(
        raw(session()), participant=None, before=queries.NEWEST, limit=1, instruction=instruction_id
    )
    if not rows:
        raise NotFound("there is no such instruction")
    return instruction_view(rows[0])
