"""Keeping the credit record of a participant, and the extract of it that the public sees.

Source: the county plan, part 4(1)4 (a credit record of the market). How long an entry may be shown: 失信行为纠正后的
信用信息修复管理办法 (试行) art. 11, three years at most (from memory).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial

from sqlalchemy import select
from sqlalchemy.orm import Session

from market.core import acts, audit, clock
from market.core.errors import NotFound
from market.participants.admission import find
from market.participants.credit_models import CreditEntry
from market.participants.errors import CreditEntryState, CreditTerm

LONGEST_YEARS = 3
ENTRY = "credit_entry"
_done = partial(acts.done, source="participants", kind=ENTRY)


@dataclass(frozen=True, slots=True)
class Extract:
    """What counts of a participant's record today: its points together, and the entries, newest first."""

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
    session.add(made)
    session.flush()
    _done(session, actor=actor, number=made.id, act="recorded", detail={"kind": kind, "points": points})
    return made


def _years_on(day: dt.date, years: int) -> dt.date:
    """The same day so many years on; 29 February becomes the 28th."""
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return day.replace(year=day.year + years, day=28)


def withdraw(session: Session, *, actor: audit.Actor, entry_id: int, reason: str) -> CreditEntry:
    """Takes an entry back, after an objection or once the matter was put right. Errors: NotFound, CreditEntryState."""
    found = session.get(CreditEntry, entry_id, with_for_update=True, populate_existing=True)
    if found is None:
        raise NotFound("there is no such entry")
    if found.withdrawn_at is not None:
        raise CreditEntryState("the entry was withdrawn before")
    found.withdrawn_at, found.withdrawal_reason = clock.now(), reason
    session.flush()
    _done(session, actor=actor, number=found.id, act="withdrawn", detail={"reason": reason})
    return found


def extracts(session: Session, participant_ids: Iterable[int]) -> dict[int, Extract]:
    """What counts today of the record of each of these participants."""
    wanted = sorted(set(participant_ids))
    rows = session.scalars(
        select(CreditEntry)
        .where(CreditEntry.participant_id.in_(wanted), CreditEntry.withdrawn_at.is_(None))
        .where(CreditEntry.expires_on >= clock.today())
        .order_by(CreditEntry.id.desc())
    )
    entries: dict[int, list[CreditEntry]] = {each: [] for each in wanted}
    for row in rows:
        entries[row.participant_id].append(row)
    return {each: Extract(sum(entry.points for entry in kept), kept) for each, kept in entries.items()}


def entries(
    session: Session, *, participant_id: int | None, after: int | None = None, limit: int = 50
) -> list[CreditEntry]:
    """Every entry, also what has expired or was withdrawn, of one participant or of all, by id."""
    statement = select(CreditEntry).where(CreditEntry.id > (after or 0))
    if participant_id is not None:
        statement = statement.where(CreditEntry.participant_id == participant_id)
    return list(session.scalars(statement.order_by(CreditEntry.id).limit(limit)))
