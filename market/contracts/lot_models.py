"""From a verified saving to water that may be sold, and back: clearances, lots, offers of them, claw-backs."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import (
    BigInteger,
    Boolean,
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
from sqlalchemy.orm import Mapped, mapped_column

from ledger.base import Base

LOT_STATES = ("open", "blocked", "ended")
CLAW_BACK_STATES = ("proposed", "open", "verified", "settled", "upheld", "withdrawn")
SCOPES = ("fees", "proceeds")
NOW = func.clock_timestamp()


class SavingClearance(Base):
    """That what a contract saves on a right may become lots: the authority's consent, the return flow, the quota.

    It can be had before anybody invests. `return_flow_e6`: what of a saved litre would have flowed back, millionths.
    """

    __tablename__ = "saving_clearances"
    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    contract_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("saving_contracts.id"))
    entitlement_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("entitlements.id"), index=True)
    return_flow_e6: Mapped[int | None] = mapped_column(Integer)
    return_flow_basis: Mapped[str | None] = mapped_column(Text)
    consent: Mapped[str | None] = mapped_column(Text)
    quota_litres: Mapped[int | None] = mapped_column(BigInteger)
    farm_first_until: Mapped[dt.date | None] = mapped_column(Date)
    public_supplier: Mapped[bool] = mapped_column(Boolean, server_default="false")
    express_right: Mapped[bool] = mapped_column(Boolean, server_default="true")
    recorded_by: Mapped[int] = mapped_column(BigInteger, ForeignKey("users.id"))
    recorded_at: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True), server_default=NOW)
    withdrawn_at: Mapped[dt.datetime | None] = mapped_column(DateTime(timezone=True))
    withdrawn_reason: Mapped[str | None] = mapped_column(Text)
    __table_args__ = (
        CheckConstraint("return_flow_e6 BETWEEN 0 AND 1000000", name="return_flow"),
        CheckConstraint("(return_flow_e6 IS NULL) = (return_flow_basis IS NULL)", name="basis"),
        CheckConstraint("quota_litres >= 0", name="quota"),
        CheckConstraint("(withdrawn_at IS NULL) = (withdrawn_reason IS NULL)", name="withdrawn"),
        Index(
            "uq_saving_clearances_live", "contract_id", unique=True, postgresql_where="withdrawn_at IS NULL"
        ),
    )


class SavingLot(Base):
    """Verified saved water that its owner may sell out of its own allocation (SAVINGS section 6), litres.

    `offered_litres` are sold or on offer: what came back of an offer was taken off. `text` is the canonical reckoning.
    """

    __tablename__ = "saving_lots"
    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    report_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("saving_reports.id"), unique=True)
    contract_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("saving_contracts.id"), index=True)
    clearance_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("saving_clearances.id"))
    entitlement_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("entitlements.id"), index=True)
    owner_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("participants.id"), index=True)
    water_year: Mapped[int] = mapped_column(SmallInteger, ForeignKey("water_years.year"))
    issued_litres: Mapped[int] = mapped_column(BigInteger)
    offered_litres: Mapped[int] = mapped_column(BigInteger, server_default="0")
    retired_litres: Mapped[int] = mapped_column(BigInteger, server_default="0")
    cancelled_litres: Mapped[int] = mapped_column(BigInteger, server_default="0")
    expires_on: Mapped[dt.date] = mapped_column(Date)
    text: Mapped[str] = mapped_column(Text)
    sha256: Mapped[bytes] = mapped_column(LargeBinary)
    status: Mapped[str] = mapped_column(Text, server_default="open")
    issued_at: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True), server_default=NOW)
    version: Mapped[int] = mapped_column(Integer, server_default="1")
    __table_args__ = (
        CheckConstraint(f"status IN {LOT_STATES}", name="status"),
        CheckConstraint(
            "issued_litres > 0 AND offered_litres >= 0 AND retired_litres >= 0 AND cancelled_litres >= 0"
            " AND offered_litres + retired_litres + cancelled_litres <= issued_litres",
            name="volume",
        ),
        CheckConstraint("length(sha256) = 32", name="sha256"),
    )


class LotOffer(Base):
    """Litres of a lot on the account that sells them; an account sells of one lot at a time."""

    __tablename__ = "lot_offers"
    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    lot_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("saving_lots.id"), index=True)
    water_account_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("water_accounts.id"))
    home_account_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("water_accounts.id"))
    litres: Mapped[int] = mapped_column(BigInteger)
    returned_litres: Mapped[int] = mapped_column(BigInteger, server_default="0")
    floor_price_e4: Mapped[int] = mapped_column(BigInteger, server_default="0")
    opened_at: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True), server_default=NOW)
    closed_at: Mapped[dt.datetime | None] = mapped_column(DateTime(timezone=True))
    __table_args__ = (
        CheckConstraint("litres > 0 AND returned_litres BETWEEN 0 AND litres", name="litres"),
        CheckConstraint("floor_price_e4 >= 0", name="floor"),
        Index("uq_lot_offers_open", "water_account_id", unique=True, postgresql_where="closed_at IS NULL"),
    )


class LotOfferShare(Base):
    """Who is paid for what an offer sells, by the contract: basis points of the proceeds after fees."""

    __tablename__ = "lot_offer_shares"
    offer_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("lot_offers.id"), primary_key=True)
    rank: Mapped[int] = mapped_column(Integer, primary_key=True)
    participant_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("participants.id"))
    bp: Mapped[int] = mapped_column(Integer)
    __table_args__ = (
        UniqueConstraint("offer_id", "participant_id"),
        CheckConstraint("bp BETWEEN 1 AND 10000", name="bp"),
    )


class LotTrade(Base):
    """Of which lot an instruction sold: written when its offer closes, never changed."""

    __tablename__ = "lot_trades"
    instruction_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("instructions.id"), primary_key=True)
    offer_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("lot_offers.id"), index=True)
    litres: Mapped[int] = mapped_column(BigInteger)
    __table_args__ = (CheckConstraint("litres > 0", name="litres"),)


class ReportClawBack(Base):
    """A distributed report that is looked at again: by whom, what another verifier found, and what it took back.

    Two persons open it and two decide it (SAVINGS section 4). `text` is the canonical reckoning of what was taken back;
    `recovered_fen` and `shortfall_fen` are what it changed of the sums that later periods go on from, `carried_fen`
    what the contract's last period carries since.
    """

    __tablename__ = "report_claw_backs"
    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    report_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("saving_reports.id"), index=True)
    status: Mapped[str] = mapped_column(Text, server_default="proposed")
    reason: Mapped[str] = mapped_column(Text)
    verifier_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("participants.id"))
    proposed_by: Mapped[int] = mapped_column(BigInteger, ForeignKey("users.id"))
    proposed_at: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True), server_default=NOW)
    opened_by: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("users.id"))
    finding: Mapped[str | None] = mapped_column(Text)
    money_litres: Mapped[int | None] = mapped_column(BigInteger)
    water_litres: Mapped[int | None] = mapped_column(BigInteger)
    verified_at: Mapped[dt.datetime | None] = mapped_column(DateTime(timezone=True))
    decision: Mapped[str | None] = mapped_column(Text)
    decided_by: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("users.id"))
    seconded_by: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("users.id"))
    settled_at: Mapped[dt.datetime | None] = mapped_column(DateTime(timezone=True))
    lot_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("saving_lots.id"))
    cancelled_litres: Mapped[int] = mapped_column(BigInteger, server_default="0")
    owed_litres: Mapped[int] = mapped_column(BigInteger, server_default="0")
    from_allocation_litres: Mapped[int] = mapped_column(BigInteger, server_default="0")
    recovered_fen: Mapped[int] = mapped_column(BigInteger, server_default="0")
    shortfall_fen: Mapped[int] = mapped_column(BigInteger, server_default="0")
    carried_fen: Mapped[int | None] = mapped_column(BigInteger)
    text: Mapped[str | None] = mapped_column(Text)
    sha256: Mapped[bytes | None] = mapped_column(LargeBinary)
    __table_args__ = (
        CheckConstraint(f"status IN {CLAW_BACK_STATES}", name="status"),
        CheckConstraint("opened_by <> proposed_by AND seconded_by <> decided_by", name="four_eyes"),
        CheckConstraint("decision IN ('claw_back', 'uphold')", name="decision"),
        CheckConstraint("money_litres >= 0 AND water_litres >= 0", name="litres"),
        CheckConstraint("(verified_at IS NULL) = (finding IS NULL)", name="verified"),
        CheckConstraint("(status IN ('settled', 'upheld')) = (settled_at IS NOT NULL)", name="settled"),
        CheckConstraint("(status = 'settled') = (text IS NOT NULL)", name="text"),
        CheckConstraint("length(sha256) = 32 AND (text IS NULL) = (sha256 IS NULL)", name="sha256"),
        CheckConstraint(
            "cancelled_litres >= 0 AND owed_litres >= 0 AND from_allocation_litres BETWEEN 0 AND owed_litres",
            name="water",
        ),
        Index(
            "uq_report_claw_backs_open", "report_id", unique=True,
            postgresql_where="status IN ('proposed', 'open', 'verified')",
        ),
    )  # fmt: skip


class ClawBackTaking(Base):
    """What a party gives back of fees or of proceeds: its old share less its new one, and from what it is taken, fen.

    Less than nil: its share grew, and it is owed that.
    """

    __tablename__ = "claw_back_takings"
    claw_back_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("report_claw_backs.id"), primary_key=True
    )
    scope: Mapped[str] = mapped_column(Text, primary_key=True)
    participant_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("participants.id"), primary_key=True)
    owed_fen: Mapped[int] = mapped_column(BigInteger)
    own_fen: Mapped[int] = mapped_column(BigInteger)
    undistributed_fen: Mapped[int] = mapped_column(BigInteger)
    deposit_fen: Mapped[int] = mapped_column(BigInteger)
    receivable_fen: Mapped[int] = mapped_column(BigInteger)
    __table_args__ = (
        CheckConstraint(f"scope IN {SCOPES}", name="scope"),
        CheckConstraint("undistributed_fen >= 0 AND deposit_fen >= 0", name="parts"),
        CheckConstraint(
            "owed_fen = own_fen + undistributed_fen + deposit_fen + receivable_fen", name="whole"
        ),
    )
