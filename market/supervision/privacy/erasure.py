"""A person's request to have its data erased: done, or refused with the rule and the day where a duty keeps it.

Source: 个人信息保护法 art. 47: what a law keeps is kept until its time is over, and only stored meanwhile; art. 50: a
refusal has its reasons. What only this service's own rule would keep longer is erased at once.
"""

from __future__ import annotations

import datetime as dt
from functools import partial

import msgspec
from sqlalchemy import select
from sqlalchemy.orm import Session

from market.core import acts, audit, clock
from market.core.db import raw
from market.county.parts import DEMONSTRATION, RetentionRule
from market.participants.admission import find
from market.participants.models import Participant
from market.participants.privacy_errors import AlreadyErased
from market.participants.privacy_models import ErasureRequest
from market.supervision.privacy import leaving, retention

STILL_OPEN = "still_taking_part"
PROCESSED_ON = "个人信息保护法 art. 13 (2), (3)"
ERASURE = "个人信息保护法 art. 47"
_OF_STATUS = {
    "closed": (retention.PLACE, retention.CONTACT, retention.DOCUMENT, retention.PERSON),
    "refused": (retention.APPLICATION,),
}
"""What there is to erase of whom."""
_done = partial(acts.done, source="participants", kind="erasure_request", act="decided")


class Line(msgspec.Struct, frozen=True):
    """What became of one kind of data."""

    data: str
    erased: bool
    rule: str | None = None
    keep_until: dt.date | None = None
    legal_source: str | None = None


class Outcome(msgspec.Struct, frozen=True):
    """What became of a request; `open`: what the participant still takes part in."""

    lines: tuple[Line, ...]
    open: tuple[str, ...] = ()


_outcome = msgspec.json.Decoder(Outcome).decode


def ask(session: Session, *, actor: audit.Actor, participant_id: int) -> ErasureRequest:
    """Decides a request at once and keeps what became of it. Who takes part in nothing any more leaves by it.

    Errors: NotFound, AlreadyErased.
    """
    participant = find(session, participant_id, lock=True)
    if participant.erased_at is not None:
        raise AlreadyErased
    outcome = _decide(session, actor, participant)
    kept = [each for each in outcome.lines if not each.erased]
    longest = max(kept, key=lambda each: each.keep_until or dt.date.max, default=None)
    assert actor.user_id is not None
    made = ErasureRequest(
        participant_id=participant_id,
        asked_by=actor.user_id,
        asked_at=clock.now(),
        status="done" if not kept else "refused" if len(kept) == len(outcome.lines) else "partly",
        rule=longest.rule if longest else None,
        keep_until=longest.keep_until if longest else None,
        legal_source=longest.legal_source if longest else None,
        outcome=msgspec.json.encode(outcome).decode(),
    )
    session.add(made)
    session.flush()  # the audit entry names it by its id
    _done(session, actor=actor, number=made.id, detail={"status": made.status, "rule": made.rule})
    return made


def _decide(session: Session, actor: audit.Actor, participant: Participant) -> Outcome:
    if participant.status not in _OF_STATUS:
        still = leaving.still_open(raw(session), participant.id)
        if still:
            kinds = _OF_STATUS["closed"]
            return Outcome(
                tuple(Line(each, False, STILL_OPEN, None, PROCESSED_ON) for each in kinds), tuple(still)
            )
        leaving.close(session, actor=actor, participant=participant)
    rules = retention.rules(raw(session))
    return Outcome(
        tuple(
            _line(session, actor, participant.id, data, rules.get(data))
            for data in _OF_STATUS[participant.status]
        )
    )


def _line(
    session: Session, actor: audit.Actor, participant_id: int, data: str, rule: RetentionRule | None
) -> Line:
    """Erases what no law keeps of one kind of data, and says what is left of it."""
    today, years = clock.today(), 0
    if rule is not None and rule.basis.source != DEMONSTRATION.source:
        years = rule.years
    retention.erase(session, actor=actor, data=data, years=years, today=today, only=participant_id)
    since = retention.kept_since(raw(session), data, participant_id)
    if since is None or rule is None:
        return Line(data, True)
    until = retention.kept_until(since, rule.years)
    return Line(data, False, f"retention:{data}", until, f"{rule.basis.source}; {ERASURE}")


def read(request: ErasureRequest) -> Outcome:
    """What became of a request, by kind of data."""
    return _outcome(request.outcome)


def listed(
    session: Session, *, participant_id: int | None, after: int | None, limit: int
) -> list[ErasureRequest]:
    """Requests of one participant or of all, oldest first."""
    statement = select(ErasureRequest).where(ErasureRequest.id > (after or 0))
    if participant_id is not None:
        statement = statement.where(ErasureRequest.participant_id == participant_id)
    return list(session.scalars(statement.order_by(ErasureRequest.id).limit(limit)))
