"""Shapes of participants' statements of a period."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from market.api.schemas.fields import Money, Price, PublicId, Volume
from market.api.schemas.payments import SIGNED_MONEY
from market.api.schemas.personal import Personal
from market.participants.privacy import Kind
from market.trading.period_statement import MONEY, PATTERN, WATER

SIGNED = r"^-?(0|[1-9][0-9]{0,13})(\.[0-9]{1,3})?$"


class PeriodQuery(Schema):
    """Of which period: a month (2026-04), a quarter (2026-Q2) or a water year (2026)."""

    period = fields.String(required=True, validate=validate.Regexp(PATTERN))


class PeriodMovementsQuery(PeriodQuery):
    """Of which period and water account; without one, of the money account."""

    water_account_id = PublicId("wac", load_default=None)


class AccountPeriodOut(Schema):
    """An account over the period: opening + came in - went out = closing; yuan (`money`) or cubic metres (`water`)."""

    kind = fields.String(required=True, validate=validate.OneOf((MONEY, WATER)))
    money_account_id = PublicId("mac", required=True, allow_none=True)
    water_account_id = PublicId("wac", required=True, allow_none=True)
    label = fields.String(required=True, allow_none=True)
    opening = fields.String(required=True, validate=validate.Regexp(SIGNED))
    came_in = fields.String(required=True, validate=validate.Regexp(SIGNED))
    went_out = fields.String(required=True, validate=validate.Regexp(SIGNED))
    closing = fields.String(required=True, validate=validate.Regexp(SIGNED))


class PeriodStatementOut(Schema):
    """What a participant's accounts had, what moved, and what they have when the period is over, or at `as_of`."""

    participant_id = PublicId("par", required=True)
    first_day = fields.Date(required=True)
    last_day = fields.Date(required=True)
    as_of = fields.AwareDateTime(required=True)
    data = fields.List(fields.Nested(AccountPeriodOut), required=True)


class PeriodMovementOut(Schema):
    """A movement and the balance after it; yuan or cubic metres, what went out negative."""

    id = PublicId("tfr", required=True)
    at = fields.AwareDateTime(required=True)
    code = fields.String(required=True)
    zh = fields.String(required=True)
    en = fields.String(required=True)
    subject_id = fields.String(required=True, allow_none=True)
    counterparty_id = PublicId("par", required=True, allow_none=True)
    counterparty_name = Personal(Kind.NAME, of="counterparty_id", kind_of="counterparty_kind", required=True)
    change = fields.String(required=True, validate=validate.Regexp(SIGNED))
    balance = fields.String(required=True, validate=validate.Regexp(SIGNED))


class PeriodMovementPage(Schema):
    """A page of movements, oldest first."""

    data = fields.List(fields.Nested(PeriodMovementOut), required=True)
    has_more = fields.Boolean(required=True)


class PeriodTradeOut(Schema):
    """A settled trade: volumes at both places, the maker's price, the fee, and what moved one's money."""

    id = PublicId("trd", required=True)
    instruction_id = PublicId("ins", required=True)
    settled_at = fields.AwareDateTime(required=True)
    side = fields.String(required=True, validate=validate.OneOf(("buy", "sell")))
    product = fields.String(required=True)
    source_volume = Volume(required=True)
    delivered_volume = Volume(required=True)
    loss = Volume(required=True)
    price = Price(required=True)
    amount = Money(required=True)
    fee = Money(required=True)
    money = fields.String(required=True, validate=validate.Regexp(SIGNED_MONEY))
    counterparty_id = PublicId("par", required=True)
    counterparty_name = Personal(Kind.NAME, of="counterparty_id", kind_of="counterparty_kind", required=True)


class PeriodTradePage(Schema):
    """A page of trades, by id."""

    data = fields.List(fields.Nested(PeriodTradeOut), required=True)
    has_more = fields.Boolean(required=True)
