"""Delivery orders for traded water: when it flows, what arrived at the gate, what was refunded."""

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
    Integer,
    Text,
    func,
)
from sqlalchemy.orm import Mapped, mapped_column

from ledger.base import Base

NOW = func.clock_timestamp()

DELIVERY_STATES = ("ordered", "dispatched", "delivered", "short", "made_good", "refunded", "reversed")


class Delivery(Base):
    """An order to let `litres` of a settled trade, or of a call, through at the buyer's canal, over a season.

    Of a call there is one for each water account that bought in it; it names no seller: a call has none in particular.
    `keeper_id` is the association that keeps the gate (none: the registrar does); `confirmed_litres` what arrived so
    far. What a short delivery lacks is made good by a further one, whose `makes_good_id` names it, or refunded.
    """

    __tablename__ = "deliveries"
    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    instruction_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("instructions.id"))
    call_id: Mapped[int | None] = mapped_column(BigInteger)  # settlement does not know calls
    water_account_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("water_accounts.id"))
    makes_good_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("deliveries.id"), unique=True)
    seller_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("participants.id"), index=True)
    buyer_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("participants.id"), index=True)
    canal_zone_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("zones.id"))
    keeper_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("participants.id"), index=True)
    litres: Mapped[int] = mapped_column(BigInteger)
    confirmed_litres: Mapped[int] = mapped_column(BigInteger, server_default="0")
    starts_on: Mapped[dt.date] = mapped_column(Date)
    ends_on: Mapped[dt.date] = mapped_column(Date)
    status: Mapped[str] = mapped_column(Text, server_default="ordered")
    reason: Mapped[str] = mapped_column(Text, server_default="")
    version: Mapped[int] = mapped_column(Integer, server_default="1")
    ordered_at: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True), server_default=NOW)
    dispatched_at: Mapped[dt.datetime | None] = mapped_column(DateTime(timezone=True))
    closed_at: Mapped[dt.datetime | None] = mapped_column(DateTime(timezone=True))
    __table_args__ = (
        CheckConstraint(f"status IN {DELIVERY_STATES}", name="status"),
        CheckConstraint("litres > 0 AND confirmed_litres BETWEEN 0 AND litres", name="litres"),
        CheckConstraint("(status = 'delivered') = (confirmed_litres = litres)", name="delivered"),
        CheckConstraint("ends_on >= starts_on", name="season"),
        CheckConstraint("makes_good_id IS NULL OR makes_good_id <> id", name="makes_good"),
        # one order a trade; what makes a short one good names it
        Index("uq_deliveries_first", "instruction_id", unique=True, postgresql_where="makes_good_id IS NULL"),
        Index(
            "uq_deliveries_of_call",
            "call_id",
            "water_account_id",
            unique=True,
            postgresql_where="makes_good_id IS NULL",
        ),
        CheckConstraint(
            "num_nonnulls(instruction_id, call_id) = 1 AND (instruction_id IS NULL) = (seller_id IS NULL)"
            " AND (call_id IS NULL) = (water_account_id IS NULL)",
            name="origin",
        ),
    )


class DeliveryLine(Base):
    """Litres of a delivery that flow in one month, from its first day in the season on. Immutable."""

    __tablename__ = "delivery_lines"
    delivery_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("deliveries.id"), primary_key=True)
    from_day: Mapped[dt.date] = mapped_column(Date, primary_key=True)
    litres: Mapped[int] = mapped_column(BigInteger)
    __table_args__ = (CheckConstraint("litres > 0", name="litres"),)


class DeliveryReceipt(Base):
    """Litres that the gate keeper saw arrive. Immutable."""

    __tablename__ = "delivery_receipts"
    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    delivery_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("deliveries.id"), index=True)
    litres: Mapped[int] = mapped_column(BigInteger)
    note: Mapped[str] = mapped_column(Text, server_default="")
    confirmed_by: Mapped[int | None] = mapped_column(BigInteger)
    confirmed_at: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True), server_default=NOW)
    __table_args__ = (CheckConstraint("litres > 0", name="litres"),)


class DeliveryRefund(Base):
    """What goes back for a short delivery: proposed by one user of the bureau, approved by another."""

    __tablename__ = "delivery_refunds"
    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    delivery_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("deliveries.id"), index=True)
    missing_litres: Mapped[int] = mapped_column(BigInteger)
    source_litres: Mapped[int] = mapped_column(BigInteger)
    fen: Mapped[int] = mapped_column(BigInteger)
    status: Mapped[str] = mapped_column(Text, server_default="proposed")
    reason: Mapped[str] = mapped_column(Text)
    proposed_by: Mapped[int] = mapped_column(BigInteger, ForeignKey("users.id"))
    proposed_at: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True), server_default=NOW)
    decided_by: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("users.id"))
    decided_at: Mapped[dt.datetime | None] = mapped_column(DateTime(timezone=True))
    __table_args__ = (
        CheckConstraint("status IN ('proposed', 'approved', 'declined')", name="status"),
        CheckConstraint(
            "source_litres >= missing_litres AND missing_litres > 0 AND fen >= 0", name="amounts"
        ),
        CheckConstraint("(status = 'proposed') = (decided_by IS NULL)", name="decided"),
        CheckConstraint("decided_by <> proposed_by", name="four_eyes"),
        Index(
            "uq_delivery_refunds_open",
            "delivery_id",
            unique=True,
            postgresql_where="status IN ('proposed', 'approved')",
        ),
    )
