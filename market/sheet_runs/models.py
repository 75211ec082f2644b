"""The files of registers that were handed in, how far each is, and what became of it."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    Text,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from ledger.base import Base

REGISTERS = ("participants", "entitlements", "water-accounts", "limits", "meters", "readings")
WAITING, RUNNING, DONE, REFUSED, FAILED = STATUSES = ("waiting", "running", "done", "refused", "failed")
"""`refused`: by a rule, and nothing was taken; `failed`: by a fault of ours, and nothing was taken."""
OPEN = (WAITING, RUNNING)
READING, WRITING = STAGES = ("reading", "writing")


class SheetRun(Base):
    """A file and what became of it. The file itself is kept no longer than it is needed: it holds personal data."""

    __tablename__ = "sheet_runs"
    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    register: Mapped[str] = mapped_column(Text)
    filename: Mapped[str] = mapped_column(Text)
    sha256: Mapped[bytes] = mapped_column(LargeBinary)
    partial: Mapped[bool]
    file: Mapped[bytes | None] = mapped_column(LargeBinary, deferred=True)
    status: Mapped[str] = mapped_column(Text, server_default=WAITING)
    stage: Mapped[str] = mapped_column(Text, server_default="")
    rows_looked_at: Mapped[int] = mapped_column(Integer, server_default="0")
    attempts: Mapped[int] = mapped_column(SmallInteger, server_default="0")
    taken: Mapped[int] = mapped_column(Integer, server_default="0")
    held: Mapped[int] = mapped_column(Integer, server_default="0")
    refused: Mapped[int] = mapped_column(Integer, server_default="0")
    refusal: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    problems: Mapped[list[dict[str, Any]]] = mapped_column(JSONB, server_default="[]", deferred=True)
    asked_by: Mapped[int] = mapped_column(BigInteger, ForeignKey("users.id"))
    request_id: Mapped[str] = mapped_column(Text)
    origin: Mapped[str | None] = mapped_column(Text)
    asked_at: Mapped[dt.datetime] = mapped_column(
        DateTime(timezone=True), server_default=func.clock_timestamp()
    )
    begun_at: Mapped[dt.datetime | None] = mapped_column(DateTime(timezone=True))
    ended_at: Mapped[dt.datetime | None] = mapped_column(DateTime(timezone=True))
    __table_args__ = (
        CheckConstraint(f"register IN {REGISTERS}", name="register"),
        CheckConstraint(f"status IN {STATUSES}", name="status"),
        CheckConstraint(f"stage = '' OR stage IN {STAGES}", name="stage"),
        CheckConstraint("length(filename) <= 200", name="filename"),
        CheckConstraint(f"(status IN {OPEN}) = (file IS NOT NULL)", name="file_is_kept_while_open"),
        CheckConstraint(f"(status IN {OPEN}) = (ended_at IS NULL)", name="ended"),
        CheckConstraint("(status = 'refused') = (refusal IS NOT NULL)", name="refusal"),
        CheckConstraint("status = 'done' OR (taken, held) = (0, 0)", name="nothing_by_halves"),
        CheckConstraint("held <= taken AND least(rows_looked_at, held, refused) >= 0", name="counts"),
        Index("ix_sheet_runs_open", "id", postgresql_where=text(f"status IN {OPEN}")),
    )
