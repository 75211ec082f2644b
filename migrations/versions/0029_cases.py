"""Surveillance runs and alerts, cases and their findings, appeals against entries of the credit record."""

from __future__ import annotations

from pathlib import Path

from alembic import op

revision = "0029_cases"
down_revision = "0028_trust"
branch_labels = None
depends_on = None

TABLES = (
    "credit_appeals",
    "price_decisions",
    "party_marks",
    "alert_dispositions",
    "surveillance_alerts",
    "surveillance_runs",
    "case_findings",
    "case_evidence",
    "case_steps",
    "case_people",
    "case_parties",
)
FUNCTIONS = (
    "set_once()",
    "appeal_is_fair()",
    "case_goes_on()",
    "case_is_handled()",
    "is_named_in_case(bigint, bigint)",
)


def upgrade() -> None:
    script = Path(__file__).with_suffix(".sql").read_text(encoding="utf-8")
    op.get_bind().execution_options(no_parameters=True).exec_driver_sql(script)


def downgrade() -> None:
    for table in TABLES:
        op.drop_table(table)
    for column in ("appeal_until", "case_id", "finding"):
        op.drop_column("credit_entries", column)
    op.drop_table("supervision_cases")
    for name in FUNCTIONS:
        op.execute(f"DROP FUNCTION {name}")
