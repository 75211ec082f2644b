"""Sign-in: argon2 passwords, one-time codes, constant work for unknown logins, a lock after failures."""

from __future__ import annotations

import datetime as dt
import hmac

import pyotp
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import select
from sqlalchemy.orm import Session

from market.core import clock
from market.participants.errors import LockedOut, WeakPassword, WrongCredentials
from market.participants.models import User

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


def sign_in(session: Session, *, login: str, password: str, totp: str | None) -> User:
    """The user behind a login, password and (where set) one-time code.

    Errors: WrongCredentials, LockedOut (told only to who knows the password). A failure is counted: the caller
    commits also when this raises.
    """
    kept = session.execute(select(User.id, User.password_hash).where(User.login == login)).one_or_none()
    # The slow hash comes first, for every login alike: the time tells nothing, and no row is locked meanwhile.
    right = _fits(kept.password_hash if kept is not None else _NOBODY, password)
    if kept is None:
        raise WrongCredentials
    user = session.get_one(User, kept.id, with_for_update=True, populate_existing=True)
    now = clock.now()
    if user.locked_until is not None and user.locked_until > now:
        if right:
            raise LockedOut(f"locked until {user.locked_until.isoformat(timespec='seconds')}")
        raise WrongCredentials
    if not right or user.status != "active" or not _code_fits(user, totp, now):
        user.failed_sign_ins += 1
        if user.failed_sign_ins >= FAILURES_UNTIL_LOCK:
            user.failed_sign_ins, user.locked_until = 0, now + LOCKED_FOR
        raise WrongCredentials
    user.failed_sign_ins, user.locked_until = 0, None
    return user


def _code_fits(user: User, totp: str | None, now: dt.datetime) -> bool:
    """Whether the code is of this step or a neighbour, and later than the last one used, which it becomes."""
    if user.totp_secret is None:
        return True
    if not totp:
        return False
    codes = pyotp.TOTP(user.totp_secret, interval=TOTP_STEP_S)
    step = int(now.timestamp()) // TOTP_STEP_S
    for candidate in (step - 1, step, step + 1):
        fits = hmac.compare_digest(codes.at(candidate * TOTP_STEP_S).encode(), totp.encode())
        if fits and candidate > (user.totp_used_step or 0):
            user.totp_used_step = candidate
            return True
    return False
