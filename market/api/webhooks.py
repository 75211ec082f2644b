"""Webhook endpoints over HTTP: made, changed, tested; what was sent there, and sending it anew."""

from __future__ import annotations

from typing import Any

from market.api.http import actor, blueprint, own_only, page, paging, session, settings
from market.api.schemas import webhooks as shapes
from market.webhooks import endpoints, queries
from market.webhooks.models import Event, WebhookAttempt, WebhookDelivery, WebhookEndpoint

blp = blueprint("webhooks", "Where events are sent, by Standard Webhooks (事件通知)")


@blp.route("/webhook-endpoints", methods=["GET"])
@blp.response(200, shapes.EndpointPage)
def list_endpoints() -> dict[str, Any]:
    """One's own endpoints, by id."""
    where = paging("whe")
    rows = queries.endpoints(session(), participant_id=own_only(), after=where.after, limit=where.limit + 1)
    return page([_out(each) for each in rows], where.limit)


@blp.route("/webhook-endpoints", methods=["POST"])
@blp.arguments(shapes.EndpointIn)
@blp.response(201, shapes.EndpointWithSecret)
def create(body: dict[str, Any]) -> dict[str, Any]:
    """Have events sent to an https address. The secret that signs them is shown this once."""
    who = actor()
    assert who.participant_id is not None  # only participants have these roles
    made = endpoints.create(session(), settings(), actor=who.audit, participant_id=who.participant_id, **body)
    return _out(made.endpoint) | {"secret": made.secret}


@blp.route("/webhook-endpoints/<whe:webhook_endpoint_id>", methods=["GET"])
@blp.response(200, shapes.EndpointOut)
def get(webhook_endpoint_id: int) -> dict[str, Any]:
    """One endpoint."""
    return _out(queries.endpoint(session(), endpoint_id=webhook_endpoint_id))


@blp.route("/webhook-endpoints/<whe:webhook_endpoint_id>/amend", methods=["POST"])
@blp.arguments(shapes.EndpointIn)
@blp.response(200, shapes.EndpointOut)
def amend(body: dict[str, Any], webhook_endpoint_id: int) -> dict[str, Any]:
    """Another address, other types, another description; its secret stays."""
    found = endpoints.amend(
        session(), settings(), actor=actor().audit, endpoint_id=webhook_endpoint_id, **body
    )
    return _out(found)


@blp.route("/webhook-endpoints/<whe:webhook_endpoint_id>/rotate-secret", methods=["POST"])
@blp.response(201, shapes.EndpointWithSecret)
def rotate_secret(webhook_endpoint_id: int) -> dict[str, Any]:
    """A new secret, shown this once. For 24 hours the one before signs as well."""
    made = endpoints.rotate_secret(
        session(), settings(), actor=actor().audit, endpoint_id=webhook_endpoint_id
    )
    return _out(made.endpoint) | {"secret": made.secret}


@blp.route("/webhook-endpoints/<whe:webhook_endpoint_id>/disable", methods=["POST"])
@blp.arguments(shapes.EndpointReason)
@blp.response(200, shapes.EndpointOut)
def disable(body: dict[str, Any], webhook_endpoint_id: int) -> dict[str, Any]:
    """Send nothing there from now on. What happens meanwhile stands in the list of events."""
    found = endpoints.disable(
        session(), actor=actor().audit, endpoint_id=webhook_endpoint_id, reason=body["reason"]
    )
    return _out(found)


@blp.route("/webhook-endpoints/<whe:webhook_endpoint_id>/enable", methods=["POST"])
@blp.response(200, shapes.EndpointOut)
def enable(webhook_endpoint_id: int) -> dict[str, Any]:
    """Send there again: what waited goes first."""
    return _out(endpoints.enable(session(), settings(), actor=actor().audit, endpoint_id=webhook_endpoint_id))


@blp.route("/webhook-endpoints/<whe:webhook_endpoint_id>/test", methods=["POST"])
@blp.response(202, shapes.WebhookDeliveryWithAttempts)
def test(webhook_endpoint_id: int) -> dict[str, Any]:
    """Send a test event there, whatever types it has chosen; the delivery says what came of it."""
    delivery_id = endpoints.test(session(), actor=actor().audit, endpoint_id=webhook_endpoint_id)
    return _whole(webhook_endpoint_id, delivery_id)


@blp.route("/webhook-endpoints/<whe:webhook_endpoint_id>/deliveries", methods=["GET"])
@blp.arguments(shapes.WebhookDeliveriesQuery, location="query")
@blp.response(200, shapes.WebhookDeliveryPage)
def list_deliveries(query: dict[str, Any], webhook_endpoint_id: int) -> dict[str, Any]:
    """What was or is to be sent there, by id, or the newest first."""
    where = paging("whd")
    rows = queries.deliveries(
        session(), endpoint_id=webhook_endpoint_id, after=where.after, limit=where.limit + 1, **query
    )
    return page([_delivery(*each) for each in rows], where.limit)


@blp.route(
    "/webhook-endpoints/<whe:webhook_endpoint_id>/deliveries/<whd:webhook_delivery_id>", methods=["GET"]
)
@blp.response(200, shapes.WebhookDeliveryWithAttempts)
def get_delivery(webhook_endpoint_id: int, webhook_delivery_id: int) -> dict[str, Any]:
    """One delivery with every try: what was answered, how long it took."""
    return _whole(webhook_endpoint_id, webhook_delivery_id)


@blp.route(
    "/webhook-endpoints/<whe:webhook_endpoint_id>/deliveries/<whd:webhook_delivery_id>/resend",
    methods=["POST"],
)
@blp.response(202, shapes.WebhookDeliveryWithAttempts)
def resend(webhook_endpoint_id: int, webhook_delivery_id: int) -> dict[str, Any]:
    """Send an event anew, with all its tries, under its same id."""
    endpoints.resend(
        session(), actor=actor().audit, endpoint_id=webhook_endpoint_id, delivery_id=webhook_delivery_id
    )
    return _whole(webhook_endpoint_id, webhook_delivery_id)


def _whole(endpoint_id: int, delivery_id: int) -> dict[str, Any]:
    found, event, tries = queries.delivery(session(), endpoint_id=endpoint_id, delivery_id=delivery_id)
    return _delivery(found, event) | {"tries": [_attempt(each) for each in tries]}


def _out(each: WebhookEndpoint) -> dict[str, Any]:
    return {
        "id": each.id,
        "participant_id": each.participant_id,
        "url": each.url,
        "types": each.types,
        "description": each.description,
        "status": each.status,
        "disabled_because": each.disabled_because,
        "disabled_reason": each.disabled_reason,
        "failing_since": each.failing_since,
        "created_at": each.created_at,
    }


def _delivery(each: WebhookDelivery, event: Event) -> dict[str, Any]:
    return {
        "id": each.id,
        "event_id": each.event_id,
        "type": event.type,
        "status": each.status,
        "attempts": each.attempts,
        "next_try_at": each.next_try_at,
        "delivered_at": each.delivered_at,
        "created_at": each.created_at,
    }


def _attempt(each: WebhookAttempt) -> dict[str, Any]:
    return {
        "number": each.number,
        "started_at": each.started_at,
        "finished_at": each.finished_at,
        "took_ms": each.took_ms,
        "status_code": each.status_code,
        "problem": each.problem,
        "answer": each.answer,
    }
