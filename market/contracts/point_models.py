"""Measuring points: what a saving contract measures with, in trees, with their readings and evidenced bills.

A point stands for a meter, whether the registry reads it or only the contract does. Each carries a span of numbers that
lies within its parent's and is never given to another: a claim on a subtree is a claim on its span, so that parent and
child cannot both back one (SAVINGS section 1).
"""

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
    Sequence,
    Text,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import DATERANGE, INT8RANGE, ExcludeConstraint, Range
from sqlalchemy.orm import Mapped, mapped_column

from ledger.base import Base, metadata

READING_METHODS = ("read", "remote")
NOW = func.clock_timestamp()
roots = Sequence("measuring_point_roots", start=1, metadata=metadata)


class MeasuringPoint(Base):
    """A point where a user's water is measured. `class_e4`: the meter's accuracy class in 1/10 000 of what it shows.

    `meter_id`: the registry's meter whose readings it takes; without one it has readings of its own.
    """

    __tablename__ = "measuring_points"
    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    participant_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("participants.id"), index=True)
    parent_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("measuring_points.id"), index=True)
    meter_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("meters.id"), unique=True)
    name: Mapped[str] = mapped_column(Text)
    serial: Mapped[str] = mapped_column(Text)
    class_e4: Mapped[int] = mapped_column(Integer)
    span: Mapped[Range[int]] = mapped_column(INT8RANGE, unique=True)
    children: Mapped[int] = mapped_column(Integer, server_default="0")
    starts_on: Mapped[dt.date] = mapped_column(Date)
    start_litres: Mapped[int] = mapped_column(BigInteger)
    retired_on: Mapped[dt.date | None] = mapped_column(Date)
    registered_by: Mapped[int] = mapped_column(BigInteger, ForeignKey("users.id"))
    registered_at: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True), server_default=NOW)
    __table_args__ = (
        CheckConstraint("class_e4 BETWEEN 1 AND 5000", name="class"),
        CheckConstraint("start_litres >= 0 AND children >= 0", name="counts"),
        CheckConstraint("retired_on >= starts_on", name="retired"),
        Index(
            "uq_measuring_points_serial", "participant_id", "serial", unique=True,
            postgresql_where="retired_on IS NULL",
        ),
    )  # fmt: skip


class PointReading(Base):
    """What a point's counter showed at the end of a legal day; `corrects_id`: the reading it takes the place of."""

    __tablename__ = "point_readings"
    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    point_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("measuring_points.id"))
    read_on: Mapped[dt.date] = mapped_column(Date)
    counter_litres: Mapped[int] = mapped_column(BigInteger)
    method: Mapped[str] = mapped_column(Text)
    document_sha256: Mapped[bytes | None] = mapped_column(LargeBinary)
    corrects_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("point_readings.id"), unique=True)
    reason: Mapped[str | None] = mapped_column(Text)
    recorded_by: Mapped[int] = mapped_column(BigInteger, ForeignKey("users.id"))
    recorded_at: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True), server_default=NOW)
    __table_args__ = (
        CheckConstraint(f"method IN {READING_METHODS}", name="method"),
        CheckConstraint("counter_litres >= 0", name="counter"),
        CheckConstraint("length(document_sha256) = 32", name="document"),
        CheckConstraint("(corrects_id IS NULL) = (reason IS NULL)", name="correction"),
        Index(
            "uq_point_readings_day",
            "point_id",
            "read_on",
            unique=True,
            postgresql_where="corrects_id IS NULL",
        ),
    )


class PointBill(Base):
    """A utility's bill for a point: the litres of a span of days (the last one excluded), with its evidence."""

    __tablename__ = "point_bills"
    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    point_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("measuring_points.id"))
    days: Mapped[Range[dt.date]] = mapped_column(DATERANGE)
    litres: Mapped[int] = mapped_column(BigInteger)
    number: Mapped[str] = mapped_column(Text)
    document_sha256: Mapped[bytes] = mapped_column(LargeBinary)
    recorded_by: Mapped[int] = mapped_column(BigInteger, ForeignKey("users.id"))
    recorded_at: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True), server_default=NOW)
    __table_args__ = (
        CheckConstraint("litres >= 0", name="litres"),
        CheckConstraint("length(document_sha256) = 32", name="document"),
        CheckConstraint("NOT lower_inf(days) AND NOT upper_inf(days) AND NOT isempty(days)", name="days"),
        ExcludeConstraint(
            (text("int8range(point_id, point_id, '[]')"), "&&"),
            ("days", "&&"),
            name="ex_point_bills_days",
            using="gist",
        ),
    )
