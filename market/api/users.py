"""Users of the bureau over HTTP."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pyotp

from market.api.http import actor, blueprint, page, paging, session
from market.api.schemas import participants as shapes
from market.participants import users
from market.participants.models import User

blp = blueprint("users", "Users of the bureau, whom the administrator looks after")


@blp.route("/users", methods=["POST"])
@blp.arguments(shapes.UserIn)
@blp.response(201, shapes.NewUserOut)
def create(body: dict[str, Any]) -> dict[str, Any]:
    """Make a user of the bureau; the secret of its one-time codes is answered this once."""
    secret = pyotp.random_base32() if body.pop("totp") else None
    made = users.create(session(), actor=actor().audit, totp_secret=secret, **body)
    return _out([made])[0] | {"totp_secret": secret}


@blp.route("/users", methods=["GET"])
@blp.response(200, shapes.UserPage)
def list_users() -> dict[str, Any]:
    """Users of the bureau, by id."""
    where = paging("usr")
    return page(_out(users.listed(session(), after=where.after, limit=where.limit + 1)), where.limit)


@blp.route("/colleagues", methods=["GET"])
@blp.response(200, shapes.ColleaguePage)
def list_colleagues() -> dict[str, Any]:
    """Who works at the bureau, by id: names and roles, so that a desk can say who proposed and who decides."""
    where = paging("usr")
    return page(_out(users.listed(session(), after=where.after, limit=where.limit + 1)), where.limit)


@blp.route("/users/<usr:user_id>/roles", methods=["POST"])
@blp.arguments(shapes.RolesIn)
@blp.response(200, shapes.UserOut)
def set_roles(body: dict[str, Any], user_id: int) -> dict[str, Any]:
    """Give a user of the bureau these roles and no others; its sessions end."""
    return _out([users.set_roles(session(), actor=actor().audit, user_id=user_id, **body)])[0]


@blp.route("/users/<usr:user_id>/suspend", methods=["POST"])
@blp.arguments(shapes.WhyIn)
@blp.response(200, shapes.UserOut)
def suspend(body: dict[str, Any], user_id: int) -> dict[str, Any]:
    """Suspend a user of the bureau: within two seconds it can do nothing."""
    return _set_status(user_id, "suspended", body["reason"])


@blp.route("/users/<usr:user_id>/reinstate", methods=["POST"])
@blp.arguments(shapes.WhyIn)
@blp.response(200, shapes.UserOut)
def reinstate(body: dict[str, Any], user_id: int) -> dict[str, Any]:
    """Let a suspended user of the bureau sign in again."""
    return _set_status(user_id, "active", body["reason"])


def _set_status(user_id: int, status: str, reason: str) -> dict[str, Any]:
    user = users.set_status(session(), actor=actor().audit, user_id=user_id, status=status, reason=reason)
    return _out([user])[0]


def _out(found: Sequence[User]) -> list[dict[str, Any]]:
    session().flush()  # what the database fills in is read below
    roles = users.roles_of(session(), [user.id for user in found])
    return [
        {
            "id": user.id,
            "login": user.login,
            "name": user.name,
            "status": user.status,
            "roles": roles[user.id],
            "created_at": user.created_at,
        }
        for user in found
    ]
