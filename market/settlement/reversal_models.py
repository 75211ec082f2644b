"""Settlements that were reversed: what went back, what each gave for it, and what is still owed."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import BigInteger, CheckConstraint, DateTime, ForeignKey, Identity, Index, Integer, Text
from sqlalchemy.orm import Mapped, mapped_column

from ledger.base import Base

PROPOSED, SETTLED, REJECTED, WITHDRAWN = "proposed", "settled", "rejected", "withdrawn"
REVERSAL_STATES = (PROPOSED, SETTLED, REJECTED, WITHDRAWN)
CLAIM_STATES = ("open", "paid")


class SettlementReversal(Base):
    """The reversal of a settled instruction: one proposes, another decides.

    Of what the buyer received, `returned_litres` go back (`source_litres` to the seller, with what the way had lost of
    them) and `kept_litres` cannot; the buyer is charged `value_fen` for those: `value_price_e4` a cubic metre at its
    place, or, where none is set, what it paid for them. All figures are nil until it is settled.
    """

    __tablename__ = "settlement_reversals"
    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    instruction_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("instructions.id"))
    status: Mapped[str] = mapped_column(Text, server_default=PROPOSED)
    reason: Mapped[str] = mapped_column(Text)
    legal_source: Mapped[str] = mapped_column(Text)
    value_price_e4: Mapped[int | None] = mapped_column(BigInteger)
    returned_litres: Mapped[int] = mapped_column(BigInteger, server_default="0")
    kept_litres: Mapped[int] = mapped_column(BigInteger, server_default="0")
    source_litres: Mapped[int] = mapped_column(BigInteger, server_default="0")
    value_fen: Mapped[int] = mapped_column(BigInteger, server_default="0")
    proposed_by: Mapped[int] = mapped_column(BigInteger, ForeignKey("users.id"))
    proposed_at: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True))
    decided_by: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("users.id"))
    decided_at: Mapped[dt.datetime | None] = mapped_column(DateTime(timezone=True))
    decision_reason: Mapped[str | None] = mapped_column(Text)
    version: Mapped[int] = mapped_column(Integer, server_default="1")
    __table_args__ = (
        CheckConstraint(f"status IN {REVERSAL_STATES}", name="status"),
        CheckConstraint("value_price_e4 > 0", name="value_price"),
        CheckConstraint("least(returned_litres, kept_litres, value_fen) >= 0", name="figures"),
        CheckConstraint("source_litres >= returned_litres", name="source"),
        CheckConstraint("(status = 'settled') = (returned_litres + kept_litres > 0)", name="settled"),
        CheckConstraint("(status = 'proposed') = (decided_at IS NULL)", name="decided_at"),
        CheckConstraint(
            "(decided_at IS NULL) = (decided_by IS NULL) AND (decided_at IS NULL) = (decision_reason IS NULL)",
            name="decided_by",
        ),
        CheckConstraint(
            "status NOT IN ('settled', 'rejected') OR decided_by <> proposed_by", name="four_eyes"
        ),
        Index(
            "uq_settlement_reversals_open",
            "instruction_id",
            unique=True,
            postgresql_where="status IN ('proposed', 'settled')",
        ),
    )


class ReversalTaking(Base):
    """What one account owed another by a reversal, and paid at once; the rest is a claim. Immutable."""

    __tablename__ = "reversal_takings"
    reversal_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("settlement_reversals.id"), primary_key=True, autoincrement=False
    )
    rank: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    debtor_account: Mapped[int] = mapped_column(BigInteger)
    creditor_account: Mapped[int] = mapped_column(BigInteger)
    owed_fen: Mapped[int] = mapped_column(BigInteger)
    paid_fen: Mapped[int] = mapped_column(BigInteger)
    __table_args__ = (
        CheckConstraint("owed_fen > 0 AND paid_fen BETWEEN 0 AND owed_fen", name="fen"),
        CheckConstraint("debtor_account <> creditor_account", name="two"),
    )


class ReversalClaim(Base):
    """What a participant still owes another after a reversal, because its money did not cover it then.

    It is set off against whatever money the debtor has next (`paid_fen` of it so far).
    """

    __tablename__ = "reversal_claims"
    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    reversal_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("settlement_reversals.id"), index=True)
    debtor_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("participants.id"), index=True)
    creditor_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("participants.id"), index=True)
    debtor_account: Mapped[int] = mapped_column(BigInteger)
    creditor_account: Mapped[int] = mapped_column(BigInteger)
    fen: Mapped[int] = mapped_column(BigInteger)
    paid_fen: Mapped[int] = mapped_column(BigInteger, server_default="0")
    status: Mapped[str] = mapped_column(Text, server_default="open")
    arose_at: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True))
    paid_at: Mapped[dt.datetime | None] = mapped_column(DateTime(timezone=True))
    __table_args__ = (
        CheckConstraint(f"status IN {CLAIM_STATES}", name="status"),
        CheckConstraint("fen > 0 AND paid_fen BETWEEN 0 AND fen", name="fen"),
        CheckConstraint("(status = 'paid') = (paid_fen = fen)", name="paid"),
        CheckConstraint("(status = 'paid') = (paid_at IS NOT NULL)", name="paid_at"),
        CheckConstraint("debtor_id <> creditor_id", name="two"),
        Index("ix_reversal_claims_open", "id", postgresql_where="status = 'open'"),
    )
