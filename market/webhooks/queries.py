"""Reading events, endpoints, deliveries and their tries."""

from __future__ import annotations

from sqlalchemy import select, union
from sqlalchemy.orm import Session

from market.core.errors import NotFound
from market.webhooks.models import (
    Event,
    EventAddressee,
    WebhookAttempt,
    WebhookDelivery,
    WebhookEndpoint,
)


def events(
    session: Session, *, participant_id: int | None, type: str | None, after: int | None, limit: int
) -> list[Event]:
    """Events, by number; of one participant those that concern it and the public ones.

    The two are read each by its own index and put together: what concerns others is never walked through.
    """
    later = [Event.id > (after or 0)] + ([Event.type == type] if type is not None else [])
    if participant_id is None:
        return list(session.scalars(select(Event).where(*later).order_by(Event.id).limit(limit)))
    own = (
        select(Event.id)
        .join(EventAddressee, EventAddressee.event_id == Event.id)
        .where(
            EventAddressee.participant_id == participant_id, EventAddressee.event_id > (after or 0), *later
        )
        .order_by(EventAddressee.event_id)
        .limit(limit)
    )
    public = select(Event.id).where(Event.public, *later).order_by(Event.id).limit(limit)
    both = union(select(own.subquery().c.id), select(public.subquery().c.id)).subquery()
    found = select(Event).where(Event.id.in_(select(both.c.id))).order_by(Event.id).limit(limit)
    return list(session.scalars(found))


def event(session: Session, *, event_id: int) -> Event:
    """One event. Errors: NotFound."""
    found = session.get(Event, event_id)
    if found is None:
        raise NotFound("there is no such event")
    return found


def endpoints(
    session: Session, *, participant_id: int | None, after: int | None, limit: int
) -> list[WebhookEndpoint]:
    """Endpoints, by number; of one participant or of all."""
    statement = select(WebhookEndpoint).where(WebhookEndpoint.id > (after or 0))
    if participant_id is not None:
        statement = statement.where(WebhookEndpoint.participant_id == participant_id)
    return list(session.scalars(statement.order_by(WebhookEndpoint.id).limit(limit)))


def endpoint(session: Session, *, endpoint_id: int) -> WebhookEndpoint:
    """One endpoint. Errors: NotFound."""
    found = session.get(WebhookEndpoint, endpoint_id)
    if found is None:
        raise NotFound("there is no such endpoint")
    return found


def deliveries(
    session: Session, *, endpoint_id: int, status: str | None, after: int | None, limit: int,
    newest_first: bool = False,
) -> list[tuple[WebhookDelivery, Event]]:  # fmt: skip
    """What was or is to be sent to an endpoint, by number, with its event; `after`: what comes next in the order."""
    number = WebhookDelivery.id
    statement = (
        select(WebhookDelivery, Event)
        .join(Event, Event.id == WebhookDelivery.event_id)
        .where(WebhookDelivery.endpoint_id == endpoint_id)
    )
    if after is not None:
        statement = statement.where(number < after if newest_first else number > after)
    if status is not None:
        statement = statement.where(WebhookDelivery.status == status)
    rows = session.execute(statement.order_by(number.desc() if newest_first else number).limit(limit))
    return [(row[0], row[1]) for row in rows]


def delivery(
    session: Session, *, endpoint_id: int, delivery_id: int
) -> tuple[WebhookDelivery, Event, list[WebhookAttempt]]:
    """One delivery with its event and its tries. Errors: NotFound (also another endpoint's)."""
    found = session.get(WebhookDelivery, delivery_id)
    if found is None or found.endpoint_id != endpoint_id:
        raise NotFound("there is no such delivery")
    tries = session.scalars(
        select(WebhookAttempt)
        .where(WebhookAttempt.delivery_id == delivery_id)
        .order_by(WebhookAttempt.number)
    )
    return found, session.get_one(Event, found.event_id), list(tries)
