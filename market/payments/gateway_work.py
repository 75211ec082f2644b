"""The worker's part of payments through a provider: end what is overdue, make calls, look at what may have changed."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable
from typing import LiteralString, NamedTuple

import structlog
from sqlalchemy.orm import Session

from market.core import audit, clock, db
from market.core.db import raw
from market.core.errors import Refusal
from market.payments import gateway_calls, gateway_payments, gateway_payouts
from market.payments.gateway import Gateway, GatewayError, NotThere

log = structlog.get_logger("gateway")

AT_ONCE = 200
BUDGET_S = 6.0
"""How long one run may take before it leaves the rest to the next: other jobs wait for it."""


class _Watched(NamedTuple):
    """A kind of thing whose state is fetched: how those that are due are taken."""

    name: str
    claim_sql: LiteralString


# The next look is written before this one: who dies in between looks later. Looks grow rarer, from 10 s to 6 h.
_WATCHED = (
    _Watched(
        "payment",
        """
WITH due AS (
  SELECT id FROM gateway_payments WHERE look_at <= %(now)s AND provider_id IS NOT NULL
   ORDER BY look_at, id LIMIT %(limit)s FOR NO KEY UPDATE SKIP LOCKED
)
UPDATE gateway_payments g
   SET looks = g.looks + 1,
       look_at = CASE WHEN g.status IN ('awaiting_payer', 'processing', 'authorised')
                        OR g.status = 'captured' AND g.fee_fen IS NULL AND g.looks < 12
                      THEN %(now)s + least(21600, 10 * 2 ^ least(g.looks, 12)) * interval '1 second' END
  FROM due WHERE g.id = due.id RETURNING g.id, g.provider_id, NULL::text
""",
    ),
    _Watched(
        "refund",
        """
WITH due AS (
  SELECT id FROM gateway_refunds WHERE look_at <= %(now)s AND provider_id IS NOT NULL
   ORDER BY look_at, id LIMIT %(limit)s FOR NO KEY UPDATE SKIP LOCKED
)
UPDATE gateway_refunds g
   SET looks = g.looks + 1,
       look_at = CASE WHEN g.status = 'pending'
                      THEN %(now)s + least(21600, 10 * 2 ^ least(g.looks, 12)) * interval '1 second' END
  FROM due WHERE g.id = due.id RETURNING g.id, g.provider_id, NULL::text
""",
    ),
    _Watched(
        "payout",
        """
WITH due AS (
  SELECT id FROM gateway_payouts WHERE look_at <= %(now)s AND provider_id IS NOT NULL
   ORDER BY look_at, id LIMIT %(limit)s FOR NO KEY UPDATE SKIP LOCKED
)
UPDATE gateway_payouts g
   SET looks = g.looks + 1,
       look_at = CASE WHEN g.status = 'in_transit'
                      THEN %(now)s + least(21600, 10 * 2 ^ least(g.looks, 12)) * interval '1 second' END
  FROM due WHERE g.id = due.id RETURNING g.id, g.provider_id, g.route
""",
    ),
)


def advance(
    url: str, provider: Gateway, *, actor: audit.Actor, limit: int = AT_ONCE, budget_s: float = BUDGET_S
) -> int:
    """Does what is due; returns how many things were done. It may run beside another, and die at any moment."""
    ends = time.monotonic() + budget_s

    def may_go_on() -> bool:
        return time.monotonic() < ends

    done = _end_overdue(url, actor, limit)
    calls = gateway_calls.claim(url, limit=limit)
    done += gateway_calls.make(url, provider, calls, actor=actor, may_go_on=may_go_on)
    return done + sum(_look(url, provider, each, actor, limit, may_go_on) for each in _WATCHED)


def _end_overdue(url: str, actor: audit.Actor, limit: int) -> int:
    """Payments whose time is over are to be cancelled at the provider, whose word it is then that they ended."""
    with db.transaction(url) as session:
        found = gateway_payments.overdue(session, limit=limit)
    done = 0
    for each in found:
        try:
            with db.transaction(url) as session:
                gateway_payments.cancel(session, actor=actor, payment_id=each, ending="expired")
            done += 1
        except Refusal as refusal:  # it changed since it was found
            log.info("gateway.not_ended", payment=each, code=refusal.code)
    return done


def _look(
    url: str,
    provider: Gateway,
    watched: _Watched,
    actor: audit.Actor,
    limit: int,
    may_go_on: Callable[[], bool],
) -> int:
    """Fetches the state of what is due to be looked at; returns of how many it had changed."""
    with db.transaction(url) as session:
        parameters = {"now": clock.now(), "limit": limit}
        due = raw(session).execute(watched.claim_sql, parameters).fetchall()
    changed = 0
    for position, (number, provider_id, route) in enumerate(due):
        if not may_go_on():
            _once_more(url, watched, [row[0] for row in due[position:]])
            break
        try:
            effect = _fetched(provider, watched.name, number, provider_id, route, actor)
        except GatewayError as error:
            log.warning(
                "gateway.not_fetched", kind=watched.name, number=number, code=error.code, detail=str(error)
            )
            if not isinstance(error, NotThere):
                _once_more(url, watched, [number])
            continue
        with db.transaction(url) as session:
            changed += effect(session)
    return changed


def _fetched(
    provider: Gateway, name: str, number: int, provider_id: str, route: str | None, actor: audit.Actor
) -> Callable[[Session], bool]:
    """Fetches one thing; returns how what was told is taken over. Errors: GatewayError."""
    if name == "payment":
        payment = provider.payment(provider_id)
        return lambda session: gateway_payments.apply(session, actor=actor, payment_id=number, told=payment)
    if name == "refund":
        refund = provider.refund_now(provider_id)
        return lambda session: gateway_payments.apply_refund(
            session, actor=actor, refund_id=number, told=refund
        )
    payout = provider.payout_now(provider_id, route=str(route))
    return lambda session: gateway_payouts.apply(session, actor=actor, payout_id=number, told=payout)


_SOON_SQL: dict[str, LiteralString] = {
    "payment": "UPDATE gateway_payments SET look_at = %s WHERE id = ANY(%s) AND look_at IS NULL",
    "refund": "UPDATE gateway_refunds SET look_at = %s WHERE id = ANY(%s) AND look_at IS NULL",
    "payout": "UPDATE gateway_payouts SET look_at = %s WHERE id = ANY(%s) AND look_at IS NULL",
}


def _once_more(url: str, watched: _Watched, numbers: list[int]) -> None:
    """What an event asked to look at and could not be fetched is due again, though nothing else was expected of it."""
    with db.transaction(url) as session:
        at = clock.now() + dt.timedelta(seconds=30)
        raw(session).execute(_SOON_SQL[watched.name], (at, numbers))
