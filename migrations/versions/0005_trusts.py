"""Trusteeship, pledges, delivery: pools with exact shares, water pledged to banks, traded water at the gate."""

from __future__ import annotations

import re
from pathlib import Path

import sqlalchemy as sa
from alembic import op

revision = "0005_trusts"
down_revision = "0004_metering"
branch_labels = None
depends_on = None

SCHEMA = Path(__file__).with_suffix(".sql")
ORIGIN = "ALTER TABLE water_accounts DROP CONSTRAINT ck_water_accounts_origin, ADD CONSTRAINT ck_water_accounts_origin"
BEFORE = "CHECK (origin IN ('own', 'carried_over', 'trust', 'saving_lot'))"
AFTER = "CHECK (origin IN ('own', 'carried_over', 'trust', 'saving_lot', 'pledged'))"


def upgrade() -> None:
    op.execute(sa.text(f"{ORIGIN} {AFTER}"))
    _run(SCHEMA.read_text(encoding="utf-8"))


def downgrade() -> None:
    made = re.findall(r"^CREATE TABLE (\w+)", SCHEMA.read_text(encoding="utf-8"), re.M)
    for name in reversed(made):
        op.execute(sa.text(f"DROP TABLE {name}"))
    op.execute(sa.text(f"{ORIGIN} {BEFORE}"))


def _run(script: str) -> None:
    """Runs a whole script as it stands: no parameters, so that no character of it means anything else."""
    op.get_bind().execution_options(no_parameters=True).exec_driver_sql(script)
