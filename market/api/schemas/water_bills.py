"""Shapes of water bills, their runs, payments, receipts, consents to an offset, remittances and postings."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from market.api.schemas.fields import LegalSource, Money, Price, PublicId, Volume
from market.api.schemas.personal import Personal
from market.api.schemas.reports import SignedVolume
from market.api.schemas.saving_lots import SignedMoney
from market.api.schemas.saving_terms import Multiple
from market.billing.models import BILL_KINDS, METHODS, REMITTANCE_STATES, SIDES
from market.billing.queries import STATUSES
from market.participants.privacy import Kind

DIGEST = validate.Regexp(r"^[0-9a-f]{64}$")
PLACE = validate.Length(1, 40)
YEARS = validate.Range(2000, 2200)


class BillingPeriodIn(Schema):
    """A water year, and the last day of the period that is billed."""

    water_year = fields.Integer(required=True, validate=YEARS)
    until = fields.Date(required=True)


class BillingRunIn(BillingPeriodIn):
    """The same, with the digest of the preview whose bills are issued."""

    digest = fields.String(required=True, validate=DIGEST)


class BillLineOut(Schema):
    """A price times a multiple (`above`: from which share over the quota on); `volume_to` and `amount_to` are the
    year's so far, and `amount_to` is volume x price x multiple, rounded once.
    """

    price = Price(required=True)
    end_canal_price = Price(required=True)
    multiple = Multiple(required=True)
    above = Multiple(required=True, allow_none=True)
    volume = SignedVolume(required=True)
    amount = SignedMoney(required=True)
    volume_to = Volume(required=True)
    amount_to = Money(required=True)
    legal_source = LegalSource(required=True)


class DraftLineOut(Schema):
    """A line of a bill that would be issued."""

    price = Price(required=True)
    multiple = Multiple(required=True)
    volume = SignedVolume(required=True)
    amount = SignedMoney(required=True)
    legal_source = LegalSource(required=True)


class DraftOut(Schema):
    """A bill that would be issued."""

    kind = fields.String(required=True, validate=validate.OneOf(BILL_KINDS))
    water_account_id = PublicId("wac", required=True)
    participant_id = PublicId("par", required=True)
    quota = Volume(required=True, allow_none=True)
    volume = SignedVolume(required=True)
    amount = SignedMoney(required=True)
    end_canal_part = SignedMoney(required=True)
    lines = fields.List(fields.Nested(DraftLineOut), required=True)


class BillingPreviewOut(Schema):
    """What a run would issue: sums, and the first of its bills. `digest` is of all of them."""

    water_year = fields.Integer(required=True)
    from_ = fields.Date(required=True, data_key="from", attribute="from")
    until = fields.Date(required=True)
    due = fields.Date(required=True)
    bills = fields.Integer(required=True)
    corrections = fields.Integer(required=True)
    credits = fields.Integer(required=True)
    volume = SignedVolume(required=True)
    amount = SignedMoney(required=True)
    end_canal_part = SignedMoney(required=True)
    digest = fields.String(required=True)
    sample = fields.List(fields.Nested(DraftOut), required=True)


class BillingRunOut(Schema):
    """A run: its period, when its bills are due, how many there are and what they come to."""

    id = PublicId("wbr", required=True)
    water_year = fields.Integer(required=True)
    from_ = fields.Date(required=True, data_key="from", attribute="from_on")
    until = fields.Date(required=True, attribute="until_on")
    due = fields.Date(required=True, attribute="due_on")
    due_source = fields.String(required=True)
    bills = fields.Integer(required=True)
    volume = SignedVolume(required=True, attribute="litres")
    amount = SignedMoney(required=True, attribute="fen")
    digest = fields.String(required=True)
    issued_at = fields.AwareDateTime(required=True)


class BillingRunPage(Schema):
    """A page of runs."""

    data = fields.List(fields.Nested(BillingRunOut), required=True)
    has_more = fields.Boolean(required=True)


class WaterBillsQuery(Schema):
    """Whose bills, of which run, place (its code) and status."""

    participant_id = PublicId("par")
    run_id = PublicId("wbr")
    place = fields.String(validate=PLACE)
    status = fields.String(validate=validate.OneOf(STATUSES))


class WaterBillOut(Schema):
    """A bill; a correction's amount may be below nil: it is then a credit. `quota` null: none, so no tiers."""

    id = PublicId("wbl", required=True)
    run_id = PublicId("wbr", required=True)
    kind = fields.String(required=True, validate=validate.OneOf(BILL_KINDS))
    status = fields.String(required=True, validate=validate.OneOf(STATUSES))
    water_account_id = PublicId("wac", required=True)
    participant_id = PublicId("par", required=True)
    holder = Personal(Kind.NAME, of="participant_id", kind_of="holder_kind", required=True)
    water_year = fields.Integer(required=True)
    from_ = fields.Date(required=True, data_key="from", attribute="from_on")
    until = fields.Date(required=True, attribute="until_on")
    due = fields.Date(required=True, attribute="due_on")
    issued_at = fields.AwareDateTime(required=True)
    sector = fields.String(required=True)
    source = fields.String(required=True)
    place = fields.String(required=True)
    canal = fields.String(required=True)
    association_id = PublicId("par", required=True, allow_none=True)
    quota = Volume(required=True, allow_none=True, attribute="quota_litres")
    volume = SignedVolume(required=True, attribute="litres")
    amount = SignedMoney(required=True, attribute="fen")
    end_canal_part = SignedMoney(required=True, attribute="association_fen")
    settled = Money(required=True, attribute="settled_fen")
    left = SignedMoney(required=True, attribute="left_fen")
    reminded_at = fields.AwareDateTime(required=True, allow_none=True)


class BillPaymentOut(Schema):
    """What settled a bill; what of it goes to the supplier and to the association."""

    id = PublicId("wbp", required=True)
    bill_id = PublicId("wbl", required=True)
    method = fields.String(required=True, validate=validate.OneOf(METHODS))
    amount = Money(required=True, attribute="fen")
    supplier_part = Money(required=True, attribute="supplier_fen")
    end_canal_part = Money(required=True, attribute="association_fen")
    credit_bill_id = PublicId("wbl", required=True, allow_none=True)
    consent_id = PublicId("wbo", required=True, allow_none=True)
    receipt_id = PublicId("rct", required=True, allow_none=True)
    paid_on = fields.Date(required=True)


class BilledUseOut(Schema):
    """A reading, or a share of a turn sheet, behind a bill; below nil where an earlier bill counted it in vain."""

    reading_id = PublicId("rdg", required=True, allow_none=True)
    turn_sheet_id = PublicId("trn", required=True, allow_none=True)
    serial = fields.String(required=True)
    since = fields.AwareDateTime(required=True)
    until = fields.AwareDateTime(required=True)
    volume = SignedVolume(required=True, attribute="litres")


class WaterBillInFull(WaterBillOut):
    """The same with the readings behind it, its lines and what settled it."""

    uses = fields.List(fields.Nested(BilledUseOut), required=True)

    lines = fields.List(fields.Nested(BillLineOut), required=True)
    payments = fields.List(fields.Nested(BillPaymentOut), required=True)


class WaterBillPage(Schema):
    """A page of bills."""

    data = fields.List(fields.Nested(WaterBillOut), required=True)
    has_more = fields.Boolean(required=True)


class BillPaymentIn(Schema):
    """How much is paid; nothing said: all that is left."""

    amount = Money(positive=True)


class WaterReceiptOut(Schema):
    """The receipt of a payment in cash: its number within its year."""

    id = PublicId("rct", required=True)
    year = fields.Integer(required=True)
    number = fields.Integer(required=True)
    payment = fields.Nested(BillPaymentOut, required=True)


class ArrearsRowOut(Schema):
    """What is unpaid at a place, by how many days it is late."""

    place = fields.String(required=True)
    place_zh = fields.String(required=True)
    place_en = fields.String(required=True)
    association_id = PublicId("par", required=True, allow_none=True)
    bills = fields.Integer(required=True)
    holders = fields.Integer(required=True)
    not_due = Money(required=True, attribute="not_due_fen")
    to_30_days = Money(required=True, attribute="to_30_days_fen")
    to_90_days = Money(required=True, attribute="to_90_days_fen")
    to_180_days = Money(required=True, attribute="to_180_days_fen")
    older = Money(required=True, attribute="older_fen")
    total = Money(required=True, attribute="total_fen")


class ArrearsOut(Schema):
    """What is unpaid today, by place and association."""

    as_of = fields.Date(required=True)
    data = fields.List(fields.Nested(ArrearsRowOut), required=True)


class OffsetConsentIn(Schema):
    """Bills may be taken out of what sales bring, up to `cap` in all (nothing said: without a cap)."""

    cap = Money(positive=True)


class OffsetConsentOut(Schema):
    """A consent, and what was taken under it."""

    id = PublicId("wbo", required=True)
    participant_id = PublicId("par", required=True)
    cap = Money(required=True, allow_none=True, attribute="cap_fen")
    taken = Money(required=True, attribute="taken_fen")
    given_at = fields.AwareDateTime(required=True)
    withdrawn_at = fields.AwareDateTime(required=True, allow_none=True)


class OffsetConsentPage(Schema):
    """A page of consents."""

    data = fields.List(fields.Nested(OffsetConsentOut), required=True)
    has_more = fields.Boolean(required=True)


class RemittanceIn(Schema):
    """What was paid up to a day, for an association or (null) for the supplier."""

    until = fields.Date(required=True)
    association_id = PublicId("par", load_default=None, allow_none=True)


class RemittanceConfirmIn(Schema):
    """The bank's reference, where the supplier's money leaves by the bank."""

    bank_reference = fields.String(validate=validate.Length(1, 100))


class RemittanceRefuseIn(Schema):
    """Why it is refused."""

    reason = fields.String(required=True, validate=validate.Length(1, 500))


class RemittanceOut(Schema):
    """A remittance: what it comes to, what of it is cash."""

    id = PublicId("rmt", required=True)
    side = fields.String(required=True, validate=validate.OneOf(SIDES))
    association_id = PublicId("par", required=True, allow_none=True)
    until = fields.Date(required=True, attribute="until_on")
    payments = fields.Integer(required=True)
    amount = Money(required=True, attribute="fen")
    cash = Money(required=True, attribute="cash_fen")
    bank_reference = Personal(Kind.BANK, required=True)
    status = fields.String(required=True, validate=validate.OneOf(REMITTANCE_STATES))
    made_at = fields.AwareDateTime(required=True)
    decided_at = fields.AwareDateTime(required=True, allow_none=True)
    reason = fields.String(required=True, allow_none=True)


class RemittancePage(Schema):
    """A page of remittances."""

    data = fields.List(fields.Nested(RemittanceOut), required=True)
    has_more = fields.Boolean(required=True)


class RemittanceItemOut(Schema):
    """A payment's part in a remittance."""

    payment_id = PublicId("wbp", required=True)
    amount = Money(required=True, attribute="fen")


class RemittanceItemPage(Schema):
    """A page of a remittance's payments."""

    data = fields.List(fields.Nested(RemittanceItemOut), required=True)
    has_more = fields.Boolean(required=True)


class CanalAssociationIn(Schema):
    """Which association keeps the end canals below a canal, from a day on."""

    canal = fields.String(required=True, validate=PLACE)
    association_id = PublicId("par", required=True)
    from_ = fields.Date(required=True, data_key="from", attribute="from_on")


class CanalAssociationOut(Schema):
    """The same, as recorded."""

    canal = fields.String(required=True)
    association_id = PublicId("par", required=True)
    from_ = fields.Date(required=True, data_key="from", attribute="from_on")


class CanalAssociationList(Schema):
    """Every canal's associations, the latest first."""

    data = fields.List(fields.Nested(CanalAssociationOut), required=True)


class BillPostingIn(Schema):
    """The place whose bills are posted: a village, or a township with all its villages."""

    zone = fields.String(required=True, validate=PLACE)


class PostedHouseholdOut(Schema):
    """A household with its name masked."""

    name = fields.String(required=True)
    volume = SignedVolume(required=True, attribute="litres")
    amount = SignedMoney(required=True, attribute="fen")
    paid = SignedMoney(required=True, attribute="paid_fen")


class BillPostingOut(Schema):
    """A place's bills of a run as they were posted."""

    run_id = PublicId("wbr", required=True)
    zone = fields.String(required=True)
    zone_zh = fields.String(required=True)
    zone_en = fields.String(required=True)
    water_year = fields.Integer(required=True)
    from_ = fields.Date(required=True, data_key="from", attribute="from_on")
    until = fields.Date(required=True, attribute="until_on")
    due = fields.Date(required=True, attribute="due_on")
    as_of = fields.Date(required=True)
    volume = SignedVolume(required=True, attribute="litres")
    amount = SignedMoney(required=True, attribute="fen")
    paid = SignedMoney(required=True, attribute="paid_fen")
    rows = fields.List(fields.Nested(PostedHouseholdOut), required=True)
    sha256 = fields.String(required=True)


class BillPostingList(Schema):
    """Every posting of a run."""

    data = fields.List(fields.Nested(BillPostingOut), required=True)
