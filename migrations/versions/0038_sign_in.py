"""The test county and its clock, the kind of API keys, one-time and recovery codes, sessions and their ends."""

from __future__ import annotations

from pathlib import Path

from alembic import op

revision = "0038_sign_in"
down_revision = "0037_bank_files"
branch_labels = None
depends_on = None


def upgrade() -> None:
    script = Path(__file__).with_suffix(".sql").read_text(encoding="utf-8")
    op.get_bind().execution_options(no_parameters=True).exec_driver_sql(script)


def downgrade() -> None:
    for table in ("recovery_codes", "one_time_codes", "clock_steps", "clock_advances"):
        op.drop_table(table)
    op.execute("DROP TRIGGER stays ON installation")
    op.execute("DROP FUNCTION installation_stays()")
    for table, columns in (
        ("sign_ins", ("last_used_at", "ends_at", "ended_at", "ended_how")),
        ("users", ("totp_pending", "phone")),
        ("api_keys", ("county", "acts_as")),
        ("installation", ("county", "clock_ahead_us")),
    ):
        for column in columns:
            op.drop_column(table, column)
