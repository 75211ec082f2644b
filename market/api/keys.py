"""API keys over HTTP: everyone looks after the keys of their own sign-in, and only from a signed-in session."""

from __future__ import annotations

from typing import Any

from market.api.http import actor, blueprint, page, paging, session, settings
from market.api.schemas import auth as shapes
from market.participants import keys, test_county
from market.participants.models import ApiKey

blp = blueprint("keys", "API keys for programs: scoped, rotated with a day of grace, revoked")


@blp.route("/api-keys", methods=["POST"])
@blp.arguments(shapes.KeyIn)
@blp.response(201, shapes.KeyWithSecret)
def create(body: dict[str, Any]) -> dict[str, Any]:
    """Make an API key. Its secret is shown this once. With `acts_as` it is one of the test county."""
    if body["acts_as"] is not None:
        test_county.require(settings(), body["acts_as"])
    key, secret = keys.create(session(), actor=actor().audit, **body)
    return _out(key) | {"secret": secret}


@blp.route("/api-keys", methods=["GET"])
@blp.response(200, shapes.KeyPage)
def list_keys() -> dict[str, Any]:
    """The asker's own API keys, oldest first."""
    where = paging("key")
    rows = keys.of_user(session(), user_id=actor().user_id, after=where.after, limit=where.limit + 1)
    return page([_out(each) for each in rows], where.limit)


@blp.route("/api-keys/<key:api_key_id>/rotate", methods=["POST"])
@blp.response(201, shapes.KeyWithSecret)
def rotate(api_key_id: int) -> dict[str, Any]:
    """A new key like this one, which goes on working for 24 hours."""
    key, secret = keys.rotate(session(), actor=actor().audit, key_id=api_key_id)
    return _out(key) | {"secret": secret}


@blp.route("/api-keys/<key:api_key_id>/revoke", methods=["POST"])
@blp.response(200, shapes.KeyOut)
def revoke(api_key_id: int) -> dict[str, Any]:
    """End a key now: within two seconds no request by it is answered."""
    return _out(keys.revoke(session(), actor=actor().audit, key_id=api_key_id))


def _out(key: ApiKey) -> dict[str, Any]:
    return {
        "id": key.id,
        "label": key.label,
        "scopes": key.scopes.split(),
        "county": key.county,
        "acts_as": key.acts_as,
        "created_at": key.created_at,
        "expires_at": key.expires_at,
        "revoked_at": key.revoked_at,
        "rotated_from": key.rotated_from,
    }
