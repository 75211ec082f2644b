"""Deals struck elsewhere than in the book, on their way to the tape."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
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

DEAL_KINDS = ("negotiated", "bidding", "buy_back", "resale", "programme", "lease")
DEAL_STATES = ("struck", "traded", "refused")


class StruckDeal(Base):
    """One sale that a mechanism (`kind`, its row `reference`) has agreed; the engine makes a trade of it, or refuses.

    Litres and price are counted at the place of the side `at`. `refusal` is JSON: the rule, what it says, its limit,
    what was available, its legal source. `reviewed`: approved before it was struck, so not asked for again;
    `review_rule` and `review_days` (working days): reviewed by the mechanism's own rule.
    """

    __tablename__ = "deals"
    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    kind: Mapped[str] = mapped_column(Text)
    reference: Mapped[int] = mapped_column(BigInteger)
    product_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("products.id"))
    seller_water_account_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("water_accounts.id"))
    buyer_water_account_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("water_accounts.id"))
    at: Mapped[str] = mapped_column(Text)
    volume_litres: Mapped[int] = mapped_column(BigInteger)
    price_e4: Mapped[int] = mapped_column(BigInteger)
    status: Mapped[str] = mapped_column(Text, server_default="struck")
    trade_id: Mapped[int | None] = mapped_column(BigInteger, unique=True)
    refusal: Mapped[str | None] = mapped_column(Text)
    reviewed: Mapped[bool] = mapped_column(Boolean, server_default="false")
    review_rule: Mapped[str | None] = mapped_column(Text)
    review_days: Mapped[int | None] = mapped_column(SmallInteger)
    struck_by: Mapped[int] = mapped_column(BigInteger, ForeignKey("users.id"))
    struck_at: Mapped[dt.datetime] = mapped_column(
        DateTime(timezone=True), server_default=func.clock_timestamp()
    )
    resolved_at: Mapped[dt.datetime | None] = mapped_column(DateTime(timezone=True))
    __table_args__ = (
        CheckConstraint(f"kind IN {DEAL_KINDS}", name="kind"),
        CheckConstraint(f"status IN {DEAL_STATES}", name="status"),
        CheckConstraint("at IN ('buy', 'sell')", name="at"),
        CheckConstraint("volume_litres > 0 AND price_e4 > 0", name="amounts"),
        CheckConstraint("(status = 'traded') = (trade_id IS NOT NULL)", name="traded"),
        CheckConstraint("(status = 'refused') = (refusal IS NOT NULL)", name="refused"),
        CheckConstraint("(review_rule IS NULL) = (review_days IS NULL)", name="review"),
        CheckConstraint("NOT (reviewed AND review_rule IS NOT NULL)", name="reviewed"),
        CheckConstraint("(status = 'struck') = (resolved_at IS NULL)", name="resolved"),
        Index(None, "kind", "reference"),
        Index("ix_deals_struck", "id", postgresql_where="status = 'struck'"),
        Index(
            "uq_deals_lease",
            "reference",
            unique=True,
            postgresql_where="kind = 'lease' AND status <> 'refused'",
        ),
    )


HOLD_KINDS = ("negotiation_water", "negotiation_money", "programme", "subscription")


class DealHold(Base):
    """What a mechanism holds (litres or fen) on a ledger account until its deals are struck or come to nothing.

    `kind` and `reference` say for which row; `hold_id` is the pending transfer, of which `amount` is left.
    """

    __tablename__ = "deal_holds"
    hold_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    kind: Mapped[str] = mapped_column(Text)
    reference: Mapped[int] = mapped_column(BigInteger)
    account_id: Mapped[int] = mapped_column(BigInteger)
    amount: Mapped[int] = mapped_column(BigInteger)
    __table_args__ = (
        CheckConstraint(f"kind IN {HOLD_KINDS}", name="kind"),
        CheckConstraint("amount >= 0", name="amount"),
        UniqueConstraint("kind", "reference"),
    )
