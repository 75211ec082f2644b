"""Asset, Account, Transfer; and the triggers by which the database itself refuses what nobody may do.

Only `ledger.journal` writes balances and transfers. The models are for reading, for foreign keys to accounts
and for the migration line.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Identity, Index, Sequence, SmallInteger, text
from sqlalchemy.orm import Mapped, mapped_column

from ledger.base import Amount, Balance, Base, BigRef, Code, CreatedAt, DrawnId, ShortText, metadata

DEBITS_MUST_NOT_EXCEED_CREDITS = 1
CREDITS_MUST_NOT_EXCEED_DEBITS = 2

POSTED, PENDING, POST, VOID, EXPIRE = range(5)
"""Kinds of transfers: posted at once; a hold; the posting, voiding or expiry of (a part of) a hold."""

FIRST_PARTICIPANT_ACCOUNT = 1_000_000
"""System accounts and limits have lower ids. Only the transfers of participants' accounts are indexed: system
accounts are touched by every batch, and an index on them would cost each."""

system_account_ids = Sequence(
    "ledger_system_account_ids", start=1, maxvalue=FIRST_PARTICIPANT_ACCOUNT - 1, metadata=metadata
)
account_ids = Sequence("ledger_account_ids", start=FIRST_PARTICIPANT_ACCOUNT, metadata=metadata)
transfer_ids = Sequence("ledger_transfer_ids", start=1, metadata=metadata)


class Asset(Base):
    """A thing that is conserved: accounts of one asset transfer only among each other.

    `scale` is the number of decimals of its wire unit: 2 for fen in yuan, 3 for litres in cubic
    metres. Immutable.
    """

    __tablename__ = "assets"
    id: Mapped[int] = mapped_column(SmallInteger, Identity(), primary_key=True)
    code: Mapped[ShortText] = mapped_column(unique=True)
    scale: Mapped[Code]
    __table_args__ = (CheckConstraint("scale BETWEEN 0 AND 9", name="scale"),)


class Account(Base):
    """An account and its four balances, in the smallest unit of its asset.

    A holder's account is credit-normal: what it has is credits - debits. `code` is from the chart of accounts
    (the ledger does not read it); `flags` bit 0: debits must not exceed credits; bit 1: credits not debits.
    """

    __tablename__ = "accounts"
    id: Mapped[DrawnId]
    asset_id: Mapped[int] = mapped_column(SmallInteger, ForeignKey("assets.id"))
    code: Mapped[Code]
    flags: Mapped[Code]
    debits_pending: Mapped[Balance]
    debits_posted: Mapped[Balance]
    credits_pending: Mapped[Balance]
    credits_posted: Mapped[Balance]
    created_at: Mapped[CreatedAt]
    __table_args__ = (
        CheckConstraint("flags BETWEEN 0 AND 2", name="flags"),
        CheckConstraint("debits_pending >= 0", name="debits_pending"),
        CheckConstraint("debits_posted >= 0", name="debits_posted"),
        CheckConstraint("credits_pending >= 0", name="credits_pending"),
        CheckConstraint("credits_posted >= 0", name="credits_posted"),
        CheckConstraint(
            "flags & 1 = 0 OR debits_posted + debits_pending <= credits_posted",
            name="debits_must_not_exceed_credits",
        ),
        CheckConstraint(
            "flags & 2 = 0 OR credits_posted + credits_pending <= debits_posted",
            name="credits_must_not_exceed_debits",
        ),
        # Half-empty pages let every change of a balance stay on its page (HOT), so that no index is written.
        {"postgresql_with": {"fillfactor": "50"}},
    )


class Transfer(Base):
    """One movement from the debit account to the credit account. Immutable: a correction is a new transfer.

    `code` says why, and what table `reference` is the id of (the ledger reads neither). Transfers of one
    `batch_id` happened together. Kinds 2-4 resolve the pending transfer `pending_id`, or a part of it.
    No foreign keys: the journal counts rows instead and `ledger.balances` proves them.
    """

    __tablename__ = "transfers"
    id: Mapped[DrawnId]
    debit_account_id: Mapped[BigRef]
    credit_account_id: Mapped[BigRef]
    amount: Mapped[Amount]
    code: Mapped[Code]
    kind: Mapped[Code]
    pending_id: Mapped[int | None] = mapped_column(BigInteger)
    reference: Mapped[BigRef] = mapped_column(server_default=text("0"))
    batch_id: Mapped[BigRef] = mapped_column(server_default=text("0"))
    created_at: Mapped[CreatedAt]
    __table_args__ = (
        CheckConstraint("amount > 0", name="amount"),
        CheckConstraint("debit_account_id <> credit_account_id", name="two_accounts"),
        CheckConstraint("kind BETWEEN 0 AND 4", name="kind"),
        CheckConstraint("(kind >= 2) = (pending_id IS NOT NULL)", name="pending"),
        Index(
            "ix_transfers_debit",
            "debit_account_id",
            "id",
            postgresql_where=text(f"debit_account_id >= {FIRST_PARTICIPANT_ACCOUNT}"),
        ),
        Index(
            "ix_transfers_credit",
            "credit_account_id",
            "id",
            postgresql_where=text(f"credit_account_id >= {FIRST_PARTICIPANT_ACCOUNT}"),
        ),
        Index("ix_transfers_pending", "pending_id", postgresql_where=text("pending_id IS NOT NULL")),
        # Rows come in the order of time: ranges of pages find a span of it, and cost whoever writes next to nothing.
        Index(
            "ix_transfers_created_at", "created_at", postgresql_using="brin",
            postgresql_with={"autosummarize": "on"},
        ),
    )  # fmt: skip


_REFUSE_FUNCTION = """
CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '% is refused on %: %', TG_OP, TG_TABLE_NAME, TG_ARGV[0]
    USING ERRCODE = 'restrict_violation';
END $$
"""


def immutable_trigger_ddl(table: str) -> list[str]:
    """Statements, to run in order, that make the database refuse UPDATE, DELETE, TRUNCATE on `table`."""
    return [
        _REFUSE_FUNCTION,
        f'CREATE TRIGGER immutable BEFORE UPDATE OR DELETE OR TRUNCATE ON "{table}" '
        "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change('its rows are immutable')",
    ]


def ledger_trigger_ddl() -> list[str]:
    """Statements, to run one by one, for the triggers on the ledger's own tables.

    Assets and transfers are immutable. Accounts stay, and so does what an account is: an UPDATE that names
    one of those columns is refused whatever it sets, which costs an UPDATE of balances nothing.
    """
    return [
        *immutable_trigger_ddl("assets"),
        *immutable_trigger_ddl("transfers"),
        "CREATE TRIGGER kept BEFORE DELETE OR TRUNCATE ON accounts "
        "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change('accounts are kept')",
        "CREATE TRIGGER same BEFORE UPDATE OF id, asset_id, code, flags, created_at ON accounts "
        "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change('only balances change')",
    ]
