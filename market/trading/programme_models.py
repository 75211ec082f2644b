"""Purchase programmes: one buyer, one price, many small sellers, one review, one contract with an annex."""

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
    func,
)
from sqlalchemy.orm import Mapped, mapped_column

from ledger.base import Base

NOW = func.clock_timestamp()
PROGRAMME_STATES = ("open", "under_review", "struck", "rejected", "failed", "cancelled")
SUBSCRIPTION_STATES = ("subscribed", "withdrawn", "freed", "included", "struck_off", "struck")
ACTIVE = ("subscribed", "included", "struck")


class Programme(Base):
    """open → under_review → struck | rejected; or failed (the minimum was not reached), or cancelled.

    Litres and price (1/10 000 yuan per m3) are counted at the sellers' places. `zones` (JSON: codes) are those whose
    water accounts may subscribe; none: all. `review_due_on` is the legal day by which the reviewer decides. Contract
    and annex are canonical JSON, fixed by their SHA-256 at the approval.
    """

    __tablename__ = "programmes"
    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    product_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("products.id"))
    buyer_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("participants.id"), index=True)
    buyer_water_account_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("water_accounts.id"))
    price_e4: Mapped[int] = mapped_column(BigInteger)
    minimum_litres: Mapped[int] = mapped_column(BigInteger)
    maximum_litres: Mapped[int] = mapped_column(BigInteger)
    deadline: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True))
    zones: Mapped[str] = mapped_column(Text)
    conditions: Mapped[str] = mapped_column(Text)
    status: Mapped[str] = mapped_column(Text, server_default="open")
    published_by: Mapped[int] = mapped_column(BigInteger, ForeignKey("users.id"))
    mandate_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("mandates.id"))
    published_at: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True), server_default=NOW)
    closed_at: Mapped[dt.datetime | None] = mapped_column(DateTime(timezone=True))
    review_due_on: Mapped[dt.date | None] = mapped_column(Date)
    decided_by: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("users.id"))
    decided_at: Mapped[dt.datetime | None] = mapped_column(DateTime(timezone=True))
    decision_reason: Mapped[str | None] = mapped_column(Text)
    legal_source: Mapped[str | None] = mapped_column(Text)
    contract: Mapped[str | None] = mapped_column(Text)
    contract_sha256: Mapped[bytes | None] = mapped_column(LargeBinary)
    annex: Mapped[str | None] = mapped_column(Text)
    annex_sha256: Mapped[bytes | None] = mapped_column(LargeBinary)
    version: Mapped[int] = mapped_column(Integer, server_default="1")
    __table_args__ = (
        CheckConstraint(f"status IN {PROGRAMME_STATES}", name="status"),
        CheckConstraint("0 < minimum_litres AND minimum_litres <= maximum_litres", name="litres"),
        CheckConstraint("price_e4 > 0", name="price"),
        CheckConstraint("(status = 'open') = (closed_at IS NULL)", name="closed"),
        CheckConstraint("(status IN ('struck', 'rejected')) = (decided_at IS NOT NULL)", name="decided"),
        CheckConstraint(
            "(decided_at IS NULL) = (decided_by IS NULL) AND (decided_at IS NULL) = (decision_reason IS NULL)",
            name="decision",
        ),
        CheckConstraint(
            "(status = 'struck') = (contract IS NOT NULL) AND (contract IS NULL) = (contract_sha256 IS NULL)"
            " AND (contract IS NULL) = (annex IS NULL) AND (annex IS NULL) = (annex_sha256 IS NULL)",
            name="contract",
        ),
        Index("ix_programmes_running", "id", postgresql_where="status IN ('open', 'under_review')"),
    )


class Subscription(Base):
    """What one water account sells to a programme: litres subscribed, and what of them the programme takes.

    subscribed → included → struck, or struck_off by the reviewer (with the reason); withdrawn by its seller until the
    deadline; freed where the programme takes nothing of it. `mandate_id`: under which a clerk subscribed for it.
    """

    __tablename__ = "programme_subscriptions"
    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    programme_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("programmes.id"))
    seller_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("participants.id"), index=True)
    water_account_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("water_accounts.id"))
    litres: Mapped[int] = mapped_column(BigInteger)
    allotted_litres: Mapped[int | None] = mapped_column(BigInteger)
    amount_fen: Mapped[int | None] = mapped_column(BigInteger)
    status: Mapped[str] = mapped_column(Text, server_default="subscribed")
    reason: Mapped[str | None] = mapped_column(Text)
    subscribed_by: Mapped[int] = mapped_column(BigInteger, ForeignKey("users.id"))
    mandate_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("mandates.id"))
    subscribed_at: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True), server_default=NOW)
    __table_args__ = (
        CheckConstraint(f"status IN {SUBSCRIPTION_STATES}", name="status"),
        CheckConstraint("litres > 0 AND allotted_litres BETWEEN 0 AND litres AND amount_fen >= 0", name="amounts"),
        CheckConstraint(
            "status NOT IN ('included', 'struck_off', 'struck')"
            " OR (allotted_litres IS NOT NULL AND allotted_litres > 0 AND amount_fen IS NOT NULL)",
            name="allotted",
        ),
        CheckConstraint("status <> 'struck_off' OR reason IS NOT NULL", name="struck_off"),
        Index(None, "programme_id", "id"),
        Index(
            "uq_programme_subscriptions_active", "programme_id", "water_account_id", unique=True,
            postgresql_where=f"status IN {ACTIVE}",
        ),
    )  # fmt: skip
