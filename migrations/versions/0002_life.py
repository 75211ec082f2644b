"""The whole life of an entitlement: its steps, objections, documents, lineage, assessments; its new states."""

from __future__ import annotations

import re
from pathlib import Path

import sqlalchemy as sa
from alembic import op

revision = "0002_life"
down_revision = "0001"
branch_labels = None
depends_on = None

SCHEMA = Path(__file__).with_suffix(".sql")
STATES_BEFORE = "status IN ('applied', 'confirmed', 'refused', 'suspended', 'cancelled')"
UNCONFIRMED_BEFORE = "status IN ('applied', 'refused')"


def upgrade() -> None:
    op.get_bind().execution_options(no_parameters=True).exec_driver_sql(SCHEMA.read_text(encoding="utf-8"))


def downgrade() -> None:
    """Refused by the database while a right is in a state that the schema before does not know."""
    op.drop_constraint("ck_entitlements_certificate", "entitlements")
    op.drop_constraint("ck_entitlements_status", "entitlements")
    op.drop_column("entitlements", "assessment_id")
    op.create_check_constraint(op.f("ck_entitlements_status"), "entitlements", STATES_BEFORE)
    op.create_check_constraint(
        op.f("ck_entitlements_certificate"), "entitlements",
        f"({UNCONFIRMED_BEFORE}) = (certificate_number IS NULL)",
    )  # fmt: skip
    made = re.findall(r"^CREATE TABLE (\w+)", SCHEMA.read_text(encoding="utf-8"), re.M)
    for table in reversed(made):
        op.execute(sa.text(f"DROP TABLE {table}"))
