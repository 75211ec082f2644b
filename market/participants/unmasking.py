"""Looks at personal data that are masked: for a stated purpose and legal basis, recorded, and told to the person.

Source: 个人信息保护法 art. 6 (a clear and reasonable purpose, the least that it needs), arts 28 and 29 (sensitive
personal information), art. 45 (the person may know). How many looks an hour: demonstration.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Sequence
from functools import partial

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from market.core import acts, audit, clock
from market.participants import privacy
from market.participants.admission import find
from market.participants.models import Participant, User
from market.participants.privacy import Kind
from market.participants.privacy_errors import AlreadyErased, TooManyUnmaskings, UnmaskNotAllowed
from market.participants.privacy_models import Unmasking

MOST_AN_HOUR = 30
HOUR = dt.timedelta(hours=1)
TASK_OF_ROLE = "task of the role"
"""The legal basis of a look that a route itself is made for (个人信息保护法 arts 13 (3), 34)."""
_done = partial(acts.done, source="participants", kind="unmasking")


def unmask(
    session: Session,
    *,
    actor: audit.Actor,
    roles: Collection[str],
    participant_id: int,
    kinds: Sequence[Kind],
    purpose: str,
    legal_basis: str,
) -> tuple[Unmasking, Participant]:
    """Records a look and returns what is looked at. Errors: NotFound, UnmaskNotAllowed, TooManyUnmaskings,
    AlreadyErased.
    """
    found = find(session, participant_id)
    for kind in kinds:
        if not privacy.may_unmask(kind, roles):
            raise UnmaskNotAllowed(f"{kind} is not shown to {', '.join(sorted(roles))}", pointer="/fields")
    if found.erased_at is not None:
        raise AlreadyErased
    assert actor.user_id is not None
    # Locked, so that looks at the same moment are counted one after the other.
    session.scalars(select(User.id).where(User.id == actor.user_id).with_for_update(key_share=True)).one()
    recent = session.scalars(
        select(func.count()).where(Unmasking.user_id == actor.user_id, Unmasking.at > clock.now() - HOUR)
    ).one()
    if recent >= MOST_AN_HOUR:
        raise TooManyUnmaskings(f"at most {MOST_AN_HOUR} an hour", limit=str(MOST_AN_HOUR), available="0")
    return note(
        session, actor=actor, roles=roles, participant_id=participant_id, kinds=kinds, purpose=purpose,
        legal_basis=legal_basis,
    ), found  # fmt: skip


def note(
    session: Session,
    *,
    actor: audit.Actor,
    roles: Collection[str],
    participant_id: int,
    kinds: Sequence[Kind],
    purpose: str,
    legal_basis: str = TASK_OF_ROLE,
) -> Unmasking:
    """Records that a user of the bureau saw data of a participant."""
    assert actor.user_id is not None
    made = Unmasking(
        participant_id=participant_id, user_id=actor.user_id, roles=" ".join(sorted(roles)),
        kinds=" ".join(sorted(set(kinds))), purpose=purpose, legal_basis=legal_basis, at=clock.now(),
    )  # fmt: skip
    session.add(made)
    session.flush()  # the audit entry names it by its id
    _done(
        session, actor=actor, number=made.id, act="made",
        detail={
            "participant": participant_id, "kinds": made.kinds, "purpose": purpose, "legal_basis": legal_basis,
        },
    )  # fmt: skip
    return made


def listed(session: Session, *, participant_id: int | None, after: int | None, limit: int) -> list[Unmasking]:
    """Looks at the data of one participant, or of all, oldest first."""
    statement = select(Unmasking).where(Unmasking.id > (after or 0))
    if participant_id is not None:
        statement = statement.where(Unmasking.participant_id == participant_id)
    return list(session.scalars(statement.order_by(Unmasking.id).limit(limit)))
