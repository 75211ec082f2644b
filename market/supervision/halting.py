"""Halts: a product, a zone with all below it, a participant or the whole market stands still until it is lifted.

New orders, amendments and deals are refused by the halt's name, reason and source. Open orders end, or stay with what
they hold and are not matched; owners may cancel them. What is settled or before a reviewer goes on.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

from psycopg.rows import tuple_row
from sqlalchemy import select
from sqlalchemy.orm import Session

from market.core import acts, audit, clock, inbox
from market.core.db import bump_reference, raw
from market.core.errors import NotFound
from market.participants.models import Participant
from market.registry import classes, places, reference
from market.supervision import cancelling, register
from market.supervision.errors import HaltLifted, HaltOver, HaltScope, ReasonMissing
from market.supervision.intervention_models import CANCEL, MARKET, PARTICIPANT, PRODUCT, ZONE, Halt
from market.trading.models import Product

HALT = "halt"
ORDERED, LIFTED = "supervision.halt.concerned", "supervision.halt.over"

# Whom a halt concerns: the participant (and its owners), else whoever has an open order that stands still now.
_CONCERNED_SQL = """
SELECT p.id FROM participants p
WHERE %(participant)s::bigint IS NOT NULL AND (p.id = %(participant)s
   OR (%(owners)s AND coalesce(p.owner_group_id, p.id)
       = (SELECT coalesce(g.owner_group_id, g.id) FROM participants g WHERE g.id = %(participant)s)))
UNION
SELECT o.participant_id FROM orders o JOIN water_accounts w ON w.id = o.water_account_id
WHERE o.status = 'open' AND %(participant)s::bigint IS NULL
  AND (%(product)s::bigint IS NULL OR o.product_id = %(product)s)
  AND (%(zones)s::bigint[] IS NULL OR w.township_zone_id = ANY (%(zones)s) OR w.canal_zone_id = ANY (%(zones)s))
"""


def order(
    session: Session, *, actor: audit.Actor, scope: str, orders: str, reason: str, legal_source: str,
    product_id: int | None = None, zone: str | None = None, participant_id: int | None = None,
    with_owners: bool = False, until: dt.datetime | None = None,
) -> Halt:  # fmt: skip
    """Has something stand still from the commit on; open `orders` stay or are cancelled.

    Errors: ReasonMissing, HaltScope, HaltOver, NotFound, UnknownZone.
    """
    register.check_reasons(reason, legal_source)
    zone_id = _check(session, scope, product_id, zone, participant_id, with_owners)
    connection = raw(session)
    cancelling.lock_products(connection, product_id)
    at = clock.now()
    if until is not None and until <= at:
        raise HaltOver(pointer="/until", limit=at.isoformat(), available=until.isoformat())
    concerned = _concerned(session, product_id, zone, participant_id, with_owners)
    ended = None
    if orders == CANCEL:
        wanted = cancelling.of_scope(
            product_id=product_id, zone=zone, participant_id=participant_id, with_owners=with_owners
        )
        ended = cancelling.chosen_for_halt(
            session, actor=actor, wanted=wanted, reason=reason, legal_source=legal_source
        )
    found = Halt(
        scope=scope, product_id=product_id, zone_id=zone_id, participant_id=participant_id, with_owners=with_owners,
        orders=orders, reason=reason, legal_source=legal_source, until=until,
        cancellation_id=ended.id if ended is not None else None, ordered_by=actor.user_id, ordered_at=at,
    )  # fmt: skip
    session.add(found)
    session.flush()  # the register names it
    number = register.enter(
        session, actor=actor, kind="halt", subject_id=found.id, reason=reason, legal_source=legal_source, at=at
    )  # fmt: skip
    register.concern(raw(session), number, ORDERED, concerned)
    _tell(session, actor, found, "ordered", reason)
    return found


def _check(
    session: Session, scope: str, product_id: int | None, zone: str | None, participant_id: int | None,
    with_owners: bool,
) -> int | None:  # fmt: skip
    """The id of the zone, if one is named. Errors: HaltScope, NotFound, UnknownZone."""
    named = {PRODUCT: product_id, ZONE: zone, PARTICIPANT: participant_id}
    wrong = [name for name, value in named.items() if (value is not None) != (name == scope)]
    if wrong or (with_owners and scope != PARTICIPANT):
        raise HaltScope(pointer=f"/{wrong[0]}" if wrong else "/with_owners")
    for kind, number in ((Product, product_id), (Participant, participant_id)):
        if number is not None and session.get(kind, number) is None:
            raise NotFound(pointer=f"/{kind.__name__.lower()}_id")
    if zone is None:
        return None
    return places.zone(reference.zones(raw(session)), zone, pointer="/zone").id


def _concerned(
    session: Session, product_id: int | None, zone: str | None, participant_id: int | None, with_owners: bool
) -> list[int]:
    connection = raw(session)
    wanted = {
        "participant": participant_id, "owners": with_owners, "product": product_id,
        "zones": classes.zones_of(connection, zone),
    }  # fmt: skip
    with connection.cursor(row_factory=tuple_row) as cursor:
        return [row[0] for row in cursor.execute(_CONCERNED_SQL, wanted).fetchall()]


def lift(session: Session, *, actor: audit.Actor, halt_id: int, reason: str) -> Halt:
    """Lets orders in again and matches those that stayed. Errors: NotFound, ReasonMissing, HaltLifted."""
    if not reason.strip():
        raise ReasonMissing(pointer="/reason")
    found = _locked(session, halt_id)
    found.lifted_by, found.lift_reason = actor.user_id, reason
    return _over(session, actor, found, reason)


def due(session: Session) -> list[int]:
    """Halts whose time is over and that stand still."""
    statement = select(Halt.id).where(Halt.lifted_at.is_(None), Halt.until <= clock.now())
    return list(session.scalars(statement.order_by(Halt.id)))


def end(session: Session, halt_id: int, *, actor: audit.Actor) -> Halt:
    """Lifts a halt whose time is over. Errors: NotFound, HaltLifted, HaltOver where it is not over yet."""
    found = _locked(session, halt_id)
    if found.until is None or found.until > clock.now():
        raise HaltOver("the halt still stands")
    return _over(session, actor, found, f"until {found.until.isoformat()}")


def _locked(session: Session, halt_id: int) -> Halt:
    known = session.get(Halt, halt_id)
    if known is None:
        raise NotFound("there is no such halt")
    cancelling.lock_products(raw(session), known.product_id)
    found = session.get_one(Halt, halt_id, with_for_update={"key_share": True}, populate_existing=True)
    if found.lifted_at is not None:
        raise HaltLifted
    return found


def _over(session: Session, actor: audit.Actor, found: Halt, reason: str) -> Halt:
    found.lifted_at = clock.now()
    connection = raw(session)
    connection.execute(_OVER_SQL, {"topic": LIFTED, "halt": found.id})
    inbox.put(connection, kind="rematch", actor=actor)
    _tell(session, actor, found, "lifted", reason)
    return found


_OVER_SQL = """
INSERT INTO outbox (topic, subject_type, subject_id, payload)
SELECT %(topic)s, 'participant', p.participant_id, json_build_object('intervention_id', v.id)::text
FROM interventions v JOIN intervention_parties p ON p.intervention_id = v.id
WHERE v.kind = 'halt' AND v.subject_id = %(halt)s ORDER BY p.participant_id
"""


def _tell(session: Session, actor: audit.Actor, found: Halt, act: str, reason: str) -> None:
    bump_reference(raw(session))
    detail: dict[str, Any] = {
        "scope": found.scope, "product_id": found.product_id, "zone_id": found.zone_id,
        "participant_id": found.participant_id, "with_owners": found.with_owners, "orders": found.orders,
        "until": found.until.isoformat() if found.until is not None else None, "reason": reason,
        "legal_source": found.legal_source,
    }  # fmt: skip
    acts.done(
        session, actor=actor, source="supervision", kind=HALT, number=found.id, act=act, detail=detail
    )  # fmt: skip


def listing(
    session: Session, *, before: int | None, limit: int, in_force: bool | None = None, public: bool = False
) -> list[tuple[Halt, str | None]]:
    """Halts with the code of their zone, newest first; `public`: all but those of participants."""
    tree = reference.zones(raw(session)).by_id
    statement = select(Halt).order_by(Halt.id.desc()).limit(limit)
    if before is not None:
        statement = statement.where(Halt.id < before)
    if in_force is not None:
        statement = statement.where(Halt.lifted_at.is_(None) if in_force else Halt.lifted_at.is_not(None))
    if public:
        statement = statement.where(Halt.scope.in_((MARKET, PRODUCT, ZONE)))
    found = session.scalars(statement)
    return [(each, tree[each.zone_id].code if each.zone_id is not None else None) for each in found]


def zone_of(session: Session, found: Halt) -> str | None:
    """The code of a halt's zone, if it is one of a zone."""
    if found.zone_id is None:
        return None
    return reference.zones(raw(session)).by_id[found.zone_id].code
