"""A right suspended, as an intervention: the register does it, and here it is entered with whom it concerns.

While it lasts nothing of it is sold or bought; its open orders end and its water stays where it is. Its certificate
says so, also to whoever looks it up by its code.
"""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from market.core import audit
from market.core.db import raw
from market.registry import entitlements
from market.registry.life_models import EntitlementStep
from market.registry.models import Entitlement
from market.supervision import register

TOLD = "supervision.right.suspended"


def suspend(
    session: Session, *, actor: audit.Actor, entitlement_id: int, reason: str, expected_version: int | None = None
) -> Entitlement:  # fmt: skip
    """Suspends a right and enters that. Errors: as `entitlements.suspend`."""
    found = entitlements.suspend(
        session, actor=actor, entitlement_id=entitlement_id, reason=reason, expected_version=expected_version
    )
    session.flush()  # the step is what the register names
    step = session.scalars(
        select(EntitlementStep)
        .where(EntitlementStep.entitlement_id == entitlement_id, EntitlementStep.step == "suspend")
        .order_by(EntitlementStep.id.desc())
        .limit(1)
    ).one()
    number = register.enter(
        session, actor=actor, kind="suspension", subject_id=step.id, reason=reason, legal_source=step.legal_source,
        at=step.at,
    )  # fmt: skip
    register.concern(raw(session), number, TOLD, [found.participant_id])
    return found
