"""Acts of the administrator: users of the bureau and their roles."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from flask_babel import gettext
from flask_babel import lazy_gettext as _l

from market.participants.policy import BUREAU_ROLES, OUTSIDE_ROLES
from market.web import asking
from market.web.bureau.acts import Act, Ask, Told, Values, plain
from market.web.forms import Typed
from market.web.words import word

USER = "/users/<usr:user_id>"


def roles() -> list[tuple[str, object]]:
    """The roles of the bureau, and of the authorities beside it."""
    return [(each, word(f"role_of_{each}")) for each in sorted(BUREAU_ROLES | OUTSIDE_ROLES)]


def _of_user(*says: object) -> Callable[[Typed, Typed], Told]:
    def tells(numbers: Typed, _typed: Typed) -> Told:
        found = next((each for each in asking.pages("/v1/users") if each["id"] == numbers["user_id"]), None)
        told = Told(says=list(says))
        if found is not None:
            told.facts = [
                (gettext("Name"), found["name"]),
                (gettext("Login"), found["login"]),
                (gettext("Roles"), ", ".join(word(f"role_of_{each}") for each in found["roles"]) or "–"),
            ]
        return told

    return tells


def _new(act: Act, typed: Typed) -> Values:
    return plain(act, typed) | {"totp": typed.get("totp") == "yes"}


def _secret(made: Mapping[str, Any]) -> str:
    """The secret of the new user's one-time codes, which is shown this once."""
    secret = made.get("totp_secret")
    if not secret:
        return ""
    return gettext("Secret of the one-time codes, shown this once: %(secret)s", secret=secret)


def token(made: Mapping[str, Any]) -> str:
    """A token to hand over, which is shown this once."""
    return gettext(
        "Token for a new password, shown this once and good for a day: %(token)s", token=made.get("token", "")
    )


ROLES = Ask("roles", _l("Roles"), "many", choices=roles)
ACTS = (
    Act(
        "users.create",
        "/users",
        _l("Make a user"),
        _l("The user is made."),
        signs=(
            Ask("login", _l("Login"), hint=_l("3 to 64 letters, digits and . _ @ -")),
            Ask("name", _l("Name")),
            Ask("password", _l("First password"), "secret", _l("It is to be changed at the first sign-in.")),
            ROLES,
            Ask("totp", _l("With one-time codes"), "tick", value=lambda: "yes"),
        ),
        body=_new,
        shown=_secret,
        back="/desk/users",
        tells=lambda _n, _t: Told(
            says=[
                _l("The user may sign in at once and do what its roles open."),
                _l("Roles that must be in different hands are refused together."),
            ]
        ),
    ),
    Act(
        "users.set_roles",
        f"{USER}/roles",
        _l("Set the roles"),
        _l("The roles are set."),
        signs=(ROLES,),
        back="/desk/users",
        tells=_of_user(_l("The user has these roles and no others; its sessions end at once.")),
    ),
    Act(
        "users.suspend",
        f"{USER}/suspend",
        _l("Suspend the user"),
        _l("The user is suspended."),
        back="/desk/users",
        danger=True,
        tells=_of_user(_l("Within two seconds the user can do nothing.")),
    ),
    Act(
        "users.reinstate",
        f"{USER}/reinstate",
        _l("Let the user sign in again"),
        _l("The user may sign in again."),
        back="/desk/users",
        tells=_of_user(_l("The user may sign in again with its old password.")),
    ),
    Act(
        "sign_in.hand_over_to_user",
        f"{USER}/password-reset",
        _l("Help with a forgotten password"),
        _l("The token is made."),
        back="/desk/users",
        shown=token,
        tells=_of_user(
            _l(
                "A token is shown, once, for you to hand over. With it the user sets a new password within a day."
            )
        ),
    ),
    Act(
        "sign_in.take_totp_away",
        f"{USER}/take-totp-away",
        _l("Take the one-time codes away"),
        _l("The one-time codes are taken away."),
        back="/desk/users",
        danger=True,
        tells=_of_user(
            _l("For whom authenticator and recovery codes are lost. Its sessions end; it sets up new codes.")
        ),
    ),
)
