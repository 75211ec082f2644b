"""One-time codes of an authenticator (RFC 6238): set up by their user, given up, taken away by the administrator."""

from __future__ import annotations

import secrets
from typing import NamedTuple

import pyotp
from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from market.core import audit, clock
from market.core.db import raw
from market.participants import passwords, policy, sessions, users
from market.participants.models import RecoveryCode, User
from market.participants.sign_in_errors import TotpState, TotpStays, WrongCode

ISSUER = "Karez"
RECOVERY_CODES = 10


class Secret(NamedTuple):
    """What an authenticator is told, once: base32, and the same as an address that it reads from a picture."""

    secret: str
    uri: str


def begin(session: Session, *, actor: audit.Actor, user: User) -> Secret:
    """A new secret for a user, which counts once it was proved with a code. Whoever asks has proved who it is."""
    secret = pyotp.random_base32()
    user.totp_pending = secret
    audit.record(raw(session), actor=actor, action="user.totp_begun", subject=("user", user.id))
    return Secret(secret, pyotp.TOTP(secret).provisioning_uri(name=user.login, issuer_name=ISSUER))


def confirm(session: Session, *, actor: audit.Actor, user: User, code: str) -> list[str]:
    """Puts the new secret in force with its first code; the recovery codes, which are shown this once.

    Errors: TotpState (there is none), WrongCode.
    """
    if user.totp_pending is None:
        raise TotpState("ask for a secret first")
    step = passwords.totp_step(user.totp_pending, code, after=0)
    if step is None:
        raise WrongCode("the code does not fit the new secret", pointer="/code")
    user.totp_secret, user.totp_used_step, user.totp_pending = user.totp_pending, step, None
    codes = [_readable(secrets.token_hex(8)) for _ in range(RECOVERY_CODES)]
    _forget_recovery(session, user.id)
    session.add_all(
        RecoveryCode(user_id=user.id, code_hash=passwords.recovery_hash(each), made_at=clock.now())
        for each in codes
    )
    audit.record(raw(session), actor=actor, action="user.totp_set", subject=("user", user.id))
    return codes


def _readable(text: str) -> str:
    return "-".join(text[start : start + 4] for start in range(0, len(text), 4))


def _forget_recovery(session: Session, user_id: int) -> None:
    session.execute(delete(RecoveryCode).where(RecoveryCode.user_id == user_id))


def give_up(session: Session, *, actor: audit.Actor, user: User, required_of: str) -> None:
    """A user goes without one-time codes from now on. Errors: TotpState, TotpStays (its role needs them)."""
    if user.totp_secret is None:
        raise TotpState("there is none in force")
    if policy.needs_totp(users.roles_of(session, [user.id])[user.id], required_of):
        raise TotpStays("set up a new secret instead")
    _clear(session, user)
    audit.record(raw(session), actor=actor, action="user.totp_given_up", subject=("user", user.id))


def take_away(session: Session, *, actor: audit.Actor, user_id: int, reason: str) -> User:
    """The administrator helps a user of the bureau who has lost authenticator and recovery codes; its sessions end.

    Errors: NotFound, TotpState.
    """
    user = users.find(session, user_id)
    if user.totp_secret is None:
        raise TotpState("there is none in force")
    _clear(session, user)
    sessions.end_all(session, user=user, how="everywhere")
    audit.record(
        raw(session),
        actor=actor,
        action="user.totp_taken_away",
        subject=("user", user_id),
        detail={"reason": reason},
    )
    return user


def _clear(session: Session, user: User) -> None:
    user.totp_secret = user.totp_pending = user.totp_used_step = None
    _forget_recovery(session, user.id)


def recovery_codes_left(session: Session, user_id: int) -> int:
    """How many recovery codes a user has not used."""
    statement = select(func.count()).select_from(RecoveryCode)
    return session.scalars(
        statement.where(RecoveryCode.user_id == user_id, RecoveryCode.used_at.is_(None))
    ).one()
