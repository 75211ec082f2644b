"""What an irrigation district's households receive of its benefit, by their members' resolution."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    Integer,
    Text,
    UniqueConstraint,
    func,
)
from sqlalchemy.orm import Mapped, mapped_column

from ledger.base import Base

OF_DUE, OF_DISTRIBUTION = PAYOUT_SOURCES = ("due", "distribution")
NOW = func.clock_timestamp()


class HouseholdPayout(Base):
    """A sum that a district received (a due with its interest) or has by its lower bill (its share of a distribution),
    paid out to its households in one posting. Each source once.
    """

    __tablename__ = "household_payouts"
    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    contract_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("saving_contracts.id"), index=True)
    version_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("contract_versions.id"))
    user_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("participants.id"))
    source: Mapped[str] = mapped_column(Text)
    reference: Mapped[int] = mapped_column(BigInteger)
    fen: Mapped[int] = mapped_column(BigInteger)
    households: Mapped[int] = mapped_column(Integer)
    made_at: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True), server_default=NOW)
    __table_args__ = (
        UniqueConstraint("source", "reference"),
        CheckConstraint(f"source IN {PAYOUT_SOURCES}", name="source"),
        CheckConstraint("fen > 0 AND households > 0", name="amounts"),
    )


class HouseholdShare(Base):
    """A household's part of a payout, fen, by its share of the resolution (basis points)."""

    __tablename__ = "household_shares"
    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    payout_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("household_payouts.id"))
    participant_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("participants.id"))
    share_bp: Mapped[int] = mapped_column(Integer)
    fen: Mapped[int] = mapped_column(BigInteger)
    __table_args__ = (
        UniqueConstraint("payout_id", "participant_id"),
        Index("ix_household_shares_participant_id", "participant_id", "id"),
        CheckConstraint("fen >= 0 AND share_bp BETWEEN 0 AND 10000", name="amounts"),
    )
