"""What the bureau does to the market over HTTP: the register, halts, cancellations of many orders."""

from __future__ import annotations

from typing import Any

from market.api.http import actor, blueprint, own_only, page, paging, session
from market.api.schemas import interventions as shapes
from market.core.errors import NotFound
from market.supervision import cancelling, halting, register
from market.supervision.cancelling import Filter
from market.supervision.intervention_models import Halt, OrderCancellation

NO_ROW = 0
"""Nobody: the bureau has no interventions of its own."""

blp = blueprint("interventions", "Halts and cancellations by the bureau, and the register of interventions")


@blp.route("/interventions", methods=["GET"])
@blp.arguments(shapes.InterventionsQuery, location="query")
@blp.response(200, shapes.InterventionPage)
def list_interventions(query: dict[str, Any]) -> dict[str, Any]:
    """Every intervention and what it did, newest first."""
    wanted = paging("itv")
    rows = register.listing(session(), before=wanted.after, limit=wanted.limit + 1, kind=query.get("kind"))
    return page([each._asdict() | {"orders_ended": each.ended} for each in rows], wanted.limit)


@blp.route("/interventions/mine", methods=["GET"])
@blp.response(200, shapes.OwnInterventionPage)
def list_mine() -> dict[str, Any]:
    """What the bureau did that concerns oneself, newest first, with its reason and legal source."""
    wanted, me = paging("itv"), own_only() or NO_ROW
    rows = register.listing(session(), before=wanted.after, limit=wanted.limit + 1, participant_id=me)
    numbers = [each.id for each in rows]
    own, until = register.own_orders(session(), me, numbers), register.untils(session(), numbers)
    found = [each._asdict() | {"own_orders": own.get(each.id), "until": until.get(each.id)} for each in rows]
    return page(found, wanted.limit)


# --- halts ---------------------------------------------------------------------------------------------------------


def _halt(found: Halt, zone: str | None) -> dict[str, Any]:
    return {
        "id": found.id, "scope": found.scope, "product_id": found.product_id, "zone": zone,
        "participant_id": found.participant_id, "with_owners": found.with_owners, "orders": found.orders,
        "until": found.until, "reason": found.reason, "legal_source": found.legal_source,
        "cancellation_id": found.cancellation_id, "ordered_at": found.ordered_at, "lifted_at": found.lifted_at,
        "lift_reason": found.lift_reason,
    }  # fmt: skip


def _halts(query: dict[str, Any], *, public: bool) -> dict[str, Any]:
    wanted = paging("hlt")
    rows = halting.listing(
        session(), before=wanted.after, limit=wanted.limit + 1, in_force=query.get("in_force"), public=public
    )
    return page([_halt(*each) for each in rows], wanted.limit)


@blp.route("/halts", methods=["GET"])
@blp.arguments(shapes.HaltsQuery, location="query")
@blp.response(200, shapes.PublicHaltPage)
def list_public_halts(query: dict[str, Any]) -> dict[str, Any]:
    """Halts of the market, of products and of zones, for everybody to see; newest first."""
    return _halts(query, public=True)


@blp.route("/interventions/halts", methods=["GET"])
@blp.arguments(shapes.HaltsQuery, location="query")
@blp.response(200, shapes.HaltOrderPage)
def list_halts(query: dict[str, Any]) -> dict[str, Any]:
    """All halts, those of participants too, newest first."""
    return _halts(query, public=False)


@blp.route("/interventions/halts", methods=["POST"])
@blp.arguments(shapes.HaltOrderIn)
@blp.response(201, shapes.HaltOrderOut)
def order_halt(body: dict[str, Any]) -> dict[str, Any]:
    """Has the market, a product, a zone or a participant stand still: from the answer on nothing of it trades."""
    return _halt(halting.order(session(), actor=actor().audit, **body), body["zone"])


@blp.route("/interventions/halts/<hlt:halt_id>/lift", methods=["POST"])
@blp.arguments(shapes.HaltReasonIn)
@blp.response(200, shapes.HaltOrderOut)
def lift_halt(body: dict[str, Any], halt_id: int) -> dict[str, Any]:
    """Lets orders in again, and has those that stayed matched."""
    found = halting.lift(session(), actor=actor().audit, halt_id=halt_id, **body)
    return _halt(found, halting.zone_of(session(), found))


# --- cancellations -------------------------------------------------------------------------------------------------


def _filter(body: dict[str, Any]) -> Filter:
    wanted = dict(body["filter"])
    if wanted["order_ids"] is not None:
        wanted["order_ids"] = tuple(wanted["order_ids"])
    return Filter(**wanted)


def _cancellation(found: OrderCancellation) -> dict[str, Any]:
    far = cancelling.progress(session(), [found.id])[found.id]
    return {
        "id": found.id, "orders": found.orders, "participants": found.participants, "sell_volume": found.sell_litres,
        "buy_volume": found.buy_litres, "held": found.held_fen, "digest": found.digest.hex(),
        "ordered_at": found.ordered_at, "cancelled": far.cancelled, "ended_otherwise": far.ended_otherwise,
        "left": far.left, "done_at": far.done_at,
    }  # fmt: skip


@blp.route("/interventions/cancellations/preview", methods=["POST"])
@blp.arguments(shapes.CancellationPreviewIn)
@blp.response(200, shapes.CancellationPreviewOut)
def preview_cancellation(body: dict[str, Any]) -> dict[str, Any]:
    """What a filter chooses now: orders, participants, litres, money. Nothing changes."""
    found = cancelling.preview(session(), wanted=_filter(body))
    return {
        "orders": found.orders, "participants": found.participants, "sell_volume": found.sell_litres,
        "buy_volume": found.buy_litres, "held": found.held_fen, "digest": found.digest,
    }  # fmt: skip


@blp.route("/interventions/cancellations", methods=["POST"])
@blp.arguments(shapes.CancellationIn)
@blp.response(202, shapes.CancellationOut)
def cancel_orders(body: dict[str, Any]) -> dict[str, Any]:
    """Ends every order that the filter chooses. From this answer on none of them fills; the engine frees their holds
    in parts, while others trade.
    """
    wanted = _filter(body)
    checked = {name: body[name] for name in ("reason", "legal_source", "digest", "most")}
    return _cancellation(cancelling.order(session(), actor=actor().audit, wanted=wanted, **checked))


@blp.route("/interventions/cancellations/<itv:cancellation_id>", methods=["GET"])
@blp.response(200, shapes.CancellationOut)
def get_cancellation(cancellation_id: int) -> dict[str, Any]:
    """One cancellation, and how far it is."""
    found = session().get(OrderCancellation, cancellation_id)
    if found is None:
        raise NotFound("there is no such cancellation")
    return _cancellation(found)
