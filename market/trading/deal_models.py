"""Deals struck elsewhere than in the book, on their way to the tape."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import BigInteger, CheckConstraint, DateTime, ForeignKey, Identity, Index, Text, func
from sqlalchemy.orm import Mapped, mapped_column

from ledger.base import Base

DEAL_KINDS = ("negotiated", "bidding", "buy_back", "resale", "programme")
DEAL_STATES = ("struck", "traded", "refused")


class StruckDeal(Base):
    """One sale that a mechanism (`kind`, its row `reference`) has agreed; the engine makes a trade of it, or refuses.

    Litres and price are counted at the place of the side `at`. `refusal` is JSON: the rule, what it says, its limit,
    what was available, its legal source.
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
        CheckConstraint("(status = 'struck') = (resolved_at IS NULL)", name="resolved"),
        Index(None, "kind", "reference"),
        Index("ix_deals_struck", "id", postgresql_where="status = 'struck'"),
    )
