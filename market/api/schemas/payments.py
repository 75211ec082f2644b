"""Shapes of money accounts, deposits and payouts."""

from __future__ import annotations

from marshmallow import Schema, fields, validate
from webargs.fields import DelimitedList

from market.api.schemas.fields import Money, PublicId
from market.api.schemas.personal import Personal
from market.api.schemas.registry import text
from market.participants.privacy import Kind

SIGNED_MONEY = r"^-?(0|[1-9][0-9]{0,13})(\.[0-9]{1,2})?$"


class MoneyAccountOut(Schema):
    """A participant's money in the market: available = balance − held.

    `deposit_code`: what a payer writes into the remark of a transfer, so that it is credited here by itself.
    """

    id = PublicId("mac", required=True)
    participant_id = PublicId("par", required=True)
    balance = Money(required=True)
    held = Money(required=True)
    available = Money(required=True)
    deposit_code = fields.String(required=True)


class MoneyAccountPage(Schema):
    """A page of money accounts."""

    data = fields.List(fields.Nested(MoneyAccountOut), required=True)
    has_more = fields.Boolean(required=True)


class MoneyAccountsQuery(Schema):
    """Which money accounts; a natural person's is found by name by those alone who are shown the name in full."""

    participant_id = PublicId("par")
    name = fields.String(validate=validate.Length(1, 100))
    ids = DelimitedList(PublicId("mac"), validate=validate.Length(1, 200))


class MoneyEntryOut(Schema):
    """One line of a statement, in yuan: a negative change went out. `subject_id` is what caused it."""

    id = PublicId("tfr", required=True)
    at = fields.AwareDateTime(required=True)
    code = fields.String(required=True)
    subject_id = fields.String(required=True, allow_none=True)
    change = fields.String(required=True, validate=validate.Regexp(SIGNED_MONEY))
    held_change = fields.String(required=True, validate=validate.Regexp(SIGNED_MONEY))
    balance = fields.String(required=True, validate=validate.Regexp(SIGNED_MONEY))
    held = fields.String(required=True, validate=validate.Regexp(SIGNED_MONEY))


class MoneyStatement(Schema):
    """A page of a money account's statement, oldest first."""

    data = fields.List(fields.Nested(MoneyEntryOut), required=True)
    has_more = fields.Boolean(required=True)


class BankTransferIn(Schema):
    """What the bank has moved."""

    money_account_id = PublicId("mac", required=True)
    amount = Money(required=True, positive=True)
    bank_reference = fields.String(required=True, validate=text(64))
    value_date = fields.Date(required=True)
    note = fields.String(load_default="", validate=text(500, 0))


class DepositOut(Schema):
    """Money that came in."""

    id = PublicId("dep", required=True)
    money_account_id = PublicId("mac", required=True)
    amount = Money(required=True)
    bank_reference = Personal(Kind.BANK, required=True)
    value_date = fields.Date(required=True)
    note = Personal(Kind.BANK, required=True)
    recorded_at = fields.AwareDateTime(required=True)


class PayoutOut(DepositOut):
    """Money that went out."""

    id = PublicId("pay", required=True)


class DepositPage(Schema):
    """A page of deposits."""

    data = fields.List(fields.Nested(DepositOut), required=True)
    has_more = fields.Boolean(required=True)


class PayoutPage(Schema):
    """A page of payouts."""

    data = fields.List(fields.Nested(PayoutOut), required=True)
    has_more = fields.Boolean(required=True)


class BankTransfersQuery(Schema):
    """Which deposits or payouts, and in which order: `newest_first`, or by id."""

    money_account_id = PublicId("mac")
    newest_first = fields.Boolean(load_default=False)
