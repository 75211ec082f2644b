"""Shapes of statements and invoices of saving contracts."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from market.api.schemas.fields import Money, PublicId
from market.api.schemas.registry import text
from market.contracts.statements import PARTS
from market.contracts.terms import PARTY_ROLES

SIGNED_MONEY = r"^-?(0|[1-9][0-9]{0,12})\.[0-9]{2}$"


class StatementQuery(Schema):
    """For which party; a party itself is asked for its own, the bureau without one for the user's."""

    participant_id = PublicId("par")


class StatementLineOut(Schema):
    """A line: `part` of the statement, symbol or number, words, formula, value and unit; of a due its last day and how
    many days late it is.
    """

    part = fields.String(required=True, validate=validate.OneOf(PARTS))
    code = fields.String(required=True)
    zh = fields.String(required=True)
    en = fields.String(required=True)
    formula = fields.String(required=True)
    value = fields.String(required=True)
    unit = fields.String(required=True)
    due_on = fields.Date(required=True, allow_none=True)
    late_days = fields.Integer(required=True)
    source = fields.String(required=True)


class StatementOut(Schema):
    """The statement of a period for a party as of a day; its hash is of party, day and lines."""

    contract_id = PublicId("sct", required=True)
    title = fields.String(required=True)
    mode = fields.String(required=True)
    report_id = PublicId("srp", required=True)
    participant_id = PublicId("par", required=True)
    name = fields.String(required=True)
    role = fields.String(required=True, validate=validate.OneOf(PARTY_ROLES))
    first_day = fields.Date(required=True)
    last_day = fields.Date(required=True)
    as_of = fields.Date(required=True)
    data = fields.List(fields.Nested(StatementLineOut), required=True)
    sha256 = fields.String(required=True)


class InvoicesQuery(Schema):
    """Which invoices."""

    contract_id = PublicId("sct")
    due_id = PublicId("due")


class TakeBackIn(Schema):
    """Why an invoice is taken back, and how much of it (none: all that is left)."""

    reason = fields.String(required=True, validate=text(1000))
    amount = Money(load_default=None, allow_none=True, positive=True)


class InvoiceOut(Schema):
    """An invoice; a red one names what it corrects, and its amounts are negative. `text` is what was hashed."""

    id = PublicId("inv", required=True)
    number = fields.String(required=True)
    issued_on = fields.Date(required=True)
    issuer_id = PublicId("par", required=True)
    recipient_id = PublicId("par", required=True)
    contract_id = PublicId("sct", required=True)
    due_id = PublicId("due", required=True)
    corrects_id = PublicId("inv", required=True, allow_none=True)
    reason = fields.String(required=True, allow_none=True)
    gross = fields.String(required=True, validate=validate.Regexp(SIGNED_MONEY))
    net = fields.String(required=True, validate=validate.Regexp(SIGNED_MONEY))
    vat = fields.String(required=True, validate=validate.Regexp(SIGNED_MONEY))
    vat_rate = fields.String(required=True)
    text = fields.String(required=True)
    sha256 = fields.String(required=True)


class InvoicePage(Schema):
    """A page of invoices."""

    data = fields.List(fields.Nested(InvoiceOut), required=True)
    has_more = fields.Boolean(required=True)
