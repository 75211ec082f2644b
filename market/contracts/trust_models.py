"""The trust account of a saving contract under trusteeship: bills of the supplier, periods, and every movement."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Date,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    LargeBinary,
    Text,
    UniqueConstraint,
    func,
)
from sqlalchemy.orm import Mapped, mapped_column

from ledger.base import Base

ADVANCE, FEE, TOP_UP = IN_KINDS = ("advance", "fee", "top_up")
SUPPLIER, UPKEEP, FIRM, REFUND = OUT_KINDS = ("supplier", "upkeep", "firm", "refund")
MOVEMENT_KINDS = (*IN_KINDS, *OUT_KINDS)
BILL_STATES = ("open", "paid", "withdrawn")
TRUST_PERIOD_STATES = ("open", "settled")
NOW = func.clock_timestamp()


class TrustAccount(Base):
    """The account, one a contract. `balance_fen` is what the ledger has of it; `advance_fen` what of the user's
    payments no fee has used yet; `owed_fen` what the firm owes of missed guarantees, which reduces the next fee.
    """

    __tablename__ = "trust_accounts"
    contract_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("saving_contracts.id"), primary_key=True)
    account_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("accounts.id"), unique=True)
    balance_fen: Mapped[int] = mapped_column(BigInteger, server_default="0")
    advance_fen: Mapped[int] = mapped_column(BigInteger, server_default="0")
    owed_fen: Mapped[int] = mapped_column(BigInteger, server_default="0")
    opened_at: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True), server_default=NOW)
    closed_at: Mapped[dt.datetime | None] = mapped_column(DateTime(timezone=True))
    __table_args__ = (
        CheckConstraint("balance_fen >= 0 AND advance_fen >= 0 AND owed_fen >= 0", name="amounts"),
        CheckConstraint("closed_at IS NULL OR balance_fen + advance_fen + owed_fen = 0", name="closed"),
    )


class TrustBill(Base):
    """A bill of the supplier for the water of some days (both in it), with the paper's SHA-256."""

    __tablename__ = "trust_bills"
    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    contract_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("trust_accounts.contract_id"))
    number: Mapped[str] = mapped_column(Text)
    first_day: Mapped[dt.date] = mapped_column(Date)
    last_day: Mapped[dt.date] = mapped_column(Date)
    fen: Mapped[int] = mapped_column(BigInteger)
    document_sha256: Mapped[bytes] = mapped_column(LargeBinary)
    status: Mapped[str] = mapped_column(Text, server_default="open")
    presented_at: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True), server_default=NOW)
    resolved_at: Mapped[dt.datetime | None] = mapped_column(DateTime(timezone=True))
    withdrawal_reason: Mapped[str | None] = mapped_column(Text)
    __table_args__ = (
        Index(
            "uq_trust_bills_number",
            "contract_id",
            "number",
            unique=True,
            postgresql_where="status <> 'withdrawn'",
        ),
        CheckConstraint(f"status IN {BILL_STATES}", name="status"),
        CheckConstraint("fen > 0 AND last_day >= first_day", name="amounts"),
        CheckConstraint("length(document_sha256) = 32", name="document"),
        CheckConstraint("(status = 'open') = (resolved_at IS NULL)", name="resolved"),
        CheckConstraint("(status = 'withdrawn') = (withdrawal_reason IS NOT NULL)", name="withdrawn"),
    )


class TrustPeriod(Base):
    """A period of the account: how its fee came about, and, once it is settled, who was paid in which order, fen.

    full = set_off + advance + due; before + advance + due + top_up = supplier + upkeep + firm + after.
    """

    __tablename__ = "trust_periods"
    distribution_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("report_distributions.id"), primary_key=True
    )
    contract_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("trust_accounts.contract_id"), index=True)
    price_e4: Mapped[int] = mapped_column(BigInteger)
    baseline_fen: Mapped[int] = mapped_column(BigInteger)
    full_fen: Mapped[int] = mapped_column(BigInteger)
    set_off_fen: Mapped[int] = mapped_column(BigInteger)
    advance_fen: Mapped[int] = mapped_column(BigInteger)
    due_fen: Mapped[int] = mapped_column(BigInteger)
    status: Mapped[str] = mapped_column(Text, server_default="open")
    before_fen: Mapped[int] = mapped_column(BigInteger, server_default="0")
    top_up_fen: Mapped[int] = mapped_column(BigInteger, server_default="0")
    supplier_fen: Mapped[int] = mapped_column(BigInteger, server_default="0")
    upkeep_fen: Mapped[int] = mapped_column(BigInteger, server_default="0")
    firm_fen: Mapped[int] = mapped_column(BigInteger, server_default="0")
    after_fen: Mapped[int] = mapped_column(BigInteger, server_default="0")
    settled_at: Mapped[dt.datetime | None] = mapped_column(DateTime(timezone=True))
    __table_args__ = (
        CheckConstraint(f"status IN {TRUST_PERIOD_STATES}", name="status"),
        CheckConstraint(
            "full_fen = set_off_fen + advance_fen + due_fen"
            " AND set_off_fen >= 0 AND advance_fen >= 0 AND due_fen >= 0",
            name="fee",
        ),
        CheckConstraint(
            "status = 'open' OR before_fen + advance_fen + due_fen + top_up_fen"
            " = supplier_fen + upkeep_fen + firm_fen + after_fen",
            name="waterfall",
        ),
        CheckConstraint(
            "before_fen >= 0 AND top_up_fen >= 0 AND supplier_fen >= 0 AND upkeep_fen >= 0 AND firm_fen >= 0"
            " AND after_fen >= 0",
            name="amounts",
        ),
        CheckConstraint("(status = 'settled') = (settled_at IS NOT NULL)", name="settled"),
    )


class TrustMovement(Base):
    """Money into or out of a trust account, and the balance after it. Immutable; the transfer names its id.

    A trigger refuses what goes to firm or user while a bill of the supplier is open (SAVINGS section 8, invariant 12).
    """

    __tablename__ = "trust_movements"
    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    contract_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("trust_accounts.contract_id"), index=True)
    kind: Mapped[str] = mapped_column(Text)
    participant_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("participants.id"))
    fen: Mapped[int] = mapped_column(BigInteger)
    balance_fen: Mapped[int] = mapped_column(BigInteger)
    bill_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("trust_bills.id"), unique=True)
    due_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("contract_dues.id"), unique=True)
    distribution_id: Mapped[int | None] = mapped_column(
        BigInteger, ForeignKey("trust_periods.distribution_id")
    )
    made_at: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True), server_default=NOW)
    __table_args__ = (
        UniqueConstraint("distribution_id", "kind"),
        CheckConstraint(f"kind IN {MOVEMENT_KINDS}", name="kind"),
        CheckConstraint("fen > 0 AND balance_fen >= 0", name="amounts"),
        CheckConstraint("(kind = 'supplier') = (bill_id IS NOT NULL)", name="bill"),
        CheckConstraint("(kind = 'fee') = (due_id IS NOT NULL)", name="due"),
    )


SUPPLIER_FIRST_FUNCTION = """
CREATE FUNCTION supplier_first() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.kind IN ('upkeep', 'firm', 'refund')
     AND EXISTS (SELECT FROM trust_bills b WHERE b.contract_id = NEW.contract_id AND b.status = 'open') THEN
    RAISE EXCEPTION 'a bill of the supplier is open: it is paid before anybody else'
      USING ERRCODE = 'check_violation', CONSTRAINT = 'supplier_first';
  END IF;
  RETURN NEW;
END $$
"""
SUPPLIER_FIRST_TRIGGER = (
    "CREATE TRIGGER supplier_first BEFORE INSERT ON trust_movements"
    " FOR EACH ROW EXECUTE FUNCTION supplier_first()"
)
