"""Where a trade, a right, a deal or a saving contract stands, over HTTP: for its parties, and the bureau."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from market.api.http import blueprint, session
from market.api.schemas import desks as shapes
from market.supervision.desks import standing
from market.supervision.desks.standing import Standing

blp = blueprint("standing", "Where something stands, whose turn it is, and until which day")


@blp.route("/trades/<trd:trade_id>/standing", methods=["GET"])
@blp.response(200, shapes.StandingOut)
def of_trade(trade_id: int) -> dict[str, Any]:
    """Where a trade stands."""
    return _out(standing.of_trade(session(), trade_id=trade_id))


@blp.route("/entitlements/<ent:entitlement_id>/standing", methods=["GET"])
@blp.response(200, shapes.StandingOut)
def of_right(entitlement_id: int) -> dict[str, Any]:
    """Where an application for a right, or the right, stands."""
    return _out(standing.of_right(session(), entitlement_id=entitlement_id))


@blp.route("/negotiations/<neg:negotiation_id>/standing", methods=["GET"])
@blp.response(200, shapes.StandingOut)
def of_deal(negotiation_id: int) -> dict[str, Any]:
    """Where a negotiated deal stands."""
    return _out(standing.of_deal(session(), negotiation_id=negotiation_id))


@blp.route("/saving-contracts/<sct:contract_id>/standing", methods=["GET"])
@blp.response(200, shapes.StandingOut)
def of_contract(contract_id: int) -> dict[str, Any]:
    """Where a saving contract stands."""
    return _out(standing.of_contract(session(), contract_id=contract_id))


def _out(found: Standing) -> dict[str, Any]:
    zh, en = standing.STAGES[found.stage]
    return asdict(found) | {"stage_zh": zh, "stage_en": en}
