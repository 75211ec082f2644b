"""Products, commands, orders, trades. Only `trading.engine` writes commands, orders and trades."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    LargeBinary,
    Sequence,
    SmallInteger,
    Text,
    UniqueConstraint,
    func,
)
from sqlalchemy.orm import Mapped, mapped_column

from ledger.base import Base, metadata

NOW = func.clock_timestamp()

# The engine numbers commands, orders, trades, instructions and batches itself, out of blocks of this size.
ID_BLOCK = 4096
engine_ids = Sequence("engine_ids", start=ID_BLOCK, increment=ID_BLOCK, metadata=metadata)

PHASES = ("pre_open", "open", "auction", "uncross", "halted", "closed")
TIME_IN_FORCE = ("GTC", "GTD", "IOC", "FOK")
ORDER_STATES = ("open", "filled", "cancelled", "expired")


class Product(Base):
    """What one order book trades: source × water year × tenure. `version` is compared and set by every batch."""

    __tablename__ = "products"
    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    code: Mapped[str] = mapped_column(Text, unique=True)
    source: Mapped[str] = mapped_column(Text)
    water_year: Mapped[int] = mapped_column(SmallInteger, ForeignKey("water_years.year"))
    tenure: Mapped[str] = mapped_column(Text, server_default="allocation")
    lot_litres: Mapped[int] = mapped_column(BigInteger, server_default="1")
    phase: Mapped[str] = mapped_column(Text, server_default="open")
    phase_reason: Mapped[str] = mapped_column(Text, server_default="")
    phase_since: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True), server_default=NOW)
    closes_at: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True))
    version: Mapped[int] = mapped_column(BigInteger, server_default="0")
    __table_args__ = (
        UniqueConstraint("source", "water_year", "tenure"),
        CheckConstraint("tenure IN ('allocation', 'lease', 'entitlement')", name="tenure"),
        CheckConstraint(f"phase IN {PHASES}", name="phase"),
        CheckConstraint("lot_litres > 0", name="lot"),
        {"postgresql_with": {"fillfactor": "20"}},
    )


class Command(Base):
    """A command as it reached the engine, and its outcome: the idempotency row and the detail of the audit link.

    `key` is the caller's idempotency key; `position` the place within one request; `origin` the sign-in or API key
    that it came through. Immutable.
    """

    __tablename__ = "commands"
    id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    batch_id: Mapped[int] = mapped_column(BigInteger)
    participant_id: Mapped[int] = mapped_column(BigInteger)
    key: Mapped[str] = mapped_column(Text)
    position: Mapped[int] = mapped_column(SmallInteger)
    body_hash: Mapped[bytes] = mapped_column(LargeBinary)
    actor_user_id: Mapped[int] = mapped_column(BigInteger)
    mandate_id: Mapped[int | None] = mapped_column(BigInteger)
    request: Mapped[str] = mapped_column(Text)
    outcome: Mapped[str] = mapped_column(Text)
    created_at: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True))
    origin: Mapped[str | None] = mapped_column(Text)
    __table_args__ = (UniqueConstraint("participant_id", "key", "position"), Index(None, "batch_id"))


class Order(Base):
    """An order. Litres are counted at its own place: source litres for a sell, delivered litres for a buy.

    `rest_litres` is what is still open; `held` what the ledger holds for it (litres for a sell, fen for a buy) under
    the pending transfer `hold_id`; `value_tick_litres` the value of a buy's fills so far (1e-5 fen) and `paid_fen`
    what was paid or instructed for them. `priority` orders by time within a price. Hot: no foreign keys.
    """

    __tablename__ = "orders"
    id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    product_id: Mapped[int] = mapped_column(BigInteger)
    participant_id: Mapped[int] = mapped_column(BigInteger)
    water_account_id: Mapped[int] = mapped_column(BigInteger)
    side: Mapped[str] = mapped_column(Text)
    volume_litres: Mapped[int] = mapped_column(BigInteger)
    rest_litres: Mapped[int] = mapped_column(BigInteger)
    price_e4: Mapped[int] = mapped_column(BigInteger)
    tif: Mapped[str] = mapped_column(Text)
    post_only: Mapped[bool] = mapped_column()
    min_fill_litres: Mapped[int] = mapped_column(BigInteger)
    expires_at: Mapped[dt.datetime | None] = mapped_column(DateTime(timezone=True))
    client_order_id: Mapped[str | None] = mapped_column(Text)
    priority: Mapped[int] = mapped_column(BigInteger)
    held: Mapped[int] = mapped_column(BigInteger)
    hold_id: Mapped[int] = mapped_column(BigInteger)
    value_tick_litres: Mapped[int] = mapped_column(BigInteger)
    paid_fen: Mapped[int] = mapped_column(BigInteger)
    status: Mapped[str] = mapped_column(Text)
    reason: Mapped[str | None] = mapped_column(Text)
    batch_id: Mapped[int] = mapped_column(BigInteger)
    created_at: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True))
    updated_at: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True))
    __table_args__ = (
        CheckConstraint("side IN ('buy', 'sell')", name="side"),
        CheckConstraint(f"tif IN {TIME_IN_FORCE}", name="tif"),
        CheckConstraint(f"status IN {ORDER_STATES}", name="status"),
        CheckConstraint(
            "rest_litres >= 0 AND rest_litres <= volume_litres AND volume_litres > 0", name="rest"
        ),
        CheckConstraint("price_e4 > 0", name="price"),
        CheckConstraint("held >= 0 AND (status = 'open' OR held = 0)", name="held"),
        CheckConstraint("(status = 'filled') = (rest_litres = 0)", name="filled_has_no_rest"),
        CheckConstraint("side = 'buy' OR status <> 'open' OR held = rest_litres", name="sell_holds_its_rest"),
        Index("ix_orders_open", "product_id", "priority", postgresql_where="status = 'open'"),
        Index(None, "participant_id", "id"),
        Index(
            "uq_orders_client_order_id",
            "participant_id",
            "client_order_id",
            unique=True,
            postgresql_where="client_order_id IS NOT NULL",
        ),
        {"postgresql_with": {"fillfactor": "70"}},
    )


class Trade(Base):
    """A fill: `source_litres` given up at the seller's place, `delivered_litres` received at the buyer's.

    `price_e4` is the maker's limit at the maker's place; `value_tick_litres` the exact value (1e-5 fen); `k` the
    litres that arrive of 1 000. Immutable; no foreign keys.
    """

    __tablename__ = "trades"
    id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    product_id: Mapped[int] = mapped_column(BigInteger)
    buy_order_id: Mapped[int] = mapped_column(BigInteger)
    sell_order_id: Mapped[int] = mapped_column(BigInteger)
    maker: Mapped[str] = mapped_column(Text)
    buyer_id: Mapped[int] = mapped_column(BigInteger)
    seller_id: Mapped[int] = mapped_column(BigInteger)
    source_litres: Mapped[int] = mapped_column(BigInteger)
    delivered_litres: Mapped[int] = mapped_column(BigInteger)
    k: Mapped[int] = mapped_column(SmallInteger)
    price_e4: Mapped[int] = mapped_column(BigInteger)
    value_tick_litres: Mapped[int] = mapped_column(BigInteger)
    amount_fen: Mapped[int] = mapped_column(BigInteger)
    fee_fen: Mapped[int] = mapped_column(BigInteger)
    instruction_id: Mapped[int] = mapped_column(BigInteger)
    batch_id: Mapped[int] = mapped_column(BigInteger)
    traded_at: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True))
    __table_args__ = (
        CheckConstraint("maker IN ('buy', 'sell')", name="maker"),
        CheckConstraint("source_litres >= delivered_litres AND delivered_litres > 0", name="litres"),
        CheckConstraint("k BETWEEN 1 AND 1000", name="k"),
        CheckConstraint("amount_fen >= 0 AND fee_fen >= 0", name="amounts"),
        CheckConstraint("buyer_id <> seller_id", name="two_parties"),
        Index(None, "product_id", "id"),
        # Rows come in the order of time: ranges of pages find a span of it, and cost the engine nothing.
        Index(None, "traded_at", postgresql_using="brin", postgresql_with={"autosummarize": "on"}),
        Index(None, "buy_order_id"),
        Index(None, "sell_order_id"),
    )
