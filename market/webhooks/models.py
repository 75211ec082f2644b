"""Events as participants are told of them, whom they concern, endpoints with their secrets, deliveries, tries."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    CheckConstraint,
    DateTime,
    ForeignKey,
    ForeignKeyConstraint,
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

ENABLED, DISABLED = ENDPOINT_STATES = ("enabled", "disabled")
BY_OWNER, FAILING, GONE = DISABLED_BECAUSE = ("by_owner", "failing", "gone")
PENDING, DELIVERED, FAILED = DELIVERY_STATES = ("pending", "delivered", "failed")
LONGEST_URL = 2_000
LONGEST_ANSWER = 1_000
NOW = func.clock_timestamp()


class Event(Base):
    """Something that happened, as participants are told of it; numbered in the order in which it becomes visible.

    `outbox_id` is the row it was published by; what is read off the tape has none. It is about the row `object_id` of
    the kind `object_kind`, None where nothing of that kind can be named outside. It never changes, and is forgotten
    when it is old.
    """

    __tablename__ = "events"
    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    type: Mapped[str] = mapped_column(Text)
    object_kind: Mapped[str] = mapped_column(Text)
    object_id: Mapped[int | None] = mapped_column(BigInteger)
    public: Mapped[bool] = mapped_column(Boolean)
    at: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True), index=True)
    outbox_id: Mapped[int | None] = mapped_column(BigInteger)
    __table_args__ = (
        UniqueConstraint("id", "public"),
        Index("ix_events_public", "id", postgresql_where="public"),
    )


class EventAddressee(Base):
    """Whom an event concerns that is not public."""

    __tablename__ = "event_addressees"
    participant_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("participants.id"), primary_key=True)
    event_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("events.id", ondelete="CASCADE"), primary_key=True, index=True
    )


class EventCursor(Base):
    """How far the tape has been read for events: the last trade."""

    __tablename__ = "event_cursor"
    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    trade_id: Mapped[int] = mapped_column(BigInteger)
    __table_args__ = (CheckConstraint("id = 1", name="one_row"),)


class WebhookEndpoint(Base):
    """Where a participant's programs are told of events; `types` None is all of them.

    `failing_since` is when the first try failed of those since the last that did not; `tried_at` when anything was
    last sent there.
    """

    __tablename__ = "webhook_endpoints"
    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    participant_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("participants.id"), index=True)
    url: Mapped[str] = mapped_column(Text)
    types: Mapped[list[str] | None] = mapped_column(ARRAY(Text))
    description: Mapped[str] = mapped_column(Text)
    status: Mapped[str] = mapped_column(Text, server_default=ENABLED)
    disabled_because: Mapped[str | None] = mapped_column(Text)
    disabled_reason: Mapped[str | None] = mapped_column(Text)
    failing_since: Mapped[dt.datetime | None] = mapped_column(DateTime(timezone=True))
    tried_at: Mapped[dt.datetime | None] = mapped_column(DateTime(timezone=True))
    version: Mapped[int] = mapped_column(Integer, server_default="1")
    created_by: Mapped[int] = mapped_column(BigInteger, ForeignKey("users.id"))
    created_at: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True), server_default=NOW)
    __table_args__ = (
        CheckConstraint(f"status IN {ENDPOINT_STATES}", name="status"),
        CheckConstraint(f"disabled_because IN {DISABLED_BECAUSE}", name="disabled_because"),
        CheckConstraint(
            "(status = 'disabled') = (disabled_because IS NOT NULL)"
            " AND (disabled_because IS NULL) = (disabled_reason IS NULL)",
            name="disabled",
        ),
        CheckConstraint(f"length(url) BETWEEN 1 AND {LONGEST_URL} AND url ~ '^https?://'", name="url"),
        CheckConstraint("cardinality(types) > 0", name="types"),
        UniqueConstraint("id", "participant_id"),
    )


class WebhookSecret(Base):
    """A secret that signs what is sent to an endpoint, sealed with a key of the installation.

    It signs until `ends_at`: None for the newest, a day after its rotation for the one before.
    """

    __tablename__ = "webhook_secrets"
    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    endpoint_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("webhook_endpoints.id"), index=True)
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True), server_default=NOW)
    ends_at: Mapped[dt.datetime | None] = mapped_column(DateTime(timezone=True))
    __table_args__ = (
        Index("uq_webhook_secrets_newest", "endpoint_id", unique=True, postgresql_where="ends_at IS NULL"),
    )


class WebhookDelivery(Base):
    """One event on its way to one endpoint. `tries` counts since it was last sent anew, `attempts` all.

    `addressee_id` is the endpoint's owner where the event is not public: the database itself refuses a delivery to
    anybody whom the event does not concern.
    """

    __tablename__ = "webhook_deliveries"
    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    endpoint_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("webhook_endpoints.id"))
    event_id: Mapped[int] = mapped_column(BigInteger, index=True)
    public: Mapped[bool] = mapped_column(Boolean)
    addressee_id: Mapped[int | None] = mapped_column(BigInteger)
    status: Mapped[str] = mapped_column(Text, server_default=PENDING)
    tries: Mapped[int] = mapped_column(Integer, server_default="0")
    attempts: Mapped[int] = mapped_column(Integer, server_default="0")
    next_try_at: Mapped[dt.datetime | None] = mapped_column(DateTime(timezone=True))
    delivered_at: Mapped[dt.datetime | None] = mapped_column(DateTime(timezone=True))
    created_at: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True), server_default=NOW)
    __table_args__ = (
        UniqueConstraint("endpoint_id", "event_id"),
        ForeignKeyConstraint(["event_id", "public"], ["events.id", "events.public"], ondelete="CASCADE"),
        ForeignKeyConstraint(
            ["addressee_id", "event_id"],
            ["event_addressees.participant_id", "event_addressees.event_id"],
            ondelete="CASCADE",
        ),
        ForeignKeyConstraint(
            ["endpoint_id", "addressee_id"], ["webhook_endpoints.id", "webhook_endpoints.participant_id"]
        ),
        CheckConstraint("public = (addressee_id IS NULL)", name="addressee"),
        CheckConstraint(f"status IN {DELIVERY_STATES}", name="status"),
        CheckConstraint("(status = 'pending') = (next_try_at IS NOT NULL)", name="next_try"),
        CheckConstraint("status <> 'delivered' OR delivered_at IS NOT NULL", name="delivered"),
        CheckConstraint("tries >= 0 AND attempts >= tries", name="tries"),
        Index(
            "ix_webhook_deliveries_due", "endpoint_id", "next_try_at", postgresql_where="status = 'pending'"
        ),
        Index(None, "endpoint_id", "id"),
    )


class WebhookAttempt(Base):
    """One try. Written before it is made: one without `finished_at` was cut off, and what became of it is not known.

    `answer` is the beginning of what the receiver said.
    """

    __tablename__ = "webhook_attempts"
    delivery_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("webhook_deliveries.id", ondelete="CASCADE"), primary_key=True
    )
    number: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    started_at: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True))
    finished_at: Mapped[dt.datetime | None] = mapped_column(DateTime(timezone=True))
    took_ms: Mapped[int | None] = mapped_column(Integer)
    status_code: Mapped[int | None] = mapped_column(Integer)
    problem: Mapped[str | None] = mapped_column(Text)
    answer: Mapped[str | None] = mapped_column(Text)
    __table_args__ = (
        CheckConstraint("number > 0", name="number"),
        CheckConstraint(
            "finished_at IS NOT NULL OR (status_code IS NULL AND problem IS NULL AND answer IS NULL)",
            name="finished",
        ),
        CheckConstraint(f"length(answer) <= {LONGEST_ANSWER}", name="answer"),
    )
