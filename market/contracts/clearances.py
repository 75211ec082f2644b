"""Clearing, before anybody invests, that what a contract saves on a right may become lots (SAVINGS section 6).

The authority that granted the right consents (permit regulation art. 27), and the return flow is set: what would have
flowed back to others was never saved (Wang 2016). For irrigation there is no default.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from functools import partial

from sqlalchemy import select
from sqlalchemy.orm import Session

from market.contracts import drafting
from market.contracts.contract_models import SavingContract
from market.contracts.lot_errors import ClearanceState
from market.contracts.lot_models import SavingClearance
from market.core import acts, audit, clock
from market.core.errors import InvalidInput, NotFound
from market.registry.models import Entitlement

CLEARANCE = "saving_clearance"
_done = partial(acts.done, source="contracts")


@dataclass(frozen=True, slots=True)
class Conditions:
    """What is cleared. `return_flow_e6` in millionths, with its basis; `consent` names the document of the authority.

    `quota_litres`: the water year's quota times its drivers, None where no quota holds. What is not known yet is None.
    """

    return_flow_e6: int | None = None
    return_flow_basis: str | None = None
    consent: str | None = None
    quota_litres: int | None = None
    farm_first_until: dt.date | None = None
    public_supplier: bool = False
    express_right: bool = True


def record(
    session: Session, *, actor: audit.Actor, contract_id: int, entitlement_id: int, conditions: Conditions
) -> SavingClearance:
    """The bureau records what is cleared of a contract's right, in place of what it recorded before.

    Lots keep the clearance that they were issued under. Errors: NotFound, ClearanceState, InvalidInput.
    """
    if (conditions.return_flow_e6 is None) != (conditions.return_flow_basis is None):
        raise InvalidInput("a return flow is set with its basis", pointer="/return_flow_basis")
    contract = drafting.locked(session, contract_id)
    right = session.get(Entitlement, entitlement_id)
    if right is None:
        raise NotFound("there is no such right", pointer="/entitlement_id")
    if right.participant_id != contract.user_id:
        raise ClearanceState("the right is not the user's", pointer="/entitlement_id")
    if contract.status not in ("drafted", "signed"):
        raise ClearanceState(f"the contract is {contract.status}", available=contract.status)
    before = of(session, contract_id)
    if before is not None:
        before.withdrawn_at, before.withdrawn_reason = clock.now(), "recorded anew"
        session.flush()
    assert actor.user_id is not None
    made = SavingClearance(
        contract_id=contract_id, entitlement_id=entitlement_id, recorded_by=actor.user_id, recorded_at=clock.now(),
        return_flow_e6=conditions.return_flow_e6, return_flow_basis=conditions.return_flow_basis,
        consent=conditions.consent, quota_litres=conditions.quota_litres,
        farm_first_until=conditions.farm_first_until, public_supplier=conditions.public_supplier,
        express_right=conditions.express_right,
    )  # fmt: skip
    session.add(made)
    session.flush()
    detail = {
        "contract_id": contract_id, "entitlement_id": entitlement_id, "return_flow_e6": conditions.return_flow_e6,
        "consent": conditions.consent, "before": before.id if before is not None else None,
    }  # fmt: skip
    _done(session, actor=actor, kind=CLEARANCE, number=made.id, act="recorded", detail=detail)
    return made


def withdraw(session: Session, *, actor: audit.Actor, contract_id: int, reason: str) -> SavingClearance:
    """The bureau takes a clearance back: nothing more is issued under it. Errors: NotFound, ClearanceState."""
    drafting.locked(session, contract_id)
    found = of(session, contract_id)
    if found is None:
        raise ClearanceState("nothing is cleared")
    found.withdrawn_at, found.withdrawn_reason = clock.now(), reason
    session.flush()
    _done(session, actor=actor, kind=CLEARANCE, number=found.id, act="withdrawn", detail={"reason": reason})
    return found


def of(session: Session, contract_id: int) -> SavingClearance | None:
    """What is cleared of a contract now."""
    return session.scalars(
        select(SavingClearance).where(
            SavingClearance.contract_id == contract_id, SavingClearance.withdrawn_at.is_(None)
        )
    ).one_or_none()


def history(session: Session, contract_id: int) -> list[SavingClearance]:
    """Everything that was cleared of a contract, the newest first. Errors: NotFound."""
    if session.get(SavingContract, contract_id) is None:
        raise NotFound("there is no such contract")
    statement = select(SavingClearance).where(SavingClearance.contract_id == contract_id)
    return list(session.scalars(statement.order_by(SavingClearance.id.desc())))
