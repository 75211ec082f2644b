"""Interventions of the bureau: halts, cancellations of many orders, reversals of settlements."""

from __future__ import annotations

from pathlib import Path

from alembic import op

revision = "0030_interventions"
down_revision = "0029_cases"
branch_labels = None
depends_on = None

TABLES = (
    "reversal_claims",
    "reversal_takings",
    "settlement_reversals",
    "halts",
    "order_cancellation_lines",
    "order_cancellations",
    "intervention_parties",
    "interventions",
)
DELIVERY_STATES = "('ordered', 'dispatched', 'delivered', 'short', 'made_good', 'refunded')"


def upgrade() -> None:
    script = Path(__file__).with_suffix(".sql").read_text(encoding="utf-8")
    op.get_bind().execution_options(no_parameters=True).exec_driver_sql(script)


def downgrade() -> None:
    for table in TABLES:
        op.drop_table(table)
    op.drop_constraint("ck_deliveries_status", "deliveries")
    op.create_check_constraint("status", "deliveries", f"status IN {DELIVERY_STATES}")
