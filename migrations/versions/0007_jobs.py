"""The job queue's own tables, in a schema of their own: those of procrastinate 3.10."""

from __future__ import annotations

from alembic import op
from procrastinate.schema import SchemaManager

revision = "0007_jobs"
down_revision = "0006_received"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _run("CREATE SCHEMA jobs; SET LOCAL search_path = jobs")
    _run(SchemaManager.get_schema())
    _run("SET LOCAL search_path = public")


def downgrade() -> None:
    op.execute("DROP SCHEMA jobs CASCADE")


def _run(script: str) -> None:
    """Runs a whole script as it stands: no parameters, so that no character of it means anything else."""
    op.get_bind().execution_options(no_parameters=True).exec_driver_sql(script)
