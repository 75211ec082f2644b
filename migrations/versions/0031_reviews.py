"""The desks of the bureau: files of what waits, hearings, objections, interests, deputies, notices, complaints."""

from __future__ import annotations

from pathlib import Path

from alembic import op

revision = "0031_reviews"
down_revision = "0030_interventions"
branch_labels = None
depends_on = None

TABLES = (
    "complaints",
    "notice_services",
    "notice_addressees",
    "notices",
    "desk_deputies",
    "desk_interests",
    "review_objections",
    "review_hearings",
    "desk_review_steps",
    "desk_reviews",
)


INDEXES = (
    ("entitlements", "ix_entitlements_pending"),
    ("entitlement_steps", "ix_entitlement_steps_renewals"),
    ("participants", "ix_participants_applied"),
)


def upgrade() -> None:
    script = Path(__file__).with_suffix(".sql").read_text(encoding="utf-8")
    op.get_bind().execution_options(no_parameters=True).exec_driver_sql(script)


def downgrade() -> None:
    for table in TABLES:
        op.drop_table(table)
    op.execute("DROP FUNCTION closed_files_stay()")
    for table, name in INDEXES:
        op.drop_index(name, table)
    # What silence decided has no person to name: it cannot be taken back to before.
    op.alter_column("review_decisions", "decided_by", nullable=False)
