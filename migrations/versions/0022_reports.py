"""Baselines and reports of saving contracts."""

from __future__ import annotations

from pathlib import Path

from alembic import op

revision = "0022_reports"
down_revision = "0021_saving_contracts"
branch_labels = None
depends_on = None

TABLES = (
    "distribution_shares",
    "report_distributions",
    "report_disputes",
    "report_adjustments",
    "report_consents",
    "report_spans",
    "saving_reports",
    "baseline_consents",
    "contract_baselines",
)


def upgrade() -> None:
    script = Path(__file__).with_suffix(".sql").read_text(encoding="utf-8")
    op.get_bind().execution_options(no_parameters=True).exec_driver_sql(script)


def downgrade() -> None:
    for table in TABLES:
        op.drop_table(table)
