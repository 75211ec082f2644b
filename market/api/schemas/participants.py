"""Shapes of participants, mandates and users of the bureau."""

from __future__ import annotations

from marshmallow import Schema, fields, validate
from webargs.fields import DelimitedList

from market.api.schemas.fields import PublicId, YesNo
from market.api.schemas.personal import Personal
from market.api.schemas.registry import text
from market.participants.models import KINDS
from market.participants.passwords import LONGEST, SHORTEST
from market.participants.policy import BUREAU_ROLES, OUTSIDE_ROLES, PARTICIPANT_ROLES
from market.participants.privacy import Kind

STATUSES = ("applied", "admitted", "refused", "suspended", "closed")
LOGIN = validate.Regexp(r"^[A-Za-z0-9][A-Za-z0-9._@-]{2,63}\Z", error="3 to 64 letters, digits and . _ @ -")


def _password() -> fields.String:
    return fields.String(required=True, load_only=True, validate=validate.Length(SHORTEST, LONGEST))


def _roles(known: frozenset[str]) -> fields.List:
    return fields.List(
        fields.String(validate=validate.OneOf(sorted(known))),
        required=True,
        validate=validate.Length(1, len(known)),
    )


class ApplicationIn(Schema):
    """An application of a person or body with its first user.

    `identifier` is an identity number (persons, households) or a unified social credit code; only a keyed hash and
    a masked form are kept.
    """

    kind = fields.String(required=True, validate=validate.OneOf(KINDS))
    name = fields.String(required=True, validate=text(128))
    identifier = fields.String(required=True, validate=text(32), load_only=True)
    contact = fields.String(load_default="", validate=validate.Length(max=256))
    login = fields.String(required=True, validate=LOGIN)
    password = _password()
    user_name = fields.String(required=True, validate=text(128))
    roles = _roles(PARTICIPANT_ROLES)


class ParticipantOut(Schema):
    """A participant; `owner_group_id` stands at the end of its chain of ownership.

    A natural person's name and identifier, and every contact, are masked or null for who does not need them.
    """

    id = PublicId("par", required=True)
    kind = fields.String(required=True)
    name = Personal(Kind.NAME, of="id", kind_of="kind", required=True)
    identifier_kind = fields.String(required=True)
    identifier_masked = Personal(Kind.IDENTITY, of="id", kind_of="kind", required=True)
    contact = Personal(Kind.CONTACT, of="id", required=True)
    owner_group_id = PublicId("par", required=True, allow_none=True)
    public_storage = fields.Boolean(required=True)
    status = fields.String(required=True, metadata={"enum": list(STATUSES)})
    version = fields.Integer(required=True)
    applied_at = fields.AwareDateTime(required=True)
    decided_at = fields.AwareDateTime(required=True, allow_none=True)
    decision_reason = fields.String(required=True, allow_none=True)


class ParticipantPage(Schema):
    """A page of participants, by id."""

    data = fields.List(fields.Nested(ParticipantOut), required=True)
    has_more = fields.Boolean(required=True)


class ParticipantsQuery(Schema):
    """Which participants; natural persons are found by name by those alone who are shown their names in full."""

    name = fields.String(validate=validate.Length(1, 100))
    status = fields.String(validate=validate.OneOf(STATUSES))
    kind = fields.String(validate=validate.OneOf(KINDS))
    ids = DelimitedList(PublicId("par"), validate=validate.Length(1, 200))


class AdmitIn(Schema):
    """What an admission rests on; `public_storage` marks the body that keeps water for the public."""

    reason = fields.String(load_default="", validate=validate.Length(max=512))
    public_storage = YesNo(load_default=None, allow_none=True)


class WhyIn(Schema):
    """Why."""

    reason = fields.String(required=True, validate=text(512))


class OwnerGroupIn(Schema):
    """Who stands at the end of the chain of ownership; null: nobody but the participant itself."""

    owner_id = PublicId("par", required=True, allow_none=True)


class MandateIn(Schema):
    """A recorded power: the user `clerk_login` may act for the participant; `document` says on what paper."""

    clerk_login = fields.String(required=True, validate=text(64, 3))
    scope = fields.String(required=True, validate=validate.OneOf(("read", "trade")))
    document = fields.String(required=True, validate=text(256))
    valid_from = fields.AwareDateTime(required=True, format="iso")
    valid_to = fields.AwareDateTime(required=True, format="iso")


class MandateOut(Schema):
    """A mandate; after `revoked_at` it is void."""

    id = PublicId("man", required=True)
    participant_id = PublicId("par", required=True)
    clerk_user_id = PublicId("usr", required=True)
    scope = fields.String(required=True)
    document = Personal(Kind.PAPER, of="participant_id", required=True)
    valid_from = fields.AwareDateTime(required=True)
    valid_to = fields.AwareDateTime(required=True)
    recorded_by = PublicId("usr", required=True)
    recorded_at = fields.AwareDateTime(required=True)
    revoked_at = fields.AwareDateTime(required=True, allow_none=True)


class MandatePage(Schema):
    """A page of mandates, oldest first."""

    data = fields.List(fields.Nested(MandateOut), required=True)
    has_more = fields.Boolean(required=True)


class UserIn(Schema):
    """A new user of the bureau; `totp` asks for one-time codes at its sign-in."""

    login = fields.String(required=True, validate=LOGIN)
    name = fields.String(required=True, validate=text(128))
    password = _password()
    roles = _roles(BUREAU_ROLES | OUTSIDE_ROLES)
    totp = YesNo(load_default=False)


class RolesIn(Schema):
    """The roles that a user of the bureau has from now on, and no others."""

    roles = _roles(BUREAU_ROLES | OUTSIDE_ROLES)


class UserOut(Schema):
    """A user of the bureau."""

    id = PublicId("usr", required=True)
    login = Personal(Kind.STAFF, required=True)
    name = Personal(Kind.STAFF, required=True)
    status = fields.String(required=True)
    roles = fields.List(fields.String(), required=True)
    created_at = fields.AwareDateTime(required=True)


class NewUserOut(UserOut):
    """A new user; `totp_secret`, base32 for an authenticator, is shown this once."""

    totp_secret = fields.String(required=True, allow_none=True)


class UserPage(Schema):
    """A page of users of the bureau, by id."""

    data = fields.List(fields.Nested(UserOut), required=True)
    has_more = fields.Boolean(required=True)


class ColleagueOut(Schema):
    """Somebody at the bureau, as its desks know each other."""

    id = PublicId("usr", required=True)
    name = Personal(Kind.COLLEAGUE, required=True)
    roles = fields.List(fields.String(), required=True)


class ColleaguePage(Schema):
    """A page of people of the bureau, by id."""

    data = fields.List(fields.Nested(ColleagueOut), required=True)
    has_more = fields.Boolean(required=True)
