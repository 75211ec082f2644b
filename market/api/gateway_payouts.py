"""Payouts through the payment provider."""

from __future__ import annotations

from typing import Any

from market.api.http import actor, blueprint, page, paging, session, settings
from market.api.schemas import gateway as shapes
from market.api.whose import narrowed
from market.payments import gateway_payouts, gateway_queries, provider
from market.payments.gateway_errors import NoGateway
from market.payments.gateway_models import GatewayPayout

blp = blueprint("gateway_payouts", "Payouts through the payment provider (渠道付款)")


@blp.route("/gateway-payouts", methods=["GET"])
@blp.arguments(shapes.GatewayPayoutsQuery, location="query")
@blp.response(200, shapes.GatewayPayoutPage)
def list_payouts(query: dict[str, Any]) -> dict[str, Any]:
    """Payouts through the provider, by id; a participant sees its own."""
    where = paging("gpo")
    rows = gateway_queries.payouts(
        session(), participant_id=narrowed(query.get("participant_id")), status=query.get("status"),
        after=where.after, limit=where.limit + 1,
    )  # fmt: skip
    return page([_payout_out(each) for each in rows], where.limit)


@blp.route("/gateway-payouts", methods=["POST"])
@blp.arguments(shapes.GatewayPayoutIn)
@blp.response(202, shapes.GatewayPayoutOut)
def pay_out(body: dict[str, Any]) -> dict[str, Any]:
    """Pay a participant's free money out: held at once, posted when the provider has paid, given back if it fails."""
    if not provider.is_there(settings()):
        raise NoGateway
    body["amount_fen"] = body.pop("amount")
    return _payout_out(gateway_payouts.start(session(), actor=actor().audit, **body))


@blp.route("/gateway-payouts/<gpo:gateway_payout_id>", methods=["GET"])
@blp.response(200, shapes.GatewayPayoutOut)
def get_payout(gateway_payout_id: int) -> dict[str, Any]:
    """One payout as it is now."""
    return _payout_out(gateway_queries.payout(session(), payout_id=gateway_payout_id))


def _payout_out(each: GatewayPayout) -> dict[str, Any]:
    return {
        "id": each.id,
        "money_account_id": each.money_account_id,
        "amount": each.amount_fen,
        "route": each.route,
        "destination": each.destination,
        "note": each.note,
        "status": each.status,
        "failure_code": each.failure_code,
        "provider_reference": each.provider_id,
        "asked_at": each.asked_at,
        "closed_at": each.closed_at,
    }
