"""Public bidding: listings of one lot, bidders with their deposits, and bids."""

from __future__ import annotations

from pathlib import Path

from alembic import op

revision = "0013_bidding"
down_revision = "0012_calls"
branch_labels = None
depends_on = None


def upgrade() -> None:
    script = Path(__file__).with_suffix(".sql").read_text(encoding="utf-8")
    op.get_bind().execution_options(no_parameters=True).exec_driver_sql(script)


def downgrade() -> None:
    for name in ("bids", "bidders", "listings"):
        op.drop_table(name)
