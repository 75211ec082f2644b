"""Public bidding: listings of one lot, registered bidders with their deposits, and bids."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    Integer,
    SmallInteger,
    Text,
    func,
)
from sqlalchemy.orm import Mapped, mapped_column

from ledger.base import Base
from market.trading.bidding_rules import MODES

NOW = func.clock_timestamp()

LISTING_STATES = (
    "published", "open", "awarded", "offered", "struck", "sold", "unsold", "cancelled", "stopped",
)  # fmt: skip
HOLDING = ("published", "open", "awarded", "offered")
"""In these a listing holds its water."""
RUNNING = (*HOLDING, "struck")
BIDDER_STATES = ("registered", "withdrawn", "released", "forfeited")


class Listing(Base):
    """One lot for sale by public bidding. Litres and prices (1/10 000 yuan per m3) count at the seller's place.

    `closes_at` is the close as extended so far, `first_closes_at` the one that was published. While it is in HOLDING
    its litres stand under the pending transfer `hold_id`. `awarded_to_id` is the bidder whose the lot is to take until
    `due_at`; `second_id` the one after it, whose deposit waits; both are rows of `bidders`.
    """

    __tablename__ = "listings"
    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    seller_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("participants.id"), index=True)
    water_account_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("water_accounts.id"), index=True)
    product_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("products.id"))
    mode: Mapped[str] = mapped_column(Text)
    volume_litres: Mapped[int] = mapped_column(BigInteger)
    start_price_e4: Mapped[int] = mapped_column(BigInteger)
    reserve_price_e4: Mapped[int | None] = mapped_column(BigInteger)
    reserve_public: Mapped[bool] = mapped_column()
    increment_e4: Mapped[int] = mapped_column(BigInteger)
    deposit_fen: Mapped[int] = mapped_column(BigInteger)
    registration_closes_at: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True))
    opens_at: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True))
    first_closes_at: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True))
    closes_at: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True))
    window_minutes: Mapped[int] = mapped_column(SmallInteger)
    extension_minutes: Mapped[int] = mapped_column(SmallInteger)
    most_extensions: Mapped[int] = mapped_column(SmallInteger)
    extensions: Mapped[int] = mapped_column(SmallInteger, server_default="0")
    confirm_days: Mapped[int] = mapped_column(SmallInteger)
    status: Mapped[str] = mapped_column(Text, server_default="published")
    hold_id: Mapped[int] = mapped_column(BigInteger)
    held_litres: Mapped[int] = mapped_column(BigInteger)
    bids: Mapped[int] = mapped_column(Integer, server_default="0")
    best_price_e4: Mapped[int | None] = mapped_column(BigInteger)
    best_bidder_id: Mapped[int | None] = mapped_column(BigInteger)
    awarded_to_id: Mapped[int | None] = mapped_column(BigInteger)
    second_id: Mapped[int | None] = mapped_column(BigInteger)
    due_at: Mapped[dt.datetime | None] = mapped_column(DateTime(timezone=True))
    deal_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("deals.id"), unique=True)
    reason: Mapped[str] = mapped_column(Text, server_default="")
    version: Mapped[int] = mapped_column(Integer, server_default="1")
    listed_by: Mapped[int] = mapped_column(BigInteger, ForeignKey("users.id"))
    listed_at: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True), server_default=NOW)
    resolved_at: Mapped[dt.datetime | None] = mapped_column(DateTime(timezone=True))
    __table_args__ = (
        CheckConstraint(f"mode IN {MODES}", name="mode"),
        CheckConstraint(f"status IN {LISTING_STATES}", name="status"),
        CheckConstraint("volume_litres > 0 AND start_price_e4 > 0 AND deposit_fen > 0", name="amounts"),
        CheckConstraint("reserve_price_e4 >= start_price_e4", name="reserve"),
        CheckConstraint("opens_at < first_closes_at AND first_closes_at <= closes_at", name="times"),
        CheckConstraint("extensions BETWEEN 0 AND most_extensions", name="extensions"),
        CheckConstraint(
            f"held_litres = CASE WHEN status IN {HOLDING} THEN volume_litres ELSE 0 END", name="held"
        ),
        CheckConstraint(
            "(awarded_to_id IS NOT NULL) = (status IN ('awarded', 'offered', 'struck', 'sold'))",
            name="awarded",
        ),
        CheckConstraint("(due_at IS NOT NULL) = (status IN ('awarded', 'offered'))", name="due"),
        CheckConstraint("status NOT IN ('struck', 'sold') OR deal_id IS NOT NULL", name="deal"),
        CheckConstraint(f"(resolved_at IS NULL) = (status IN {RUNNING})", name="resolved"),
        Index("ix_listings_running", "id", postgresql_where=f"status IN {RUNNING}"),
    )


class Bidder(Base):
    """A participant registered for a listing, with the water account that would receive the lot and its deposit.

    The deposit stands under the pending transfer `hold_id` while the status is `registered`.
    """

    __tablename__ = "bidders"
    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    listing_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("listings.id"), index=True)
    participant_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("participants.id"), index=True)
    water_account_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("water_accounts.id"))
    deposit_fen: Mapped[int] = mapped_column(BigInteger)
    hold_id: Mapped[int] = mapped_column(BigInteger)
    status: Mapped[str] = mapped_column(Text, server_default="registered")
    last_bid_id: Mapped[int | None] = mapped_column(BigInteger)
    last_price_e4: Mapped[int | None] = mapped_column(BigInteger)
    registered_by: Mapped[int] = mapped_column(BigInteger, ForeignKey("users.id"))
    registered_at: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True), server_default=NOW)
    resolved_at: Mapped[dt.datetime | None] = mapped_column(DateTime(timezone=True))
    __table_args__ = (
        CheckConstraint(f"status IN {BIDDER_STATES}", name="status"),
        CheckConstraint("deposit_fen > 0", name="deposit"),
        CheckConstraint("(status = 'registered') = (resolved_at IS NULL)", name="resolved"),
        CheckConstraint("(last_bid_id IS NULL) = (last_price_e4 IS NULL)", name="bid"),
        Index(
            "uq_bidders_listing_participant", "listing_id", "participant_id", unique=True,
            postgresql_where="status <> 'withdrawn'",
        ),
    )  # fmt: skip


class Bid(Base):
    """One bid, in the order in which the listing's row was locked. Immutable."""

    __tablename__ = "bids"
    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    listing_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("listings.id"))
    bidder_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("bidders.id"), index=True)
    price_e4: Mapped[int] = mapped_column(BigInteger)
    placed_by: Mapped[int] = mapped_column(BigInteger, ForeignKey("users.id"))
    placed_at: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True), server_default=NOW)
    __table_args__ = (CheckConstraint("price_e4 > 0", name="price"), Index(None, "listing_id", "id"))
