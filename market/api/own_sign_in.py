"""One's own sign-in over HTTP: codes that are sent, passwords, authenticators, sessions; and a clerk's help with them.

What starts from a login alone answers alike for every login, in the same time.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import segno
from flask import after_this_request, current_app, g
from sqlalchemy.orm import Session

from market.api import later
from market.api.counted import even_if_refused
from market.api.http import actor, blueprint, session, settings
from market.api.limits import strict
from market.api.schemas import sign_in as shapes
from market.api.schemas.participants import WhyIn
from market.core import audit, db
from market.core.config import Settings
from market.core.db import raw
from market.participants import access, codes, messages, passwords, policy, resets, sessions, totp, users
from market.participants.messages import Messages
from market.participants.models import User
from market.participants.sign_in_errors import WrongCode

MESSAGES = "MESSAGES"
"""The name under which an application keeps another carrier than the log."""
GOOD_FOR_S = int(codes.GOOD_FOR.total_seconds())

blp = blueprint("sign_in", "One's own sign-in: codes, passwords, authenticators, sessions")


def _secret() -> bytes:
    return settings().secret(codes.SECRET)


def _messages() -> Messages:
    found: Messages | None = current_app.config.get(MESSAGES)
    return found if found is not None else messages.LogOnly(settings())


# --- codes and new passwords for whoever is not signed in -----------------------------------------------------------


@blp.route("/auth/codes", methods=["POST"])
@strict
@blp.arguments(shapes.CodeAskedIn)
@blp.response(202, shapes.CodeAskedOut)
def ask_code(body: dict[str, Any]) -> dict[str, Any]:
    """Have a code to sign in with sent to a participant's user by telephone; everybody is answered the same."""
    return _ask(body["login"], codes.SIGN_IN)


@blp.route("/auth/password-reset", methods=["POST"])
@strict
@blp.arguments(shapes.CodeAskedIn)
@blp.response(202, shapes.CodeAskedOut)
def ask_reset(body: dict[str, Any]) -> dict[str, Any]:
    """Have a code to set a new password with sent, as above. Users of the bureau ask their administrator."""
    return _ask(body["login"], codes.RESET)


def _ask(login: str, purpose: str) -> dict[str, Any]:
    later.do(partial(_send, settings(), _messages(), login, purpose, g.request_id))
    return {"expires_in": GOOD_FOR_S}


def _send(own: Settings, carrier: Messages, login: str, purpose: str, request_id: str) -> None:
    with db.transaction(own.url()) as fresh:
        sent = codes.ask(
            fresh, secret=own.secret(codes.SECRET), login=login, purpose=purpose, request_id=request_id
        )
    if sent is not None:  # the code counts before it can be read
        carrier.send(sent.phone, messages.code_words(sent.code, GOOD_FOR_S // 60))


@blp.route("/auth/password-reset/confirm", methods=["POST"])
@strict
@blp.arguments(shapes.PasswordResetIn)
@blp.response(204)
def confirm_reset(body: dict[str, Any]) -> None:
    """Set a new password with a code that was sent, or a token that a clerk handed over; every session ends."""
    even_if_refused(partial(resets.reset, secret=_secret(), request_id=g.request_id, **body))
    access.forget(settings())


# --- one's own --------------------------------------------------------------------------------------------------------


def _proved(own: Session, body: dict[str, Any]) -> User:
    proof = {name: body[name] for name in ("password", "totp", "recovery_code")}
    return passwords.prove(own, user_id=actor().user_id, **proof)


@blp.route("/me/sign-in", methods=["GET"])
@blp.response(200, shapes.SignInStateOut)
def get_state() -> dict[str, Any]:
    """How one signs in."""
    return _state()


def _state() -> dict[str, Any]:
    user = session().get_one(User, actor().user_id)
    return {
        "totp": user.totp_secret is not None,
        "totp_required": policy.needs_totp(actor().roles, settings().totp_roles),
        "recovery_codes_left": totp.recovery_codes_left(session(), user.id),
        "codes_go_to": None if user.phone is None else f"**{user.phone[-2:]}",
    }


@blp.route("/me/password", methods=["POST"])
@strict
@blp.arguments(shapes.PasswordChangeIn)
@blp.response(200, shapes.EndedOut)
def change_password(body: dict[str, Any]) -> dict[str, Any]:
    """Change one's password. Every other session ends."""
    who = actor().audit

    def change(own: Session) -> int:
        user = _proved(own, body)
        return resets.change(own, actor=who, user=user, old=body["password"], new=body["new"])

    return {"ended": _and_forget(even_if_refused(change))}


def _and_forget(ended: int) -> int:
    """What this process knows of sessions that were ended is forgotten once that is committed."""
    own = settings()

    @after_this_request
    def _forget(response: Any) -> Any:
        access.forget(own)
        return response

    return ended


@blp.route("/me/phone", methods=["POST"])
@strict
@blp.arguments(shapes.PhoneIn)
@blp.response(202, shapes.CodeAskedOut)
def give_phone(body: dict[str, Any]) -> dict[str, Any]:
    """Name a telephone for codes. It counts once it was proved with the code that goes there."""
    who, phone, secret = actor().audit, body["phone"], _secret()

    def prepare(own: Session) -> str | None:
        user = _proved(own, body)
        if not codes.may_prove(own, phone):
            return None
        return codes.make(own, secret=secret, actor=who, user=user, purpose=codes.PHONE, phone=phone)

    code = even_if_refused(prepare)
    if code is not None:
        later.do(partial(_messages().send, phone, messages.code_words(code, GOOD_FOR_S // 60)))
    return {"expires_in": GOOD_FOR_S}


@blp.route("/me/phone/confirm", methods=["POST"])
@strict
@blp.arguments(shapes.CodeIn)
@blp.response(200, shapes.SignInStateOut)
def confirm_phone(body: dict[str, Any]) -> dict[str, Any]:
    """Prove the telephone: codes go there from now on."""
    who, secret = actor().audit, _secret()

    def confirm(own: Session) -> None:
        user = own.get_one(User, actor().user_id, with_for_update=True)
        phone = codes.prove_phone(own, secret=secret, user=user, code=body["code"])
        if phone is None:
            raise WrongCode("ask for another", pointer="/code")
        user.phone = phone
        audit.record(raw(own), actor=who, action="user.phone_set", subject=("user", user.id))

    even_if_refused(confirm)
    return _state()


@blp.route("/me/totp", methods=["POST"])
@strict
@blp.arguments(shapes.ProofIn)
@blp.response(201, shapes.TotpOut)
def begin_totp(body: dict[str, Any]) -> dict[str, Any]:
    """A new secret for an authenticator, shown this once; it counts once it was confirmed with a code."""
    who = actor().audit
    made = even_if_refused(lambda own: totp.begin(own, actor=who, user=_proved(own, body)))
    picture = segno.make(made.uri, error="m", micro=False).svg_data_uri(scale=4)
    return {"secret": made.secret, "uri": made.uri, "qr": picture}


@blp.route("/me/totp/confirm", methods=["POST"])
@strict
@blp.arguments(shapes.CodeIn)
@blp.response(200, shapes.RecoveryCodesOut)
def confirm_totp(body: dict[str, Any]) -> dict[str, Any]:
    """Put the new secret in force with its first code; recovery codes are shown this once. Then renew the session."""
    user = session().get_one(User, actor().user_id, with_for_update=True)
    return {"recovery_codes": totp.confirm(session(), actor=actor().audit, user=user, code=body["code"])}


@blp.route("/me/totp/give-up", methods=["POST"])
@strict
@blp.arguments(shapes.ProofIn)
@blp.response(204)
def give_up_totp(body: dict[str, Any]) -> None:
    """Sign in without one-time codes from now on, where the role may."""
    who, required = actor().audit, settings().totp_roles
    even_if_refused(lambda own: totp.give_up(own, actor=who, user=_proved(own, body), required_of=required))


@blp.route("/me/sessions", methods=["GET"])
@blp.response(200, shapes.OwnSessions)
def list_sessions() -> dict[str, Any]:
    """One's own sessions that have not ended, newest first: since when, from where, with which program."""
    who = actor()
    user = session().get_one(User, who.user_id)
    mine = sessions.of_actor(who.audit)
    return {
        "data": [
            {
                "id": each.id, "at": each.at, "last_used_at": each.last_used_at, "ends_at": each.ends_at,
                "address": each.address, "program": each.program, "this": each.id == mine,
            }
            for each in sessions.open_ones(session(), settings(), user)
        ]
    }  # fmt: skip


@blp.route("/me/sessions/<sig:session_id>/end", methods=["POST"])
@blp.response(204)
def end_session(session_id: int) -> None:
    """End one of one's own sessions: within two seconds it can do nothing."""
    sessions.end_one(session(), actor=actor().audit, sign_in_id=session_id)
    _and_forget(1)


@blp.route("/auth/sign-out-everywhere", methods=["POST"])
@blp.arguments(shapes.EverywhereIn)
@blp.response(200, shapes.EndedOut)
def sign_out_everywhere(body: dict[str, Any]) -> dict[str, Any]:
    """End all of one's own sessions, or all but this one. API keys go on."""
    return {"ended": _and_forget(sessions.sign_out_everywhere(session(), actor=actor().audit, **body))}


# --- a clerk's help ---------------------------------------------------------------------------------------------------


@blp.route("/users/<usr:user_id>/password-reset", methods=["POST"])
@blp.arguments(WhyIn)
@blp.response(201, shapes.HandOverOut)
def hand_over_to_user(body: dict[str, Any], user_id: int) -> dict[str, Any]:
    """A token with which a user of the bureau sets a new password within a day; the administrator hands it over."""
    return _handed_over(users.find(session(), user_id), body["reason"])


@blp.route("/participants/<par:participant_id>/password-reset", methods=["POST"])
@blp.arguments(shapes.HandOverIn)
@blp.response(201, shapes.HandOverOut)
def hand_over_at_counter(body: dict[str, Any], participant_id: int) -> dict[str, Any]:
    """The same for a participant's user who stands at the counter and has shown who it is."""
    user = resets.of_participant(session(), participant_id=participant_id, login=body["login"])
    return _handed_over(user, body["reason"])


def _handed_over(user: User, reason: str) -> dict[str, Any]:
    token = resets.hand_over(session(), secret=_secret(), actor=actor().audit, user=user, reason=reason)
    return {"token": token, "expires_in": int(codes.HANDED_OVER_GOOD_FOR.total_seconds())}


@blp.route("/users/<usr:user_id>/take-totp-away", methods=["POST"])
@blp.arguments(WhyIn)
@blp.response(204)
def take_totp_away(body: dict[str, Any], user_id: int) -> None:
    """Help a user of the bureau who has lost authenticator and recovery codes; its sessions end."""
    totp.take_away(session(), actor=actor().audit, user_id=user_id, reason=body["reason"])
    _and_forget(1)
