"""Cases of supervision. The row of a case says where it stands; what happened in it are rows that never change."""

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
    LargeBinary,
    Text,
    func,
)
from sqlalchemy.orm import Mapped, mapped_column

from ledger.base import Base
from market.county.watch_rows import FINDINGS

NOW = func.clock_timestamp()
OPEN, CLOSED = CASE_STATES = ("open", "closed")
FOUNDED, UNFOUNDED, REFERRED = OUTCOMES = ("founded", "unfounded", "referred")
"""It is so; it is not; another authority decides."""
STEPS = (
    "opened", "assigned", "unassigned", "noted", "alert_added", "evidence_added", "named", "closed",
)  # fmt: skip
EVIDENCE_KINDS = ("order", "trade", "entitlement", "water_account", "document")


class SupervisionCase(Base):
    """A case, `number` as K-2026-0001, without gaps in a year. Closed once, by its finding; then nothing changes."""

    __tablename__ = "supervision_cases"
    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    number: Mapped[str] = mapped_column(Text, unique=True)
    title: Mapped[str] = mapped_column(Text)
    status: Mapped[str] = mapped_column(Text, server_default="open")
    assigned_to: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("users.id"), index=True)
    opened_by: Mapped[int] = mapped_column(BigInteger, ForeignKey("users.id"))
    opened_at: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True), server_default=NOW)
    version: Mapped[int] = mapped_column(Integer, server_default="1")
    __table_args__ = (
        CheckConstraint(f"status IN {CASE_STATES}", name="status"),
        CheckConstraint(r"number ~ '^K-\d{4}-\d{4,}$'", name="number"),
        Index(None, "status", "id"),
    )


class CaseParty(Base):
    """A participant that a case is about. Immutable."""

    __tablename__ = "case_parties"
    case_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("supervision_cases.id"), primary_key=True)
    participant_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("participants.id"), primary_key=True, index=True
    )
    named_at: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True), server_default=NOW)


class CasePerson(Base):
    """A user that a case names, also of the bureau: who is named does not handle it. Immutable."""

    __tablename__ = "case_people"
    case_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("supervision_cases.id"), primary_key=True)
    user_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("users.id"), primary_key=True, index=True)
    named_at: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True), server_default=NOW)


class CaseStep(Base):
    """One thing that was done in a case: the history, append-only. `detail` is JSON. Immutable."""

    __tablename__ = "case_steps"
    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    case_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("supervision_cases.id"))
    step: Mapped[str] = mapped_column(Text)
    text: Mapped[str] = mapped_column(Text, server_default="")
    detail: Mapped[str] = mapped_column(Text, server_default="{}")
    done_by: Mapped[int] = mapped_column(BigInteger, ForeignKey("users.id"))
    done_at: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True), server_default=NOW)
    __table_args__ = (
        CheckConstraint(f"step IN {STEPS}", name="step"),
        CheckConstraint("step <> 'noted' OR length(btrim(text)) > 0", name="note"),
        Index(None, "case_id", "id"),
    )


class CaseEvidence(Base):
    """Something that speaks in a case: a row of the market by its number, or a document by its hash. Immutable."""

    __tablename__ = "case_evidence"
    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    case_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("supervision_cases.id"), index=True)
    kind: Mapped[str] = mapped_column(Text)
    subject_id: Mapped[int | None] = mapped_column(BigInteger)
    sha256: Mapped[bytes | None] = mapped_column(LargeBinary)
    description: Mapped[str] = mapped_column(Text)
    added_by: Mapped[int] = mapped_column(BigInteger, ForeignKey("users.id"))
    added_at: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True), server_default=NOW)
    __table_args__ = (
        CheckConstraint(f"kind IN {EVIDENCE_KINDS}", name="kind"),
        CheckConstraint(
            "(kind = 'document') = (subject_id IS NULL) AND (kind = 'document') = (sha256 IS NOT NULL)", name="what"
        ),
        CheckConstraint("sha256 IS NULL OR length(sha256) = 32", name="sha256"),
        Index(
            "uq_case_evidence_subject", "case_id", "kind", "subject_id", unique=True,
            postgresql_where="subject_id IS NOT NULL",
        ),
    )  # fmt: skip


class CaseFinding(Base):
    """How a case was closed: `outcome`, of what kind, why and by which law. Immutable.

    `referred_to`: the authority that decides instead.
    """

    __tablename__ = "case_findings"
    case_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("supervision_cases.id"), primary_key=True, autoincrement=False
    )
    outcome: Mapped[str] = mapped_column(Text)
    finding: Mapped[str | None] = mapped_column(Text)
    referred_to: Mapped[str | None] = mapped_column(Text)
    reason: Mapped[str] = mapped_column(Text)
    legal_source: Mapped[str] = mapped_column(Text)
    closed_by: Mapped[int] = mapped_column(BigInteger, ForeignKey("users.id"))
    closed_at: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True), server_default=NOW)
    __table_args__ = (
        CheckConstraint(f"outcome IN {OUTCOMES}", name="outcome"),
        CheckConstraint(f"finding IN {FINDINGS}", name="finding"),
        CheckConstraint("(outcome = 'founded') = (finding IS NOT NULL)", name="founded"),
        CheckConstraint("(outcome = 'referred') = (referred_to IS NOT NULL)", name="referred"),
        CheckConstraint("length(btrim(reason)) > 0 AND length(btrim(legal_source)) > 0", name="reason"),
    )
