"""Shape of the health answers."""

from __future__ import annotations

from marshmallow import Schema, fields


class HealthOut(Schema):
    """ok, or it would be an error."""

    status = fields.String(required=True)
