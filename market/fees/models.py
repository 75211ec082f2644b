"""Invoices of the exchange for its fees: tax profiles, runs, invoices and credits, their lines, legs and numbers."""

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
    SmallInteger,
    Text,
    UniqueConstraint,
    func,
)
from sqlalchemy.orm import Mapped, mapped_column

from ledger.base import Base
from market.core.chart import TransferCode

NOW = func.clock_timestamp()
ORDINARY, SPECIAL = FORMS = ("ordinary", "special")
"""普通发票, 增值税专用发票."""
INVOICE, CREDIT = KINDS = ("invoice", "credit")
"""蓝字, 红字."""
FEE_CODES = (int(TransferCode.TRADE_FEE), int(TransferCode.RIGHT_FEE), int(TransferCode.CALL_FEE))
"""What the exchange earns: of a trade, of the sale of a right, of a call."""
BACK_CODES = (int(TransferCode.RETURN_MONEY), int(TransferCode.REVERSED_MONEY))
"""What it gives back of the fee of a trade: for a short delivery, by a reversal."""


class TaxProfile(Base):
    """How a body wishes to be invoiced. Natural persons have none: they are invoiced in their own name."""

    __tablename__ = "tax_profiles"
    participant_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("participants.id"), primary_key=True, autoincrement=False
    )
    title: Mapped[str] = mapped_column(Text)
    tax_number: Mapped[str] = mapped_column(Text)
    address: Mapped[str] = mapped_column(Text, server_default="")
    phone: Mapped[str] = mapped_column(Text, server_default="")
    bank_name: Mapped[str] = mapped_column(Text, server_default="")
    bank_account: Mapped[str] = mapped_column(Text, server_default="")
    form: Mapped[str] = mapped_column(Text, server_default=ORDINARY)
    set_by: Mapped[int] = mapped_column(BigInteger, ForeignKey("users.id"))
    set_at: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True), server_default=NOW)
    version: Mapped[int] = mapped_column(Integer, server_default="1")
    __table_args__ = (
        CheckConstraint(f"form IN {FORMS}", name="form"),
        CheckConstraint("title <> '' AND tax_number ~ '^[0-9A-Z]{18}$'", name="buyer"),
        CheckConstraint(
            "form = 'ordinary' OR '' NOT IN (address, phone, bank_name, bank_account)", name="special"
        ),
    )


class FeeInvoiceCounter(Base):
    """The last number given in a year; whoever issues holds this row, so that runs come one after the other."""

    __tablename__ = "fee_invoice_counters"
    year: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    last: Mapped[int] = mapped_column(Integer)
    __table_args__ = (CheckConstraint("last >= 0", name="last"),)


class FeeInvoiceRun(Base):
    """The invoices and credits of a calendar month, issued at once; `digest` is what the preview showed. Immutable."""

    __tablename__ = "fee_invoice_runs"
    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    first_on: Mapped[dt.date] = mapped_column(Date)
    last_on: Mapped[dt.date] = mapped_column(Date, index=True)
    invoices: Mapped[int] = mapped_column(Integer)
    credits: Mapped[int] = mapped_column(Integer)
    gross_fen: Mapped[int] = mapped_column(BigInteger)
    net_fen: Mapped[int] = mapped_column(BigInteger)
    tax_fen: Mapped[int] = mapped_column(BigInteger)
    digest: Mapped[bytes] = mapped_column(LargeBinary)
    issued_by: Mapped[int] = mapped_column(BigInteger, ForeignKey("users.id"))
    issued_at: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True), server_default=NOW)
    __table_args__ = (
        CheckConstraint("first_on <= last_on", name="period"),
        CheckConstraint("invoices >= 0 AND credits >= 0 AND invoices + credits > 0", name="something"),
        CheckConstraint("gross_fen = net_fen + tax_fen", name="amounts"),
        CheckConstraint("length(digest) = 32", name="digest"),
    )


class FeeInvoice(Base):
    """What a participant was charged in a month, or (`credit`, below nil) what was given back of an earlier invoice.

    The buyer's title and numbers are those of its profile when it was issued; of a natural person nothing is kept, it
    is invoiced in its own name. The text is hashed. Immutable.
    """

    __tablename__ = "fee_invoices"
    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    run_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("fee_invoice_runs.id"), index=True)
    year: Mapped[int] = mapped_column(SmallInteger)
    number: Mapped[int] = mapped_column(Integer)
    participant_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("participants.id"))
    kind: Mapped[str] = mapped_column(Text)
    corrects_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("fee_invoices.id"), index=True)
    form: Mapped[str] = mapped_column(Text)
    title: Mapped[str | None] = mapped_column(Text)
    tax_number: Mapped[str | None] = mapped_column(Text)
    address: Mapped[str] = mapped_column(Text, server_default="")
    phone: Mapped[str] = mapped_column(Text, server_default="")
    bank_name: Mapped[str] = mapped_column(Text, server_default="")
    bank_account: Mapped[str] = mapped_column(Text, server_default="")
    gross_fen: Mapped[int] = mapped_column(BigInteger)
    net_fen: Mapped[int] = mapped_column(BigInteger)
    tax_fen: Mapped[int] = mapped_column(BigInteger)
    text: Mapped[str] = mapped_column(Text)
    sha256: Mapped[bytes] = mapped_column(LargeBinary)
    __table_args__ = (
        UniqueConstraint("year", "number"),
        UniqueConstraint("run_id", "corrects_id"),
        Index("ix_fee_invoices_participant_id", "participant_id", "id"),
        CheckConstraint(f"kind IN {KINDS}", name="kind"),
        CheckConstraint(f"form IN {FORMS}", name="form"),
        CheckConstraint("number > 0", name="number"),
        CheckConstraint("form = 'ordinary' OR tax_number IS NOT NULL", name="special"),
        CheckConstraint("gross_fen = net_fen + tax_fen AND gross_fen <> 0", name="amounts"),
        CheckConstraint(
            "(kind = 'credit') = (gross_fen < 0) AND (kind = 'credit') = (corrects_id IS NOT NULL)", name="credit"
        ),
        CheckConstraint("length(sha256) = 32", name="sha256"),
    )  # fmt: skip


class FeeInvoiceLine(Base):
    """The fees of one kind (a transfer code) on an invoice; `legs` of them. Immutable."""

    __tablename__ = "fee_invoice_lines"
    invoice_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("fee_invoices.id"), primary_key=True, autoincrement=False
    )
    code: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    legs: Mapped[int] = mapped_column(Integer)
    vat_e4: Mapped[int] = mapped_column(Integer)
    gross_fen: Mapped[int] = mapped_column(BigInteger)
    net_fen: Mapped[int] = mapped_column(BigInteger)
    tax_fen: Mapped[int] = mapped_column(BigInteger)
    __table_args__ = (
        CheckConstraint(f"code IN {FEE_CODES}", name="code"),
        CheckConstraint("legs > 0 AND vat_e4 >= 0", name="legs"),
        CheckConstraint("gross_fen = net_fen + tax_fen AND gross_fen <> 0", name="amounts"),
    )


class FeeInvoiceLeg(Base):
    """A transfer of the journal that an invoice counts: a fee, or (below nil) what was given back of one.

    The primary key is the transfer: each is in one invoice at most. `code` and `reference` are those of the fee, also
    where it is given back. Immutable.
    """

    __tablename__ = "fee_invoice_legs"
    transfer_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    invoice_id: Mapped[int] = mapped_column(BigInteger)
    code: Mapped[int] = mapped_column(SmallInteger)
    reference: Mapped[int] = mapped_column(BigInteger)
    fen: Mapped[int] = mapped_column(BigInteger)
    __table_args__ = (
        ForeignKeyConstraint(
            ["invoice_id", "code"], ["fee_invoice_lines.invoice_id", "fee_invoice_lines.code"]
        ),
        Index("ix_fee_invoice_legs_invoice_id", "invoice_id", "transfer_id"),
        Index("ix_fee_invoice_legs_reference", "code", "reference"),
        CheckConstraint("fen <> 0", name="fen"),
    )


class FeeInvoiceNumber(Base):
    """The number that the tax authority's own system gave to an invoice: twenty digits (数电票), or a code of ten or
    twelve with a number of eight. Recorded once. Immutable.
    """

    __tablename__ = "fee_invoice_numbers"
    invoice_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("fee_invoices.id"), primary_key=True, autoincrement=False
    )
    fapiao_code: Mapped[str] = mapped_column(Text, server_default="")
    fapiao_number: Mapped[str] = mapped_column(Text)
    fapiao_on: Mapped[dt.date] = mapped_column(Date)
    recorded_by: Mapped[int] = mapped_column(BigInteger, ForeignKey("users.id"))
    recorded_at: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True), server_default=NOW)
    __table_args__ = (
        UniqueConstraint("fapiao_code", "fapiao_number"),
        CheckConstraint(
            "(fapiao_code = '' AND fapiao_number ~ '^[0-9]{20}$') OR"
            " (fapiao_code ~ '^([0-9]{10}|[0-9]{12})$' AND fapiao_number ~ '^[0-9]{8}$')",
            name="number",
        ),
    )
