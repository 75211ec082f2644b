"""Shapes of reports, filings and the calendar of duties."""

from __future__ import annotations

import datetime as dt

from marshmallow import Schema, fields, validate

from market.api.schemas.fields import LegalSource, PublicId
from market.api.schemas.registry import text
from market.supervision.reports.duties import STATES
from market.supervision.reports.formats import FORMATS
from market.supervision.reports.report import Kind

NAME = validate.Regexp(r"^[a-z][a-z-]{0,40}$")
SHA256 = validate.Regexp(r"^[0-9a-f]{64}$")
YEAR = validate.Range(2000, 2200)
FIRST_DAY, LAST_DAY = dt.date(2000, 1, 1), dt.date(2200, 12, 31)


class ReportQuery(Schema):
    """Of which water year (without it, the present one), held against which day (today), and in which format."""

    water_year = fields.Integer(load_default=None, validate=YEAR)
    on = fields.Date(load_default=None, validate=validate.Range(FIRST_DAY, LAST_DAY))
    format = fields.String(load_default="json", validate=validate.OneOf(FORMATS))


class ReportColumnOut(Schema):
    """A column with its titles and units; `key`: with the other keys it names a row."""

    name = fields.String(required=True)
    zh = fields.String(required=True)
    en = fields.String(required=True)
    kind = fields.String(required=True, validate=validate.OneOf([each.value for each in Kind]))
    key = fields.Boolean(required=True)
    unit_zh = fields.String(required=True, allow_none=True)
    unit_en = fields.String(required=True, allow_none=True)


class ReportKindOut(Schema):
    """A report that there is."""

    name = fields.String(required=True)
    title_zh = fields.String(required=True)
    title_en = fields.String(required=True)


class ReportKindList(Schema):
    """Every report."""

    data = fields.List(fields.Nested(ReportKindOut), required=True)


class SupervisionReportOut(Schema):
    """A report: decimals are strings in the unit of their column, counts are numbers."""

    report = fields.String(required=True)
    title_zh = fields.String(required=True)
    title_en = fields.String(required=True)
    water_year = fields.Integer(required=True)
    on = fields.Date(required=True)
    columns = fields.List(fields.Nested(ReportColumnOut), required=True)
    rows = fields.List(fields.Dict(), required=True)


class DutyOut(Schema):
    """One report that is due for a duty and a year; `filing_id` is the newest filing of it."""

    duty = fields.String(required=True)
    name_zh = fields.String(required=True)
    name_en = fields.String(required=True)
    year = fields.Integer(required=True)
    report = fields.String(required=True)
    due_on = fields.Date(required=True)
    state = fields.String(required=True, validate=validate.OneOf(STATES))
    filed_on = fields.Date(required=True, allow_none=True)
    filing_id = PublicId("flg", required=True, allow_none=True)
    legal_source = LegalSource(required=True)
    demonstration = fields.Boolean(required=True)


class DutyList(Schema):
    """The calendar, the first due first."""

    data = fields.List(fields.Nested(DutyOut), required=True)


class DutiesQuery(Schema):
    """Of which year; without it, of every year that has begun."""

    year = fields.Integer(load_default=None, validate=YEAR)


class FilingIn(Schema):
    """For which duty and year, and which of its reports."""

    duty = fields.String(required=True, validate=text(64))
    year = fields.Integer(required=True, strict=True, validate=YEAR)
    report = fields.String(required=True, validate=NAME)


class FilingOut(Schema):
    """A report as it was filed; `sha256` is that of its content, `replaces_id` the filing that it corrects."""

    id = PublicId("flg", required=True)
    duty = fields.String(required=True)
    year = fields.Integer(required=True)
    report = fields.String(required=True)
    as_of = fields.Date(required=True)
    due_on = fields.Date(required=True)
    rows = fields.Integer(required=True)
    sha256 = fields.String(required=True, validate=SHA256)
    replaces_id = PublicId("flg", required=True, allow_none=True)
    reason = fields.String(required=True)
    filed_at = fields.AwareDateTime(required=True)


class FilingPage(Schema):
    """A page of filings."""

    data = fields.List(fields.Nested(FilingOut), required=True)
    has_more = fields.Boolean(required=True)


class FilingDifferenceOut(Schema):
    """What differs: of a row (its keys in order) a column, or the whole row where `column` is null."""

    key = fields.List(fields.String(allow_none=True), required=True)
    column = fields.String(required=True, allow_none=True)
    filed = fields.String(required=True, allow_none=True)
    now = fields.String(required=True, allow_none=True)


class FilingDifferencesOut(Schema):
    """A filing held against the figures of now; `sha256` names exactly these differences."""

    filing_id = PublicId("flg", required=True)
    differences = fields.List(fields.Nested(FilingDifferenceOut), required=True)
    sha256 = fields.String(required=True, validate=SHA256)
    explained = fields.Boolean(required=True)
    explanation = fields.String(required=True, allow_none=True)
    explained_at = fields.AwareDateTime(required=True, allow_none=True)


class ExplanationIn(Schema):
    """Why the figures differ: of the differences that were read, named by their SHA-256."""

    differences_sha256 = fields.String(required=True, validate=SHA256)
    text = fields.String(required=True, validate=text(4000))


class FilingCorrectionIn(Schema):
    """Why a filing is corrected."""

    reason = fields.String(required=True, validate=text(4000))
