"""Call auctions: calls, their prices, flows, fills and limits."""

from __future__ import annotations

from pathlib import Path

from alembic import op

revision = "0012_calls"
down_revision = "0011_phases"
branch_labels = None
depends_on = None


def upgrade() -> None:
    script = Path(__file__).with_suffix(".sql").read_text(encoding="utf-8")
    op.get_bind().execution_options(no_parameters=True).exec_driver_sql(script)


def downgrade() -> None:
    for name in ("call_limits", "call_fills", "call_flows", "call_prices", "calls"):
        op.drop_table(name)
