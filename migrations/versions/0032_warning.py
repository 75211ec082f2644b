"""Early warning, reduction plans, reports, filings, other departments' entries, inspections, national exports."""

from __future__ import annotations

from pathlib import Path

from alembic import op

revision = "0032_warning"
down_revision = "0031_reviews"
branch_labels = None
depends_on = None

TABLES = (
    "national_answers",
    "national_exports",
    "inspection_findings",
    "inspections",
    "plan_results",
    "department_figures",
    "filing_explanations",
    "filings",
    "reduction_plans",
    "early_warnings",
    "restrictions",
)
OUTSIDE = "('reader', 'department')"
ROLES = (
    "holder", "agent", "association", "firm", "verifier", "bank", "integrator", "registrar", "reviewer", "supervisor",
    "auditor", "treasurer", "administrator",
)  # fmt: skip


def upgrade() -> None:
    script = Path(__file__).with_suffix(".sql").read_text(encoding="utf-8")
    op.get_bind().execution_options(no_parameters=True).exec_driver_sql(script)


def downgrade() -> None:
    for table in TABLES:
        op.drop_table(table)
    op.execute(f"DELETE FROM user_roles WHERE role IN {OUTSIDE}")
    op.drop_constraint(op.f("ck_user_roles_role"), "user_roles")
    op.create_check_constraint(op.f("ck_user_roles_role"), "user_roles", f"role IN {ROLES}")
