"""Closing a case by its finding; what is founded takes points from the credit record of whom it is about."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from market.core import audit, clock
from market.core.db import raw
from market.county.current import pack_in_force
from market.county.pack import Pack
from market.participants import credit
from market.supervision.cases import handling
from market.supervision.cases.errors import FindingIncomplete, NotTheHandler
from market.supervision.cases.models import (
    CLOSED,
    FOUNDED,
    REFERRED,
    CaseFinding,
    CaseParty,
    SupervisionCase,
)
from market.supervision.errors import ReasonMissing

APPEAL_CLOCK = "credit_appeal"
APPEAL_DAYS = 60
"""Where the county pack has no such clock: 行政复议法 (2023) art. 20, a model (demonstration)."""


def close(
    session: Session,
    *,
    actor: audit.Actor,
    case_id: int,
    outcome: str,
    finding: str | None,
    participant_ids: list[int] | None,
    referred_to: str | None,
    reason: str,
    legal_source: str,
) -> SupervisionCase:
    """Closes a case. A founded one takes the points of the county's rule of today from each participant that it finds
    against (`participant_ids`; none given: all that the case is about).

    Errors: NotFound, CaseClosed, NamedInCase, NotTheHandler, ReasonMissing, FindingIncomplete.
    """
    case = handling.locked(session, actor, case_id)
    if case.assigned_to != actor.user_id:
        raise NotTheHandler(case.number)
    for words, pointer in ((reason, "/reason"), (legal_source, "/legal_source")):
        if not words.strip():
            raise ReasonMissing(pointer=pointer)
    named = set(session.scalars(select(CaseParty.participant_id).where(CaseParty.case_id == case.id)))
    against = named if participant_ids is None else set(participant_ids)
    _check(outcome, finding, referred_to, against, named)
    assert actor.user_id is not None
    row = CaseFinding(
        case_id=case.id, outcome=outcome, finding=finding, referred_to=referred_to, reason=reason,
        legal_source=legal_source, closed_by=actor.user_id, closed_at=clock.now(),
    )  # fmt: skip
    session.add(row)
    session.flush()  # a case is closed by its finding, which the database asks for
    detail = {
        "outcome": outcome,
        "finding": finding,
        "against": sorted(against) if outcome == FOUNDED else [],
    }
    handling.take(session, case, actor, "closed", reason, detail)
    if finding is not None:
        _enter(session, actor, case, row, sorted(against))
    case.status = CLOSED
    case.version += 1
    session.flush()
    return case


def _check(
    outcome: str, finding: str | None, referred_to: str | None, against: set[int], named: set[int]
) -> None:
    if (outcome == FOUNDED) != (finding is not None):
        raise FindingIncomplete("a founded case, and no other, says what was found", pointer="/finding")
    if (outcome == REFERRED) != (referred_to is not None):
        raise FindingIncomplete(
            "a referred case, and no other, says to which authority", pointer="/referred_to"
        )
    if outcome == FOUNDED and not (against and against <= named):
        raise FindingIncomplete(
            "a founded case finds against participants that it is about", pointer="/participant_ids"
        )


def _enter(
    session: Session, actor: audit.Actor, case: SupervisionCase, row: CaseFinding, against: list[int]
) -> None:
    """Points by the county's rule of today; a finding for which it has none costs nothing."""
    assert row.finding is not None
    pack = pack_in_force(raw(session))
    rule = pack.credit_on(row.finding, clock.today())
    if rule is None:
        return
    for participant in against:
        credit.record_finding(
            session, actor=actor, participant_id=participant, finding=row.finding, case_id=case.id, points=rule.points,
            months=rule.months, appeal_days=appeal_days(pack), reason=row.reason,
            legal_source=f"{row.legal_source}; points: {rule.basis.source}",
        )  # fmt: skip


def appeal_days(pack: Pack) -> int:
    """How many days an entry out of a finding may be appealed against."""
    return next((each.length for each in pack.clocks if each.name == APPEAL_CLOCK), APPEAL_DAYS)
