"""Negotiated deals (协议转让): offers and counter-offers, the contract, who signed it, who objected to it."""

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
    SmallInteger,
    Text,
    UniqueConstraint,
    func,
)
from sqlalchemy.orm import Mapped, mapped_column

from ledger.base import Base
from market.county.parts import LANES, TENURES
from market.registry.lease_terms import LONGEST_YEARS, MOST_GRACE_DAYS, SHORT_YEAR_RULES

NOW = func.clock_timestamp()
NEGOTIATION_STATES = (
    "open", "accepted", "published", "under_review", "struck", "registered", "withdrawn", "expired", "cancelled",
    "refused",
)  # fmt: skip
RUNNING = ("open", "accepted", "published", "under_review")
OVER = ("withdrawn", "expired", "cancelled", "refused")


class Negotiation(Base):
    """open → accepted → [published →] struck; or withdrawn, expired, cancelled. Of two named parties' accounts.

    Of a lease or a right (`tenure`, of the right `entitlement_id`): open → accepted → [published →] [under_review →]
    registered; or refused by the registry, which decides by `review_due_on` (`decided_by`, `decision_reason`).

    `expires_at` is until when the last offer stands, from the acceptance on until when both must have signed. The
    contract is canonical JSON, fixed by its SHA-256 when an offer is accepted, with the county's rule (`lane`,
    `lane_rule`, `publication_days`, `working_days`) of that moment. `reported_at`: when its price was reported, before
    any approval. `published_until`: the last day on which others may object.
    """

    __tablename__ = "negotiations"
    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    product_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("products.id"))
    tenure: Mapped[str] = mapped_column(Text, server_default="allocation")
    entitlement_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("entitlements.id"), index=True)
    seller_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("participants.id"), index=True)
    buyer_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("participants.id"), index=True)
    seller_water_account_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("water_accounts.id"))
    buyer_water_account_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("water_accounts.id"))
    status: Mapped[str] = mapped_column(Text, server_default="open")
    expires_at: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True))
    accepted_number: Mapped[int | None] = mapped_column(SmallInteger)
    accepted_at: Mapped[dt.datetime | None] = mapped_column(DateTime(timezone=True))
    lane: Mapped[str | None] = mapped_column(Text)
    lane_rule: Mapped[str | None] = mapped_column(Text)
    legal_source: Mapped[str | None] = mapped_column(Text)
    publication_days: Mapped[int] = mapped_column(SmallInteger, server_default="0")
    working_days: Mapped[int] = mapped_column(SmallInteger, server_default="0")
    contract: Mapped[str | None] = mapped_column(Text)
    contract_sha256: Mapped[bytes | None] = mapped_column(LargeBinary)
    reported_at: Mapped[dt.datetime | None] = mapped_column(DateTime(timezone=True))
    filed_at: Mapped[dt.datetime | None] = mapped_column(DateTime(timezone=True))
    published_until: Mapped[dt.date | None] = mapped_column(Date)
    review_due_on: Mapped[dt.date | None] = mapped_column(Date)
    decided_by: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("users.id"))
    decided_at: Mapped[dt.datetime | None] = mapped_column(DateTime(timezone=True))
    decision_reason: Mapped[str | None] = mapped_column(Text)
    registered_at: Mapped[dt.datetime | None] = mapped_column(DateTime(timezone=True))
    struck_at: Mapped[dt.datetime | None] = mapped_column(DateTime(timezone=True))
    ended_at: Mapped[dt.datetime | None] = mapped_column(DateTime(timezone=True))
    end_reason: Mapped[str | None] = mapped_column(Text)
    opened_at: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True), server_default=NOW)
    version: Mapped[int] = mapped_column(Integer, server_default="1")
    __table_args__ = (
        CheckConstraint(f"status IN {NEGOTIATION_STATES}", name="status"),
        CheckConstraint(f"lane IN {LANES}", name="lane"),
        CheckConstraint("seller_id <> buyer_id", name="two_parties"),
        CheckConstraint(f"tenure IN {TENURES}", name="tenure"),
        CheckConstraint("(tenure = 'allocation') = (entitlement_id IS NULL)", name="subject"),
        CheckConstraint("tenure = 'allocation' OR status <> 'struck'", name="strikes"),
        CheckConstraint(
            "tenure <> 'allocation' OR status NOT IN ('under_review', 'registered', 'refused')", name="registers"
        ),
        CheckConstraint("status <> 'under_review' OR review_due_on IS NOT NULL", name="review"),
        CheckConstraint("(status = 'registered') = (registered_at IS NOT NULL)", name="registered"),
        CheckConstraint(
            "(decided_at IS NULL) = (decided_by IS NULL) AND (decided_at IS NULL) = (decision_reason IS NULL)",
            name="decided",
        ),
        CheckConstraint("status <> 'refused' OR decided_at IS NOT NULL", name="refused"),
        CheckConstraint(
            "(accepted_at IS NULL) = (contract IS NULL) AND (contract IS NULL) = (contract_sha256 IS NULL)"
            " AND (contract IS NULL) = (lane IS NULL) AND (lane IS NULL) = (accepted_number IS NULL)",
            name="contract",
        ),
        CheckConstraint(
            "status NOT IN ('accepted', 'published', 'under_review', 'struck', 'registered', 'refused')"
            " OR lane IS NOT NULL",
            name="accepted",
        ),
        CheckConstraint(
            "status NOT IN ('published', 'under_review', 'struck', 'registered', 'refused')"
            " OR reported_at IS NOT NULL",
            name="reported",
        ),
        CheckConstraint("status <> 'published' OR published_until IS NOT NULL", name="published"),
        CheckConstraint("(status = 'struck') = (struck_at IS NOT NULL)", name="struck"),
        CheckConstraint(f"(status IN {OVER}) = (ended_at IS NOT NULL)", name="ended"),
        Index(
            "ix_negotiations_running", "id",
            postgresql_where="status IN ('open', 'accepted', 'published', 'under_review')",
        ),
    )  # fmt: skip


class NegotiationOffer(Base):
    """One offer of a side ('buy', 'sell'), the first or a counter-offer. Immutable; the last one stands.

    Litres and price (1/10 000 yuan per m3) are counted at the place of the side `at`. `conditions` become part of the
    contract (breach, disputes, how it is delivered), `message` does not. Of a lease the litres are those of a full
    year, the price is the rent, and `years`, `short_year`, `turn_month` and `grace_days` are its terms; of a right
    the litres are its yearly volume, and the price is for each m3 of that.
    """

    __tablename__ = "negotiation_offers"
    negotiation_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("negotiations.id"), primary_key=True, autoincrement=False
    )
    number: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    side: Mapped[str] = mapped_column(Text)
    at: Mapped[str] = mapped_column(Text)
    volume_litres: Mapped[int] = mapped_column(BigInteger)
    price_e4: Mapped[int] = mapped_column(BigInteger)
    years: Mapped[int | None] = mapped_column(SmallInteger)
    short_year: Mapped[str | None] = mapped_column(Text)
    turn_month: Mapped[int | None] = mapped_column(SmallInteger)
    grace_days: Mapped[int | None] = mapped_column(SmallInteger)
    expires_at: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True))
    conditions: Mapped[str] = mapped_column(Text)
    message: Mapped[str] = mapped_column(Text)
    made_by: Mapped[int] = mapped_column(BigInteger, ForeignKey("users.id"))
    mandate_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("mandates.id"))
    made_at: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True), server_default=NOW)
    __table_args__ = (
        CheckConstraint("side IN ('buy', 'sell') AND at IN ('buy', 'sell')", name="sides"),
        CheckConstraint("volume_litres > 0 AND price_e4 > 0 AND number > 0", name="amounts"),
        CheckConstraint(
            "(years IS NULL) = (short_year IS NULL) AND (years IS NULL) = (turn_month IS NULL)"
            " AND (years IS NULL) = (grace_days IS NULL)",
            name="terms",
        ),
        CheckConstraint(f"years BETWEEN 1 AND {LONGEST_YEARS}", name="years"),
        CheckConstraint(f"short_year IN {SHORT_YEAR_RULES}", name="short_year"),
        CheckConstraint("turn_month BETWEEN 1 AND 12", name="turn_month"),
        CheckConstraint(f"grace_days BETWEEN 1 AND {MOST_GRACE_DAYS}", name="grace"),
    )


class NegotiationSignature(Base):
    """One side's signature of the contract with this SHA-256: who, for whom, under which mandate, when. Immutable."""

    __tablename__ = "negotiation_signatures"
    negotiation_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("negotiations.id"), primary_key=True, autoincrement=False
    )
    side: Mapped[str] = mapped_column(Text, primary_key=True)
    participant_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("participants.id"))
    user_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("users.id"))
    mandate_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("mandates.id"))
    sha256: Mapped[bytes] = mapped_column(LargeBinary)
    signed_at: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True), server_default=NOW)
    __table_args__ = (CheckConstraint("side IN ('buy', 'sell')", name="side"),)


class NegotiationObjection(Base):
    """What another participant says against a published deal; the reviewer of the deal reads it. Immutable."""

    __tablename__ = "negotiation_objections"
    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    negotiation_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("negotiations.id"))
    participant_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("participants.id"))
    grounds: Mapped[str] = mapped_column(Text)
    lodged_by: Mapped[int] = mapped_column(BigInteger, ForeignKey("users.id"))
    lodged_at: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True), server_default=NOW)
    __table_args__ = (UniqueConstraint("negotiation_id", "participant_id"),)


class RightSale(Base):
    """A right, or a part of it, that was sold and re-registered: what was paid, and what came of it. Immutable.

    Of `entitlement_id` came `new_entitlement_id` (the buyer's, `litres` a year) and of a part `rest_entitlement_id`
    (the seller's). The buyer paid `amount_fen`, of which `fee_fen` is the fee of the exchange.
    """

    __tablename__ = "right_sales"
    negotiation_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("negotiations.id"), primary_key=True, autoincrement=False
    )
    entitlement_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("entitlements.id"), unique=True)
    new_entitlement_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("entitlements.id"), unique=True)
    rest_entitlement_id: Mapped[int | None] = mapped_column(
        BigInteger, ForeignKey("entitlements.id"), unique=True
    )
    litres: Mapped[int] = mapped_column(BigInteger)
    amount_fen: Mapped[int] = mapped_column(BigInteger)
    fee_fen: Mapped[int] = mapped_column(BigInteger)
    sold_at: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True), server_default=NOW)
    __table_args__ = (CheckConstraint("litres > 0 AND fee_fen BETWEEN 0 AND amount_fen", name="amounts"),)
