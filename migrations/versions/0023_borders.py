"""Two-way accounts of borders that calls cross."""

from __future__ import annotations

from pathlib import Path

from alembic import op

revision = "0023_borders"
down_revision = "0022_reports"
branch_labels = None
depends_on = None


def upgrade() -> None:
    script = Path(__file__).with_suffix(".sql").read_text(encoding="utf-8")
    op.get_bind().execution_options(no_parameters=True).exec_driver_sql(script)


def downgrade() -> None:
    op.drop_table("call_borders")
