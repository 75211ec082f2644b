"""The life of an entitlement as rows: steps, objections, documents, lineage, what successors carry, assessments."""

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
    SmallInteger,
    Text,
    UniqueConstraint,
    func,
)
from sqlalchemy.orm import Mapped, mapped_column

from ledger.base import Base
from market.registry.life import MOVES

NOW = func.clock_timestamp()

MOST_BYTES = 512 * 1024
"""The size of a document: in base64 it fits, with the rest of the body, into the 1 MiB of a request."""
MEDIA_TYPES = ("application/pdf", "image/png", "image/jpeg")


OBJECTION_STATES = ("lodged", "upheld", "dismissed", "lapsed")
"""Lapsed: the application was withdrawn before the objection was decided."""


class EntitlementStep(Base):
    """One step in the life of a right: named, dated, reasoned, and a move that `life` knows. Immutable."""

    __tablename__ = "entitlement_steps"
    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    entitlement_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("entitlements.id"))
    step: Mapped[str] = mapped_column(Text)
    from_status: Mapped[str | None] = mapped_column(Text)
    to_status: Mapped[str] = mapped_column(Text)
    at: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True), server_default=NOW)
    by_user: Mapped[int | None] = mapped_column(BigInteger)
    reason: Mapped[str] = mapped_column(Text, server_default="")
    legal_source: Mapped[str] = mapped_column(Text)
    detail: Mapped[str] = mapped_column(Text, server_default="{}")
    __table_args__ = (
        CheckConstraint(
            f"(step || ':' || coalesce(from_status, '') || '>' || to_status) IN {MOVES}", name="move"
        ),
        Index(None, "entitlement_id", "id"),
        Index(
            "ix_entitlement_steps_renewals", "entitlement_id", "id",
            postgresql_where="step IN ('ask_renewal', 'renew', 'refuse_renewal')",
        ),
    )  # fmt: skip


class Objection(Base):
    """What another participant holds against a published application, and how it was decided."""

    __tablename__ = "objections"
    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    entitlement_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("entitlements.id"), index=True)
    participant_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("participants.id"), index=True)
    grounds: Mapped[str] = mapped_column(Text)
    status: Mapped[str] = mapped_column(Text, server_default="lodged")
    version: Mapped[int] = mapped_column(Integer, server_default="1")
    lodged_at: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True), server_default=NOW)
    decided_at: Mapped[dt.datetime | None] = mapped_column(DateTime(timezone=True))
    decided_by: Mapped[int | None] = mapped_column(BigInteger)
    decision_reason: Mapped[str | None] = mapped_column(Text)
    __table_args__ = (
        UniqueConstraint("entitlement_id", "participant_id"),
        CheckConstraint(f"status IN {OBJECTION_STATES}", name="status"),
        CheckConstraint("(status = 'lodged') = (decided_at IS NULL)", name="decided"),
        CheckConstraint(
            "(decided_at IS NULL) = (decision_reason IS NULL) AND decision_reason <> ''", name="reasoned"
        ),
    )


class EntitlementDocument(Base):
    """A file of an application or of a later step, as it was handed in. It changes once: name and bytes are erased
    when they need no longer be kept, and what remains says that they were there.
    """

    __tablename__ = "entitlement_documents"
    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    entitlement_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("entitlements.id"))
    name: Mapped[str] = mapped_column(Text)
    media_type: Mapped[str] = mapped_column(Text)
    size_bytes: Mapped[int] = mapped_column(Integer)
    sha256: Mapped[bytes] = mapped_column(LargeBinary)
    content: Mapped[bytes | None] = mapped_column(LargeBinary)
    handed_in_by: Mapped[int | None] = mapped_column(BigInteger)
    handed_in_at: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True), server_default=NOW)
    erased_at: Mapped[dt.datetime | None] = mapped_column(DateTime(timezone=True))
    __table_args__ = (
        CheckConstraint("(content IS NULL) = (erased_at IS NOT NULL)", name="erased"),
        CheckConstraint("erased_at IS NULL OR name = ''", name="erased_name"),
        UniqueConstraint("entitlement_id", "sha256"),
        CheckConstraint(f"media_type IN {MEDIA_TYPES}", name="media_type"),
        CheckConstraint(
            f"size_bytes = length(content) AND size_bytes BETWEEN 1 AND {MOST_BYTES}", name="size"
        ),
        CheckConstraint("sha256 = sha256(content)", name="sha256"),
    )


class EntitlementLineage(Base):
    """Litres a year that went from one right to its successor. Immutable."""

    __tablename__ = "entitlement_lineage"
    parent_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("entitlements.id"), primary_key=True)
    child_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("entitlements.id"), primary_key=True, index=True
    )
    litres: Mapped[int] = mapped_column(BigInteger)
    __table_args__ = (
        CheckConstraint("litres > 0", name="litres"),
        CheckConstraint("child_id > parent_id", name="forward"),
    )


class EntitlementCarried(Base):
    """What a right counts as received in a water year because a predecessor was credited it. Immutable."""

    __tablename__ = "entitlement_carried"
    parent_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("entitlements.id"), primary_key=True)
    child_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("entitlements.id"), primary_key=True, index=True
    )
    water_year: Mapped[int] = mapped_column(SmallInteger, ForeignKey("water_years.year"), primary_key=True)
    litres: Mapped[int] = mapped_column(BigInteger)
    share_e6: Mapped[int] = mapped_column(BigInteger)
    __table_args__ = (
        CheckConstraint("litres >= 0", name="litres"),
        CheckConstraint("share_e6 BETWEEN 0 AND 1000000", name="share"),
    )


class WaterAssessment(Base):
    """A water-resource assessment (水资源论证) of a project: who approved it, when, for how much a year. Immutable."""

    __tablename__ = "water_assessments"
    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    participant_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("participants.id"), index=True)
    number: Mapped[str] = mapped_column(Text)
    authority: Mapped[str] = mapped_column(Text)
    project: Mapped[str] = mapped_column(Text)
    approved_on: Mapped[dt.date] = mapped_column(Date)
    volume_litres: Mapped[int] = mapped_column(BigInteger)
    recorded_by: Mapped[int | None] = mapped_column(BigInteger)
    recorded_at: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True), server_default=NOW)
    __table_args__ = (
        UniqueConstraint("authority", "number"),
        CheckConstraint("volume_litres > 0", name="volume"),
    )
