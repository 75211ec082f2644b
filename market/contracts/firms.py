"""The directory of service firms: a firm registers, the bureau checks its papers and lists it.

Source: 节约用水条例 art. 40; the county plan, part 4(2)8. What a firm says of itself is its own; what the bureau has
confirmed is marked so.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from functools import partial

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from market.contracts.errors import (
    FirmKnown,
    FirmState,
    NotAServiceFirm,
    QualificationDates,
    QualificationKnown,
    QualificationState,
)
from market.contracts.firm_models import Firm, FirmQualification
from market.core import acts, audit, clock
from market.core.errors import NotFound
from market.participants import admission
from market.participants.errors import StaleVersion

FIRM = "firm"
QUALIFICATION = "firm_qualification"
_done = partial(acts.done, source="contracts")

# act -> (states before, state after)
DECISIONS = {
    "list": (("submitted", "refused", "suspended", "left"), "listed"),
    "refuse": (("submitted",), "refused"),
    "suspend": (("listed",), "suspended"),
    "leave": (("submitted", "listed", "suspended"), "left"),
}


def register(
    session: Session,
    *,
    actor: audit.Actor,
    participant_id: int,
    about: str,
    contact: str,
    works_in: Sequence[str],
    staff: int,
    founded_on: dt.date,
) -> Firm:
    """Enters a service firm; shown once the bureau has listed it. Errors: NotFound, NotAServiceFirm, FirmKnown."""
    participant = admission.find(session, participant_id)
    if (participant.kind, participant.status) != ("service_firm", "admitted"):
        raise NotAServiceFirm(f"the participant is a {participant.kind} and {participant.status}")
    made = Firm(
        participant_id=participant_id, about=about, contact=contact, works_in=sorted(set(works_in)), staff=staff,
        founded_on=founded_on, status="submitted", submitted_at=clock.now(),
    )  # fmt: skip
    try:
        with session.begin_nested():
            session.add(made)
            session.flush()
    except IntegrityError as error:
        if "participant_id" not in str(error.orig):
            raise
        raise FirmKnown from error
    _done(
        session, actor=actor, kind=FIRM, number=made.id, act="registered", detail={"works_in": made.works_in}
    )
    return made


def amend(
    session: Session,
    *,
    actor: audit.Actor,
    firm_id: int,
    version: int,
    about: str,
    contact: str,
    works_in: Sequence[str],
    staff: int,
) -> Firm:
    """Changes what a firm says of itself. Errors: NotFound, StaleVersion, FirmState."""
    found = locked(session, firm_id)
    if found.version != version:
        raise StaleVersion(available=str(found.version))
    if found.status == "left":
        raise FirmState("the firm has left the directory")
    before = {
        "about": found.about,
        "contact": found.contact,
        "works_in": found.works_in,
        "staff": found.staff,
    }
    found.about, found.contact, found.works_in, found.staff = about, contact, sorted(set(works_in)), staff
    found.version += 1
    session.flush()
    _done(session, actor=actor, kind=FIRM, number=found.id, act="amended", detail={"before": before})
    return found


def decide(session: Session, *, actor: audit.Actor, firm_id: int, act: str, reason: str) -> Firm:
    """Lists, refuses or suspends a firm, or has it leave (`act` is a key of DECISIONS). Errors: NotFound, FirmState."""
    found = locked(session, firm_id)
    before, after = DECISIONS[act]
    if found.status not in before:
        raise FirmState(f"the entry is {found.status}", available=found.status)
    found.status, found.decided_at, found.decided_by = after, clock.now(), actor.user_id
    found.decision_reason = reason
    found.version += 1
    session.flush()
    _done(session, actor=actor, kind=FIRM, number=found.id, act=after, detail={"reason": reason})
    return found


def locked(session: Session, firm_id: int) -> Firm:
    """A firm's entry, locked. Errors: NotFound."""
    found = session.get(Firm, firm_id, with_for_update=True, populate_existing=True)
    if found is None:
        raise NotFound("there is no such firm")
    return found


def show(
    session: Session,
    *,
    actor: audit.Actor,
    firm_id: int,
    kind: str,
    name: str,
    number: str,
    issuer: str,
    valid_from: dt.date,
    valid_to: dt.date | None,
    document_sha256: bytes | None,
) -> FirmQualification:
    """Hands in a paper that shows what the firm can do. Errors: NotFound, QualificationDates, QualificationKnown."""
    locked(session, firm_id)
    last = valid_to or dt.date.max
    if valid_from > last or last < clock.today():
        raise QualificationDates(
            "a paper begins before it ends, and has not ended",
            pointer="/valid_to",
            limit=clock.today().isoformat(),
            available=last.isoformat(),
        )
    made = FirmQualification(
        firm_id=firm_id, kind=kind, name=name, number=number, issuer=issuer, valid_from=valid_from,
        valid_to=valid_to, document_sha256=document_sha256, submitted_at=clock.now(),
    )  # fmt: skip
    try:
        with session.begin_nested():
            session.add(made)
            session.flush()
    except IntegrityError as error:
        if "uq_firm_qualifications_number" not in str(error.orig):
            raise
        raise QualificationKnown(pointer="/number") from error
    _done(
        session,
        actor=actor,
        kind=QUALIFICATION,
        number=made.id,
        act="submitted",
        detail={"firm_id": firm_id, "kind": kind},
    )
    return made


def check(
    session: Session, *, actor: audit.Actor, qualification_id: int, confirmed: bool, reason: str
) -> FirmQualification:
    """The bureau confirms a paper or refuses it. Errors: NotFound, QualificationState."""
    found = session.get(FirmQualification, qualification_id, with_for_update=True, populate_existing=True)
    if found is None:
        raise NotFound("there is no such paper")
    if found.status != "submitted":
        raise QualificationState(f"the paper is {found.status}", available=found.status)
    found.status = "confirmed" if confirmed else "refused"
    found.decided_at, found.decided_by, found.decision_reason = clock.now(), actor.user_id, reason
    session.flush()
    _done(
        session, actor=actor, kind=QUALIFICATION, number=found.id, act=found.status, detail={"reason": reason}
    )
    return found
