"""The water year's tables: reserves, reversals, water debts, curtailments, carry-overs and what may spill."""

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
    SmallInteger,
    Text,
    UniqueConstraint,
    func,
)
from sqlalchemy.orm import Mapped, mapped_column

from ledger.base import Base

NOW = func.clock_timestamp()

CURTAILMENT_STATES = ("halting", "cancelling", "resuming", "done")
SPILLABLE_STATES = ("held", "released", "spilled", "curtailed")


class Reserve(Base):
    """What announcements held back at a place, for the village and the district; litres on a ledger account."""

    __tablename__ = "reserves"
    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    water_year: Mapped[int] = mapped_column(SmallInteger, ForeignKey("water_years.year"))
    source: Mapped[str] = mapped_column(Text)
    township_zone_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("zones.id"))
    canal_zone_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("zones.id"))
    sector: Mapped[str] = mapped_column(Text)
    account_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("accounts.id"), unique=True)
    __table_args__ = (
        UniqueConstraint("water_year", "source", "township_zone_id", "canal_zone_id", "sector"),
    )


class WaterDebt(Base):
    """The ledger account (debit-normal) of what a water account owes in water."""

    __tablename__ = "water_debts"
    water_account_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("water_accounts.id"), primary_key=True, autoincrement=False
    )
    account_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("accounts.id"), unique=True)


class Reversal(Base):
    """A wrong announcement taken back: what was still there, and what is owed since. Immutable."""

    __tablename__ = "reversals"
    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    announcement_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("announcements.id"), unique=True)
    reason: Mapped[str] = mapped_column(Text)
    legal_source: Mapped[str] = mapped_column(Text)
    taken_litres: Mapped[int] = mapped_column(BigInteger)
    owed_litres: Mapped[int] = mapped_column(BigInteger)
    reserve_litres: Mapped[int] = mapped_column(BigInteger)
    reversed_by: Mapped[int | None] = mapped_column(BigInteger)
    reversed_at: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True), server_default=NOW)
    __table_args__ = (
        CheckConstraint("taken_litres >= 0 AND owed_litres >= 0 AND reserve_litres >= 0", name="litres"),
    )


class ReversalLine(Base):
    """What a reversal took from one water account, and what that account owes since. Immutable."""

    __tablename__ = "reversal_lines"
    reversal_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("reversals.id"), primary_key=True)
    water_account_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("water_accounts.id"), primary_key=True, index=True
    )
    taken_litres: Mapped[int] = mapped_column(BigInteger)
    owed_litres: Mapped[int] = mapped_column(BigInteger)
    __table_args__ = (CheckConstraint("taken_litres >= 0 AND owed_litres >= 0", name="litres"),)


class Curtailment(Base):
    """A cut of caps below present use, as a process of several transactions; `status` is where it stands.

    halting: the products are being halted; cancelling: orders that hold what is taken are being ended; resuming: cut
    and curtailment are posted, trading opens again; done. `awaits` (JSON: [inbox id, …]) are the engine's commands
    that the present step waits for.
    """

    __tablename__ = "curtailments"
    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    water_year: Mapped[int] = mapped_column(SmallInteger, ForeignKey("water_years.year"))
    status: Mapped[str] = mapped_column(Text, server_default="halting")
    reason: Mapped[str] = mapped_column(Text)
    legal_source: Mapped[str] = mapped_column(Text)
    products: Mapped[str] = mapped_column(Text)
    awaits: Mapped[str] = mapped_column(Text)
    taken_litres: Mapped[int | None] = mapped_column(BigInteger)
    requested_by: Mapped[int | None] = mapped_column(BigInteger)
    requested_at: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True), server_default=NOW)
    posted_at: Mapped[dt.datetime | None] = mapped_column(DateTime(timezone=True))
    version: Mapped[int] = mapped_column(Integer, server_default="1")
    __table_args__ = (
        CheckConstraint(f"status IN {CURTAILMENT_STATES}", name="status"),
        CheckConstraint("(status IN ('resuming', 'done')) = (posted_at IS NOT NULL)", name="posted"),
        CheckConstraint("(taken_litres IS NULL) = (posted_at IS NULL)", name="taken"),
        # Two at once in a year would each halt and resume the other's products.
        Index("uq_curtailments_running", "water_year", unique=True, postgresql_where="status <> 'done'"),
    )


class CurtailmentCut(Base):
    """One cap of a curtailment: before, after, and what of the cut could not be taken back."""

    __tablename__ = "curtailment_cuts"
    curtailment_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("curtailments.id"), primary_key=True)
    limit_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("limits.id"), primary_key=True)
    before_litres: Mapped[int] = mapped_column(BigInteger)
    after_litres: Mapped[int] = mapped_column(BigInteger)
    excess_litres: Mapped[int | None] = mapped_column(BigInteger)
    __table_args__ = (
        CheckConstraint("after_litres >= 0 AND after_litres < before_litres", name="cut"),
        CheckConstraint("excess_litres >= 0", name="excess"),
    )


class CurtailmentLine(Base):
    """What a curtailment took of one water account, in which class of priority. Immutable.

    Of `litres`, so much was water that might have spilt, and so much was pledged.
    """

    __tablename__ = "curtailment_lines"
    curtailment_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("curtailments.id"), primary_key=True)
    water_account_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("water_accounts.id"), primary_key=True, index=True
    )
    priority: Mapped[int] = mapped_column(SmallInteger)
    litres: Mapped[int] = mapped_column(BigInteger)
    spillable_litres: Mapped[int] = mapped_column(BigInteger, server_default="0")
    pledged_litres: Mapped[int] = mapped_column(BigInteger, server_default="0")
    __table_args__ = (
        CheckConstraint("litres > 0", name="litres"),
        CheckConstraint(
            "spillable_litres >= 0 AND pledged_litres >= 0 AND spillable_litres + pledged_litres <= litres",
            name="held",
        ),
    )


class CapExcess(Base):
    """The ledger account (debit-normal, headroom) of the use that cuts have left above a cap."""

    __tablename__ = "cap_excesses"
    limit_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("limits.id"), primary_key=True, autoincrement=False
    )
    account_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("accounts.id"), unique=True)


class CarryOver(Base):
    """The end of a water year: what was left, and what became of it. Immutable."""

    __tablename__ = "carry_overs"
    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    water_year: Mapped[int] = mapped_column(SmallInteger, ForeignKey("water_years.year"), unique=True)
    remained_litres: Mapped[int] = mapped_column(BigInteger)
    repaid_litres: Mapped[int] = mapped_column(BigInteger)
    carried_litres: Mapped[int] = mapped_column(BigInteger)
    evaporated_litres: Mapped[int] = mapped_column(BigInteger)
    expired_litres: Mapped[int] = mapped_column(BigInteger)
    closed_by: Mapped[int | None] = mapped_column(BigInteger)
    closed_at: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True), server_default=NOW)
    __table_args__ = (
        CheckConstraint(
            "remained_litres = repaid_litres + carried_litres + evaporated_litres + expired_litres",
            name="whole",
        ),
    )


class CarryOverLine(Base):
    """What became of the litres of one water account, and the account of the next year that took them. Immutable."""

    __tablename__ = "carry_over_lines"
    carry_over_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("carry_overs.id"), primary_key=True)
    water_account_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("water_accounts.id"), primary_key=True
    )
    to_water_account_id: Mapped[int | None] = mapped_column(
        BigInteger, ForeignKey("water_accounts.id"), index=True
    )
    remained_litres: Mapped[int] = mapped_column(BigInteger)
    repaid_litres: Mapped[int] = mapped_column(BigInteger)
    carried_litres: Mapped[int] = mapped_column(BigInteger)
    evaporated_litres: Mapped[int] = mapped_column(BigInteger)
    expired_litres: Mapped[int] = mapped_column(BigInteger)
    __table_args__ = (
        CheckConstraint(
            "remained_litres = repaid_litres + carried_litres + evaporated_litres + expired_litres",
            name="whole",
        ),
        CheckConstraint(
            "repaid_litres >= 0 AND carried_litres >= 0 AND evaporated_litres >= 0 AND expired_litres >= 0",
            name="litres",
        ),
        CheckConstraint("(carried_litres > 0) = (to_water_account_id IS NOT NULL)", name="carried_somewhere"),
    )


class Spillable(Base):
    """Carried water above the right: held until the spill risk is low, then released, or spilt, or curtailed.

    A part that a curtailment took has a row of its own beside the hold that it came from.
    """

    __tablename__ = "spillables"
    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    water_account_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("water_accounts.id"), index=True)
    carry_over_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("carry_overs.id"))
    litres: Mapped[int] = mapped_column(BigInteger)
    hold_id: Mapped[int] = mapped_column(BigInteger)
    status: Mapped[str] = mapped_column(Text, server_default="held")
    curtailment_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("curtailments.id"))
    resolved_at: Mapped[dt.datetime | None] = mapped_column(DateTime(timezone=True))
    __table_args__ = (
        CheckConstraint("litres > 0", name="litres"),
        CheckConstraint(f"status IN {SPILLABLE_STATES}", name="status"),
        CheckConstraint("(status = 'curtailed') = (curtailment_id IS NOT NULL)", name="curtailed"),
        Index("uq_spillables_hold_id", "hold_id", unique=True, postgresql_where="status <> 'curtailed'"),
        CheckConstraint("(status = 'held') = (resolved_at IS NULL)", name="resolved"),
    )
