"""Instructions: obligations to deliver water against money. Settlement knows instructions, not orders."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import BigInteger, CheckConstraint, Date, DateTime, Index, Integer, Text, func
from sqlalchemy.orm import Mapped, mapped_column

from ledger.base import Base


class Instruction(Base):
    """instructed → [awaiting_review → approved | rejected] → settled → reversed.

    `source_litres` leave the seller, `delivered_litres` reach the buyer; `payees` names who receives the buyer's
    `amount_fen` (JSON: [[ledger account, fen, "seller" | "fee"], …], summing to it exactly); `charges` and `frees`
    are the limits this crosses (JSON: [[ledger account, litres], …]); `holds` are the pending transfers of an
    instruction under review (JSON: [transfer id, …]). Hot: no foreign keys; the row-count check of the batch and
    `karez prove` stand in for them.
    """

    __tablename__ = "instructions"
    id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    kind: Mapped[str] = mapped_column(Text)
    reference: Mapped[int] = mapped_column(BigInteger)
    product_id: Mapped[int] = mapped_column(BigInteger)
    seller_id: Mapped[int] = mapped_column(BigInteger)
    buyer_id: Mapped[int] = mapped_column(BigInteger)
    seller_water_account_id: Mapped[int] = mapped_column(BigInteger)
    buyer_water_account_id: Mapped[int] = mapped_column(BigInteger)
    seller_account: Mapped[int] = mapped_column(BigInteger)
    buyer_account: Mapped[int] = mapped_column(BigInteger)
    buyer_money_account: Mapped[int] = mapped_column(BigInteger)
    source_litres: Mapped[int] = mapped_column(BigInteger)
    delivered_litres: Mapped[int] = mapped_column(BigInteger)
    amount_fen: Mapped[int] = mapped_column(BigInteger)
    payees: Mapped[str] = mapped_column(Text)
    charges: Mapped[str] = mapped_column(Text)
    frees: Mapped[str] = mapped_column(Text)
    holds: Mapped[str] = mapped_column(Text)
    status: Mapped[str] = mapped_column(Text)
    review_rule: Mapped[str | None] = mapped_column(Text)
    review_due_on: Mapped[dt.date | None] = mapped_column(Date)
    batch_id: Mapped[int] = mapped_column(BigInteger)
    version: Mapped[int] = mapped_column(Integer, server_default="1")
    instructed_at: Mapped[dt.datetime] = mapped_column(
        DateTime(timezone=True), server_default=func.clock_timestamp()
    )
    resolved_at: Mapped[dt.datetime | None] = mapped_column(DateTime(timezone=True))
    __table_args__ = (
        CheckConstraint(
            "status IN ('awaiting_review', 'settled', 'rejected', 'reversed')",
            name="status",
        ),
        CheckConstraint("source_litres >= delivered_litres AND delivered_litres > 0", name="litres"),
        CheckConstraint("amount_fen >= 0", name="amount"),
        CheckConstraint("(status = 'awaiting_review') = (resolved_at IS NULL)", name="resolved"),
        CheckConstraint("status <> 'awaiting_review' OR review_rule IS NOT NULL", name="review"),
        Index("ix_instructions_awaiting", "id", postgresql_where="status = 'awaiting_review'"),
        Index(None, "seller_id", "id"),
        Index(None, "buyer_id", "id"),
        {"postgresql_with": {"fillfactor": "85"}},
    )
