"""Shapes of the buy-back: offers, takes, lists."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from ledger.units import UnitError, format_decimal, parse_decimal
from market.api.schemas.fields import Decimal, LegalSource, Money, Price, PublicId, Volume, YesNo
from market.api.schemas.imports import ImportQuery, RowProblem
from market.api.schemas.registry import text
from market.trading.buy_back_models import ENDINGS, TAKE_STATES

MOST_ROWS = 2_000


def _parse_multiple(value: object) -> int:
    return parse_decimal(value, scale=3, limit=1_000_000)


def _parse_share(value: object) -> int:
    found = parse_decimal(value, scale=6, limit=1_000_000)
    if found == 0:
        raise UnitError("must be above zero")
    return found


class Multiple(Decimal):
    """A multiple of the water price with at most three decimals; thousandths inside."""

    parse = staticmethod(_parse_multiple)
    write = staticmethod(lambda value: format_decimal(value, scale=3))
    unit = "times the water price, with at most 3 decimals"
    pattern = r"^(0|[1-9][0-9]{0,2})(\.[0-9]{1,3})?$"
    example = "2.500"


class ShareOfAllocation(Decimal):
    """A share above 0 and at most 1 with at most six decimals; millionths inside."""

    parse = staticmethod(_parse_share)
    write = staticmethod(lambda value: format_decimal(value, scale=6))
    unit = "a share above 0 and at most 1, with at most 6 decimals"
    pattern = r"^(0|1)(\.[0-9]{1,6})?$"
    example = "0.300000"


class BuyBackIn(Schema):
    """A standing offer: into which storage account, from which township or district, at what multiple, how much money.

    `ceiling`: the most that one holder sells, as a share of its allocation; none where it is left out.
    """

    product_id = PublicId("prd", required=True)
    water_account_id = PublicId("wac", required=True)
    zone = fields.String(required=True, validate=text(64))
    multiple = Multiple(required=True, positive=True)
    budget = Money(required=True, positive=True)
    ceiling = ShareOfAllocation(load_default=None, allow_none=True)
    starts_on = fields.Date(required=True)
    ends_on = fields.Date(required=True)
    document = fields.String(required=True, validate=text(500))


class BuyBackOut(Schema):
    """An offer. `budget` = `held` + `under_way` + `spent` + `freed`."""

    id = PublicId("bbk", required=True)
    participant_id = PublicId("par", required=True)
    product_id = PublicId("prd", required=True)
    water_account_id = PublicId("wac", required=True)
    zone = fields.String(required=True)
    multiple = Multiple(required=True)
    ceiling = ShareOfAllocation(required=True, allow_none=True)
    budget = Money(required=True)
    held = Money(required=True)
    under_way = Money(required=True)
    spent = Money(required=True)
    freed = Money(required=True)
    starts_on = fields.Date(required=True)
    ends_on = fields.Date(required=True)
    document = fields.String(required=True)
    legal_source = LegalSource(required=True)
    status = fields.String(required=True, validate=validate.OneOf(("open", "ended")))
    ending = fields.String(required=True, allow_none=True, validate=validate.OneOf(ENDINGS))
    published_at = fields.AwareDateTime(required=True)
    ended_at = fields.AwareDateTime(required=True, allow_none=True)
    version = fields.Integer(required=True)


class BuyBackPage(Schema):
    """A page of offers."""

    data = fields.List(fields.Nested(BuyBackOut), required=True)
    has_more = fields.Boolean(required=True)


class BuyBacksQuery(Schema):
    """Which offers."""

    status = fields.String(validate=validate.OneOf(("open", "ended")))


class TakeIn(Schema):
    """What is sold: the water account, and a volume at its place; no volume is all that may be sold."""

    water_account_id = PublicId("wac", required=True)
    volume = Volume(load_default=None, allow_none=True, positive=True)


class WhyOut(Schema):
    """Why the engine refused a take."""

    rule = fields.String(required=True)
    detail = fields.String(required=True)
    limit = fields.String(required=True, allow_none=True)
    available = fields.String(required=True, allow_none=True)
    legal_source = LegalSource(required=True, allow_none=True)


class TakeOut(Schema):
    """A take: `price` = `water_price` x the offer's multiple. It is struck until the engine has answered."""

    id = PublicId("bbt", required=True)
    buy_back_id = PublicId("bbk", required=True)
    list_id = PublicId("bbl", required=True, allow_none=True)
    participant_id = PublicId("par", required=True)
    water_account_id = PublicId("wac", required=True)
    volume = Volume(required=True)
    water_price = Price(required=True)
    price = Price(required=True)
    amount = Money(required=True)
    status = fields.String(required=True, validate=validate.OneOf(TAKE_STATES))
    trade_id = PublicId("trd", required=True, allow_none=True)
    refusal = fields.Nested(WhyOut, required=True, allow_none=True)
    taken_at = fields.AwareDateTime(required=True)
    resolved_at = fields.AwareDateTime(required=True, allow_none=True)


class TakePage(Schema):
    """A page of takes."""

    data = fields.List(fields.Nested(TakeOut), required=True)
    has_more = fields.Boolean(required=True)


class TakesQuery(Schema):
    """Which takes."""

    buy_back_id = PublicId("bbk")
    list_id = PublicId("bbl")


class ListIn(Schema):
    """A village's list, on the paper that the holders signed. `partial`: the good rows although others are bad;
    `share`: a budget that does not suffice is shared in proportion instead of refused.
    """

    basis = fields.String(required=True, validate=text(500))
    take_good = YesNo(load_default=False, data_key="partial")
    share = YesNo(load_default=False)
    rows = fields.List(fields.Nested(TakeIn), required=True, validate=validate.Length(min=1, max=MOST_ROWS))


class SheetQuery(ImportQuery):
    """How a sheet is taken: on what paper, the good rows alone, a short budget shared."""

    basis = fields.String(required=True, validate=text(500))
    share = fields.Boolean(load_default=False, truthy={"true"}, falsy={"false"})


class ListOut(Schema):
    """A list as it was taken: how many rows were taken and refused, and why (rows count from 1; of a sheet, as in it).

    `shared`: the budget did not suffice, and every row got its part.
    """

    id = PublicId("bbl", required=True)
    buy_back_id = PublicId("bbk", required=True)
    basis = fields.String(required=True)
    took_good = fields.Boolean(required=True, data_key="partial")
    shared = fields.Boolean(required=True)
    taken = fields.Integer(required=True)
    refused = fields.Integer(required=True)
    rows = fields.List(fields.Nested(RowProblem), required=True)
    entered_at = fields.AwareDateTime(required=True)


class EndIn(Schema):
    """Why an offer ends."""

    reason = fields.String(required=True, validate=text(1000))
