"""Sign-in: argon2 passwords, one-time codes, constant work for unknown logins, a lock after failures."""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac

import pyotp
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import select
from sqlalchemy.orm import Session

from market.core import audit, clock
from market.core.db import raw
from market.participants import codes
from market.participants.errors import LockedOut, WeakPassword, WrongCredentials
from market.participants.models import RecoveryCode, User
from market.participants.sign_in_errors import WrongPassword

# OWASP password storage cheat sheet: argon2id, 19 MiB, two passes, one lane.
_HASHER = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
_NOBODY = _HASHER.hash("the password of nobody")
FAILURES_UNTIL_LOCK = 8
LOCKED_FOR = dt.timedelta(minutes=15)
TOTP_STEP_S = 30
SHORTEST, LONGEST = 10, 256


def hashed(password: str) -> str:
    """The hash to keep of a password of 10 to 256 characters. Errors: WeakPassword."""
    if not SHORTEST <= len(password) <= LONGEST or len(set(password)) < 4:
        raise WeakPassword(f"a password has {SHORTEST} to {LONGEST} characters", pointer="/password")
    return _HASHER.hash(password)


def _fits(kept: str, password: str) -> bool:
    try:
        return _HASHER.verify(kept, password)
    except (VerificationError, InvalidHashError):
        return False


def sign_in(
    session: Session, *, login: str, password: str, totp: str | None, recovery_code: str | None = None
) -> User:
    """The user behind a login, password and (where set) one-time code, or a recovery code in its place.

    Errors: WrongCredentials, LockedOut (told only to who knows the password). A failure is counted: the caller
    commits also when this raises.
    """
    kept = session.execute(select(User.id, User.password_hash).where(User.login == login)).one_or_none()
    # The slow hash comes first, for every login alike: the time tells nothing, and no row is locked meanwhile.
    right = _fits(kept.password_hash if kept is not None else _NOBODY, password)
    if kept is None:
        raise WrongCredentials
    user = session.get_one(User, kept.id, with_for_update=True, populate_existing=True)
    _prove(session, user, right, totp, recovery_code)
    return user


def sign_in_by_code(
    session: Session,
    *,
    secret: bytes,
    login: str,
    code: str,
    totp: str | None,
    recovery_code: str | None = None,
) -> User:
    """The user behind a login and a code that was sent to its telephone. Errors and commit: as `sign_in`."""
    _fits(_NOBODY, code)  # as long as a password takes, for every login alike
    user = codes.named(session, login)
    found = codes.take(
        session, secret=secret, user_id=user.id if user is not None else 0, purpose=codes.SIGN_IN, code=code
    )
    if user is None or found is None:
        raise WrongCredentials
    _prove(session, user, True, totp, recovery_code)
    return user


def prove(
    session: Session, *, user_id: int, password: str, totp: str | None, recovery_code: str | None = None
) -> User:
    """The user of a session, locked, who proves again who it is before its sign-in changes.

    Errors: WrongPassword, LockedOut. A failure is counted: the caller commits also when this raises.
    """
    kept = session.scalars(select(User.password_hash).where(User.id == user_id)).one()
    right = _fits(kept, password)
    user = session.get_one(User, user_id, with_for_update=True, populate_existing=True)
    try:
        _prove(session, user, right, totp, recovery_code)
    except WrongCredentials as error:
        raise WrongPassword from error
    return user


def _prove(session: Session, user: User, right: bool, totp: str | None, recovery_code: str | None) -> None:
    now = clock.now()
    if user.locked_until is not None and user.locked_until > now:
        if right:
            raise LockedOut(f"locked until {user.locked_until.isoformat(timespec='seconds')}")
        raise WrongCredentials
    if not right or user.status != "active" or not _second_fits(session, user, totp, recovery_code):
        user.failed_sign_ins += 1
        if user.failed_sign_ins >= FAILURES_UNTIL_LOCK:
            user.failed_sign_ins, user.locked_until = 0, now + LOCKED_FOR
        raise WrongCredentials
    user.failed_sign_ins, user.locked_until = 0, None


def _second_fits(session: Session, user: User, totp: str | None, recovery_code: str | None) -> bool:
    """Whether the code is good for a user who has set codes up; it is used by that."""
    if user.totp_secret is None:
        return True
    if totp:
        step = totp_step(user.totp_secret, totp, after=user.totp_used_step or 0)
        if step is not None:
            user.totp_used_step = step
        return step is not None
    return recovery_code is not None and _recovered(session, user, recovery_code)


def totp_step(secret: str, code: str, *, after: int) -> int | None:
    """The step that a code is of: this one or a neighbour, and later than the last one used; None for no such."""
    codes_ = pyotp.TOTP(secret, interval=TOTP_STEP_S)
    step = int(clock.now().timestamp()) // TOTP_STEP_S
    for candidate in (step - 1, step, step + 1):
        fits = hmac.compare_digest(codes_.at(candidate * TOTP_STEP_S).encode(), code.encode())
        if fits and candidate > after:
            return candidate
    return None


def recovery_hash(code: str) -> bytes:
    """The hash to keep of a recovery code; it has 64 random bits, so no slow hash is needed."""
    return hashlib.sha256(code.replace("-", "").lower().encode()).digest()


def _recovered(session: Session, user: User, code: str) -> bool:
    statement = select(RecoveryCode).where(
        RecoveryCode.user_id == user.id,
        RecoveryCode.code_hash == recovery_hash(code),
        RecoveryCode.used_at.is_(None),
    )
    found = session.scalars(statement.with_for_update()).one_or_none()
    if found is None:
        return False
    found.used_at = clock.now()
    actor = audit.Actor(user_id=user.id, participant_id=user.participant_id)
    audit.record(raw(session), actor=actor, action="user.recovery_code_used", subject=("user", user.id))
    return True
