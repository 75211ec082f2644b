"""Shapes of imports."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from market.api.schemas.fields import PublicId
from market.sheet_runs.models import REGISTERS, STAGES, STATUSES


class ImportQuery(Schema):
    """Whether the good rows are taken although others are refused (`true`), or all rows or none (the default)."""

    take_good = fields.Boolean(load_default=False, data_key="partial", truthy={"true"}, falsy={"false"})


class SheetRunQuery(ImportQuery):
    """The register and the name of a file that is handed in, and whether its good rows are taken alone."""

    register = fields.String(required=True, validate=validate.OneOf(REGISTERS))
    filename = fields.String(load_default="", validate=validate.Length(max=200))


class RowProblem(Schema):
    """What is wrong with a cell, or with a whole row (`column` null)."""

    row = fields.Integer(required=True, validate=validate.Range(min=1))
    column = fields.String(required=True, allow_none=True)
    code = fields.String(required=True)
    message_en = fields.String(required=True)
    message_zh = fields.String(required=True)


class ImportOut(Schema):
    """How many rows were taken (of these `held` as findings) and refused, and why (at most 500 reasons)."""

    taken = fields.Integer(required=True)
    held = fields.Integer(required=True)
    refused = fields.Integer(required=True)
    rows = fields.List(fields.Nested(RowProblem), required=True)


class SheetRefusal(Schema):
    """Why nothing was taken of a file."""

    code = fields.String(required=True)
    title = fields.String(required=True)
    detail = fields.String(required=True)
    rule = fields.String()
    limit = fields.String()
    available = fields.String()
    legal_source = fields.String()


class SheetRunOut(Schema):
    """A file that was handed in: how far it is (`stage` and `rows_looked_at` while it runs), and what became of it.

    `refused`: by a rule, for `refusal`; `failed`: by a fault of this service. In both cases nothing was taken.
    """

    id = PublicId("shr", required=True)
    register = fields.String(required=True, metadata={"enum": list(REGISTERS)})
    filename = fields.String(required=True)
    sha256 = fields.String(required=True, validate=validate.Regexp("^[0-9a-f]{64}$"))
    take_good = fields.Boolean(required=True, data_key="partial")
    status = fields.String(required=True, metadata={"enum": list(STATUSES)})
    stage = fields.String(required=True, metadata={"enum": ["", *STAGES]})
    rows_looked_at = fields.Integer(required=True)
    taken = fields.Integer(required=True)
    held = fields.Integer(required=True)
    refused = fields.Integer(required=True)
    refusal = fields.Nested(SheetRefusal, required=True, allow_none=True)
    rows = fields.List(fields.Nested(RowProblem), required=True)
    asked_by = PublicId("usr", required=True)
    asked_at = fields.AwareDateTime(required=True)
    begun_at = fields.AwareDateTime(required=True, allow_none=True)
    ended_at = fields.AwareDateTime(required=True, allow_none=True)


class SheetRunPage(Schema):
    """A page of files, newest first."""

    data = fields.List(fields.Nested(SheetRunOut), required=True)
    has_more = fields.Boolean(required=True)
