"""Users of the bureau: made, given roles and suspended by the administrator."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import delete, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from market.core import audit, clock
from market.core.db import raw
from market.core.errors import NotFound
from market.participants import passwords, policy, sessions
from market.participants.errors import LoginTaken, RolesNotForKind
from market.participants.models import User, UserRole


def create(
    session: Session, *, actor: audit.Actor, login: str, name: str, password: str, roles: Sequence[str],
    totp_secret: str | None = None,
) -> User:  # fmt: skip
    """A new user of the bureau. Errors: RolesNotForKind, LoginTaken."""
    _check(roles)
    user = User(
        login=login,
        name=name,
        password_hash=passwords.hashed(password),
        status="active",
        totp_secret=totp_secret,
    )
    try:
        with session.begin_nested():
            session.add(user)
    except IntegrityError as error:
        raise LoginTaken("the login is taken", pointer="/login") from error
    _grant(session, user.id, roles, actor)
    audit.record(
        raw(session),
        actor=actor,
        action="user.created",
        subject=("user", user.id),
        detail={"roles": sorted(set(roles))},
    )
    return user


def _check(roles: Sequence[str]) -> None:
    problem = policy.wrong_bureau_roles(roles)
    if problem:
        raise RolesNotForKind(problem, pointer="/roles")


def _grant(session: Session, user_id: int, roles: Sequence[str], actor: audit.Actor) -> None:
    session.add_all(
        UserRole(user_id=user_id, role=role, granted_by=actor.user_id, granted_at=clock.now())
        for role in sorted(set(roles))
    )


def find(session: Session, user_id: int) -> User:
    """A user of the bureau, locked. Errors: NotFound."""
    user = session.get(User, user_id, with_for_update=True)
    if user is None or user.participant_id is not None:
        raise NotFound("there is no such user of the bureau")
    return user


def roles_of(session: Session, user_ids: Sequence[int]) -> dict[int, list[str]]:
    """The roles of these users."""
    found: dict[int, list[str]] = {user_id: [] for user_id in user_ids}
    rows = session.execute(
        select(UserRole.user_id, UserRole.role).where(UserRole.user_id.in_(user_ids)).order_by(UserRole.role)
    )
    for user_id, role in rows:
        found[user_id].append(role)
    return found


def set_roles(session: Session, *, actor: audit.Actor, user_id: int, roles: Sequence[str]) -> User:
    """Gives a user of the bureau these roles and no others; its tokens end. Errors: NotFound, RolesNotForKind."""
    user = find(session, user_id)
    _check(roles)
    before = roles_of(session, [user_id])[user_id]
    session.execute(delete(UserRole).where(UserRole.user_id == user_id))
    _grant(session, user_id, roles, actor)
    sessions.end_all(session, user=user, how="everywhere")
    audit.record(
        raw(session), actor=actor, action="user.roles_set", subject=("user", user_id),
        detail={"before": before, "after": sorted(set(roles))},
    )  # fmt: skip
    return user


def set_status(session: Session, *, actor: audit.Actor, user_id: int, status: str, reason: str) -> User:
    """Suspends a user of the bureau, or lets it sign in again; its tokens end. Errors: NotFound."""
    user = find(session, user_id)
    before, user.status = user.status, status
    sessions.end_all(session, user=user, how="suspended")
    audit.record(
        raw(session), actor=actor, action="user.status_set", subject=("user", user_id),
        detail={"before": before, "after": status, "reason": reason},
    )  # fmt: skip
    return user


def listed(session: Session, *, after: int | None, limit: int) -> list[User]:
    """Users of the bureau, by id."""
    statement = select(User).where(User.participant_id.is_(None), User.id > (after or 0))
    return list(session.scalars(statement.order_by(User.id).limit(limit)))
