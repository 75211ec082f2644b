"""Metering in full: counters, conversions, corrections, findings, debts in water, turn sheets."""

from __future__ import annotations

from pathlib import Path

from alembic import op

revision = "0004_metering"
down_revision = "0003_year"
branch_labels = None
depends_on = None

SCHEMA = Path(__file__).with_suffix(".sql")
DOWN = Path(__file__).with_name("0004_metering_down.sql")


def upgrade() -> None:
    _run(SCHEMA.read_text(encoding="utf-8"))


def downgrade() -> None:
    """The tables as they were: only the readings that count are kept, and none of an electricity counter."""
    _run(DOWN.read_text(encoding="utf-8"))


def _run(script: str) -> None:
    """Runs a whole script as it stands: no parameters, so that no character of it means anything else."""
    op.get_bind().execution_options(no_parameters=True).exec_driver_sql(script)
