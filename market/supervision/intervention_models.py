"""What the bureau does to the market: halts, and cancellations of many orders at once."""

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
    LargeBinary,
    Text,
    UniqueConstraint,
    func,
)
from sqlalchemy.orm import Mapped, mapped_column

from ledger.base import Base

NOW = func.clock_timestamp()
MARKET, PRODUCT, ZONE, PARTICIPANT = "market", "product", "zone", "participant"
SCOPES = (MARKET, PRODUCT, ZONE, PARTICIPANT)
STAY, CANCEL = "stay", "cancel"
KINDS = ("halt", "cancellation", "kill_switch", "reversal", "suspension")


class Intervention(Base):
    """The register of interventions: one row for each; `subject_id` is the row that it is about. Immutable.

    A cancellation needs no other row than that of `order_cancellations` with its own id.
    """

    __tablename__ = "interventions"
    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    kind: Mapped[str] = mapped_column(Text)
    subject_id: Mapped[int | None] = mapped_column(BigInteger)
    reason: Mapped[str] = mapped_column(Text)
    legal_source: Mapped[str] = mapped_column(Text)
    ordered_by: Mapped[int] = mapped_column(BigInteger, ForeignKey("users.id"))
    ordered_at: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True))
    __table_args__ = (
        CheckConstraint(f"kind IN {KINDS}", name="kind"),
        CheckConstraint("(kind = 'cancellation') = (subject_id IS NULL)", name="subject"),
        CheckConstraint("length(trim(reason)) > 0 AND length(trim(legal_source)) > 0", name="reasons"),
        UniqueConstraint("kind", "subject_id"),
    )


class InterventionParty(Base):
    """A participant whom an intervention concerns, and who therefore sees it. Immutable."""

    __tablename__ = "intervention_parties"
    intervention_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("interventions.id"), primary_key=True, autoincrement=False
    )
    participant_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("participants.id"), primary_key=True, autoincrement=False
    )
    __table_args__ = (Index(None, "participant_id", "intervention_id"),)


class OrderCancellation(Base):
    """Open orders that the bureau has ended by one filter (`filter`, JSON). Immutable.

    What was selected, under the locks of the products, is counted here and stands in the lines; `digest` is the SHA-256
    over them. From `ordered_at` on none of them fills; `inbox_id` is the engine's command that ends them.
    """

    __tablename__ = "order_cancellations"
    id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("interventions.id"), primary_key=True, autoincrement=False
    )
    filter: Mapped[str] = mapped_column(Text)
    orders: Mapped[int] = mapped_column(Integer)
    participants: Mapped[int] = mapped_column(Integer)
    sell_litres: Mapped[int] = mapped_column(BigInteger)
    buy_litres: Mapped[int] = mapped_column(BigInteger)
    held_fen: Mapped[int] = mapped_column(BigInteger)
    digest: Mapped[bytes] = mapped_column(LargeBinary)
    inbox_id: Mapped[int] = mapped_column(BigInteger)
    ordered_at: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True))
    __table_args__ = (
        CheckConstraint("orders > 0 AND participants BETWEEN 1 AND orders", name="orders"),
        CheckConstraint("least(sell_litres, buy_litres, held_fen) >= 0", name="amounts"),
    )


class OrderCancellationLine(Base):
    """One order that a cancellation ends, and what it held then: litres for a sell, fen for a buy. Immutable."""

    __tablename__ = "order_cancellation_lines"
    cancellation_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("order_cancellations.id"), primary_key=True, autoincrement=False
    )
    order_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    participant_id: Mapped[int] = mapped_column(BigInteger)
    held: Mapped[int] = mapped_column(BigInteger)
    __table_args__ = (CheckConstraint("held >= 0", name="held"), Index(None, "order_id"))


class Halt(Base):
    """An order that a product, a zone with all below it, a participant or the whole market stands still.

    `with_owners`: the others of its beneficial owner too. `orders`: what becomes of the open ones; those that stay
    are not matched while it stands. `until`: when it is lifted at the latest (null: by order only).
    `lifted_by` null on a lifted one: its time was over.
    """

    __tablename__ = "halts"
    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    scope: Mapped[str] = mapped_column(Text)
    product_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("products.id"))
    zone_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("zones.id"))
    participant_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("participants.id"))
    with_owners: Mapped[bool] = mapped_column(server_default="false")
    orders: Mapped[str] = mapped_column(Text)
    reason: Mapped[str] = mapped_column(Text)
    legal_source: Mapped[str] = mapped_column(Text)
    until: Mapped[dt.datetime | None] = mapped_column(DateTime(timezone=True))
    cancellation_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("order_cancellations.id"))
    ordered_by: Mapped[int] = mapped_column(BigInteger, ForeignKey("users.id"))
    ordered_at: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True))
    lifted_by: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("users.id"))
    lifted_at: Mapped[dt.datetime | None] = mapped_column(DateTime(timezone=True))
    lift_reason: Mapped[str | None] = mapped_column(Text)
    __table_args__ = (
        CheckConstraint(
            f"scope IN {SCOPES} AND (scope = 'product') = (product_id IS NOT NULL)"
            " AND (scope = 'zone') = (zone_id IS NOT NULL) AND (scope = 'participant') = (participant_id IS NOT NULL)",
            name="scope",
        ),
        CheckConstraint("NOT with_owners OR scope = 'participant'", name="with_owners"),
        CheckConstraint("orders IN ('stay', 'cancel')", name="orders"),
        CheckConstraint("orders = 'cancel' OR cancellation_id IS NULL", name="cancellation"),
        CheckConstraint("until > ordered_at", name="until"),
        CheckConstraint("lifted_at >= ordered_at", name="lifted"),
        CheckConstraint("lifted_by IS NULL OR lifted_at IS NOT NULL", name="lifted_by"),
        CheckConstraint("lifted_by IS NOT NULL OR lifted_at IS NULL OR lifted_at >= until", name="by_date"),
        CheckConstraint("(lifted_by IS NULL) = (lift_reason IS NULL)", name="lift_reason"),
        Index("ix_halts_on", "id", postgresql_where="lifted_at IS NULL"),
    )
