"""Call auctions over HTTP: opened, closed and cleared; prices by place; the record that anybody can check."""

from __future__ import annotations

from typing import Any

from flask import Response

from ledger.units import format_litres
from market.api.desks import decided
from market.api.http import actor, blueprint, own_only, page, paging, session
from market.api.schemas import calls as shapes
from market.core.db import raw
from market.core.errors import NotFound
from market.supervision.desks.models import CALL
from market.trading import call_queries, calls
from market.trading.auction import words
from market.trading.call_models import Call, CallBorder
from market.trading.models import Product

blp = blueprint("calls", "Call auctions: one price a place and sector, under routes and caps")


def _view(call: Call) -> dict[str, Any]:
    shown = call.status in call_queries.PUBLISHED
    return {
        "id": call.id,
        "product_id": call.product_id,
        "window": call.window,
        "status": call.status,
        "reason": call.reason,
        "commitment": call.commitment,
        "committed": call.committed if shown else None,
        "record_sha256": call.record_sha256 if shown else None,
        "sold": call.sold_litres if shown else 0,
        "bought": call.bought_litres if shown else 0,
        "paid": call.paid_fen if shown else 0,
        "received": call.received_fen if shown else 0,
        "fund": call.paid_fen - call.received_fen if shown else 0,
        "review_rule": call.review_rule,
        "review_due_on": call.review_due_on,
        "opened_at": call.opened_at,
        "cleared_at": call.cleared_at,
        "resolved_at": call.resolved_at,
    }


@blp.route("/products/<prd:product_id>/calls", methods=["POST"])
@blp.arguments(shapes.CallIn)
@blp.response(201, shapes.CallOut)
def open_call(body: dict[str, Any], product_id: int) -> dict[str, Any]:
    """Gather orders for a call: from now on they are held and wait."""
    return _view(calls.open_call(session(), actor=actor().audit, product_id=product_id, **body))


@blp.route("/products/<prd:product_id>/calls", methods=["GET"])
@blp.response(200, shapes.CallPage)
def list_calls(product_id: int) -> dict[str, Any]:
    """The calls of a product, newest first."""
    where = paging("cal")
    if session().get(Product, product_id) is None:
        raise NotFound("there is no such product")
    rows = call_queries.listed(session(), product_id=product_id, before=where.after, limit=where.limit + 1)
    return page([_view(each) for each in rows], where.limit)


@blp.route("/calls", methods=["GET"])
@blp.response(200, shapes.CallPage)
def list_all() -> dict[str, Any]:
    """The calls of all products, newest first."""
    where = paging("cal")
    rows = call_queries.listed(session(), product_id=None, before=where.after, limit=where.limit + 1)
    return page([_view(each) for each in rows], where.limit)


@blp.route("/calls/<cal:call_id>", methods=["GET"])
@blp.response(200, shapes.CallOut)
def get(call_id: int) -> dict[str, Any]:
    """One call."""
    return _view(call_queries.one(session(), call_id))


@blp.route("/calls/<cal:call_id>/close", methods=["POST"])
@blp.response(200, shapes.CallOut)
def close(call_id: int) -> dict[str, Any]:
    """End the gathering: the call is cleared next."""
    return _view(calls.close_call(session(), actor=actor().audit, call_id=call_id))


@blp.route("/calls/<cal:call_id>/cancel", methods=["POST"])
@blp.arguments(shapes.CallReasonIn)
@blp.response(200, shapes.CallOut)
def cancel(body: dict[str, Any], call_id: int) -> dict[str, Any]:
    """Call a call off before anything is held for it; its orders stay."""
    return _view(calls.cancel(session(), actor=actor().audit, call_id=call_id, **body))


@blp.route("/calls/<cal:call_id>/approve", methods=["POST"])
@blp.arguments(shapes.CallReasonIn)
@blp.response(200, shapes.CallOut)
def approve(body: dict[str, Any], call_id: int) -> dict[str, Any]:
    """Settle a call that the county's rules put before a reviewer: all of it at once."""
    return _decided(call_id, True, body)


@blp.route("/calls/<cal:call_id>/reject", methods=["POST"])
@blp.arguments(shapes.CallReasonIn)
@blp.response(200, shapes.CallOut)
def reject(body: dict[str, Any], call_id: int) -> dict[str, Any]:
    """Give everything back that a held call holds; its orders are not revived."""
    return _decided(call_id, False, body)


def _decided(call_id: int, approved: bool, body: dict[str, Any]) -> dict[str, Any]:
    decided(CALL, call_id, approved=approved, **body)
    return _view(session().get_one(Call, call_id, populate_existing=True))


@blp.route("/calls/<cal:call_id>/result", methods=["GET"])
@blp.response(200, shapes.CallResultOut)
def result(call_id: int) -> dict[str, Any]:
    """Prices, flows, and which limits bind and what one more cubic metre there would be worth."""
    call = call_queries.published(session(), call_id)
    return {
        "call_id": call.id,
        "prices": [
            {
                "township": each.township,
                "canal": each.canal,
                "sector": each.sector,
                "price": max(0, each.price_e4),  # below zero only where nothing trades
                "sold": each.sold_litres,
                "bought": each.bought_litres,
            }
            for each in call_queries.prices(session(), call_id)
        ],
        "flows": [
            {
                "from_place": each.from_node,
                "to_place": each.to_node,
                "kind": each.kind,
                "k": each.k,
                "entering": each.entering_litres,
                "delivered": each.delivered_litres,
            }
            for each in call_queries.flows(session(), call_id)
        ],
        "limits": [_limit(*each) for each in call_queries.limits(raw(session()), call_id)],
        "borders": [_border(each) for each in call_queries.borders(session(), call_id)],
    }


def _border(found: CallBorder) -> dict[str, Any]:
    return {
        "account": found.code,
        "went_out": found.out_litres,
        "came_in": found.in_litres,
        "out_worth": found.out_worth_e9 // 10**9,
        "in_worth": found.in_worth_e9 // 10**9,
        "balance": found.balance_litres,
        "out_open": found.out_open,
        "in_open": found.in_open,
    }


def _limit(kind: str, code: str, litres: int, worth_e9: int, legal_source: str) -> dict[str, Any]:
    zh, en = words.binding(kind, code, worth_e9) if worth_e9 > 0 else (None, None)
    return {
        "limit": code,
        "crossed": ("-" if litres < 0 else "") + format_litres(abs(litres)),
        "worth": worth_e9 // 10**9,
        "legal_source": legal_source,
        "words_zh": zh,
        "words_en": en,
    }


@blp.route("/calls/<cal:call_id>/fills", methods=["GET"])
@blp.response(200, shapes.CallFillPage)
def fills(call_id: int) -> dict[str, Any]:
    """What one's own orders got in a call (the bureau: every order)."""
    call_queries.published(session(), call_id)
    where = paging("ord")
    rows = call_queries.fills(
        session(), call_id, participant=own_only(), after=where.after, limit=where.limit + 1
    )
    return page(
        [
            {
                "order_id": each.order_id,
                "side": each.side,
                "volume": each.litres,
                "price": each.price_e4,
                "amount": each.amount_fen,
                "fee": each.fee_fen,
            }
            for each in rows
        ],
        where.limit,
    )


@blp.route("/calls/<cal:call_id>/record", methods=["GET"])
@blp.response(200, content_type="application/json")
def record(call_id: int) -> Response:
    """The clearing record, as it was hashed: `karez auction verify` checks it without a solver."""
    return Response(call_queries.published(session(), call_id).record, mimetype="application/json")
