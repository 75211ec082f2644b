"""Measuring points of users, with readings and bills."""

from __future__ import annotations

from pathlib import Path

from alembic import op

revision = "0020_points"
down_revision = "0019_firms"
branch_labels = None
depends_on = None

TABLES = ("point_bills", "point_readings", "measuring_points")


def upgrade() -> None:
    script = Path(__file__).with_suffix(".sql").read_text(encoding="utf-8")
    op.get_bind().execution_options(no_parameters=True).exec_driver_sql(script)


def downgrade() -> None:
    for table in TABLES:
        op.drop_table(table)
    op.execute("DROP SEQUENCE measuring_point_roots")
