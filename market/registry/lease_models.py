"""Leases of water on the register: whose right is let to whom, for which water years, and what became of each year."""

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
from market.registry.lease_terms import LONGEST_YEARS, MOST_GRACE_DAYS, SHORT_YEAR_RULES
from market.registry.models import SECTORS

NOW = func.clock_timestamp()
LEASE_STATES = ("in_force", "ended", "terminated")
TURN_STATES = ("due", "struck", "traded", "lapsed")


class Lease(Base):
    """A lease in force, over by its date or with its right (ended), or terminated; made by a negotiation.

    `litres` of a full year at the lessor's place for `rent_e4` (1/10 000 yuan per m3), in the water years from
    `first_year` to `last_year`, which are the legal days `starts_on` to `ends_on`. `entitlement_id` and `lessor_id` are
    those of now: the lease goes on with whoever has the right. The lessee's place is where the water goes.
    `answerable_id` is the user who signed last: who is answerable for the yearly deliveries.
    """

    __tablename__ = "leases"
    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    negotiation_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("negotiations.id"), unique=True)
    entitlement_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("entitlements.id"), index=True)
    lessor_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("participants.id"), index=True)
    lessee_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("participants.id"), index=True)
    township_zone_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("zones.id"))
    canal_zone_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("zones.id"))
    sector: Mapped[str] = mapped_column(Text)
    source: Mapped[str] = mapped_column(Text)
    litres: Mapped[int] = mapped_column(BigInteger)
    rent_e4: Mapped[int] = mapped_column(BigInteger)
    first_year: Mapped[int] = mapped_column(SmallInteger)
    last_year: Mapped[int] = mapped_column(SmallInteger)
    starts_on: Mapped[dt.date] = mapped_column(Date)
    ends_on: Mapped[dt.date] = mapped_column(Date)
    short_year: Mapped[str] = mapped_column(Text)
    turn_month: Mapped[int] = mapped_column(SmallInteger)
    grace_days: Mapped[int] = mapped_column(SmallInteger)
    status: Mapped[str] = mapped_column(Text, server_default="in_force")
    answerable_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("users.id"))
    registered_by: Mapped[int | None] = mapped_column(BigInteger)
    registered_at: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True), server_default=NOW)
    ended_at: Mapped[dt.datetime | None] = mapped_column(DateTime(timezone=True))
    end_reason: Mapped[str | None] = mapped_column(Text)
    version: Mapped[int] = mapped_column(Integer, server_default="1")
    __table_args__ = (
        CheckConstraint(f"status IN {LEASE_STATES}", name="status"),
        CheckConstraint(f"sector IN {SECTORS}", name="sector"),
        CheckConstraint("lessor_id <> lessee_id", name="two_parties"),
        CheckConstraint("litres > 0 AND rent_e4 > 0", name="amounts"),
        CheckConstraint(f"last_year - first_year BETWEEN 0 AND {LONGEST_YEARS - 1}", name="years"),
        CheckConstraint("ends_on >= starts_on", name="term"),
        CheckConstraint(f"short_year IN {SHORT_YEAR_RULES}", name="short_year"),
        CheckConstraint("turn_month BETWEEN 1 AND 12", name="turn_month"),
        CheckConstraint(f"grace_days BETWEEN 1 AND {MOST_GRACE_DAYS}", name="grace"),
        CheckConstraint("(status = 'in_force') = (ended_at IS NULL)", name="ended"),
        CheckConstraint("(ended_at IS NULL) = (end_reason IS NULL)", name="reasoned"),
        Index("ix_leases_in_force", "entitlement_id", postgresql_where="status = 'in_force'"),
    )


class LeaseTurn(Base):
    """A lease's one delivery of a water year: due, struck (with the engine), traded, or lapsed.

    `due_litres` is what the contract gives of what was announced so far; `held_litres` of it rest on the lessor's
    account `water_account_id` under the pending transfer `hold_id` (none: 0) until the turn. From the first refusal
    on, `refusal` names what stood in the way last, and the year lapses after `grace_until`. `tried_on` is the day of
    the last attempt.
    """

    __tablename__ = "lease_turns"
    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    lease_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("leases.id"))
    water_year: Mapped[int] = mapped_column(SmallInteger, ForeignKey("water_years.year"))
    water_account_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("water_accounts.id"), index=True)
    status: Mapped[str] = mapped_column(Text, server_default="due")
    due_litres: Mapped[int] = mapped_column(BigInteger)
    held_litres: Mapped[int] = mapped_column(BigInteger, server_default="0")
    hold_id: Mapped[int] = mapped_column(BigInteger, server_default="0")
    to_water_account_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("water_accounts.id"))
    deal_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("deals.id"), unique=True)
    refusal: Mapped[str | None] = mapped_column(Text)
    tried_on: Mapped[dt.date | None] = mapped_column(Date)
    grace_until: Mapped[dt.date | None] = mapped_column(Date)
    resolved_at: Mapped[dt.datetime | None] = mapped_column(DateTime(timezone=True))
    __table_args__ = (
        UniqueConstraint("lease_id", "water_year"),
        CheckConstraint(f"status IN {TURN_STATES}", name="status"),
        CheckConstraint("due_litres >= 0 AND held_litres BETWEEN 0 AND due_litres", name="litres"),
        CheckConstraint("(held_litres > 0) = (hold_id > 0)", name="hold"),
        CheckConstraint("status = 'due' OR held_litres = 0", name="held"),
        CheckConstraint("status NOT IN ('struck', 'traded') OR deal_id IS NOT NULL", name="deal"),
        CheckConstraint("(status IN ('traded', 'lapsed')) = (resolved_at IS NOT NULL)", name="resolved"),
        CheckConstraint("(refusal IS NULL) = (grace_until IS NULL)", name="grace"),
        Index("ix_lease_turns_open", "id", postgresql_where="status IN ('due', 'struck')"),
    )
