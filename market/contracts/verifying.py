"""From a draft to a verified report: both sides accept, an independent verifier certifies, anybody concerned objects.

The table of `states` says who may do what in which state; the clocks are the county pack's (SAVINGS section 4).
"""

from __future__ import annotations

from functools import partial

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from market.contracts import baselines, drafting, reporting, states
from market.contracts.errors import NotAContractParty
from market.contracts.report_errors import (
    AcceptedBefore,
    NotTheVerifier,
    ObjectionTooLate,
    OtherDerivation,
)
from market.contracts.report_models import ReportConsent, ReportDispute, SavingReport
from market.contracts.terms import Terms
from market.core import acts, audit, clock
from market.core.errors import NotFound
from market.participants.models import Participant

DISPUTE = "report_dispute"
_done = partial(acts.done, source="contracts")


def accept(session: Session, *, actor: audit.Actor, report_id: int, by: int, sha256: str) -> SavingReport:
    """User or firm accepts a draft by its hash; with both it goes to the verifier.

    Errors: NotFound, ReportState, NotAContractParty, OtherDerivation, AcceptedBefore.
    """
    found = reporting.locked(session, report_id, states.DRAFTED)
    terms = reporting.terms_at(session, found)
    baselines.side_of(terms, by)
    check_hash(found, sha256)
    assert actor.user_id is not None
    try:
        with session.begin_nested():
            session.add(
                ReportConsent(
                    report_id=report_id,
                    revision=found.revision,
                    participant_id=by,
                    user_id=actor.user_id,
                    sha256=found.sha256,
                    given_at=clock.now(),
                )
            )
            session.flush()
    except IntegrityError as error:
        if "pk_report_consents" not in str(error.orig):
            raise
        raise AcceptedBefore from error
    _tell(session, actor, found, "accepted", {"participant_id": by})
    given = session.scalars(
        select(ReportConsent.participant_id).where(
            ReportConsent.report_id == report_id, ReportConsent.revision == found.revision
        )
    ).all()
    if baselines.both(terms, given):
        submit(session, actor, found)
    return found


def submit(session: Session, actor: audit.Actor, found: SavingReport) -> None:
    """Hands a draft to the verifier: both sides have accepted it, or were silent until its clock ended."""
    found.status = states.SUBMITTED
    reporting.set_clock(session, found, "saving_verification")
    found.version += 1
    session.flush()
    _tell(session, actor, found, "submitted", {"sha256": found.sha256.hex()})


def submit_silent(session: Session, *, actor: audit.Actor, report_id: int) -> bool:
    """Hands over a draft whose clock has ended, since silence accepts; whether it did. Errors: NotFound."""
    found = reporting.locked(session, report_id)
    if found.status != states.DRAFTED or found.due_on is None or clock.today() <= found.due_on:
        return False
    submit(session, actor, found)
    return True


def check_hash(found: SavingReport, sha256: str) -> None:
    if found.sha256.hex() != sha256:
        raise OtherDerivation(pointer="/sha256", limit=found.sha256.hex(), available=sha256)


def certify(session: Session, *, actor: audit.Actor, report_id: int, by: int, sha256: str) -> SavingReport:
    """The verifier certifies a report by the hash of its derivation; then it may be objected to for some days.

    Errors: NotFound, ReportState, NotTheVerifier, RelatedVerifier, OtherDerivation.
    """
    found = reporting.locked(session, report_id, states.SUBMITTED)
    terms = reporting.terms_at(session, found)
    if by != terms.verifier:
        raise NotTheVerifier
    check_independent(session, terms, by)
    check_hash(found, sha256)
    _verified(session, actor, found, by)
    return found


def _verified(session: Session, actor: audit.Actor, found: SavingReport, by: int) -> None:
    found.status, found.verified_by, found.verified_at = states.VERIFIED, by, clock.now()
    reporting.set_clock(session, found, "saving_objection")
    found.version += 1
    session.flush()
    _tell(session, actor, found, "verified", {"sha256": found.sha256.hex(), "verifier_id": by})


def check_independent(session: Session, terms: Terms, verifier: int) -> None:
    """Errors: RelatedVerifier, NotTheVerifier (not admitted as one)."""
    who = session.get_one(Participant, verifier)
    if (who.kind, who.status) != (drafting.VERIFIER, "admitted"):
        raise NotTheVerifier("only an admitted verifier verifies")
    parties = [session.get_one(Participant, each.participant) for each in terms.parties]
    drafting.check_unrelated(who, parties)


def give_back(session: Session, *, actor: audit.Actor, report_id: int, by: int, reason: str) -> SavingReport:
    """The verifier returns a report with its reason; it is revised and accepted anew. Errors: NotFound, ReportState,
    NotTheVerifier.
    """
    found = reporting.locked(session, report_id, states.SUBMITTED)
    if by != reporting.terms_at(session, found).verifier:
        raise NotTheVerifier
    found.status, found.return_reason = states.RETURNED, reason
    reporting.set_clock(session, found, "saving_draft")
    found.version += 1
    session.flush()
    _tell(session, actor, found, "returned", {"reason": reason})
    return found


def object_to(
    session: Session, *, actor: audit.Actor, report_id: int, by: int | None, grounds: str
) -> ReportDispute:
    """A party, or the bureau (`by` None), objects to a verified report in time. Errors: NotFound, ReportState,
    NotAContractParty, ObjectionTooLate.
    """
    found = reporting.locked(session, report_id, states.VERIFIED)
    if by is not None and reporting.terms_at(session, found).party(by) is None:
        raise NotAContractParty
    if found.due_on is not None and clock.today() > found.due_on:
        raise ObjectionTooLate(limit=found.due_on.isoformat())
    made = ReportDispute(report_id=report_id, raised_by=by, grounds=grounds, raised_at=clock.now())
    session.add(made)
    found.status = states.DISPUTED
    reporting.set_clock(session, found, "saving_reverification")
    found.version += 1
    session.flush()
    _tell(session, actor, found, "disputed", {"dispute_id": made.id})
    _done(session, actor=actor, kind=DISPUTE, number=made.id, act="raised", detail={"report_id": report_id})
    return made


def _dispute(session: Session, found: SavingReport) -> ReportDispute:
    return session.scalars(
        select(ReportDispute).where(ReportDispute.report_id == found.id, ReportDispute.status != "resolved")
    ).one()


def name_verifier(session: Session, *, actor: audit.Actor, report_id: int, verifier_id: int) -> ReportDispute:
    """The bureau names another verifier for a disputed report. Errors: NotFound, ReportState, NotTheVerifier (the one
    who verified it, or none), RelatedVerifier.
    """
    found = reporting.locked(session, report_id, states.DISPUTED)
    if session.get(Participant, verifier_id) is None:
        raise NotFound("there is no such participant", pointer="/verifier_id")
    if verifier_id == found.verified_by:
        raise NotTheVerifier("another verifier re-verifies", pointer="/verifier_id")
    check_independent(session, reporting.terms_at(session, found), verifier_id)
    dispute = _dispute(session, found)
    dispute.status, dispute.verifier_id = "named", verifier_id
    session.flush()
    detail = {"report_id": report_id, "verifier_id": verifier_id}
    _done(session, actor=actor, kind=DISPUTE, number=dispute.id, act="verifier_named", detail=detail)
    return dispute


def re_verify(
    session: Session,
    *,
    actor: audit.Actor,
    report_id: int,
    by: int,
    sha256: str,
    finding: str,
    anew: bool = False,
) -> SavingReport:
    """The named verifier decides a dispute: `anew` has the report reckoned from what is measured now, first.

    With `anew` the hash is that of the report as it was disputed, so that nobody decides on what he has not seen.
    Errors: NotFound, ReportState, NotTheVerifier, RelatedVerifier, OtherDerivation, ReportInput.
    """
    found = reporting.locked(session, report_id, states.DISPUTED)
    dispute = _dispute(session, found)
    if dispute.verifier_id is None or by != dispute.verifier_id:
        raise NotTheVerifier
    terms = reporting.terms_at(session, found)
    check_independent(session, terms, by)
    check_hash(found, sha256)
    if anew:
        reporting.reckon_anew(session, actor, found, terms)
    dispute.status, dispute.finding, dispute.resolved_at = "resolved", finding, clock.now()
    session.flush()
    _done(session, actor=actor, kind=DISPUTE, number=dispute.id, act="resolved", detail={"finding": finding})
    _verified(session, actor, found, by)
    return found


def void(session: Session, *, actor: audit.Actor, report_id: int, reason: str) -> SavingReport:
    """The bureau voids a period whose meters were interfered with (节约用水条例 art. 46).

    Errors: NotFound, ReportState.
    """
    before = [each.state for each in states.TABLE if each.act == "void"]
    found = reporting.locked(session, report_id, *before)
    if found.status == states.DISPUTED:
        dispute = _dispute(session, found)
        dispute.status, dispute.finding, dispute.resolved_at = "resolved", reason, clock.now()
    found.status = states.VOID
    reporting.set_clock(session, found, None)
    found.version += 1
    session.flush()
    _tell(session, actor, found, "voided", {"reason": reason})
    return found


def _tell(
    session: Session, actor: audit.Actor, found: SavingReport, act: str, detail: dict[str, object]
) -> None:
    _done(session, actor=actor, kind=reporting.REPORT, number=found.id, act=act, detail=detail)
