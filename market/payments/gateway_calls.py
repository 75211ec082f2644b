"""Calls to the provider: each is made until it is known what became of it, and never made twice in the dark.

A call whose answer was lost is looked for first, by our reference; only if the provider does not have it, it is made
again under its first key. No transaction is open while the provider is asked.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import structlog
from psycopg.rows import class_row
from sqlalchemy.orm import Session

from market.core import audit, clock, db
from market.core.db import raw
from market.payments import gateway, gateway_payments, gateway_payouts
from market.payments.gateway import Declined, Gateway, GatewayError, NotSent, OutcomeUnknown
from market.payments.gateway_models import (
    CANCEL,
    CAPTURE,
    DECLINED,
    DONE,
    GIVEN_UP,
    PAY,
    PAY_OUT,
    REFUND,
    GatewayCall,
)

log = structlog.get_logger("gateway")

KEY_LIFE = dt.timedelta(hours=23)
"""A provider keeps a key for a day. Later, what it does not have is given up and not sent again."""
CLOCKS_DIFFER = dt.timedelta(minutes=10)
NEVER_ARRIVED = "never_arrived"


@dataclass(frozen=True, slots=True)
class Call:
    """A call that is due, with what it needs of its subject. `tries`: how often it was made before."""

    id: int
    act: str
    key: str
    tries: int
    first_sent_at: dt.datetime
    payment_id: int | None
    refund_id: int | None
    payout_id: int | None
    reference: str
    number: str | None  # the payment's at the provider
    amount_fen: int
    method: str | None
    capture: str | None
    return_url: str | None
    route: str | None
    destination: str | None


# The time of the next try is written before this one is made: who dies in between is back after it.
_CLAIM_SQL = """
WITH due AS (
  SELECT id FROM gateway_calls WHERE status = 'waiting' AND next_try_at <= %(now)s
   ORDER BY next_try_at, id LIMIT %(limit)s FOR NO KEY UPDATE SKIP LOCKED
), taken AS (
  UPDATE gateway_calls c
     SET tries = c.tries + 1, first_sent_at = coalesce(c.first_sent_at, %(now)s),
         next_try_at = %(now)s + least(3600, 5 * 2 ^ least(c.tries, 12)) * interval '1 second'
    FROM due WHERE c.id = due.id RETURNING c.*
)
SELECT c.id, c.act, c.key, c.tries - 1 AS tries, c.first_sent_at, c.payment_id, c.refund_id, c.payout_id,
       coalesce(r.reference, o.reference, p.reference) AS reference, p.provider_id AS number,
       coalesce(r.amount_fen, o.amount_fen, p.capture_fen, p.amount_fen) AS amount_fen, p.method, p.capture,
       p.return_url, o.route, o.destination
  FROM taken c
  LEFT JOIN gateway_refunds r ON r.id = c.refund_id
  LEFT JOIN gateway_payouts o ON o.id = c.payout_id
  LEFT JOIN gateway_payments p ON p.id = coalesce(c.payment_id, r.payment_id)
 ORDER BY c.id
"""
_FAILED_SQL = "UPDATE gateway_calls SET error_code = %s WHERE id = ANY(%s) AND status = 'waiting'"
Told = gateway.Payment | gateway.Refund | gateway.Payout


def claim(url: str, *, limit: int) -> list[Call]:
    """Calls that are due, each taken by one worker only."""
    with db.transaction(url) as session, raw(session).cursor(row_factory=class_row(Call)) as cursor:
        return cursor.execute(_CLAIM_SQL, {"now": clock.now(), "limit": limit}).fetchall()


def make(
    url: str, provider: Gateway, calls: list[Call], *, actor: audit.Actor, may_go_on: Callable[[], bool]
) -> int:
    """Makes calls; returns of how many it is now known what became of them. What is left is due again later."""
    found: dict[int, Told] = {}
    in_the_dark: set[int] = set()
    for group in _alike([each for each in calls if each.tries]):
        try:
            found |= _look_for(provider, group)
        except GatewayError as error:
            _failed(url, error, group)
            in_the_dark |= {each.id for each in group}
    done = 0
    for each in calls:
        if each.id in in_the_dark:
            continue
        if not may_go_on():
            break
        try:
            done += _make(url, provider, each, found.get(each.id), actor)
        except (OutcomeUnknown, NotSent) as error:
            _failed(url, error, [each])
    return done


def _make(url: str, provider: Gateway, call: Call, found: Told | None, actor: audit.Actor) -> int:
    """One call to its end. Errors: OutcomeUnknown, NotSent."""
    if found is not None:
        _close(url, call, DONE, lambda session: _apply(session, call, found, actor))
        return 1
    lost = call.tries > 0 and clock.now() - call.first_sent_at > KEY_LIFE
    if lost and call.act in (PAY, PAY_OUT, REFUND):
        _close(
            url, call, GIVEN_UP, lambda session: _refuse(session, call, NEVER_ARRIVED, actor), NEVER_ARRIVED
        )
        return 1
    try:
        told = _send(provider, call)
    except Declined as declined:
        code = declined.code
        # What became of a payment that could not be captured or cancelled, only the provider knows.
        now = provider.payment(str(call.number)) if call.act in (CAPTURE, CANCEL) else None

        def refuse(session: Session) -> None:
            if now is not None:
                _apply(session, call, now, actor)
            _refuse(session, call, code, actor)

        _close(url, call, DECLINED, refuse, code)
        return 1
    _close(url, call, DONE, lambda session: _apply(session, call, told, actor))
    return 1


def _alike(asked: list[Call]) -> list[list[Call]]:
    """Calls in groups of those that one list tells of."""
    groups: dict[tuple[str, str | None], list[Call]] = defaultdict(list)
    for each in asked:
        one_list = {PAY: None, PAY_OUT: each.route}.get(each.act, each.number)
        groups[each.act, one_list].append(each)
    return list(groups.values())


def _look_for(provider: Gateway, calls: list[Call]) -> dict[int, Told]:
    """What the provider has of calls that were made before and are alike, by the call. Errors: GatewayError."""
    first = calls[0]
    if first.act in _EFFECTS:
        now = provider.payment(str(first.number))
        return {each.id: now for each in calls if now.state in _EFFECTS[each.act]}
    references = {each.reference: each.id for each in calls}
    since = min(each.first_sent_at for each in calls) - CLOCKS_DIFFER
    listed: Mapping[str, Told]
    if first.act == PAY:
        listed = provider.find_payments(references, since=since)
    elif first.act == PAY_OUT:
        listed = provider.find_payouts(references, route=str(first.route), since=since)
    else:
        listed = provider.find_refunds(references, payment_number=str(first.number))
    return {references[reference]: told for reference, told in listed.items()}


_EFFECTS = {CAPTURE: {gateway.CAPTURED}, CANCEL: {gateway.CANCELLED, gateway.CAPTURED}}
"""In these states of its payment a call has had its effect, or can have none any more."""


def _send(provider: Gateway, call: Call) -> Told:
    if call.act == PAY:
        return provider.start_payment(
            gateway.PaymentOrder(
                reference=call.reference,
                key=call.key,
                amount_fen=call.amount_fen,
                method=str(call.method),
                capture=str(call.capture),
                return_url=call.return_url,
            )
        )
    if call.act == CAPTURE:
        return provider.capture(str(call.number), amount_fen=call.amount_fen, key=call.key)
    if call.act == CANCEL:
        return provider.cancel(str(call.number), key=call.key)
    if call.act == REFUND:
        return provider.refund(
            gateway.RefundOrder(
                reference=call.reference,
                key=call.key,
                payment_number=str(call.number),
                amount_fen=call.amount_fen,
            )
        )
    return provider.pay_out(
        gateway.PayoutOrder(
            reference=call.reference,
            key=call.key,
            amount_fen=call.amount_fen,
            route=str(call.route),
            destination=str(call.destination),
        )
    )


def _apply(session: Session, call: Call, told: Told, actor: audit.Actor) -> None:
    if call.refund_id is not None:
        assert isinstance(told, gateway.Refund)
        gateway_payments.apply_refund(session, actor=actor, refund_id=call.refund_id, told=told)
    elif call.payout_id is not None:
        assert isinstance(told, gateway.Payout)
        gateway_payouts.apply(session, actor=actor, payout_id=call.payout_id, told=told)
    else:
        assert isinstance(told, gateway.Payment)
        assert call.payment_id is not None
        gateway_payments.apply(session, actor=actor, payment_id=call.payment_id, told=told)


def _refuse(session: Session, call: Call, code: str, actor: audit.Actor) -> None:
    if call.refund_id is not None:
        gateway_payments.decline_refund(session, actor=actor, refund_id=call.refund_id, code=code)
    elif call.payout_id is not None:
        gateway_payouts.decline(session, actor=actor, payout_id=call.payout_id, code=code)
    else:
        assert call.payment_id is not None
        gateway_payments.decline(session, actor=actor, payment_id=call.payment_id, act=call.act, code=code)


def _close(
    url: str, call: Call, status: str, effect: Callable[[Session], None], code: str | None = None
) -> None:
    """Ends a call with its effect, in one transaction; one that another worker has ended has had its effect."""
    with db.transaction(url) as session:
        kept = session.get_one(GatewayCall, call.id, with_for_update=True)
        if kept.closed_at is None:
            kept.status, kept.closed_at, kept.error_code = status, clock.now(), code
            session.flush()
            effect(session)
            _look_soon(session, call)


_LOOK_SQL = {
    "payment": "UPDATE gateway_payments SET look_at = %(at)s, looks = 0 WHERE id = %(id)s"
    " AND (status IN ('created', 'awaiting_payer', 'processing', 'authorised')"
    " OR status = 'captured' AND fee_fen IS NULL)",
    "refund": "UPDATE gateway_refunds SET look_at = %(at)s, looks = 0 WHERE id = %(id)s AND status = 'pending'",
    "payout": "UPDATE gateway_payouts SET look_at = %(at)s, looks = 0 WHERE id = %(id)s AND status = 'in_transit'",
}  # fmt: skip


def _look_soon(session: Session, call: Call) -> None:
    """What is not final is looked at again, also if no event comes."""
    connection = raw(session)
    for name, number in (
        ("payment", call.payment_id), ("refund", call.refund_id), ("payout", call.payout_id),
    ):  # fmt: skip
        if number is not None:
            connection.execute(_LOOK_SQL[name], {"id": number, "at": clock.now() + dt.timedelta(seconds=5)})


def _failed(url: str, error: GatewayError, calls: list[Call]) -> None:
    """What could not be made, or whose outcome is not known, waits."""
    if calls:
        log.warning("gateway.call_waits", calls=len(calls), code=error.code, detail=str(error))
        with db.transaction(url) as session:
            raw(session).execute(_FAILED_SQL, (error.code, [each.id for each in calls]))
