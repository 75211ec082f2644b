"""Where orders came from, looks at personal data, requests to erase it, and what is erased."""

from __future__ import annotations

from pathlib import Path

from alembic import op

from ledger.models import immutable_trigger_ddl

revision = "0033_privacy"
down_revision = "0030_interventions"
branch_labels = None
depends_on = None


def upgrade() -> None:
    script = Path(__file__).with_suffix(".sql").read_text(encoding="utf-8")
    op.get_bind().execution_options(no_parameters=True).exec_driver_sql(script)


def downgrade() -> None:
    op.drop_table("erasure_requests")
    op.drop_table("unmaskings")
    for name in ("only_erased", "same", "kept"):
        op.execute(f"DROP TRIGGER {name} ON entitlement_documents")
    op.execute("DROP FUNCTION document_only_erased()")
    op.drop_column("entitlement_documents", "erased_at")
    op.alter_column("entitlement_documents", "content", nullable=False)
    op.execute(immutable_trigger_ddl("entitlement_documents")[-1])  # the function that refuses is there
    op.drop_column("participants", "erased_at")
    op.drop_column("commands", "origin")
