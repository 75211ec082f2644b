"""Call auctions: a call of one product, what it cleared at, whom it filled, what it moved."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Date,
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

CALL_STATES = ("gathering", "clearing", "cleared", "held", "settled", "rejected", "halted", "void")
WINDOWS = ("general", "farm_first")


class Call(Base):
    """One call of a product: gathering → clearing → cleared → held → settled | rejected; or halted, or void.

    `commitment` is the SHA-256 of a number drawn before the first order, `committed` that number, shown once cleared:
    with the hash of the book it makes the seed of left-over litres. `record` is the clearing record (canonical JSON),
    `record_sha256` its hash. held: the engine holds everything for it; a call that needs a review waits so.
    """

    __tablename__ = "calls"
    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    product_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("products.id"))
    window: Mapped[str] = mapped_column(Text, server_default="general")
    status: Mapped[str] = mapped_column(Text, server_default="gathering")
    reason: Mapped[str] = mapped_column(Text, server_default="")
    commitment: Mapped[str] = mapped_column(Text)
    committed: Mapped[str] = mapped_column(Text)
    record: Mapped[str | None] = mapped_column(Text)
    record_sha256: Mapped[str | None] = mapped_column(Text)
    tries: Mapped[int] = mapped_column(Integer, server_default="0")
    paid_fen: Mapped[int] = mapped_column(BigInteger, server_default="0")
    received_fen: Mapped[int] = mapped_column(BigInteger, server_default="0")
    sold_litres: Mapped[int] = mapped_column(BigInteger, server_default="0")
    bought_litres: Mapped[int] = mapped_column(BigInteger, server_default="0")
    review_rule: Mapped[str | None] = mapped_column(Text)
    review_due_on: Mapped[dt.date | None] = mapped_column(Date)
    batch_id: Mapped[int | None] = mapped_column(BigInteger)
    opened_by: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("users.id"))
    opened_at: Mapped[dt.datetime] = mapped_column(
        DateTime(timezone=True), server_default=func.clock_timestamp()
    )
    cleared_at: Mapped[dt.datetime | None] = mapped_column(DateTime(timezone=True))
    decided_by: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("users.id"))
    resolved_at: Mapped[dt.datetime | None] = mapped_column(DateTime(timezone=True))
    version: Mapped[int] = mapped_column(Integer, server_default="1")
    __table_args__ = (
        CheckConstraint(f"status IN {CALL_STATES}", name="status"),
        CheckConstraint(f'"window" IN {WINDOWS}', name="window"),
        CheckConstraint("paid_fen >= received_fen AND received_fen >= 0", name="money_never_short"),
        CheckConstraint("sold_litres >= bought_litres AND bought_litres >= 0", name="litres"),
        CheckConstraint(
            "status NOT IN ('cleared', 'held', 'settled', 'rejected') OR record IS NOT NULL", name="record"
        ),
        CheckConstraint(
            "(status IN ('settled', 'rejected', 'halted', 'void')) = (resolved_at IS NOT NULL)",
            name="resolved",
        ),
        # A product gathers or clears one call at a time; calls that wait for a review stand beside it.
        Index(
            "uq_calls_running",
            "product_id",
            unique=True,
            postgresql_where="status IN ('gathering', 'clearing', 'cleared')",
        ),
    )


class CallPrice(Base):
    """What a call says of one place and sector: its price (1/10 000 yuan per m3), litres bought and sold there."""

    __tablename__ = "call_prices"
    call_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("calls.id"), primary_key=True)
    node: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    township: Mapped[str] = mapped_column(Text)
    canal: Mapped[str] = mapped_column(Text)
    sector: Mapped[str] = mapped_column(Text)
    price_e4: Mapped[int] = mapped_column(BigInteger)
    sold_litres: Mapped[int] = mapped_column(BigInteger)
    bought_litres: Mapped[int] = mapped_column(BigInteger)


class CallFlow(Base):
    """What a call sends from one of its places to another: litres that enter, and that are delivered."""

    __tablename__ = "call_flows"
    call_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("calls.id"), primary_key=True)
    arc: Mapped[int] = mapped_column(Integer, primary_key=True)
    from_node: Mapped[int] = mapped_column(SmallInteger)
    to_node: Mapped[int] = mapped_column(SmallInteger)
    kind: Mapped[str] = mapped_column(Text)
    k: Mapped[int] = mapped_column(SmallInteger)
    entering_litres: Mapped[int] = mapped_column(BigInteger)
    delivered_litres: Mapped[int] = mapped_column(BigInteger)
    __table_args__ = (
        CheckConstraint("entering_litres >= delivered_litres AND delivered_litres > 0", name="litres"),
    )


class CallFill(Base):
    """What a call gives one order: litres at its place, what it pays or receives (fen), and the fee out of it.

    `payees` is JSON [[ledger account, fen, role], …] of a sale; `hold_id` the pending transfer while the call is held.
    """

    __tablename__ = "call_fills"
    call_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("calls.id"), primary_key=True)
    order_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, index=True)
    side: Mapped[str] = mapped_column(Text)
    water_account_id: Mapped[int] = mapped_column(BigInteger)
    participant_id: Mapped[int] = mapped_column(BigInteger, index=True)
    litres: Mapped[int] = mapped_column(BigInteger)
    price_e4: Mapped[int] = mapped_column(BigInteger)
    amount_fen: Mapped[int] = mapped_column(BigInteger)
    fee_fen: Mapped[int] = mapped_column(BigInteger)
    payees: Mapped[str] = mapped_column(Text, server_default="[]")
    hold_id: Mapped[int] = mapped_column(BigInteger, server_default="0")
    __table_args__ = (
        CheckConstraint("side IN ('buy', 'sell')", name="side"),
        CheckConstraint("litres > 0 AND amount_fen >= 0 AND fee_fen >= 0", name="amounts"),
    )


class CallLimit(Base):
    """What a call charges a limit (negative: frees it), and what one more m3 of it would have been worth.

    `worth_e9` is in 10^-9 ticks a litre of the limit's own measure; `hold_id` as in CallFill.
    """

    __tablename__ = "call_limits"
    call_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("calls.id"), primary_key=True)
    account_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("accounts.id"), primary_key=True)
    limit_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("limits.id"))
    litres: Mapped[int] = mapped_column(BigInteger)
    worth_e9: Mapped[int] = mapped_column(BigInteger, server_default="0")
    hold_id: Mapped[int] = mapped_column(BigInteger, server_default="0")


class CallBorder(Base):
    """What a call moves over a border that keeps a two-way account, and, once it is settled, where that leaves it.

    Litres out are counted where they leave, in where they arrive; `worth` as in CallLimit, of each direction's room.
    """

    __tablename__ = "call_borders"
    call_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("calls.id"), primary_key=True)
    code: Mapped[str] = mapped_column(Text, primary_key=True)
    out_litres: Mapped[int] = mapped_column(BigInteger)
    in_litres: Mapped[int] = mapped_column(BigInteger)
    out_worth_e9: Mapped[int] = mapped_column(BigInteger)
    in_worth_e9: Mapped[int] = mapped_column(BigInteger)
    before_litres: Mapped[int | None] = mapped_column(BigInteger)
    balance_litres: Mapped[int | None] = mapped_column(BigInteger)
    out_open: Mapped[bool | None] = mapped_column(Boolean)
    in_open: Mapped[bool | None] = mapped_column(Boolean)
    __table_args__ = (
        CheckConstraint("out_litres >= 0 AND in_litres >= 0", name="litres"),
        CheckConstraint(
            "balance_litres >= 0 AND balance_litres = before_litres + out_litres - in_litres", name="balance"
        ),
        CheckConstraint(
            "num_nulls(before_litres, balance_litres, out_open, in_open) IN (0, 4)", name="settled"
        ),
    )
