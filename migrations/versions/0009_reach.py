"""A curtailment reaches what may spill and what is pledged; its lines say how much of each."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009_reach"
down_revision = "0008_withdrawal"
branch_labels = None
depends_on = None

STATES_BEFORE = ("held", "released", "spilled")
STATES = (*STATES_BEFORE, "curtailed")
HELD = "spillable_litres >= 0 AND pledged_litres >= 0 AND spillable_litres + pledged_litres <= litres"


def upgrade() -> None:
    for name in ("spillable_litres", "pledged_litres"):
        op.add_column("curtailment_lines", sa.Column(name, sa.BigInteger, server_default="0", nullable=False))
    op.create_check_constraint(op.f("ck_curtailment_lines_held"), "curtailment_lines", HELD)
    op.add_column("spillables", sa.Column("curtailment_id", sa.BigInteger, sa.ForeignKey("curtailments.id")))
    _states(STATES)
    op.create_check_constraint(
        op.f("ck_spillables_curtailed"), "spillables", "(status = 'curtailed') = (curtailment_id IS NOT NULL)"
    )
    op.drop_constraint("uq_spillables_hold_id", "spillables")
    op.create_index(
        "uq_spillables_hold_id", "spillables", ["hold_id"], unique=True,
        postgresql_where=sa.text("status <> 'curtailed'"),
    )  # fmt: skip


def downgrade() -> None:
    """Refused by the database while a curtailment has taken water that might have spilt."""
    _states(STATES_BEFORE)
    op.drop_index("uq_spillables_hold_id", "spillables")
    op.create_unique_constraint("uq_spillables_hold_id", "spillables", ["hold_id"])
    op.drop_constraint("ck_spillables_curtailed", "spillables")
    op.drop_column("spillables", "curtailment_id")
    for name in ("pledged_litres", "spillable_litres"):
        op.drop_column("curtailment_lines", name)


def _states(states: tuple[str, ...]) -> None:
    op.drop_constraint("ck_spillables_status", "spillables")
    op.create_check_constraint(op.f("ck_spillables_status"), "spillables", f"status IN {states}")
