"""Reference prices, stops by price, kill switches; since when a product is in its phase."""

from __future__ import annotations

from pathlib import Path

from alembic import op

revision = "0016_sessions"
down_revision = "0015_negotiated"
branch_labels = None
depends_on = None


def upgrade() -> None:
    script = Path(__file__).with_suffix(".sql").read_text(encoding="utf-8")
    op.get_bind().execution_options(no_parameters=True).exec_driver_sql(script)


def downgrade() -> None:
    for table in ("kill_switches", "price_stops", "reference_prices"):
        op.drop_table(table)
    op.drop_column("products", "phase_since")
