"""Nights of measuring points, the rules of a baseline, and periods that merge or are given up."""

from __future__ import annotations

from pathlib import Path

from alembic import op

revision = "0027_measure"
down_revision = "0026_lots"
branch_labels = None
depends_on = None

STATES = (
    "open", "drafted", "submitted", "returned", "verified", "disputed", "distributed", "reopened", "clawed_back",
    "void",
)  # fmt: skip


def upgrade() -> None:
    script = Path(__file__).with_suffix(".sql").read_text(encoding="utf-8")
    op.get_bind().execution_options(no_parameters=True).exec_driver_sql(script)


def downgrade() -> None:
    op.drop_table("period_waivers")
    op.drop_table("point_nights")
    op.drop_index("uq_saving_reports_period", "saving_reports")
    for name in ("precise", "merged", "status"):
        op.drop_constraint(op.f(f"ck_saving_reports_{name}"), "saving_reports")
    op.create_check_constraint(op.f("ck_saving_reports_status"), "saving_reports", f"status IN {STATES}")
    op.create_unique_constraint(
        op.f("uq_saving_reports_contract_id_starts_on"), "saving_reports", ["contract_id", "starts_on"]
    )
    op.drop_column("saving_reports", "merged_into_id")
    op.drop_column("contract_baselines", "rules_text")
