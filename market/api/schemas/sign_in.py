"""Shapes of one's own sign-in: codes, passwords, one-time codes, sessions."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from market.api.schemas.auth import given_password_field, recovery_code_field, totp_field
from market.api.schemas.fields import PublicId, YesNo
from market.api.schemas.participants import LOGIN, WhyIn
from market.api.schemas.registry import text
from market.participants.passwords import LONGEST, SHORTEST

SIX_DIGITS = validate.Regexp(r"^[0-9]{6}\Z")


def _new_password() -> fields.String:
    return fields.String(required=True, load_only=True, validate=validate.Length(SHORTEST, LONGEST))


class CodeAskedIn(Schema):
    """Whose telephone a code shall go to: a login, or the telephone where it is one user's alone."""

    login = fields.String(required=True, validate=text(64))


class CodeAskedOut(Schema):
    """The same for every login: a code is on its way if there is such a user with a telephone."""

    expires_in = fields.Integer(required=True)


class PasswordResetIn(Schema):
    """A new password, and the code that was sent or the token that was handed over."""

    login = fields.String(required=True, validate=text(64))
    code = fields.String(
        required=True, load_only=True, validate=validate.Regexp(r"^([0-9]{6}|[A-Za-z0-9_-]{43})\Z")
    )
    password = _new_password()


class ProofIn(Schema):
    """Who one is, once more: the password, and a one-time or recovery code where they are set up."""

    password = given_password_field()
    totp = totp_field()
    recovery_code = recovery_code_field()


class PasswordChangeIn(ProofIn):
    """The new password, and the old one as proof."""

    new = _new_password()


class PhoneIn(ProofIn):
    """A telephone number of one's own, digits with a + before them or not."""

    phone = fields.String(required=True, validate=validate.Regexp(r"^[+]?[0-9]{5,15}\Z"))


class CodeIn(Schema):
    """Six digits."""

    code = fields.String(required=True, load_only=True, validate=SIX_DIGITS)


class TotpOut(Schema):
    """A new secret, shown this once: base32, an otpauth address, and that address as a picture (SVG, a data URI)."""

    secret = fields.String(required=True)
    uri = fields.String(required=True)
    qr = fields.String(required=True)


class RecoveryCodesOut(Schema):
    """Codes that stand in for a lost authenticator, each once; shown this once."""

    recovery_codes = fields.List(fields.String(), required=True)


class SignInStateOut(Schema):
    """How one signs in. `codes_go_to`: the last digits of the telephone."""

    totp = fields.Boolean(required=True)
    totp_required = fields.Boolean(required=True)
    recovery_codes_left = fields.Integer(required=True)
    codes_go_to = fields.String(required=True, allow_none=True)


class OwnSessionOut(Schema):
    """A session of one's own that has not ended; `this`: the one that asks."""

    id = PublicId("sig", required=True)
    at = fields.AwareDateTime(required=True)
    last_used_at = fields.AwareDateTime(required=True)
    ends_at = fields.AwareDateTime(required=True, allow_none=True)
    address = fields.String(required=True, allow_none=True)
    program = fields.String(required=True, allow_none=True)
    this = fields.Boolean(required=True)


class OwnSessions(Schema):
    """One's own sessions, newest first."""

    data = fields.List(fields.Nested(OwnSessionOut), required=True)


class EverywhereIn(Schema):
    """Whether the session that asks goes on."""

    but_this = YesNo(required=True)


class EndedOut(Schema):
    """How many sessions were ended."""

    ended = fields.Integer(required=True)


class HandOverIn(WhyIn):
    """The login of the participant's user who stands at the counter, and how it has shown who it is."""

    login = fields.String(required=True, validate=LOGIN)


class HandOverOut(Schema):
    """A token with which the user sets a new password within a day; shown this once."""

    token = fields.String(required=True)
    expires_in = fields.Integer(required=True)
