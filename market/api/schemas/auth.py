"""Shapes of sign-in and of API keys."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, ValidationError, fields, validate, validates_schema

from market.api.schemas.fields import PublicId
from market.api.schemas.registry import text
from market.core.models import COUNTIES


def totp_field() -> fields.String:
    return fields.String(load_default=None, allow_none=True, validate=validate.Regexp(r"^[0-9]{6}\Z"))


def recovery_code_field() -> fields.String:
    return fields.String(
        load_default=None,
        allow_none=True,
        load_only=True,
        validate=validate.Regexp(r"^[0-9A-Fa-f-]{16,24}\Z"),
    )


def given_password_field() -> fields.String:
    return fields.String(required=True, validate=validate.Length(1, 256), load_only=True)


class SignIn(Schema):
    """A sign-in by password, or by a code that was sent; `totp` or a recovery code where one-time codes are set up."""

    login = fields.String(required=True, validate=text(64))
    password = fields.String(
        load_default=None, allow_none=True, validate=validate.Length(1, 256), load_only=True
    )
    code = fields.String(
        load_default=None, allow_none=True, load_only=True, validate=validate.Regexp(r"^[0-9]{6}\Z")
    )
    totp = totp_field()
    recovery_code = recovery_code_field()

    @validates_schema
    def _one_proof(self, data: dict[str, Any], **_: Any) -> None:
        if (data["password"] is None) == (data["code"] is None):
            raise ValidationError("send a password or a code", "password")


class TokensOut(Schema):
    """A pair of tokens; in `expires_in` seconds the access token ends, in `refresh_expires_in` the session.

    Each renewal puts the session's end off, up to the longest that the installation allows. With `must_set_up_totp`
    it opens `POST /v1/me/totp` and its confirmation only.
    """

    access_token = fields.String(required=True)
    refresh_token = fields.String(required=True)
    token_type = fields.Constant("Bearer", metadata={"type": "string", "enum": ["Bearer"]})
    expires_in = fields.Integer(required=True)
    refresh_expires_in = fields.Integer(required=True)
    must_set_up_totp = fields.Boolean(required=True)


class SessionOut(Schema):
    """The cookie mode: unsafe requests send `csrf` in X-CSRF-TOKEN, the refresh sends `refresh_csrf` there."""

    csrf = fields.String(required=True)
    refresh_csrf = fields.String(required=True)
    expires_in = fields.Integer(required=True)
    refresh_expires_in = fields.Integer(required=True)
    must_set_up_totp = fields.Boolean(required=True)


class Refresh(Schema):
    """The refresh token; in the cookie mode it is left out, and the cookie is used."""

    refresh_token = fields.String(load_default=None, allow_none=True, validate=validate.Length(1, 4096))


class RefreshOut(Schema):
    """A new pair: as tokens, or in the cookie mode as cookies with their CSRF values."""

    access_token = fields.String()
    refresh_token = fields.String()
    token_type = fields.String()
    csrf = fields.String()
    refresh_csrf = fields.String()
    expires_in = fields.Integer(required=True)
    refresh_expires_in = fields.Integer(required=True)
    must_set_up_totp = fields.Boolean(required=True)


class MeOut(Schema):
    """Who this credential makes the asker: user, participant acted for, mandate, roles, scopes."""

    user_id = PublicId("usr", required=True)
    participant_id = PublicId("par", required=True, allow_none=True)
    mandate_id = PublicId("man", required=True, allow_none=True)
    roles = fields.List(fields.String(), required=True)
    scopes = fields.List(fields.String(), required=True)


SCOPES = ("read", "trade")


class KeyIn(Schema):
    """A new API key for the asker's own user."""

    label = fields.String(required=True, validate=text(64))
    scopes = fields.List(
        fields.String(validate=validate.OneOf(SCOPES)),
        required=True,
        validate=validate.Length(1, len(SCOPES)),
    )
    expires_at = fields.AwareDateTime(load_default=None, allow_none=True, format="iso")
    acts_as = fields.String(
        load_default=None, allow_none=True, validate=text(64),
        metadata={"description": "A key of the test county: the login there as which it acts."},
    )  # fmt: skip


class KeyOut(Schema):
    """An API key, without its secret."""

    id = PublicId("key", required=True)
    label = fields.String(required=True)
    scopes = fields.List(fields.String(), required=True)
    county = fields.String(required=True, validate=validate.OneOf(COUNTIES))
    acts_as = fields.String(required=True, allow_none=True)
    created_at = fields.AwareDateTime(required=True)
    expires_at = fields.AwareDateTime(required=True, allow_none=True)
    revoked_at = fields.AwareDateTime(required=True, allow_none=True)
    rotated_from = PublicId("key", required=True, allow_none=True)


class KeyWithSecret(KeyOut):
    """A new API key with its secret, which is shown this once."""

    secret = fields.String(required=True)


class KeyPage(Schema):
    """A page of API keys, oldest first."""

    data = fields.List(fields.Nested(KeyOut), required=True)
    has_more = fields.Boolean(required=True)


class PrincipalsQuery(Schema):
    """Whose name holds this."""

    name = fields.String(load_default="", validate=validate.Length(max=100))


class PrincipalOut(Schema):
    """One for whom the asker may act, under a mandate that a registrar recorded."""

    mandate_id = PublicId("man", required=True)
    participant_id = PublicId("par", required=True)
    name = fields.String(required=True)
    kind = fields.String(required=True)
    scope = fields.String(required=True)
    valid_to = fields.AwareDateTime(required=True)


class PrincipalList(Schema):
    """For whom the asker may act, by name."""

    data = fields.List(fields.Nested(PrincipalOut), required=True)
    has_more = fields.Boolean(required=True)
