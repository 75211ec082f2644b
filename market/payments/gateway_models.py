"""Money that a payment provider moves: our record, kept before each call; what it told; its account, line by line."""

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
    Text,
    UniqueConstraint,
    func,
)
from sqlalchemy.orm import Mapped, mapped_column

from ledger.base import Base
from market.payments.gateway import CAPTURES, ENTRY_KINDS, METHODS, ROUTES

PAYMENT_STATES = (
    "created", "awaiting_payer", "processing", "authorised", "captured", "cancelled", "expired", "failed",
    "mismatched",
)  # fmt: skip
REFUND_STATES = ("created", "pending", "succeeded", "failed", "returned", "mismatched")
PAYOUT_STATES = ("created", "in_transit", "paid", "failed", "returned", "mismatched")
ENDINGS = ("cancelled", "expired")
PAY, CAPTURE, CANCEL, REFUND, PAY_OUT = ACTS = ("pay", "capture", "cancel", "refund", "pay_out")
WAITING, DONE, DECLINED, GIVEN_UP = CALL_STATES = ("waiting", "done", "declined", "given_up")
MOVEMENT_KINDS = (
    "capture",
    "capture_fee",
    "refund",
    "refund_return",
    "payout",
    "payout_fee",
    "payout_return",
)
PROVIDER_KINDS = ("not_in_books", "not_at_provider", "amount_differs", "fee_differs", "twice_at_provider")
BANK_KINDS = ("bank_not_in_books", "bank_amount_differs", "not_on_statement", "bank_answer_differs")
DIFFERENCE_KINDS = PROVIDER_KINDS + BANK_KINDS
OPEN, EXPLAINED, CLOSED = DIFFERENCE_STATES = ("open", "explained", "closed")
NOW = func.clock_timestamp()


class GatewayPayment(Base):
    """A deposit that a provider collects. `reference` is what it is found again by at the provider.

    `capture_fen` is what was asked to be captured of an authorised payment; `fee_fen` is None until the provider has
    said what it keeps; `look_at` is when its state is fetched next, None where nothing is expected any more.
    """

    __tablename__ = "gateway_payments"
    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    reference: Mapped[str] = mapped_column(Text, unique=True)
    money_account_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("money_accounts.id"), index=True)
    amount_fen: Mapped[int] = mapped_column(BigInteger)
    method: Mapped[str] = mapped_column(Text)
    capture: Mapped[str] = mapped_column(Text)
    return_url: Mapped[str | None] = mapped_column(Text)
    status: Mapped[str] = mapped_column(Text, server_default="created")
    provider_id: Mapped[str | None] = mapped_column(Text, unique=True)
    source: Mapped[str | None] = mapped_column(Text)
    capture_fen: Mapped[int | None] = mapped_column(BigInteger)
    captured_fen: Mapped[int] = mapped_column(BigInteger, server_default="0")
    refunded_fen: Mapped[int] = mapped_column(BigInteger, server_default="0")
    fee_fen: Mapped[int | None] = mapped_column(BigInteger)
    action_kind: Mapped[str | None] = mapped_column(Text)
    action_url: Mapped[str | None] = mapped_column(Text)
    action_secret: Mapped[str | None] = mapped_column(Text)
    failure_code: Mapped[str | None] = mapped_column(Text)
    ending: Mapped[str | None] = mapped_column(Text)
    looks: Mapped[int] = mapped_column(Integer, server_default="0")
    look_at: Mapped[dt.datetime | None] = mapped_column(DateTime(timezone=True))
    started_by: Mapped[int] = mapped_column(BigInteger, ForeignKey("users.id"))
    started_at: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True), server_default=NOW)
    expires_at: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True))
    captured_at: Mapped[dt.datetime | None] = mapped_column(DateTime(timezone=True))
    __table_args__ = (
        Index("ix_gateway_payments_look_at", "look_at", postgresql_where="look_at IS NOT NULL"),
        Index(
            "ix_gateway_payments_expires_at",
            "expires_at",
            postgresql_where="status IN ('awaiting_payer', 'authorised') AND ending IS NULL",
        ),
        CheckConstraint(f"method IN {METHODS}", name="method"),
        CheckConstraint(f"capture IN {CAPTURES}", name="capture"),
        CheckConstraint(f"status IN {PAYMENT_STATES}", name="status"),
        CheckConstraint(f"ending IN {ENDINGS}", name="ending"),
        CheckConstraint("amount_fen > 0 AND capture_fen BETWEEN 1 AND amount_fen", name="amounts"),
        CheckConstraint("captured_fen BETWEEN 0 AND amount_fen", name="captured_within"),
        CheckConstraint("refunded_fen BETWEEN 0 AND captured_fen", name="refunded_within"),
        CheckConstraint("fee_fen >= 0", name="fee"),
        CheckConstraint(
            "(status = 'captured') = (captured_fen > 0) AND (status = 'captured') = (captured_at IS NOT NULL)",
            name="captured",
        ),
        CheckConstraint(
            "status <> 'captured' OR (provider_id IS NOT NULL AND source IS NOT NULL)", name="known"
        ),
    )


class GatewayRefund(Base):
    """A part or the whole of a captured payment on its way back to the payer, held until the provider has moved it."""

    __tablename__ = "gateway_refunds"
    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    reference: Mapped[str] = mapped_column(Text, unique=True)
    payment_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("gateway_payments.id"), index=True)
    amount_fen: Mapped[int] = mapped_column(BigInteger)
    reason: Mapped[str] = mapped_column(Text)
    status: Mapped[str] = mapped_column(Text, server_default="created")
    provider_id: Mapped[str | None] = mapped_column(Text, unique=True)
    hold_id: Mapped[int] = mapped_column(BigInteger, unique=True)
    failure_code: Mapped[str | None] = mapped_column(Text)
    looks: Mapped[int] = mapped_column(Integer, server_default="0")
    look_at: Mapped[dt.datetime | None] = mapped_column(DateTime(timezone=True))
    asked_by: Mapped[int] = mapped_column(BigInteger, ForeignKey("users.id"))
    asked_at: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True), server_default=NOW)
    accepted_at: Mapped[dt.datetime | None] = mapped_column(DateTime(timezone=True))
    closed_at: Mapped[dt.datetime | None] = mapped_column(DateTime(timezone=True))
    __table_args__ = (
        Index("ix_gateway_refunds_look_at", "look_at", postgresql_where="look_at IS NOT NULL"),
        CheckConstraint(f"status IN {REFUND_STATES}", name="status"),
        CheckConstraint("amount_fen > 0", name="amount"),
        CheckConstraint("(provider_id IS NOT NULL) = (accepted_at IS NOT NULL)", name="accepted"),
        CheckConstraint(
            "(status IN ('succeeded', 'failed', 'returned')) = (closed_at IS NOT NULL)", name="closed"
        ),
    )


class GatewayPayout(Base):
    """Money on its way to a participant through a provider: held first, posted when it is paid, given back when not."""

    __tablename__ = "gateway_payouts"
    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    reference: Mapped[str] = mapped_column(Text, unique=True)
    money_account_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("money_accounts.id"), index=True)
    amount_fen: Mapped[int] = mapped_column(BigInteger)
    route: Mapped[str] = mapped_column(Text)
    destination: Mapped[str] = mapped_column(Text)
    note: Mapped[str] = mapped_column(Text, server_default="")
    status: Mapped[str] = mapped_column(Text, server_default="created")
    provider_id: Mapped[str | None] = mapped_column(Text, unique=True)
    return_source: Mapped[str | None] = mapped_column(Text)
    hold_id: Mapped[int] = mapped_column(BigInteger, unique=True)
    fee_fen: Mapped[int | None] = mapped_column(BigInteger)
    failure_code: Mapped[str | None] = mapped_column(Text)
    looks: Mapped[int] = mapped_column(Integer, server_default="0")
    look_at: Mapped[dt.datetime | None] = mapped_column(DateTime(timezone=True))
    asked_by: Mapped[int] = mapped_column(BigInteger, ForeignKey("users.id"))
    asked_at: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True), server_default=NOW)
    accepted_at: Mapped[dt.datetime | None] = mapped_column(DateTime(timezone=True))
    closed_at: Mapped[dt.datetime | None] = mapped_column(DateTime(timezone=True))
    __table_args__ = (
        Index("ix_gateway_payouts_look_at", "look_at", postgresql_where="look_at IS NOT NULL"),
        CheckConstraint(f"route IN {ROUTES}", name="route"),
        CheckConstraint(f"status IN {PAYOUT_STATES}", name="status"),
        CheckConstraint("amount_fen > 0 AND fee_fen >= 0", name="amounts"),
        CheckConstraint("(provider_id IS NOT NULL) = (accepted_at IS NOT NULL)", name="accepted"),
        CheckConstraint(
            "(status IN ('paid', 'failed', 'returned')) = (closed_at IS NOT NULL)", name="closed"
        ),
    )


class GatewayCall(Base):
    """One call that changes something at the provider, with its key: written before it is made, made until it is known
    what became of it.
    """

    __tablename__ = "gateway_calls"
    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    act: Mapped[str] = mapped_column(Text)
    payment_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("gateway_payments.id"))
    refund_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("gateway_refunds.id"), unique=True)
    payout_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("gateway_payouts.id"), unique=True)
    key: Mapped[str] = mapped_column(Text, unique=True)
    status: Mapped[str] = mapped_column(Text, server_default=WAITING)
    tries: Mapped[int] = mapped_column(Integer, server_default="0")
    error_code: Mapped[str | None] = mapped_column(Text)
    written_at: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True), server_default=NOW)
    first_sent_at: Mapped[dt.datetime | None] = mapped_column(DateTime(timezone=True))
    next_try_at: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True))
    closed_at: Mapped[dt.datetime | None] = mapped_column(DateTime(timezone=True))
    __table_args__ = (
        Index("ix_gateway_calls_next_try_at", "next_try_at", postgresql_where=f"status = '{WAITING}'"),
        Index("ix_gateway_calls_payment_id", "payment_id"),
        Index(
            "uq_gateway_calls_waiting", "payment_id", unique=True, postgresql_where=f"status = '{WAITING}'"
        ),
        CheckConstraint(f"act IN {ACTS}", name="act"),
        CheckConstraint(f"status IN {CALL_STATES}", name="status"),
        CheckConstraint(
            "(act IN ('pay', 'capture', 'cancel')) = (payment_id IS NOT NULL)"
            " AND (act = 'refund') = (refund_id IS NOT NULL) AND (act = 'pay_out') = (payout_id IS NOT NULL)",
            name="subject",
        ),
        CheckConstraint("(tries > 0) = (first_sent_at IS NOT NULL)", name="sent"),
        CheckConstraint(f"(status = '{WAITING}') = (closed_at IS NULL)", name="closed"),
    )


class GatewayMovement(Base):
    """What the ledger moved for a payment, refund or payout: a kind once. Immutable; its transfer names the subject."""

    __tablename__ = "gateway_movements"
    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    kind: Mapped[str] = mapped_column(Text)
    payment_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("gateway_payments.id"))
    refund_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("gateway_refunds.id"))
    payout_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("gateway_payouts.id"))
    fen: Mapped[int] = mapped_column(BigInteger)
    made_at: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True), server_default=NOW)
    __table_args__ = (
        UniqueConstraint("payment_id", "kind"),
        UniqueConstraint("refund_id", "kind"),
        UniqueConstraint("payout_id", "kind"),
        CheckConstraint(f"kind IN {MOVEMENT_KINDS}", name="kind"),
        CheckConstraint("fen > 0", name="amount"),
        CheckConstraint(
            "starts_with(kind, 'capture') = (payment_id IS NOT NULL)"
            " AND starts_with(kind, 'refund') = (refund_id IS NOT NULL)"
            " AND starts_with(kind, 'payout') = (payout_id IS NOT NULL)",
            name="subject",
        ),
    )


class GatewayEvent(Base):
    """An event that came in with a good signature: each number once and for ever, known kind or not. Immutable."""

    __tablename__ = "gateway_events"
    number: Mapped[str] = mapped_column(Text, primary_key=True)
    kind: Mapped[str] = mapped_column(Text)
    subject: Mapped[str | None] = mapped_column(Text)
    subject_number: Mapped[str | None] = mapped_column(Text)
    at: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True))
    received_at: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True), server_default=NOW)
    body: Mapped[str] = mapped_column(Text)


class GatewayEntry(Base):
    """A line of our account at the provider, as it was fetched. Immutable."""

    __tablename__ = "gateway_entries"
    number: Mapped[str] = mapped_column(Text, primary_key=True)
    kind: Mapped[str] = mapped_column(Text)
    source: Mapped[str | None] = mapped_column(Text, index=True)
    currency: Mapped[str] = mapped_column(Text)
    gross_fen: Mapped[int] = mapped_column(BigInteger)
    fee_fen: Mapped[int] = mapped_column(BigInteger)
    at: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True), index=True)
    fetched_at: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True), server_default=NOW)
    __table_args__ = (CheckConstraint(f"kind IN {ENTRY_KINDS}", name="kind"),)


class Reconciliation(Base):
    """A legal day that was compared: how many lines and items, and their sums in fen."""

    __tablename__ = "reconciliations"
    day: Mapped[dt.date] = mapped_column(Date, primary_key=True)
    ran_at: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True), server_default=NOW)
    entries: Mapped[int] = mapped_column(Integer)
    items: Mapped[int] = mapped_column(Integer)
    provider_fen: Mapped[int] = mapped_column(BigInteger)
    book_fen: Mapped[int] = mapped_column(BigInteger)


class ReconciliationDifference(Base):
    """A case: what the provider's account and the clearing account disagree on. `subject` names the line or the item.

    It is explained by the treasurer and closed by the supervisor, or closed by a later run that no longer finds it.
    """

    __tablename__ = "reconciliation_differences"
    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    day: Mapped[dt.date] = mapped_column(Date, index=True)
    kind: Mapped[str] = mapped_column(Text)
    subject: Mapped[str] = mapped_column(Text)
    provider_fen: Mapped[int | None] = mapped_column(BigInteger)
    book_fen: Mapped[int | None] = mapped_column(BigInteger)
    status: Mapped[str] = mapped_column(Text, server_default=OPEN)
    note: Mapped[str] = mapped_column(Text, server_default="")
    found_at: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True), server_default=NOW)
    explained_by: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("users.id"))
    closed_by: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("users.id"))
    closed_at: Mapped[dt.datetime | None] = mapped_column(DateTime(timezone=True))
    __table_args__ = (
        UniqueConstraint("kind", "subject"),
        CheckConstraint(f"kind IN {DIFFERENCE_KINDS}", name="kind"),
        CheckConstraint(f"status IN {DIFFERENCE_STATES}", name="status"),
        CheckConstraint(f"(status = '{CLOSED}') = (closed_at IS NOT NULL)", name="closed"),
        CheckConstraint(f"status <> '{EXPLAINED}' OR explained_by IS NOT NULL", name="explained"),
        CheckConstraint("closed_by <> explained_by", name="four_eyes"),
    )
