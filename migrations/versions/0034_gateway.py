"""Payments through a provider: our record of them, their calls, movements, events, and the provider's account."""

from __future__ import annotations

from pathlib import Path

from alembic import op

revision = "0034_gateway"
down_revision = "0033_privacy"
branch_labels = None
depends_on = None

TABLES = (
    "reconciliation_differences",
    "reconciliations",
    "gateway_entries",
    "gateway_events",
    "gateway_movements",
    "gateway_calls",
    "gateway_payouts",
    "gateway_refunds",
    "gateway_payments",
)


def upgrade() -> None:
    script = Path(__file__).with_suffix(".sql").read_text(encoding="utf-8")
    op.get_bind().execution_options(no_parameters=True).exec_driver_sql(script)


def downgrade() -> None:
    """The two accounts of the chart stay: what the ledger has moved is never taken out of it."""
    for table in TABLES:
        op.drop_table(table)
