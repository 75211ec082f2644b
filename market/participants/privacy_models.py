"""Who looked at whose personal data and why, and what persons asked to have erased."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import BigInteger, CheckConstraint, Date, DateTime, ForeignKey, Identity, Index, Text, func
from sqlalchemy.orm import Mapped, mapped_column

from ledger.base import Base

NOW = func.clock_timestamp()
ERASURES = ("done", "partly", "refused")


class Unmasking(Base):
    """A look at personal data of a participant: by whom, in which roles, at which kinds, for what. Immutable.

    `kinds` and `roles` are words with spaces between them; the values that were seen are not kept.
    """

    __tablename__ = "unmaskings"
    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    participant_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("participants.id"))
    user_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("users.id"))
    roles: Mapped[str] = mapped_column(Text)
    kinds: Mapped[str] = mapped_column(Text)
    purpose: Mapped[str] = mapped_column(Text)
    legal_basis: Mapped[str] = mapped_column(Text)
    at: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True), server_default=NOW)
    __table_args__ = (
        CheckConstraint("kinds <> '' AND purpose <> '' AND legal_basis <> ''", name="reasoned"),
        Index(None, "participant_id", "id"),
        Index(None, "user_id", "at"),
    )


class ErasureRequest(Base):
    """A person's request to have its data erased, and what became of it. Immutable.

    `outcome` is a JSON list: of each kind of data whether it was erased and, where a duty to keep it goes on, until
    which day, by which rule and law. Where something is kept, the row names the rule that binds longest.
    """

    __tablename__ = "erasure_requests"
    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    participant_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("participants.id"))
    asked_by: Mapped[int] = mapped_column(BigInteger, ForeignKey("users.id"))
    asked_at: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True), server_default=NOW)
    status: Mapped[str] = mapped_column(Text)
    rule: Mapped[str | None] = mapped_column(Text)
    keep_until: Mapped[dt.date | None] = mapped_column(Date)
    legal_source: Mapped[str | None] = mapped_column(Text)
    outcome: Mapped[str] = mapped_column(Text)
    __table_args__ = (
        CheckConstraint(f"status IN {ERASURES}", name="status"),
        CheckConstraint("(status = 'done') = (rule IS NULL)", name="ruled"),
        CheckConstraint("(rule IS NULL) = (legal_source IS NULL)", name="sourced"),
        Index(None, "participant_id", "id"),
    )
