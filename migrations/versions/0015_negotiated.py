"""Negotiated deals and purchase programmes, what they hold, and whether a deal was reviewed before it was struck."""

from __future__ import annotations

import re
from pathlib import Path

import sqlalchemy as sa
from alembic import op

revision = "0015_negotiated"
down_revision = "0014_market_data"
branch_labels = None
depends_on = None

SCHEMA = Path(__file__).with_suffix(".sql")


def upgrade() -> None:
    script = SCHEMA.read_text(encoding="utf-8")
    # no parameters, so that no character of the script means anything else
    op.get_bind().execution_options(no_parameters=True).exec_driver_sql(script)


def downgrade() -> None:
    made = re.findall(r"^CREATE TABLE (\w+)", SCHEMA.read_text(encoding="utf-8"), re.M)
    for name in reversed(made):
        op.execute(sa.text(f"DROP TABLE {name}"))
    for column in ("reviewed", "review_rule", "review_days"):  # their checks go with them
        op.drop_column("deals", column)
