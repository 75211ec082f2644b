"""Taking a step in the life of an entitlement: locked, checked against `life`, written down, told."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec
import psycopg
from sqlalchemy import select
from sqlalchemy.orm import Session

from ledger.arrays import Bigints
from market.core import audit, clock, outbox, workdays
from market.core.db import raw
from market.core.errors import NotFound
from market.county.current import pack_in_force
from market.county.pack import Pack
from market.county.parts import Clock
from market.participants.errors import StaleVersion
from market.registry import life, pledge_alerts
from market.registry.errors import EntitlementState
from market.registry.life_errors import OF_NEED
from market.registry.life_models import EntitlementStep
from market.registry.models import Entitlement

PERMIT = "abstraction_permit"
OBJECTION_CLOCK = "publication_objection"
RENEWAL_CLOCK = "permit_renewal_before_expiry"
_DECISIONS = frozenset(
    {"confirm", "refuse", "suspend", "reinstate", "cancel", "split", "merge", "transfer", "inherit"}
)
"""Steps that the right itself shows as its last decision."""


def lock_years(session: Session) -> None:
    """Keeps announcements away until the commit: what a right has received must not change under its successors.

    Before any entitlement is locked: announcements lock the water year first too.
    """
    raw(session).execute("SELECT FROM water_years WHERE status <> 'closed' ORDER BY year FOR SHARE")


def locked(session: Session, entitlement_id: int, expected_version: int | None = None) -> Entitlement:
    """The right, locked until the commit. Errors: NotFound, StaleVersion."""
    found = session.scalars(
        select(Entitlement)
        .where(Entitlement.id == entitlement_id)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    ).one_or_none()
    if found is None:
        raise NotFound("there is no such entitlement")
    if expected_version is not None and found.version != expected_version:
        raise StaleVersion(f"its version is now {found.version}")
    return found


def locked_all(session: Session, entitlement_ids: Iterable[int]) -> list[Entitlement]:
    """These rights by id, locked until the commit. Errors: NotFound where one is missing."""
    wanted = set(entitlement_ids)
    found = session.scalars(
        select(Entitlement)
        .where(Entitlement.id.in_(wanted))
        .order_by(Entitlement.id)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    ).all()
    if len(found) < len(wanted):
        raise NotFound("there is no such entitlement", pointer="/entitlement_ids")
    return list(found)


def clock_of(pack: Pack, name: str) -> Clock | None:
    """A clock of the county, or None where its pack has none of this name."""
    return next((each for each in pack.clocks if each.name == name), None)


def taken(
    connection: psycopg.Connection[Any], entitlement_ids: Iterable[int]
) -> Mapping[int, list[life.Taken]]:
    """The steps of each of these rights, oldest first, on their legal days."""
    found: dict[int, list[life.Taken]] = defaultdict(list)
    rows = connection.execute(
        "SELECT entitlement_id, step, at FROM entitlement_steps WHERE entitlement_id = ANY(%s) ORDER BY id",
        (Bigints(entitlement_ids),),
    ).fetchall()
    for entitlement_id, step, at in rows:
        found[entitlement_id].append(life.Taken(step, at.astimezone(clock.LEGAL_ZONE).date()))
    return found


def objections_until(pack: Pack, steps: list[life.Taken]) -> dt.date | None:
    """The last day on which one may object to an application; None while it is not published."""
    published, rule = life.last_day(steps, "publish"), clock_of(pack, OBJECTION_CLOCK)
    if published is None:
        return None
    if rule is None:
        return published
    return life.due_on(published, rule.length, rule.unit, is_working_day=workdays.is_working_day)


def renewal_until(pack: Pack, kind: str, valid_to: dt.date) -> dt.date | None:
    """The last day on which the renewal of a right may be asked for; None where no rule gives one."""
    rule = clock_of(pack, RENEWAL_CLOCK)
    return valid_to - dt.timedelta(days=rule.length) if rule is not None and kind == PERMIT else None


def facts(connection: psycopg.Connection[Any], entitlement: Entitlement) -> life.Facts:
    """What the next step of a right may depend on."""
    pack = pack_in_force(connection)
    steps = taken(connection, [entitlement.id])[entitlement.id]
    row = connection.execute(
        "SELECT count(*) FILTER (WHERE status = 'lodged'), count(*) FILTER (WHERE status = 'upheld'),"
        " EXISTS (SELECT FROM pledges WHERE entitlement_id = %(id)s AND status IN ('registered', 'enforcing'))"
        " FROM objections WHERE entitlement_id = %(id)s",
        {"id": entitlement.id},
    ).fetchone()
    assert row is not None
    return life.Facts(
        today=clock.today(),
        valid_to=entitlement.valid_to,
        publication_needed=pack.publication_needed(entitlement.kind),
        objections_until=objections_until(pack, steps),
        open_objections=row[0],
        upheld_objections=row[1],
        hearing_open=life.is_open(steps, "open_hearing", "close_hearing"),
        dispute_open=life.is_open(steps, "open_dispute", "close_dispute"),
        renewal_asked=life.is_open(steps, "ask_renewal", "renew", "refuse_renewal"),
        renewal_until=renewal_until(pack, entitlement.kind, entitlement.valid_to),
        pledged=row[2],
    )


def check(session: Session, entitlement: Entitlement, step: str) -> None:
    """Refuses a step that the right's state or what the step needs does not allow.

    Errors: EntitlementState, and the one of OF_NEED that names what is missing.
    """
    rule = life.STEPS[step]
    if entitlement.status not in rule.sources:
        needed = ", ".join(rule.sources)
        raise EntitlementState(
            f"it is {entitlement.status}, this step needs it to be one of: {needed}",
            legal_source=rule.legal_source,
        )
    known = facts(raw(session), entitlement)
    missing = life.missing(step, known)
    if missing is None:
        return
    limits = {
        "objection_period_over": known.objections_until,
        "objection_period": known.objections_until,
        "renewal_in_time": known.renewal_until,
        "in_term": entitlement.valid_to,
        "term_over": entitlement.valid_to,
    }
    last = limits.get(missing)
    raise OF_NEED[missing](
        f"the last day is {last}, today is {known.today}" if last is not None else "",
        limit=str(last) if last is not None else None,
    )


def take(
    session: Session,
    *,
    actor: audit.Actor,
    entitlement: Entitlement,
    step: str,
    reason: str = "",
    legal_source: str | None = None,
    detail: dict[str, Any] | None = None,
    tell: bool = True,
    checked: bool = False,
) -> None:
    """Takes a step with a locked right: its state and version, the step's row, and last the event and audit entry.

    `tell` False: the caller tells, after what else it writes. `checked`: it has called `check`. Errors: as `check`.
    """
    if not checked:
        check(session, entitlement, step)
    before, after = entitlement.status, life.STEPS[step].to(entitlement.status)
    entitlement.status = after
    entitlement.version += 1
    if step in _DECISIONS:
        entitlement.decided_at = clock.now()
        entitlement.decided_by = actor.user_id
        entitlement.decision_reason = reason
    write(session, actor, entitlement.id, step, before, after, reason, legal_source, detail)
    if tell:
        announce(raw(session), actor, step, entitlement.id, detail)


def write(
    session: Session,
    actor: audit.Actor,
    entitlement_id: int,
    step: str,
    before: str | None,
    after: str,
    reason: str,
    legal_source: str | None = None,
    detail: dict[str, Any] | None = None,
) -> None:
    """Writes the row of a step."""
    session.add(
        EntitlementStep(
            entitlement_id=entitlement_id,
            step=step,
            from_status=before,
            to_status=after,
            at=clock.now(),
            by_user=actor.user_id,
            reason=reason,
            legal_source=legal_source or life.STEPS[step].legal_source,
            detail=msgspec.json.encode(detail or {}, order="sorted").decode(),
        )
    )


_REGISTERED_SQL = """
INSERT INTO entitlement_steps (entitlement_id, step, from_status, to_status, at, by_user, reason, legal_source)
SELECT t.id, s.step, s.before, s.after, %(at)s, %(user)s, %(reason)s, s.source
  FROM unnest(%(ids)s::bigint[]) t (id)
 CROSS JOIN (VALUES (1, 'apply', NULL, 'applied', %(applied)s), (2, 'confirm', 'applied', 'confirmed', %(confirmed)s))
            s (position, step, before, after, source)
 ORDER BY t.id, s.position
"""


def write_registered(
    connection: psycopg.Connection[Any], *, actor: audit.Actor, entitlement_ids: Iterable[int], reason: str
) -> None:
    """Writes the steps of rights that enter the register confirmed, many at once: applied for, and confirmed."""
    connection.execute(
        _REGISTERED_SQL,
        {
            "ids": Bigints(entitlement_ids),
            "at": clock.now(),
            "user": actor.user_id,
            "reason": reason,
            "applied": life.STEPS["apply"].legal_source,
            "confirmed": life.STEPS["confirm"].legal_source,
        },
    )


PAST = {
    "apply": "applied", "accept": "accepted", "publish": "published", "object": "objected",
    "uphold_objection": "objection_upheld", "dismiss_objection": "objection_dismissed",
    "open_hearing": "hearing_opened", "close_hearing": "hearing_closed", "open_dispute": "dispute_opened",
    "close_dispute": "dispute_closed", "confirm": "confirmed", "refuse": "refused", "withdraw": "withdrawn",
    "succeed": "succeeded", "suspend": "suspended", "reinstate": "reinstated", "amend": "amended", "split": "split",
    "merge": "merged", "transfer": "transferred", "inherit": "inherited", "ask_renewal": "renewal_asked",
    "renew": "renewed", "refuse_renewal": "renewal_refused", "excuse": "excused", "cancel": "cancelled",
    "expire": "expired",
}  # fmt: skip
"""How events and the audit trail name a step."""


def announce(
    connection: psycopg.Connection[Any],
    actor: audit.Actor,
    step: str,
    entitlement_id: int,
    detail: dict[str, Any] | None = None,
) -> None:
    """Tells of a step: its event, and its audit entry; last, for that locks the chain."""
    subject = ("entitlement", entitlement_id)
    pledge_alerts.publish(connection, entitlement_ids=[entitlement_id], kind=PAST[step])
    outbox.publish(connection, topic=f"registry.entitlement.{PAST[step]}", subject=subject, payload=detail)
    audit.record(connection, actor=actor, action=f"entitlement.{PAST[step]}", subject=subject, detail=detail)
