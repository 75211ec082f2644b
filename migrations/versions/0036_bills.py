"""Water bills: runs, bills and what is left of them, payments, receipts, consents, remittances, what was posted."""

from __future__ import annotations

from pathlib import Path

from alembic import op

revision = "0036_bills"
down_revision = "0035_endpoints"
branch_labels = None
depends_on = None

TABLES = (
    "bill_postings",
    "remittance_items",
    "remittances",
    "water_receipts",
    "water_bill_payments",
    "offset_consents",
    "water_bill_balances",
    "water_bill_uses",
    "water_bill_lines",
    "water_bills",
    "billing_runs",
    "canal_associations",
)


def upgrade() -> None:
    script = Path(__file__).with_suffix(".sql").read_text(encoding="utf-8")
    op.get_bind().execution_options(no_parameters=True).exec_driver_sql(script)


def downgrade() -> None:
    """The accounts of the chart stay: what the ledger has moved is never taken out of it."""
    for table in TABLES:
        op.drop_table(table)
    op.execute("DROP FUNCTION remitted_as_paid(), bill_is_its_lines()")
