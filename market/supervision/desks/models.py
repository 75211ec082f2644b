"""What waits at a desk and became of it, as rows: files, steps, hearings, objections, notices, complaints, persons."""

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
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from ledger.base import Base
from market.county.review_parts import APPROVED, DESKS, REFUSED

NOW = func.clock_timestamp()
OPEN, CLOSED = "open", "closed"
INSTRUCTION, CALL, PROGRAMME, RIGHT, DEAL, FIRM, COMPLAINT = DECIDED_HERE = (
    "instruction", "call", "programme", "entitlement", "negotiation", "firm", "complaint",
)  # fmt: skip
RENEWAL, ADMISSION, PLEDGE, QUALIFICATION, DISPUTE, CLAW_BACK, REFUND = OWN_PROCEDURE = (
    "renewal", "participant", "pledge", "firm_qualification", "saving_report", "claw_back", "refund",
)  # fmt: skip
"""What waits at a desk and is decided by steps of its own: the docket lists it, keeps its clock and closes its file."""
KINDS = (*DECIDED_HERE, *OWN_PROCEDURE)
ELSEWHERE = "elsewhere"
"""The matter ended without a decision of the desk: withdrawn, lapsed, or reached by a curtailment or a year's end."""
OUTCOMES = (APPROVED, REFUSED, ELSEWHERE)
STEPS = (
    "opened", "proposed", "returned", "recused", "hearing_opened", "hearing_closed", "objected", "objection_answered",
    "warned", "overdue", "escalated", "decided", "decided_by_silence", "ended_elsewhere",
)  # fmt: skip
RELATIONS = ("own", "household", "kin", "employment", "other")
HOW_SERVED = ("electronic", "in_person", "post", "left_with", "public")


class DeskReview(Base):
    """The file of one matter before a desk: subject (`kind`, `reference`), rule as it was when it began, and outcome.

    `terms` is that rule as JSON; `parties` are the participants whom it concerns; `litres`, `fen`: how much it is
    about. `proposed_*`: what a first of two persons decided. `decided_for`: the member whose deputy decided.
    Once closed, `archive` is everything of it as JSON, hashed, and the row changes no more.
    """

    __tablename__ = "desk_reviews"
    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    kind: Mapped[str] = mapped_column(Text)
    reference: Mapped[int] = mapped_column(BigInteger)
    desk: Mapped[str] = mapped_column(Text)
    rule: Mapped[str] = mapped_column(Text)
    terms: Mapped[str] = mapped_column(Text)
    four_eyes: Mapped[bool]
    parties: Mapped[list[int]] = mapped_column(ARRAY(BigInteger))
    litres: Mapped[int | None] = mapped_column(BigInteger)
    fen: Mapped[int | None] = mapped_column(BigInteger)
    began_at: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True))
    working_days: Mapped[int] = mapped_column(SmallInteger)
    published_until: Mapped[dt.date | None] = mapped_column(Date)
    status: Mapped[str] = mapped_column(Text, server_default=OPEN)
    proposed_decision: Mapped[str | None] = mapped_column(Text)
    proposed_extra: Mapped[str | None] = mapped_column(Text)
    proposed_by: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("users.id"))
    proposed_at: Mapped[dt.datetime | None] = mapped_column(DateTime(timezone=True))
    warned_at: Mapped[dt.datetime | None] = mapped_column(DateTime(timezone=True))
    silence_at: Mapped[dt.datetime | None] = mapped_column(DateTime(timezone=True))
    outcome: Mapped[str | None] = mapped_column(Text)
    decided_by: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("users.id"))
    decided_for: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("users.id"))
    closed_at: Mapped[dt.datetime | None] = mapped_column(DateTime(timezone=True))
    archive: Mapped[bytes | None] = mapped_column(LargeBinary)
    archive_sha256: Mapped[bytes | None] = mapped_column(LargeBinary)
    __table_args__ = (
        CheckConstraint(f"kind IN {KINDS}", name="kind"),
        CheckConstraint(f"desk IN {DESKS}", name="desk"),
        CheckConstraint(f"status IN {(OPEN, CLOSED)}", name="status"),
        CheckConstraint(f"outcome IN {OUTCOMES}", name="outcome"),
        CheckConstraint("working_days >= 0", name="working_days"),
        CheckConstraint(f"proposed_decision IN {(APPROVED, REFUSED)}", name="proposed"),
        CheckConstraint(
            "(proposed_by IS NULL) = (proposed_at IS NULL) AND (proposed_by IS NULL) = (proposed_decision IS NULL)"
            " AND (proposed_by IS NULL) = (proposed_extra IS NULL)",
            name="proposal",
        ),
        CheckConstraint(
            "NOT four_eyes OR decided_by IS NULL OR (proposed_by IS NOT NULL AND proposed_by <> decided_by"
            " AND proposed_decision = outcome)",
            name="four_eyes",
        ),
        CheckConstraint("decided_for IS NULL OR decided_for <> decided_by", name="deputy"),
        CheckConstraint(
            "(status = 'closed') = (closed_at IS NOT NULL) AND (status = 'closed') = (outcome IS NOT NULL)"
            " AND (status = 'closed') = (archive IS NOT NULL)",
            name="closed",
        ),
        CheckConstraint("archive_sha256 = sha256(archive) OR archive IS NULL", name="archive"),
        CheckConstraint("(archive IS NULL) = (archive_sha256 IS NULL)", name="hashed"),
        Index("uq_desk_reviews_open", "kind", "reference", unique=True, postgresql_where="status = 'open'"),
        Index("ix_desk_reviews_queue", "desk", "id", postgresql_where="status = 'open'"),
        Index(None, "kind", "reference", "id"),
    )


class DeskReviewStep(Base):
    """One step in a matter's file: what, when, by whom and for whom, why and by which law. Immutable."""

    __tablename__ = "desk_review_steps"
    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    review_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("desk_reviews.id"))
    step: Mapped[str] = mapped_column(Text)
    at: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True), server_default=NOW)
    by_user: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("users.id"))
    for_user: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("users.id"))
    reason: Mapped[str] = mapped_column(Text, server_default="")
    legal_source: Mapped[str] = mapped_column(Text, server_default="")
    detail: Mapped[str] = mapped_column(Text, server_default="{}")
    __table_args__ = (
        CheckConstraint(f"step IN {STEPS}", name="step"),
        Index(None, "review_id", "id"),
        # what silence means has its effect once
        Index(
            "uq_desk_review_steps_silence", "review_id", unique=True,
            postgresql_where="step IN ('overdue', 'escalated', 'decided_by_silence')",
        ),
        Index(
            "uq_desk_review_steps_recusal", "review_id", "by_user", unique=True,
            postgresql_where="step = 'recused'",
        ),
    )  # fmt: skip


class ReviewHearing(Base):
    """A hearing in a matter: from when to when, and its record."""

    __tablename__ = "review_hearings"
    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    review_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("desk_reviews.id"), index=True)
    reason: Mapped[str] = mapped_column(Text)
    opened_at: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True), server_default=NOW)
    opened_by: Mapped[int] = mapped_column(BigInteger, ForeignKey("users.id"))
    closed_at: Mapped[dt.datetime | None] = mapped_column(DateTime(timezone=True))
    closed_by: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("users.id"))
    record: Mapped[str | None] = mapped_column(Text)
    __table_args__ = (
        CheckConstraint(
            "(closed_at IS NULL) = (closed_by IS NULL) AND (closed_at IS NULL) = (record IS NULL) AND record <> ''",
            name="closed",
        ),
        Index("uq_review_hearings_open", "review_id", unique=True, postgresql_where="closed_at IS NULL"),
    )


class ReviewObjection(Base):
    """What another participant says against a published matter, and what the desk answered."""

    __tablename__ = "review_objections"
    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    review_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("desk_reviews.id"))
    participant_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("participants.id"))
    grounds: Mapped[str] = mapped_column(Text)
    lodged_by: Mapped[int] = mapped_column(BigInteger, ForeignKey("users.id"))
    lodged_at: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True), server_default=NOW)
    answer: Mapped[str | None] = mapped_column(Text)
    answered_by: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("users.id"))
    answered_at: Mapped[dt.datetime | None] = mapped_column(DateTime(timezone=True))
    __table_args__ = (
        UniqueConstraint("review_id", "participant_id"),
        CheckConstraint(
            "(answer IS NULL) = (answered_at IS NULL) AND (answer IS NULL) = (answered_by IS NULL) AND answer <> ''",
            name="answered",
        ),
    )


class DeskInterest(Base):
    """A participant in which somebody at the bureau declared an interest: own, of the household, of kin."""

    __tablename__ = "desk_interests"
    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    user_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("users.id"))
    participant_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("participants.id"))
    relation: Mapped[str] = mapped_column(Text)
    declared_at: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True), server_default=NOW)
    ended_at: Mapped[dt.datetime | None] = mapped_column(DateTime(timezone=True))
    ended_by: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("users.id"))
    __table_args__ = (
        CheckConstraint(f"relation IN {RELATIONS}", name="relation"),
        # a declaration is struck off by somebody else
        CheckConstraint("(ended_at IS NULL) = (ended_by IS NULL) AND ended_by <> user_id", name="ended"),
        Index(
            "uq_desk_interests_open", "user_id", "participant_id", unique=True, postgresql_where="ended_at IS NULL"
        ),
    )  # fmt: skip


class DeskDeputy(Base):
    """Who stands in for a member of a desk, from a day to another, both included; appointed by a supervisor."""

    __tablename__ = "desk_deputies"
    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    desk: Mapped[str] = mapped_column(Text)
    member_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("users.id"))
    deputy_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("users.id"), index=True)
    from_on: Mapped[dt.date] = mapped_column(Date)
    to_on: Mapped[dt.date] = mapped_column(Date)
    reason: Mapped[str] = mapped_column(Text)
    appointed_by: Mapped[int] = mapped_column(BigInteger, ForeignKey("users.id"))
    appointed_at: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True), server_default=NOW)
    revoked_at: Mapped[dt.datetime | None] = mapped_column(DateTime(timezone=True))
    revoked_by: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("users.id"))
    __table_args__ = (
        CheckConstraint(f"desk IN {DESKS}", name="desk"),
        CheckConstraint("to_on >= from_on", name="dates"),
        CheckConstraint("deputy_id <> member_id AND deputy_id <> appointed_by", name="persons"),
        CheckConstraint("(revoked_at IS NULL) = (revoked_by IS NULL)", name="revoked"),
    )


class Notice(Base):
    """A decision in writing, numbered without gaps in its desk's year, in both languages, hashed. Immutable."""

    __tablename__ = "notices"
    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    desk: Mapped[str] = mapped_column(Text)
    year: Mapped[int] = mapped_column(SmallInteger)
    seq: Mapped[int] = mapped_column(Integer)
    number: Mapped[str] = mapped_column(Text, unique=True)
    review_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("desk_reviews.id"), index=True)
    decision: Mapped[str] = mapped_column(Text)
    text_zh: Mapped[str] = mapped_column(Text)
    text_en: Mapped[str] = mapped_column(Text)
    sha256: Mapped[bytes] = mapped_column(LargeBinary)
    remedy_days: Mapped[int] = mapped_column(SmallInteger)
    issued_by: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("users.id"))
    issued_at: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True), server_default=NOW)
    __table_args__ = (
        UniqueConstraint("desk", "year", "seq"),
        CheckConstraint(f"desk IN {DESKS}", name="desk"),
        CheckConstraint(f"decision IN {(APPROVED, REFUSED)}", name="decision"),
        CheckConstraint("length(sha256) = 32 AND seq > 0 AND remedy_days > 0", name="numbers"),
    )


class NoticeAddressee(Base):
    """Whom a notice is for. Immutable."""

    __tablename__ = "notice_addressees"
    notice_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("notices.id"), primary_key=True)
    participant_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("participants.id"), primary_key=True, index=True
    )


class NoticeService(Base):
    """That a notice was served on an addressee: how, when, by whom and to whom; once. Immutable."""

    __tablename__ = "notice_services"
    notice_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("notices.id"), primary_key=True)
    participant_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("participants.id"), primary_key=True)
    how: Mapped[str] = mapped_column(Text)
    served_on: Mapped[dt.date] = mapped_column(Date)
    served_by: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("users.id"))
    received_by: Mapped[str] = mapped_column(Text)
    recorded_at: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True), server_default=NOW)
    __table_args__ = (CheckConstraint(f"how IN {HOW_SERVED}", name="how"),)


class Complaint(Base):
    """What a participant complains of, a decision or a clerk; numbered, decided by somebody else, answered."""

    __tablename__ = "complaints"
    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    year: Mapped[int] = mapped_column(SmallInteger)
    seq: Mapped[int] = mapped_column(Integer)
    participant_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("participants.id"), index=True)
    notice_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("notices.id"))
    clerk_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("users.id"))
    text: Mapped[str] = mapped_column(Text)
    status: Mapped[str] = mapped_column(Text, server_default="filed")
    filed_by: Mapped[int] = mapped_column(BigInteger, ForeignKey("users.id"))
    filed_at: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True), server_default=NOW)
    answer: Mapped[str | None] = mapped_column(Text)
    answered_by: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("users.id"))
    answered_at: Mapped[dt.datetime | None] = mapped_column(DateTime(timezone=True))
    __table_args__ = (
        UniqueConstraint("year", "seq"),
        CheckConstraint("status IN ('filed', 'upheld', 'dismissed', 'withdrawn')", name="status"),
        CheckConstraint("notice_id IS NOT NULL OR clerk_id IS NOT NULL", name="about"),
        CheckConstraint("answered_by <> clerk_id", name="somebody_else"),
        CheckConstraint(
            "(status IN ('upheld', 'dismissed')) = (answer IS NOT NULL)"
            " AND (answer IS NULL) = (answered_at IS NULL) AND (answer IS NULL) = (answered_by IS NULL)",
            name="answered",
        ),
    )
