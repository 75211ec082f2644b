"""Saving contracts: versions that are signed by their hash, phases, dues between parties."""

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
    Text,
    UniqueConstraint,
    func,
)
from sqlalchemy.orm import Mapped, mapped_column

from ledger.base import Base
from market.contracts.firm_models import PROJECT_KINDS
from market.contracts.project_models import MODES
from market.contracts.terms import PARTY_ROLES

CONTRACT_STATES = ("drafted", "signed", "ended", "withdrawn")
VERSION_STATES = ("drafted", "signed", "withdrawn")
PHASES = ("base", "works", "trial", "operation", "handed_over")
DUE_STATES = ("open", "paid", "cancelled")
DUE_KINDS = ("share", "fee", "shortfall", "early_end", "clawback", "trust_fee")
NOW = func.clock_timestamp()


class SavingContract(Base):
    """A contract between a user and those who save its water. `deposit_id`: the pending transfer of the firm's deposit.

    What the parties agreed is in its versions; the one in force at a period's start governs that period for good.
    """

    __tablename__ = "saving_contracts"
    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    project_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("projects.id"), index=True)
    user_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("participants.id"), index=True)
    kind: Mapped[str] = mapped_column(Text)
    mode: Mapped[str] = mapped_column(Text)
    title: Mapped[str] = mapped_column(Text)
    status: Mapped[str] = mapped_column(Text, server_default="drafted")
    deposit_id: Mapped[int | None] = mapped_column(BigInteger)
    deposit_fen: Mapped[int] = mapped_column(BigInteger, server_default="0")
    drafted_at: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True), server_default=NOW)
    signed_at: Mapped[dt.datetime | None] = mapped_column(DateTime(timezone=True))
    ended_on: Mapped[dt.date | None] = mapped_column(Date)
    end_reason: Mapped[str | None] = mapped_column(Text)
    version: Mapped[int] = mapped_column(Integer, server_default="1")
    __table_args__ = (
        CheckConstraint(f"status IN {CONTRACT_STATES}", name="status"),
        CheckConstraint(f"kind IN {PROJECT_KINDS}", name="kind"),
        CheckConstraint(f"mode IN {MODES}", name="mode"),
        CheckConstraint("(status IN ('ended', 'withdrawn')) = (end_reason IS NOT NULL)", name="ended"),
        CheckConstraint("(deposit_fen > 0) = (deposit_id IS NOT NULL) AND deposit_fen >= 0", name="deposit"),
        CheckConstraint("deposit_fen = 0 OR status IN ('signed', 'ended')", name="deposit_held"),
    )


class ContractVersion(Base):
    """What is agreed from `effective_on` on: one canonical text, its SHA-256, and whether all parties signed it."""

    __tablename__ = "contract_versions"
    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    contract_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("saving_contracts.id"))
    number: Mapped[int] = mapped_column(Integer)
    text: Mapped[str] = mapped_column(Text)
    sha256: Mapped[bytes] = mapped_column(LargeBinary)
    effective_on: Mapped[dt.date] = mapped_column(Date)
    status: Mapped[str] = mapped_column(Text, server_default="drafted")
    drafted_by: Mapped[int] = mapped_column(BigInteger, ForeignKey("users.id"))
    drafted_at: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True), server_default=NOW)
    resolved_at: Mapped[dt.datetime | None] = mapped_column(DateTime(timezone=True))
    __table_args__ = (
        UniqueConstraint("contract_id", "number"),
        CheckConstraint(f"status IN {VERSION_STATES}", name="status"),
        CheckConstraint("number > 0", name="number"),
        CheckConstraint("length(sha256) = 32", name="sha256"),
        CheckConstraint("(status = 'drafted') = (resolved_at IS NULL)", name="resolved"),
        Index(
            "uq_contract_versions_drafted", "contract_id", unique=True, postgresql_where="status = 'drafted'"
        ),
    )


class ContractPrint(Base):
    """A version as it stands on paper, in both languages; its hash is in the text that is signed. Immutable."""

    __tablename__ = "contract_prints"
    version_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("contract_versions.id"), primary_key=True)
    zh: Mapped[str] = mapped_column(Text)
    en: Mapped[str] = mapped_column(Text)
    sha256: Mapped[bytes] = mapped_column(LargeBinary)
    template_sha256: Mapped[bytes] = mapped_column(LargeBinary)
    __table_args__ = (CheckConstraint("length(sha256) = 32 AND length(template_sha256) = 32", name="sha256"),)


class ContractParty(Base):
    """Who is a party to a version, in the order that decides ties."""

    __tablename__ = "contract_parties"
    version_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("contract_versions.id"), primary_key=True)
    rank: Mapped[int] = mapped_column(Integer, primary_key=True)
    contract_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("saving_contracts.id"), index=True)
    participant_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("participants.id"), index=True)
    role: Mapped[str] = mapped_column(Text)
    __table_args__ = (
        UniqueConstraint("version_id", "participant_id"),
        CheckConstraint(f"role IN {(*PARTY_ROLES, 'verifier')}", name="role"),
    )


class ContractSignature(Base):
    """That a party has signed a version: who, for whom, under which mandate, which hash, when."""

    __tablename__ = "contract_signatures"
    version_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("contract_versions.id"), primary_key=True)
    participant_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("participants.id"), primary_key=True)
    user_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("users.id"))
    mandate_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("mandates.id"))
    sha256: Mapped[bytes] = mapped_column(LargeBinary)
    signed_at: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True), server_default=NOW)
    __table_args__ = (CheckConstraint("length(sha256) = 32", name="sha256"),)


class ContractPhase(Base):
    """When a contract entered a phase (base, works, trial, operation, handed over), with the paper that says so."""

    __tablename__ = "contract_phases"
    contract_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("saving_contracts.id"), primary_key=True)
    phase: Mapped[str] = mapped_column(Text, primary_key=True)
    starts_on: Mapped[dt.date] = mapped_column(Date)
    document: Mapped[str] = mapped_column(Text)
    recorded_by: Mapped[int] = mapped_column(BigInteger, ForeignKey("users.id"))
    recorded_at: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True), server_default=NOW)
    __table_args__ = (CheckConstraint(f"phase IN {PHASES}", name="phase"),)


class ContractDue(Base):
    """What one party owes another under a contract, since when and until when; interest is due beside it when late.

    `offset_fen` of it was set off against what the other owes in turn.
    """

    __tablename__ = "contract_dues"
    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    contract_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("saving_contracts.id"), index=True)
    kind: Mapped[str] = mapped_column(Text)
    reference: Mapped[int] = mapped_column(BigInteger)
    payer_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("participants.id"), index=True)
    payee_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("participants.id"), index=True)
    fen: Mapped[int] = mapped_column(BigInteger)
    arose_on: Mapped[dt.date] = mapped_column(Date)
    due_on: Mapped[dt.date] = mapped_column(Date)
    status: Mapped[str] = mapped_column(Text, server_default="open")
    paid_on: Mapped[dt.date | None] = mapped_column(Date)
    interest_fen: Mapped[int] = mapped_column(BigInteger, server_default="0")
    offset_fen: Mapped[int] = mapped_column(BigInteger, server_default="0")
    resolved_at: Mapped[dt.datetime | None] = mapped_column(DateTime(timezone=True))
    __table_args__ = (
        CheckConstraint(f"status IN {DUE_STATES}", name="status"),
        CheckConstraint(f"kind IN {DUE_KINDS}", name="kind"),
        CheckConstraint("fen > 0 AND interest_fen >= 0 AND payer_id <> payee_id", name="amounts"),
        CheckConstraint("due_on >= arose_on", name="dates"),
        CheckConstraint("offset_fen BETWEEN 0 AND fen", name="offset"),
        CheckConstraint("(status = 'paid') = (paid_on IS NOT NULL)", name="paid"),
        CheckConstraint("(status = 'open') = (resolved_at IS NULL)", name="resolved"),
    )
