"""Opening and handling cases: alerts, people, evidence, notes, who handles it. Every step is a row that stays.

Who is named in a case, or acts for a participant that it is about, does nothing in it; the database refuses it too.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Sequence
from functools import partial
from typing import Any

from sqlalchemy import select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from market.core import acts, audit, clock
from market.core.db import raw
from market.core.errors import NotFound
from market.participants.models import Participant, User, UserRole
from market.supervision.cases.errors import CaseClosed, EvidenceKnown, NamedInCase, NotASupervisor
from market.supervision.cases.models import (
    CLOSED,
    CaseEvidence,
    CaseParty,
    CasePerson,
    CaseStep,
    SupervisionCase,
)
from market.supervision.desks import people
from market.supervision.desks.people import Official
from market.supervision.errors import ReasonMissing
from market.supervision.watching import alerts
from market.supervision.watching.models import INTO_CASE

CASE = "supervision_case"
SUPERVISOR = "supervisor"
_done = partial(acts.done, source="supervision", kind=CASE)

_NUMBER_SQL = """
INSERT INTO number_series (series, last) VALUES (%s, 1) ON CONFLICT (series)
DO UPDATE SET last = number_series.last + 1 RETURNING last
"""
NAMED_SQL = "SELECT is_named_in_case(%s, %s)"
# Whether there is a row of each kind of evidence.
_THERE = {
    "order": text("SELECT 1 FROM orders WHERE id = :id"),
    "trade": text("SELECT 1 FROM trades WHERE id = :id"),
    "entitlement": text("SELECT 1 FROM entitlements WHERE id = :id"),
    "water_account": text("SELECT 1 FROM water_accounts WHERE id = :id"),
}


def open_case(
    session: Session,
    *,
    actor: audit.Actor,
    title: str,
    reason: str,
    alert_ids: Sequence[int] = (),
    participant_ids: Sequence[int] = (),
    user_ids: Sequence[int] = (),
) -> SupervisionCase:
    """Opens a case out of alerts or by hand; whoever opens it handles it until it is assigned.

    Errors: NotFound, ReasonMissing, AlertState, NamedInCase, OwnInterest.
    """
    if not reason.strip():
        raise ReasonMissing(pointer="/reason")
    assert actor.user_id is not None
    series = f"K-{clock.today().year}"
    drawn = raw(session).execute(_NUMBER_SQL, (series,)).fetchone()
    assert drawn is not None
    case = SupervisionCase(
        number=f"{series}-{drawn[0]:04d}", title=title, assigned_to=actor.user_id, opened_by=actor.user_id,
        opened_at=clock.now(),
    )  # fmt: skip
    session.add(case)
    session.flush()
    take(session, case, actor, "opened", reason)
    if participant_ids or user_ids:
        _name(session, case, actor, participant_ids, user_ids, reason)
    for number in sorted(set(alert_ids)):
        _add_alert(session, case, actor, number, reason)
    check_free(session, case, actor)
    return case


def find(session: Session, case_id: int) -> SupervisionCase:
    """One case. Errors: NotFound."""
    found = session.get(SupervisionCase, case_id)
    if found is None:
        raise NotFound("there is no such case")
    return found


def numbers(session: Session, case_ids: Collection[int]) -> dict[int, str]:
    """What these cases are called."""
    rows = session.execute(
        select(SupervisionCase.id, SupervisionCase.number).where(SupervisionCase.id.in_(case_ids))
    )
    return {row[0]: row[1] for row in rows}


def locked(session: Session, actor: audit.Actor, case_id: int) -> SupervisionCase:
    """An open case that this person may handle, locked. Errors: NotFound, CaseClosed, NamedInCase, OwnInterest."""
    found = session.get(SupervisionCase, case_id, with_for_update=True, populate_existing=True)
    if found is None:
        raise NotFound("there is no such case")
    if found.status == CLOSED:
        raise CaseClosed(found.number)
    check_free(session, found, actor)
    return found


def check_free(session: Session, case: SupervisionCase, actor: audit.Actor) -> None:
    """Refuses whoever is named in a case, or has an interest in whom it is about. Errors: NamedInCase, OwnInterest."""
    if raw(session).execute(NAMED_SQL, (case.id, actor.user_id)).fetchone() == (True,):
        raise NamedInCase(case.number)
    parties = session.scalars(select(CaseParty.participant_id).where(CaseParty.case_id == case.id)).all()
    people.check_interest(session, Official(actor, frozenset()), parties)


def assign(
    session: Session, *, actor: audit.Actor, case_id: int, user_id: int, reason: str
) -> SupervisionCase:
    """Gives a case to a supervisor. Errors: NotFound, CaseClosed, NamedInCase, NotASupervisor."""
    case = locked(session, actor, case_id)
    user = session.get(User, user_id)
    roles = select(UserRole.role).where(UserRole.user_id == user_id)
    if user is None:
        raise NotFound("there is no such user", pointer="/user_id")
    if user.status != "active" or SUPERVISOR not in set(session.scalars(roles)):
        raise NotASupervisor(pointer="/user_id")
    if raw(session).execute(NAMED_SQL, (case.id, user_id)).fetchone() == (True,):
        raise NamedInCase(case.number, pointer="/user_id")
    before, case.assigned_to = case.assigned_to, user_id
    case.version += 1
    take(session, case, actor, "assigned", reason, {"from": before, "to": user_id})
    return case


def note(session: Session, *, actor: audit.Actor, case_id: int, words: str) -> SupervisionCase:
    """Writes something down in a case. Errors: NotFound, CaseClosed, NamedInCase, ReasonMissing."""
    case = locked(session, actor, case_id)
    if not words.strip():
        raise ReasonMissing(pointer="/text")
    take(session, case, actor, "noted", words)
    return case


def add_alerts(
    session: Session, *, actor: audit.Actor, case_id: int, alert_ids: Sequence[int], reason: str
) -> SupervisionCase:
    """Makes alerts part of a case, which then is about their participants too.

    Errors: NotFound, CaseClosed, NamedInCase, AlertState.
    """
    case = locked(session, actor, case_id)
    for number in sorted(set(alert_ids)):
        _add_alert(session, case, actor, number, reason)
    check_free(session, case, actor)
    return case


def _add_alert(session: Session, case: SupervisionCase, actor: audit.Actor, number: int, reason: str) -> None:
    (alert,) = alerts.undecided(session, [number])
    alerts.decide(session, actor=actor, alert=alert, kind=INTO_CASE, reason=reason, case_id=case.id)
    take(session, case, actor, "alert_added", reason, {"alert_id": alert.id})
    _name(session, case, actor, alert.party_ids, (), reason)


def name(
    session: Session,
    *,
    actor: audit.Actor,
    case_id: int,
    participant_ids: Sequence[int],
    user_ids: Sequence[int],
    reason: str,
) -> SupervisionCase:
    """Says whom a case is about, also of the bureau: none of them handles it from then on.

    Errors: NotFound, CaseClosed, NamedInCase.
    """
    case = locked(session, actor, case_id)
    _name(session, case, actor, participant_ids, user_ids, reason)
    return case


def _name(
    session: Session,
    case: SupervisionCase,
    actor: audit.Actor,
    participant_ids: Iterable[int],
    user_ids: Iterable[int],
    reason: str,
) -> None:
    """Names whom the case does not name yet; the step goes first, as who does it may be among them."""
    known = set(session.scalars(select(CaseParty.participant_id).where(CaseParty.case_id == case.id)))
    persons = set(session.scalars(select(CasePerson.user_id).where(CasePerson.case_id == case.id)))
    parties, users = sorted(set(participant_ids) - known), sorted(set(user_ids) - persons)
    for kind, numbers, pointer in ((Participant, parties, "/participant_ids"), (User, users, "/user_ids")):
        if set(session.scalars(select(kind.id).where(kind.id.in_(numbers)))) != set(numbers):
            raise NotFound(pointer=pointer)
    if not (parties or users):
        return
    take(session, case, actor, "named", reason, {"participant_ids": parties, "user_ids": users})
    now = clock.now()
    if parties:
        session.execute(
            insert(CaseParty),
            [{"case_id": case.id, "participant_id": each, "named_at": now} for each in parties],
        )
    if users:
        session.execute(
            insert(CasePerson), [{"case_id": case.id, "user_id": each, "named_at": now} for each in users]
        )
    named = raw(session).execute(NAMED_SQL, (case.id, case.assigned_to)).fetchone() == (True,)
    if case.assigned_to is not None and named:
        check_free(session, case, actor)  # the step that takes it from the other must be somebody else's
        take(session, case, actor, "unassigned", reason, {"from": case.assigned_to})
        case.assigned_to = None
        case.version += 1
        session.flush()


def add_evidence(
    session: Session,
    *,
    actor: audit.Actor,
    case_id: int,
    kind: str,
    subject_id: int | None,
    sha256: bytes | None,
    description: str,
) -> CaseEvidence:
    """Adds a row of the market (its number), or a document kept elsewhere (its hash).

    Errors: NotFound, CaseClosed, NamedInCase, EvidenceKnown.
    """
    case = locked(session, actor, case_id)
    if kind in _THERE and session.execute(_THERE[kind], {"id": subject_id}).first() is None:
        raise NotFound(f"there is no such {kind}", pointer="/subject_id")
    assert actor.user_id is not None
    made = CaseEvidence(
        case_id=case.id, kind=kind, subject_id=subject_id, sha256=sha256, description=description,
        added_by=actor.user_id, added_at=clock.now(),
    )  # fmt: skip
    try:
        with session.begin_nested():
            session.add(made)
    except IntegrityError as error:
        if "uq_case_evidence_subject" not in str(error.orig):
            raise
        raise EvidenceKnown(pointer="/subject_id") from error
    take(session, case, actor, "evidence_added", description, {"evidence_id": made.id, "kind": kind})
    return made


def take(
    session: Session,
    case: SupervisionCase,
    actor: audit.Actor,
    step: str,
    words: str,
    detail: dict[str, Any] | None = None,
) -> None:
    """Writes a step of a case, and tells of it; `words` stay in the case. The caller has it locked."""
    assert actor.user_id is not None
    session.add(
        CaseStep(
            case_id=case.id,
            step=step,
            text=words,
            detail=json.dumps(detail or {}),
            done_by=actor.user_id,
            done_at=clock.now(),
        )
    )
    session.flush()
    _done(session, actor=actor, number=case.id, act=step, detail=detail)
