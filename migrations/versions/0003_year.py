"""The water year: reserves, reversals, water debts, curtailments, carry-overs, what may spill."""

from __future__ import annotations

import re
from pathlib import Path

import sqlalchemy as sa
from alembic import op

revision = "0003_year"
down_revision = "0002_life"
branch_labels = None
depends_on = None

SCHEMA = Path(__file__).with_suffix(".sql")
LINES = {
    "announcement_id": "announcements", "entitlement_id": "entitlements", "water_account_id": "water_accounts"
}  # fmt: skip
ADDED = ("form", "reserve_e6", "reserved_litres")


def upgrade() -> None:
    script = SCHEMA.read_text(encoding="utf-8")
    # no parameters, so that no character of the script means anything else
    op.get_bind().execution_options(no_parameters=True).exec_driver_sql(script)


def downgrade() -> None:
    made = re.findall(r"^CREATE TABLE (\w+)", SCHEMA.read_text(encoding="utf-8"), re.M)
    for name in reversed(made):
        op.execute(sa.text(f"DROP TABLE {name}"))
    for column in ADDED:
        op.drop_column("announcements", column)
    for column, table in LINES.items():
        op.create_foreign_key(
            f"fk_announcement_lines_{column}", "announcement_lines", table, [column], ["id"]
        )
