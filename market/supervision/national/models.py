"""What was exported for a national system, and what came back."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    DateTime,
    ForeignKey,
    Identity,
    Integer,
    LargeBinary,
    SmallInteger,
    Text,
    UniqueConstraint,
    func,
)
from sqlalchemy.orm import Mapped, mapped_column

from ledger.base import Base

NOW = func.clock_timestamp()
EXPORT_KINDS = ("trades", "rights", "use")


class NationalExport(Base):
    """The records of one kind and water year as they were exported: their exact text (JSON). Immutable."""

    __tablename__ = "national_exports"
    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    kind: Mapped[str] = mapped_column(Text)
    water_year: Mapped[int] = mapped_column(SmallInteger)
    text: Mapped[str] = mapped_column(Text)
    sha256: Mapped[bytes] = mapped_column(LargeBinary)
    records: Mapped[int] = mapped_column(Integer)
    made_by: Mapped[int | None] = mapped_column(BigInteger)
    made_at: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True), server_default=NOW)
    __table_args__ = (
        CheckConstraint(f"kind IN {EXPORT_KINDS}", name="kind"),
        CheckConstraint("sha256 = sha256(convert_to(text, 'UTF8'))", name="hash"),
        CheckConstraint("records >= 0", name="records"),
    )


class NationalAnswer(Base):
    """What the national system said of an export (JSON lines). Immutable; of a record the newest line counts."""

    __tablename__ = "national_answers"
    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    export_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("national_exports.id"))
    text: Mapped[str] = mapped_column(Text)
    sha256: Mapped[bytes] = mapped_column(LargeBinary)
    lines: Mapped[int] = mapped_column(Integer)
    received_by: Mapped[int | None] = mapped_column(BigInteger)
    received_at: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True), server_default=NOW)
    __table_args__ = (
        UniqueConstraint("export_id", "sha256"),
        CheckConstraint("sha256 = sha256(convert_to(text, 'UTF8'))", name="hash"),
        CheckConstraint("lines > 0", name="lines"),
    )
