"""Who asks: from a token, a cookie or an API key to an actor with roles, a participant and maybe a mandate.

What a token or key says is held against what is known of its user now: suspended, signed out everywhere, its roles.
That knowledge is cached in each process for FRESH_S seconds, so that an order costs no query for it, and a
suspension or sign-out bites within that time.
"""

from __future__ import annotations

import hashlib
import hmac
import time
from dataclasses import dataclass
from typing import Any, LiteralString

from flask import Request

from market.core import audit, clock, db, ids
from market.core.config import Settings
from market.core.errors import NotAuthenticated, NotFound, UnknownId
from market.core.kept import kept
from market.core.models import LIVE, TEST
from market.participants import tokens
from market.participants.errors import CsrfFailed, NoMandate, ScopeMissing, TestKeyRefused
from market.participants.keys import TEST_PREFIX
from market.participants.sign_in_errors import TotpRequired

FRESH_S = 2.0
BEARER = "Bearer "
TEST_KEY = f"Bearer {TEST_PREFIX}"
"""How an Authorization header with a key of the test county begins."""
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
EVERY_SCOPE = frozenset({"read", "trade", "keys", "enroll"})
ENROLLING = frozenset({"enroll"})
"""Of a session that may set up one-time codes and nothing else: its role needs them, and there are none yet."""


@dataclass(frozen=True, slots=True)
class AccessActor:
    """Who asks: the user, the participant it acts for (None at the bureau), its roles, and under which mandate."""

    user_id: int
    participant_id: int | None
    roles: frozenset[str]
    mandate_id: int | None
    scopes: frozenset[str]
    request_id: str
    origin: str | None = None

    @property
    def audit(self) -> audit.Actor:
        """The actor as the audit trail names it."""
        return audit.Actor(self.user_id, self.participant_id, self.mandate_id, self.request_id, self.origin)


@dataclass(frozen=True, slots=True)
class _User:
    generation: int
    active: bool
    roles: frozenset[str]
    participant_id: int | None
    signed_out: bool


@dataclass(frozen=True, slots=True)
class _Key:
    id: int
    user_id: int
    secret_hash: bytes
    scopes: frozenset[str]
    acts_as: str | None


_kept: dict[tuple[str, str, Any], tuple[float, Any]] = kept()
_MOST_KEPT = 50_000

_USER_SQL: LiteralString = """
SELECT u.token_generation, u.status = 'active' AND coalesce(p.status, 'admitted') = 'admitted',
       ARRAY(SELECT role FROM user_roles r WHERE r.user_id = u.id), u.participant_id,
       EXISTS (SELECT FROM revoked_tokens t WHERE t.jti = %(jti)s)
         OR EXISTS (SELECT FROM sign_ins s WHERE s.id = %(sid)s::bigint AND s.ended_at IS NOT NULL)
FROM users u LEFT JOIN participants p ON p.id = u.participant_id WHERE u.id = %(id)s
"""
_KEY_SQL: LiteralString = """
SELECT id, user_id, secret_hash, scopes, acts_as FROM api_keys
WHERE lookup = %(lookup)s AND county = %(county)s
  AND (revoked_at IS NULL OR revoked_at > %(now)s) AND (expires_at IS NULL OR expires_at > %(now)s)
"""
_LOGIN_SQL: LiteralString = "SELECT id FROM users WHERE login = %(login)s"
_MANDATE_SQL: LiteralString = """
SELECT m.id, m.scope FROM mandates m JOIN participants p ON p.id = m.participant_id
WHERE m.participant_id = %(participant)s AND m.clerk_user_id = %(user)s AND m.revoked_at IS NULL
  AND m.valid_from <= %(now)s AND m.valid_to > %(now)s AND p.status = 'admitted'
ORDER BY m.scope DESC LIMIT 1
"""


def not_there(pointer: str) -> NotFound:
    """What another's thing is answered with."""
    return NotFound("there is no such thing", pointer=pointer)


def authenticate(request: Request, settings: Settings, *, scope: str, request_id: str) -> AccessActor:
    """The actor of a request. Errors: NotAuthenticated, ScopeMissing, CsrfFailed, NoMandate."""
    header = request.headers.get("Authorization", "")
    if header.startswith(BEARER):
        found = of_bearer(settings, header, scope=scope, request_id=request_id)
    elif tokens.ACCESS_COOKIE in request.cookies:
        found = _actor(*_of_cookie(settings, request), scope, request_id)
    else:
        raise NotAuthenticated("send a bearer token or an API key")
    acting_for = request.headers.get("X-Acting-For")
    if acting_for is None:
        return found
    participant, mandate = _mandate(settings, found.user_id, acting_for, scope)
    return AccessActor(
        found.user_id, participant, frozenset({"holder"}), mandate, found.scopes - {"keys", "enroll"}, request_id,
        found.origin,
    )  # fmt: skip


def of_bearer(settings: Settings, header: str, *, scope: str, request_id: str) -> AccessActor:
    """The actor whom an Authorization header (BEARER and a token or a key) names, acting for itself.

    Errors: NotAuthenticated, ScopeMissing.
    """
    sent = header.removeprefix(BEARER)
    if not is_key(header):
        return _actor(*_of_token(settings, sent), scope, request_id)
    if settings.keys_url is not None:
        return _of_test_key(settings, settings.keys_url, sent, scope, request_id)
    if sent.startswith(TEST_PREFIX):
        raise TestKeyRefused("this installation has no test county: start it with `karez up --test-county`")
    key = _of_key(settings.url(), sent, LIVE)
    user = _user(settings, key.user_id)
    return _actor(key.user_id, user, f"api_key:{key.id}", key.scopes, scope, request_id)


def _of_test_key(settings: Settings, keys_url: str, sent: str, scope: str, request_id: str) -> AccessActor:
    """Who a key of the live county is in the test county. The key ends with its user, there as here."""
    key = _of_key(keys_url, sent.replace(TEST_PREFIX, "kz_", 1), TEST)
    owner = _user_of(keys_url, key.user_id)
    if owner is None or not owner.active:
        raise NotAuthenticated("this sign-in is not active")

    def read() -> int | None:
        row = db.look_up(settings.url(), _LOGIN_SQL, {"login": key.acts_as})
        return None if row is None else int(row[0])

    user_id = _fresh(settings.url(), "login", key.acts_as, read)
    if user_id is None:
        raise NotAuthenticated("the test county has no such user any more")
    return _actor(user_id, _user(settings, user_id), f"api_key:{key.id}", key.scopes, scope, request_id)


def is_key(header: str) -> bool:
    """Whether an Authorization header names an API key."""
    return header.startswith("Bearer kz_")


def _actor(
    user_id: int, user: _User | None, origin: str, scopes: frozenset[str], scope: str, request_id: str
) -> AccessActor:
    if user is None or not user.active:
        raise NotAuthenticated("this sign-in is not active")
    if scope not in scopes and scopes == ENROLLING:
        raise TotpRequired("POST /v1/me/totp")
    if scope not in scopes:
        raise ScopeMissing(f"this needs the scope {scope}")
    return AccessActor(user_id, user.participant_id, user.roles, None, scopes, request_id, origin)


def _fresh(url: str, kind: str, name: Any, read: Any) -> Any:
    """A cached answer that is at most FRESH_S old."""
    key = (url, kind, name)
    now = time.monotonic()
    found = _kept.get(key)
    if found is not None and now - found[0] < FRESH_S:
        return found[1]
    value = read()
    if len(_kept) > _MOST_KEPT:
        _kept.clear()
    _kept[key] = (now, value)
    return value


def forget(settings: Settings) -> None:
    """Drops what this process has cached (after a change that must bite here at once)."""
    for key in [key for key in _kept if key[0] == (settings.database_url or "")]:
        _kept.pop(key, None)


def _user(
    settings: Settings, user_id: int, jti: str | None = None, sign_in_id: int | None = None
) -> _User | None:
    """What is known of a user now and of the token (by its id, its session) that names it; None for an unknown user."""
    return _user_of(settings.url(), user_id, jti, sign_in_id)


def _user_of(url: str, user_id: int, jti: str | None = None, sign_in_id: int | None = None) -> _User | None:
    def read() -> _User | None:
        row = db.look_up(url, _USER_SQL, {"id": user_id, "jti": jti, "sid": sign_in_id})
        return None if row is None else _User(row[0], bool(row[1]), frozenset(row[2]), row[3], row[4])

    found: _User | None = _fresh(url, "user", (user_id, jti), read)
    return found


def _of_token(settings: Settings, token: str) -> tuple[int, _User, str, frozenset[str]]:
    claims = tokens.decode(settings, token, kind="access")
    user_id = int(claims["sub"])
    user = _user(settings, user_id, claims["jti"], int(claims["sid"]))
    if user is None or claims["gen"] != user.generation:
        raise NotAuthenticated("the token is not valid, or no longer")
    if user.signed_out:
        raise NotAuthenticated("the token was signed out")
    scopes = ENROLLING if "for" in claims else EVERY_SCOPE
    return user_id, user, f"sign_in:{claims['sid']}", scopes


def _of_cookie(settings: Settings, request: Request) -> tuple[int, _User, str, frozenset[str]]:
    token = request.cookies[tokens.ACCESS_COOKIE]
    found = _of_token(settings, token)
    if request.method not in SAFE_METHODS:
        sent = request.headers.get("X-CSRF-TOKEN") or request.form.get("_csrf", "")
        due = tokens.csrf_of(settings, token)
        if not hmac.compare_digest(sent.encode(), due.encode()):
            raise CsrfFailed("send the X-CSRF-TOKEN that the session was opened with")
    return found


def _of_key(url: str, sent: str, county: str) -> _Key:
    _, _, rest = sent.partition("_")
    lookup, _, secret = rest.partition("_")

    def read() -> _Key | None:
        named = {"lookup": lookup, "county": county, "now": clock.of_process()}
        row = db.look_up(url, _KEY_SQL, named)
        return None if row is None else _Key(row[0], row[1], bytes(row[2]), frozenset(row[3].split()), row[4])

    key: _Key | None = _fresh(url, f"key {county}", lookup, read)
    # the same work whether the key is known or not
    digest = hashlib.sha256(secret.encode()).digest()
    if not hmac.compare_digest(digest, key.secret_hash if key else bytes(32)) or key is None:
        raise NotAuthenticated("the API key is not valid, or no longer")
    return key


def _mandate(settings: Settings, user_id: int, acting_for: str, scope: str) -> tuple[int, int]:
    try:
        participant = ids.parse("par", acting_for)
    except UnknownId as error:
        raise NoMandate("there is no mandate for this participant", pointer="/X-Acting-For") from error
    named = {"participant": participant, "user": user_id, "now": clock.now()}
    row = _fresh(
        settings.url(),
        "mandate",
        (user_id, participant),
        lambda: db.look_up(settings.url(), _MANDATE_SQL, named),
    )
    if row is None or scope == "keys" or (scope == "trade" and row[1] != "trade"):
        raise NoMandate("there is no mandate for this participant, or not for this", pointer="/X-Acting-For")
    return participant, int(row[0])
