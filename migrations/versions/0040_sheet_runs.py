"""Files of registers that were handed in, how far each is, and what became of it."""

from __future__ import annotations

from pathlib import Path

from alembic import op

revision = "0040_sheet_runs"
down_revision = "0039_fee_invoices"
branch_labels = None
depends_on = None


def upgrade() -> None:
    script = Path(__file__).with_suffix(".sql").read_text(encoding="utf-8")
    op.get_bind().execution_options(no_parameters=True).exec_driver_sql(script)


def downgrade() -> None:
    op.drop_table("sheet_runs")
