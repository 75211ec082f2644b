"""Passwords changed by their user, or set anew with a code that was sent to a telephone or handed over by a clerk."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from market.core import audit
from market.core.db import raw
from market.core.errors import NotFound
from market.participants import codes, passwords, sessions
from market.participants.errors import WrongCredentials
from market.participants.models import User
from market.participants.sign_in_errors import SamePassword


def change(session: Session, *, actor: audit.Actor, user: User, old: str, new: str) -> int:
    """A new password; every other session ends, how many is returned. Whoever asks has proved who it is.

    Errors: WeakPassword, SamePassword.
    """
    if old == new:
        raise SamePassword("choose another", pointer="/new")
    user.password_hash = passwords.hashed(new)
    ended = sessions.end_all(session, user=user, how="password", but=sessions.of_actor(actor))
    audit.record(
        raw(session),
        actor=actor,
        action="user.password_changed",
        subject=("user", user.id),
        detail={"ended": ended},
    )
    return ended


def hand_over(session: Session, *, secret: bytes, actor: audit.Actor, user: User, reason: str) -> str:
    """A token with which a user sets a new password within a day; whoever made it gives it to that person."""
    return codes.make(
        session, secret=secret, actor=actor, user=user, purpose=codes.HANDED_OVER, reason=reason
    )


def of_participant(session: Session, *, participant_id: int, login: str) -> User:
    """A participant's user, locked. Errors: NotFound."""
    statement = select(User).where(User.participant_id == participant_id, User.login == login)
    found = session.scalars(statement.with_for_update()).one_or_none()
    if found is None:
        raise NotFound("the participant has no such user", pointer="/login")
    return found


def reset(
    session: Session, *, secret: bytes, login: str, code: str, password: str, request_id: str | None
) -> None:
    """Sets a new password with a code; every session ends and a lock is lifted. API keys go on.

    Errors: WeakPassword, WrongCredentials (whatever does not fit). A try is counted: the caller commits also then.
    """
    made = passwords.hashed(password)  # first, and for everybody: the time tells nothing
    user = codes.named(session, login)
    purpose = codes.RESET if len(code) == 6 else codes.HANDED_OVER
    number = user.id if user is not None else 0
    if codes.take(session, secret=secret, user_id=number, purpose=purpose, code=code) is None or user is None:
        raise WrongCredentials
    user.password_hash, user.failed_sign_ins, user.locked_until = made, 0, None
    sessions.end_all(session, user=user, how="password")
    actor = audit.Actor(user_id=user.id, participant_id=user.participant_id, request_id=request_id)
    audit.record(
        raw(session),
        actor=actor,
        action="user.password_reset",
        subject=("user", user.id),
        detail={"by": purpose},
    )
