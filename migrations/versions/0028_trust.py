"""Trust accounts of saving contracts, invoices, households' payouts and printed texts of contracts."""

from __future__ import annotations

from pathlib import Path

from alembic import op

revision = "0028_trust"
down_revision = "0027_measure"
branch_labels = None
depends_on = None

TABLES = (
    "contract_prints",
    "household_shares",
    "household_payouts",
    "invoices",
    "invoice_counters",
    "trust_movements",
    "trust_periods",
    "trust_bills",
    "trust_accounts",
)
DUE_KINDS = "('share', 'fee', 'shortfall', 'early_end', 'clawback')"


def upgrade() -> None:
    script = Path(__file__).with_suffix(".sql").read_text(encoding="utf-8")
    op.get_bind().execution_options(no_parameters=True).exec_driver_sql(script)


def downgrade() -> None:
    for table in TABLES:
        op.drop_table(table)
    for name in ("supplier_first", "invoiced_within_due"):
        op.execute(f"DROP FUNCTION {name}()")
    op.drop_constraint("ck_contract_dues_kind", "contract_dues")
    op.create_check_constraint("kind", "contract_dues", f"kind IN {DUE_KINDS}")
