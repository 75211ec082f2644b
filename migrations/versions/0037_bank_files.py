"""The bank's files: accounts of participants, payouts in files and the bank's answers, statements."""

from __future__ import annotations

from pathlib import Path

from alembic import op

revision = "0037_bank_files"
down_revision = "0036_bills"
branch_labels = None
depends_on = None

TABLES = (
    "bank_line_matches",
    "bank_statement_lines",
    "bank_statements",
    "bank_file_answers",
    "bank_payouts",
    "bank_payout_files",
    "bank_accounts",
)
FUNCTIONS = (
    "bank_payout_stays",
    "bank_payout_file_stays",
    "bank_account_stays",
    "bank_line_match_stays",
    "bank_transfer_not_in_suspense",
)
BANK_KINDS = ("bank_not_in_books", "bank_amount_differs", "not_on_statement", "bank_answer_differs")
PROVIDER_KINDS = ("not_in_books", "not_at_provider", "amount_differs", "fee_differs", "twice_at_provider")


def upgrade() -> None:
    script = Path(__file__).with_suffix(".sql").read_text(encoding="utf-8")
    op.get_bind().execution_options(no_parameters=True).exec_driver_sql(script)


def downgrade() -> None:
    """The two accounts of the chart stay: what the ledger has moved is never taken out of it."""
    op.execute("DROP TRIGGER bank_transfer_not_in_suspense ON bank_transfers")
    for table in TABLES:
        op.drop_table(table)
    for function in FUNCTIONS:
        op.execute(f"DROP FUNCTION {function}()")
    op.execute(f"DELETE FROM reconciliation_differences WHERE kind IN {BANK_KINDS}")
    op.execute("ALTER TABLE reconciliation_differences DROP CONSTRAINT ck_reconciliation_differences_kind")
    op.execute(
        "ALTER TABLE reconciliation_differences ADD CONSTRAINT ck_reconciliation_differences_kind"
        f" CHECK (kind IN {PROVIDER_KINDS})"
    )
