"""What a certificate says, and what everyone may learn of it by its code."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from market.core import clock, ids
from market.core.db import raw
from market.core.errors import NotFound, UnknownId
from market.county.current import pack_in_force
from market.participants.models import Participant
from market.participants.names import masked
from market.registry import lease_queries, life, reference, saved_water, steps
from market.registry.models import Entitlement
from market.registry.reference import ZoneView

CODE_PREFIX = "ver"
"""Codes are made as ids are: a keyed hash that nobody can guess, no column of their own."""
STANDINGS = ("valid", "suspended", "expired", "cancelled", "unknown")


@dataclass(frozen=True, slots=True)
class Certificate:
    """A certificate as it is printed; `holder` is the name, `masked_holder` what the public sees of it; `leases`:
    what of it is let; `saved`: what of its water was verified as saved and may be sold."""

    code: str
    number: str
    holder: str
    masked_holder: str
    kind: str
    source: str
    sector: str
    township: ZoneView
    canal: ZoneView
    volume_litres: int
    land_mu_e2: int | None
    valid_from: dt.date
    valid_to: dt.date
    confirmed_on: dt.date | None
    standing: str
    issuer_zh: str
    issuer_en: str
    leases: tuple[lease_queries.Encumbrance, ...] = ()
    saved: tuple[saved_water.SavedWater, ...] = ()


def standing(status: str, valid_to: dt.date, today: dt.date, *, renewal_pending: bool = False) -> str:
    """One of STANDINGS; a term that is over has expired, whether the register has been brought up to it or not.

    A renewal that was asked for in time keeps the right alive until it is decided (行政许可法 art. 50, to confirm).
    """
    if status in ("replaced", "cancelled"):
        return "cancelled"
    over = status in ("confirmed", "suspended") and valid_to < today
    if status == "expired" or (over and not renewal_pending):
        return "expired"
    return {"confirmed": "valid", "suspended": "suspended"}.get(status, "unknown")


def certificate(session: Session, *, entitlement_id: int) -> Certificate:
    """The certificate of a right. Errors: NotFound, also for a right without one."""
    row = session.execute(
        select(Entitlement, Participant.name)
        .join(Participant, Participant.id == Entitlement.participant_id)
        .where(Entitlement.id == entitlement_id, Entitlement.certificate_number.is_not(None))
    ).one_or_none()
    if row is None:
        raise NotFound("there is no such certificate")
    right, name = row
    connection = raw(session)
    tree, pack = reference.zones(connection).by_id, pack_in_force(connection)
    taken = steps.taken(connection, [right.id])[right.id]
    pending = life.is_open(taken, "ask_renewal", "renew", "refuse_renewal")
    issued = next((each.on for each in taken if each.step in ("confirm", "succeed")), None)
    return Certificate(
        code=ids.public(CODE_PREFIX, right.id),
        number=right.certificate_number or "",
        holder=name,
        masked_holder=masked(name),
        kind=right.kind,
        source=right.source,
        sector=right.sector,
        township=tree[right.township_zone_id],
        canal=tree[right.canal_zone_id],
        volume_litres=right.volume_litres,
        land_mu_e2=right.land_mu_e2,
        valid_from=right.valid_from,
        valid_to=right.valid_to,
        confirmed_on=issued,
        standing=standing(right.status, right.valid_to, clock.today(), renewal_pending=pending),
        # the county's bureau leads (county plan part 4(2)7)
        issuer_zh=f"{pack.zh}水利局",
        issuer_en=f"{pack.en} water bureau",
        leases=tuple(lease_queries.encumbrances(session, right.id)),
        saved=saved_water.of_right(connection, right.id),
    )


def verify(session: Session, *, code: str) -> Certificate | None:
    """The certificate behind a code, or None for a code that was never given out."""
    try:
        return certificate(session, entitlement_id=ids.parse(CODE_PREFIX, code))
    except (UnknownId, NotFound):
        return None
