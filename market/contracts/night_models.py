"""Nights of measuring points: the least flow of a district's inlets between two and four, and the pressure then."""

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
)
from sqlalchemy.orm import Mapped, mapped_column

from ledger.base import Base
from market.contracts.point_models import NOW


class PointNight(Base):
    """One night of a point: litres an hour, and the pressure in thousandths (any unit, the same for all of a district).

    `unreduced_e3`: where the project itself lowers the pressure, that which would have been without it. `corrects_id`:
    the row whose place it takes.
    """

    __tablename__ = "point_nights"
    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    point_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("measuring_points.id"))
    night_on: Mapped[dt.date] = mapped_column(Date)
    flow_litres: Mapped[int] = mapped_column(BigInteger)
    pressure_e3: Mapped[int | None] = mapped_column(Integer)
    unreduced_e3: Mapped[int | None] = mapped_column(Integer)
    document_sha256: Mapped[bytes | None] = mapped_column(LargeBinary)
    corrects_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("point_nights.id"), unique=True)
    reason: Mapped[str | None] = mapped_column(Text)
    recorded_by: Mapped[int] = mapped_column(BigInteger, ForeignKey("users.id"))
    recorded_at: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True), server_default=NOW)
    __table_args__ = (
        CheckConstraint("flow_litres >= 0", name="flow"),
        CheckConstraint("pressure_e3 > 0 AND unreduced_e3 >= pressure_e3", name="pressure"),
        CheckConstraint("unreduced_e3 IS NULL OR pressure_e3 IS NOT NULL", name="unreduced"),
        CheckConstraint("length(document_sha256) = 32", name="document"),
        CheckConstraint("(corrects_id IS NULL) = (reason IS NULL)", name="correction"),
        Index(
            "uq_point_nights_day", "point_id", "night_on", unique=True, postgresql_where="corrects_id IS NULL"
        ),
    )
