"""What early warning keeps: the colours of each day, and the reduction plans of overloaded nodes."""

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
    SmallInteger,
    Text,
    UniqueConstraint,
    func,
)
from sqlalchemy.orm import Mapped, mapped_column

from ledger.base import Base

NODE_KINDS = ("cap", "target", "user")
PLAN_STATES = ("running", "fulfilled", "ended")
COLOUR_NAMES = ("green", "yellow", "orange", "red")


class EarlyWarning(Base):
    """The colour of one node on one legal day, with the numbers that gave it. Immutable.

    `node` names a cap by its code, a target by its own, a user by the target and its participant. `share_e6` is the
    measure that decides as a share of its limit; litres; `limit_litres` of a target are for what `base_e2` counts
    (hundredths of a mu or of 10 000 yuan).
    """

    __tablename__ = "early_warnings"
    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    day: Mapped[dt.date] = mapped_column(Date)
    water_year: Mapped[int] = mapped_column(SmallInteger, ForeignKey("water_years.year"))
    kind: Mapped[str] = mapped_column(Text)
    node: Mapped[str] = mapped_column(Text)
    zone_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("zones.id"))
    limit_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("limits.id"))
    limit_litres: Mapped[int] = mapped_column(BigInteger)
    used_litres: Mapped[int] = mapped_column(BigInteger)
    allotted_litres: Mapped[int] = mapped_column(BigInteger)
    holdings_litres: Mapped[int] = mapped_column(BigInteger)
    forecast_litres: Mapped[int | None] = mapped_column(BigInteger)
    low_litres: Mapped[int | None] = mapped_column(BigInteger)
    high_litres: Mapped[int | None] = mapped_column(BigInteger)
    method: Mapped[str | None] = mapped_column(Text)
    base_e2: Mapped[int | None] = mapped_column(BigInteger)
    colour: Mapped[str] = mapped_column(Text)
    measure: Mapped[str | None] = mapped_column(Text)
    share_e6: Mapped[int | None] = mapped_column(BigInteger)
    __table_args__ = (
        UniqueConstraint("day", "water_year", "kind", "node"),
        CheckConstraint(f"kind IN {NODE_KINDS}", name="kind"),
        CheckConstraint(f"colour IN {COLOUR_NAMES}", name="colour"),
        CheckConstraint("(forecast_litres IS NULL) = (method IS NULL)", name="forecast"),
        CheckConstraint("low_litres <= forecast_litres AND forecast_litres <= high_litres", name="band"),
        Index(None, "zone_id", "day"),
    )


class ReductionPlan(Base):
    """What is to be reduced under an overloaded cap: how much (litres), by whom, by when, and by which measures.

    `colour`, `measure` and `share_e6` are those on the day that it was made.
    """

    __tablename__ = "reduction_plans"
    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    limit_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("limits.id"))
    restriction_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("restrictions.id"), unique=True)
    colour: Mapped[str] = mapped_column(Text)
    measure: Mapped[str] = mapped_column(Text)
    share_e6: Mapped[int | None] = mapped_column(BigInteger)
    reduce_litres: Mapped[int] = mapped_column(BigInteger)
    due_on: Mapped[dt.date] = mapped_column(Date)
    responsible: Mapped[str] = mapped_column(Text)
    measures: Mapped[str] = mapped_column(Text)
    document: Mapped[str] = mapped_column(Text)
    legal_source: Mapped[str] = mapped_column(Text)
    status: Mapped[str] = mapped_column(Text, server_default="running")
    recorded_by: Mapped[int | None] = mapped_column(BigInteger)
    recorded_at: Mapped[dt.datetime] = mapped_column(
        DateTime(timezone=True), server_default=func.clock_timestamp()
    )
    ended_by: Mapped[int | None] = mapped_column(BigInteger)
    ended_at: Mapped[dt.datetime | None] = mapped_column(DateTime(timezone=True))
    result: Mapped[str | None] = mapped_column(Text)
    __table_args__ = (
        CheckConstraint(f"status IN {PLAN_STATES}", name="status"),
        CheckConstraint("colour IN ('yellow', 'orange', 'red')", name="colour"),
        CheckConstraint("reduce_litres > 0", name="reduce"),
        CheckConstraint("(status = 'running') = (ended_at IS NULL)", name="ended"),
        CheckConstraint("(ended_at IS NULL) = (result IS NULL)", name="result"),
        Index("uq_reduction_plans_running", "limit_id", unique=True, postgresql_where="status = 'running'"),
    )
