"""Water bills: runs, bills, their lines, what is left of them, payments, receipts, consents, remittances, postings."""

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
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from ledger.base import Base

NOW = func.clock_timestamp()
BILL, CORRECTION = BILL_KINDS = ("bill", "correction")
TRANSFER, CASH, OFFSET, CREDIT = METHODS = ("transfer", "cash", "offset", "credit")
SUPPLIER, ASSOCIATION = SIDES = ("supplier", "association")
REMITTANCE_STATES = ("made", "confirmed", "refused")


class CanalAssociation(Base):
    """Which association keeps the end canals below a canal from a day on, and so has their part. Immutable."""

    __tablename__ = "canal_associations"
    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    canal_zone_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("zones.id"))
    participant_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("participants.id"), index=True)
    from_on: Mapped[dt.date] = mapped_column(Date)
    recorded_by: Mapped[int] = mapped_column(BigInteger, ForeignKey("users.id"))
    recorded_at: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True), server_default=NOW)
    __table_args__ = (UniqueConstraint("canal_zone_id", "from_on"),)


class BillingRun(Base):
    """The bills of a period of a water year, issued at once; `digest` is what the preview showed. Immutable.

    `until_on` never goes back within a year: what has changed up to `last_on`, the end of the last period, is
    corrected.
    """

    __tablename__ = "billing_runs"
    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    water_year: Mapped[int] = mapped_column(SmallInteger, ForeignKey("water_years.year"), index=True)
    from_on: Mapped[dt.date] = mapped_column(Date)
    until_on: Mapped[dt.date] = mapped_column(Date)
    last_on: Mapped[dt.date | None] = mapped_column(Date)
    due_on: Mapped[dt.date] = mapped_column(Date)
    due_source: Mapped[str] = mapped_column(Text)
    bills: Mapped[int] = mapped_column(Integer)
    litres: Mapped[int] = mapped_column(BigInteger)
    fen: Mapped[int] = mapped_column(BigInteger)
    digest: Mapped[bytes] = mapped_column(LargeBinary)
    issued_by: Mapped[int] = mapped_column(BigInteger, ForeignKey("users.id"))
    issued_at: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True), server_default=NOW)
    __table_args__ = (
        CheckConstraint("from_on <= until_on AND (last_on IS NULL OR last_on <= until_on)", name="period"),
        CheckConstraint("bills >= 0", name="bills"),
        CheckConstraint("length(digest) = 32", name="digest"),
    )


class WaterBill(Base):
    """What one water account's use of a period costs, or what a correction changes of it (`fen` may then be below
    nil: a credit). Immutable.

    `association_fen` of it is for the end canals and goes to `association_id`, the rest to the supplier. `posted_fen`
    is what the bill posts beyond the fees that readings and turn sheets posted. `place_id` is the village of the
    account's meter where one is recorded, else its township. Hot: no foreign keys but the run's, `karez prove` stands
    in for them.
    """

    __tablename__ = "water_bills"
    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    run_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("billing_runs.id"))
    kind: Mapped[str] = mapped_column(Text)
    water_account_id: Mapped[int] = mapped_column(BigInteger)
    participant_id: Mapped[int] = mapped_column(BigInteger)
    place_id: Mapped[int] = mapped_column(BigInteger)
    association_id: Mapped[int | None] = mapped_column(BigInteger)
    quota_litres: Mapped[int | None] = mapped_column(BigInteger)
    litres: Mapped[int] = mapped_column(BigInteger)
    fen: Mapped[int] = mapped_column(BigInteger)
    association_fen: Mapped[int] = mapped_column(BigInteger)
    posted_fen: Mapped[int] = mapped_column(BigInteger)
    __table_args__ = (
        UniqueConstraint("run_id", "water_account_id", "kind"),
        Index("ix_water_bills_participant_id", "participant_id", "id"),
        Index("ix_water_bills_water_account_id", "water_account_id", "id"),
        CheckConstraint(f"kind IN {BILL_KINDS}", name="kind"),
        CheckConstraint(
            "association_fen BETWEEN least(fen, 0) AND greatest(fen, 0)", name="association_within"
        ),
        CheckConstraint("association_id IS NOT NULL OR association_fen = 0", name="association_known"),
    )


class WaterBillLine(Base):
    """A price times a multiple: the litres and fen that this bill adds to what the year's bills had of it. Immutable.

    `litres_to` and `fen_to` are the year's after this line: `fen_to` is litres_to x price x multiple, rounded once.
    """

    __tablename__ = "water_bill_lines"
    bill_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("water_bills.id"), primary_key=True)
    rank: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    price_e4: Mapped[int] = mapped_column(BigInteger)
    end_canal_e4: Mapped[int] = mapped_column(BigInteger)
    multiple_e6: Mapped[int] = mapped_column(BigInteger)
    above_e6: Mapped[int | None] = mapped_column(BigInteger)
    litres: Mapped[int] = mapped_column(BigInteger)
    fen: Mapped[int] = mapped_column(BigInteger)
    litres_to: Mapped[int] = mapped_column(BigInteger)
    fen_to: Mapped[int] = mapped_column(BigInteger)
    legal_source: Mapped[str] = mapped_column(Text)
    __table_args__ = (
        CheckConstraint("litres_to >= 0 AND fen_to >= 0", name="sums"),
        CheckConstraint("end_canal_e4 BETWEEN 0 AND price_e4", name="end_canal"),
    )


class WaterBillUse(Base):
    """A reading, or a line of a turn sheet, that a bill counts; or (`taken_back`) that an earlier bill counted and that
    counts no more. Each is billed once, and taken back once. Immutable. Hot: `karez prove` stands in for foreign keys.
    """

    __tablename__ = "water_bill_uses"
    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    bill_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("water_bills.id"), index=True)
    reading_id: Mapped[int | None] = mapped_column(BigInteger)
    turn_use_id: Mapped[int | None] = mapped_column(BigInteger)
    taken_back: Mapped[bool] = mapped_column()
    __table_args__ = (
        UniqueConstraint("reading_id", "taken_back"),
        UniqueConstraint("turn_use_id", "taken_back"),
        CheckConstraint("(reading_id IS NULL) <> (turn_use_id IS NULL)", name="reading_or_turn"),
    )


class WaterBillBalance(Base):
    """What is left of a bill: owed to the supplier and to the association, or (`credit`) to the holder; fen.

    `due_on` is its last day. Only this row of a bill changes: payments and credits settle it.
    """

    __tablename__ = "water_bill_balances"
    bill_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("water_bills.id"), primary_key=True)
    participant_id: Mapped[int] = mapped_column(BigInteger)
    credit: Mapped[bool] = mapped_column()
    due_on: Mapped[dt.date] = mapped_column(Date)
    supplier_fen: Mapped[int] = mapped_column(BigInteger)
    association_fen: Mapped[int] = mapped_column(BigInteger)
    supplier_settled_fen: Mapped[int] = mapped_column(BigInteger, server_default="0")
    association_settled_fen: Mapped[int] = mapped_column(BigInteger, server_default="0")
    reminded_at: Mapped[dt.datetime | None] = mapped_column(DateTime(timezone=True))
    __table_args__ = (
        CheckConstraint("supplier_settled_fen BETWEEN 0 AND supplier_fen", name="supplier"),
        CheckConstraint("association_settled_fen BETWEEN 0 AND association_fen", name="association"),
        Index(
            "ix_water_bill_balances_open", "participant_id", "due_on", "bill_id",
            postgresql_where=text(
                "supplier_settled_fen + association_settled_fen < supplier_fen + association_fen"
            ),
        ),
    )  # fmt: skip


class WaterBillPayment(Base):
    """What settled a bill, in full or in part: the holder's money in the market, cash with a receipt, an offset
    against sale proceeds under a consent, or a credit. Its two parts are whose it is. Immutable.
    """

    __tablename__ = "water_bill_payments"
    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    bill_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("water_bills.id"), index=True)
    method: Mapped[str] = mapped_column(Text)
    fen: Mapped[int] = mapped_column(BigInteger)
    supplier_fen: Mapped[int] = mapped_column(BigInteger)
    association_fen: Mapped[int] = mapped_column(BigInteger)
    credit_bill_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("water_bills.id"), index=True)
    consent_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("offset_consents.id"), index=True)
    paid_on: Mapped[dt.date] = mapped_column(Date)
    paid_at: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True), server_default=NOW)
    recorded_by: Mapped[int | None] = mapped_column(BigInteger)
    __table_args__ = (
        CheckConstraint(f"method IN {METHODS}", name="method"),
        CheckConstraint("fen > 0 AND supplier_fen >= 0 AND association_fen >= 0", name="amounts"),
        CheckConstraint("fen = supplier_fen + association_fen", name="split"),
        CheckConstraint("(method = 'credit') = (credit_bill_id IS NOT NULL)", name="credit"),
        CheckConstraint("(method = 'offset') = (consent_id IS NOT NULL)", name="offset"),
    )


class WaterReceipt(Base):
    """The numbered receipt of a payment in cash: 1, 2, 3 … of a year, without gaps. Immutable."""

    __tablename__ = "water_receipts"
    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    year: Mapped[int] = mapped_column(SmallInteger)
    number: Mapped[int] = mapped_column(Integer)
    payment_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("water_bill_payments.id"), unique=True)
    __table_args__ = (UniqueConstraint("year", "number"), CheckConstraint("number > 0", name="number"))


class OffsetConsent(Base):
    """A holder's word that bills may be taken out of its sale proceeds: all of it, or up to `cap_fen` in all.

    Only what sales brought after `mark` (the ledger's last transfer then) is taken, and until it is withdrawn.
    """

    __tablename__ = "offset_consents"
    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    participant_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("participants.id"))
    cap_fen: Mapped[int | None] = mapped_column(BigInteger)
    taken_fen: Mapped[int] = mapped_column(BigInteger, server_default="0")
    mark: Mapped[int] = mapped_column(BigInteger)
    given_by: Mapped[int] = mapped_column(BigInteger, ForeignKey("users.id"))
    given_at: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True), server_default=NOW)
    withdrawn_by: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("users.id"))
    withdrawn_at: Mapped[dt.datetime | None] = mapped_column(DateTime(timezone=True))
    __table_args__ = (
        CheckConstraint("cap_fen > 0", name="cap"),
        CheckConstraint("taken_fen >= 0 AND (cap_fen IS NULL OR taken_fen <= cap_fen)", name="taken"),
        CheckConstraint("(withdrawn_at IS NULL) = (withdrawn_by IS NULL)", name="withdrawn"),
        Index(
            "uq_offset_consents_standing", "participant_id", unique=True,
            postgresql_where=text("withdrawn_at IS NULL"),
        ),
    )  # fmt: skip


class Remittance(Base):
    """What was collected for the supplier, or for an association, up to a day, handed over with its list of payments.

    Made by one person, confirmed or refused by another. `cash_fen` of it was paid in cash and goes on in cash.
    """

    __tablename__ = "remittances"
    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    side: Mapped[str] = mapped_column(Text)
    association_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("participants.id"), index=True)
    until_on: Mapped[dt.date] = mapped_column(Date)
    payments: Mapped[int] = mapped_column(Integer)
    fen: Mapped[int] = mapped_column(BigInteger)
    cash_fen: Mapped[int] = mapped_column(BigInteger)
    bank_reference: Mapped[str | None] = mapped_column(Text)
    status: Mapped[str] = mapped_column(Text, server_default="made")
    made_by: Mapped[int] = mapped_column(BigInteger, ForeignKey("users.id"))
    made_at: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True), server_default=NOW)
    decided_by: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("users.id"))
    decided_at: Mapped[dt.datetime | None] = mapped_column(DateTime(timezone=True))
    reason: Mapped[str | None] = mapped_column(Text)
    version: Mapped[int] = mapped_column(Integer, server_default="1")
    __table_args__ = (
        CheckConstraint(f"side IN {SIDES}", name="side"),
        CheckConstraint("(side = 'association') = (association_id IS NOT NULL)", name="association"),
        CheckConstraint("fen > 0 AND cash_fen BETWEEN 0 AND fen AND payments > 0", name="amounts"),
        CheckConstraint(f"status IN {REMITTANCE_STATES}", name="status"),
        CheckConstraint(
            "(status = 'made') = (decided_by IS NULL) AND (status = 'made') = (decided_at IS NULL)", name="decided"
        ),
        CheckConstraint("decided_by <> made_by", name="four_eyes"),
        CheckConstraint("(status = 'refused') = (reason IS NOT NULL)", name="reason"),
        CheckConstraint("status <> 'confirmed' OR side = 'association' OR cash_fen = fen"
                        " OR bank_reference IS NOT NULL", name="reference"),
        Index("uq_remittances_bank_reference", "bank_reference", unique=True,
              postgresql_where=text("status = 'confirmed'")),
    )  # fmt: skip


class RemittanceItem(Base):
    """A payment's part in a remittance; in none but one that stands. `standing` ends with a refusal."""

    __tablename__ = "remittance_items"
    remittance_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("remittances.id"), primary_key=True)
    payment_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("water_bill_payments.id"), primary_key=True
    )
    side: Mapped[str] = mapped_column(Text)
    fen: Mapped[int] = mapped_column(BigInteger)
    standing: Mapped[bool] = mapped_column(server_default="true")
    __table_args__ = (
        CheckConstraint(f"side IN {SIDES}", name="side"),
        CheckConstraint("fen > 0", name="fen"),
        Index("uq_remittance_items_standing", "payment_id", "side", unique=True, postgresql_where=text("standing")),
    )  # fmt: skip


class BillPosting(Base):
    """A village's bills of a run as they were posted in public, names masked, with the hash of the text. Immutable."""

    __tablename__ = "bill_postings"
    run_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("billing_runs.id"), primary_key=True)
    zone_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("zones.id"), primary_key=True)
    text: Mapped[str] = mapped_column(Text)
    sha256: Mapped[bytes] = mapped_column(LargeBinary)
    posted_by: Mapped[int] = mapped_column(BigInteger, ForeignKey("users.id"))
    posted_at: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True), server_default=NOW)
    __table_args__ = (CheckConstraint("length(sha256) = 32", name="sha256"),)
