"""Money in and out: for now a treasurer's record of bank transfers."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Date,
    DateTime,
    ForeignKey,
    Identity,
    Text,
    UniqueConstraint,
    func,
)
from sqlalchemy.orm import Mapped, mapped_column

from ledger.base import Base


class BankTransfer(Base):
    """Money that came in (deposit) or went out (payout) at the bank, recorded by a treasurer. Immutable."""

    __tablename__ = "bank_transfers"
    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    direction: Mapped[str] = mapped_column(Text)
    money_account_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("money_accounts.id"), index=True)
    amount_fen: Mapped[int] = mapped_column(BigInteger)
    bank_reference: Mapped[str] = mapped_column(Text)
    value_date: Mapped[dt.date] = mapped_column(Date)
    note: Mapped[str] = mapped_column(Text, server_default="")
    recorded_by: Mapped[int] = mapped_column(BigInteger, ForeignKey("users.id"))
    recorded_at: Mapped[dt.datetime] = mapped_column(
        DateTime(timezone=True), server_default=func.clock_timestamp()
    )
    __table_args__ = (
        UniqueConstraint("direction", "bank_reference"),
        CheckConstraint("direction IN ('in', 'out')", name="direction"),
        CheckConstraint("amount_fen > 0", name="amount"),
    )
