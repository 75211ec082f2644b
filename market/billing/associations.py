"""Which association keeps the end canals below a canal: it has the end-canal part of what is paid there."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from market.billing.errors import CanalHasOne, NotAnAssociation
from market.billing.models import CanalAssociation
from market.core import acts, audit, clock
from market.core.db import raw
from market.participants.models import MoneyAccount, Participant
from market.registry import places, reference
from market.registry.errors import NotAPlace

KINDS = ("association", "public_body")
SUBJECT = "canal_association"


def record(
    session: Session, *, actor: audit.Actor, canal: str, participant_id: int, from_on: dt.date
) -> CanalAssociation:
    """Records the association of a canal from a day on, for bills of periods that end then or later.

    Errors: UnknownZone, NotAPlace, NotAnAssociation, CanalHasOne.
    """
    zone = places.zone(reference.zones(raw(session)), canal, pointer="/canal")
    if (zone.tree, zone.level) != ("river", "canal"):
        raise NotAPlace(f"{canal} is not a canal", pointer="/canal")
    who = session.get(Participant, participant_id)
    paid = session.scalar(select(MoneyAccount.id).where(MoneyAccount.participant_id == participant_id))
    if who is None or who.kind not in KINDS or who.status != "admitted" or paid is None:
        raise NotAnAssociation(pointer="/association_id")
    assert actor.user_id is not None
    made = CanalAssociation(
        canal_zone_id=zone.id, participant_id=participant_id, from_on=from_on, recorded_by=actor.user_id,
        recorded_at=clock.now(),
    )  # fmt: skip
    try:
        with session.begin_nested():
            session.add(made)
    except IntegrityError as error:
        if "uq_canal_associations" not in str(error.orig):
            raise
        raise CanalHasOne(pointer="/from") from error
    acts.done(
        session, actor=actor, source="billing", kind=SUBJECT, number=made.id, act="recorded",
        detail={"canal": canal, "participant_id": participant_id, "from_on": from_on.isoformat()},
    )  # fmt: skip
    return made


def recorded(session: Session) -> list[tuple[str, CanalAssociation]]:
    """Every canal's associations, by canal, the latest first: (code of the canal, row)."""
    codes = {each.id: code for code, each in reference.zones(raw(session)).by_code.items()}
    rows = session.scalars(
        select(CanalAssociation).order_by(CanalAssociation.canal_zone_id, CanalAssociation.from_on.desc())
    )
    return [(codes[each.canal_zone_id], each) for each in rows]
