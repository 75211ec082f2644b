"""Shapes of the test county and its clock."""

from __future__ import annotations

from marshmallow import Schema, fields

from market.api.schemas.fields import PublicId


class TestUserOut(Schema):
    """Somebody of the test county, made up: what a key's `acts_as` says, and its roles."""

    acts_as = fields.String(required=True)
    roles = fields.List(fields.String(), required=True)


class TestCountyOut(Schema):
    """Who is in the test county."""

    users = fields.List(fields.Nested(TestUserOut), required=True)


class TestClockOut(Schema):
    """What time it is in the test county, by how much it is ahead, and the move that is under way."""

    now = fields.AwareDateTime(required=True)
    legal_day = fields.Date(required=True)
    ahead_seconds = fields.Integer(required=True)
    running = PublicId("tcl", required=True, allow_none=True)


class AdvanceIn(Schema):
    """The instant to which the clock goes: later than now there, at most 400 days."""

    to = fields.AwareDateTime(required=True, format="iso")


class AdvanceOut(Schema):
    """A move of the clock: `running` until `reached_at` is `to` and all that was due is done."""

    id = PublicId("tcl", required=True)
    from_at = fields.AwareDateTime(required=True)
    to = fields.AwareDateTime(required=True)
    reached_at = fields.AwareDateTime(required=True)
    status = fields.String(required=True)


class ClockStepOut(Schema):
    """What a job did at an instant: how many things."""

    at = fields.AwareDateTime(required=True)
    job = fields.String(required=True)
    done = fields.Integer(required=True)


class AdvanceWithStepsOut(AdvanceOut):
    """A move of the clock with what was done on the way, in order."""

    steps = fields.List(fields.Nested(ClockStepOut), required=True)


class AdvancePage(Schema):
    """Moves of the clock, newest first."""

    data = fields.List(fields.Nested(AdvanceOut), required=True)
    has_more = fields.Boolean(required=True)
