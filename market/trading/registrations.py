"""Leases and rights from the second signature to the register: filed, published, decided on by the registry, entered.

A lease is entered on the register and delivered year by year (`leasing`); a right is paid for and re-registered in one
transaction: the old certificate is cancelled, the buyer has a new one, and of a part the seller too (permit regulation
arts 26-27). Water that was announced before stays with the seller, as the contract says. See docs/decisions/0021.
"""

from __future__ import annotations

import datetime as dt

from sqlalchemy.orm import Session

from market.core import audit, clock, workdays
from market.core.db import raw
from market.county.current import pack_in_force
from market.county.parts import FILING, LEASE, PUBLICATION
from market.registry import changes, lease_terms, leases, reference, steps
from market.registry.models import Entitlement, WaterAccount
from market.settlement import purchases
from market.trading import holding, tenures
from market.trading.models import Product
from market.trading.negotiation_models import Negotiation, NegotiationOffer, RightSale
from market.trading.negotiation_steps import MONEY, accepted, answerable, locked, tell


def conclude(session: Session, actor: audit.Actor, negotiation: Negotiation, made: NegotiationOffer) -> None:
    """Both have signed: what is only filed is entered at once, the rest is published or goes to the registry."""
    if negotiation.lane == FILING:
        negotiation.filed_at = clock.now()
        _register(session, actor, negotiation, made)
    elif negotiation.lane == PUBLICATION:
        negotiation.status = "published"
        negotiation.published_until = clock.today() + dt.timedelta(days=negotiation.publication_days)
    else:
        to_registry(negotiation)


def to_registry(negotiation: Negotiation) -> None:
    """The registry decides within the working days of the county's rule."""
    negotiation.status = "under_review"
    negotiation.review_due_on = workdays.after(clock.today(), negotiation.working_days)


def approve(session: Session, *, actor: audit.Actor, negotiation_id: int, reason: str) -> Negotiation:
    """The registry enters a lease, or passes a right: money and register together, or neither.

    Errors: NotFound, NegotiationState, and what the register refuses by now: EntitlementState, LeaseTerm,
    MoreThanMayBeLeased, TermOver, RightPledged, ParticipantNotAdmitted, PermitPassesWhole, PartsNotWhole,
    RightIsLeased, LeaseTurnOpen.
    """
    steps.lock_years(session)  # before everything else, as the end of a year does
    negotiation = locked(session, negotiation_id, "under_review")
    _decide(negotiation, actor, reason)
    _register(session, actor, negotiation, accepted(session, negotiation))
    tell(session, actor, negotiation, "approved", {"reason": reason})
    return negotiation


def reject(session: Session, *, actor: audit.Actor, negotiation_id: int, reason: str) -> Negotiation:
    """The registry refuses, in writing (行政许可法 art. 38): what the buyer's money was held for is free.

    Errors: NotFound, NegotiationState.
    """
    negotiation = locked(session, negotiation_id, "under_review")
    _decide(negotiation, actor, reason)
    negotiation.status, negotiation.ended_at, negotiation.end_reason = "refused", clock.now(), reason
    holding.free(session, [(MONEY, negotiation_id)])
    tell(session, actor, negotiation, "refused", {"reason": reason})
    return negotiation


def _decide(negotiation: Negotiation, actor: audit.Actor, reason: str) -> None:
    assert actor.user_id is not None
    negotiation.decided_by, negotiation.decided_at = actor.user_id, clock.now()
    negotiation.decision_reason = reason


def _register(session: Session, actor: audit.Actor, negotiation: Negotiation, made: NegotiationOffer) -> None:
    enter = _lease if negotiation.tenure == LEASE else _sell
    enter(session, actor, negotiation, made)
    negotiation.status, negotiation.registered_at = "registered", clock.now()


def _lease(session: Session, actor: audit.Actor, negotiation: Negotiation, made: NegotiationOffer) -> None:
    assert negotiation.entitlement_id is not None
    to = session.get_one(WaterAccount, negotiation.buyer_water_account_id)
    leases.register(
        session,
        actor=actor,
        negotiation_id=negotiation.id,
        entitlement_id=negotiation.entitlement_id,
        lessee=leases.Lessee(to.participant_id, to.township_zone_id, to.canal_zone_id, to.sector),
        litres=made.volume_litres,
        rent_e4=made.price_e4,
        first_year=session.get_one(Product, negotiation.product_id).water_year,
        terms=terms_of(made),
        answerable_id=answerable(session, negotiation.id),
    )


def terms_of(made: NegotiationOffer) -> lease_terms.Terms:
    """The terms of a lease that an offer names."""
    assert made.years and made.short_year and made.turn_month and made.grace_days
    return lease_terms.Terms(made.years, made.short_year, made.turn_month, made.grace_days)


def _sell(session: Session, actor: audit.Actor, negotiation: Negotiation, made: NegotiationOffer) -> None:
    """Pays for a right and passes it; years and right are locked before the money, as everywhere."""
    assert negotiation.entitlement_id is not None
    steps.lock_years(session)
    right = steps.locked(session, negotiation.entitlement_id)
    changes.check_transfer(session, right, negotiation.buyer_id, made.volume_litres)
    amount = tenures.right_fen(made.volume_litres, made.price_e4)
    fee = amount * _fee_e6(session, right) // 1_000_000
    purchases.pay(
        raw(session),
        reference=negotiation.id,
        hold_id=holding.give(session, (MONEY, negotiation.id)),
        seller_id=negotiation.seller_id,
        amount_fen=amount,
        fee_fen=fee,
    )
    passed = changes.transfer(
        session, actor=actor, entitlement_id=right.id, participant_id=negotiation.buyer_id,
        volume_litres=made.volume_litres, reason=f"sold / 转让: {negotiation.lane_rule}",
        legal_source=negotiation.legal_source,
    )  # fmt: skip
    session.add(
        RightSale(
            negotiation_id=negotiation.id,
            entitlement_id=right.id,
            new_entitlement_id=passed[0].id,
            rest_entitlement_id=passed[1].id if len(passed) > 1 else None,
            litres=made.volume_litres,
            amount_fen=amount,
            fee_fen=fee,
            sold_at=clock.now(),
        )
    )


def _fee_e6(session: Session, right: Entitlement) -> int:
    """The seller's fee at the right's place, millionths of the amount."""
    connection = raw(session)
    tree = reference.zones(connection).by_id
    places = (tree[right.canal_zone_id].code, tree[right.township_zone_id].code)
    return pack_in_force(connection).fee_e6(*places)
