"""The county as rows: zones, sources, sectors, the installed pack."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    DateTime,
    ForeignKey,
    Identity,
    LargeBinary,
    Text,
    func,
)
from sqlalchemy.orm import Mapped, mapped_column

from ledger.base import Base


class CountyPack(Base):
    """A pack as it was installed: the rules in force are those of the row with the highest id."""

    __tablename__ = "county_packs"
    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    name: Mapped[str] = mapped_column(Text)
    version: Mapped[str] = mapped_column(Text)
    sha256: Mapped[bytes] = mapped_column(LargeBinary)
    content: Mapped[str] = mapped_column(Text)
    installed_at: Mapped[dt.datetime] = mapped_column(
        DateTime(timezone=True), server_default=func.clock_timestamp()
    )


class Zone(Base):
    """A node of one of two trees: `admin` (county → township → village), `river` (river → district → canal → gate)."""

    __tablename__ = "zones"
    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    tree: Mapped[str] = mapped_column(Text)
    code: Mapped[str] = mapped_column(Text, unique=True)
    parent_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("zones.id"))
    level: Mapped[str] = mapped_column(Text)
    name_zh: Mapped[str] = mapped_column(Text)
    name_en: Mapped[str] = mapped_column(Text)
    groundwater: Mapped[str] = mapped_column(Text, server_default="open")
    demonstration: Mapped[bool] = mapped_column(Boolean, server_default="false")
    __table_args__ = (
        CheckConstraint("tree IN ('admin', 'river')", name="tree"),
        CheckConstraint("groundwater IN ('open', 'restricted', 'banned', 'overdrawn')", name="groundwater"),
        CheckConstraint("parent_id <> id", name="not_own_parent"),
    )
