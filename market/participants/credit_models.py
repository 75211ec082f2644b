"""The credit record: what speaks for and against a participant, with points, a source and an end; and its appeals."""

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

ENTRY_KINDS = ("commendation", "breach", "false_statement", "late_payment", "late_report", "finding", "other")
MOST_POINTS = 100
LODGED, GRANTED, REJECTED = APPEAL_STATES = ("lodged", "granted", "rejected")
"""Granted: the entry is withdrawn. Rejected: it is upheld, and the public sees it."""


class CreditEntry(Base):
    """One entry; points below zero speak against. It counts from its day to `expires_on` unless it was withdrawn.

    `finding`, of the case `case_id`: entered because that was closed as founded. Such an entry may be appealed against
    until `appeal_until`, and the public sees it once nobody did, or the appeal was rejected.
    """

    __tablename__ = "credit_entries"
    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    participant_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("participants.id"), index=True)
    kind: Mapped[str] = mapped_column(Text)
    points: Mapped[int] = mapped_column(Integer)
    reason: Mapped[str] = mapped_column(Text)
    legal_source: Mapped[str] = mapped_column(Text)
    recorded_by: Mapped[int] = mapped_column(BigInteger, ForeignKey("users.id"))
    recorded_at: Mapped[dt.datetime] = mapped_column(
        DateTime(timezone=True), server_default=func.clock_timestamp()
    )
    expires_on: Mapped[dt.date] = mapped_column(Date)
    withdrawn_at: Mapped[dt.datetime | None] = mapped_column(DateTime(timezone=True))
    withdrawal_reason: Mapped[str | None] = mapped_column(Text)
    finding: Mapped[str | None] = mapped_column(Text)
    case_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("supervision_cases.id"))
    appeal_until: Mapped[dt.date | None] = mapped_column(Date)
    __table_args__ = (
        CheckConstraint(f"kind IN {ENTRY_KINDS}", name="kind"),
        CheckConstraint(f"points <> 0 AND abs(points) <= {MOST_POINTS}", name="points"),
        CheckConstraint("(withdrawn_at IS NULL) = (withdrawal_reason IS NULL)", name="withdrawn"),
        CheckConstraint(
            "(finding IS NULL) = (case_id IS NULL) AND (case_id IS NULL) = (appeal_until IS NULL)", name="finding"
        ),
        CheckConstraint("finding IS NULL OR (kind = 'finding' AND points < 0)", name="finding_points"),
        Index(
            "uq_credit_entries_case", "case_id", "participant_id", unique=True,
            postgresql_where="case_id IS NOT NULL",
        ),
    )  # fmt: skip


class CreditAppeal(Base):
    """A participant's appeal against an entry out of a finding, one an entry; another person decides it."""

    __tablename__ = "credit_appeals"
    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    entry_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("credit_entries.id"), unique=True)
    participant_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("participants.id"), index=True)
    grounds: Mapped[str] = mapped_column(Text)
    status: Mapped[str] = mapped_column(Text, server_default="lodged")
    lodged_by: Mapped[int] = mapped_column(BigInteger, ForeignKey("users.id"))
    lodged_at: Mapped[dt.datetime] = mapped_column(
        DateTime(timezone=True), server_default=func.clock_timestamp()
    )
    decided_by: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("users.id"))
    decided_at: Mapped[dt.datetime | None] = mapped_column(DateTime(timezone=True))
    decision_reason: Mapped[str | None] = mapped_column(Text)
    decision_source: Mapped[str | None] = mapped_column(Text)
    __table_args__ = (
        CheckConstraint(f"status IN {APPEAL_STATES}", name="status"),
        CheckConstraint("length(btrim(grounds)) > 0", name="grounds"),
        CheckConstraint(
            "(status = 'lodged') = (decided_at IS NULL) AND (decided_at IS NULL) = (decided_by IS NULL)"
            " AND (decided_at IS NULL) = (decision_reason IS NULL)"
            " AND (decided_at IS NULL) = (decision_source IS NULL)",
            name="decided",
        ),
    )
