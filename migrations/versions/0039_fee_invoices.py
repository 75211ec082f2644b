"""Tax profiles; invoices of the exchange for its fees, their lines, legs and numbers; transfers by time."""

from __future__ import annotations

from pathlib import Path

from alembic import op

revision = "0039_fee_invoices"
down_revision = "0038_sign_in"
branch_labels = None
depends_on = None


def upgrade() -> None:
    script = Path(__file__).with_suffix(".sql").read_text(encoding="utf-8")
    op.get_bind().execution_options(no_parameters=True).exec_driver_sql(script)


def downgrade() -> None:
    op.drop_index("ix_transfers_created_at", "transfers")
    for table in (
        "fee_invoice_numbers",
        "fee_invoice_legs",
        "fee_invoice_lines",
        "fee_invoices",
        "fee_invoice_runs",
        "fee_invoice_counters",
        "tax_profiles",
    ):
        op.drop_table(table)
    op.execute("DROP FUNCTION fee_invoice_is_its_lines()")
    op.execute("DROP FUNCTION fee_line_is_its_legs()")
