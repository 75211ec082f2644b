"""Deliveries of what calls sold, beside those of trades."""

from __future__ import annotations

from pathlib import Path

from alembic import op

revision = "0024_call_deliveries"
down_revision = "0023_borders"
branch_labels = None
depends_on = None


def upgrade() -> None:
    script = Path(__file__).with_suffix(".sql").read_text(encoding="utf-8")
    op.get_bind().execution_options(no_parameters=True).exec_driver_sql(script)


def downgrade() -> None:
    op.drop_index("uq_deliveries_of_call", "deliveries")
    op.drop_constraint("ck_deliveries_origin", "deliveries")
    op.drop_column("deliveries", "water_account_id")
    op.drop_column("deliveries", "call_id")
    op.alter_column("deliveries", "seller_id", nullable=False)
    op.alter_column("deliveries", "instruction_id", nullable=False)
