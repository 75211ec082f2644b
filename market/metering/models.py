"""Meters and readings."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    DateTime,
    ForeignKey,
    Identity,
    Text,
    UniqueConstraint,
    func,
)
from sqlalchemy.orm import Mapped, mapped_column

from ledger.base import Base

NOW = func.clock_timestamp()


class Meter(Base):
    """A counter at a gate or well whose readings are the use of one water account."""

    __tablename__ = "meters"
    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    water_account_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("water_accounts.id"), index=True)
    serial: Mapped[str] = mapped_column(Text, unique=True)
    start_litres: Mapped[int] = mapped_column(BigInteger)
    installed_at: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True), server_default=NOW)
    __table_args__ = (CheckConstraint("start_litres >= 0", name="start"),)


class Reading(Base):
    """What a counter showed at an instant; the difference to the reading before it is the use. Immutable.

    `posted_litres` left the water account; `over_use_litres` is use beyond its balance, recorded and
    never lost. `price_e4` is the tariff of the day; the fee of a reading is what the fee for all use so
    far comes to, less the fees before it.
    """

    __tablename__ = "readings"
    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    meter_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("meters.id"))
    read_at: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True))
    counter_litres: Mapped[int] = mapped_column(BigInteger)
    use_litres: Mapped[int] = mapped_column(BigInteger)
    posted_litres: Mapped[int] = mapped_column(BigInteger)
    over_use_litres: Mapped[int] = mapped_column(BigInteger)
    price_e4: Mapped[int] = mapped_column(BigInteger)
    fee_fen: Mapped[int] = mapped_column(BigInteger)
    recorded_by: Mapped[int | None] = mapped_column(BigInteger)
    recorded_at: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True), server_default=NOW)
    __table_args__ = (
        UniqueConstraint("meter_id", "read_at"),
        CheckConstraint(
            "use_litres >= 0 AND posted_litres >= 0 AND over_use_litres >= 0", name="not_negative"
        ),
        CheckConstraint("price_e4 >= 0 AND fee_fen >= 0", name="fee"),
        CheckConstraint("use_litres = posted_litres + over_use_litres", name="use_is_posted_or_over"),
    )
