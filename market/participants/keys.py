"""API keys: shown once, kept as a hash, scoped, rotated with a day of grace, revoked."""

from __future__ import annotations

import datetime as dt
import hashlib
import secrets
from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from market.core import audit, clock
from market.core.db import raw
from market.core.errors import Conflict, NotFound
from market.core.models import LIVE, TEST
from market.participants.models import ApiKey

GRACE = dt.timedelta(hours=24)
PREFIX, TEST_PREFIX = "kz_", "kz_test_"


def create(
    session: Session, *, actor: audit.Actor, label: str, scopes: Sequence[str], expires_at: dt.datetime | None = None,
    rotated_from: int | None = None, acts_as: str | None = None,
) -> tuple[ApiKey, str]:  # fmt: skip
    """A new key of the actor's user and its secret, which is never shown again.

    `acts_as`: a login of the test county, which the key opens instead of this one.
    """
    assert actor.user_id is not None
    lookup, secret = secrets.token_hex(8), secrets.token_urlsafe(32)
    key = ApiKey(
        user_id=actor.user_id, label=label, lookup=lookup, secret_hash=hashlib.sha256(secret.encode()).digest(),
        scopes=" ".join(sorted(set(scopes))), expires_at=expires_at, rotated_from=rotated_from, created_at=clock.now(),
        county=LIVE if acts_as is None else TEST, acts_as=acts_as,
    )  # fmt: skip
    session.add(key)
    session.flush()  # the audit entry names it by its id
    audit.record(
        raw(session),
        actor=actor,
        action="api_key.created",
        subject=("api_key", key.id),
        detail={"scopes": key.scopes, "county": key.county},
    )
    return key, f"{PREFIX if acts_as is None else TEST_PREFIX}{lookup}_{secret}"


def _find(session: Session, key_id: int) -> ApiKey:
    key = session.get(ApiKey, key_id, with_for_update=True)
    if key is None:
        raise NotFound("there is no such key")
    return key


def rotate(session: Session, *, actor: audit.Actor, key_id: int) -> tuple[ApiKey, str]:
    """A new key like the old one, which ends after a day. Errors: NotFound, Conflict."""
    old = _find(session, key_id)
    if old.revoked_at is not None:
        raise Conflict("the key was revoked or rotated before")
    old.revoked_at = clock.now() + GRACE
    return create(
        session,
        actor=actor,
        label=old.label,
        scopes=old.scopes.split(),
        expires_at=old.expires_at,
        rotated_from=old.id,
        acts_as=old.acts_as,
    )


def revoke(session: Session, *, actor: audit.Actor, key_id: int) -> ApiKey:
    """Ends a key now, also one in its day of grace. Errors: NotFound, Conflict."""
    key = _find(session, key_id)
    if key.revoked_at is not None and key.revoked_at <= clock.now():
        raise Conflict("the key was revoked before")
    key.revoked_at = clock.now()
    audit.record(raw(session), actor=actor, action="api_key.revoked", subject=("api_key", key_id))
    return key


def of_user(session: Session, *, user_id: int, after: int | None, limit: int) -> list[ApiKey]:
    """A user's keys, oldest first."""
    statement = select(ApiKey).where(ApiKey.user_id == user_id, ApiKey.id > (after or 0))
    return list(session.scalars(statement.order_by(ApiKey.id).limit(limit)))
