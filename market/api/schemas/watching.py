"""Shapes of alerts, runs of surveillance, and what it is told by people."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from market.api.schemas.fields import LegalSource, PublicId
from market.api.schemas.registry import text
from market.supervision.surveillance.evidence import DETECTORS
from market.supervision.watching.alerts import STANDINGS
from market.supervision.watching.models import MARKS, MOVES

DETECTOR = validate.OneOf(DETECTORS)
REASON = fields.String(required=True, validate=text(2000))


class AlertsQuery(Schema):
    """Which alerts."""

    status = fields.String(validate=validate.OneOf(STANDINGS))
    detector = fields.String(validate=DETECTOR)
    participant_id = PublicId("par")


class DismissIn(Schema):
    """Why the alert is nothing."""

    reason = REASON


class FigureOut(Schema):
    """A figure beside the threshold that it passed, if it has one, and both in words."""

    name = fields.String(required=True)
    value = fields.String(required=True)
    threshold = fields.String(required=True)
    text_zh = fields.String(required=True)
    text_en = fields.String(required=True)


class ThresholdInForceOut(Schema):
    """A number by which the day was judged, in the unit that its name ends in."""

    name = fields.String(required=True)
    value = fields.Integer(required=True)
    legal_source = LegalSource(required=True)
    demonstration = fields.Boolean(required=True)


class SurveillanceAlertOut(Schema):
    """A question to a person, no finding. `continues_id`: an earlier alert whose conduct this one knows more of."""

    id = PublicId("alr", required=True)
    detector = fields.String(required=True, validate=DETECTOR)
    title_zh = fields.String(required=True)
    title_en = fields.String(required=True)
    status = fields.String(required=True, validate=validate.OneOf(STANDINGS))
    participant_ids = fields.List(PublicId("par"), required=True)
    order_ids = fields.List(PublicId("ord"), required=True)
    trade_ids = fields.List(PublicId("trd"), required=True)
    first_at = fields.AwareDateTime(required=True, allow_none=True)
    last_at = fields.AwareDateTime(required=True, allow_none=True)
    rule = fields.String(required=True)
    figures = fields.List(fields.Nested(FigureOut), required=True)
    continues_id = PublicId("alr", required=True, allow_none=True)
    run_id = PublicId("svr", required=True)
    day = fields.Date(required=True)
    raised_at = fields.AwareDateTime(required=True)
    case_id = PublicId("cas", required=True, allow_none=True)
    reason = fields.String(required=True, allow_none=True)
    decided_by = PublicId("usr", required=True, allow_none=True)
    decided_at = fields.AwareDateTime(required=True, allow_none=True)


class SurveillanceAlertWholeOut(SurveillanceAlertOut):
    """The same with every threshold that applied on its day."""

    thresholds = fields.List(fields.Nested(ThresholdInForceOut), required=True)


class SurveillanceAlertPage(Schema):
    """Alerts, newest first."""

    data = fields.List(fields.Nested(SurveillanceAlertOut), required=True)
    has_more = fields.Boolean(required=True)


class SurveillanceRunOut(Schema):
    """One look at the record: what it saw, how much it found, and how much of that was new."""

    id = PublicId("svr", required=True)
    day = fields.Date(required=True)
    since = fields.AwareDateTime(required=True)
    until = fields.AwareDateTime(required=True)
    participants = fields.Integer(required=True)
    orders = fields.Integer(required=True)
    trades = fields.Integer(required=True)
    found = fields.Integer(required=True)
    raised = fields.Integer(required=True)
    ran_at = fields.AwareDateTime(required=True)


class SurveillanceRunPage(Schema):
    """Looks, newest first."""

    data = fields.List(fields.Nested(SurveillanceRunOut), required=True)
    has_more = fields.Boolean(required=True)


class PartyMarksQuery(Schema):
    """Whose marks."""

    participant_id = PublicId("par")


class PartyMarkIn(Schema):
    """What is known of a participant, and from which document. Only a keyed hash of `value` is kept."""

    participant_id = PublicId("par", required=True)
    kind = fields.String(required=True, validate=validate.OneOf(MARKS))
    value = fields.String(required=True, validate=text(200))
    document = fields.String(required=True, validate=text(500))


class PartyMarkOut(Schema):
    """A mark, without what it says. `ended_at`: when it was recorded anew."""

    id = PublicId("pmk", required=True)
    participant_id = PublicId("par", required=True)
    kind = fields.String(required=True, validate=validate.OneOf(MARKS))
    document = fields.String(required=True)
    recorded_at = fields.AwareDateTime(required=True)
    ended_at = fields.AwareDateTime(required=True, allow_none=True)


class PartyMarkPage(Schema):
    """Marks by id."""

    data = fields.List(fields.Nested(PartyMarkOut), required=True)
    has_more = fields.Boolean(required=True)


class PriceDecisionIn(Schema):
    """A decision that will move the prices of some products, taken already, and the participants that know it."""

    subject = fields.String(required=True, validate=text(500))
    moves = fields.String(required=True, validate=validate.OneOf(MOVES))
    product_ids = fields.List(PublicId("prd"), required=True, validate=validate.Length(1, 50))
    insider_ids = fields.List(PublicId("par"), load_default=list, validate=validate.Length(max=500))
    decided_at = fields.AwareDateTime(required=True)


class PriceDecisionOut(Schema):
    """A decision that moves prices. `published_at` is null while it is not public."""

    id = PublicId("pdc", required=True)
    subject = fields.String(required=True)
    moves = fields.String(required=True, validate=validate.OneOf(MOVES))
    product_ids = fields.List(PublicId("prd"), required=True)
    insider_ids = fields.List(PublicId("par"), required=True)
    decided_at = fields.AwareDateTime(required=True)
    published_at = fields.AwareDateTime(required=True, allow_none=True)
    recorded_at = fields.AwareDateTime(required=True)


class PriceDecisionPage(Schema):
    """Decisions, newest first."""

    data = fields.List(fields.Nested(PriceDecisionOut), required=True)
    has_more = fields.Boolean(required=True)
