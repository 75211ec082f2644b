"""Deposits and refunds through the payment provider, and the events that it sends."""

from __future__ import annotations

from typing import Any

from flask import request

from market.api.http import actor, blueprint, page, paging, session, settings
from market.api.schemas import gateway as shapes
from market.api.whose import narrowed
from market.payments import gateway_payments, gateway_queries, provider, webhooks
from market.payments.gateway_errors import NoGateway
from market.payments.gateway_models import GatewayPayment, GatewayRefund

blp = blueprint("gateway_payments", "Deposits and refunds through the payment provider (渠道支付)")
events = blueprint("gateway_events", "What the payment provider tells by itself")


@blp.route("/gateway-payments", methods=["GET"])
@blp.arguments(shapes.GatewayPaymentsQuery, location="query")
@blp.response(200, shapes.GatewayPaymentPage)
def list_payments(query: dict[str, Any]) -> dict[str, Any]:
    """Deposits through the provider, by id; a participant sees its own."""
    where = paging("gpy")
    rows = gateway_queries.payments(
        session(), participant_id=narrowed(query.get("participant_id")), status=query.get("status"),
        after=where.after, limit=where.limit + 1,
    )  # fmt: skip
    return page([_payment_out(each) for each in rows], where.limit)


@blp.route("/gateway-payments", methods=["POST"])
@blp.arguments(shapes.GatewayPaymentIn)
@blp.response(201, shapes.GatewayPaymentOut)
def start(body: dict[str, Any]) -> dict[str, Any]:
    """Begin a deposit on one's own account. It is asked of the provider within seconds; what the payer has to do then
    stands under `action`.
    """
    if not provider.is_there(settings()):
        raise NoGateway
    who = actor()
    assert who.participant_id is not None  # only participants have these roles
    body["amount_fen"] = body.pop("amount")
    made = gateway_payments.start(session(), actor=who.audit, participant_id=who.participant_id, **body)
    return _payment_out(made)


@blp.route("/gateway-payments/<gpy:gateway_payment_id>", methods=["GET"])
@blp.response(200, shapes.GatewayPaymentOut)
def get(gateway_payment_id: int) -> dict[str, Any]:
    """One deposit as it is now."""
    return _payment_out(gateway_queries.payment(session(), payment_id=gateway_payment_id))


@blp.route("/gateway-payments/<gpy:gateway_payment_id>/capture", methods=["POST"])
@blp.arguments(shapes.GatewayCaptureIn)
@blp.response(202, shapes.GatewayPaymentOut)
def capture(body: dict[str, Any], gateway_payment_id: int) -> dict[str, Any]:
    """Take an authorised amount or a part of it; the rest is free for the payer again."""
    found = gateway_payments.capture(
        session(), actor=actor().audit, payment_id=gateway_payment_id, amount_fen=body["amount"]
    )
    return _payment_out(found)


@blp.route("/gateway-payments/<gpy:gateway_payment_id>/cancel", methods=["POST"])
@blp.response(202, shapes.GatewayPaymentOut)
def cancel(gateway_payment_id: int) -> dict[str, Any]:
    """End a deposit that was not captured; it has ended once the provider says so."""
    found = gateway_payments.cancel(session(), actor=actor().audit, payment_id=gateway_payment_id)
    return _payment_out(found)


@blp.route("/gateway-payments/<gpy:gateway_payment_id>/refunds", methods=["GET"])
@blp.response(200, shapes.GatewayRefundPage)
def list_refunds(gateway_payment_id: int) -> dict[str, Any]:
    """Refunds of a deposit, by id."""
    where = paging("grf")
    rows = gateway_queries.refunds(
        session(), payment_id=gateway_payment_id, after=where.after, limit=where.limit + 1
    )
    return page([_refund_out(each) for each in rows], where.limit)


@blp.route("/gateway-payments/<gpy:gateway_payment_id>/refunds", methods=["POST"])
@blp.arguments(shapes.GatewayRefundIn)
@blp.response(202, shapes.GatewayRefundOut)
def refund(body: dict[str, Any], gateway_payment_id: int) -> dict[str, Any]:
    """Give a captured deposit, or a part of it, back to its payer; it is held until the provider has moved it."""
    made = gateway_payments.refund(
        session(), actor=actor().audit, payment_id=gateway_payment_id, amount_fen=body["amount"],
        reason=body["reason"],
    )  # fmt: skip
    return _refund_out(made)


@events.route("/gateway/webhooks", methods=["POST"])
@events.response(200, shapes.EventTaken)
def receive() -> dict[str, Any]:
    """An event of the provider, signed over its raw body. It is kept once, and its subject is then fetched."""
    adapter = provider.of(settings())
    body = request.get_data(cache=True)
    return {"new": webhooks.receive(session(), adapter, body=body, headers=dict(request.headers))}


def _payment_out(each: GatewayPayment) -> dict[str, Any]:
    action = None
    if each.action_kind is not None:
        action = {"kind": each.action_kind, "url": each.action_url, "secret": each.action_secret}
    return {
        "id": each.id,
        "money_account_id": each.money_account_id,
        "amount": each.amount_fen,
        "method": each.method,
        "capture": each.capture,
        "status": each.status,
        "captured": each.captured_fen,
        "refunded": each.refunded_fen,
        "fee": each.fee_fen,
        "action": action,
        "ending": each.ending,
        "failure_code": each.failure_code,
        "provider_reference": each.provider_id,
        "started_at": each.started_at,
        "expires_at": each.expires_at,
        "captured_at": each.captured_at,
    }


def _refund_out(each: GatewayRefund) -> dict[str, Any]:
    return {
        "id": each.id,
        "payment_id": each.payment_id,
        "amount": each.amount_fen,
        "reason": each.reason,
        "status": each.status,
        "failure_code": each.failure_code,
        "asked_at": each.asked_at,
        "closed_at": each.closed_at,
    }
