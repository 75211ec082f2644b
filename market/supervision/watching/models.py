"""Runs of surveillance, alerts, and two registers that its detectors ask: marks of people, decisions not yet public."""

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
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from ledger.base import Base

NOW = func.clock_timestamp()
MARKS = ("representative", "bank_account", "telephone", "address", "device")
"""What is recorded of a participant that tells whether two are one hand; kept as a keyed hash alone."""
MOVES = ("up", "down")
DISMISSED, INTO_CASE = DISPOSITIONS = ("dismissed", "case")


class SurveillanceRun(Base):
    """One look at the record from `since` until just before `until`, and by which thresholds. Immutable.

    `thresholds` is JSON: {name: {value, source, demonstration}}; `day` the legal day whose end it looked at.
    """

    __tablename__ = "surveillance_runs"
    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    day: Mapped[dt.date] = mapped_column(Date, index=True)
    since: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True))
    until: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True))
    thresholds: Mapped[str] = mapped_column(Text)
    parties: Mapped[int] = mapped_column(BigInteger)
    orders: Mapped[int] = mapped_column(BigInteger)
    trades: Mapped[int] = mapped_column(BigInteger)
    found: Mapped[int] = mapped_column(Integer)
    raised: Mapped[int] = mapped_column(Integer)
    ran_at: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True), server_default=NOW)
    __table_args__ = (
        CheckConstraint("until > since", name="window"),
        CheckConstraint("raised BETWEEN 0 AND found", name="raised"),
    )


class SurveillanceAlert(Base):
    """A question to a person: who did what, by which rule, with which figures beside which thresholds. Immutable.

    `key` is the SHA-256 of detector, topic, parties, trades and orders: what is found again is the same alert. `topic`
    tells apart what names neither trade nor order (a right, a zone). `figures` is JSON [[name, value, threshold], …].
    `continues_id`: an earlier alert of the same conduct, of which this one knows more.
    """

    __tablename__ = "surveillance_alerts"
    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    run_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("surveillance_runs.id"), index=True)
    detector: Mapped[str] = mapped_column(Text)
    key: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    topic: Mapped[str] = mapped_column(Text, server_default="")
    party_ids: Mapped[list[int]] = mapped_column(ARRAY(BigInteger))
    order_ids: Mapped[list[int]] = mapped_column(ARRAY(BigInteger))
    trade_ids: Mapped[list[int]] = mapped_column(ARRAY(BigInteger))
    first_at: Mapped[dt.datetime | None] = mapped_column(DateTime(timezone=True))
    last_at: Mapped[dt.datetime | None] = mapped_column(DateTime(timezone=True))
    rule: Mapped[str] = mapped_column(Text)
    figures: Mapped[str] = mapped_column(Text)
    continues_id: Mapped[int | None] = mapped_column(
        BigInteger, ForeignKey("surveillance_alerts.id"), index=True
    )
    raised_at: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True), server_default=NOW)
    __table_args__ = (
        CheckConstraint("length(key) = 32", name="key"),
        CheckConstraint("cardinality(party_ids) > 0", name="parties"),
        CheckConstraint("(first_at IS NULL) = (last_at IS NULL) AND first_at <= last_at", name="times"),
        CheckConstraint("continues_id < id", name="continues"),
        Index(None, "detector", "id"),
    )


class AlertDisposition(Base):
    """What became of an alert, once: dismissed with a reason, or made part of a case. Immutable."""

    __tablename__ = "alert_dispositions"
    alert_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("surveillance_alerts.id"), primary_key=True, autoincrement=False
    )
    kind: Mapped[str] = mapped_column(Text)
    reason: Mapped[str] = mapped_column(Text)
    case_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("supervision_cases.id"), index=True)
    decided_by: Mapped[int] = mapped_column(BigInteger, ForeignKey("users.id"))
    decided_at: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True), server_default=NOW)
    __table_args__ = (
        CheckConstraint(f"kind IN {DISPOSITIONS}", name="kind"),
        CheckConstraint("(kind = 'case') = (case_id IS NOT NULL)", name="case"),
        CheckConstraint("length(btrim(reason)) > 0", name="reason"),
    )


class PartyMark(Base):
    """What is known of a participant beside its name, as a keyed hash: two that are alike have the same. Never erased
    by a change: an older mark is ended, a newer one counts from then on.
    """

    __tablename__ = "party_marks"
    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    participant_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("participants.id"))
    kind: Mapped[str] = mapped_column(Text)
    digest: Mapped[bytes] = mapped_column(LargeBinary)
    document: Mapped[str] = mapped_column(Text)
    recorded_by: Mapped[int] = mapped_column(BigInteger, ForeignKey("users.id"))
    recorded_at: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True), server_default=NOW)
    ended_at: Mapped[dt.datetime | None] = mapped_column(DateTime(timezone=True))
    __table_args__ = (
        CheckConstraint(f"kind IN {MARKS}", name="kind"),
        CheckConstraint("length(digest) = 32", name="digest"),
        CheckConstraint("ended_at >= recorded_at", name="ended"),
        Index(
            "uq_party_marks_in_force", "participant_id", "kind", unique=True, postgresql_where="ended_at IS NULL"
        ),
    )  # fmt: skip


class PriceDecision(Base):
    """A decision that will move prices, and who knew it before it was published.

    `insider_ids` are participants; `moves` where the prices of the products go once it is known.
    """

    __tablename__ = "price_decisions"
    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    subject: Mapped[str] = mapped_column(Text)
    moves: Mapped[str] = mapped_column(Text)
    product_ids: Mapped[list[int]] = mapped_column(ARRAY(BigInteger))
    insider_ids: Mapped[list[int]] = mapped_column(ARRAY(BigInteger))
    decided_at: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True))
    published_at: Mapped[dt.datetime | None] = mapped_column(DateTime(timezone=True))
    recorded_by: Mapped[int] = mapped_column(BigInteger, ForeignKey("users.id"))
    recorded_at: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True), server_default=NOW)
    __table_args__ = (
        CheckConstraint(f"moves IN {MOVES}", name="moves"),
        CheckConstraint("cardinality(product_ids) > 0", name="products"),
        CheckConstraint("published_at >= decided_at", name="published"),
    )
