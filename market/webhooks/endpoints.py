"""Endpoints: made, changed, their secrets rotated, disabled and enabled again, tested; deliveries sent anew."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from functools import partial
from typing import Any, NamedTuple

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from market.core import acts, audit, clock
from market.core.config import Settings
from market.core.db import raw
from market.core.errors import NotFound
from market.webhooks import guard, sealing, signing, spreading, topics
from market.webhooks.errors import DeliveryUnderWay, EndpointState, TooManyEndpoints, UnknownEventType
from market.webhooks.models import (
    BY_OWNER,
    DISABLED,
    ENABLED,
    PENDING,
    WebhookDelivery,
    WebhookEndpoint,
    WebhookSecret,
)

KIND = "webhook_endpoint"
MOST_ENDPOINTS = 20
"""Of one participant. Service rule of the exchange."""
GRACE = dt.timedelta(hours=24)
"""How long the secret before the newest signs as well."""
_done = partial(acts.done, source="webhooks", kind=KIND)


class Made(NamedTuple):
    """An endpoint and its newest secret, which is never shown again."""

    endpoint: WebhookEndpoint
    secret: str


def create(
    session: Session,
    settings: Settings,
    *,
    actor: audit.Actor,
    participant_id: int,
    url: str,
    types: Sequence[str] | None,
    description: str,
) -> Made:
    """A new endpoint of a participant. Errors: TargetRefused, UnknownEventType, TooManyEndpoints."""
    chosen = _known(types)
    guard.check(url, private=settings.webhook_private)
    counted = session.scalar(
        select(func.count())
        .select_from(WebhookEndpoint)
        .where(WebhookEndpoint.participant_id == participant_id)
    )
    if (counted or 0) >= MOST_ENDPOINTS:
        raise TooManyEndpoints(limit=str(MOST_ENDPOINTS), available=str(counted))
    assert actor.user_id is not None
    made = WebhookEndpoint(
        participant_id=participant_id, url=url, types=chosen, description=description, created_by=actor.user_id,
        created_at=clock.now(),
    )  # fmt: skip
    session.add(made)
    session.flush()
    secret = _new_secret(session, settings, made)
    _done(session, actor=actor, number=made.id, act="created", detail={"types": chosen})
    return Made(made, secret)


def amend(
    session: Session,
    settings: Settings,
    *,
    actor: audit.Actor,
    endpoint_id: int,
    url: str,
    types: Sequence[str] | None,
    description: str,
) -> WebhookEndpoint:
    """Another address, other types, another description. Errors: NotFound, TargetRefused, UnknownEventType."""
    chosen = _known(types)
    guard.check(url, private=settings.webhook_private)
    found = locked(session, endpoint_id)
    detail = {"moved": url != found.url, "types": chosen}
    found.url, found.types, found.description = url, chosen, description
    _changed(session, actor, found, "amended", detail)
    return found


def rotate_secret(session: Session, settings: Settings, *, actor: audit.Actor, endpoint_id: int) -> Made:
    """A new secret; the one before signs beside it for a day. Errors: NotFound."""
    found = locked(session, endpoint_id)
    session.execute(
        update(WebhookSecret)
        .where(WebhookSecret.endpoint_id == endpoint_id, WebhookSecret.ends_at.is_(None))
        .values(ends_at=clock.now() + GRACE)
    )
    secret = _new_secret(session, settings, found)
    _changed(session, actor, found, "secret_rotated", {})
    return Made(found, secret)


def disable(session: Session, *, actor: audit.Actor, endpoint_id: int, reason: str) -> WebhookEndpoint:
    """Nothing is sent there from now on, and nothing new collected for it. Errors: NotFound, EndpointState."""
    found = locked(session, endpoint_id)
    if found.status != ENABLED:
        raise EndpointState(available=found.status)
    turn_off(session, actor=actor, endpoint=found, because=BY_OWNER, reason=reason)
    return found


def turn_off(
    session: Session, *, actor: audit.Actor, endpoint: WebhookEndpoint, because: str, reason: str
) -> None:
    """Disables a locked endpoint that is enabled; its owner is told by an event like any other."""
    endpoint.status, endpoint.disabled_because, endpoint.disabled_reason = DISABLED, because, reason
    _changed(session, actor, endpoint, "disabled", {"because": because})


def enable(session: Session, settings: Settings, *, actor: audit.Actor, endpoint_id: int) -> WebhookEndpoint:
    """What still waits for it is tried again, and new events are collected. Errors: NotFound, EndpointState,
    TargetRefused.
    """
    found = locked(session, endpoint_id)
    if found.status != DISABLED:
        raise EndpointState(available=found.status)
    guard.check(found.url, private=settings.webhook_private)
    found.status, found.disabled_because, found.disabled_reason = ENABLED, None, None
    found.failing_since = None
    _changed(session, actor, found, "enabled", {})
    return found


def test(session: Session, *, actor: audit.Actor, endpoint_id: int) -> int:
    """Has a test event sent to this endpoint alone, whatever types it has chosen; returns the delivery.

    Errors: NotFound, EndpointState.
    """
    found = locked(session, endpoint_id)
    if found.status != ENABLED:
        raise EndpointState(available=found.status)
    connection = raw(session)
    spreading.lock_numbers(connection)
    now = clock.now()
    told = spreading.Told(topics.TESTED, KIND, found.id, now, None, frozenset({found.participant_id}))
    [number] = spreading.enter(connection, [told], only=found.id)
    audit.record(connection, actor=actor, action="webhook_endpoint.tested", subject=(KIND, found.id))
    return session.scalars(
        select(WebhookDelivery.id).where(
            WebhookDelivery.endpoint_id == found.id, WebhookDelivery.event_id == number
        )
    ).one()


def resend(session: Session, *, actor: audit.Actor, endpoint_id: int, delivery_id: int) -> WebhookDelivery:
    """Sends one delivery anew, with all its tries and under the event's same id.

    Errors: NotFound, EndpointState, DeliveryUnderWay.
    """
    endpoint = locked(session, endpoint_id)
    if endpoint.status != ENABLED:
        raise EndpointState(available=endpoint.status)
    found = session.get(WebhookDelivery, delivery_id, with_for_update=True, populate_existing=True)
    if found is None or found.endpoint_id != endpoint_id:
        raise NotFound("there is no such delivery")
    if found.status == PENDING:
        raise DeliveryUnderWay
    found.status, found.tries, found.next_try_at = PENDING, 0, clock.now()
    session.flush()
    detail = {"delivery_id": delivery_id}
    audit.record(
        raw(session), actor=actor, action=f"{KIND}.resent", subject=(KIND, endpoint_id), detail=detail
    )
    return found


def locked(session: Session, endpoint_id: int) -> WebhookEndpoint:
    """An endpoint, locked until the transaction ends. Errors: NotFound."""
    found = session.get(WebhookEndpoint, endpoint_id, with_for_update=True, populate_existing=True)
    if found is None:
        raise NotFound("there is no such endpoint")
    return found


def _known(types: Sequence[str] | None) -> list[str] | None:
    """The chosen types, each once; None is all. Errors: UnknownEventType."""
    for each in types or ():
        if each not in topics.TOLD:
            raise UnknownEventType(f"there is no type {each}", pointer="/types", available=each)
    return sorted(set(types)) if types is not None else None


def _new_secret(session: Session, settings: Settings, endpoint: WebhookEndpoint) -> str:
    secret = signing.new_secret()
    sealed = sealing.seal(settings, endpoint.id, secret)
    session.add(WebhookSecret(endpoint_id=endpoint.id, sealed=sealed, created_at=clock.now()))
    session.flush()
    return secret


def _changed(
    session: Session, actor: audit.Actor, found: WebhookEndpoint, act: str, detail: dict[str, Any]
) -> None:
    found.version += 1
    session.flush()
    _done(session, actor=actor, number=found.id, act=act, detail=detail)
