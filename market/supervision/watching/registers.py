"""What surveillance is told by people: marks that tell whether two are one hand, and decisions not yet public.

A mark is kept as a keyed hash alone: enough to see that two are alike, and nothing to read.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
from collections.abc import Sequence
from functools import partial

from sqlalchemy import select
from sqlalchemy.orm import Session

from market.core import acts, audit, clock
from market.core.errors import NotFound
from market.participants.admission import find
from market.participants.models import Participant
from market.supervision.watching.errors import PriceDecisionDates, PriceDecisionPublished
from market.supervision.watching.models import PartyMark, PriceDecision
from market.trading.models import Product

MARK, DECISION = "party_mark", "price_decision"
LONGEST = dt.timedelta(days=366)
"""A decision is recorded within a year."""
_done = partial(acts.done, source="supervision")


def digest(secret: bytes, kind: str, value: str) -> bytes:
    """What is kept of a mark; blanks and the case of letters do not tell two apart."""
    plain = "".join(value.split()).casefold()
    return hmac.new(secret, f"{kind}:{plain}".encode(), hashlib.sha256).digest()


def record_mark(
    session: Session, *, actor: audit.Actor, secret: bytes, participant_id: int, kind: str, value: str, document: str
) -> PartyMark:  # fmt: skip
    """Records what is known of a participant, from which document; it stands until it is recorded anew.

    Errors: NotFound.
    """
    find(session, participant_id, lock=True)
    assert actor.user_id is not None
    now, kept = clock.now(), digest(secret, kind, value)
    before = session.scalars(
        select(PartyMark).where(
            PartyMark.participant_id == participant_id, PartyMark.kind == kind, PartyMark.ended_at.is_(None)
        )
    ).one_or_none()
    if before is not None:
        before.ended_at = now
        session.flush()  # one mark of a kind is in force
    made = PartyMark(
        participant_id=participant_id, kind=kind, digest=kept, document=document, recorded_by=actor.user_id,
        recorded_at=now,
    )  # fmt: skip
    session.add(made)
    session.flush()
    detail = {"participant": participant_id, "kind": kind}
    _done(session, actor=actor, kind=MARK, number=made.id, act="recorded", detail=detail)
    return made


def marks(
    session: Session, *, participant_id: int | None = None, after: int | None = None, limit: int = 50
) -> list[PartyMark]:
    """Marks, also those that were ended, by id."""
    statement = select(PartyMark).where(PartyMark.id > (after or 0))
    if participant_id is not None:
        statement = statement.where(PartyMark.participant_id == participant_id)
    return list(session.scalars(statement.order_by(PartyMark.id).limit(limit)))


def record_decision(
    session: Session,
    *,
    actor: audit.Actor,
    subject: str,
    moves: str,
    product_ids: Sequence[int],
    insider_ids: Sequence[int],
    decided_at: dt.datetime,
) -> PriceDecision:
    """Records a decision that will move prices, and who knows it. Errors: NotFound, PriceDecisionDates."""
    for kind, numbers, pointer in (
        (Product, product_ids, "/product_ids"),
        (Participant, insider_ids, "/insider_ids"),
    ):
        found = set(session.scalars(select(kind.id).where(kind.id.in_(numbers))))
        if found != set(numbers):
            raise NotFound(pointer=pointer)
    if not clock.now() - LONGEST <= decided_at <= clock.now():
        raise PriceDecisionDates(pointer="/decided_at")
    assert actor.user_id is not None
    made = PriceDecision(
        subject=subject, moves=moves, product_ids=sorted(set(product_ids)), insider_ids=sorted(set(insider_ids)),
        decided_at=decided_at, recorded_by=actor.user_id, recorded_at=clock.now(),
    )  # fmt: skip
    session.add(made)
    session.flush()
    detail = {"products": made.product_ids, "insiders": made.insider_ids, "moves": moves}
    _done(session, actor=actor, kind=DECISION, number=made.id, act="recorded", detail=detail)
    return made


def publish_decision(session: Session, *, actor: audit.Actor, decision_id: int) -> PriceDecision:
    """Says that a decision is public from now on. Errors: NotFound, PriceDecisionPublished."""
    found = session.get(PriceDecision, decision_id, with_for_update=True, populate_existing=True)
    if found is None:
        raise NotFound("there is no such decision")
    if found.published_at is not None:
        raise PriceDecisionPublished
    found.published_at = clock.now()
    session.flush()
    _done(session, actor=actor, kind=DECISION, number=found.id, act="published")
    return found


def decisions(session: Session, *, before: int | None = None, limit: int = 50) -> list[PriceDecision]:
    """Decisions, newest first."""
    statement = select(PriceDecision)
    if before is not None:
        statement = statement.where(PriceDecision.id < before)
    return list(session.scalars(statement.order_by(PriceDecision.id.desc()).limit(limit)))
