"""Signed heads of the audit chains, and from where somebody acted: sign-ins, and the origin of each entry."""

from __future__ import annotations

from pathlib import Path

from alembic import op

revision = "0025_audit_heads"
down_revision = "0024_call_deliveries"
branch_labels = None
depends_on = None


def upgrade() -> None:
    script = Path(__file__).with_suffix(".sql").read_text(encoding="utf-8")
    op.get_bind().execution_options(no_parameters=True).exec_driver_sql(script)


def downgrade() -> None:
    op.drop_table("audit_heads")
    op.drop_index("ix_audit_actor_user_id_seq", "audit")
    op.drop_index("ix_audit_at", "audit")
    op.drop_column("audit", "origin")
    op.drop_table("sign_ins")
