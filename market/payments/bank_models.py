"""The bank's files: accounts of participants, payouts in files, statements and what their lines are."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Date,
    DateTime,
    ForeignKey,
    ForeignKeyConstraint,
    Identity,
    Index,
    Integer,
    LargeBinary,
    Text,
    UniqueConstraint,
    func,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from ledger.base import Base
from market.payments.bank_numbers import ACCOUNT_KINDS

NOW = func.clock_timestamp()
PROPOSED, CONFIRMED, ENDED = "proposed", "confirmed", "ended"
ACCOUNT_STATES = (PROPOSED, CONFIRMED, ENDED)
ASKED, RELEASED, PAID, REJECTED, WITHDRAWN = "asked", "released", "paid", "rejected", "withdrawn"
BANK_PAYOUT_STATES = (ASKED, RELEASED, PAID, REJECTED, WITHDRAWN)
GATHERED, CANCELLED = "gathered", "cancelled"
FILE_STATES = (GATHERED, RELEASED, CANCELLED)
REASONS = (
    "account_closed", "account_unknown", "name_differs", "account_frozen", "bank_unknown", "over_limit", "other"
)  # fmt: skip
DEPOSIT, PAYOUT, PAYOUT_FILE, SUSPENSE, RETURN, CHARGE = (
    "deposit", "payout", "payout_file", "suspense", "return", "charge"
)  # fmt: skip
MATCH_KINDS = (DEPOSIT, PAYOUT, PAYOUT_FILE, SUSPENSE, RETURN, CHARGE)
EVIDENCE = ("bank_reference", "deposit_code", "payer_account", "file_reference", "none", "treasurer")
OPEN, ASSIGNED, SENT_BACK = "open", "assigned", "sent_back"
SUSPENSE_STATES = (OPEN, ASSIGNED, SENT_BACK)


class BankAccount(Base):
    """Where a participant's money goes to at its bank. What it says is not changed: another takes its place.

    `payable_from`: payouts go to it from then on.
    """

    __tablename__ = "bank_accounts"
    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    participant_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("participants.id"))
    holder_name: Mapped[str] = mapped_column(Text)
    kind: Mapped[str] = mapped_column(Text)
    number: Mapped[str] = mapped_column(Text)
    bank_name: Mapped[str] = mapped_column(Text)
    branch: Mapped[str] = mapped_column(Text)
    cnaps: Mapped[str | None] = mapped_column(Text)
    status: Mapped[str] = mapped_column(Text, server_default=PROPOSED)
    asked_by: Mapped[int] = mapped_column(BigInteger, ForeignKey("users.id"))
    asked_at: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True), server_default=NOW)
    confirmed_by: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("users.id"))
    confirmed_at: Mapped[dt.datetime | None] = mapped_column(DateTime(timezone=True))
    check_note: Mapped[str] = mapped_column(Text, server_default="")
    payable_from: Mapped[dt.datetime | None] = mapped_column(DateTime(timezone=True))
    ended_at: Mapped[dt.datetime | None] = mapped_column(DateTime(timezone=True))
    end_reason: Mapped[str | None] = mapped_column(Text)
    __table_args__ = (
        UniqueConstraint("id", "participant_id"),
        Index("ix_bank_accounts_participant_id", "participant_id", "id"),
        Index("uq_bank_accounts_proposed", "participant_id", unique=True, postgresql_where=f"status = '{PROPOSED}'"),
        Index(
            "uq_bank_accounts_confirmed", "participant_id", unique=True, postgresql_where=f"status = '{CONFIRMED}'"
        ),
        Index("ix_bank_accounts_number", "number", postgresql_where=f"status = '{CONFIRMED}'"),
        CheckConstraint(f"kind IN {ACCOUNT_KINDS} AND number ~ '^[0-9]{{8,32}}$'", name="number"),
        CheckConstraint("cnaps ~ '^[0-9]{12}$'", name="cnaps"),
        CheckConstraint(f"status IN {ACCOUNT_STATES}", name="status"),
        CheckConstraint("confirmed_by <> asked_by", name="four_eyes"),
        CheckConstraint(
            f"status <> '{CONFIRMED}' OR (confirmed_by IS NOT NULL AND confirmed_at IS NOT NULL"
            " AND payable_from IS NOT NULL)",
            name="confirmed",
        ),
        CheckConstraint(f"(status = '{ENDED}') = (ended_at IS NOT NULL)", name="ended"),
    )  # fmt: skip


class BankPayoutFile(Base):
    """Payouts that go to the bank in one file; its text, count, sum and hash stand once it is released.

    Account numbers are in the text: it is what the bank was told, and is kept as the books are.
    """

    __tablename__ = "bank_payout_files"
    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    status: Mapped[str] = mapped_column(Text, server_default=GATHERED)
    gathered_by: Mapped[int] = mapped_column(BigInteger, ForeignKey("users.id"))
    gathered_at: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True), server_default=NOW)
    released_by: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("users.id"))
    released_at: Mapped[dt.datetime | None] = mapped_column(DateTime(timezone=True))
    lines: Mapped[int | None] = mapped_column(Integer)
    sum_fen: Mapped[int | None] = mapped_column(BigInteger)
    text: Mapped[str | None] = mapped_column(Text)
    sha256: Mapped[bytes | None] = mapped_column(LargeBinary)
    __table_args__ = (
        CheckConstraint(f"status IN {FILE_STATES}", name="status"),
        CheckConstraint("released_by <> gathered_by", name="four_eyes"),
        CheckConstraint(
            f"(status = '{RELEASED}') = (released_by IS NOT NULL AND released_at IS NOT NULL AND lines > 0"
            " AND sum_fen > 0 AND text IS NOT NULL AND sha256 = sha256(convert_to(text, 'UTF8')))",
            name="released",
        ),
    )


class BankPayout(Base):
    """Money that a participant asked to have paid out at its bank: held when asked for, posted when the bank has paid.

    It is in at most one file, and has its number there. The bank transfer is what the books say of it once it is paid.
    """

    __tablename__ = "bank_payouts"
    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    participant_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("participants.id"))
    money_account_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("money_accounts.id"), index=True)
    bank_account_id: Mapped[int] = mapped_column(BigInteger, index=True)
    amount_fen: Mapped[int] = mapped_column(BigInteger)
    hold_id: Mapped[int] = mapped_column(BigInteger, unique=True)
    note: Mapped[str] = mapped_column(Text, server_default="")
    status: Mapped[str] = mapped_column(Text, server_default=ASKED)
    file_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("bank_payout_files.id"))
    line: Mapped[int | None] = mapped_column(Integer)
    reason: Mapped[str | None] = mapped_column(Text)
    bank_transfer_id: Mapped[int | None] = mapped_column(
        BigInteger, ForeignKey("bank_transfers.id"), unique=True
    )
    asked_by: Mapped[int] = mapped_column(BigInteger, ForeignKey("users.id"))
    asked_at: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True), server_default=NOW)
    closed_at: Mapped[dt.datetime | None] = mapped_column(DateTime(timezone=True))
    __table_args__ = (
        ForeignKeyConstraint(
            ["bank_account_id", "participant_id"], ["bank_accounts.id", "bank_accounts.participant_id"]
        ),
        UniqueConstraint("file_id", "line"),
        Index("ix_bank_payouts_asked", "id", postgresql_where=f"status = '{ASKED}' AND file_id IS NULL"),
        CheckConstraint(f"status IN {BANK_PAYOUT_STATES}", name="status"),
        CheckConstraint("amount_fen > 0", name="amount"),
        CheckConstraint("(file_id IS NULL) = (line IS NULL)", name="line"),
        CheckConstraint(
            f"(status IN ('{RELEASED}', '{PAID}', '{REJECTED}')) <= (file_id IS NOT NULL)"
            f" AND (status = '{WITHDRAWN}') <= (file_id IS NULL)",
            name="filed",
        ),
        CheckConstraint(f"(status = '{PAID}') = (bank_transfer_id IS NOT NULL)", name="paid"),
        CheckConstraint(f"(status = '{REJECTED}') = (reason IS NOT NULL)", name="rejected"),
        CheckConstraint(f"reason IN {REASONS}", name="reason"),
        CheckConstraint(
            f"(status IN ('{PAID}', '{REJECTED}', '{WITHDRAWN}')) = (closed_at IS NOT NULL)", name="closed"
        ),
    )


class BankFileAnswer(Base):
    """An answer of the bank to a file, taken in once. Immutable."""

    __tablename__ = "bank_file_answers"
    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    file_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("bank_payout_files.id"))
    sha256: Mapped[bytes] = mapped_column(LargeBinary)
    paid: Mapped[int] = mapped_column(Integer)
    rejected: Mapped[int] = mapped_column(Integer)
    unchanged: Mapped[int] = mapped_column(Integer)
    differences: Mapped[int] = mapped_column(Integer)
    taken_by: Mapped[int] = mapped_column(BigInteger, ForeignKey("users.id"))
    taken_at: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True), server_default=NOW)
    __table_args__ = (UniqueConstraint("file_id", "sha256"),)


class BankStatement(Base):
    """A statement of the exchange's account: it begins where the one before it ended. Immutable."""

    __tablename__ = "bank_statements"
    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    previous_id: Mapped[int | None] = mapped_column(BigInteger)
    first_on: Mapped[dt.date] = mapped_column(Date)
    last_on: Mapped[dt.date] = mapped_column(Date)
    opening_fen: Mapped[int] = mapped_column(BigInteger)
    closing_fen: Mapped[int] = mapped_column(BigInteger)
    lines: Mapped[int] = mapped_column(Integer)
    sha256: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    taken_by: Mapped[int] = mapped_column(BigInteger, ForeignKey("users.id"))
    taken_at: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True), server_default=NOW)
    __table_args__ = (
        UniqueConstraint("id", "closing_fen"),
        ForeignKeyConstraint(
            ["previous_id", "opening_fen"], ["bank_statements.id", "bank_statements.closing_fen"]
        ),
        Index("uq_bank_statements_previous", text("coalesce(previous_id, 0)"), unique=True),
        CheckConstraint("first_on <= last_on AND lines > 0 AND previous_id < id", name="period"),
    )


class BankStatementLine(Base):
    """A movement at the bank, what came in positive, with the balance after it. Immutable.

    `code_account_id`: the money account whose deposit code stands in the remark.
    """

    __tablename__ = "bank_statement_lines"
    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    statement_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("bank_statements.id"))
    number: Mapped[int] = mapped_column(Integer)
    booked_on: Mapped[dt.date] = mapped_column(Date)
    bank_reference: Mapped[str] = mapped_column(Text, unique=True)
    change_fen: Mapped[int] = mapped_column(BigInteger)
    balance_fen: Mapped[int] = mapped_column(BigInteger)
    other_name: Mapped[str] = mapped_column(Text, server_default="")
    other_number: Mapped[str] = mapped_column(Text, server_default="")
    remark: Mapped[str] = mapped_column(Text, server_default="")
    code_account_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("money_accounts.id"))
    __table_args__ = (
        UniqueConstraint("statement_id", "number"),
        CheckConstraint("change_fen <> 0", name="change"),
    )


class BankLineMatch(Base):
    """What a line of a statement is in the books, and by what evidence. Only an open suspense is ever changed."""

    __tablename__ = "bank_line_matches"
    line_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("bank_statement_lines.id"), primary_key=True, autoincrement=False
    )
    kind: Mapped[str] = mapped_column(Text)
    evidence: Mapped[str] = mapped_column(Text)
    fen: Mapped[int] = mapped_column(BigInteger)
    bank_transfer_id: Mapped[int | None] = mapped_column(
        BigInteger, ForeignKey("bank_transfers.id"), unique=True
    )
    file_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("bank_payout_files.id"), unique=True)
    returned_line_id: Mapped[int | None] = mapped_column(
        BigInteger, ForeignKey("bank_line_matches.line_id"), unique=True
    )
    suspense: Mapped[str | None] = mapped_column(Text)
    return_reference: Mapped[str | None] = mapped_column(Text, unique=True)
    returned_on: Mapped[dt.date | None] = mapped_column(Date)
    note: Mapped[str] = mapped_column(Text, server_default="")
    matched_at: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True), server_default=NOW)
    decided_by: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("users.id"))
    decided_at: Mapped[dt.datetime | None] = mapped_column(DateTime(timezone=True))
    __table_args__ = (
        Index("ix_bank_line_matches_open", "line_id", postgresql_where=f"suspense = '{OPEN}'"),
        CheckConstraint(f"kind IN {MATCH_KINDS} AND evidence IN {EVIDENCE} AND fen > 0", name="kind"),
        CheckConstraint(
            f"(kind IN ('{DEPOSIT}', '{PAYOUT}') OR coalesce(suspense, '') = '{ASSIGNED}')"
            f" = (bank_transfer_id IS NOT NULL) AND (kind = '{PAYOUT_FILE}') = (file_id IS NOT NULL)"
            f" AND (kind = '{RETURN}') = (returned_line_id IS NOT NULL)",
            name="subject",
        ),
        CheckConstraint(
            f"(kind = '{SUSPENSE}') = (suspense IS NOT NULL) AND suspense IN {SUSPENSE_STATES}"
            f" AND (coalesce(suspense, '') = '{SENT_BACK}') = (return_reference IS NOT NULL"
            " AND returned_on IS NOT NULL)",
            name="suspense",
        ),
        CheckConstraint(
            f"(kind = '{CHARGE}' OR suspense IN ('{ASSIGNED}', '{SENT_BACK}'))"
            " <= (decided_by IS NOT NULL AND decided_at IS NOT NULL)",
            name="decided",
        ),
    )


BANK_FUNCTIONS = (
    """
CREATE FUNCTION bank_payout_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF (OLD.participant_id, OLD.money_account_id, OLD.bank_account_id, OLD.amount_fen, OLD.hold_id)
     IS DISTINCT FROM (NEW.participant_id, NEW.money_account_id, NEW.bank_account_id, NEW.amount_fen, NEW.hold_id)
     OR (OLD.status IN ('paid', 'rejected', 'withdrawn'))
     OR ((OLD.file_id, OLD.line) IS DISTINCT FROM (NEW.file_id, NEW.line) AND EXISTS (
         SELECT FROM bank_payout_files f WHERE f.id IN (OLD.file_id, NEW.file_id) AND f.status <> 'gathered'))
  THEN
    RAISE EXCEPTION 'a payout and its place in a released file stay'
      USING ERRCODE = 'check_violation', CONSTRAINT = 'bank_payout_stays';
  END IF;
  RETURN NEW;
END $$""",
    """
CREATE FUNCTION bank_payout_file_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF OLD.status <> 'gathered' THEN
    RAISE EXCEPTION 'a released or cancelled payout file stays'
      USING ERRCODE = 'check_violation', CONSTRAINT = 'bank_payout_file_stays';
  END IF;
  RETURN NEW;
END $$""",
    """
CREATE FUNCTION bank_account_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF (OLD.participant_id, OLD.holder_name, OLD.kind, OLD.number, OLD.bank_name, OLD.branch, OLD.cnaps, OLD.asked_by)
     IS DISTINCT FROM
     (NEW.participant_id, NEW.holder_name, NEW.kind, NEW.number, NEW.bank_name, NEW.branch, NEW.cnaps, NEW.asked_by)
     OR OLD.status = 'ended'
  THEN
    RAISE EXCEPTION 'what a bank account says stays: another takes its place'
      USING ERRCODE = 'check_violation', CONSTRAINT = 'bank_account_stays';
  END IF;
  RETURN NEW;
END $$""",
    """
CREATE FUNCTION bank_line_match_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF OLD.suspense IS DISTINCT FROM 'open'
     OR (OLD.line_id, OLD.kind, OLD.fen) IS DISTINCT FROM (NEW.line_id, NEW.kind, NEW.fen) THEN
    RAISE EXCEPTION 'what a line of the bank is stays, once it is known'
      USING ERRCODE = 'check_violation', CONSTRAINT = 'bank_line_match_stays';
  END IF;
  RETURN NEW;
END $$""",
    """
CREATE FUNCTION bank_transfer_not_in_suspense() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.direction = 'in' AND EXISTS (
    SELECT FROM bank_statement_lines l JOIN bank_line_matches m ON m.line_id = l.id
    WHERE l.bank_reference = NEW.bank_reference AND m.suspense = 'open') THEN
    RAISE EXCEPTION 'the statement has brought this money: it is assigned, not recorded beside that'
      USING ERRCODE = 'check_violation', CONSTRAINT = 'bank_transfer_not_in_suspense';
  END IF;
  RETURN NEW;
END $$""",
)
BANK_TRIGGERS = (
    "CREATE TRIGGER kept BEFORE DELETE OR TRUNCATE ON bank_accounts"
    " FOR EACH STATEMENT EXECUTE FUNCTION refuse_change('its rows are kept')",
    "CREATE TRIGGER kept BEFORE DELETE OR TRUNCATE ON bank_payouts"
    " FOR EACH STATEMENT EXECUTE FUNCTION refuse_change('its rows are kept')",
    "CREATE TRIGGER kept BEFORE DELETE OR TRUNCATE ON bank_payout_files"
    " FOR EACH STATEMENT EXECUTE FUNCTION refuse_change('its rows are kept')",
    "CREATE TRIGGER kept BEFORE DELETE OR TRUNCATE ON bank_line_matches"
    " FOR EACH STATEMENT EXECUTE FUNCTION refuse_change('its rows are kept')",
    "CREATE TRIGGER bank_payout_stays BEFORE UPDATE ON bank_payouts"
    " FOR EACH ROW EXECUTE FUNCTION bank_payout_stays()",
    "CREATE TRIGGER bank_payout_file_stays BEFORE UPDATE ON bank_payout_files"
    " FOR EACH ROW EXECUTE FUNCTION bank_payout_file_stays()",
    "CREATE TRIGGER bank_account_stays BEFORE UPDATE ON bank_accounts"
    " FOR EACH ROW EXECUTE FUNCTION bank_account_stays()",
    "CREATE TRIGGER bank_line_match_stays BEFORE UPDATE ON bank_line_matches"
    " FOR EACH ROW EXECUTE FUNCTION bank_line_match_stays()",
    # When the transaction ends: money that is assigned leaves the suspense in the same one.
    "CREATE CONSTRAINT TRIGGER bank_transfer_not_in_suspense AFTER INSERT ON bank_transfers"
    " DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION bank_transfer_not_in_suspense()",
)
