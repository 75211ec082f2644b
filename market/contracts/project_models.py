"""Saving projects: what a user of water asks firms for, what they propose, and the marks that the bureau gives."""

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
    Text,
    func,
)
from sqlalchemy.orm import Mapped, mapped_column

from ledger.base import Base
from market.contracts.firm_models import PROJECT_KINDS

MODES = ("sharing", "guaranteed", "trusteeship", "trusteeship_guaranteed")
"""效益分享, 节水效果保证, 用水费用托管, and trusteeship with a guarantee (plan part 4(2)8)."""
PROJECT_STATES = ("open", "chosen", "withdrawn")
PROPOSAL_STATES = ("submitted", "withdrawn", "chosen", "declined")
MARKS = ("pilot", "demonstration")
MARK_LEVELS = ("county", "prefecture", "region", "nation")
NOW = func.clock_timestamp()


class Project(Base):
    """A user's call for a saving project: where, of what kind, how much it uses, and until when firms may propose.

    `sealed`: proposals are shown to the user only after the deadline. `mode`: the one wanted, or None for any.
    """

    __tablename__ = "projects"
    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    participant_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("participants.id"), index=True)
    kind: Mapped[str] = mapped_column(Text)
    title: Mapped[str] = mapped_column(Text)
    description: Mapped[str] = mapped_column(Text)
    township_zone_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("zones.id"))
    use_litres: Mapped[int] = mapped_column(BigInteger)
    mode: Mapped[str | None] = mapped_column(Text)
    longest_months: Mapped[int] = mapped_column(Integer)
    sealed: Mapped[bool]
    closes_at: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True))
    status: Mapped[str] = mapped_column(Text, server_default="open")
    published_by: Mapped[int] = mapped_column(BigInteger, ForeignKey("users.id"))
    published_at: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True), server_default=NOW)
    ended_at: Mapped[dt.datetime | None] = mapped_column(DateTime(timezone=True))
    end_reason: Mapped[str | None] = mapped_column(Text)
    version: Mapped[int] = mapped_column(Integer, server_default="1")
    __table_args__ = (
        CheckConstraint(f"kind IN {PROJECT_KINDS}", name="kind"),
        CheckConstraint(f"status IN {PROJECT_STATES}", name="status"),
        CheckConstraint(f"mode IN {MODES}", name="mode"),
        CheckConstraint("use_litres > 0 AND longest_months BETWEEN 1 AND 600", name="amounts"),
        CheckConstraint("closes_at > published_at", name="deadline"),
        CheckConstraint("(status = 'open') = (ended_at IS NULL)", name="ended"),
        CheckConstraint("(status = 'open') = (end_reason IS NULL)", name="reason"),
    )


class Proposal(Base):
    """What a firm offers for a project: the saving a year, its investment, its share, the term.

    `share_bp`: the firm's share of the benefit in basis points, for the modes that share; None for the others.
    `fee_fen`: what the user pays it a year, for the others.
    """

    __tablename__ = "proposals"
    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    project_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("projects.id"), index=True)
    firm_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("firms.id"), index=True)
    participant_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("participants.id"), index=True)
    mode: Mapped[str] = mapped_column(Text)
    saving_litres: Mapped[int] = mapped_column(BigInteger)
    investment_fen: Mapped[int] = mapped_column(BigInteger)
    share_bp: Mapped[int | None] = mapped_column(Integer)
    fee_fen: Mapped[int | None] = mapped_column(BigInteger)
    term_months: Mapped[int] = mapped_column(Integer)
    measures: Mapped[str] = mapped_column(Text)
    related: Mapped[bool]
    status: Mapped[str] = mapped_column(Text, server_default="submitted")
    submitted_by: Mapped[int] = mapped_column(BigInteger, ForeignKey("users.id"))
    submitted_at: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True), server_default=NOW)
    resolved_at: Mapped[dt.datetime | None] = mapped_column(DateTime(timezone=True))
    __table_args__ = (
        CheckConstraint(f"status IN {PROPOSAL_STATES}", name="status"),
        CheckConstraint(f"mode IN {MODES}", name="mode"),
        CheckConstraint("saving_litres > 0 AND investment_fen >= 0 AND term_months > 0", name="amounts"),
        CheckConstraint("share_bp BETWEEN 0 AND 10000 AND fee_fen >= 0", name="terms"),
        CheckConstraint("(mode = 'sharing') = (share_bp IS NOT NULL)", name="share"),
        CheckConstraint("(mode = 'sharing') = (fee_fen IS NULL)", name="fee"),
        CheckConstraint("(status = 'submitted') = (resolved_at IS NULL)", name="resolved"),
        Index(
            "uq_proposals_standing", "project_id", "firm_id", unique=True,
            postgresql_where="status IN ('submitted', 'chosen')",
        ),
        Index("uq_proposals_chosen", "project_id", unique=True, postgresql_where="status = 'chosen'"),
    )  # fmt: skip


class ProjectMark(Base):
    """That a project is a pilot or a demonstration of a level (试点, 示范); taken away with a reason."""

    __tablename__ = "project_marks"
    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    project_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("projects.id"))
    mark: Mapped[str] = mapped_column(Text)
    level: Mapped[str] = mapped_column(Text)
    document: Mapped[str] = mapped_column(Text)
    given_by: Mapped[int] = mapped_column(BigInteger, ForeignKey("users.id"))
    given_at: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True), server_default=NOW)
    removed_at: Mapped[dt.datetime | None] = mapped_column(DateTime(timezone=True))
    removal_reason: Mapped[str | None] = mapped_column(Text)
    __table_args__ = (
        CheckConstraint(f"mark IN {MARKS}", name="mark"),
        CheckConstraint(f"level IN {MARK_LEVELS}", name="level"),
        CheckConstraint("(removed_at IS NULL) = (removal_reason IS NULL)", name="removed"),
        Index(
            "uq_project_marks_standing", "project_id", "mark", "level", unique=True,
            postgresql_where="removed_at IS NULL",
        ),
    )  # fmt: skip
