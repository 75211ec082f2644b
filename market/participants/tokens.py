"""Access and refresh tokens: issued at sign-in, rotated at refresh, ended at sign-out.

Both are JWT (HS256) of one generation of the user's: raising `users.token_generation` ends them all. A refresh token
works once; when a used or signed-out one comes again, somebody copied it, and the whole generation is ended.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from flask import Flask, current_app
from flask_jwt_extended import (
    JWTManager,
    create_access_token,
    create_refresh_token,
    decode_token,
    get_csrf_token,
)
from flask_jwt_extended.exceptions import JWTExtendedException
from jwt.exceptions import PyJWTError
from sqlalchemy import select, text, update
from sqlalchemy.orm import Session

from market.core import audit, clock, db
from market.core.audit import Actor
from market.core.config import Settings
from market.core.errors import NotAuthenticated
from market.participants import sessions
from market.participants.models import Participant, SignIn, User, UserRole
from market.participants.policy import needs_totp

ACCESS_COOKIE = "karez_access"
REFRESH_COOKIE = "karez_refresh"
CSRF_HEADER = "X-CSRF-TOKEN"
ACCESS_LIFE = dt.timedelta(minutes=15)
ENROLLING = "enroll"
"""The claim of a session that may set up one-time codes and nothing else."""
LONGEST_SITTING = dt.timedelta(hours=12)
"""So long a session of pages lasts at most, if its user's limit is not shorter, however much is read; without
reading, ACCESS_LIFE.
"""
LONGEST_PROGRAM = 200

# One row a jti: of two that use it at once, the second inserts nothing.
_END_SQL = text(
    "INSERT INTO revoked_tokens (jti, user_id, expires_at) VALUES (:jti, :user_id, :expires_at)"
    " ON CONFLICT (jti) DO NOTHING RETURNING jti"
)
_SWEEP_SQL = text("DELETE FROM revoked_tokens WHERE user_id = :user_id AND expires_at < :now")


@dataclass(frozen=True)
class Tokens:
    """What a sign-in gives; `expires_in` and `refresh_expires_in` seconds the two tokens end."""

    access_token: str
    refresh_token: str
    csrf: str
    refresh_csrf: str
    expires_in: int
    refresh_expires_in: int
    must_set_up_totp: bool = False


def configure(app: Flask, settings: Settings) -> None:
    """Gives an app the key of its tokens, and the settings that say how long they last."""
    app.config["KAREZ"] = settings
    app.config["JWT_SECRET_KEY"] = settings.secret("jwt").hex()
    app.config["JWT_ALGORITHM"] = "HS256"
    app.config["JWT_TOKEN_LOCATION"] = ["headers", "cookies"]  # with cookies: every token gets a CSRF value
    JWTManager(app)


# Tokens whose signature was checked before: (database, token) -> claims. An order costs a look-up.
_verified: dict[tuple[str, str], dict[str, Any]] = {}
_MOST_VERIFIED = 20_000


def is_known(url: str, token: str) -> bool:
    """Whether this process has verified the token's signature before (it may have ended since)."""
    return (url, token) in _verified


def decode(settings: Settings, token: str, *, kind: str) -> dict[str, Any]:
    """The claims of an "access" or "refresh" token, its signature and end checked. Errors: NotAuthenticated."""
    name = (settings.url(), token)
    claims = _verified.get(name)
    if claims is None:
        try:
            claims = decode_token(token, allow_expired=True)
        except (PyJWTError, JWTExtendedException, ValueError) as error:
            raise NotAuthenticated("the token is not valid") from error
        if len(_verified) >= _MOST_VERIFIED:
            _verified.clear()
        _verified[name] = claims
    if claims.get("type") != kind:
        raise NotAuthenticated(f"this is no {kind} token")
    if _expiry(claims) <= clock.now():  # by the market's clock, not the library's
        raise NotAuthenticated("the token has expired")
    return claims


def csrf_of(settings: Settings, token: str, *, kind: str = "access") -> str:
    """What an unsafe request by cookie must send in CSRF_HEADER. Errors: NotAuthenticated."""
    return str(decode(settings, token, kind=kind)["csrf"])


def _expiry(claims: dict[str, Any]) -> dt.datetime:
    return dt.datetime.fromtimestamp(claims["exp"], dt.UTC)


@dataclass(frozen=True)
class Place:
    """From where somebody signs in: network address and program. Personal data: kept beside the sign-in, for a time."""

    address: str | None = None
    program: str | None = None


NOWHERE = Place()


def sign_in(session: Session, user: User, place: Place = NOWHERE) -> Tokens:
    """Opens a session for a user who has proved who it is. Errors: NotAuthenticated (who may not sign in now)."""
    _check_active(session, user)
    program = None if place.program is None else place.program[:LONGEST_PROGRAM]
    now = clock.now()
    _, longest = sessions.limits(_settings(), bureau=user.participant_id is None)
    made = SignIn(
        user_id=user.id,
        at=now,
        address=place.address,
        program=program,
        last_used_at=now,
        ends_at=now + longest,
    )
    session.add(made)
    session.flush()  # the tokens name it
    return _issue(session, user, made)


def _settings() -> Settings:
    found: Settings = current_app.config["KAREZ"]
    return found


def _issue(session: Session, user: User, own: SignIn) -> Tokens:
    """A new pair for a session, whose end is the end of its refresh token. Errors: NotAuthenticated."""
    _check_active(session, user)
    settings, now = _settings(), clock.now()
    idle, _ = sessions.limits(settings, bureau=user.participant_id is None)
    end = now + idle if own.ends_at is None else min(now + idle, own.ends_at)
    if end <= now:
        raise NotAuthenticated("the session has lasted long enough: sign in again")
    own.last_used_at = now
    roles = sorted(session.scalars(select(UserRole.role).where(UserRole.user_id == user.id)))
    enrolling = user.totp_secret is None and needs_totp(roles, settings.totp_roles)
    generation = {"gen": user.token_generation, "sid": own.id} | ({"for": ENROLLING} if enrolling else {})
    access_end = min(now + ACCESS_LIFE, end)
    access = create_access_token(
        str(user.id),
        expires_delta=False,  # the end of a token is by the market's clock
        additional_claims=generation
        | {"exp": int(access_end.timestamp()), "par": user.participant_id, "roles": roles},
    )
    refresh = create_refresh_token(
        str(user.id), expires_delta=False, additional_claims=generation | {"exp": int(end.timestamp())}
    )
    return Tokens(
        access_token=access,
        refresh_token=refresh,
        csrf=get_csrf_token(access),
        refresh_csrf=get_csrf_token(refresh),
        expires_in=int((access_end - now).total_seconds()),
        refresh_expires_in=int((end - now).total_seconds()),
        must_set_up_totp=enrolling,
    )


def prolonged(settings: Settings, access_token: str) -> str | None:
    """A later access token of the same session, for pages; None while the old one is fresh, or once it is too long.

    Errors: NotAuthenticated.
    """
    claims = decode(settings, access_token, kind="access")
    began, now = dt.datetime.fromtimestamp(claims.get("since", claims["iat"]), dt.UTC), clock.now()
    _, longest = sessions.limits(settings, bureau=claims["par"] is None)
    if _expiry(claims) - now > ACCESS_LIFE * 2 / 3 or now - began > min(LONGEST_SITTING, longest):
        return None
    with db.transaction(settings.url()) as session:
        session.execute(update(SignIn).where(SignIn.id == claims["sid"]).values(last_used_at=now))
    kept = {name: claims[name] for name in ("gen", "sid", "par", "roles", "for") if name in claims}
    return create_access_token(
        claims["sub"],
        expires_delta=False,
        additional_claims=kept
        | {
            "exp": int((now + ACCESS_LIFE).timestamp()),
            "since": int(began.timestamp()),
            "csrf": claims["csrf"],
        },
    )


def _check_active(session: Session, user: User) -> None:
    if user.status == "suspended":
        raise NotAuthenticated("this sign-in is not active")
    if user.participant_id is not None:
        status = session.scalars(
            select(Participant.status).where(Participant.id == user.participant_id)
        ).one()
        if status != "admitted":
            raise NotAuthenticated(f"the participant is {status}")
    if user.status != "active":
        raise NotAuthenticated("this sign-in is not active")


def sign_in_of(session: Session, sign_in_id: int) -> SignIn | None:
    """One sign-in; None where there is none."""
    return session.get(SignIn, sign_in_id)


def participant_of(session: Session, sign_in: SignIn) -> int | None:
    """The participant whose user signed in; None for a user of the bureau."""
    return session.scalars(select(User.participant_id).where(User.id == sign_in.user_id)).one()


def rotate(
    session: Session, settings: Settings, *, refresh_token: str, request_id: str | None
) -> Tokens | None:
    """A new pair for a refresh token that was not used before.

    None when it was used before: every session of the user is ended then, which the caller must commit before it
    answers TokenReused. Errors: NotAuthenticated.
    """
    claims = decode(settings, refresh_token, kind="refresh")
    user = session.get(User, int(claims["sub"]), with_for_update=True)
    own = session.get(SignIn, int(claims["sid"]))
    if user is None or own is None or own.ended_at is not None or user.token_generation != claims["gen"]:
        raise NotAuthenticated("the session was ended")
    if not _end(session, claims):
        sessions.end_all(session, user=user, how="reused")
        actor = Actor(user_id=user.id, participant_id=user.participant_id, request_id=request_id)
        audit.record(db.raw(session), actor=actor, action="session.reuse_found", subject=("user", user.id))
        return None
    return _issue(session, user, own)


def sign_out(
    session: Session, settings: Settings, *, access_token: str, refresh_token: str | None, actor: Actor
) -> None:
    """Ends a session: its access token, and its refresh token if it is given. Errors: NotAuthenticated."""
    claims = decode(settings, access_token, kind="access")
    _end(session, claims)
    if refresh_token:
        other = decode(settings, refresh_token, kind="refresh")
        if other["sub"] != claims["sub"]:
            raise NotAuthenticated("the refresh token is of another user")
        _end(session, other)
    own = session.get(SignIn, int(claims["sid"]))
    if own is not None and own.ended_at is None:
        own.ended_at, own.ended_how = clock.now(), "signed_out"
    session.execute(_SWEEP_SQL, {"user_id": int(claims["sub"]), "now": clock.now()})
    audit.record(db.raw(session), actor=actor, action="session.ended", subject=("user", int(claims["sub"])))


def _end(session: Session, claims: dict[str, Any]) -> bool:
    """Whether this token was not ended before."""
    values = {
        "jti": claims["jti"],
        "user_id": int(claims["sub"]),
        "expires_at": _expiry(claims),
    }
    return session.execute(_END_SQL, values).one_or_none() is not None
