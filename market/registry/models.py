"""Rights and caps: water years, limits, entitlements, announcements, water accounts."""

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
from market.registry.life import STATES, UNCONFIRMED

NOW = func.clock_timestamp()

RIGHT_KINDS = ("abstraction_permit", "irrigation_certificate", "network_certificate", "regional")
LIMIT_KINDS = ("cap", "route", "import", "export", "conversion")
FORMS = ("share", "release")
ORIGINS = ("own", "carried_over", "trust", "saving_lot", "pledged")
SECTORS = ("agriculture", "industry", "domestic", "ecology", "services")


class WaterYear(Base):
    """A water year; its number is what products and accounts name. Legal days, both included."""

    __tablename__ = "water_years"
    year: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    starts_on: Mapped[dt.date] = mapped_column(Date)
    ends_on: Mapped[dt.date] = mapped_column(Date)
    status: Mapped[str] = mapped_column(Text, server_default="open")
    __table_args__ = (
        CheckConstraint("status IN ('open', 'closing', 'closed')", name="status"),
        CheckConstraint("ends_on > starts_on", name="days"),
    )


class Limit(Base):
    """A most of something: litres that may be used under a node, or pass a route or a border, in a
    water year.

    The limit is a ledger account (asset `headroom`): credits are the limit and what was freed, debits
    what was charged. `limit_litres` is the figure now in force; its history is in `limit_changes`. cap:
    zone? × source? × sector?; route: zone → to_zone; import, export, conversion: zone.
    """

    __tablename__ = "limits"
    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    code: Mapped[str] = mapped_column(Text)
    kind: Mapped[str] = mapped_column(Text)
    water_year: Mapped[int] = mapped_column(SmallInteger, ForeignKey("water_years.year"))
    zone_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("zones.id"))
    to_zone_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("zones.id"))
    source: Mapped[str | None] = mapped_column(Text)
    sector: Mapped[str | None] = mapped_column(Text)
    limit_litres: Mapped[int] = mapped_column(BigInteger)
    account_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("accounts.id"), unique=True)
    legal_source: Mapped[str] = mapped_column(Text)
    demonstration: Mapped[bool] = mapped_column(server_default="false")
    version: Mapped[int] = mapped_column(Integer, server_default="1")
    __table_args__ = (
        UniqueConstraint("water_year", "code"),
        UniqueConstraint(
            "water_year",
            "kind",
            "zone_id",
            "to_zone_id",
            "source",
            "sector",
            postgresql_nulls_not_distinct=True,
        ),
        CheckConstraint(f"kind IN {LIMIT_KINDS}", name="kind"),
        CheckConstraint("limit_litres >= 0", name="not_negative"),
        CheckConstraint("(kind = 'route') = (to_zone_id IS NOT NULL)", name="route_has_two_ends"),
    )


class LimitChange(Base):
    """One dated change of a limit, with its reason and legal source."""

    __tablename__ = "limit_changes"
    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    limit_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("limits.id"), index=True)
    old_litres: Mapped[int] = mapped_column(BigInteger)
    new_litres: Mapped[int] = mapped_column(BigInteger)
    reason: Mapped[str] = mapped_column(Text)
    legal_source: Mapped[str] = mapped_column(Text)
    changed_by: Mapped[int | None] = mapped_column(BigInteger)
    changed_at: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True), server_default=NOW)


class Entitlement(Base):
    """A lasting right to a yearly volume, with its place, source, sector, term and certificate."""

    __tablename__ = "entitlements"
    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    participant_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("participants.id"), index=True)
    kind: Mapped[str] = mapped_column(Text)
    source: Mapped[str] = mapped_column(Text)
    sector: Mapped[str] = mapped_column(Text)
    township_zone_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("zones.id"))
    canal_zone_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("zones.id"))
    volume_litres: Mapped[int] = mapped_column(BigInteger)
    land_mu_e2: Mapped[int | None] = mapped_column(BigInteger)
    priority: Mapped[int] = mapped_column(SmallInteger, server_default="1")
    valid_from: Mapped[dt.date] = mapped_column(Date)
    valid_to: Mapped[dt.date] = mapped_column(Date)
    status: Mapped[str] = mapped_column(Text, server_default="applied")
    certificate_number: Mapped[str | None] = mapped_column(Text, unique=True)
    basis: Mapped[str] = mapped_column(Text, server_default="")
    assessment_id: Mapped[int | None] = mapped_column(
        BigInteger, ForeignKey("water_assessments.id"), index=True
    )
    version: Mapped[int] = mapped_column(Integer, server_default="1")
    applied_at: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True), server_default=NOW)
    decided_at: Mapped[dt.datetime | None] = mapped_column(DateTime(timezone=True))
    decided_by: Mapped[int | None] = mapped_column(BigInteger)
    decision_reason: Mapped[str | None] = mapped_column(Text)
    __table_args__ = (
        CheckConstraint(f"kind IN {RIGHT_KINDS}", name="kind"),
        CheckConstraint(f"sector IN {SECTORS}", name="sector"),
        CheckConstraint(f"status IN {STATES}", name="status"),
        CheckConstraint("volume_litres > 0", name="volume"),
        CheckConstraint("valid_to > valid_from", name="term"),
        CheckConstraint(f"(status IN {UNCONFIRMED}) = (certificate_number IS NULL)", name="certificate"),
        Index(None, "source", "sector", "status"),
        Index(
            "ix_entitlements_pending", "id", postgresql_where="status IN ('applied', 'accepted', 'published')"
        ),
    )


class Announcement(Base):
    """A share of a class credited for a water year. The class is source × sector × kind? × zone? (any
    tree).

    `form`: "share" of the yearly volumes, of which `reserve_e6` (millionths) was held back in the reserve of
    the place; "release" of a share of that reserve.
    """

    __tablename__ = "announcements"
    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    water_year: Mapped[int] = mapped_column(SmallInteger, ForeignKey("water_years.year"))
    source: Mapped[str] = mapped_column(Text)
    sector: Mapped[str | None] = mapped_column(Text)
    kind: Mapped[str | None] = mapped_column(Text)
    zone_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("zones.id"))
    share_e6: Mapped[int] = mapped_column(BigInteger)  # millionths of the yearly volume
    total_litres: Mapped[int] = mapped_column(BigInteger)
    entitlements: Mapped[int] = mapped_column(BigInteger)
    reason: Mapped[str] = mapped_column(Text)
    announced_by: Mapped[int | None] = mapped_column(BigInteger)
    announced_at: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True), server_default=NOW)
    form: Mapped[str] = mapped_column(Text, server_default="share")
    reserve_e6: Mapped[int] = mapped_column(BigInteger, server_default="0")
    reserved_litres: Mapped[int] = mapped_column(BigInteger, server_default="0")
    __table_args__ = (
        CheckConstraint("share_e6 > 0 AND share_e6 <= 1000000", name="share"),
        CheckConstraint(f"form IN {FORMS}", name="form"),
        CheckConstraint("reserve_e6 BETWEEN 0 AND 100000", name="reserve"),
        CheckConstraint("reserved_litres >= 0 AND (reserve_e6 > 0 OR reserved_litres = 0)", name="reserved"),
    )


class AnnouncementLine(Base):
    """What one announcement credited to one entitlement's water account. Immutable.

    Hot: a prefecture's announcement writes hundreds of thousands at once out of the rows that they name, which are
    never deleted; no foreign keys, `karez prove` stands in for them.
    """

    __tablename__ = "announcement_lines"
    announcement_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    entitlement_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    water_account_id: Mapped[int] = mapped_column(BigInteger, index=True)
    litres: Mapped[int] = mapped_column(BigInteger)
    __table_args__ = (CheckConstraint("litres >= 0", name="litres"),)


class WaterAccount(Base):
    """Litres of one participant for one place, sector, source, water year and origin.

    `right_kind` is the kind of right behind it (none yet where the holder only buys). `plan_account_id`
    is the ledger account of the use plan that bounds what it may buy (none: no plan needed in its
    sector). `fee_account_id` is what it owes for use, `debt_account_id` the litres it used beyond its
    balance (both debit-normal; none yet where it never owed any).
    """

    __tablename__ = "water_accounts"
    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    participant_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("participants.id"))
    township_zone_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("zones.id"))
    canal_zone_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("zones.id"))
    sector: Mapped[str] = mapped_column(Text)
    source: Mapped[str] = mapped_column(Text)
    water_year: Mapped[int] = mapped_column(SmallInteger, ForeignKey("water_years.year"))
    origin: Mapped[str] = mapped_column(Text, server_default="own")
    right_kind: Mapped[str | None] = mapped_column(Text)
    account_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("accounts.id"), unique=True)
    plan_account_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("accounts.id"), unique=True)
    plan_litres: Mapped[int | None] = mapped_column(BigInteger)
    plan_source: Mapped[str | None] = mapped_column(Text)
    fee_account_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("accounts.id"), unique=True)
    debt_account_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("accounts.id"), unique=True)
    status: Mapped[str] = mapped_column(Text, server_default="open")
    version: Mapped[int] = mapped_column(Integer, server_default="1")
    opened_at: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True), server_default=NOW)
    __table_args__ = (
        UniqueConstraint(
            "participant_id", "township_zone_id", "canal_zone_id", "sector", "source", "water_year", "origin"
        ),
        CheckConstraint(f"sector IN {SECTORS}", name="sector"),
        CheckConstraint(f"origin IN {ORIGINS}", name="origin"),
        CheckConstraint(f"right_kind IS NULL OR right_kind IN {RIGHT_KINDS}", name="right_kind"),
        CheckConstraint("status IN ('open', 'suspended', 'closed')", name="status"),
        CheckConstraint("(plan_account_id IS NULL) = (plan_litres IS NULL)", name="plan"),
    )
