"""Calls for saving projects: a user of water says what it wants saved, firms propose, the user chooses one.

Source: 节约用水条例 art. 40; the county plan, part 4(2)8. Choosing makes no contract: that is drafted and signed next.
"""

from __future__ import annotations

import datetime as dt
from functools import partial

from sqlalchemy import update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from market.contracts.errors import (
    FirmNotListed,
    MarkKnown,
    ProjectDeadline,
    ProjectState,
    ProposalKnown,
    ProposalsSealed,
    ProposalState,
    ProposalTerms,
)
from market.contracts.firm_models import Firm
from market.contracts.project_models import Project, ProjectMark, Proposal
from market.core import acts, audit, clock
from market.core.db import raw
from market.core.errors import NotFound
from market.participants import admission
from market.registry import places, reference

PROJECT = "project"
PROPOSAL = "proposal"
MARK = "project_mark"
LONGEST_CALL_DAYS = 365
_done = partial(acts.done, source="contracts")


def publish(
    session: Session,
    *,
    actor: audit.Actor,
    participant_id: int,
    kind: str,
    title: str,
    description: str,
    township: str,
    use_litres: int,
    mode: str | None,
    longest_months: int,
    sealed: bool,
    closes_at: dt.datetime,
) -> Project:
    """Calls for proposals until an instant. `use_litres`: what is used a year today; `township`: a zone's code.

    Errors: NotFound, ParticipantNotAdmitted, UnknownZone, NotAPlace, ProjectDeadline.
    """
    connection = raw(session)
    places.check_admitted(connection, participant_id)
    zone_id = places.township_of(reference.zones(connection), township)
    last = clock.now() + dt.timedelta(days=LONGEST_CALL_DAYS)
    if not clock.now() < closes_at <= last:
        raise ProjectDeadline(
            f"a call closes after now and within {LONGEST_CALL_DAYS} days",
            pointer="/closes_at",
            limit=last.isoformat(timespec="seconds"),
            available=closes_at.isoformat(),
        )
    assert actor.user_id is not None
    made = Project(
        participant_id=participant_id, kind=kind, title=title, description=description, township_zone_id=zone_id,
        use_litres=use_litres, mode=mode, longest_months=longest_months, sealed=sealed, closes_at=closes_at,
        status="open", published_by=actor.user_id, published_at=clock.now(),
    )  # fmt: skip
    session.add(made)
    session.flush()
    _done(session, actor=actor, kind=PROJECT, number=made.id, act="published", detail={"kind": kind})
    return made


def locked(session: Session, project_id: int) -> Project:
    """A project, locked: proposals and the choice come one after another. Errors: NotFound."""
    found = session.get(Project, project_id, with_for_update=True, populate_existing=True)
    if found is None:
        raise NotFound("there is no such project")
    return found


def _open(session: Session, project_id: int) -> Project:
    found = locked(session, project_id)
    if found.status != "open":
        raise ProjectState(f"the project is {found.status}", available=found.status)
    return found


def withdraw(session: Session, *, actor: audit.Actor, project_id: int, reason: str) -> Project:
    """Takes a call back; its proposals are declined. Errors: NotFound, ProjectState."""
    found = _open(session, project_id)
    _end(session, found, "withdrawn", reason)
    _done(session, actor=actor, kind=PROJECT, number=found.id, act="withdrawn", detail={"reason": reason})
    return found


def choose(
    session: Session, *, actor: audit.Actor, project_id: int, proposal_id: int, reason: str
) -> Proposal:
    """Chooses a proposal, with the reason that the others are told. Errors: NotFound, ProjectState, ProposalsSealed,
    ProposalState, FirmNotListed.
    """
    found = _open(session, project_id)
    check_unsealed(found)
    chosen = session.get(Proposal, proposal_id, populate_existing=True)
    if chosen is None or chosen.project_id != project_id:
        raise NotFound("there is no such proposal", pointer="/proposal_id")
    if chosen.status != "submitted":
        raise ProposalState(f"the proposal is {chosen.status}", available=chosen.status)
    _listed(session, chosen.firm_id)
    chosen.status, chosen.resolved_at = "chosen", clock.now()
    session.flush()
    _end(session, found, "chosen", reason)
    _done(
        session,
        actor=actor,
        kind=PROJECT,
        number=found.id,
        act="chosen",
        detail={"proposal_id": proposal_id, "reason": reason},
    )
    return chosen


def check_unsealed(found: Project) -> None:
    """Errors: ProposalsSealed."""
    if found.sealed and clock.now() < found.closes_at:
        raise ProposalsSealed(limit=found.closes_at.isoformat())


def _end(session: Session, found: Project, status: str, reason: str) -> None:
    now = clock.now()
    found.status, found.ended_at, found.end_reason = status, now, reason
    found.version += 1
    session.flush()
    session.execute(
        update(Proposal)
        .where(Proposal.project_id == found.id, Proposal.status == "submitted")
        .values(status="declined", resolved_at=now)
    )


def _listed(session: Session, firm_id: int) -> Firm:
    firm = session.get_one(Firm, firm_id, with_for_update={"read": True}, populate_existing=True)
    if firm.status != "listed":
        raise FirmNotListed(f"the firm's entry is {firm.status}", available=firm.status)
    return firm


def propose(
    session: Session,
    *,
    actor: audit.Actor,
    project_id: int,
    firm_id: int,
    mode: str,
    saving_litres: int,
    investment_fen: int,
    share_bp: int | None,
    fee_fen: int | None,
    term_months: int,
    measures: str,
) -> Proposal:
    """A listed firm proposes: the saving a year, what it invests, its share or its fee a year, the term.

    `related` records that firm and user have one owner: the user is told so.
    Errors: NotFound, ProjectState, ProjectDeadline, FirmNotListed, ProposalTerms, ProposalKnown.
    """
    found = _open(session, project_id)
    if found.closes_at <= clock.now():
        raise ProjectDeadline("the call is closed", limit=found.closes_at.isoformat())
    firm = _listed(session, firm_id)
    user, proposer = (admission.find(session, each) for each in (found.participant_id, firm.participant_id))
    if user.id == proposer.id:
        raise ProposalTerms("a firm does not propose to itself")
    _check_terms(found, mode, saving_litres, share_bp, fee_fen, term_months)
    assert actor.user_id is not None
    made = Proposal(
        project_id=project_id, firm_id=firm_id, participant_id=proposer.id, mode=mode, saving_litres=saving_litres,
        investment_fen=investment_fen, share_bp=share_bp, fee_fen=fee_fen, term_months=term_months,
        measures=measures, related=(user.owner_group_id or user.id) == (proposer.owner_group_id or proposer.id),
        submitted_by=actor.user_id, submitted_at=clock.now(),
    )  # fmt: skip
    try:
        with session.begin_nested():
            session.add(made)
            session.flush()
    except IntegrityError as error:
        if "uq_proposals_standing" not in str(error.orig):
            raise
        raise ProposalKnown("withdraw the firm's earlier proposal first") from error
    _done(
        session,
        actor=actor,
        kind=PROPOSAL,
        number=made.id,
        act="submitted",
        detail={"project_id": project_id},
    )
    return made


def _check_terms(
    found: Project, mode: str, saving_litres: int, share_bp: int | None, fee_fen: int | None, term_months: int
) -> None:
    if found.mode not in (None, mode):
        raise ProposalTerms(
            "the call asks for another mode", pointer="/mode", limit=found.mode, available=mode
        )
    if term_months > found.longest_months:
        raise ProposalTerms(
            "the term is longer than the call allows",
            pointer="/term_months",
            limit=str(found.longest_months),
            available=str(term_months),
        )
    if saving_litres >= found.use_litres:
        raise ProposalTerms("nobody saves all that is used", pointer="/saving")
    if (mode == "sharing") != (share_bp is not None) or (mode == "sharing") != (fee_fen is None):
        raise ProposalTerms(
            "sharing names the firm's share, every other mode its fee a year", pointer="/mode"
        )


def take_back(session: Session, *, actor: audit.Actor, proposal_id: int) -> Proposal:
    """A firm withdraws a proposal that was not chosen yet. Errors: NotFound, ProposalState."""
    known = session.get(Proposal, proposal_id)
    if known is None:
        raise NotFound("there is no such proposal")
    locked(session, known.project_id)
    found = session.get_one(Proposal, proposal_id, populate_existing=True)
    if found.status != "submitted":
        raise ProposalState(f"the proposal is {found.status}", available=found.status)
    found.status, found.resolved_at = "withdrawn", clock.now()
    session.flush()
    _done(session, actor=actor, kind=PROPOSAL, number=found.id, act="withdrawn")
    return found


def mark(
    session: Session, *, actor: audit.Actor, project_id: int, kind: str, level: str, document: str
) -> ProjectMark:
    """The bureau marks a project as a pilot or a demonstration. Errors: NotFound, ProjectState, MarkKnown."""
    found = locked(session, project_id)
    if found.status == "withdrawn":
        raise ProjectState("the project was withdrawn", available=found.status)
    assert actor.user_id is not None
    made = ProjectMark(
        project_id=project_id, mark=kind, level=level, document=document, given_by=actor.user_id,
        given_at=clock.now(),
    )  # fmt: skip
    try:
        with session.begin_nested():
            session.add(made)
            session.flush()
    except IntegrityError as error:
        if "uq_project_marks_standing" not in str(error.orig):
            raise
        raise MarkKnown from error
    _done(
        session,
        actor=actor,
        kind=MARK,
        number=made.id,
        act="given",
        detail={"project_id": project_id, "mark": kind, "level": level},
    )
    return made


def unmark(session: Session, *, actor: audit.Actor, mark_id: int, reason: str) -> ProjectMark:
    """Takes a mark away. Errors: NotFound, ProjectState."""
    found = session.get(ProjectMark, mark_id, with_for_update=True, populate_existing=True)
    if found is None:
        raise NotFound("there is no such mark")
    if found.removed_at is not None:
        raise ProjectState("the mark was taken away before")
    found.removed_at, found.removal_reason = clock.now(), reason
    session.flush()
    _done(session, actor=actor, kind=MARK, number=found.id, act="removed", detail={"reason": reason})
    return found
