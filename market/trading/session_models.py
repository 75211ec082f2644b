"""Reference prices, what stopped a product by its price, and kill switches."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import BigInteger, CheckConstraint, Date, DateTime, ForeignKey, Identity, Index, Text, func
from sqlalchemy.orm import Mapped, mapped_column

from ledger.base import Base, DrawnId, PriceE4
from market.trading.guards import BREAKER, INTERRUPTION

NOW = func.clock_timestamp()
TARIFF, BUREAU, TRADED, CARRIED = "tariff", "bureau", "traded", "carried"
BASES = (TARIFF, BUREAU, TRADED, CARRIED)
STOPS = (INTERRUPTION, BREAKER)


class ReferencePrice(Base):
    """The price (at the seller's place) that a product's bands stand around, from a legal day on. Immutable.

    `basis`: the first price out of the tariff, one set by the bureau, the volume-weighted price of a day with
    trades (`volume_litres` of them, given up), or the one before carried on. The last row of the latest day counts.
    """

    __tablename__ = "reference_prices"
    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    product_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("products.id"))
    price_e4: Mapped[PriceE4]
    basis: Mapped[str] = mapped_column(Text)
    from_day: Mapped[dt.date] = mapped_column(Date)
    volume_litres: Mapped[int] = mapped_column(BigInteger, server_default="0")
    reason: Mapped[str] = mapped_column(Text)
    legal_source: Mapped[str] = mapped_column(Text)
    set_by: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("users.id"))
    set_at: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True), server_default=NOW)
    __table_args__ = (
        CheckConstraint("price_e4 > 0", name="price"),
        CheckConstraint(f"basis IN {BASES}", name="basis"),
        CheckConstraint("(basis = 'bureau') = (set_by IS NOT NULL)", name="set_by"),
        CheckConstraint("(basis = 'traded') = (volume_litres > 0)", name="traded"),
        Index(None, "product_id", "from_day", "id"),
        Index(
            "uq_reference_prices_by_clock", "product_id", "from_day", unique=True,
            postgresql_where="basis <> 'bureau'",
        ),
    )  # fmt: skip


class PriceStop(Base):
    """A product that its guard stopped: from the batch that would have traded, or had traded, too far away.

    `price_e4` is that trade's, `base_e4` what it is too far from; `until` null: until somebody resumes; `ended_at`
    null: it still stands. The engine writes it.
    """

    __tablename__ = "price_stops"
    id: Mapped[DrawnId]
    product_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("products.id"))
    kind: Mapped[str] = mapped_column(Text)
    price_e4: Mapped[PriceE4]
    base_e4: Mapped[PriceE4]
    batch_id: Mapped[int] = mapped_column(BigInteger)
    started_at: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True))
    until: Mapped[dt.datetime | None] = mapped_column(DateTime(timezone=True))
    ended_at: Mapped[dt.datetime | None] = mapped_column(DateTime(timezone=True))
    __table_args__ = (
        CheckConstraint(f"kind IN {STOPS}", name="kind"),
        CheckConstraint("kind = 'breaker' OR until IS NOT NULL", name="until"),
        CheckConstraint("until > started_at", name="length"),
        CheckConstraint("ended_at >= started_at", name="ended"),
        Index("uq_price_stops_open", "product_id", unique=True, postgresql_where="ended_at IS NULL"),
        Index(None, "product_id", "id"),
    )


class KillSwitch(Base):
    """All orders of a participant (null: of everybody) in a product (null: in every one) are ended, new ones refused.

    `inbox_id` is the engine's command that ends them.
    """

    __tablename__ = "kill_switches"
    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    participant_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("participants.id"))
    product_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("products.id"))
    reason: Mapped[str] = mapped_column(Text)
    legal_source: Mapped[str] = mapped_column(Text)
    inbox_id: Mapped[int] = mapped_column(BigInteger)
    thrown_by: Mapped[int] = mapped_column(BigInteger, ForeignKey("users.id"))
    thrown_at: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True), server_default=NOW)
    lifted_by: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("users.id"))
    lifted_at: Mapped[dt.datetime | None] = mapped_column(DateTime(timezone=True))
    lift_reason: Mapped[str | None] = mapped_column(Text)
    __table_args__ = (
        CheckConstraint("(lifted_at IS NULL) = (lifted_by IS NULL)", name="lifted_by"),
        CheckConstraint("(lifted_at IS NULL) = (lift_reason IS NULL)", name="lift_reason"),
        Index("ix_kill_switches_on", "participant_id", postgresql_where="lifted_at IS NULL"),
    )
