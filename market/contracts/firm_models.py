"""Service firms in the county's directory, and what they show that they can do."""

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
    LargeBinary,
    Text,
    func,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from ledger.base import Base

PROJECT_KINDS = ("public_institution", "public_building", "industry", "services", "irrigation", "leakage")
"""Where the plan's part 4(2)8 asks for saving contracts."""
FIRM_STATES = ("submitted", "listed", "refused", "suspended", "left")
QUALIFICATION_STATES = ("submitted", "confirmed", "refused")
QUALIFICATION_KINDS = ("grade", "licence", "management_system", "laboratory", "patent", "other")
NOW = func.clock_timestamp()


class Firm(Base):
    """A service firm's entry in the directory. Only a listed one is shown to the public and answers calls."""

    __tablename__ = "firms"
    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    participant_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("participants.id"), unique=True)
    about: Mapped[str] = mapped_column(Text)
    contact: Mapped[str] = mapped_column(Text)
    works_in: Mapped[list[str]] = mapped_column(ARRAY(Text))
    staff: Mapped[int] = mapped_column(Integer)
    founded_on: Mapped[dt.date] = mapped_column(Date)
    status: Mapped[str] = mapped_column(Text, server_default="submitted")
    submitted_at: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True), server_default=NOW)
    decided_at: Mapped[dt.datetime | None] = mapped_column(DateTime(timezone=True))
    decided_by: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("users.id"))
    decision_reason: Mapped[str | None] = mapped_column(Text)
    version: Mapped[int] = mapped_column(Integer, server_default="1")
    __table_args__ = (
        CheckConstraint(f"status IN {FIRM_STATES}", name="status"),
        CheckConstraint(
            f"cardinality(works_in) > 0 AND works_in <@ ARRAY{list(PROJECT_KINDS)}", name="works_in"
        ),
        CheckConstraint("staff >= 0", name="staff"),
        CheckConstraint("(status = 'submitted') = (decided_at IS NULL)", name="decided"),
        Index("ix_firms_listed", "id", postgresql_where="status = 'listed'"),
    )


class FirmQualification(Base):
    """A paper that shows what a firm can do: a grade, a licence, a certified system. The bureau confirms it."""

    __tablename__ = "firm_qualifications"
    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    firm_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("firms.id"), index=True)
    kind: Mapped[str] = mapped_column(Text)
    name: Mapped[str] = mapped_column(Text)
    number: Mapped[str] = mapped_column(Text)
    issuer: Mapped[str] = mapped_column(Text)
    valid_from: Mapped[dt.date] = mapped_column(Date)
    valid_to: Mapped[dt.date | None] = mapped_column(Date)
    document_sha256: Mapped[bytes | None] = mapped_column(LargeBinary)
    status: Mapped[str] = mapped_column(Text, server_default="submitted")
    submitted_at: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True), server_default=NOW)
    decided_at: Mapped[dt.datetime | None] = mapped_column(DateTime(timezone=True))
    decided_by: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("users.id"))
    decision_reason: Mapped[str | None] = mapped_column(Text)
    __table_args__ = (
        CheckConstraint(f"kind IN {QUALIFICATION_KINDS}", name="kind"),
        CheckConstraint(f"status IN {QUALIFICATION_STATES}", name="status"),
        CheckConstraint("valid_to IS NULL OR valid_to >= valid_from", name="dates"),
        CheckConstraint("length(document_sha256) = 32", name="document"),
        CheckConstraint("(status = 'submitted') = (decided_at IS NULL)", name="decided"),
        Index(
            "uq_firm_qualifications_number", "firm_id", "kind", "number", unique=True,
            postgresql_where="status <> 'refused'",
        ),
    )  # fmt: skip
