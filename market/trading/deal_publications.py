"""Negotiated deals that are published for objection before a reviewer decides: who objects, and the end of the days."""

from __future__ import annotations

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from market.core import audit, clock
from market.core.errors import NotFound
from market.county.parts import ALLOCATION
from market.trading import holding, negotiated, registrations
from market.trading.negotiation_errors import NegotiationState, ObjectedAlready, OwnDeal
from market.trading.negotiation_models import Negotiation, NegotiationObjection
from market.trading.negotiation_steps import MONEY, WATER, accepted, answerable, locked, tell


def object_to(
    session: Session, *, actor: audit.Actor, negotiation_id: int, participant_id: int, grounds: str
) -> NegotiationObjection:
    """Another participant objects to a published deal, within its days; the reviewer of the deal decides.

    What is not published is not there for others. Errors: NotFound, OwnDeal, ObjectedAlready.
    """
    negotiation = session.get(Negotiation, negotiation_id, with_for_update=True, populate_existing=True)
    if negotiation is not None and participant_id in (negotiation.seller_id, negotiation.buyer_id):
        raise OwnDeal
    if negotiation is None or negotiation.status != "published" or is_over(negotiation):
        raise NotFound("there is no such published deal")
    assert actor.user_id is not None
    objection = NegotiationObjection(
        negotiation_id=negotiation_id,
        participant_id=participant_id,
        grounds=grounds,
        lodged_by=actor.user_id,
        lodged_at=clock.now(),
    )
    try:
        with session.begin_nested():
            session.add(objection)
    except IntegrityError as error:
        raise ObjectedAlready from error
    tell(session, actor, negotiation, "objected", {"objection_id": objection.id})
    return objection


def is_over(negotiation: Negotiation) -> bool:
    """Whether the days of a publication are over."""
    return negotiation.published_until is not None and clock.today() > negotiation.published_until


def end_publication(session: Session, *, actor: audit.Actor, negotiation_id: int) -> Negotiation:
    """The days for objections are over: what was held is freed for the deal, which goes to its review.

    A lease or a right goes to the registry; the price of a right stays held. Answerable is who signed last.
    Errors: NotFound, NegotiationState.
    """
    negotiation = locked(session, negotiation_id, "published")
    if not is_over(negotiation):
        raise NegotiationState(
            f"it is published until {negotiation.published_until}", limit=str(negotiation.published_until)
        )
    if negotiation.tenure == ALLOCATION:
        holding.free(session, [(WATER, negotiation_id), (MONEY, negotiation_id)])
        made, user_id = accepted(session, negotiation), answerable(session, negotiation_id)
        negotiated.strike(session, actor, negotiation, made, user_id)
    else:
        registrations.to_registry(negotiation)
    tell(session, actor, negotiation, "publication_ended", {})
    return negotiation
