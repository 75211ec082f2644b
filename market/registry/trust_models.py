"""Trusteeship and pledges: whose the water of a pool is, and what is pledged to whom."""

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
    SmallInteger,
    Text,
    UniqueConstraint,
    func,
)
from sqlalchemy.orm import Mapped, mapped_column

from ledger.base import Base

NOW = func.clock_timestamp()

MEMBER_STATES = ("offered", "accepted", "refused", "withdrawn", "leaving", "left")


class Trust(Base):
    """A pool of water that a trustee runs for those who entrusted it (county plan part 4(2)10), and its terms.

    The pool is a water account of the trustee of the origin `trust`. Terms never change: whoever joins signs those
    that all have. `fee_per_mille` of the proceeds is the trustee's; `floor_price_e4` the least price (1/10 000 yuan
    per m3) that its orders may ask; `selling` who may sell: the trustee, or nobody (the pool is for use alone).
    """

    __tablename__ = "trusts"
    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    trustee_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("participants.id"), index=True)
    water_account_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("water_accounts.id"), unique=True)
    fee_per_mille: Mapped[int] = mapped_column(SmallInteger)
    floor_price_e4: Mapped[int] = mapped_column(BigInteger)
    selling: Mapped[str] = mapped_column(Text)
    starts_on: Mapped[dt.date] = mapped_column(Date)
    ends_on: Mapped[dt.date] = mapped_column(Date)
    notice_days: Mapped[int] = mapped_column(SmallInteger)
    conditions: Mapped[str] = mapped_column(Text, server_default="")
    status: Mapped[str] = mapped_column(Text, server_default="open")
    version: Mapped[int] = mapped_column(Integer, server_default="1")
    signed_by: Mapped[int | None] = mapped_column(BigInteger)
    opened_at: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True), server_default=NOW)
    ended_at: Mapped[dt.datetime | None] = mapped_column(DateTime(timezone=True))
    end_reason: Mapped[str | None] = mapped_column(Text)
    __table_args__ = (
        CheckConstraint("fee_per_mille BETWEEN 0 AND 1000", name="fee"),
        CheckConstraint("floor_price_e4 >= 0", name="floor"),
        CheckConstraint("selling IN ('trustee', 'nobody')", name="selling"),
        CheckConstraint("ends_on >= starts_on", name="term"),
        CheckConstraint("notice_days BETWEEN 0 AND 365", name="notice"),
        CheckConstraint("status IN ('open', 'ended')", name="status"),
        CheckConstraint("(status = 'ended') = (ended_at IS NOT NULL)", name="ended"),
    )


class TrustMember(Base):
    """One holder's agreement with the trustee about the water of one of its accounts; both sign.

    The holder signs by offering (`offer_litres`), the trustee by accepting. `standing`: what later announcements put
    on the account is entrusted too. Notice is given, and from `leaves_on` the holder takes its share out.
    """

    __tablename__ = "trust_members"
    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    trust_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("trusts.id"))
    participant_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("participants.id"), index=True)
    water_account_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("water_accounts.id"), index=True)
    offer_litres: Mapped[int] = mapped_column(BigInteger)
    standing: Mapped[bool] = mapped_column()
    status: Mapped[str] = mapped_column(Text, server_default="offered")
    version: Mapped[int] = mapped_column(Integer, server_default="1")
    signed_by: Mapped[int | None] = mapped_column(BigInteger)
    signed_at: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True), server_default=NOW)
    decided_by: Mapped[int | None] = mapped_column(BigInteger)
    decided_at: Mapped[dt.datetime | None] = mapped_column(DateTime(timezone=True))
    reason: Mapped[str] = mapped_column(Text, server_default="")
    leaves_on: Mapped[dt.date | None] = mapped_column(Date)
    __table_args__ = (
        CheckConstraint(f"status IN {MEMBER_STATES}", name="status"),
        CheckConstraint("offer_litres >= 0", name="offer"),
        CheckConstraint("(status IN ('leaving', 'left')) <= (leaves_on IS NOT NULL)", name="notice"),
        Index(None, "trust_id", "id"),
        # one agreement about an account at a time
        Index(
            "uq_trust_members_account",
            "water_account_id",
            unique=True,
            postgresql_where="status IN ('offered', 'accepted', 'leaving')",
        ),
    )


class TrustGeneration(Base):
    """From the transfer `mark` on the litres of a pool are those of its shares; until the next generation.

    What the pool sells and uses in between is taken of all shares in proportion; use and fee are negative where
    corrected readings gave more back. Immutable.
    """

    __tablename__ = "trust_generations"
    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    trust_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("trusts.id"))
    mark: Mapped[int] = mapped_column(BigInteger)
    cause: Mapped[str] = mapped_column(Text)
    instruction_id: Mapped[int | None] = mapped_column(BigInteger)
    total_litres: Mapped[int] = mapped_column(BigInteger)
    sold_litres: Mapped[int] = mapped_column(BigInteger)
    used_litres: Mapped[int] = mapped_column(BigInteger)
    fee_fen: Mapped[int] = mapped_column(BigInteger)
    made_at: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True), server_default=NOW)
    __table_args__ = (
        UniqueConstraint("trust_id", "mark"),
        CheckConstraint("cause IN ('brought_in', 'taken_out', 'returned')", name="cause"),
        CheckConstraint("(cause = 'returned') = (instruction_id IS NOT NULL)", name="instruction"),
        CheckConstraint("total_litres >= 0 AND sold_litres >= 0", name="not_negative"),
    )


class TrustShare(Base):
    """One member's litres in a pool at the start of a generation, and what the generation before took of its share.

    `moved_litres` came in (or, negative, went out) at its mark. Immutable.
    """

    __tablename__ = "trust_shares"
    generation_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("trust_generations.id"), primary_key=True, autoincrement=False
    )
    member_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("trust_members.id"), primary_key=True, autoincrement=False
    )
    litres: Mapped[int] = mapped_column(BigInteger)
    moved_litres: Mapped[int] = mapped_column(BigInteger)
    sold_litres: Mapped[int] = mapped_column(BigInteger)
    used_litres: Mapped[int] = mapped_column(BigInteger)
    fee_fen: Mapped[int] = mapped_column(BigInteger)
    __table_args__ = (
        CheckConstraint("litres >= 0 AND sold_litres >= 0", name="not_negative"),
        Index(None, "member_id", "generation_id"),
    )
