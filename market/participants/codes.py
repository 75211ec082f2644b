"""One-time codes: six digits that go to a holder's telephone, and tokens that a clerk hands over.

A code is good for five minutes and five tries, once, and only its keyed hash is kept. One a minute and five an hour go
to a telephone. Figures: demonstration; that there are such limits: GB/T 22239-2019 8.1.4.1 (from memory).
"""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
import secrets
from typing import NamedTuple

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from market.core import audit, clock
from market.core.db import raw
from market.participants.models import OneTimeCode, Participant, User

GOOD_FOR = dt.timedelta(minutes=5)
HANDED_OVER_GOOD_FOR = dt.timedelta(hours=24)
MOST_TRIES = 5
PAUSE = dt.timedelta(minutes=1)
MOST_AN_HOUR = 5
SECRET = "codes"  # noqa: S105
"""The purpose of the secret under which codes are hashed."""
SIGN_IN, RESET, PHONE, HANDED_OVER = "sign_in", "reset", "phone", "handed_over"


class Sent(NamedTuple):
    """A code on its way."""

    phone: str
    code: str


def ask(session: Session, *, secret: bytes, login: str, purpose: str, request_id: str | None) -> Sent | None:
    """A code to sign in or to reset a password with, for a participant's user who has a telephone.

    None for whoever else, and for one who has had too many: what is answered must not depend on it.
    """
    user = named(session, login)
    if user is None or user.phone is None or user.participant_id is None or user.status != "active":
        return None
    status = session.scalars(select(Participant.status).where(Participant.id == user.participant_id)).one()
    if status != "admitted" or _had_enough(session, user.phone):
        return None
    actor = audit.Actor(user_id=user.id, participant_id=user.participant_id, request_id=request_id)
    return Sent(user.phone, make(session, secret=secret, actor=actor, user=user, purpose=purpose))


def named(session: Session, said: str) -> User | None:
    """The user, locked, of a login, or of a telephone that is one participant's user's alone."""
    found = session.scalars(select(User).where(User.login == said).with_for_update()).one_or_none()
    if found is not None or not said.lstrip("+").isdecimal():
        return found
    own = select(User).where(User.phone == said, User.participant_id.is_not(None)).limit(2)
    having = session.scalars(own.with_for_update()).all()
    return having[0] if len(having) == 1 else None


def _had_enough(session: Session, phone: str) -> bool:
    now = clock.now()
    made = session.execute(
        select(func.count(), func.max(OneTimeCode.made_at))
        .join(User, User.id == OneTimeCode.user_id)
        .where(
            func.coalesce(OneTimeCode.phone, User.phone) == phone,
            OneTimeCode.purpose != HANDED_OVER,
            OneTimeCode.made_at > now - dt.timedelta(hours=1),
        )
    ).one()
    return made[0] >= MOST_AN_HOUR or (made[1] is not None and made[1] > now - PAUSE)


def may_prove(session: Session, phone: str) -> bool:
    """Whether a code may go to a telephone that somebody says is theirs."""
    return not _had_enough(session, phone)


def make(
    session: Session, *, secret: bytes, actor: audit.Actor, user: User, purpose: str, phone: str | None = None,
    reason: str | None = None,
) -> str:  # fmt: skip
    """A new code of a user, in the place of one that is open. `phone`: the one it shall prove; `reason`: a clerk's."""
    handed_over = purpose == HANDED_OVER
    code = secrets.token_urlsafe(32) if handed_over else f"{secrets.randbelow(1_000_000):06d}"
    before = _open(session, user.id, purpose)
    if before is not None:
        _end(before, "replaced")
        session.flush()  # one is open at a time
    now = clock.now()
    session.add(
        OneTimeCode(
            user_id=user.id,
            purpose=purpose,
            code_hash=_hash(secret, user.id, purpose, code),
            phone=phone,
            made_at=now,
            expires_at=now + (HANDED_OVER_GOOD_FOR if handed_over else GOOD_FOR),
        )
    )
    detail = {"purpose": purpose} | ({} if reason is None else {"reason": reason})
    audit.record(raw(session), actor=actor, action="user.code_made", subject=("user", user.id), detail=detail)
    return code


def take(session: Session, *, secret: bytes, user_id: int, purpose: str, code: str) -> OneTimeCode | None:
    """The open code if this is it, which is used by that; None, and the try is counted, if it is not.

    The caller commits also when it then refuses. A token that was handed over is too long to be guessed: whoever
    tries cannot spend it.
    """
    found = _open(session, user_id, purpose)
    kept = found.code_hash if found is not None else bytes(32)
    fits = hmac.compare_digest(_hash(secret, user_id, purpose, code), kept)
    if found is None or found.expires_at <= clock.now():
        return None
    if fits:
        _end(found, "used")
        return found
    if purpose != HANDED_OVER:
        found.tries += 1
        if found.tries >= MOST_TRIES:
            _end(found, "spent")
    return None


def prove_phone(session: Session, *, secret: bytes, user: User, code: str) -> str | None:
    """The telephone to which this code was sent for proof; None, and the try is counted, where it does not fit."""
    waiting = _open(session, user.id, PHONE)
    phone = waiting.phone if waiting is not None else None
    found = take(session, secret=secret, user_id=user.id, purpose=PHONE, code=code)
    return phone if found is not None else None


def _open(session: Session, user_id: int, purpose: str) -> OneTimeCode | None:
    statement = select(OneTimeCode).where(
        OneTimeCode.user_id == user_id, OneTimeCode.purpose == purpose, OneTimeCode.ended_at.is_(None)
    )
    return session.scalars(statement.with_for_update()).one_or_none()


def _end(code: OneTimeCode, how: str) -> None:
    code.ended_at, code.ended_how, code.phone = clock.now(), how, None


def _hash(secret: bytes, user_id: int, purpose: str, code: str) -> bytes:
    return hmac.new(secret, f"{user_id}:{purpose}:{code}".encode(), hashlib.sha256).digest()
