"""Shapes of tax profiles and of invoices of the exchange for its fees: previews, runs, invoices, lines, numbers."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from market.api.schemas.fields import Fixed, LegalSource, PublicId
from market.api.schemas.personal import Personal
from market.api.schemas.saving_lots import SignedMoney
from market.api.schemas.water_bills import DIGEST
from market.fees.models import FORMS, KINDS
from market.participants.privacy import Kind

MONTH = validate.Regexp(r"^2[0-9]{3}-(0[1-9]|1[0-2])$")
_FORM = validate.OneOf(FORMS)
_LINE = validate.Length(1, 100)


class TaxProfileIn(Schema):
    """How a body wishes to be invoiced; a special VAT invoice needs all of it."""

    title = fields.String(required=True, validate=_LINE)
    tax_number = fields.String(required=True, validate=validate.Length(15, 30))
    address = fields.String(load_default="", validate=validate.Length(0, 200))
    phone = fields.String(load_default="", validate=validate.Length(0, 40))
    bank_name = fields.String(load_default="", validate=validate.Length(0, 100))
    bank_account = fields.String(load_default="", validate=validate.Length(0, 40))
    form = fields.String(load_default="ordinary", validate=_FORM)


def _own(kind: Kind) -> Personal:
    return Personal(kind, of="participant_id", kind_of="participant_kind", required=True)


class TaxProfileOut(Schema):
    """How a participant is invoiced; a natural person in its own name, without a profile (`version` 0)."""

    participant_id = PublicId("par", required=True)
    title = _own(Kind.NAME)
    tax_number = fields.String(required=True, allow_none=True)
    address = _own(Kind.CONTACT)
    phone = _own(Kind.CONTACT)
    bank_name = _own(Kind.BANK)
    bank_account = _own(Kind.BANK)
    form = fields.String(required=True, validate=_FORM)
    version = fields.Integer(required=True)


class FeeMonthIn(Schema):
    """A calendar month that is over."""

    month = fields.String(required=True, validate=MONTH, metadata={"example": "2026-04"})


class FeeRunIn(FeeMonthIn):
    """The same, with the digest of the preview whose invoices are issued."""

    digest = fields.String(required=True, validate=DIGEST)


class VatOut(Schema):
    """The rate (per cent) and kind of service at which fees are invoiced, and where that is from."""

    rate = Fixed(2, required=True)
    category_zh = fields.String(required=True)
    category_en = fields.String(required=True)
    legal_source = LegalSource(required=True)
    demonstration = fields.Boolean(required=True)


class FeeLineOut(Schema):
    """The fees of one kind on an invoice: how many, with tax, without, the tax, its rate (per cent)."""

    code = fields.String(required=True)
    zh = fields.String(required=True)
    en = fields.String(required=True)
    fees = fields.Integer(required=True)
    rate = Fixed(2, required=True)
    gross = SignedMoney(required=True)
    net = SignedMoney(required=True)
    tax = SignedMoney(required=True)


class FeeDraftOut(Schema):
    """An invoice, or a credit of an earlier one, that would be issued."""

    kind = fields.String(required=True, validate=validate.OneOf(KINDS))
    participant_id = PublicId("par", required=True)
    corrects_id = PublicId("fin", required=True, allow_none=True)
    form = fields.String(required=True, validate=_FORM)
    gross = SignedMoney(required=True)
    net = SignedMoney(required=True)
    tax = SignedMoney(required=True)
    lines = fields.List(fields.Nested(FeeLineOut), required=True)


class FeePreviewOut(Schema):
    """What a run would issue: sums, and the first of its invoices. `digest` is of all of them.

    `without_tax_number`: how many are for bodies without a tax profile, in their registered name alone.
    """

    month = fields.String(required=True)
    first_day = fields.Date(required=True)
    last_day = fields.Date(required=True)
    invoices = fields.Integer(required=True)
    credits = fields.Integer(required=True)
    without_tax_number = fields.Integer(required=True)
    gross = SignedMoney(required=True)
    net = SignedMoney(required=True)
    tax = SignedMoney(required=True)
    vat = fields.Nested(VatOut, required=True)
    digest = fields.String(required=True)
    sample = fields.List(fields.Nested(FeeDraftOut), required=True)


class FeeRunOut(Schema):
    """A run: its month, how many invoices and credits, and what they come to."""

    id = PublicId("fir", required=True)
    first_day = fields.Date(required=True, attribute="first_on")
    last_day = fields.Date(required=True, attribute="last_on")
    invoices = fields.Integer(required=True)
    credits = fields.Integer(required=True)
    gross = SignedMoney(required=True, attribute="gross_fen")
    net = SignedMoney(required=True, attribute="net_fen")
    tax = SignedMoney(required=True, attribute="tax_fen")
    digest = fields.String(required=True)
    issued_at = fields.AwareDateTime(required=True)


class FeeRunPage(Schema):
    """A page of runs."""

    data = fields.List(fields.Nested(FeeRunOut), required=True)
    has_more = fields.Boolean(required=True)


class FeeInvoicesQuery(Schema):
    """Whose invoices, of which run, with or without a number of the tax authority's."""

    participant_id = PublicId("par")
    run_id = PublicId("fir")
    numbered = fields.Boolean(truthy={"true"}, falsy={"false"})


class FeeInvoiceOut(Schema):
    """An invoice, or (`credit`, below nil) what is taken back of the one that it corrects.

    `fapiao_number` and `fapiao_on` are those that the tax authority's own system gave to it, once recorded.
    """

    id = PublicId("fin", required=True)
    number = fields.String(required=True)
    run_id = PublicId("fir", required=True)
    participant_id = PublicId("par", required=True)
    kind = fields.String(required=True, validate=validate.OneOf(KINDS))
    corrects_id = PublicId("fin", required=True, allow_none=True)
    corrects_number = fields.String(required=True, allow_none=True)
    form = fields.String(required=True, validate=_FORM)
    title = _own(Kind.NAME)
    tax_number = fields.String(required=True, allow_none=True)
    first_day = fields.Date(required=True, attribute="first_on")
    last_day = fields.Date(required=True, attribute="last_on")
    gross = SignedMoney(required=True, attribute="gross_fen")
    net = SignedMoney(required=True, attribute="net_fen")
    tax = SignedMoney(required=True, attribute="tax_fen")
    issued_at = fields.AwareDateTime(required=True)
    fapiao_code = fields.String(required=True, allow_none=True)
    fapiao_number = fields.String(required=True, allow_none=True)
    fapiao_on = fields.Date(required=True, allow_none=True)


class FeeInvoiceInFull(FeeInvoiceOut):
    """The same with its buyer in full, its lines and the hash of its text."""

    address = _own(Kind.CONTACT)
    phone = _own(Kind.CONTACT)
    bank_name = _own(Kind.BANK)
    bank_account = _own(Kind.BANK)
    vat = fields.Nested(VatOut, required=True)
    lines = fields.List(fields.Nested(FeeLineOut), required=True)
    gross_in_words = fields.String(required=True, metadata={"example": "壹佰贰拾叁元肆角伍分"})
    sha256 = fields.String(required=True)


class FeeInvoicePage(Schema):
    """A page of invoices."""

    data = fields.List(fields.Nested(FeeInvoiceOut), required=True)
    has_more = fields.Boolean(required=True)


class InvoicedFeeOut(Schema):
    """A fee behind an invoice, or (below nil) what was given back of one: its transfer, when, what it was of."""

    id = PublicId("tfr", required=True)
    at = fields.AwareDateTime(required=True)
    code = fields.String(required=True)
    zh = fields.String(required=True)
    en = fields.String(required=True)
    subject_id = fields.String(required=True, allow_none=True)
    amount = SignedMoney(required=True, attribute="fen")


class InvoicedFeePage(Schema):
    """A page of the fees behind an invoice."""

    data = fields.List(fields.Nested(InvoicedFeeOut), required=True)
    has_more = fields.Boolean(required=True)


class FapiaoNumberIn(Schema):
    """The number that the tax authority gave: twenty digits, or eight with a code of ten or twelve; its day."""

    code = fields.String(load_default="", validate=validate.Regexp(r"^([0-9]{10}|[0-9]{12})?$"))
    number = fields.String(required=True, validate=validate.Regexp(r"^([0-9]{8}|[0-9]{20})$"))
    issued_on = fields.Date(required=True)
