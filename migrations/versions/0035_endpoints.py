"""Events for participants' programs, endpoints, deliveries and their tries; external ids."""

from __future__ import annotations

from pathlib import Path

from alembic import op

revision = "0035_endpoints"
down_revision = "0034_gateway"
branch_labels = None
depends_on = None

TABLES = (
    "external_ids",
    "webhook_attempts",
    "webhook_deliveries",
    "webhook_secrets",
    "webhook_endpoints",
    "event_cursor",
    "event_addressees",
    "events",
)


def upgrade() -> None:
    """Events begin here: what was published before is nobody's news any more."""
    script = Path(__file__).with_suffix(".sql").read_text(encoding="utf-8")
    op.get_bind().execution_options(no_parameters=True).exec_driver_sql(script)


def downgrade() -> None:
    for table in TABLES:
        op.drop_table(table)
