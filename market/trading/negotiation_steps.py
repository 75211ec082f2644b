"""What every step of a negotiation does: find it in a state that allows the step, and tell of it."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from market.core import audit, clock, outbox
from market.core.db import raw
from market.core.errors import NotFound
from market.trading.negotiation_errors import NegotiationState, OfferExpired
from market.trading.negotiation_models import Negotiation, NegotiationOffer, NegotiationSignature

WATER, MONEY = "negotiation_water", "negotiation_money"
"""What a negotiation holds, by the kind of its `deal_holds`."""


def locked(session: Session, negotiation_id: int, *states: str, in_time: bool = True) -> Negotiation:
    """A negotiation in one of these states, locked. Errors: NotFound, NegotiationState, OfferExpired (if `in_time`)."""
    found = session.get(Negotiation, negotiation_id, with_for_update=True, populate_existing=True)
    if found is None:
        raise NotFound("there is no such negotiation")
    if found.status not in states:
        raise NegotiationState(f"the negotiation is {found.status}", available=found.status)
    if in_time and found.status in ("open", "accepted") and clock.now() >= found.expires_at:
        raise OfferExpired(
            f"it stood until {found.expires_at.isoformat()}", limit=found.expires_at.isoformat()
        )
    return found


def last(session: Session, negotiation_id: int) -> NegotiationOffer:
    """The offer that stands."""
    statement = select(NegotiationOffer).where(NegotiationOffer.negotiation_id == negotiation_id)
    return session.scalars(statement.order_by(NegotiationOffer.number.desc()).limit(1)).one()


def accepted(session: Session, negotiation: Negotiation) -> NegotiationOffer:
    """The offer that became the contract."""
    return session.get_one(NegotiationOffer, (negotiation.id, negotiation.accepted_number))


def answerable(session: Session, negotiation_id: int) -> int:
    """The user who signed last: who is answerable where the clock goes on with what was signed."""
    return session.scalars(
        select(NegotiationSignature.user_id)
        .where(NegotiationSignature.negotiation_id == negotiation_id)
        .order_by(NegotiationSignature.signed_at.desc())
        .limit(1)
    ).one()


def tell(
    session: Session, actor: audit.Actor, negotiation: Negotiation, action: str, detail: dict[str, Any]
) -> None:
    """The event and the audit link of a step; last, as the audit trail is locked last."""
    negotiation.version += 1
    connection = raw(session)
    subject = ("negotiation", negotiation.id)
    outbox.publish(connection, topic=f"trading.negotiation.{action}", subject=subject)
    audit.record(connection, actor=actor, action=f"negotiation.{action}", subject=subject, detail=detail)
