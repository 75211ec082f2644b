"""Saving contracts, their versions, signatures, phases and dues."""

from __future__ import annotations

from pathlib import Path

from alembic import op

revision = "0021_saving_contracts"
down_revision = "0020_points"
branch_labels = None
depends_on = None

TABLES = (
    "contract_dues",
    "contract_phases",
    "contract_signatures",
    "contract_parties",
    "contract_versions",
    "saving_contracts",
)


def upgrade() -> None:
    script = Path(__file__).with_suffix(".sql").read_text(encoding="utf-8")
    op.get_bind().execution_options(no_parameters=True).exec_driver_sql(script)


def downgrade() -> None:
    for table in TABLES:
        op.drop_table(table)
