"""Appeals against entries of the credit record out of a finding: lodged in time, decided by another person."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from market.core import acts, audit, clock
from market.core.errors import NotFound
from market.participants import credit
from market.participants.credit_models import GRANTED, LODGED, REJECTED, CreditAppeal, CreditEntry
from market.participants.errors import AppealState, NotAppealable, SamePerson

APPEAL = "credit_appeal"
DECISION_SOURCE = (
    "service rule of the exchange: an appeal is decided by another person than who closed the case"
)
_done = partial(acts.done, source="participants", kind=APPEAL)


def lodge(session: Session, *, actor: audit.Actor, entry_id: int, grounds: str) -> CreditAppeal:
    """Appeals for whom the entry is about. Errors: NotFound, NotAppealable, AppealState."""
    entry = session.get(CreditEntry, entry_id, with_for_update=True, populate_existing=True)
    if entry is None:
        raise NotFound("there is no such entry")
    today = clock.today()
    if entry.appeal_until is None or entry.withdrawn_at is not None or today > entry.appeal_until:
        raise NotAppealable(
            limit=entry.appeal_until.isoformat() if entry.appeal_until else None, available=today.isoformat()
        )
    assert actor.user_id is not None
    made = CreditAppeal(
        entry_id=entry.id, participant_id=entry.participant_id, grounds=grounds, lodged_by=actor.user_id,
        lodged_at=clock.now(),
    )  # fmt: skip
    try:
        with session.begin_nested():
            session.add(made)
    except IntegrityError as error:
        if "uq_credit_appeals_entry_id" not in str(error.orig):
            raise
        raise AppealState from error
    _done(session, actor=actor, number=made.id, act="lodged", detail={"entry_id": entry.id})
    return made


def decide(
    session: Session,
    *,
    actor: audit.Actor,
    appeal_id: int,
    granted: bool,
    reason: str,
    legal_source: str = "",
) -> CreditAppeal:
    """Grants an appeal, and the entry is withdrawn; or rejects it, and the public sees the entry.

    Errors: NotFound, AppealState, SamePerson.
    """
    found = session.get(CreditAppeal, appeal_id, with_for_update=True, populate_existing=True)
    if found is None:
        raise NotFound("there is no such appeal")
    entry = session.get_one(CreditEntry, found.entry_id, with_for_update=True, populate_existing=True)
    if found.status != LODGED:
        raise AppealState(available=found.status)
    if actor.user_id in (entry.recorded_by, found.lodged_by) or credit.is_named(session, entry, actor):
        raise SamePerson
    if granted and entry.withdrawn_at is None:
        credit.withdraw(session, actor=actor, entry_id=entry.id, reason=reason)
    found.status = GRANTED if granted else REJECTED
    found.decided_by, found.decided_at = actor.user_id, clock.now()
    found.decision_reason, found.decision_source = reason, legal_source or DECISION_SOURCE
    session.flush()
    _done(session, actor=actor, number=found.id, act=found.status, detail={"reason": reason})
    return found


def appeals(
    session: Session,
    *,
    participant_id: int | None,
    status: str | None = None,
    after: int | None = None,
    limit: int = 50,
) -> list[CreditAppeal]:
    """Appeals of one participant, or of all, by id."""
    statement = select(CreditAppeal).where(CreditAppeal.id > (after or 0))
    if participant_id is not None:
        statement = statement.where(CreditAppeal.participant_id == participant_id)
    if status is not None:
        statement = statement.where(CreditAppeal.status == status)
    return list(session.scalars(statement.order_by(CreditAppeal.id).limit(limit)))


def against(session: Session, entry_ids: Iterable[int]) -> dict[int, CreditAppeal]:
    """The appeal against each of these entries, where there is one."""
    found = session.scalars(select(CreditAppeal).where(CreditAppeal.entry_id.in_(list(entry_ids))))
    return {each.entry_id: each for each in found}
