"""Invoices for what is due under saving contracts: numbered without gaps by issuer and year, never changed."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Date,
    DateTime,
    ForeignKey,
    Identity,
    Integer,
    LargeBinary,
    Text,
    UniqueConstraint,
    func,
)
from sqlalchemy.orm import Mapped, mapped_column

from ledger.base import Base

NOW = func.clock_timestamp()


class InvoiceCounter(Base):
    """The last number that an issuer has given in a year: drawn under the row's lock, given back by a rollback."""

    __tablename__ = "invoice_counters"
    issuer_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("participants.id"), primary_key=True)
    year: Mapped[int] = mapped_column(Integer, primary_key=True)
    last: Mapped[int] = mapped_column(Integer)
    __table_args__ = (CheckConstraint("last > 0", name="last"),)


class Invoice(Base):
    """An invoice (blue), or one that takes a part or all of another back (red, its amounts negative), fen.

    The text is canonical and hashed. A trigger keeps what is invoiced of a due between nil and the due.
    """

    __tablename__ = "invoices"
    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    issuer_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("participants.id"))
    year: Mapped[int] = mapped_column(Integer)
    number: Mapped[int] = mapped_column(Integer)
    recipient_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("participants.id"), index=True)
    contract_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("saving_contracts.id"), index=True)
    due_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("contract_dues.id"), index=True)
    corrects_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("invoices.id"), index=True)
    reason: Mapped[str | None] = mapped_column(Text)
    gross_fen: Mapped[int] = mapped_column(BigInteger)
    net_fen: Mapped[int] = mapped_column(BigInteger)
    vat_fen: Mapped[int] = mapped_column(BigInteger)
    vat_bp: Mapped[int] = mapped_column(Integer)
    text: Mapped[str] = mapped_column(Text)
    sha256: Mapped[bytes] = mapped_column(LargeBinary)
    issued_on: Mapped[dt.date] = mapped_column(Date)
    issued_by: Mapped[int] = mapped_column(BigInteger, ForeignKey("users.id"))
    issued_at: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True), server_default=NOW)
    __table_args__ = (
        UniqueConstraint("issuer_id", "year", "number"),
        CheckConstraint("gross_fen = net_fen + vat_fen AND gross_fen <> 0 AND vat_bp >= 0", name="amounts"),
        CheckConstraint("(gross_fen < 0) = (corrects_id IS NOT NULL)", name="red"),
        CheckConstraint("(corrects_id IS NULL) = (reason IS NULL)", name="reason"),
        CheckConstraint("issuer_id <> recipient_id AND number > 0", name="parties"),
        CheckConstraint("length(sha256) = 32", name="sha256"),
    )


INVOICED_FUNCTION = """
CREATE FUNCTION invoiced_within_due() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  due contract_dues;
  before bigint;
  root bigint;
BEGIN
  SELECT * INTO due FROM contract_dues WHERE id = NEW.due_id FOR UPDATE;
  SELECT coalesce(sum(gross_fen), 0) INTO before FROM invoices WHERE due_id = NEW.due_id;
  IF (due.payee_id, due.payer_id) <> (NEW.issuer_id, NEW.recipient_id)
     OR before + NEW.gross_fen NOT BETWEEN 0 AND due.fen THEN
    RAISE EXCEPTION 'what is invoiced of a due lies between nil and the due'
      USING ERRCODE = 'check_violation', CONSTRAINT = 'invoiced_within_due';
  END IF;
  IF NEW.corrects_id IS NOT NULL THEN
    SELECT sum(gross_fen) INTO root FROM invoices
     WHERE id = NEW.corrects_id AND corrects_id IS NULL AND due_id = NEW.due_id OR corrects_id = NEW.corrects_id;
    IF coalesce(root, 0) + NEW.gross_fen < 0 THEN
      RAISE EXCEPTION 'no more is taken back than an invoice says'
        USING ERRCODE = 'check_violation', CONSTRAINT = 'invoiced_within_due';
    END IF;
  END IF;
  RETURN NEW;
END $$
"""
INVOICED_TRIGGER = (
    "CREATE TRIGGER invoiced_within_due BEFORE INSERT ON invoices"
    " FOR EACH ROW EXECUTE FUNCTION invoiced_within_due()"
)
