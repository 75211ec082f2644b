"""Keeping the credit record of a participant, and the extract of it that the public sees.

Source: the county plan, part 4(1)4 (a credit record of the market). How long an entry may be shown: 失信行为纠正后的
信用信息修复管理办法 (试行) art. 11, three years at most (from memory).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session

from market.core import acts, audit, clock
from market.core.db import raw
from market.core.errors import NotFound
from market.participants.admission import find
from market.participants.credit_models import REJECTED, CreditAppeal, CreditEntry
from market.participants.errors import CreditEntryState, CreditTerm, SamePerson
from market.participants.models import Participant

LONGEST_YEARS = 3
ENTRY = "credit_entry"
FINDING = "finding"
_done = partial(acts.done, source="participants", kind=ENTRY)


@dataclass(frozen=True, slots=True)
class Extract:
    """What the public sees of a participant's record today: its points together, and the entries, newest first."""

    points: int
    entries: Sequence[CreditEntry]


def record(
    session: Session,
    *,
    actor: audit.Actor,
    participant_id: int,
    kind: str,
    points: int,
    reason: str,
    legal_source: str,
    expires_on: dt.date,
) -> CreditEntry:
    """Enters something for (points above zero) or against a participant. Errors: NotFound, CreditTerm."""
    find(session, participant_id)
    today = clock.today()
    last = _years_on(today, LONGEST_YEARS)
    if not today <= expires_on <= last:
        raise CreditTerm(
            f"an entry counts from today for {LONGEST_YEARS} years at most",
            pointer="/expires_on",
            limit=last.isoformat(),
            available=expires_on.isoformat(),
        )
    assert actor.user_id is not None
    made = CreditEntry(
        participant_id=participant_id, kind=kind, points=points, reason=reason, legal_source=legal_source,
        recorded_by=actor.user_id, recorded_at=clock.now(), expires_on=expires_on,
    )  # fmt: skip
    return _entered(session, actor, made)


def record_finding(
    session: Session,
    *,
    actor: audit.Actor,
    participant_id: int,
    finding: str,
    case_id: int,
    points: int,
    months: int,
    appeal_days: int,
    reason: str,
    legal_source: str,
) -> CreditEntry:
    """Takes points (above zero) for a finding, for so many months; so many days it may be appealed against.

    Errors: NotFound.
    """
    find(session, participant_id)
    assert actor.user_id is not None
    today = clock.today()
    made = CreditEntry(
        participant_id=participant_id, kind=FINDING, points=-points, reason=reason, legal_source=legal_source,
        recorded_by=actor.user_id, recorded_at=clock.now(), expires_on=_months_on(today, months), finding=finding,
        case_id=case_id, appeal_until=today + dt.timedelta(days=appeal_days),
    )  # fmt: skip
    return _entered(session, actor, made)


def _entered(session: Session, actor: audit.Actor, made: CreditEntry) -> CreditEntry:
    session.add(made)
    session.flush()
    detail = {"kind": made.kind, "points": made.points} | (
        {"finding": made.finding, "case_id": made.case_id} if made.finding else {}
    )
    _done(session, actor=actor, number=made.id, act="recorded", detail=detail)
    return made


def _years_on(day: dt.date, years: int) -> dt.date:
    """The same day so many years on; 29 February becomes the 28th."""
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return day.replace(year=day.year + years, day=28)


def _months_on(day: dt.date, months: int) -> dt.date:
    """The same day so many months on, or the last of that month."""
    years, month = divmod(day.month - 1 + months, 12)
    following = (day.replace(year=day.year + years, month=month + 1, day=1) + dt.timedelta(days=31)).replace(
        day=1
    )
    last = following - dt.timedelta(days=1)
    return last.replace(day=min(day.day, last.day))


def find_entry(session: Session, entry_id: int) -> CreditEntry:
    """One entry. Errors: NotFound."""
    found = session.get(CreditEntry, entry_id)
    if found is None:
        raise NotFound("there is no such entry")
    return found


def is_named(session: Session, entry: CreditEntry, actor: audit.Actor) -> bool:
    """Whether the case that an entry came out of names somebody, or whom they act or acted for."""
    asked = (entry.case_id, actor.user_id)
    return raw(session).execute("SELECT is_named_in_case(%s, %s)", asked).fetchone() == (True,)


def withdraw(session: Session, *, actor: audit.Actor, entry_id: int, reason: str) -> CreditEntry:
    """Takes an entry back, after an objection or once the matter was put right; not by who is named in its case.

    Errors: NotFound, CreditEntryState, SamePerson.
    """
    found = session.get(CreditEntry, entry_id, with_for_update=True, populate_existing=True)
    if found is None:
        raise NotFound("there is no such entry")
    if found.withdrawn_at is not None:
        raise CreditEntryState("the entry was withdrawn before")
    if is_named(session, found, actor):
        raise SamePerson
    found.withdrawn_at, found.withdrawal_reason = clock.now(), reason
    session.flush()
    _done(session, actor=actor, number=found.id, act="withdrawn", detail={"reason": reason})
    return found


def _public(today: dt.date) -> list[ColumnElement[bool]]:
    """What the public sees: what counts today; of a finding once the time of an appeal is over, or it is upheld."""
    lodged = select(CreditAppeal.id).where(CreditAppeal.entry_id == CreditEntry.id)
    return [
        CreditEntry.withdrawn_at.is_(None),
        CreditEntry.expires_on >= today,
        or_(
            CreditEntry.appeal_until.is_(None),
            (CreditEntry.appeal_until < today) & ~lodged.exists(),
            lodged.where(CreditAppeal.status == REJECTED).exists(),
        ),
    ]


def extracts(session: Session, participant_ids: Iterable[int]) -> dict[int, Extract]:
    """What the public sees today of the record of each of these participants."""
    wanted = sorted(set(participant_ids))
    rows = session.scalars(
        select(CreditEntry)
        .where(CreditEntry.participant_id.in_(wanted), *_public(clock.today()))
        .order_by(CreditEntry.id.desc())
    )
    entries: dict[int, list[CreditEntry]] = {each: [] for each in wanted}
    for row in rows:
        entries[row.participant_id].append(row)
    return {each: Extract(sum(entry.points for entry in kept), kept) for each, kept in entries.items()}


def public_entries(
    session: Session, *, participant_id: int | None = None, after: int | None = None, limit: int = 50
) -> list[tuple[CreditEntry, Participant]]:
    """Every entry that the public sees today, with whom it is about, by id."""
    statement = (
        select(CreditEntry, Participant)
        .join(Participant, Participant.id == CreditEntry.participant_id)
        .where(CreditEntry.id > (after or 0), *_public(clock.today()))
    )
    if participant_id is not None:
        statement = statement.where(CreditEntry.participant_id == participant_id)
    rows = session.execute(statement.order_by(CreditEntry.id).limit(limit))
    return [(entry, participant) for entry, participant in rows]


def entries(
    session: Session, *, participant_id: int | None, after: int | None = None, limit: int = 50
) -> list[CreditEntry]:
    """Every entry, also what has expired or was withdrawn, of one participant or of all, by id."""
    statement = select(CreditEntry).where(CreditEntry.id > (after or 0))
    if participant_id is not None:
        statement = statement.where(CreditEntry.participant_id == participant_id)
    return list(session.scalars(statement.order_by(CreditEntry.id).limit(limit)))
