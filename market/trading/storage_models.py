"""Public storage after the buy-back: its need, what was assigned, and the competitive resale of the rest."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import BigInteger, CheckConstraint, DateTime, ForeignKey, Identity, Index, Integer, Text, func
from sqlalchemy.orm import Mapped, mapped_column

from ledger.base import Base

BID_STATES = ("sealed", "withdrawn", "lost", "struck", "traded", "refused")
NOW = func.clock_timestamp()


class StorageNeed(Base):
    """What a storage account must keep for domestic and ecological use, over and above nothing: the newest row counts.

    What was assigned since the water year began is taken off it.
    """

    __tablename__ = "storage_needs"
    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    water_account_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("water_accounts.id"), index=True)
    need_litres: Mapped[int] = mapped_column(BigInteger)
    reason: Mapped[str] = mapped_column(Text)
    stated_by: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("users.id"))
    stated_at: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True), server_default=NOW)
    __table_args__ = (CheckConstraint("need_litres >= 0", name="litres"),)


class StorageAssignment(Base):
    """Stored water that went, without a price, to an account of domestic or ecological use; the way may cost some."""

    __tablename__ = "storage_assignments"
    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    water_account_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("water_accounts.id"), index=True)
    to_water_account_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("water_accounts.id"), index=True)
    source_litres: Mapped[int] = mapped_column(BigInteger)
    delivered_litres: Mapped[int] = mapped_column(BigInteger)
    reason: Mapped[str] = mapped_column(Text)
    assigned_by: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("users.id"))
    assigned_at: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True), server_default=NOW)
    __table_args__ = (
        CheckConstraint("source_litres >= delivered_litres AND delivered_litres > 0", name="litres"),
    )


class ResaleRound(Base):
    """A resale of stored water by sealed bids, until `closes_at`; its litres rest under `hold_id` meanwhile.

    `floor_e4` is the least price (1/10 000 yuan per m3, at the storage); `paid_e4` what was paid on average, which
    the floor passes or `waiver` says why not. `price_e4` is what every winner pays.
    """

    __tablename__ = "resale_rounds"
    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    participant_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("participants.id"))
    product_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("products.id"))
    water_account_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("water_accounts.id"), index=True)
    volume_litres: Mapped[int] = mapped_column(BigInteger)
    floor_e4: Mapped[int] = mapped_column(BigInteger)
    paid_e4: Mapped[int] = mapped_column(BigInteger)
    waiver: Mapped[str | None] = mapped_column(Text)
    closes_at: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True))
    hold_id: Mapped[int | None] = mapped_column(BigInteger)
    status: Mapped[str] = mapped_column(Text, server_default="open")
    price_e4: Mapped[int | None] = mapped_column(BigInteger)
    awarded_litres: Mapped[int] = mapped_column(BigInteger, server_default="0")
    opened_by: Mapped[int] = mapped_column(BigInteger, ForeignKey("users.id"))
    opened_at: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True), server_default=NOW)
    closed_at: Mapped[dt.datetime | None] = mapped_column(DateTime(timezone=True))
    version: Mapped[int] = mapped_column(Integer, server_default="1")
    __table_args__ = (
        CheckConstraint("status IN ('open', 'closed')", name="status"),
        CheckConstraint("(status = 'closed') = (closed_at IS NOT NULL)", name="closed"),
        CheckConstraint("status = 'open' OR hold_id IS NULL", name="hold"),
        CheckConstraint("volume_litres > 0 AND floor_e4 > 0 AND paid_e4 >= 0", name="amounts"),
        CheckConstraint("floor_e4 >= paid_e4 OR waiver IS NOT NULL", name="floor"),
        CheckConstraint("awarded_litres BETWEEN 0 AND volume_litres", name="awarded"),
        CheckConstraint("(awarded_litres > 0) = (price_e4 IS NOT NULL)", name="price"),
        CheckConstraint("price_e4 >= floor_e4", name="price_floor"),
        Index("ix_resale_rounds_open", "closes_at", postgresql_where="status = 'open'"),
    )


class ResaleBid(Base):
    """A sealed bid: litres as they leave the storage, the most a buyer pays for them there, and its fen, held.

    When the round closes it is lost, or struck with `award_litres` at the round's price; then traded or refused.
    """

    __tablename__ = "resale_bids"
    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    round_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("resale_rounds.id"), index=True)
    participant_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("participants.id"), index=True)
    water_account_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("water_accounts.id"))
    money_account_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("money_accounts.id"))
    volume_litres: Mapped[int] = mapped_column(BigInteger)
    price_e4: Mapped[int] = mapped_column(BigInteger)
    held_fen: Mapped[int] = mapped_column(BigInteger)
    hold_id: Mapped[int | None] = mapped_column(BigInteger)
    status: Mapped[str] = mapped_column(Text, server_default="sealed")
    award_litres: Mapped[int] = mapped_column(BigInteger, server_default="0")
    bid_by: Mapped[int] = mapped_column(BigInteger, ForeignKey("users.id"))
    bid_at: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True), server_default=NOW)
    resolved_at: Mapped[dt.datetime | None] = mapped_column(DateTime(timezone=True))
    __table_args__ = (
        CheckConstraint(f"status IN {BID_STATES}", name="status"),
        CheckConstraint("volume_litres > 0 AND price_e4 > 0", name="amounts"),
        CheckConstraint("(status = 'sealed') = (hold_id IS NOT NULL)", name="hold"),
        CheckConstraint("(status = 'sealed') = (held_fen > 0)", name="held"),
        CheckConstraint("(award_litres > 0) = (status IN ('struck', 'traded', 'refused'))", name="award"),
        CheckConstraint("award_litres <= volume_litres", name="award_litres"),
        Index(
            "uq_resale_bids_sealed", "round_id", "water_account_id", unique=True,
            postgresql_where="status = 'sealed'",
        ),
        Index("ix_resale_bids_struck", "round_id", postgresql_where="status = 'struck'"),
    )  # fmt: skip
