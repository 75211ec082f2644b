"""Service firms in the directory, saving projects with their proposals, and the credit record."""

from __future__ import annotations

from pathlib import Path

from alembic import op

revision = "0019_firms"
down_revision = "0018_leases"
branch_labels = None
depends_on = None

TABLES = ("project_marks", "proposals", "projects", "firm_qualifications", "firms", "credit_entries")


def upgrade() -> None:
    script = Path(__file__).with_suffix(".sql").read_text(encoding="utf-8")
    op.get_bind().execution_options(no_parameters=True).exec_driver_sql(script)


def downgrade() -> None:
    for table in TABLES:
        op.drop_table(table)
