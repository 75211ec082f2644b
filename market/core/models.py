"""Tables of the ground floor: installation, audit chains, outbox, inbox, idempotency keys, reference version."""

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
    SmallInteger,
    Text,
    UniqueConstraint,
    func,
)
from sqlalchemy.orm import Mapped, mapped_column

from ledger.base import Base

NOW = func.clock_timestamp()


LIVE, TEST = "live", "test"
COUNTIES = (LIVE, TEST)


class Installation(Base):
    """One row: what makes this installation itself.

    Only a test county's clock runs ahead of this machine's, by `clock_ahead_us` microseconds, and never less than
    before. Whether a database is a test county's is said before anybody is in it, and stays.
    """

    __tablename__ = "installation"
    id: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    id_key: Mapped[bytes] = mapped_column(LargeBinary)
    reference_version: Mapped[int] = mapped_column(BigInteger, server_default="1")
    created_at: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True), server_default=NOW)
    county: Mapped[str] = mapped_column(Text, server_default=LIVE)
    clock_ahead_us: Mapped[int] = mapped_column(BigInteger, server_default="0")
    __table_args__ = (
        CheckConstraint("id = 1", name="one_row"),
        CheckConstraint("length(id_key) = 32", name="key"),
        CheckConstraint(f"county IN {COUNTIES}", name="county"),
        CheckConstraint("clock_ahead_us = 0 OR (county = 'test' AND clock_ahead_us > 0)", name="clock"),
    )


class ClockAdvance(Base):
    """A move of the test county's clock: from which instant to which, who asked, how far it has come."""

    __tablename__ = "clock_advances"
    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    from_at: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True))
    to_at: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True))
    reached_at: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True))
    status: Mapped[str] = mapped_column(Text, server_default="running")
    asked_by: Mapped[int] = mapped_column(BigInteger, ForeignKey("users.id"))
    __table_args__ = (
        CheckConstraint("to_at > from_at AND reached_at BETWEEN from_at AND to_at", name="forward"),
        CheckConstraint("status IN ('running', 'done')", name="status"),
        CheckConstraint("status = 'running' OR reached_at = to_at", name="whole"),
        Index("uq_clock_advances_running", "status", unique=True, postgresql_where="status = 'running'"),
    )


class ClockStep(Base):
    """What a job did while the clock was moved: at which instant, how many things. Immutable."""

    __tablename__ = "clock_steps"
    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    advance_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("clock_advances.id"))
    at: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True))
    job: Mapped[str] = mapped_column(Text)
    done: Mapped[int] = mapped_column(Integer)
    __table_args__ = (CheckConstraint("done > 0", name="done"), Index(None, "advance_id", "id"))


class AuditChain(Base):
    """The head of one writer's chain. Locked last in a transaction."""

    __tablename__ = "audit_chains"
    chain: Mapped[str] = mapped_column(Text, primary_key=True)
    seq: Mapped[int] = mapped_column(BigInteger)
    hash: Mapped[bytes] = mapped_column(LargeBinary)


class AuditEntry(Base):
    """One link: who did what to which row, and why; no personal data. Immutable."""

    __tablename__ = "audit"
    chain: Mapped[str] = mapped_column(Text, primary_key=True)
    seq: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    prev_hash: Mapped[bytes] = mapped_column(LargeBinary)
    hash: Mapped[bytes] = mapped_column(LargeBinary)
    at: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True))
    actor_user_id: Mapped[int | None] = mapped_column(BigInteger)
    participant_id: Mapped[int | None] = mapped_column(BigInteger)
    mandate_id: Mapped[int | None] = mapped_column(BigInteger)
    action: Mapped[str] = mapped_column(Text)
    subject_type: Mapped[str | None] = mapped_column(Text)
    subject_id: Mapped[int | None] = mapped_column(BigInteger)
    batch_id: Mapped[int | None] = mapped_column(BigInteger)
    request_id: Mapped[str | None] = mapped_column(Text)
    detail: Mapped[str] = mapped_column(Text, server_default="{}")
    origin: Mapped[str | None] = mapped_column(Text)
    __table_args__ = (
        Index(None, "actor_user_id", "seq", postgresql_where="actor_user_id IS NOT NULL"),
        Index(None, "at"),
        Index(None, "subject_type", "subject_id", "seq", postgresql_where="subject_id IS NOT NULL"),
        Index(None, "batch_id", postgresql_where="batch_id IS NOT NULL"),
    )


class OutboxEvent(Base):
    """An event, written in the transaction of the change and delivered after its commit."""

    __tablename__ = "outbox"
    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    topic: Mapped[str] = mapped_column(Text)
    subject_type: Mapped[str] = mapped_column(Text)
    subject_id: Mapped[int] = mapped_column(BigInteger)
    payload: Mapped[str] = mapped_column(Text, server_default="{}")
    created_at: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True), server_default=NOW)
    delivered_at: Mapped[dt.datetime | None] = mapped_column(DateTime(timezone=True))
    __table_args__ = (Index("ix_outbox_undelivered", "id", postgresql_where="delivered_at IS NULL"),)


class InboxItem(Base):
    """The engine's second door: a command written in the caller's own transaction."""

    __tablename__ = "inbox"
    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    kind: Mapped[str] = mapped_column(Text)
    product_id: Mapped[int | None] = mapped_column(BigInteger)
    payload: Mapped[str] = mapped_column(Text, server_default="{}")
    actor_user_id: Mapped[int | None] = mapped_column(BigInteger)
    request_id: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True), server_default=NOW)
    done_at: Mapped[dt.datetime | None] = mapped_column(DateTime(timezone=True))
    batch_id: Mapped[int | None] = mapped_column(BigInteger)
    outcome: Mapped[str | None] = mapped_column(Text)
    __table_args__ = (Index("ix_inbox_open", "id", postgresql_where="done_at IS NULL"),)


class IdempotencyKey(Base):
    """One effect a key: the answer that was given, for the request that had this body.

    `scope` is the participant's id, or minus the user's id where the actor is the bureau.
    """

    __tablename__ = "idempotency_keys"
    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    scope: Mapped[int] = mapped_column(BigInteger)
    key: Mapped[str] = mapped_column(Text)
    route: Mapped[str] = mapped_column(Text)
    body_hash: Mapped[bytes] = mapped_column(LargeBinary)
    status: Mapped[int] = mapped_column(Integer)
    response: Mapped[str] = mapped_column(Text)
    headers: Mapped[str] = mapped_column(Text, server_default="{}")
    replays: Mapped[int] = mapped_column(Integer, server_default="0")
    created_at: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True), server_default=NOW)
    __table_args__ = (
        UniqueConstraint("scope", "key"),
        CheckConstraint("length(key) BETWEEN 1 AND 255", name="key_length"),
    )


class NumberSeries(Base):
    """Numbers that people read (certificates, notices): gapless within a series, drawn under a row lock."""

    __tablename__ = "number_series"
    series: Mapped[str] = mapped_column(Text, primary_key=True)
    last: Mapped[int] = mapped_column(BigInteger, server_default="0")


class SystemAccount(Base):
    """The ledger account that a chart code means for an asset (contra, clearing, fees)."""

    __tablename__ = "system_accounts"
    asset_id: Mapped[int] = mapped_column(SmallInteger, ForeignKey("assets.id"), primary_key=True)
    code: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    account_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("accounts.id"), unique=True)
