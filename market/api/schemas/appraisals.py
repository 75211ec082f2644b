"""Shapes of what a saving project is worth before it is signed, and of the portfolio of all."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from market.api.schemas.fields import Money, Price, Volume
from market.api.schemas.projects import KIND, MODE, ShareBp
from market.api.schemas.registry import Share
from market.api.schemas.saving_terms import GuaranteeTerms, RecoveryTerms, RowTerms

CODE = validate.Regexp(r"^[a-z][a-z0-9_]{0,39}$")
PLACES = r"^-?[0-9]{1,12}(\.[0-9]{1,6})?$"


class PlanIn(Schema):
    """A project as it is weighed. `parties` in the order of the shares; `rates`: each one's discount rate a year."""

    parties = fields.List(fields.String(validate=CODE), required=True, validate=validate.Length(2, 10))
    user = fields.String(required=True, validate=CODE)
    firm = fields.String(required=True, validate=CODE)
    rows = fields.List(fields.Nested(RowTerms), required=True, validate=validate.Length(1, 50))
    recovery = fields.Nested(RecoveryTerms, load_default=None, allow_none=True)
    savings = fields.List(Volume(), required=True, validate=validate.Length(1, 50))
    base_use = Volume(required=True, positive=True)
    price = Price(required=True, positive=True)
    investment = Money(required=True)
    upkeep = Money(load_default=0)
    fee = Money(load_default=0)
    guarantee = fields.Nested(GuaranteeTerms, load_default=None, allow_none=True)
    trust_share = ShareBp(load_default=10_000)
    tax = ShareBp(load_default=0)
    subsidy = Money(load_default=0)
    loan = Money(load_default=0)
    loan_rate = Share(load_default=0)
    loan_years = fields.Integer(load_default=1, strict=True, validate=validate.Range(1, 50))
    rates = fields.List(Share(), required=True, validate=validate.Length(2, 10))
    sensitivity_of = fields.String(load_default=None, allow_none=True, validate=MODE)


class CashFlowOut(Schema):
    """One year of one party, yuan with a sign (year 0 is that of the investment)."""

    year = fields.Integer(required=True)
    receipts = fields.String(required=True, validate=validate.Regexp(PLACES))
    investment = fields.String(required=True, validate=validate.Regexp(PLACES))
    upkeep = fields.String(required=True, validate=validate.Regexp(PLACES))
    tax = fields.String(required=True, validate=validate.Regexp(PLACES))
    subsidy = fields.String(required=True, validate=validate.Regexp(PLACES))
    borrowed = fields.String(required=True, validate=validate.Regexp(PLACES))
    repaid = fields.String(required=True, validate=validate.Regexp(PLACES))
    net = fields.String(required=True, validate=validate.Regexp(PLACES))


class MeasuresOut(Schema):
    """What a party's flows are worth; paybacks in years (null: not within the term), the internal rate or why none."""

    party = fields.String(required=True)
    total = fields.String(required=True, validate=validate.Regexp(PLACES))
    net_present_value = fields.String(required=True, validate=validate.Regexp(PLACES))
    payback_years = fields.String(required=True, allow_none=True, validate=validate.Regexp(PLACES))
    discounted_payback_years = fields.String(required=True, allow_none=True, validate=validate.Regexp(PLACES))
    internal_rate = fields.String(required=True, allow_none=True, validate=validate.Regexp(PLACES))
    no_rate_zh = fields.String(required=True, allow_none=True)
    no_rate_en = fields.String(required=True, allow_none=True)


class ModeOut(Schema):
    """A mode, what it is worth to each party, and each one's cash flow."""

    mode = fields.String(required=True, validate=MODE)
    measures = fields.List(fields.Nested(MeasuresOut), required=True)
    flows = fields.List(fields.List(fields.Nested(CashFlowOut)), required=True)


class CaseOut(Schema):
    """Saving and price as parts of what is expected, and what the mode is then worth to each party."""

    saving = fields.String(required=True, validate=validate.Regexp(PLACES))
    price = fields.String(required=True, validate=validate.Regexp(PLACES))
    measures = fields.List(fields.Nested(MeasuresOut), required=True)


class AppraisalOut(Schema):
    """The modes side by side, and the sensitivity of the one that was asked for."""

    modes = fields.List(fields.Nested(ModeOut), required=True)
    sensitivity = fields.List(fields.Nested(CaseOut), required=True)


class PortfolioLineOut(Schema):
    """One kind of project: contracts, what was claimed and verified, money shared, disputes, dues."""

    kind = fields.String(required=True, validate=KIND)
    projects = fields.Integer(required=True)
    marked = fields.Integer(required=True)
    contracts = fields.Integer(required=True)
    running = fields.Integer(required=True)
    reports = fields.Integer(required=True)
    claimed = fields.String(required=True, validate=validate.Regexp(PLACES))
    verified = fields.String(required=True, validate=validate.Regexp(PLACES))
    creditable_water = Volume(required=True)
    disputes = fields.Integer(required=True)
    open_disputes = fields.Integer(required=True)
    benefit = Money(required=True)
    open_dues = Money(required=True)
    late_dues = Money(required=True)


class PortfolioOut(Schema):
    """The portfolio by kind of project."""

    data = fields.List(fields.Nested(PortfolioLineOut), required=True)
