"""What the worker does by the clock for payments through a provider; nothing where there is none."""

from __future__ import annotations

import structlog

from market.core import audit, db
from market.core.config import Settings
from market.payments import gateway_work, provider, reconciliation
from market.payments.gateway import GatewayError

log = structlog.get_logger("jobs")
CLOCK = audit.Actor(request_id="jobs")


def advance(url: str, settings: Settings) -> int:
    """Calls to the payment provider are made, and what may have changed there is fetched."""
    if not provider.is_there(settings):
        return 0
    return gateway_work.advance(url, provider.of(settings), actor=CLOCK)


def reconcile(url: str, settings: Settings) -> int:
    """The provider's account of the days that are over is compared with the clearing account; a day that cannot be
    fetched waits, with those after it.
    """
    if not provider.is_there(settings):
        return 0
    with db.transaction(url) as session:
        days = reconciliation.due(session)
    for done, day in enumerate(days):
        try:
            lines = reconciliation.fetch(provider.of(settings), day)
        except GatewayError as error:
            log.warning(
                "job.item_waits", job="reconciliation", item=str(day), code=error.code, detail=str(error)
            )
            return done
        with db.transaction(url) as session:
            reconciliation.compare(session, actor=CLOCK, day=day, lines=lines)
    return len(days)
