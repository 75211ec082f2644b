"""Mandates: a recorded power of a clerk to act for a holder (Civil Code arts 161–165: agency needs authority)."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from market.core import audit, clock
from market.core.db import raw
from market.core.errors import Conflict, NotFound
from market.participants.admission import find
from market.participants.errors import MandateDates, NotAClerk
from market.participants.models import Mandate, Participant, User


def record(
    session: Session, *, actor: audit.Actor, participant_id: int, clerk_login: str, scope: str, document: str,
    valid_from: dt.datetime, valid_to: dt.datetime,
) -> Mandate:  # fmt: skip
    """Records that a clerk may act for a participant. Errors: NotFound, NotAClerk, MandateDates."""
    find(session, participant_id)
    clerk = session.scalars(select(User).where(User.login == clerk_login)).one_or_none()
    if clerk is None:
        raise NotFound("there is no such user", pointer="/clerk_login")
    if clerk.status != "active" or clerk.participant_id in (None, participant_id):
        raise NotAClerk("a clerk is an active user of another participant", pointer="/clerk_login")
    if valid_to <= valid_from or valid_to <= clock.now():
        raise MandateDates("a mandate ends after it begins, and not in the past", pointer="/valid_to")
    assert actor.user_id is not None
    mandate = Mandate(
        participant_id=participant_id, clerk_user_id=clerk.id, scope=scope, document=document, valid_from=valid_from,
        valid_to=valid_to, recorded_by=actor.user_id, recorded_at=clock.now(),
    )  # fmt: skip
    session.add(mandate)
    session.flush()  # the audit entry names it by its id
    audit.record(
        raw(session), actor=actor, action="mandate.recorded", subject=("mandate", mandate.id),
        detail={"participant": participant_id, "clerk": clerk.id, "scope": scope},
    )  # fmt: skip
    return mandate


def revoke(session: Session, *, actor: audit.Actor, mandate_id: int) -> Mandate:
    """Ends a mandate now. Errors: NotFound, Conflict."""
    mandate = session.get(Mandate, mandate_id, with_for_update=True)
    if mandate is None:
        raise NotFound("there is no such mandate")
    if mandate.revoked_at is not None:
        raise Conflict("the mandate was revoked before")
    mandate.revoked_at = clock.now()
    audit.record(raw(session), actor=actor, action="mandate.revoked", subject=("mandate", mandate_id))
    return mandate


def of_participant(session: Session, *, participant_id: int, after: int | None, limit: int) -> list[Mandate]:
    """The mandates given by a participant, oldest first."""
    statement = select(Mandate).where(Mandate.participant_id == participant_id, Mandate.id > (after or 0))
    return list(session.scalars(statement.order_by(Mandate.id).limit(limit)))


def given_to(
    session: Session, *, user_id: int, name: str = "", limit: int
) -> list[tuple[Mandate, Participant]]:
    """The mandates in force under which a user may act, with whom for, by name; those whose name holds `name`."""
    now = clock.now()
    statement = (
        select(Mandate, Participant)
        .join(Participant, Participant.id == Mandate.participant_id)
        .where(Mandate.clerk_user_id == user_id, Participant.status == "admitted")
        .where(Mandate.valid_from <= now, Mandate.valid_to > now)
        .where(or_(Mandate.revoked_at.is_(None), Mandate.revoked_at > now))
        .where(Participant.name.contains(name, autoescape=True))
    )
    rows = session.execute(statement.order_by(Participant.name, Mandate.id).limit(limit))
    return [(mandate, participant) for mandate, participant in rows]


def principals(session: Session, *, user_id: int) -> dict[int, int]:
    """The admitted participants for whom a user may trade now, and the mandate under which."""
    now = clock.now()
    statement = (
        select(Mandate.participant_id, Mandate.id)
        .join(Participant, Participant.id == Mandate.participant_id)
        .where(Mandate.clerk_user_id == user_id, Mandate.scope == "trade", Participant.status == "admitted")
        .where(Mandate.valid_from <= now, Mandate.valid_to > now)
        .where(or_(Mandate.revoked_at.is_(None), Mandate.revoked_at > now))
    )
    return {row.participant_id: row.id for row in session.execute(statement.order_by(Mandate.id))}
