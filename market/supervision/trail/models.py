"""Heads of the audit chains that were signed and made known."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import BigInteger, CheckConstraint, DateTime, Identity, LargeBinary, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from ledger.base import Base


class AuditHead(Base):
    """The signed head of one chain, published for all to keep. Immutable."""

    __tablename__ = "audit_heads"
    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    chain: Mapped[str] = mapped_column(Text)
    seq: Mapped[int] = mapped_column(BigInteger)
    hash: Mapped[bytes] = mapped_column(LargeBinary)
    at: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True))
    key: Mapped[bytes] = mapped_column(LargeBinary)
    signature: Mapped[bytes] = mapped_column(LargeBinary)
    __table_args__ = (
        UniqueConstraint("chain", "seq"),
        CheckConstraint("length(hash) = 32 AND length(key) = 32 AND length(signature) = 64", name="lengths"),
    )
