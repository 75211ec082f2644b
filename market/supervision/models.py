"""The regulator's decisions."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import BigInteger, CheckConstraint, DateTime, ForeignKey, Text, func
from sqlalchemy.orm import Mapped, mapped_column

from ledger.base import Base


class ReviewDecision(Base):
    """One decision on one instruction that the county's rules put under review; by nobody where silence meant it.

    Immutable.
    """

    __tablename__ = "review_decisions"
    instruction_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("instructions.id"), primary_key=True, autoincrement=False
    )
    decision: Mapped[str] = mapped_column(Text)
    reason: Mapped[str] = mapped_column(Text)
    legal_source: Mapped[str] = mapped_column(Text)
    decided_by: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("users.id"))
    decided_at: Mapped[dt.datetime] = mapped_column(
        DateTime(timezone=True), server_default=func.clock_timestamp()
    )
    __table_args__ = (CheckConstraint("decision IN ('approved', 'rejected')", name="decision"),)
