"""Shapes of saving projects: calls, proposals, marks."""

from __future__ import annotations

from functools import partial

from marshmallow import Schema, fields, validate

from ledger.units import format_decimal, parse_decimal
from market.api.schemas.fields import Decimal, Money, PublicId, Volume, YesNo
from market.api.schemas.personal import Personal
from market.api.schemas.registry import text
from market.contracts.firm_models import PROJECT_KINDS
from market.contracts.project_models import MARK_LEVELS, MARKS, MODES, PROJECT_STATES, PROPOSAL_STATES
from market.participants.privacy import Kind

KIND = validate.OneOf(PROJECT_KINDS)
MODE = validate.OneOf(MODES)
MONTHS = validate.Range(1, 600)


class ShareBp(Decimal):
    """A share between 0 and 1 with at most 4 decimals; basis points inside."""

    parse = staticmethod(partial(parse_decimal, scale=4, limit=10_000))
    write = staticmethod(partial(format_decimal, scale=4))
    unit = "a share of 1 with at most 4 decimals"
    pattern = r"^(0(\.[0-9]{1,4})?|1(\.0{1,4})?)$"
    example = "0.9000"


class ProjectsQuery(Schema):
    """Which projects; `taking`: still takes proposals now."""

    kind = fields.String(validate=KIND)
    mode = fields.String(validate=MODE)
    township = fields.String(validate=text(50))
    status = fields.String(validate=validate.OneOf(PROJECT_STATES))
    mark = fields.String(validate=validate.OneOf(MARKS))
    taking = fields.Boolean()
    participant_id = PublicId("par")


class ProjectIn(Schema):
    """A call for proposals. `use`: what is used a year today; `mode` null: any; `sealed`: opened at the deadline."""

    participant_id = PublicId("par", required=True)
    kind = fields.String(required=True, validate=KIND)
    title = fields.String(required=True, validate=text(200))
    description = fields.String(required=True, validate=text(8000))
    township = fields.String(required=True, validate=text(50))
    use = Volume(required=True, positive=True)
    mode = fields.String(load_default=None, allow_none=True, validate=MODE)
    longest_months = fields.Integer(required=True, strict=True, validate=MONTHS)
    sealed = YesNo(load_default=False)
    closes_at = fields.AwareDateTime(required=True)


class ProjectEndIn(Schema):
    """Why."""

    reason = fields.String(required=True, validate=text(1000))


class ChoiceIn(ProjectEndIn):
    """The proposal that is chosen, and why: the others are told."""

    proposal_id = PublicId("prp", required=True)


class MarkIn(Schema):
    """A mark of a level, and the document that gives it."""

    mark = fields.String(required=True, validate=validate.OneOf(MARKS))
    level = fields.String(required=True, validate=validate.OneOf(MARK_LEVELS))
    document = fields.String(required=True, validate=text(500))


class MarkOut(Schema):
    """A mark that a project bears."""

    id = PublicId("mrk", required=True)
    mark = fields.String(required=True, validate=validate.OneOf(MARKS))
    level = fields.String(required=True, validate=validate.OneOf(MARK_LEVELS))
    document = fields.String(required=True)
    given_at = fields.AwareDateTime(required=True)
    removed_at = fields.AwareDateTime(required=True, allow_none=True)
    removal_reason = fields.String(required=True, allow_none=True)


class ProjectOut(Schema):
    """A project as everybody sees it; `taking`: takes proposals now."""

    id = PublicId("prj", required=True)
    participant_id = PublicId("par", required=True)
    name = Personal(Kind.NAME, of="participant_id", kind_of="user_kind", required=True)
    kind = fields.String(required=True, validate=KIND)
    title = fields.String(required=True)
    description = fields.String(required=True)
    township = fields.String(required=True)
    use = Volume(required=True)
    mode = fields.String(required=True, allow_none=True, validate=MODE)
    longest_months = fields.Integer(required=True)
    sealed = fields.Boolean(required=True)
    closes_at = fields.AwareDateTime(required=True)
    taking = fields.Boolean(required=True)
    status = fields.String(required=True, validate=validate.OneOf(PROJECT_STATES))
    end_reason = fields.String(required=True, allow_none=True)
    ended_at = fields.AwareDateTime(required=True, allow_none=True)
    proposals = fields.Integer(required=True)
    marks = fields.List(fields.Nested(MarkOut), required=True)
    published_at = fields.AwareDateTime(required=True)
    version = fields.Integer(required=True)


class ProjectPage(Schema):
    """A page of projects."""

    data = fields.List(fields.Nested(ProjectOut), required=True)
    has_more = fields.Boolean(required=True)


class ProposalIn(Schema):
    """What a firm offers: `share` of the benefit where the mode shares it, else its `fee` a year."""

    mode = fields.String(required=True, validate=MODE)
    saving = Volume(required=True, positive=True)
    investment = Money(required=True)
    share = ShareBp(load_default=None, allow_none=True)
    fee = Money(load_default=None, allow_none=True)
    term_months = fields.Integer(required=True, strict=True, validate=MONTHS)
    measures = fields.String(required=True, validate=text(8000))


class ProposalsQuery(Schema):
    """Which proposals."""

    status = fields.String(validate=validate.OneOf(PROPOSAL_STATES))


class ProposalOut(Schema):
    """A proposal; `related`: firm and user have one owner."""

    id = PublicId("prp", required=True)
    project_id = PublicId("prj", required=True)
    firm_id = PublicId("frm", required=True)
    participant_id = PublicId("par", required=True)
    mode = fields.String(required=True, validate=MODE)
    saving = Volume(required=True)
    investment = Money(required=True)
    share = ShareBp(required=True, allow_none=True)
    fee = Money(required=True, allow_none=True)
    term_months = fields.Integer(required=True)
    measures = fields.String(required=True)
    related = fields.Boolean(required=True)
    status = fields.String(required=True, validate=validate.OneOf(PROPOSAL_STATES))
    submitted_at = fields.AwareDateTime(required=True)
    resolved_at = fields.AwareDateTime(required=True, allow_none=True)


class ProposalPage(Schema):
    """A page of proposals."""

    data = fields.List(fields.Nested(ProposalOut), required=True)
    has_more = fields.Boolean(required=True)


class ProposalsOut(Schema):
    """What firms propose for one project."""

    data = fields.List(fields.Nested(ProposalOut), required=True)
