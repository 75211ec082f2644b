"""Pledges of rights for loans: consent to a search, the pledge with its rank, what it holds, and sales of it."""

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

PLEDGE_STATES = ("applied", "agreed", "registered", "enforcing", "refused", "released")


class PledgeConsent(Base):
    """A holder's recorded consent that a bank looks at one of its rights, until a legal day or its revocation."""

    __tablename__ = "pledge_consents"
    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    participant_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("participants.id"), index=True)
    bank_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("participants.id"), index=True)
    entitlement_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("entitlements.id"), index=True)
    valid_to: Mapped[dt.date] = mapped_column(Date)
    granted_by: Mapped[int | None] = mapped_column(BigInteger)
    granted_at: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True), server_default=NOW)
    revoked_at: Mapped[dt.datetime | None] = mapped_column(DateTime(timezone=True))
    __table_args__ = (CheckConstraint("bank_id <> participant_id", name="two_parties"),)


class Pledge(Base):
    """A right pledged to a bank: `litres` of each water year are held, `secured_fen` is the most it secures.

    `owed_fen` is what is still owed, as the bank declared it last; `valued_fen` the bank's valuation and
    `valuation` its basis. Ranks of a right count up by registration (Civil Code art. 414) and are never given twice.
    """

    __tablename__ = "pledges"
    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    consent_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("pledge_consents.id"))
    entitlement_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("entitlements.id"))
    participant_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("participants.id"), index=True)
    bank_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("participants.id"), index=True)
    litres: Mapped[int] = mapped_column(BigInteger)
    secured_fen: Mapped[int] = mapped_column(BigInteger)
    owed_fen: Mapped[int] = mapped_column(BigInteger)
    valued_fen: Mapped[int] = mapped_column(BigInteger)
    valuation: Mapped[str] = mapped_column(Text)
    document: Mapped[str] = mapped_column(Text)
    rank: Mapped[int | None] = mapped_column(SmallInteger)
    status: Mapped[str] = mapped_column(Text, server_default="applied")
    alerted_trade_id: Mapped[int] = mapped_column(BigInteger, server_default="0")
    version: Mapped[int] = mapped_column(Integer, server_default="1")
    applied_at: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True), server_default=NOW)
    registered_at: Mapped[dt.datetime | None] = mapped_column(DateTime(timezone=True))
    __table_args__ = (
        UniqueConstraint("entitlement_id", "rank"),
        CheckConstraint(f"status IN {PLEDGE_STATES}", name="status"),
        CheckConstraint("bank_id <> participant_id", name="two_parties"),
        CheckConstraint("litres > 0 AND secured_fen > 0 AND valued_fen >= 0", name="amounts"),
        CheckConstraint("owed_fen BETWEEN 0 AND secured_fen", name="owed"),
        CheckConstraint("(rank IS NULL) = (registered_at IS NULL)", name="ranked"),
        CheckConstraint("status NOT IN ('registered', 'enforcing') OR rank IS NOT NULL", name="registered"),
    )


class PledgeStep(Base):
    """One named step of a pledge: who, when, why, and its litres or fen. Immutable."""

    __tablename__ = "pledge_steps"
    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    pledge_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("pledges.id"), index=True)
    step: Mapped[str] = mapped_column(Text)
    reason: Mapped[str] = mapped_column(Text)
    litres: Mapped[int | None] = mapped_column(BigInteger)
    fen: Mapped[int | None] = mapped_column(BigInteger)
    made_by: Mapped[int | None] = mapped_column(BigInteger)
    made_at: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True), server_default=NOW)


class PledgeHold(Base):
    """Litres of a water account that a pledge holds, under the pending transfer `hold_id`; nil once given back."""

    __tablename__ = "pledge_holds"
    hold_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    pledge_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("pledges.id"), index=True)
    water_account_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("water_accounts.id"), index=True)
    litres: Mapped[int] = mapped_column(BigInteger)
    __table_args__ = (CheckConstraint("litres >= 0", name="litres"),)


class PledgeSale(Base):
    """The account (of the origin `pledged`) that sells pledged water, and the ledger account of what it earns.

    The seller is the holder with the bank's consent, or at an enforcement an agent; never the bank.
    """

    __tablename__ = "pledge_sales"
    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    participant_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("participants.id"), index=True)
    home_account_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("water_accounts.id"))
    water_account_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("water_accounts.id"), unique=True)
    proceeds_account_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("accounts.id"), unique=True)
    floor_price_e4: Mapped[int] = mapped_column(BigInteger)
    version: Mapped[int] = mapped_column(Integer, server_default="1")
    opened_at: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True), server_default=NOW)
    __table_args__ = (
        CheckConstraint("home_account_id <> water_account_id", name="two_accounts"),
        CheckConstraint("floor_price_e4 >= 0", name="floor"),
    )


class PledgeSalePart(Base):
    """Litres that one pledge let go for a sale (negative: that came back unsold). Immutable."""

    __tablename__ = "pledge_sale_parts"
    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    sale_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("pledge_sales.id"))
    pledge_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("pledges.id"), index=True)
    litres: Mapped[int] = mapped_column(BigInteger)
    made_at: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True), server_default=NOW)
    __table_args__ = (CheckConstraint("litres <> 0", name="litres"), Index(None, "sale_id", "id"))
