"""How the term of a right goes on or ends: renewal, excused non-use, cancellation, expiry by date."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg.rows import tuple_row
from sqlalchemy.orm import Session

from ledger.arrays import Bigints
from market.core import audit, clock
from market.core.db import raw
from market.core.errors import InvalidInput
from market.county.current import pack_in_force
from market.registry import backing, entitlements, life, steps
from market.registry.life_errors import NotUnused
from market.registry.models import Entitlement

GROUNDS = ("unused", "given_up", "withdrawn")
"""Why a right is cancelled: not used for two years, given up by its holder, withdrawn by the authority."""
SOURCES = {
    "unused": f"{life.REG} art. 44",
    "given_up": f"{life.REG} art. 44; 行政许可法 art. 70",
    "withdrawn": f"{life.REG} arts 50-51",
}
UNUSED_CLOCK = "permit_unused_until_cancelled"
UNUSED_YEARS = 2
MOST_AT_ONCE = 500


def ask_renewal(
    session: Session,
    *,
    actor: audit.Actor,
    entitlement_id: int,
    reason: str = "",
    expected_version: int | None = None,
) -> Entitlement:
    """The holder asks that the right goes on after its term: of a permit 45 days before it ends (art. 25).

    Errors: NotFound, StaleVersion, EntitlementState, TermOver, RenewalState, RenewalTooLate.
    """
    right = steps.locked(session, entitlement_id, expected_version)
    steps.take(session, actor=actor, entitlement=right, step="ask_renewal", reason=reason)
    return right


def renew(
    session: Session,
    *,
    actor: audit.Actor,
    entitlement_id: int,
    valid_to: dt.date,
    reason: str,
    expected_version: int | None = None,
) -> Entitlement:
    """Lets a right go on to a new last day, by the same rules as a new term from its old one.

    Errors: NotFound, StaleVersion, EntitlementState, RenewalState, TermBackwards, TermTooLong, TermNeedsGrounds.
    """
    right = steps.locked(session, entitlement_id, expected_version)
    steps.check(session, right, "renew")
    entitlements.check_term(raw(session), right.kind, right.valid_to, valid_to, reason)
    detail = {"before": str(right.valid_to), "after": str(valid_to)}
    right.valid_to = valid_to
    steps.take(
        session, actor=actor, entitlement=right, step="renew", reason=reason, detail=detail, checked=True
    )
    return right


def refuse_renewal(
    session: Session,
    *,
    actor: audit.Actor,
    entitlement_id: int,
    reason: str,
    expected_version: int | None = None,
) -> Entitlement:
    """Decides that the right ends with its term. Errors: NotFound, StaleVersion, EntitlementState, RenewalState."""
    right = steps.locked(session, entitlement_id, expected_version)
    steps.take(session, actor=actor, entitlement=right, step="refuse_renewal", reason=reason)
    return right


def excuse(
    session: Session,
    *,
    actor: audit.Actor,
    entitlement_id: int,
    until: dt.date,
    reason: str,
    expected_version: int | None = None,
) -> Entitlement:
    """Records that the right is not used for a cause that the law excuses (force majeure, retrofit; art. 44).

    Up to and on the day `until` it is not cancelled for non-use.
    Errors: NotFound, StaleVersion, EntitlementState, InvalidInput (a day that is over).
    """
    if until < clock.today():
        raise InvalidInput("an excuse is for days to come", pointer="/until")
    right = steps.locked(session, entitlement_id, expected_version)
    detail = {"until": str(until)}
    steps.take(session, actor=actor, entitlement=right, step="excuse", reason=reason, detail=detail)
    return right


@dataclass(frozen=True, slots=True)
class Unused:
    """A permit that was not used: since which day, and on which day that reaches the years of the law."""

    entitlement_id: int
    participant_id: int
    certificate_number: str
    unused_since: dt.date
    last_used_on: dt.date | None
    reached_on: dt.date


# A right counts from when it was confirmed, came out of another, or was reinstated: before it could not be used.
_UNUSED_SQL = """
WITH facts AS (
  SELECT e.id, e.participant_id, e.certificate_number, e.valid_from,
         (SELECT max((s.at AT TIME ZONE 'Asia/Shanghai')::date) FROM entitlement_steps s
           WHERE s.entitlement_id = e.id AND s.to_status = 'confirmed'
             AND s.from_status IS DISTINCT FROM 'confirmed') AS since,
         (SELECT max((s.detail::jsonb ->> 'until')::date) FROM entitlement_steps s
           WHERE s.entitlement_id = e.id AND s.step = 'excuse') AS excused_until,
         (SELECT max((r.read_at AT TIME ZONE 'Asia/Shanghai')::date)
            FROM water_accounts w JOIN meters m ON m.water_account_id = w.id JOIN readings r ON r.meter_id = m.id
           WHERE w.participant_id = e.participant_id AND w.township_zone_id = e.township_zone_id
             AND w.canal_zone_id = e.canal_zone_id AND w.sector = e.sector AND w.source = e.source
             AND r.use_litres > 0) AS used
    FROM entitlements e
   WHERE e.status = 'confirmed' AND e.kind = 'abstraction_permit'
     AND (%(only)s::bigint IS NULL OR e.id = %(only)s) AND e.id > %(after)s),
found AS (
  SELECT id, participant_id, certificate_number, greatest(valid_from, since, used) AS unused_since, used,
         excused_until FROM facts)
SELECT id, participant_id, certificate_number, unused_since, used,
       (unused_since + make_interval(years => %(years)s))::date
  FROM found
 WHERE (unused_since + make_interval(years => %(years)s))::date <= %(today)s
   AND (excused_until IS NULL OR excused_until < %(today)s)
 ORDER BY id LIMIT %(limit)s
"""


def unused(
    session: Session, *, only: int | None = None, after: int | None = None, limit: int = 50
) -> list[Unused]:
    """Permits that were not used for the years of the law, without an excuse, by id: candidates for cancellation."""
    connection = raw(session)
    values = {
        "only": only,
        "after": after or 0,
        "years": _unused_years(connection),
        "today": clock.today(),
        "limit": limit,
    }
    with connection.cursor(row_factory=tuple_row) as cursor:
        return [Unused(*row) for row in cursor.execute(_UNUSED_SQL, values).fetchall()]


def _unused_years(connection: psycopg.Connection[Any]) -> int:
    rule = steps.clock_of(pack_in_force(connection), UNUSED_CLOCK)
    return rule.length if rule is not None else UNUSED_YEARS


def cancel(
    session: Session,
    *,
    actor: audit.Actor,
    entitlement_id: int,
    grounds: str,
    reason: str,
    expected_version: int | None = None,
) -> Entitlement:
    """Cancels a right for one of GROUNDS. Its announced water may be used, no longer sold.

    Errors: NotFound, StaleVersion, EntitlementState, NotUnused (grounds "unused" without two such years).
    """
    steps.lock_years(session)
    right = steps.locked(session, entitlement_id, expected_version)
    steps.check(session, right, "cancel")
    detail: dict[str, Any] = {"grounds": grounds}
    if grounds == "unused":
        found = unused(session, only=right.id)
        if not found:
            years = _unused_years(raw(session))
            raise NotUnused(
                f"a permit is cancelled for this after {years} years without use or excuse",
                limit=f"{years} years",
            )
        detail["unused_since"] = str(found[0].unused_since)
    steps.take(
        session, actor=actor, entitlement=right, step="cancel", reason=reason, legal_source=SOURCES[grounds],
        detail=detail, tell=False, checked=True,
    )  # fmt: skip
    connection = raw(session)
    detail["water_accounts"] = backing.rights_ended(connection, actor, [right.id])
    steps.announce(connection, actor, "cancel", right.id, detail)
    return right


# A renewal that was asked for in time and is not decided keeps the right alive (行政许可法 art. 50, to confirm).
_EXPIRE_SQL = """
WITH due AS (
  SELECT e.id, e.status FROM entitlements e
   WHERE e.status IN ('confirmed', 'suspended') AND e.valid_to < %(today)s
     AND coalesce((SELECT s.step FROM entitlement_steps s WHERE s.entitlement_id = e.id
                      AND s.step IN ('ask_renewal', 'renew', 'refuse_renewal')
                    ORDER BY s.id DESC LIMIT 1), '') <> 'ask_renewal'
   ORDER BY e.id LIMIT %(limit)s FOR NO KEY UPDATE)
UPDATE entitlements e SET status = 'expired', version = e.version + 1, decided_at = %(now)s, decided_by = %(user)s,
       decision_reason = ''
  FROM due WHERE e.id = due.id RETURNING e.id, due.status
"""
_EXPIRED_STEPS_SQL = """
INSERT INTO entitlement_steps (entitlement_id, step, from_status, to_status, at, by_user, legal_source)
SELECT t.id, 'expire', t.status, 'expired', %s, %s, %s FROM unnest(%s::bigint[], %s::text[]) t (id, status)
 ORDER BY t.id
"""


def expire_due(session: Session, *, actor: audit.Actor, limit: int = MOST_AT_ONCE) -> list[int]:
    """Expires rights whose last day is over, at most `limit`; returns their ids. Their water may be used, not sold.

    Not those whose renewal was asked for and is not decided.
    """
    steps.lock_years(session)
    connection, now = raw(session), clock.now()
    values = {"today": clock.today(), "limit": limit, "now": now, "user": actor.user_id}
    rows = sorted(connection.execute(_EXPIRE_SQL, values).fetchall())
    if not rows:
        return []
    ids = [row[0] for row in rows]
    connection.execute(
        _EXPIRED_STEPS_SQL,
        (now, actor.user_id, life.STEPS["expire"].legal_source, Bigints(ids), [row[1] for row in rows]),
    )
    session.expire_all()  # what the session has read of them is not so any more
    backing.rights_ended(connection, actor, ids)
    for entitlement_id in ids:  # each right has its own event and its own link in the chain
        steps.announce(connection, actor, "expire", entitlement_id)
    return ids
