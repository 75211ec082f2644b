"""Who may act: participants, users, their roles, mandates, keys, sessions."""

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
    LargeBinary,
    Text,
    func,
)
from sqlalchemy.orm import Mapped, mapped_column

from ledger.base import Base

NOW = func.clock_timestamp()

KINDS = (
    "person",
    "household",
    "association",
    "enterprise",
    "service_firm",
    "verifier",
    "bank",
    "public_body",
)


SESSION_ENDS = ("signed_out", "elsewhere", "everywhere", "password", "suspended", "reused")
CODE_PURPOSES = ("sign_in", "reset", "phone", "handed_over")


class Participant(Base):
    """A person or body with an account.

    `owner_group_id` is the participant at the end of the chain of ownership: two participants with one owner group
    may not trade with each other. What was erased is only a number from then on: `erased_at`.
    """

    __tablename__ = "participants"
    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    kind: Mapped[str] = mapped_column(Text)
    name: Mapped[str] = mapped_column(Text)
    identifier_kind: Mapped[str] = mapped_column(Text)  # uscc | identity_number
    identifier_hash: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    identifier_masked: Mapped[str] = mapped_column(Text)
    contact: Mapped[str] = mapped_column(Text, server_default="")
    owner_group_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("participants.id"))
    public_storage: Mapped[bool] = mapped_column(server_default="false")
    status: Mapped[str] = mapped_column(Text, server_default="applied")
    version: Mapped[int] = mapped_column(Integer, server_default="1")
    applied_at: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True), server_default=NOW)
    decided_at: Mapped[dt.datetime | None] = mapped_column(DateTime(timezone=True))
    decided_by: Mapped[int | None] = mapped_column(BigInteger)
    decision_reason: Mapped[str | None] = mapped_column(Text)
    erased_at: Mapped[dt.datetime | None] = mapped_column(DateTime(timezone=True))
    __table_args__ = (
        CheckConstraint(
            "erased_at IS NULL OR (status IN ('refused', 'closed') AND contact = ''"
            " AND (identifier_kind = 'uscc' OR identifier_masked = ''))",
            name="erased",
        ),
        CheckConstraint(f"kind IN {KINDS}", name="kind"),
        CheckConstraint("status IN ('applied', 'admitted', 'refused', 'suspended', 'closed')", name="status"),
        CheckConstraint("identifier_kind IN ('uscc', 'identity_number')", name="identifier_kind"),
        Index("ix_participants_applied", "id", postgresql_where="status = 'applied'"),
    )


class User(Base):
    """A sign-in. A user of the bureau has no participant; every other user has one.

    `phone` is personal data, to which codes are sent. `totp_pending` is a secret that was shown and not proved yet.
    """

    __tablename__ = "users"
    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    login: Mapped[str] = mapped_column(Text, unique=True)
    name: Mapped[str] = mapped_column(Text)
    password_hash: Mapped[str] = mapped_column(Text)
    totp_secret: Mapped[str | None] = mapped_column(Text)
    totp_used_step: Mapped[int | None] = mapped_column(BigInteger)  # of the last code that was used
    totp_pending: Mapped[str | None] = mapped_column(Text)
    phone: Mapped[str | None] = mapped_column(Text)
    participant_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("participants.id"), index=True)
    status: Mapped[str] = mapped_column(Text, server_default="active")
    token_generation: Mapped[int] = mapped_column(Integer, server_default="1")
    failed_sign_ins: Mapped[int] = mapped_column(Integer, server_default="0")
    locked_until: Mapped[dt.datetime | None] = mapped_column(DateTime(timezone=True))
    created_at: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True), server_default=NOW)
    __table_args__ = (
        CheckConstraint("status IN ('waiting', 'active', 'suspended')", name="status"),
        CheckConstraint("length(login) BETWEEN 3 AND 64", name="login_length"),
        CheckConstraint("phone IS NULL OR phone ~ '^[+]?[0-9]{5,15}$'", name="phone"),
    )


class UserRole(Base):
    """One role of one user."""

    __tablename__ = "user_roles"
    user_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("users.id"), primary_key=True)
    role: Mapped[str] = mapped_column(Text, primary_key=True)
    granted_by: Mapped[int | None] = mapped_column(BigInteger)
    granted_at: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True), server_default=NOW)
    __table_args__ = (
        CheckConstraint(
            "role IN ('holder', 'agent', 'association', 'firm', 'verifier', 'bank', 'integrator', 'registrar',"
            " 'reviewer', 'supervisor', 'auditor', 'treasurer', 'administrator', 'reader', 'department')",
            name="role",
        ),
    )


class Mandate(Base):
    """A recorded power: the clerk (user) may act for the holder (participant) within scope and dates."""

    __tablename__ = "mandates"
    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    participant_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("participants.id"), index=True)
    clerk_user_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("users.id"), index=True)
    scope: Mapped[str] = mapped_column(Text)  # trade | read
    document: Mapped[str] = mapped_column(Text)
    valid_from: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True))
    valid_to: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True))
    recorded_by: Mapped[int] = mapped_column(BigInteger, ForeignKey("users.id"))
    recorded_at: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True), server_default=NOW)
    revoked_at: Mapped[dt.datetime | None] = mapped_column(DateTime(timezone=True))
    __table_args__ = (
        CheckConstraint("valid_to > valid_from", name="dates"),
        CheckConstraint("scope IN ('trade', 'read')", name="scope"),
    )


class ApiKey(Base):
    """A program's key: only its hash is kept. Rotation makes a new row and ends the old one after a grace time.

    A key of the test county opens that county alone, as its user `acts_as` (a login there).
    """

    __tablename__ = "api_keys"
    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    user_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("users.id"), index=True)
    label: Mapped[str] = mapped_column(Text)
    lookup: Mapped[str] = mapped_column(Text, unique=True)
    secret_hash: Mapped[bytes] = mapped_column(LargeBinary)
    scopes: Mapped[str] = mapped_column(Text)  # space-separated: read trade
    created_at: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True), server_default=NOW)
    expires_at: Mapped[dt.datetime | None] = mapped_column(DateTime(timezone=True))
    revoked_at: Mapped[dt.datetime | None] = mapped_column(DateTime(timezone=True))
    rotated_from: Mapped[int | None] = mapped_column(BigInteger)
    county: Mapped[str] = mapped_column(Text, server_default="live")
    acts_as: Mapped[str | None] = mapped_column(Text)
    __table_args__ = (
        CheckConstraint("county IN ('live', 'test')", name="county"),
        CheckConstraint("(county = 'test') = (acts_as IS NOT NULL)", name="acts_as"),
    )


class SignIn(Base):
    """One session that was opened. `address` and `program` are personal data: erased after the time of the rules.

    It ends at `ends_at` at the latest, whatever it does, and was last renewed at `last_used_at`.
    """

    __tablename__ = "sign_ins"
    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    user_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("users.id"), index=True)
    at: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True))
    address: Mapped[str | None] = mapped_column(Text)
    program: Mapped[str | None] = mapped_column(Text)
    last_used_at: Mapped[dt.datetime | None] = mapped_column(DateTime(timezone=True))
    ends_at: Mapped[dt.datetime | None] = mapped_column(DateTime(timezone=True))
    ended_at: Mapped[dt.datetime | None] = mapped_column(DateTime(timezone=True))
    ended_how: Mapped[str | None] = mapped_column(Text)
    __table_args__ = (
        Index("ix_sign_ins_to_erase", "at", postgresql_where="address IS NOT NULL OR program IS NOT NULL"),
        CheckConstraint("(ended_at IS NULL) = (ended_how IS NULL)", name="ended"),
        CheckConstraint(f"ended_how IN {SESSION_ENDS}", name="ended_how"),
    )


class OneTimeCode(Base):
    """A code that was sent to a user, or a token that a clerk handed over: its hash, how often it was tried.

    One a user and purpose is open at a time; five wrong tries spend it. `phone`: the one it shall prove.
    """

    __tablename__ = "one_time_codes"
    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    user_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("users.id"))
    purpose: Mapped[str] = mapped_column(Text)
    code_hash: Mapped[bytes] = mapped_column(LargeBinary)
    phone: Mapped[str | None] = mapped_column(Text)
    made_at: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True))
    expires_at: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True))
    tries: Mapped[int] = mapped_column(Integer, server_default="0")
    ended_at: Mapped[dt.datetime | None] = mapped_column(DateTime(timezone=True))
    ended_how: Mapped[str | None] = mapped_column(Text)
    __table_args__ = (
        CheckConstraint(f"purpose IN {CODE_PURPOSES}", name="purpose"),
        CheckConstraint("tries BETWEEN 0 AND 5 AND (tries < 5 OR ended_at IS NOT NULL)", name="tries"),
        CheckConstraint("(ended_at IS NULL) = (ended_how IS NULL)", name="ended"),
        CheckConstraint("ended_how IN ('used', 'spent', 'replaced')", name="ended_how"),
        CheckConstraint("phone IS NULL OR (purpose = 'phone' AND ended_at IS NULL)", name="phone"),
        CheckConstraint("expires_at > made_at", name="time"),
        Index(
            "uq_one_time_codes_open", "user_id", "purpose", unique=True, postgresql_where="ended_at IS NULL"
        ),
        Index(None, "user_id", "made_at"),
    )


class RecoveryCode(Base):
    """A code that stands in once for a lost authenticator; only its hash is kept."""

    __tablename__ = "recovery_codes"
    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    user_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("users.id"))
    code_hash: Mapped[bytes] = mapped_column(LargeBinary)
    made_at: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True))
    used_at: Mapped[dt.datetime | None] = mapped_column(DateTime(timezone=True))
    __table_args__ = (Index("uq_recovery_codes_user_id_code_hash", "user_id", "code_hash", unique=True),)


class RevokedToken(Base):
    """A token that was signed out before its time."""

    __tablename__ = "revoked_tokens"
    jti: Mapped[str] = mapped_column(Text, primary_key=True)
    user_id: Mapped[int] = mapped_column(BigInteger)
    revoked_at: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True), server_default=NOW)
    expires_at: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True), index=True)


class MoneyAccount(Base):
    """A participant's money in the market (yuan)."""

    __tablename__ = "money_accounts"
    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    participant_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("participants.id"), unique=True)
    account_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("accounts.id"), unique=True)
    opened_at: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True), server_default=NOW)
