"""Shapes of bank accounts, payouts by bank file, and the bank's statements."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from market.api.schemas.fields import Money, PublicId
from market.api.schemas.payments import SIGNED_MONEY
from market.api.schemas.personal import Personal
from market.api.schemas.registry import text
from market.core.sheets.texts import ENCODINGS, UTF8
from market.participants.privacy import Kind
from market.payments.bank_models import (
    ACCOUNT_STATES,
    BANK_PAYOUT_STATES,
    EVIDENCE,
    FILE_STATES,
    MATCH_KINDS,
    REASONS,
    SUSPENSE_STATES,
)
from market.payments.bank_numbers import ACCOUNT_KINDS
from market.payments.bank_queries import UNKNOWN

LINE_KINDS = (*MATCH_KINDS, UNKNOWN)
SHA256 = r"^[0-9a-f]{64}$"


class BankAccountIn(Schema):
    """Where a participant is to be paid. A card is checked by its check digit; any other account names its branch."""

    holder_name = fields.String(required=True, validate=text(100))
    kind = fields.String(required=True, validate=validate.OneOf(ACCOUNT_KINDS))
    number = fields.String(required=True, validate=validate.Regexp(r"^[0-9]{1,40}\Z"))
    bank_name = fields.String(required=True, validate=text(100))
    branch = fields.String(load_default="", validate=text(100, 0))
    cnaps = fields.String(load_default=None, allow_none=True, validate=validate.Regexp(r"^[0-9]{1,20}\Z"))


class BankAccountOut(Schema):
    """A bank account. `payable_from`: payouts go to it from then on."""

    id = PublicId("bac", required=True)
    participant_id = PublicId("par", required=True)
    holder_name = Personal(Kind.BANK, required=True)
    kind = fields.String(required=True, validate=validate.OneOf(ACCOUNT_KINDS))
    number = Personal(Kind.BANK, required=True)
    bank_name = Personal(Kind.BANK, required=True)
    branch = Personal(Kind.BANK, required=True)
    cnaps = Personal(Kind.BANK, required=True)
    status = fields.String(required=True, validate=validate.OneOf(ACCOUNT_STATES))
    asked_at = fields.AwareDateTime(required=True)
    confirmed_at = fields.AwareDateTime(required=True, allow_none=True)
    payable_from = fields.AwareDateTime(required=True, allow_none=True)
    ended_at = fields.AwareDateTime(required=True, allow_none=True)
    end_reason = fields.String(required=True, allow_none=True)


class BankAccountPage(Schema):
    """A page of bank accounts."""

    data = fields.List(fields.Nested(BankAccountOut), required=True)
    has_more = fields.Boolean(required=True)


class BankAccountsQuery(Schema):
    """Which bank accounts."""

    participant_id = PublicId("par")
    status = fields.String(validate=validate.OneOf(ACCOUNT_STATES))


class BankAccountCheckIn(Schema):
    """How the treasurer has made sure that the account is the holder's."""

    note = fields.String(required=True, validate=text(500))


class BankAccountEndIn(Schema):
    """Why an account is taken away or refused."""

    reason = fields.String(required=True, validate=text(500))


class BankPayoutIn(Schema):
    """How much of one's free money is to be paid to one's bank account."""

    amount = Money(required=True, positive=True)
    note = fields.String(load_default="", validate=text(500, 0))


class BankPayoutOut(Schema):
    """A payout by bank file: held when asked for, posted when the bank has paid, given back when it was rejected."""

    id = PublicId("bpl", required=True)
    participant_id = PublicId("par", required=True)
    money_account_id = PublicId("mac", required=True)
    bank_account_id = PublicId("bac", required=True)
    amount = Money(required=True)
    note = Personal(Kind.BANK, required=True)
    status = fields.String(required=True, validate=validate.OneOf(BANK_PAYOUT_STATES))
    file_id = PublicId("bpf", required=True, allow_none=True)
    line = fields.Integer(required=True, allow_none=True)
    reason = fields.String(required=True, allow_none=True, validate=validate.OneOf(REASONS))
    payout_id = PublicId("pay", required=True, allow_none=True)
    asked_at = fields.AwareDateTime(required=True)
    closed_at = fields.AwareDateTime(required=True, allow_none=True)


class BankPayoutPage(Schema):
    """A page of payouts by bank file."""

    data = fields.List(fields.Nested(BankPayoutOut), required=True)
    has_more = fields.Boolean(required=True)


class BankPayoutsQuery(Schema):
    """Which payouts."""

    participant_id = PublicId("par")
    status = fields.String(validate=validate.OneOf(BANK_PAYOUT_STATES))
    file_id = PublicId("bpf")


class PayoutFileOut(Schema):
    """A payout file with its control totals; `sha256` is of its text in UTF-8 without a mark, once it is released."""

    id = PublicId("bpf", required=True)
    reference = fields.String(required=True)
    status = fields.String(required=True, validate=validate.OneOf(FILE_STATES))
    lines = fields.Integer(required=True)
    sum = Money(required=True)
    sha256 = fields.String(required=True, allow_none=True, validate=validate.Regexp(SHA256))
    waiting = fields.Integer(required=True)
    paid = fields.Integer(required=True)
    rejected = fields.Integer(required=True)
    gathered_at = fields.AwareDateTime(required=True)
    released_at = fields.AwareDateTime(required=True, allow_none=True)


class PayoutFilePage(Schema):
    """A page of payout files."""

    data = fields.List(fields.Nested(PayoutFileOut), required=True)
    has_more = fields.Boolean(required=True)


class PayoutFileQuery(Schema):
    """In which shape the bank gets the file: comma-separated values (UTF-8 with a mark, or GB 18030), or a workbook."""

    format = fields.String(load_default="csv", validate=validate.OneOf(("csv", "xlsx")))
    encoding = fields.String(load_default=UTF8, validate=validate.OneOf(ENCODINGS))


class FileAnswerOut(Schema):
    """What an answer of the bank changed: how many were paid and rejected, known before, and other than ours."""

    paid = fields.Integer(required=True)
    rejected = fields.Integer(required=True)
    unchanged = fields.Integer(required=True)
    differences = fields.Integer(required=True)
    taken_at = fields.AwareDateTime(required=True)


class BankStatementOut(Schema):
    """A statement of the exchange's account: opening + its lines = closing, in yuan."""

    id = PublicId("bst", required=True)
    first_on = fields.Date(required=True)
    last_on = fields.Date(required=True)
    opening = fields.String(required=True, validate=validate.Regexp(SIGNED_MONEY))
    closing = fields.String(required=True, validate=validate.Regexp(SIGNED_MONEY))
    lines = fields.Integer(required=True)
    sha256 = fields.String(required=True, validate=validate.Regexp(SHA256))
    taken_at = fields.AwareDateTime(required=True)


class BankStatementTaken(BankStatementOut):
    """A statement that was sent in; `new` is false for one that came before."""

    new = fields.Boolean(required=True)


class BankStatementPage(Schema):
    """A page of statements."""

    data = fields.List(fields.Nested(BankStatementOut), required=True)
    has_more = fields.Boolean(required=True)


class BankCandidateOut(Schema):
    """Whose a credit may be, and why."""

    money_account_id = PublicId("mac", required=True)
    participant_id = PublicId("par", required=True)
    why = fields.List(fields.String(), required=True)


class BankLineOut(Schema):
    """A line of a statement and what it is in the books; `candidates` where it is in open suspense."""

    id = PublicId("bsn", required=True)
    statement_id = PublicId("bst", required=True)
    number = fields.Integer(required=True)
    booked_on = fields.Date(required=True)
    bank_reference = Personal(Kind.BANK, required=True)
    change = fields.String(required=True, validate=validate.Regexp(SIGNED_MONEY))
    balance = fields.String(required=True, validate=validate.Regexp(SIGNED_MONEY))
    other_name = Personal(Kind.BANK, required=True)
    other_number = Personal(Kind.BANK, required=True)
    remark = Personal(Kind.BANK, required=True)
    kind = fields.String(required=True, validate=validate.OneOf(LINE_KINDS))
    evidence = fields.String(required=True, allow_none=True, validate=validate.OneOf(EVIDENCE))
    suspense = fields.String(required=True, allow_none=True, validate=validate.OneOf(SUSPENSE_STATES))
    note = Personal(Kind.BANK, required=True)
    candidates = fields.List(fields.Nested(BankCandidateOut), required=True)


class BankLinePage(Schema):
    """A page of lines."""

    data = fields.List(fields.Nested(BankLineOut), required=True)
    has_more = fields.Boolean(required=True)


class BankLinesQuery(Schema):
    """Which lines."""

    statement_id = PublicId("bst")
    kind = fields.String(validate=validate.OneOf(LINE_KINDS))
    suspense = fields.String(validate=validate.OneOf(SUSPENSE_STATES))


class SuspenseAssignIn(Schema):
    """Whose the money is, and how that is known."""

    money_account_id = PublicId("mac", required=True)
    note = fields.String(required=True, validate=text(500))


class SuspenseReturnIn(Schema):
    """That the money was sent back at the bank: its reference, its day, and why."""

    bank_reference = fields.String(required=True, validate=text(64))
    value_date = fields.Date(required=True)
    note = fields.String(required=True, validate=text(500))


class BankChargeIn(Schema):
    """What the bank charged for."""

    note = fields.String(required=True, validate=text(500))


class BankPartOut(Schema):
    """A part of the difference, in yuan: positive is money at the bank that the books do not have."""

    kind = fields.String(required=True)
    count = fields.Integer(required=True)
    amount = fields.String(required=True, validate=validate.Regexp(SIGNED_MONEY))


class BankReconciliationOut(Schema):
    """The bank's account by its last statement and the books: bank = books + all parts, to the fen."""

    as_of = fields.Date(required=True, allow_none=True)
    bank = fields.String(required=True, validate=validate.Regexp(SIGNED_MONEY))
    books = fields.String(required=True, validate=validate.Regexp(SIGNED_MONEY))
    difference = fields.String(required=True, validate=validate.Regexp(SIGNED_MONEY))
    parts = fields.List(fields.Nested(BankPartOut), required=True)
    suspense = Money(required=True)
    suspense_lines = fields.Integer(required=True)
