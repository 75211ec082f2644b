"""Sessions of users: how long they last, which are open, and their ends."""

from __future__ import annotations

import datetime as dt
from typing import Any, cast

from sqlalchemy import CursorResult, or_, select, update
from sqlalchemy.orm import Session

from market.core import audit, clock
from market.core.config import Settings
from market.core.db import raw
from market.core.errors import NotFound
from market.participants.models import SignIn, User
from market.participants.sign_in_errors import SessionEnded

_ORIGIN = "sign_in:"


def limits(settings: Settings, *, bureau: bool) -> tuple[dt.timedelta, dt.timedelta]:
    """How long a user's session lasts without being renewed, and altogether: shorter at the bureau.

    Source: GB/T 22239-2019 8.1.4.1 (from memory) asks for an end to idle sessions; the figures are settings.
    """
    if bureau:
        return dt.timedelta(minutes=settings.bureau_idle_minutes), dt.timedelta(
            hours=settings.bureau_session_hours
        )
    return dt.timedelta(minutes=settings.idle_minutes), dt.timedelta(hours=settings.session_hours)


def of_actor(actor: audit.Actor) -> int | None:
    """The session through which somebody acts; None for an API key."""
    origin = actor.origin or ""
    return int(origin.removeprefix(_ORIGIN)) if origin.startswith(_ORIGIN) else None


def open_ones(session: Session, settings: Settings, user: User) -> list[SignIn]:
    """The sessions of a user that have not ended, newest first."""
    idle, _ = limits(settings, bureau=user.participant_id is None)
    now = clock.now()
    statement = select(SignIn).where(
        SignIn.user_id == user.id, SignIn.ended_at.is_(None), SignIn.last_used_at > now - idle,
        or_(SignIn.ends_at.is_(None), SignIn.ends_at > now),
    )  # fmt: skip
    return list(session.scalars(statement.order_by(SignIn.id.desc())))


def end_one(session: Session, *, actor: audit.Actor, sign_in_id: int) -> None:
    """Ends one of the actor's own sessions. Errors: NotFound, SessionEnded."""
    found = session.get(SignIn, sign_in_id, with_for_update=True)
    if found is None or found.user_id != actor.user_id:
        raise NotFound("there is no such session")
    if found.ended_at is not None:
        raise SessionEnded
    found.ended_at, found.ended_how = clock.now(), "elsewhere"
    audit.record(raw(session), actor=actor, action="session.ended_elsewhere", subject=("sign_in", sign_in_id))


def end_all(session: Session, *, user: User, how: str, but: int | None = None) -> int:
    """Ends a user's sessions, but for one if it is named; how many. Within two seconds nothing is open to them."""
    if but is None:
        user.token_generation += 1  # also tokens of which no session is known
    statement = (
        update(SignIn)
        .where(SignIn.user_id == user.id, SignIn.ended_at.is_(None), SignIn.id != (but or 0))
        .values(ended_at=clock.now(), ended_how=how)
    )
    return cast("CursorResult[Any]", session.execute(statement)).rowcount


def sign_out_everywhere(session: Session, *, actor: audit.Actor, but_this: bool) -> int:
    """Ends every session of the actor's user, or every other one; how many."""
    assert actor.user_id is not None
    user = session.get_one(User, actor.user_id, with_for_update=True)
    but = of_actor(actor) if but_this else None
    ended = end_all(session, user=user, how="everywhere", but=but)
    audit.record(
        raw(session), actor=actor, action="session.ended_everywhere", subject=("user", user.id),
        detail={"ended": ended, "but_this": but_this},
    )  # fmt: skip
    return ended
