"""Events for programs: the types, and what has happened to one's own things and in public, in order."""

from __future__ import annotations

from typing import Any

from market.api.http import blueprint, own_only, page, paging, session
from market.api.schemas import webhooks as shapes
from market.webhooks import queries, topics, wording
from market.webhooks.models import Event

types = blueprint("event_types", "The types of events")
blp = blueprint("events", "What has happened, for programs (事件)")


@types.route("/event-types", methods=["GET"])
@types.response(200, shapes.EventTypeList)
def list_event_types() -> dict[str, Any]:
    """Every type of events that participants are told of."""
    known = (topics.TYPES[name] for name in topics.TOLD)
    return {
        "data": [
            {
                "type": each.name,
                "description_zh": each.zh,
                "description_en": each.en,
                "audience": each.audience,
            }
            for each in known
        ]
    }


@blp.route("/events", methods=["GET"])
@blp.arguments(shapes.EventsQuery, location="query")
@blp.response(200, shapes.EventPage)
def list_events(query: dict[str, Any]) -> dict[str, Any]:
    """One's own events and the public ones, in the order in which they became visible: go on after the last one seen.
    They are kept for 90 days, from the first API key or endpoint of a participant on.
    """
    where = paging("evn")
    rows = queries.events(
        session(), participant_id=own_only(), type=query["type"], after=where.after, limit=where.limit + 1
    )
    return page([_out(each) for each in rows], where.limit)


@blp.route("/events/<evn:event_id>", methods=["GET"])
@blp.response(200, shapes.EventOut)
def get(event_id: int) -> dict[str, Any]:
    """One event."""
    return _out(queries.event(session(), event_id=event_id))


def _out(each: Event) -> dict[str, Any]:
    said = wording.said(type=each.type, at=each.at, kind=each.object_kind, number=each.object_id)
    return {"id": each.id} | said
