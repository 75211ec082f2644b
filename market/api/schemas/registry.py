"""Shapes of the registry on the wire: limits, entitlements, announcements."""

from __future__ import annotations

from functools import partial

from marshmallow import Schema, fields, validate

from ledger.units import format_decimal, parse_decimal
from market.api.schemas.fields import Decimal, LegalSource, PublicId, Volume, YesNo
from market.api.schemas.personal import Guarded
from market.participants.privacy import Kind
from market.registry.life import STATES
from market.registry.models import LIMIT_KINDS, RIGHT_KINDS, SECTORS

_CODE = validate.Regexp(
    r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$", error="must be a code of letters, digits, _ . -"
)


def text(most: int, least: int = 1) -> validate.Length:
    """Text of so many characters."""
    return validate.Length(min=least, max=most)


class Share(Decimal):
    """A share between 0 and 1 with at most 6 decimals; millionths inside."""

    parse = staticmethod(partial(parse_decimal, scale=6, limit=1_000_000))
    write = staticmethod(partial(format_decimal, scale=6))
    unit = "a share of 1 with at most 6 decimals"
    pattern = r"^(0(\.[0-9]{1,6})?|1(\.0{1,6})?)$"
    example = "0.350000"


class Land(Decimal):
    """Land in mu (1/15 ha) with at most 2 decimals; hundredths inside."""

    parse = staticmethod(partial(parse_decimal, scale=2, limit=10**11))
    write = staticmethod(partial(format_decimal, scale=2))
    unit = "mu with at most 2 decimals"
    pattern = r"^(0|[1-9][0-9]{0,8})(\.[0-9]{1,2})?$"
    example = "10.32"


class PersonalLand(Guarded, Land):
    """The land of a holder."""


class LimitIn(Schema):
    """A limit to set. A null zone, source or sector is every one."""

    code = fields.String(required=True, validate=_CODE)
    kind = fields.String(required=True, validate=validate.OneOf(LIMIT_KINDS))
    water_year = fields.Integer(required=True, strict=True, validate=validate.Range(2000, 2200))
    zone = fields.String(load_default=None, allow_none=True, validate=text(64))
    to_zone = fields.String(load_default=None, allow_none=True, validate=text(64))
    source = fields.String(load_default=None, allow_none=True, validate=text(32))
    sector = fields.String(load_default=None, allow_none=True, validate=text(32))
    volume = Volume(required=True)
    legal_source = fields.String(required=True, validate=text(500))
    reason = fields.String(load_default="", validate=text(1000, 0))
    demonstration = YesNo(load_default=False)


class LimitChangeIn(Schema):
    """A new volume for a limit."""

    volume = Volume(required=True)
    reason = fields.String(required=True, validate=text(1000))
    legal_source = fields.String(required=True, validate=text(500))


class LimitChangeOut(Schema):
    """A dated change of a limit."""

    changed_at = fields.AwareDateTime(required=True)
    before = Volume(required=True)
    after = Volume(required=True)
    reason = fields.String(required=True)
    legal_source = LegalSource(required=True)


class LimitSummary(Schema):
    """A limit: its volume now, and what of it is neither charged nor held."""

    id = PublicId("cap", required=True)
    code = fields.String(required=True)
    kind = fields.String(required=True)
    water_year = fields.Integer(required=True)
    zone = fields.String(required=True, allow_none=True)
    to_zone = fields.String(required=True, allow_none=True)
    source = fields.String(required=True, allow_none=True)
    sector = fields.String(required=True, allow_none=True)
    volume = Volume(required=True)
    available = Volume(required=True)
    legal_source = LegalSource(required=True)
    demonstration = fields.Boolean(required=True)
    version = fields.Integer(required=True)


class LimitOut(LimitSummary):
    """A limit with its history."""

    changes = fields.List(fields.Nested(LimitChangeOut), required=True)


class LimitPage(Schema):
    """A page of limits."""

    data = fields.List(fields.Nested(LimitSummary), required=True)
    has_more = fields.Boolean(required=True)


class LimitsQuery(Schema):
    """Which limits."""

    water_year = fields.Integer(validate=validate.Range(2000, 2200))
    kind = fields.String(validate=validate.OneOf(LIMIT_KINDS))
    zone = fields.String(validate=text(64))


class EntitlementIn(Schema):
    """An application for a lasting right to a yearly volume."""

    participant_id = PublicId("par", required=True)
    kind = fields.String(required=True, validate=validate.OneOf(RIGHT_KINDS))
    source = fields.String(required=True, validate=text(32))
    sector = fields.String(required=True, validate=validate.OneOf(SECTORS))
    township = fields.String(required=True, validate=text(64))
    canal = fields.String(required=True, validate=text(64))
    volume = Volume(required=True, positive=True)
    land_mu = Land(load_default=None, allow_none=True)
    priority = fields.Integer(load_default=1, strict=True, validate=validate.Range(1, 9))
    valid_from = fields.Date(required=True)
    valid_to = fields.Date(required=True)
    basis = fields.String(load_default="", validate=text(1000, 0))
    assessment_id = PublicId("asm", load_default=None, allow_none=True)


class ClockOut(Schema):
    """A statutory clock that runs; without a due day it is stopped, by a hearing or a dispute.

    `provisional`: it counts working days of a year whose public holidays are not published yet.
    """

    name = fields.String(required=True)
    whose = fields.String(required=True, validate=validate.OneOf(("bureau", "holder", "others")))
    started_on = fields.Date(required=True)
    due_on = fields.Date(required=True, allow_none=True)
    stopped_since = fields.Date(required=True, allow_none=True)
    overdue = fields.Boolean(required=True)
    provisional = fields.Boolean(required=True)
    legal_source = LegalSource(required=True)
    demonstration = fields.Boolean(required=True)


class EntitlementOut(Schema):
    """A lasting right."""

    id = PublicId("ent", required=True)
    participant_id = PublicId("par", required=True)
    kind = fields.String(required=True)
    source = fields.String(required=True)
    sector = fields.String(required=True)
    township = fields.String(required=True)
    canal = fields.String(required=True)
    volume = Volume(required=True)
    land_mu = PersonalLand(Kind.LAND, of="participant_id", required=True)
    priority = fields.Integer(required=True)
    valid_from = fields.Date(required=True)
    valid_to = fields.Date(required=True)
    status = fields.String(required=True)
    certificate_number = fields.String(required=True, allow_none=True)
    basis = fields.String(required=True)
    assessment_id = PublicId("asm", required=True, allow_none=True)
    decision_reason = fields.String(required=True, allow_none=True)
    applied_at = fields.AwareDateTime(required=True)
    decided_at = fields.AwareDateTime(required=True, allow_none=True)
    version = fields.Integer(required=True)
    clocks = fields.List(fields.Nested(ClockOut), required=True)


class EntitlementPage(Schema):
    """A page of entitlements."""

    data = fields.List(fields.Nested(EntitlementOut), required=True)
    has_more = fields.Boolean(required=True)


class EntitlementsQuery(Schema):
    """Which entitlements."""

    participant_id = PublicId("par")
    status = fields.String(validate=validate.OneOf(STATES))
    kind = fields.String(validate=validate.OneOf(RIGHT_KINDS))


class GroundsIn(Schema):
    """Why."""

    reason = fields.String(required=True, validate=text(1000))


class RemarkIn(Schema):
    """Why, if there is something to say."""

    reason = fields.String(load_default="", validate=text(1000, 0))


class ClassIn(Schema):
    """A share of a class of entitlements: source × sector? × kind? × zone?, of a water year."""

    water_year = fields.Integer(required=True, strict=True, validate=validate.Range(2000, 2200))
    source = fields.String(required=True, validate=text(32))
    sector = fields.String(load_default=None, allow_none=True, validate=validate.OneOf(SECTORS))
    kind = fields.String(load_default=None, allow_none=True, validate=validate.OneOf(RIGHT_KINDS))
    zone = fields.String(load_default=None, allow_none=True, validate=text(64))
    share = Share(required=True)
    only_new = YesNo(load_default=False)
    reserve = Share(load_default=0)


class AnnouncementIn(ClassIn):
    """An announcement to make."""

    reason = fields.String(required=True, validate=text(1000))


class AnnouncementOut(Schema):
    """An announcement that was made."""

    id = PublicId("ann", required=True)
    water_year = fields.Integer(required=True)
    source = fields.String(required=True)
    sector = fields.String(required=True, allow_none=True)
    kind = fields.String(required=True, allow_none=True)
    zone = fields.String(required=True, allow_none=True)
    form = fields.String(required=True)
    share = Share(required=True)
    reserve = Share(required=True)
    reserved = Volume(required=True)
    total = Volume(required=True)
    entitlements = fields.Integer(required=True)
    reason = fields.String(required=True)
    announced_at = fields.AwareDateTime(required=True)


class AnnouncementPage(Schema):
    """A page of announcements."""

    data = fields.List(fields.Nested(AnnouncementOut), required=True)
    has_more = fields.Boolean(required=True)


class AnnouncementsQuery(Schema):
    """Which announcements."""

    water_year = fields.Integer(validate=validate.Range(2000, 2200))


class AnnouncementLineOut(Schema):
    """What an announcement credited to one entitlement."""

    entitlement_id = PublicId("ent", required=True)
    water_account_id = PublicId("wac", required=True, allow_none=True)
    volume = Volume(required=True)


class AnnouncementLinePage(Schema):
    """A page of an announcement's lines."""

    data = fields.List(fields.Nested(AnnouncementLineOut), required=True)
    has_more = fields.Boolean(required=True)


class CapChargeOut(Schema):
    """What an announcement would take of one cap."""

    limit_id = PublicId("cap", required=True)
    code = fields.String(required=True)
    needed = Volume(required=True)
    available = Volume(required=True)
    suffices = fields.Boolean(required=True)
    legal_source = LegalSource(required=True)


class PreviewOut(Schema):
    """What an announcement would do now; `lines` holds the first 200 entitlements."""

    total = Volume(required=True)
    reserved = Volume(required=True)
    entitlements = fields.Integer(required=True)
    possible = fields.Boolean(required=True)
    caps = fields.List(fields.Nested(CapChargeOut), required=True)
    lines = fields.List(fields.Nested(AnnouncementLineOut), required=True)
