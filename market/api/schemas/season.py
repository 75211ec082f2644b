"""Shapes of the water year on the wire: releases, reversals, curtailments, carry-overs, the balance sheet."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from market.api.schemas.fields import LegalSource, PublicId, Volume
from market.api.schemas.registry import AnnouncementLineOut, CapChargeOut, Share, text
from market.registry.models import SECTORS
from market.registry.season_models import CURTAILMENT_STATES


class ReleaseClassIn(Schema):
    """A share of what is held back: source × sector? × zone?, of a water year."""

    water_year = fields.Integer(required=True, strict=True, validate=validate.Range(2000, 2200))
    source = fields.String(required=True, validate=text(32))
    sector = fields.String(load_default=None, allow_none=True, validate=validate.OneOf(SECTORS))
    zone = fields.String(load_default=None, allow_none=True, validate=text(64))
    share = Share(load_default=1_000_000)


class ReleaseIn(ReleaseClassIn):
    """A release to make."""

    reason = fields.String(required=True, validate=text(1000))


class ReversalIn(Schema):
    """Why an announcement is taken back, and by which rule."""

    reason = fields.String(required=True, validate=text(1000))
    legal_source = fields.String(required=True, validate=text(500))


class ReversalLineOut(Schema):
    """What a reversal takes from a water account, and what the account then owes in water."""

    water_account_id = PublicId("wac", required=True)
    taken = Volume(required=True)
    owed = Volume(required=True)


class ReversalOut(Schema):
    """What a reversal takes back in all, what is owed since, and what came back from reserves; the first lines."""

    announcement_id = PublicId("ann", required=True)
    taken = Volume(required=True)
    owed = Volume(required=True)
    reserve = Volume(required=True)
    lines = fields.List(fields.Nested(ReversalLineOut), required=True)


class CutIn(Schema):
    """A cap and its volume from then on."""

    limit_id = PublicId("cap", required=True)
    volume = Volume(required=True)


class CutsIn(Schema):
    """Caps of one water year to cut below present use."""

    water_year = fields.Integer(required=True, strict=True, validate=validate.Range(2000, 2200))
    cuts = fields.List(fields.Nested(CutIn), required=True, validate=validate.Length(min=1, max=100))


class CurtailmentIn(CutsIn):
    """A curtailment to order."""

    reason = fields.String(required=True, validate=text(1000))
    legal_source = fields.String(required=True, validate=text(500))


class CutOut(Schema):
    """One cap of a curtailment; `excess` is what of the cut cannot be taken back (null until it is posted)."""

    limit_id = PublicId("cap", required=True)
    before = Volume(required=True)
    after = Volume(required=True)
    excess = Volume(required=True, allow_none=True)


class TakingOut(Schema):
    """What is taken from a water account, and what of it is held: as spillable, by orders, pledges or reviews."""

    water_account_id = PublicId("wac", required=True)
    priority = fields.Integer(required=True)
    volume = Volume(required=True)
    from_spillable = Volume(required=True)
    from_orders = Volume(required=True)
    from_pledges = Volume(required=True)
    from_reviews = Volume(required=True)


class CurtailmentPreviewOut(Schema):
    """What a curtailment would take from whom now; `lines` holds the first 200 accounts."""

    taken = Volume(required=True)
    accounts = fields.Integer(required=True)
    cuts = fields.List(fields.Nested(CutOut), required=True)
    lines = fields.List(fields.Nested(TakingOut), required=True)


class CurtailmentOut(Schema):
    """A curtailment and where it stands."""

    id = PublicId("cur", required=True)
    water_year = fields.Integer(required=True)
    status = fields.String(required=True, validate=validate.OneOf(CURTAILMENT_STATES))
    reason = fields.String(required=True)
    legal_source = LegalSource(required=True)
    taken = Volume(required=True, allow_none=True)
    requested_at = fields.AwareDateTime(required=True)
    posted_at = fields.AwareDateTime(required=True, allow_none=True)
    cuts = fields.List(fields.Nested(CutOut), required=True)


class CurtailmentPage(Schema):
    """A page of curtailments."""

    data = fields.List(fields.Nested(CurtailmentOut), required=True)
    has_more = fields.Boolean(required=True)


class CurtailmentLineOut(Schema):
    """What a curtailment took from a water account, and what of it might have spilt or was pledged."""

    water_account_id = PublicId("wac", required=True)
    priority = fields.Integer(required=True)
    volume = Volume(required=True)
    from_spillable = Volume(required=True)
    from_pledges = Volume(required=True)


class CurtailmentLinePage(Schema):
    """A page of a curtailment's lines."""

    data = fields.List(fields.Nested(CurtailmentLineOut), required=True)
    has_more = fields.Boolean(required=True)


class YearIn(Schema):
    """A water year."""

    water_year = fields.Integer(required=True, strict=True, validate=validate.Range(2000, 2200))


class YearOut(Schema):
    """A water year and its state."""

    year = fields.Integer(required=True)
    starts_on = fields.Date(required=True)
    ends_on = fields.Date(required=True)
    status = fields.String(required=True)


class YearEndLineOut(Schema):
    """What becomes of the litres of a water account at the end of the year."""

    water_account_id = PublicId("wac", required=True)
    remained = Volume(required=True)
    repaid = Volume(required=True)
    carried = Volume(required=True)
    evaporated = Volume(required=True)
    expired = Volume(required=True)


class YearEndPreviewOut(Schema):
    """The end of a year as it would be made now; `lines` holds the first 200 accounts, `caps` are the next year's."""

    accounts = fields.Integer(required=True)
    remained = Volume(required=True)
    carried = Volume(required=True)
    evaporated = Volume(required=True)
    expired = Volume(required=True)
    repaid = Volume(required=True)
    possible = fields.Boolean(required=True)
    caps = fields.List(fields.Nested(CapChargeOut), required=True)
    lines = fields.List(fields.Nested(YearEndLineOut), required=True)


class CarryOverOut(Schema):
    """The end of a water year, as it was made."""

    id = PublicId("cov", required=True)
    water_year = fields.Integer(required=True)
    remained = Volume(required=True)
    repaid = Volume(required=True)
    carried = Volume(required=True)
    evaporated = Volume(required=True)
    expired = Volume(required=True)
    closed_at = fields.AwareDateTime(required=True)


class CarryOverPage(Schema):
    """A page of year ends."""

    data = fields.List(fields.Nested(CarryOverOut), required=True)
    has_more = fields.Boolean(required=True)


class SpillReleaseIn(Schema):
    """The spill risk, now low enough, of a source's carried water."""

    source = fields.String(required=True, validate=text(32))
    risk = Share(required=True)
    reason = fields.String(required=True, validate=text(1000))


class SpillIn(Schema):
    """What share of a source's spillable water has spilt."""

    source = fields.String(required=True, validate=text(32))
    share = Share(required=True)
    reason = fields.String(required=True, validate=text(1000))


class SpillOut(Schema):
    """How much was released, or spilt."""

    carry_over_id = PublicId("cov", required=True)
    source = fields.String(required=True)
    volume = Volume(required=True)


class SheetQuery(Schema):
    """Which water, and as of when (RFC 3339; none: now)."""

    water_year = fields.Integer(required=True, validate=validate.Range(2000, 2200))
    source = fields.String(validate=text(32))
    zone = fields.String(validate=text(64))
    sector = fields.String(validate=validate.OneOf(SECTORS))
    as_of = fields.AwareDateTime(format="iso")


class SheetOut(Schema):
    """The balance sheet: issued + bought - sold + moved + owed = used + held + free + reserved + lost + expired +
    carried + curtailed. `moved` may be negative, and is a string with a sign.
    """

    water_year = fields.Integer(required=True)
    source = fields.String(required=True, allow_none=True)
    zone = fields.String(required=True, allow_none=True)
    sector = fields.String(required=True, allow_none=True)
    as_of = fields.AwareDateTime(required=True)
    issued = Volume(required=True)
    bought = Volume(required=True)
    sold = Volume(required=True)
    moved = fields.String(required=True)
    owed = Volume(required=True)
    used = Volume(required=True)
    held = Volume(required=True)
    free = Volume(required=True)
    reserved = Volume(required=True)
    lost = Volume(required=True)
    expired = Volume(required=True)
    carried = Volume(required=True)
    curtailed = Volume(required=True)
    balanced = fields.Boolean(required=True)


class ReleasePreviewOut(Schema):
    """What a release would credit now; `lines` holds the first 200 entitlements."""

    total = Volume(required=True)
    entitlements = fields.Integer(required=True)
    lines = fields.List(fields.Nested(AnnouncementLineOut), required=True)
