"""Shapes of imports."""

from __future__ import annotations

from marshmallow import Schema, fields, validate


class ImportQuery(Schema):
    """Whether the good rows are taken although others are refused (`true`), or all rows or none (the default)."""

    take_good = fields.Boolean(load_default=False, data_key="partial", truthy={"true"}, falsy={"false"})


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
