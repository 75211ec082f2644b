"""Applications that are published for objection, for everybody to read."""

from __future__ import annotations

import datetime as dt
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from market.core import clock
from market.core.db import raw
from market.county.current import pack_in_force
from market.participants.models import Participant
from market.participants.names import masked
from market.registry import life, steps
from market.registry.models import Entitlement


class Publication(NamedTuple):
    """A published application, its applicant's name masked, and until when one may object."""

    right: Entitlement
    applicant: str
    published_on: dt.date
    objections_until: dt.date


def published(session: Session, *, after: int | None = None, limit: int = 50) -> list[Publication]:
    """Published applications by id; those whose days are over stay until they are decided."""
    statement = (
        select(Entitlement, Participant.name)
        .join(Participant, Participant.id == Entitlement.participant_id)
        .where(Entitlement.status == "published")
    )
    if after is not None:
        statement = statement.where(Entitlement.id > after)
    rows = session.execute(statement.order_by(Entitlement.id).limit(limit)).all()
    connection = raw(session)
    pack, known = pack_in_force(connection), steps.taken(connection, [right.id for right, _ in rows])
    found = []
    for right, name in rows:
        on = life.last_day(known[right.id], "publish") or clock.today()
        until = steps.objections_until(pack, known[right.id]) or on
        found.append(Publication(right, masked(name), on, until))
    return found
