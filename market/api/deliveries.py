"""Deliveries over HTTP: ordered, dispatched to the gate keeper, confirmed in parts, made good or refunded."""

from __future__ import annotations

from typing import Any

from market.api.desks import check_free
from market.api.http import actor, blueprint, etag, own_only, page, paging, session
from market.api.schemas import deliveries as shapes
from market.api.schemas.registry import GroundsIn
from market.core.db import raw
from market.core.errors import NotFound
from market.registry import reference
from market.settlement import deliveries, delivery_queries, refunds
from market.settlement.delivery_models import Delivery
from market.settlement.models import Instruction
from market.supervision.desks.models import REFUND

blp = blueprint("deliveries", "Traded water on its way to the buyer's gate")


@blp.route("/deliveries", methods=["GET"])
@blp.arguments(shapes.DeliveriesQuery, location="query")
@blp.response(200, shapes.DeliveryPage)
def list_deliveries(query: dict[str, Any]) -> dict[str, Any]:
    """Deliveries that one buys, sells or keeps the gate for (the bureau: all), by id."""
    where, with_parts = paging("dlv"), query.pop("whole")
    rows = delivery_queries.listed(
        session(), party=own_only(), **query, after=where.after, limit=where.limit + 1
    )
    tree = reference.zones(raw(session()))
    if with_parts:
        return page([_whole(tree, each) for each in delivery_queries.wholes(session(), rows)], where.limit)
    return page([_summary(tree, each) for each in rows], where.limit)


@blp.route("/deliveries", methods=["POST"])
@blp.arguments(shapes.DeliveryIn)
@blp.response(201, shapes.DeliveryOut)
def order(body: dict[str, Any]) -> dict[str, Any]:
    """Order the delivery of a settled trade over a season; its profile goes by the canal's open months."""
    found = session().get(Instruction, body["instruction_id"])
    if found is None or own_only() not in (None, found.buyer_id, found.seller_id):
        raise NotFound("there is no such instruction", pointer="/instruction_id")
    return _one(deliveries.order(session(), actor=actor().audit, **body).id)


@blp.route("/deliveries/<dlv:delivery_id>", methods=["GET"])
@blp.response(200, shapes.DeliveryOut)
def get(delivery_id: int) -> dict[str, Any]:
    """One delivery."""
    return _one(delivery_id)


@blp.route("/deliveries/<dlv:delivery_id>/dispatch", methods=["POST"])
@blp.arguments(shapes.DispatchIn)
@blp.response(200, shapes.DeliveryOut)
def dispatch(body: dict[str, Any], delivery_id: int) -> dict[str, Any]:
    """Hand the order to who keeps the gate."""
    deliveries.dispatch(session(), actor=actor().audit, delivery_id=delivery_id, **body)
    return _one(delivery_id)


@blp.route("/deliveries/<dlv:delivery_id>/confirm", methods=["POST"])
@blp.arguments(shapes.ConfirmIn)
@blp.response(200, shapes.DeliveryOut)
def confirm(body: dict[str, Any], delivery_id: int) -> dict[str, Any]:
    """Confirm water that arrived at the gate."""
    deliveries.confirm(
        session(), actor=actor().audit, delivery_id=delivery_id, litres=body["volume"], note=body["note"]
    )
    return _one(delivery_id)


@blp.route("/deliveries/<dlv:delivery_id>/close-short", methods=["POST"])
@blp.arguments(GroundsIn)
@blp.response(200, shapes.DeliveryOut)
def close_short(body: dict[str, Any], delivery_id: int) -> dict[str, Any]:
    """Say that no more of it will arrive, and why."""
    deliveries.close_short(session(), actor=actor().audit, delivery_id=delivery_id, reason=body["reason"])
    return _one(delivery_id)


@blp.route("/deliveries/<dlv:delivery_id>/make-good", methods=["POST"])
@blp.arguments(shapes.SeasonIn)
@blp.response(200, shapes.DeliveryOut)
def make_good(body: dict[str, Any], delivery_id: int) -> dict[str, Any]:
    """Order what a short delivery lacks once more; answers the further delivery."""
    return _one(deliveries.make_good(session(), actor=actor().audit, delivery_id=delivery_id, **body).id)


@blp.route("/deliveries/<dlv:delivery_id>/propose-refund", methods=["POST"])
@blp.arguments(GroundsIn)
@blp.response(200, shapes.DeliveryOut)
def propose_refund(body: dict[str, Any], delivery_id: int) -> dict[str, Any]:
    """Propose to refund what a short delivery lacks; another user of the bureau decides."""
    refunds.propose(session(), actor=actor().audit, delivery_id=delivery_id, reason=body["reason"])
    return _one(delivery_id)


@blp.route("/deliveries/<dlv:delivery_id>/approve-refund", methods=["POST"])
@blp.response(200, shapes.DeliveryOut)
def approve_refund(delivery_id: int) -> dict[str, Any]:
    """Approve a refund: water, money and headroom go back as they came, at once and whole."""
    check_free(REFUND, delivery_id)
    refunds.approve(session(), actor=actor().audit, delivery_id=delivery_id)
    return _one(delivery_id)


@blp.route("/deliveries/<dlv:delivery_id>/decline-refund", methods=["POST"])
@blp.response(200, shapes.DeliveryOut)
def decline_refund(delivery_id: int) -> dict[str, Any]:
    """Decline a refund."""
    check_free(REFUND, delivery_id)
    refunds.decline(session(), actor=actor().audit, delivery_id=delivery_id)
    return _one(delivery_id)


def _one(delivery_id: int) -> dict[str, Any]:
    found = delivery_queries.whole(session(), delivery_id=delivery_id)
    etag(found.delivery.version)
    return _whole(reference.zones(raw(session())), found)


def _whole(tree: reference.Zones, found: delivery_queries.Whole) -> dict[str, Any]:
    return _summary(tree, found.delivery) | {
        "profile": [{"from_day": each.from_day, "volume": each.litres} for each in found.lines],
        "receipts": [
            {"volume": each.litres, "note": each.note, "confirmed_at": each.confirmed_at} for each in found.receipts
        ],
        "refunds": [
            {
                "missing": each.missing_litres, "source_volume": each.source_litres, "amount": each.fen,
                "status": each.status, "reason": each.reason, "proposed_at": each.proposed_at,
                "decided_at": each.decided_at,
            }
            for each in found.refunds
        ],
    }  # fmt: skip


def _summary(tree: reference.Zones, each: Delivery) -> dict[str, Any]:
    names = (
        "id", "instruction_id", "call_id", "makes_good_id", "seller_id", "buyer_id", "keeper_id", "starts_on",
        "ends_on", "status", "reason", "ordered_at", "dispatched_at", "closed_at", "version",
    )  # fmt: skip
    return {name: getattr(each, name) for name in names} | {
        "canal": tree.by_id[each.canal_zone_id].code,
        "volume": each.litres,
        "confirmed": each.confirmed_litres,
    }
