"""Government buy-back into public storage, and what becomes of the storage."""

from __future__ import annotations

from pathlib import Path

from alembic import op

revision = "0017_buy_back"
down_revision = "0016_sessions"
branch_labels = None
depends_on = None

TABLES = (
    "resale_bids",
    "resale_rounds",
    "storage_assignments",
    "storage_needs",
    "buy_back_takes",
    "buy_back_lists",
    "buy_backs",
)


def upgrade() -> None:
    script = Path(__file__).with_suffix(".sql").read_text(encoding="utf-8")
    op.get_bind().execution_options(no_parameters=True).exec_driver_sql(script)


def downgrade() -> None:
    for table in TABLES:
        op.drop_table(table)
