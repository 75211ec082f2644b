"""Incoming events of the provider: kept once for ever, and taken only as a reason to look."""

from __future__ import annotations

from collections.abc import Mapping
from typing import LiteralString

import structlog
from sqlalchemy.orm import Session

from market.core import clock
from market.core.db import raw
from market.payments.gateway import EventRefused, Gateway
from market.payments.gateway_errors import EventNotSigned

log = structlog.get_logger("gateway")

_KEEP_SQL = (
    "INSERT INTO gateway_events (number, kind, subject, subject_number, at, received_at, body)"
    " VALUES (%s, %s, %s, %s, %s, %s, %s) ON CONFLICT (number) DO NOTHING"
)
# An event may come before the answer to the call that it is of: then it is known by our reference.
_LOOK_SQL: dict[str, LiteralString] = {
    "payment": "UPDATE gateway_payments SET look_at = %(now)s, looks = 0"
    " WHERE provider_id = %(number)s OR (provider_id IS NULL AND reference = %(reference)s)",
    "refund": "UPDATE gateway_refunds SET look_at = %(now)s, looks = 0"
    " WHERE provider_id = %(number)s OR (provider_id IS NULL AND reference = %(reference)s)",
    "payout": "UPDATE gateway_payouts SET look_at = %(now)s, looks = 0"
    " WHERE provider_id = %(number)s OR (provider_id IS NULL AND reference = %(reference)s)",
}


def receive(session: Session, provider: Gateway, *, body: bytes, headers: Mapping[str, str]) -> bool:
    """Takes an event in; says whether it was new. Its subject is due to be fetched then, whatever the event says of it.

    Errors: EventNotSigned.
    """
    now = clock.now()
    try:
        event = provider.event(body, headers, now=now)
    except EventRefused as error:
        log.info("gateway.event_refused", detail=str(error))
        raise EventNotSigned(str(error)) from error
    connection = raw(session)
    kept = connection.execute(
        _KEEP_SQL,
        (event.number, event.kind, event.subject, event.subject_number, event.at, now, body.decode()),
    )
    if kept.rowcount == 0:
        return False
    if event.subject is not None:
        parameters = {"now": now, "number": event.subject_number, "reference": event.reference}
        connection.execute(_LOOK_SQL[event.subject], parameters)
    return True
