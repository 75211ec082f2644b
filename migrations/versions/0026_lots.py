"""Lots of saved water, offers of them, claw-backs; what is set off of a due; deposits kept beyond a contract's end."""

from __future__ import annotations

from pathlib import Path

from alembic import op

revision = "0026_lots"
down_revision = "0025_audit_heads"
branch_labels = None
depends_on = None

TABLES = (
    "claw_back_takings",
    "report_claw_backs",
    "lot_trades",
    "lot_offer_shares",
    "lot_offers",
    "saving_lots",
    "saving_clearances",
)


def upgrade() -> None:
    script = Path(__file__).with_suffix(".sql").read_text(encoding="utf-8")
    op.get_bind().execution_options(no_parameters=True).exec_driver_sql(script)


def downgrade() -> None:
    for table in TABLES:
        op.drop_table(table)
    op.drop_constraint("ck_contract_dues_offset", "contract_dues")
    op.drop_column("contract_dues", "offset_fen")
    op.drop_constraint("ck_saving_contracts_deposit_held", "saving_contracts")
    op.create_check_constraint(
        "ck_saving_contracts_deposit_held", "saving_contracts", "deposit_fen = 0 OR status = 'signed'"
    )
