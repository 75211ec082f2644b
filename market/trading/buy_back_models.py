"""Government buy-back: standing offers with a budget, what was taken of them, and the lists that villages hand in."""

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
    func,
)
from sqlalchemy.orm import Mapped, mapped_column

from ledger.base import Base

ENDINGS = ("closed", "used_up", "over")
TAKE_STATES = ("struck", "traded", "refused")
NOW = func.clock_timestamp()


class BuyBack(Base):
    """A standing offer of a storage body: `multiple_e3` thousandths of the water price at the seller's place.

    `held_fen` of the budget rest under the pending transfer `hold_id` on the body's money; `under_way_fen` are with
    takes that the engine has not answered; `spent_fen` were paid; `freed_fen` went back to the body. The four make the
    budget, always. `ceiling_e6` (millionths) bounds what one holder sells here, as a share of its allocation.
    """

    __tablename__ = "buy_backs"
    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    participant_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("participants.id"))
    product_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("products.id"))
    water_account_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("water_accounts.id"), index=True)
    money_account_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("money_accounts.id"))
    zone_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("zones.id"))
    multiple_e3: Mapped[int] = mapped_column(Integer)
    ceiling_e6: Mapped[int | None] = mapped_column(Integer)
    starts_on: Mapped[dt.date] = mapped_column(Date)
    ends_on: Mapped[dt.date] = mapped_column(Date)
    budget_fen: Mapped[int] = mapped_column(BigInteger)
    held_fen: Mapped[int] = mapped_column(BigInteger)
    under_way_fen: Mapped[int] = mapped_column(BigInteger, default=0)
    spent_fen: Mapped[int] = mapped_column(BigInteger, default=0)
    freed_fen: Mapped[int] = mapped_column(BigInteger, default=0)
    hold_id: Mapped[int | None] = mapped_column(BigInteger)
    document: Mapped[str] = mapped_column(Text)
    legal_source: Mapped[str] = mapped_column(Text)
    status: Mapped[str] = mapped_column(Text, server_default="open")
    ending: Mapped[str | None] = mapped_column(Text)
    published_by: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("users.id"))
    published_at: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True), server_default=NOW)
    ended_at: Mapped[dt.datetime | None] = mapped_column(DateTime(timezone=True))
    version: Mapped[int] = mapped_column(Integer, server_default="1")
    __table_args__ = (
        CheckConstraint("status IN ('open', 'ended')", name="status"),
        CheckConstraint(f"ending IN {ENDINGS}", name="ending"),
        CheckConstraint("(status = 'ended') = (ending IS NOT NULL)", name="ended"),
        CheckConstraint("(status = 'ended') = (ended_at IS NOT NULL)", name="ended_at"),
        CheckConstraint("status = 'open' OR held_fen = 0", name="nothing_held"),
        CheckConstraint("multiple_e3 > 0 AND ceiling_e6 BETWEEN 1 AND 1000000", name="terms"),
        CheckConstraint("ends_on >= starts_on", name="dates"),
        CheckConstraint(
            "held_fen >= 0 AND under_way_fen >= 0 AND spent_fen >= 0 AND freed_fen >= 0", name="not_negative"
        ),
        CheckConstraint(
            "budget_fen > 0 AND budget_fen = held_fen + under_way_fen + spent_fen + freed_fen", name="budget"
        ),
        CheckConstraint("(held_fen > 0) = (hold_id IS NOT NULL)", name="hold"),
        Index("ix_buy_backs_open", "id", postgresql_where="status = 'open'"),
    )


class BuyBackList(Base):
    """A village's list: whose hand it came from, on what paper (`basis`), and what became of its rows.

    `partial`: the good rows were taken although others were refused; `shared`: the budget did not suffice and was
    shared.
    """

    __tablename__ = "buy_back_lists"
    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    buy_back_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("buy_backs.id"), index=True)
    participant_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("participants.id"), index=True)
    basis: Mapped[str] = mapped_column(Text)
    partial: Mapped[bool]
    shared: Mapped[bool]
    taken: Mapped[int] = mapped_column(Integer)
    refused: Mapped[int] = mapped_column(Integer)
    entered_by: Mapped[int] = mapped_column(BigInteger, ForeignKey("users.id"))
    entered_at: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True), server_default=NOW)


class BuyBackTake(Base):
    """What one holder sells to an offer: litres at its own place, price = water price x multiple, and its fen.

    It is struck when it is taken, and traded or refused when the engine has answered its one deal.
    """

    __tablename__ = "buy_back_takes"
    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    buy_back_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("buy_backs.id"), index=True)
    list_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("buy_back_lists.id"), index=True)
    participant_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("participants.id"), index=True)
    water_account_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("water_accounts.id"))
    volume_litres: Mapped[int] = mapped_column(BigInteger)
    tariff_e4: Mapped[int] = mapped_column(BigInteger)
    price_e4: Mapped[int] = mapped_column(BigInteger)
    part_fen: Mapped[int] = mapped_column(BigInteger)
    status: Mapped[str] = mapped_column(Text, server_default="struck")
    taken_by: Mapped[int] = mapped_column(BigInteger, ForeignKey("users.id"))
    taken_at: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True), server_default=NOW)
    resolved_at: Mapped[dt.datetime | None] = mapped_column(DateTime(timezone=True))
    __table_args__ = (
        CheckConstraint(f"status IN {TAKE_STATES}", name="status"),
        CheckConstraint(
            "volume_litres > 0 AND price_e4 > 0 AND tariff_e4 > 0 AND part_fen > 0", name="amounts"
        ),
        CheckConstraint("(status = 'struck') = (resolved_at IS NULL)", name="resolved"),
        Index("ix_buy_back_takes_struck", "buy_back_id", postgresql_where="status = 'struck'"),
    )
