"""Shapes of cases, their timelines, and appeals against the credit record."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from market.api.schemas.fields import LegalSource, Price, PublicId, Volume
from market.api.schemas.registry import text
from market.api.schemas.watching import SurveillanceAlertOut
from market.county.watch_rows import FINDINGS
from market.participants.credit_models import APPEAL_STATES, ENTRY_KINDS
from market.participants.models import KINDS
from market.supervision.cases.models import CASE_STATES, EVIDENCE_KINDS, OUTCOMES, STEPS

REASON = fields.String(required=True, validate=text(2000))
STATUS = validate.OneOf(CASE_STATES)
FINDING = validate.OneOf(FINDINGS)
MOST_NAMED = validate.Length(max=200)
SHA256 = validate.Regexp(r"^[0-9a-f]{64}$")


class CasesQuery(Schema):
    """Which cases."""

    status = fields.String(validate=STATUS)
    assigned_to = PublicId("usr")
    participant_id = PublicId("par")


class SupervisionCaseIn(Schema):
    """A case out of alerts or by hand: what it is called, why, and whom it is about beside who its alerts name."""

    title = fields.String(required=True, validate=text(200))
    reason = REASON
    alert_ids = fields.List(PublicId("alr"), load_default=list, validate=MOST_NAMED)
    participant_ids = fields.List(PublicId("par"), load_default=list, validate=MOST_NAMED)
    user_ids = fields.List(PublicId("usr"), load_default=list, validate=MOST_NAMED)


class CaseAssignIn(Schema):
    """To which supervisor a case is given, and why."""

    user_id = PublicId("usr", required=True)
    reason = REASON


class NoteIn(Schema):
    """What is written down."""

    text = fields.String(required=True, validate=text(10_000))


class CaseAlertsIn(Schema):
    """Alerts that become part of a case."""

    alert_ids = fields.List(PublicId("alr"), required=True, validate=validate.Length(1, 200))
    reason = REASON


class NameIn(Schema):
    """Whom a case is about too: participants, and people of the bureau."""

    participant_ids = fields.List(PublicId("par"), load_default=list, validate=MOST_NAMED)
    user_ids = fields.List(PublicId("usr"), load_default=list, validate=MOST_NAMED)
    reason = REASON


class CaseEvidenceIn(Schema):
    """One of an order, a trade, a right, a water account, or the SHA-256 of a document; and what it shows."""

    order_id = PublicId("ord")
    trade_id = PublicId("trd")
    entitlement_id = PublicId("ent")
    water_account_id = PublicId("wac")
    sha256 = fields.String(validate=SHA256)
    description = fields.String(required=True, validate=text(2000))


class CloseCaseIn(Schema):
    """How a case ends. Founded: what was found, and against whom (nobody named: all that it is about); referred: to
    which authority.
    """

    outcome = fields.String(required=True, validate=validate.OneOf(OUTCOMES))
    finding = fields.String(load_default=None, allow_none=True, validate=FINDING)
    participant_ids = fields.List(PublicId("par"), load_default=None, allow_none=True, validate=MOST_NAMED)
    referred_to = fields.String(load_default=None, allow_none=True, validate=text(200))
    reason = REASON
    legal_source = fields.String(required=True, validate=text(500))


class SupervisionCaseOut(Schema):
    """A case as it is listed."""

    id = PublicId("cas", required=True)
    number = fields.String(required=True)
    title = fields.String(required=True)
    status = fields.String(required=True, validate=STATUS)
    assigned_to = PublicId("usr", required=True, allow_none=True)
    opened_by = PublicId("usr", required=True)
    opened_at = fields.AwareDateTime(required=True)
    version = fields.Integer(required=True)


class SupervisionCasePage(Schema):
    """Cases, newest first."""

    data = fields.List(fields.Nested(SupervisionCaseOut), required=True)
    has_more = fields.Boolean(required=True)


class CaseStepOut(Schema):
    """One thing that was done in a case."""

    step = fields.String(required=True, validate=validate.OneOf(STEPS))
    text = fields.String(required=True)
    done_by = PublicId("usr", required=True)
    done_at = fields.AwareDateTime(required=True)


class CaseEvidenceOut(Schema):
    """Something that speaks in a case. `subject_id` is null of a document, `sha256` of everything else."""

    kind = fields.String(required=True, validate=validate.OneOf(EVIDENCE_KINDS))
    subject_id = fields.String(required=True, allow_none=True)
    sha256 = fields.String(required=True, allow_none=True, validate=SHA256)
    description = fields.String(required=True)
    added_by = PublicId("usr", required=True)
    added_at = fields.AwareDateTime(required=True)


class CaseFindingOut(Schema):
    """How a case was closed, and the entries of the credit record that came of it."""

    outcome = fields.String(required=True, validate=validate.OneOf(OUTCOMES))
    finding = fields.String(required=True, allow_none=True, validate=FINDING)
    referred_to = fields.String(required=True, allow_none=True)
    reason = fields.String(required=True)
    legal_source = LegalSource(required=True)
    closed_by = PublicId("usr", required=True)
    closed_at = fields.AwareDateTime(required=True)
    credit_entry_ids = fields.List(PublicId("cre"), required=True)


class SupervisionCaseWholeOut(SupervisionCaseOut):
    """A case with everything in it, each by time."""

    participant_ids = fields.List(PublicId("par"), required=True)
    user_ids = fields.List(PublicId("usr"), required=True)
    alerts = fields.List(fields.Nested(SurveillanceAlertOut), required=True)
    evidence = fields.List(fields.Nested(CaseEvidenceOut), required=True)
    steps = fields.List(fields.Nested(CaseStepOut), required=True)
    finding = fields.Nested(CaseFindingOut, required=True, allow_none=True)


class MomentOut(Schema):
    """One entry of a timeline: an alert (what: its detector), an order (placed, amended, filled, cancelled, ended), a
    trade (how it was made) or a step of the case. Volume and price of an order are at its own place, `volume` what is
    open after it; of a trade at the seller's.
    """

    at = fields.AwareDateTime(required=True)
    kind = fields.String(required=True, validate=validate.OneOf(("alert", "order", "trade", "step")))
    what = fields.String(required=True)
    alert_id = PublicId("alr", required=True, allow_none=True)
    order_id = PublicId("ord", required=True, allow_none=True)
    trade_id = PublicId("trd", required=True, allow_none=True)
    participant_ids = fields.List(PublicId("par"), required=True)
    user_id = PublicId("usr", required=True, allow_none=True)
    side = fields.String(required=True, allow_none=True)
    volume = Volume(required=True, allow_none=True)
    price = Price(required=True, allow_none=True)
    text = fields.String(required=True)


class TimelineOut(Schema):
    """What happened in the market and in the case, in the order of time; the first entries where there are many."""

    data = fields.List(fields.Nested(MomentOut), required=True)
    has_more = fields.Boolean(required=True)


class AppealIn(Schema):
    """Why the entry is wrong."""

    grounds = fields.String(required=True, validate=text(5000))


class AppealDecisionIn(Schema):
    """Why the appeal is granted or rejected, and by which law."""

    reason = REASON
    legal_source = fields.String(load_default="", validate=validate.Length(max=500))


class CreditAppealsQuery(Schema):
    """Which appeals; a participant sees its own."""

    status = fields.String(validate=validate.OneOf(APPEAL_STATES))
    participant_id = PublicId("par")


class CreditAppealOut(Schema):
    """An appeal against an entry of the credit record."""

    id = PublicId("apl", required=True)
    entry_id = PublicId("cre", required=True)
    participant_id = PublicId("par", required=True)
    grounds = fields.String(required=True)
    status = fields.String(required=True, validate=validate.OneOf(APPEAL_STATES))
    lodged_at = fields.AwareDateTime(required=True)
    decided_at = fields.AwareDateTime(required=True, allow_none=True)
    decision_reason = fields.String(required=True, allow_none=True)
    decision_source = fields.String(required=True, allow_none=True)


class CreditAppealPage(Schema):
    """Appeals by id."""

    data = fields.List(fields.Nested(CreditAppealOut), required=True)
    has_more = fields.Boolean(required=True)


class CreditExtractQuery(Schema):
    """Of whom."""

    participant_id = PublicId("par")


class PublicEntryOut(Schema):
    """An entry as the public sees it: no personal data. `name` is null of persons and households; `finding` of what
    came of no case.
    """

    id = PublicId("cre", required=True)
    participant_id = PublicId("par", required=True)
    participant_kind = fields.String(required=True, validate=validate.OneOf(KINDS))
    name = fields.String(required=True, allow_none=True)
    kind = fields.String(required=True, validate=validate.OneOf(ENTRY_KINDS))
    finding = fields.String(required=True, allow_none=True, validate=FINDING)
    title_zh = fields.String(required=True)
    title_en = fields.String(required=True)
    points = fields.Integer(required=True)
    recorded_on = fields.Date(required=True)
    expires_on = fields.Date(required=True)


class CreditExtractPage(Schema):
    """What the public sees of the credit record today, by id."""

    data = fields.List(fields.Nested(PublicEntryOut), required=True)
    has_more = fields.Boolean(required=True)
