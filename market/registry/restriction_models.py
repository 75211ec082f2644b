"""The tighter rules that a node of the tree is under while it uses more than it may."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import BigInteger, CheckConstraint, DateTime, ForeignKey, Identity, Index, Text, func
from sqlalchemy.orm import Mapped, mapped_column

from ledger.base import Base


class Restriction(Base):
    """Under a cap's node nothing new is granted, and nothing bought from outside, until it is lifted.

    `import_limit_id` is the import limit that shuts the node's zone (none: the node is no zone); `import_litres` what
    that limit allowed before (none: it was set for this).
    """

    __tablename__ = "restrictions"
    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    limit_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("limits.id"))
    import_limit_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("limits.id"))
    import_litres: Mapped[int | None] = mapped_column(BigInteger)
    reason: Mapped[str] = mapped_column(Text)
    legal_source: Mapped[str] = mapped_column(Text)
    imposed_by: Mapped[int | None] = mapped_column(BigInteger)
    imposed_at: Mapped[dt.datetime] = mapped_column(
        DateTime(timezone=True), server_default=func.clock_timestamp()
    )
    lifted_by: Mapped[int | None] = mapped_column(BigInteger)
    lifted_at: Mapped[dt.datetime | None] = mapped_column(DateTime(timezone=True))
    lift_reason: Mapped[str | None] = mapped_column(Text)
    __table_args__ = (
        CheckConstraint("(lifted_at IS NULL) = (lift_reason IS NULL)", name="lifted"),
        CheckConstraint(
            "import_litres IS NULL OR (import_litres >= 0 AND import_limit_id IS NOT NULL)", name="import"
        ),
        Index("uq_restrictions_in_force", "limit_id", unique=True, postgresql_where="lifted_at IS NULL"),
    )
