"""Shapes of what other departments enter, and of special inspections."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from ledger.units import format_decimal, parse_decimal
from market.api.schemas.fields import Decimal, LegalSource, PublicId
from market.api.schemas.registry import text
from market.registry.models import SECTORS
from market.supervision.reports.models import FIGURE_KINDS, INSPECTION_STATES, RESULT_STATES

SHA256 = validate.Regexp(r"^[0-9a-f]{64}$")
YEAR = validate.Range(2000, 2200)
KIND = validate.OneOf(FIGURE_KINDS)
RESULT = validate.OneOf(RESULT_STATES)


def _parse_e2(value: str) -> int:
    return parse_decimal(value, scale=2, limit=10**15)


def _write_e2(value: int) -> str:
    return format_decimal(value, scale=2)


class FigureValue(Decimal):
    """A figure with at most two decimals; hundredths inside."""

    parse = staticmethod(_parse_e2)
    write = staticmethod(_write_e2)
    unit = "the unit of its kind: 10 000 yuan, mu, heads or per cent, with at most 2 decimals"
    pattern = r"^(0|[1-9][0-9]{0,12})(\.[0-9]{1,2})?$"
    example = "12500.00"


class FigureIn(Schema):
    """A figure of a zone and year, with the paper that it comes from.

    output, value_added, gdp: 10 000 yuan; sown_area: mu; population: heads; the others: per cent. Output, and only
    output, names a sector, and may be of one user.
    """

    kind = fields.String(required=True, validate=KIND)
    water_year = fields.Integer(required=True, strict=True, validate=YEAR)
    zone = fields.String(required=True, validate=text(64))
    sector = fields.String(load_default=None, allow_none=True, validate=validate.OneOf(SECTORS))
    participant_id = PublicId("par", load_default=None, allow_none=True)
    value = FigureValue(required=True)
    document = fields.String(required=True, validate=text(500))
    document_sha256 = fields.String(load_default=None, allow_none=True, validate=SHA256)


class DepartmentFigureOut(Schema):
    """A figure as it was entered; the newest of its kind, year, zone, sector and user counts."""

    id = PublicId("dpf", required=True)
    kind = fields.String(required=True, validate=KIND)
    water_year = fields.Integer(required=True)
    zone = fields.String(required=True)
    sector = fields.String(required=True, allow_none=True)
    participant_id = PublicId("par", required=True, allow_none=True)
    value = FigureValue(required=True)
    department = fields.String(required=True)
    document = fields.String(required=True)
    document_sha256 = fields.String(required=True, allow_none=True)
    entered_at = fields.AwareDateTime(required=True)


class DepartmentFigurePage(Schema):
    """A page of figures."""

    data = fields.List(fields.Nested(DepartmentFigureOut), required=True)
    has_more = fields.Boolean(required=True)


class FiguresQuery(Schema):
    """Which figures."""

    kind = fields.String(validate=KIND)
    water_year = fields.Integer(validate=YEAR)


class PlanResultIn(Schema):
    """What became of a target of the plan in a year; `target` counts the task's targets from 1."""

    task = fields.String(required=True, validate=text(20))
    target = fields.Integer(required=True, strict=True, validate=validate.Range(1, 100))
    year = fields.Integer(required=True, strict=True, validate=YEAR)
    result = fields.String(required=True, validate=RESULT)
    document = fields.String(required=True, validate=text(500))
    text = fields.String(required=True, validate=text(2000))


class PlanResultOut(PlanResultIn):
    """A result as it was entered; the newest of a target and year counts."""

    id = PublicId("plr", required=True)
    department = fields.String(required=True)
    entered_at = fields.AwareDateTime(required=True)


class PlanResultPage(Schema):
    """A page of results."""

    data = fields.List(fields.Nested(PlanResultOut), required=True)
    has_more = fields.Boolean(required=True)


class PlanResultsQuery(Schema):
    """Which results."""

    task = fields.String(validate=text(20))
    year = fields.Integer(validate=YEAR)


class InspectionIn(Schema):
    """An inspection to plan: of a zone, a participant, or a matter alone."""

    title = fields.String(required=True, validate=text(200))
    subject = fields.String(required=True, validate=text(2000))
    zone = fields.String(load_default=None, allow_none=True, validate=text(64))
    participant_id = PublicId("par", load_default=None, allow_none=True)
    inspectors = fields.String(required=True, validate=text(500))
    legal_source = fields.String(required=True, validate=text(500))
    planned_on = fields.Date(required=True)


class InspectionFindingIn(Schema):
    """A finding; what is demanded is due on a day."""

    finding = fields.String(required=True, validate=text(2000))
    demand = fields.String(load_default=None, allow_none=True, validate=text(2000))
    due_on = fields.Date(load_default=None, allow_none=True)


class InspectionDoneIn(Schema):
    """What an inspection found."""

    done_on = fields.Date(required=True)
    summary = fields.String(required=True, validate=text(4000))
    findings = fields.List(
        fields.Nested(InspectionFindingIn), load_default=list, validate=validate.Length(max=200)
    )


class InspectionCancelIn(Schema):
    """Why an inspection is called off."""

    reason = fields.String(required=True, validate=text(2000))


class InspectionFindingOut(Schema):
    """A finding with its number."""

    number = fields.Integer(required=True)
    finding = fields.String(required=True)
    demand = fields.String(required=True, allow_none=True)
    due_on = fields.Date(required=True, allow_none=True)


class InspectionOut(Schema):
    """An inspection; `summary` of a cancelled one is why."""

    id = PublicId("isp", required=True)
    title = fields.String(required=True)
    subject = fields.String(required=True)
    zone = fields.String(required=True, allow_none=True)
    participant_id = PublicId("par", required=True, allow_none=True)
    inspectors = fields.String(required=True)
    legal_source = LegalSource(required=True)
    planned_on = fields.Date(required=True)
    status = fields.String(required=True, validate=validate.OneOf(INSPECTION_STATES))
    done_on = fields.Date(required=True, allow_none=True)
    summary = fields.String(required=True, allow_none=True)
    planned_at = fields.AwareDateTime(required=True)
    ended_at = fields.AwareDateTime(required=True, allow_none=True)
    findings = fields.List(fields.Nested(InspectionFindingOut), required=True)


class InspectionPage(Schema):
    """A page of inspections."""

    data = fields.List(fields.Nested(InspectionOut), required=True)
    has_more = fields.Boolean(required=True)


class InspectionsQuery(Schema):
    """Which inspections."""

    status = fields.String(load_default=None, validate=validate.OneOf(INSPECTION_STATES))
