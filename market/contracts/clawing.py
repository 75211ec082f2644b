"""A distributed report looked at again: opened by two persons, verified anew by another verifier, decided by two.

SAVINGS sections 4 and 6. What was shared stands until the decision; then what is not backed any more is taken back in
a fixed order: unsold lot volume, water out of the owner's allocation, undistributed money, deposit, receivable.
"""

from __future__ import annotations

from functools import partial

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from ledger.units import format_litres
from market.contracts import (
    claw_settling,
    distributing,
    lot_issuing,
    lot_offers,
    reporting,
    states,
    verifying,
)
from market.contracts.lot_errors import ClawBackRaises, ClawBackState, ClawBackTooLate, SecondPersonNeeded
from market.contracts.lot_models import ReportClawBack, SavingLot
from market.contracts.report_errors import NotTheVerifier, ReportState
from market.contracts.report_models import ReportDistribution, SavingReport
from market.core import acts, audit, clock
from market.core.errors import NotFound
from market.participants.models import Participant

CLAW_BACK = "report_claw_back"
PROPOSED, OPEN, VERIFIED = "proposed", "open", "verified"
SETTLED, UPHELD, WITHDRAWN = "settled", "upheld", "withdrawn"
TAKE, UPHOLD = "claw_back", "uphold"
_done = partial(acts.done, source="contracts")


def propose(
    session: Session, *, actor: audit.Actor, report_id: int, verifier_id: int, reason: str
) -> ReportClawBack:
    """One person at the bureau asks that a distributed report be verified again, by another verifier.

    Errors: NotFound, ReportState, ClawBackTooLate, ClawBackState, NotTheVerifier, RelatedVerifier.
    """
    report = reporting.locked(session, report_id, states.DISTRIBUTED)
    if report.due_on is not None and clock.today() > report.due_on:
        raise ClawBackTooLate(limit=report.due_on.isoformat())
    if session.get(Participant, verifier_id) is None:
        raise NotFound("there is no such participant", pointer="/verifier_id")
    if verifier_id == report.verified_by:
        raise NotTheVerifier("another verifier re-verifies", pointer="/verifier_id")
    verifying.check_independent(session, reporting.terms_at(session, report), verifier_id)
    assert actor.user_id is not None
    made = ReportClawBack(
        report_id=report_id, reason=reason, verifier_id=verifier_id, proposed_by=actor.user_id, proposed_at=clock.now()
    )  # fmt: skip
    try:
        with session.begin_nested():
            session.add(made)
            session.flush()
    except IntegrityError as error:
        if "uq_report_claw_backs_open" not in str(error.orig):
            raise
        raise ClawBackState("it is looked at already") from error
    _tell(session, actor, made, "proposed", {"report_id": report_id, "reason": reason})
    return made


def open_one(session: Session, *, actor: audit.Actor, claw_back_id: int) -> ReportClawBack:
    """Another person agrees: the report is reopened, its lot sells no more. Errors: NotFound, ClawBackState,
    SecondPersonNeeded, ReportState.
    """
    found, report = _locked(session, claw_back_id, PROPOSED)
    if actor.user_id is None or actor.user_id == found.proposed_by:
        raise SecondPersonNeeded
    if report.status != states.DISTRIBUTED:
        raise ReportState(f"the report is {report.status}", available=report.status)
    found.status, found.opened_by = OPEN, actor.user_id
    report.status = states.REOPENED
    reporting.set_clock(session, report, "saving_reverification")
    report.version += 1
    lot = lot_of(session, report.id)
    if lot is not None:
        lot_issuing.locked(session, lot.id)
        if lot.status == "open":
            lot.status = "blocked"
            lot.version += 1
        session.flush()
        lot_offers.stop(session, actor, lot, "lot_blocked")
        lot_offers.changed(session)
    session.flush()
    _tell(session, actor, found, "opened", {"lot_id": lot.id if lot is not None else None})
    _done(session, actor=actor, kind=reporting.REPORT, number=report.id, act="reopened")
    return found


def withdraw(session: Session, *, actor: audit.Actor, claw_back_id: int, reason: str) -> ReportClawBack:
    """The bureau drops a proposal that nobody has seconded. Errors: NotFound, ClawBackState."""
    found, _ = _locked(session, claw_back_id, PROPOSED)
    found.status = WITHDRAWN
    session.flush()
    _tell(session, actor, found, "withdrawn", {"reason": reason})
    return found


def re_verify(
    session: Session, *, actor: audit.Actor, claw_back_id: int, by: int, sha256: str, finding: str,
    money_litres: int, water_litres: int,
) -> ReportClawBack:  # fmt: skip
    """The named verifier says what of the credit stands: litres for money and for water, neither more than before.

    `sha256` is that of the derivation that was looked at. Errors: NotFound, ClawBackState, NotTheVerifier,
    RelatedVerifier, OtherDerivation, ClawBackRaises.
    """
    found, report = _locked(session, claw_back_id, OPEN)
    if by != found.verifier_id:
        raise NotTheVerifier
    verifying.check_independent(session, reporting.terms_at(session, report), by)
    verifying.check_hash(report, sha256)
    for pointer, new, old in (
        ("/money_volume", money_litres, report.money_litres),
        ("/water_volume", water_litres, report.water_litres),
    ):
        if new > old:
            raise ClawBackRaises(pointer=pointer, limit=format_litres(old), available=format_litres(new))
    found.status, found.finding, found.verified_at = VERIFIED, finding, clock.now()
    found.money_litres, found.water_litres = money_litres, water_litres
    session.flush()
    _tell(session, actor, found, "verified", {"money_litres": money_litres, "water_litres": water_litres})
    return found


def decide(session: Session, *, actor: audit.Actor, claw_back_id: int, decision: str) -> ReportClawBack:
    """Two persons decide, one after the other: to take back what does not stand, or to uphold the report.

    Errors: NotFound, ClawBackState, SecondPersonNeeded, LotInOrders.
    """
    found, report = _locked(session, claw_back_id, VERIFIED)
    stands = (found.money_litres, found.water_litres) == (report.money_litres, report.water_litres)
    if decision == TAKE and stands:
        raise ClawBackState("everything that was credited stands: it is upheld")
    if found.decision is None:
        found.decision, found.decided_by = decision, actor.user_id
        session.flush()
        _tell(session, actor, found, "decided", {"decision": decision})
        return found
    if actor.user_id is None or actor.user_id == found.decided_by:
        raise SecondPersonNeeded
    if decision != found.decision:
        found.decision, found.decided_by = None, None
        session.flush()
        _tell(session, actor, found, "not_agreed", {"decision": decision})
        return found
    found.seconded_by = actor.user_id
    lot = lot_of(session, report.id)
    if lot is not None:
        lot = lot_issuing.locked(session, lot.id)
    if decision == TAKE:
        claw_settling.settle(session, actor, found, report, lot)
        report.status = states.CLAWED_BACK
        reporting.set_clock(session, report, None)
    else:
        found.status, found.settled_at = UPHELD, clock.now()
        report.status = states.DISTRIBUTED
        report.clock_name = distributing.CLAW_BACK
        made = session.scalars(
            select(ReportDistribution.distributed_at).where(ReportDistribution.report_id == report.id)
        ).one()
        report.due_on = reporting.ends_of(
            session, distributing.CLAW_BACK, made.astimezone(clock.LEGAL_ZONE).date()
        )
    report.version += 1
    if lot is not None and lot.status == "blocked":
        lot.status = "open"
        lot.version += 1
    session.flush()
    lot_offers.changed(session)
    _tell(session, actor, found, found.status, {"report_id": report.id})
    return found


def lot_of(session: Session, report_id: int) -> SavingLot | None:
    """The lot that was issued of a report."""
    return session.scalars(select(SavingLot).where(SavingLot.report_id == report_id)).one_or_none()


def _locked(session: Session, claw_back_id: int, *wanted: str) -> tuple[ReportClawBack, SavingReport]:
    """A claw-back and its report, the report locked first. Errors: NotFound, ClawBackState."""
    known = session.get(ReportClawBack, claw_back_id)
    if known is None:
        raise NotFound("there is no such claw-back")
    report = reporting.locked(session, known.report_id)
    found = session.get_one(ReportClawBack, claw_back_id, with_for_update=True, populate_existing=True)
    if found.status not in wanted:
        raise ClawBackState(f"it is {found.status}", available=found.status)
    return found, report


def _tell(
    session: Session, actor: audit.Actor, found: ReportClawBack, act: str, detail: dict[str, object]
) -> None:
    _done(session, actor=actor, kind=CLAW_BACK, number=found.id, act=act, detail=detail)
